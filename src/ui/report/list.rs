//! The list of domains: the form that searches and filters it, the sections that need no script, the index that the script searches.

use std::collections::BTreeSet;
use std::io::Write;

use serde_json::{Value, json};

use crate::analyse::report::{Line, Report, Urgency};
use crate::classify::{Code, Posture, Severity};
use crate::ui::tables::grouped;

use super::domain::{Extent, section, urgency_label};
use super::escape::Html;
use super::{ReportError, packed, put};

/// Domains whose sections are HTML from the start; the others are packed.
pub(super) const STATIC_DOMAINS: usize = 300;
/// Different cells up to which a carried column has a list to choose from.
const MOST_CHOICES: usize = 200;

/// Writes the heading of the list and the form.
pub(super) fn form(out: &mut String, report: &Report) {
    let listed = report.lines.len();
    put!(
        out,
        "<section id=\"domains\" aria-labelledby=\"domains-h\"><h2 id=\"domains-h\">Domains</h2>\n<p>{}</p>\n",
        Html(&what_is_listed(report))
    );
    out.push_str(
        "<form id=\"filter\" role=\"search\" aria-label=\"Domains\" class=\"js-only\"><label class=\"wide\">Search \
        <input type=\"search\" id=\"f-text\" autocomplete=\"off\" spellcheck=\"false\" placeholder=\"domain, provider, carried cell\"></label>",
    );
    choice(out, "f-severity", "Worst finding", Severity::ALL.iter().map(|severity| (severity.as_str(), severity.as_str())));
    choice(out, "f-state", "State", Urgency::ALL.iter().map(|urgency| (urgency.as_str(), urgency_label(*urgency))));
    choice(out, "f-posture", "Posture", Posture::ALL.iter().map(|posture| (posture.as_str(), posture.as_str())));
    let mut codes: Vec<&str> = report.codes.iter().map(String::as_str).collect();
    codes.sort_unstable_by_key(|code| (Code::from_word(code).map(|code| code.rule().severity), *code));
    choice(out, "f-code", "Finding", codes.into_iter().map(|code| (code, code)));
    for (at, column) in report.carried.iter().enumerate() {
        let cells: BTreeSet<&str> = cells(report, at).collect();
        if cells.len() <= MOST_CHOICES {
            choice(out, &format!("f-carried-{at}"), column, cells.into_iter().map(|cell| (cell, cell)));
        }
    }
    choice(out, "f-order", "Order", [("name", "by name")].into_iter());
    put!(
        out,
        "<button type=\"reset\">Clear</button></form>\n<p id=\"count\" role=\"status\" aria-live=\"polite\" class=\"js-only\">{} domains</p>\n",
        grouped(listed as u64)
    );
    if listed > STATIC_DOMAINS {
        put!(
            out,
            "<noscript><p class=\"note\">The {STATIC_DOMAINS} domains that are most urgent stand here; the other {} are packed in this file \
            and need JavaScript. <code>stscan report DIR --format csv</code> has all of them.</p></noscript>\n",
            grouped((listed - STATIC_DOMAINS) as u64)
        );
    }
}

fn what_is_listed(report: &Report) -> String {
    let listed = report.lines.len() as u64;
    let which = match listed == report.rows {
        true => "All domains",
        false if report.listable == listed => "The domains with an MTA-STS or TLSRPT record, valid or not",
        false => return format!("The {} most urgent of {} domains; `--domains` lists more.", grouped(listed), grouped(report.listable)),
    };
    format!("{which}; what loses mail stands first.")
}

/// A list to choose from. The first choice, of everything, has no value.
fn choice<'c>(out: &mut String, id: &str, label: &str, choices: impl Iterator<Item = (&'c str, &'c str)>) {
    let everything = if id == "f-order" { "most urgent first" } else { "all" };
    put!(out, "<label>{} <select id=\"{id}\"><option value=\"\">{everything}</option>", Html(label));
    for (value, text) in choices {
        put!(out, "<option value=\"{}\">{}</option>", Html(value), Html(text));
    }
    out.push_str("</select></label>");
}

/// The cells of a carried column.
fn cells(report: &Report, column: usize) -> impl Iterator<Item = &str> {
    let cell = move |line: &Line| line.carried.get(column).copied().flatten();
    report.lines.iter().filter_map(cell).filter_map(|cell| Some(report.names.get(usize::try_from(cell).ok()?)?.as_str()))
}

/// Writes the sections of the most urgent domains, in the order of the list.
pub(super) fn sections(out: &mut impl Write, report: &Report) -> Result<(), ReportError> {
    let first = report.lines.len().min(STATIC_DOMAINS);
    let mut sections = vec![String::new(); first];
    report.entries::<ReportError>(0..first, |at, entry| {
        if let (Some(text), Some(line)) = (sections.get_mut(at), report.lines.get(at)) {
            section(text, report, line, entry, Extent::Whole);
        }
        Ok(())
    })?;
    out.write_all(b"<div id=\"list\">\n")?;
    for section in sections {
        out.write_all(section.as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(out.write_all(b"</div>\n<p><button type=\"button\" id=\"more\" hidden>Show more</button></p>\n</section>\n")?)
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
        "names": report.names,
        "codes": report.codes,
        "carried": report.carried,
        "rows": rows,
    })
    .to_string()
}
