//! How the figures came about: list, time, resolvers, versions, from the manifest.

use crate::analyse::report::Report;
use crate::ui::accounting_line;
use crate::ui::tables::grouped;

use super::escape::Html;
use super::put;

/// Writes the section.
pub(super) fn section(out: &mut String, report: &Report) {
    let manifest = report.scan.manifest();
    out.push_str("<section id=\"method\" aria-labelledby=\"method-h\"><h2 id=\"method-h\">Method</h2>\n<dl class=\"facts\">");
    let mut row = |label: &str, text: &str| put!(out, "<div><dt>{label}</dt><dd>{}</dd></div>", Html(text));
    let list = &manifest.run.list;
    let id = list.id.as_ref().map_or(String::new(), |id| format!(" ({id})"));
    row("list", &format!("{}{id}", list.name));
    if let Some(sum) = &list.sha256 {
        row("its SHA-256", sum);
    }
    row("run", &manifest.run.run_id);
    let end = manifest.finished_at.as_deref().map_or_else(|| "not finished".to_owned(), minute);
    row("scanned", &format!("{} to {end}", minute(&manifest.started_at)));
    if let Some(accounting) = manifest.accounting {
        row("lines", &accounting_line(accounting));
    }
    row("resolvers", &manifest.run.resolvers.join(", "));
    row("asked", &format!("{} DNS queries, {} HTTPS requests", grouped(manifest.activity.dns_queries), grouped(manifest.activity.fetches)));
    row("User-Agent", &manifest.run.user_agent);
    let revision = manifest.run.tool.git_revision.as_deref().map_or(String::new(), |revision| format!(" ({revision})"));
    row("scanned by", &format!("stscan {}{revision}", manifest.run.tool.version));
    row("judged by", &format!("version {} of the catalogue of findings", manifest.run.catalogue_version));
    row("names by", &format!("public suffix list {}", manifest.run.public_suffix_list));
    row("trusted", &format!("roots {}", manifest.run.root_store));
    if let Some(origin) = &manifest.made_from {
        row("made by", &format!("stscan {} on {}", origin.made_by, minute(&origin.made_at)));
    }
    out.push_str(
        "</dl>\n<p>MTA-STS is RFC 8461, SMTP TLS reporting RFC 8460. No mail was sent and no connection made to port 25.</p></section>\n",
    );
}

/// Writes the end of the page.
pub(super) fn footer(out: &mut String, report: &Report) {
    put!(
        out,
        "<footer><p>Made by stscan {} of run {}. This page is whole: it loads nothing and sends nothing.</p></footer>\n",
        env!("CARGO_PKG_VERSION"),
        Html(&report.scan.manifest().run.run_id)
    );
}

/// A time of the manifest to the minute, as `2026-11-23 06:51 UTC`; a text that is none as it is.
pub(super) fn minute(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16)) {
        (Some(date), Some("T"), Some(minute)) => format!("{date} {minute} UTC"),
        _ => time.to_owned(),
    }
}
