//! The list of domains: the form that searches and filters it, the sections that need no script, the index that the script searches.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::{Value, json};

use super::carried::{NO_CELL, names};
use super::domain::{Extent, section, urgency_label};
use super::markup::{self, Safe};
use super::packed;
use crate::analyse::report::{Report, Summary, Urgency};
use crate::classify::{Code, Posture, Severity};
use crate::ui::report::data::ReportError;
use crate::ui::tables::grouped;

/// Domains whose sections are HTML from the start; the others are packed.
pub(super) const STATIC_DOMAINS: usize = 300;
/// What the script takes for the lack of a cell.
const NONE: &str = "\u{2205}";
/// Different cells up to which a carried column has a list to choose from.
const MAX_CHOICES: usize = 200;

/// The heading of the list, the form, and the sections of the most urgent domains.
pub(super) fn chapter(report: &Report) -> Result<Markup, ReportError> {
    let listed = report.lines.len();
    let body = html! {
        p { (what_is_listed(report)) }
        (form(report))
        p #count .js-only role="status" aria-live="polite" { (grouped(listed as u64)) " domains" }
        @if listed > STATIC_DOMAINS {
            noscript {
                p.note {
                    "The " (STATIC_DOMAINS) " domains that are most urgent stand here; the other " (grouped((listed - STATIC_DOMAINS) as u64))
                    " are packed in this file and need JavaScript. " code { "stscan report DIR --format csv" } " has all of them."
                }
            }
        }
        div #list {
            @for section in sections(report)? {
                (section) "\n"
            }
        }
        p { button #more type="button" hidden { "Show more" } }
    };
    Ok(markup::chapter("domains", "Domains", &body))
}

fn what_is_listed(report: &Report) -> String {
    let listed = report.lines.len() as u64;
    let which = match listed == report.rows {
        true => "All domains",
        false if report.listable == listed => "The domains with an MTA-STS or TLSRPT record, valid or not",
        false => return format!("The {} most urgent of {} domains; `--domains` lists more.", grouped(listed), grouped(report.listable)),
    };
    let first = if report.lines.iter().any(|line| line.is_confirmed) {
        "what senders have met stands first, then what loses mail"
    } else {
        "what loses mail stands first"
    };
    format!("{which}; {first}.")
}

/// What the script searches and filters by.
fn form(report: &Report) -> Markup {
    let severities = Severity::ALL.iter().map(|severity| (severity.as_str(), severity.as_str()));
    let urgencies = Urgency::ALL.iter().map(|urgency| (urgency.as_str(), urgency_label(*urgency)));
    let postures = Posture::ALL.iter().map(|posture| (posture.as_str(), posture.as_str()));
    let mut codes: Vec<&str> = report.codes.iter().map(String::as_str).collect();
    codes.sort_unstable_by_key(|code| (Code::from_word(code).map(|code| code.rule().severity), *code));
    let carried = report.carried.iter().enumerate().map(|(at, column)| (at, column, cells(report, at).collect::<BTreeSet<_>>()));
    html! {
        form #filter .js-only role="search" aria-label="Domains" {
            label.wide {
                "Search "
                input #f-text type="search" autocomplete="off" spellcheck="false" placeholder="domain, provider, carried cell";
            }
            (choice("f-severity", "Worst finding", "all", severities))
            (choice("f-state", "State", "all", urgencies))
            (choice("f-posture", "Posture", "all", postures))
            (choice("f-code", "Finding", "all", codes.into_iter().map(|code| (code, code))))
            @for (at, column, cells) in carried {
                @if cells.len() <= MAX_CHOICES {
                    @let none = has_gaps(report, at).then_some((NONE, NO_CELL));
                    (choice(&format!("f-carried-{at}"), column, "all", cells.into_iter().map(|cell| (cell, cell)).chain(none)))
                } @else {
                    label { (Safe(column)) " " input id={ "f-carried-" (at) } type="search" autocomplete="off" spellcheck="false" placeholder="cell, * is any text"; }
                }
            }
            (choice("f-order", "Order", "most urgent first", [("name", "by name")].into_iter()))
            button type="reset" { "Clear" }
        }
    }
}

/// A list to choose from. The first choice has no value.
fn choice<'c>(id: &str, label: &str, first: &str, choices: impl Iterator<Item = (&'c str, &'c str)>) -> Markup {
    html! {
        label {
            (Safe(label)) " "
            select id=(id) {
                option value="" { (first) }
                @for (value, text) in choices {
                    option value=(Safe(value)) { (Safe(text)) }
                }
            }
        }
    }
}

/// The cells of a carried column.
fn cells(report: &Report, column: usize) -> impl Iterator<Item = &str> {
    let cell = move |line: &Summary| line.carried.get(column).copied().flatten();
    report.lines.iter().filter_map(cell).filter_map(|cell| Some(report.names.get(usize::try_from(cell).ok()?)?.as_str()))
}

/// Whether some domain has no cell of a carried column.
fn has_gaps(report: &Report, column: usize) -> bool {
    report.lines.iter().any(|line| line.carried.get(column).copied().flatten().is_none())
}

/// The sections of the most urgent domains, in the order of the list.
fn sections(report: &Report) -> Result<Vec<Markup>, ReportError> {
    let first = report.lines.len().min(STATIC_DOMAINS);
    let mut sections = vec![html! {}; first];
    report.entries::<ReportError>(0..first, |at, entry| {
        if let (Some(made), Some(line)) = (sections.get_mut(at), report.lines.get(at)) {
            *made = section(report, line, entry, Extent::Whole);
        }
        Ok(())
    })?;
    Ok(sections)
}

/// What the script searches: names once, and a row of numbers a domain.
pub(super) fn index(report: &Report) -> String {
    let places = packed::places(report, STATIC_DOMAINS);
    let rows: Vec<Value> = report
        .lines
        .iter()
        .zip(places)
        .map(|(line, place)| {
            let worst = line.worst.map_or(-1, |severity| severity as i64);
            json!([
                line.domain,
                line.urgency as i64,
                worst,
                line.posture as i64,
                line.codes,
                line.mail,
                line.policy_host,
                line.carried,
                place
            ])
        })
        .collect();
    json!({
        "pack": packed::PACK,
        "urgencies": Urgency::ALL,
        "severities": Severity::ALL,
        "postures": Posture::ALL,
        // As the page shows them: what is compared is what can be seen and chosen.
        "names": names(&report.names),
        "codes": names(&report.codes),
        "carried": names(&report.carried),
        "rows": rows,
    })
    .to_string()
}
