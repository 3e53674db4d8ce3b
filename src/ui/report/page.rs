//! The page as a whole: its head with the content security policy, its parts in order, the packed domains, the script.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::analyse::report::{Kind, Report};
use crate::ui::tables::grouped;

use super::escape::Html;
use super::list::{self, STATIC_DOMAINS};
use super::{ReportError, adoption, codes, method, packed, portfolio, put, tables};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Writes a report as one page of HTML.
///
/// Memory: the most urgent domains' sections and the index, and of the others never more than a pack.
///
/// # Errors
/// If the dataset cannot be read or the page not be written.
pub fn html(report: &Report, out: &mut impl Write) -> Result<(), ReportError> {
    let mut text = String::new();
    head(&mut text, report);
    match report.kind {
        Kind::Portfolio => portfolio::sections(&mut text, report),
        Kind::Adoption => adoption::sections(&mut text, report)?,
    }
    list::form(&mut text, report);
    out.write_all(text.as_bytes())?;
    list::sections(out, report)?;

    let mut text = String::new();
    tables::all(&mut text, report);
    codes::glossary(&mut text, report);
    method::section(&mut text, report);
    text.push_str("</main>\n");
    method::footer(&mut text, report);
    out.write_all(text.as_bytes())?;
    packed::element(out, "id=\"index\"", &list::index(report))?;
    packed::write(out, report, STATIC_DOMAINS)?;
    out.write_all(format!("<script>{SCRIPT}</script>\n</body>\n</html>\n").as_bytes())?;
    Ok(out.flush()?)
}

/// What a browser is to let run: the one script and the one style that are on the page, and nothing from anywhere.
fn content_security_policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

fn head(out: &mut String, report: &Report) {
    let manifest = report.scan.manifest();
    let (about, title) = match report.kind {
        Kind::Portfolio => ("Portfolio audit", "MTA-STS and TLS reporting"),
        Kind::Adoption => ("Adoption report", "MTA-STS and TLS reporting"),
    };
    let name = Html(&manifest.run.list.name);
    put!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
        <meta name=\"robots\" content=\"noindex\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
        <meta name=\"generator\" content=\"stscan {}\">\n<link rel=\"icon\" href=\"data:,\">\n<title>{title}: {name}</title>\n\
        <style>{STYLE}</style>\n</head>\n<body>\n",
        content_security_policy(),
        Html(&manifest.run.tool.version),
    );
    let noun = if report.rows == 1 { "domain" } else { "domains" };
    put!(
        out,
        "<a class=\"skip\" href=\"#domains\">Skip to the domains</a>\n<header>\n<div class=\"bar\"><p class=\"kicker\">{title} · {about}</p>\
        <label class=\"theme js-only\">Theme <select id=\"theme\"><option value=\"\">as the system</option>\
        <option value=\"light\">light</option><option value=\"dark\">dark</option></select></label></div>\n\
        <h1>{name}</h1>\n<p class=\"meta\">{} {noun}, scanned <time datetime=\"{}\">{}</time></p>\n",
        grouped(report.rows),
        Html(&manifest.started_at),
        Html(&method::minute(&manifest.started_at)),
    );
    navigation(out, report);
    for note in &report.notes {
        put!(out, "<p class=\"note\">{}</p>\n", Html(note));
    }
    out.push_str("</header>\n<main>\n");
}

fn navigation(out: &mut String, report: &Report) {
    let first: &[(&str, &str)] = match report.kind {
        Kind::Portfolio => &[("state", "State"), ("findings", "Findings")],
        Kind::Adoption => adoption::CONTENTS,
    };
    let rest = [("domains", "Domains"), ("figures", "All figures"), ("codes", "What the findings mean"), ("method", "Method")];
    out.push_str("<nav aria-label=\"Sections\"><ul>");
    for (id, title) in first.iter().chain(&rest) {
        put!(out, "<li><a href=\"#{id}\">{title}</a></li>");
    }
    out.push_str("</ul></nav>\n");
}
