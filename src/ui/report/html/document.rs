//! The page as a whole: its head with the content security policy, its parts in order, the packed domains, the script.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::list::{self, STATIC_DOMAINS};
use super::markup::Safe;
use super::{adoption, appendix, carried, packed, portfolio, senders, tables};
use crate::analyse::report::{Kind, Report};
use crate::dataset::Manifest;
use crate::ui::report::data::ReportError;
use crate::ui::tables::grouped;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Writes a report as one page of HTML.
///
/// Memory: the most urgent domains' sections and the index, and of the others never more than a pack. For that, the outermost elements
/// are opened and closed by hand.
///
/// # Errors
/// If the dataset cannot be read or the page not be written.
pub fn html(report: &Report, out: &mut impl Write) -> Result<(), ReportError> {
    let head = head(report.scan.manifest(), &about(report), true);
    write(out, &html! { (maud::DOCTYPE) "\n" (PreEscaped("<html lang=\"en\">\n")) (head) (PreEscaped("<body>\n")) })?;
    let above = match report.kind {
        Kind::Portfolio => portfolio::chapters(report),
        Kind::Adoption => adoption::chapters(report)?,
    };
    write(
        out,
        &html! {
            a.skip href="#domains" { "Skip to the domains" }
            "\n"
            (header(report))
            main {
                "\n"
                (above)
                (carried::chapter(report))
                (senders::chapter(report))
                (list::chapter(report)?)
                (tables::chapter(report))
                (appendix::glossary(report))
                (appendix::method(report))
            }
            "\n"
            (appendix::footer(report))
            (packed::index(&list::index(report))?)
        },
    )?;
    packed::packs(report, STATIC_DOMAINS, |pack| write(out, pack))?;
    write(out, &html! { script { (PreEscaped(SCRIPT)) } "\n" (PreEscaped("</body>\n</html>\n")) })?;
    Ok(out.flush()?)
}

fn write(out: &mut impl Write, markup: &Markup) -> Result<(), ReportError> {
    Ok(out.write_all(markup.0.as_bytes())?)
}

/// What a browser is to let run: the one script and the one style that are on the page, and nothing from anywhere.
fn content_security_policy(has_script: bool) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let script = if has_script { format!("'sha256-{}'", hash(SCRIPT)) } else { "'none'".to_owned() };
    format!(
        "default-src 'none'; script-src {script}; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE)
    )
}

/// What all pages are about.
pub(super) const TITLE: &str = "MTA-STS and TLS reporting";

/// What the page is about: the list, and whose domains of it.
fn about(report: &Report) -> String {
    let list = &report.scan.manifest().run.list.name;
    report.about.as_ref().map_or_else(|| list.clone(), |about| format!("{list}, {about}"))
}

/// The head of a page about a dataset.
pub(super) fn head(manifest: &Manifest, about: &str, has_script: bool) -> Markup {
    any_head(&manifest.run.tool.version, &format!("{TITLE}: {about}"), has_script)
}

/// The head of a page that is about no dataset and has no script.
pub(super) fn plain_head(title: &str) -> Markup {
    any_head(env!("CARGO_PKG_VERSION"), title, false)
}

fn any_head(version: &str, title: &str, has_script: bool) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(content_security_policy(has_script));
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="referrer" content="no-referrer";
            meta name="robots" content="noindex";
            meta name="color-scheme" content="light dark";
            meta name="generator" content={ "stscan " (Safe(version)) };
            link rel="icon" href="data:,";
            title { (Safe(title)) }
            style { (PreEscaped(STYLE)) }
        }
        "\n"
    }
}

fn header(report: &Report) -> Markup {
    let manifest = report.scan.manifest();
    let kind = match report.kind {
        Kind::Portfolio => "Portfolio audit",
        Kind::Adoption => "Adoption report",
    };
    html! {
        header {
            div.bar {
                p.kicker { (TITLE) " · " (kind) }
                label.theme.js-only {
                    "Theme "
                    select #theme {
                        option value="" { "system" }
                        option value="light" { "light" }
                        option value="dark" { "dark" }
                    }
                }
            }
            h1 { (Safe(&about(report))) }
            p.meta {
                (grouped(report.rows)) @if report.rows == 1 { " domain" } @else { " domains" } ", scanned "
                time datetime=(Safe(&manifest.started_at)) { (Safe(&appendix::minute(&manifest.started_at))) }
            }
            p.meta {
                @for (place, (label, text)) in report.scan.provenance().lines().iter().enumerate() {
                    @if place > 0 { " · " }
                    (label) " " (Safe(text))
                }
            }
            (navigation(report))
            @for note in &report.notes {
                p.note { (Safe(note)) }
            }
        }
        "\n"
    }
}

fn navigation(report: &Report) -> Markup {
    let first: &[(&str, &str)] = match report.kind {
        Kind::Portfolio => portfolio::CONTENTS,
        Kind::Adoption => adoption::CONTENTS,
    };
    let rest = [
        ("owners", carried::title(report), !report.by_cell.is_empty()),
        ("senders", "Seen by senders".to_owned(), report.senders.is_some()),
        ("domains", "Domains".to_owned(), true),
        ("figures", "All figures".to_owned(), !report.figures.tables.is_empty()),
        ("codes", "What the findings mean".to_owned(), true),
        ("method", "Method".to_owned(), true),
    ];
    html! {
        nav aria-label="Sections" {
            ul {
                @for (id, title) in first {
                    li { a href={ "#" (id) } { (title) } }
                }
                @for (id, title, _) in rest.iter().filter(|(_, _, is_there)| *is_there) {
                    li { a href={ "#" (id) } { (title) } }
                }
            }
        }
    }
}
