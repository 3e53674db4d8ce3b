//! How each owner stands: the domains by the cells of the carried columns.

use maud::{Markup, html};
use serde_json::Value;

use crate::analyse::report::{ByCell, Report, Standing, Urgency};
use crate::ui::tables::grouped;
use crate::ui::text::safe;

use super::markup::{Safe, chapter as part, clip};

/// Cells of a column that are shown.
const MAX_CELLS: usize = 50;
/// Characters of a cell that are shown.
const MAX_CELL: usize = 80;
/// What stands for no cell.
pub(super) const NO_CELL: &str = "(none)";

/// A column of the table: its title, and how many domains it counts.
pub(super) type Counted = (&'static str, fn(&Standing) -> u64);

/// What is counted.
pub(super) const COUNTED: [Counted; 7] = [
    ("domains", |of| of.domains),
    ("need work", Standing::work),
    ("mail refused", |of| of.of(|urgency| matches!(urgency, Urgency::Refused | Urgency::Partial))),
    ("serious fault", |of| of.of(|urgency| matches!(urgency, Urgency::LenientRefused | Urgency::High))),
    ("fault", |of| of.of(|urgency| urgency == Urgency::Medium)),
    ("not determined", |of| of.of(|urgency| urgency == Urgency::Unknown)),
    ("protected", |of| of.protected),
];

/// The part above the list; nothing where no carried column tells domains apart.
pub(super) fn chapter(report: &Report) -> Markup {
    if report.by_cell.is_empty() {
        return html! {};
    }
    let body = html! {
        p { "What needs work: mail is refused, or the worst finding is of severity high or medium." }
        @for by in &report.by_cell {
            (table(by, MAX_CELLS, |cell| link(&by.column, cell)))
            @if let more @ 1.. = by.cells.len().saturating_sub(MAX_CELLS) {
                p { "And " (grouped(more as u64)) " more: " code { "stscan stats DIR --by carried:" (Safe(&by.column)) } " has all of them." }
            }
        }
    };
    part("owners", &title(report), &body)
}

/// The heading of the part, for the contents too.
pub(super) fn title(report: &Report) -> String {
    let columns: Vec<String> = report.by_cell.iter().map(|by| safe(&clip(&by.column, MAX_CELL))).collect();
    format!("By {}", columns.join(", "))
}

/// The table of a column; `first` makes what stands in the first cell of a row.
pub(super) fn table(by: &ByCell, limit: usize, first: impl Fn(Option<&str>) -> Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Domains by " (Safe(&by.column)) } {
            table {
                caption { "Domains by " (Safe(&by.column)) }
                thead {
                    tr {
                        th scope="col" { (Safe(&by.column)) }
                        @for (title, _) in COUNTED { th scope="col" { (title) } }
                    }
                }
                tbody {
                    @for (cell, standing) in by.cells.iter().take(limit) {
                        tr {
                            th scope="row" { (first(cell.as_deref())) }
                            @for (_, count) in COUNTED { td { (grouped(count(standing))) } }
                        }
                        "\n"
                    }
                }
            }
        }
    }
}

/// What a person reads of a cell.
pub(super) fn shown(cell: Option<&str>) -> Markup {
    html! { @match cell { Some(cell) => { (Safe(&clip(cell, MAX_CELL))) } None => { (NO_CELL) } } }
}

/// A cell that leads to its domains in the list.
fn link(column: &str, cell: Option<&str>) -> Markup {
    let wanted = format!("{}={}", encoded(&format!("carried.{column}")), encoded(cell.unwrap_or_default()));
    html! { a href="#domains" data-show=(wanted) { (shown(cell)) } }
}

/// A text as the script reads it from an address.
fn encoded(text: &str) -> String {
    // What the script compares with is what the page shows.
    let text = safe(text);
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Cells as the index of the page has them: escaped visibly, as everything that is shown.
pub(super) fn names(names: &[String]) -> Vec<Value> {
    names.iter().map(|name| Value::from(safe(name))).collect()
}
