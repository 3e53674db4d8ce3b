//! What stands behind the figures: the meaning of every code that occurs, and how the figures came about.

use maud::{Markup, html};

use crate::analyse::report::Report;
use crate::classify::{Example, catalogue};
use crate::ui::tables::{accounting_line, counted, grouped};

use super::domain::prose;
use super::markup::{Lines, Safe, chapter, facts};

/// What the findings of the page mean, from the catalogue.
pub(super) fn glossary(report: &Report) -> Markup {
    let asked = report.scan.counts().asked();
    let occurring = catalogue().iter().copied().filter(|code| report.codes.iter().any(|found| found == code.as_str()));
    let body = html! {
        p { "High: mail may fail or the protection by MTA-STS is void. Medium: some senders are affected. Low: hygiene. Info: a fact, or \
            something that could not be determined, which is no verdict." }
        @for (code, rule) in occurring.map(|code| (code, code.rule())) {
            details.code id={ "c-" (code) } {
                summary {
                    h3 { code { (code) } } " "
                    span class={ "chip " (rule.severity.as_str()) } { (rule.severity.as_str()) } " "
                    span.clause { (rule.clause) }
                }
                (prose(code, asked))
                @if let Some((with, without)) = rule.example.map(Example::pair) {
                    div.pair {
                        figure { figcaption { "With the fault" } pre { (Lines(with)) } }
                        figure { figcaption { "Without it" } pre { (Lines(without)) } }
                    }
                }
            }
            "\n"
        }
    };
    chapter("codes", "What the findings mean", &body)
}

/// List, time, resolvers, versions, from the manifest.
pub(super) fn method(report: &Report) -> Markup {
    let manifest = report.scan.manifest();
    let mut rows: Vec<(&str, String)> = Vec::new();
    let mut row = |label, text| rows.push((label, text));
    let list = &manifest.run.list;
    let id = list.id.as_ref().map_or(String::new(), |id| format!(" ({id})"));
    row("list", format!("{}{id}", list.name));
    if let Some(sum) = &list.sha256 {
        row("its SHA-256", sum.clone());
    }
    row("run", manifest.run.run_id.clone());
    let end = manifest.finished_at.as_deref().map_or_else(|| "not finished".to_owned(), minute);
    row("scanned", format!("{} to {end}", minute(&manifest.started_at)));
    if let Some(accounting) = manifest.accounting {
        row("lines", accounting_line(accounting));
    }
    row("resolvers", manifest.run.resolvers.join(", "));
    row("asked", format!("{} DNS queries, {} HTTPS requests", grouped(manifest.activity.dns_queries), grouped(manifest.activity.fetches)));
    row("User-Agent", manifest.run.user_agent.clone());
    let revision = manifest.run.tool.git_revision.as_deref().map_or(String::new(), |revision| format!(" ({revision})"));
    row("scanned by", format!("stscan {}{revision}", manifest.run.tool.version));
    row("judged by", format!("version {} of the catalogue of findings", manifest.run.catalogue_version));
    row("names by", format!("public suffix list {}", manifest.run.public_suffix_list));
    row("trusted", format!("roots {}", manifest.run.root_store));
    if let shards @ 1.. = manifest.merged_from.len() as u64 {
        row("merged from", counted(shards, "shard"));
    }
    if let Some(origin) = &manifest.made_from {
        row("made by", format!("stscan {} on {}", origin.made_by, minute(&origin.made_at)));
    }
    let asked = manifest.counts.asked();
    let body = html! {
        (facts(rows))
        p { "MTA-STS is RFC 8461, SMTP TLS reporting RFC 8460; " (asked.conduct()) ". On what senders do: " (asked.note()) "." }
    };
    chapter("method", "Method", &body)
}

/// The end of the page.
pub(super) fn footer(report: &Report) -> Markup {
    html! {
        footer {
            p {
                "Made by stscan " (env!("CARGO_PKG_VERSION")) " of run " (Safe(&report.scan.manifest().run.run_id))
                ". This page is whole: it loads nothing and sends nothing."
            }
        }
        "\n"
    }
}

/// A time of the manifest to the minute, as `2026-11-23 06:51 UTC`; a text that is none as it is.
pub(super) fn minute(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16)) {
        (Some(date), Some("T"), Some(minute)) => format!("{date} {minute} UTC"),
        _ => time.to_owned(),
    }
}
