//! Tables of figures as HTML: every share with its count and interval, and a bar where one helps.

use maud::{Markup, html};

use crate::analyse::report::Report;
use crate::analyse::stats::TableId;
use crate::analyse::{Cell, Row, Table};
use crate::ui::tables::{parts, unmade, wholes};

use super::markup::{self, Safe, clip};

/// Characters of a name that are shown.
const MAX_NAME: usize = 60;

/// A table chosen from: which columns, which of them with bars, which rows.
pub(super) struct View<'v> {
    /// Keys of the columns, in their order; empty for all.
    pub(super) columns: &'v [&'v str],
    /// Keys of the columns whose shares have a bar.
    pub(super) bars: &'v [&'v str],
    /// Which rows are shown.
    pub(super) row: fn(&Row) -> bool,
    /// How many rows are shown at most.
    pub(super) limit: usize,
}

impl View<'_> {
    /// All of a table.
    pub(super) const WHOLE: Self = Self { columns: &[], bars: &[], row: |_| true, limit: usize::MAX };
}

/// Whether a row has a count other than 0.
pub(super) fn counts(row: &Row) -> bool {
    row.cells.iter().any(|cell| cell.n().is_some_and(|n| n > 0))
}

/// What a view shows of a table, and what its shares are shares of.
pub(super) fn table(table: &Table, view: &View<'_>) -> Markup {
    let chosen: Vec<usize> = match view.columns {
        [] => (0..table.columns.len()).collect(),
        keys => keys.iter().filter_map(|key| table.columns.iter().position(|column| column.key == *key)).collect(),
    };
    let shown: Vec<&Row> = table.rows.iter().filter(|row| (view.row)(row)).take(view.limit).collect();
    let scales: Vec<Option<f64>> = chosen.iter().map(|at| scale(table, *at, view, &shown)).collect();
    // With one row per group its name says nothing.
    let by_group = table.grouped_by.is_some();
    let named = !by_group || shown.iter().any(|row| row.title != "all");
    html! {
        div.scroll tabindex="0" role="region" aria-label=(Safe(&table.title)) {
            table {
                caption { (Safe(&table.title)) }
                thead {
                    tr {
                        @if let Some(by) = &table.grouped_by { th scope="col" { (Safe(by)) } }
                        @if named { td {} }
                        @for column in chosen.iter().filter_map(|at| table.columns.get(*at)) {
                            th scope="col" { (Safe(&column.title)) }
                        }
                    }
                }
                tbody {
                    @for row in shown {
                        tr {
                            @if by_group { th scope="row" { (Safe(&clip(row.group.as_deref().unwrap_or("all"), MAX_NAME))) } }
                            @if named { th scope="row" { (Safe(&clip(&row.title, MAX_NAME))) } }
                            @for (at, scale) in chosen.iter().zip(&scales) {
                                @if let Some(cell) = row.cells.get(*at) { (self::cell(cell, *scale)) }
                            }
                        }
                        "\n"
                    }
                }
            }
        }
        (remarks(table))
    }
}

/// The share that the longest bar of a column stands for; `None` where it has no bars. Where all shares are small, the greatest of them.
fn scale(table: &Table, at: usize, view: &View<'_>, shown: &[&Row]) -> Option<f64> {
    table.columns.get(at).filter(|column| view.bars.contains(&column.key.as_str()))?;
    let greatest = shown.iter().filter_map(|row| row.cells.get(at)?.share()).fold(0.0, f64::max);
    Some(if greatest > 0.0 && greatest < 0.5 { greatest } else { 1.0 })
}

/// What the shares are shares of, and the notes of a table.
fn remarks(table: &Table) -> Markup {
    html! {
        details.remarks {
            summary { "How to read this table" }
            ul {
                @for sentence in wholes(table).iter().chain(&table.notes) {
                    li { (Safe(sentence)) }
                }
                li { "in each cell: the number, its share, and the 95 % Wilson interval of the share" }
                li { "where all shares of a column are below a half, its longest bar is the greatest of them" }
            }
        }
    }
}

fn cell(cell: &Cell, scale: Option<f64>) -> Markup {
    let [count, share, interval] = parts(cell);
    html! {
        td {
            span.n { (count) }
            @if !share.is_empty() { " " span.share { (share) } }
            @if !interval.is_empty() { " " span.interval { (interval) } }
            @if let (Some(share), Some(scale)) = (cell.share(), scale) { (bar(share / scale)) }
        }
    }
}

/// A bar that says nothing which the number beside it does not say.
fn bar(share: f64) -> Markup {
    html! {
        svg.share-bar viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
            rect width=(format!("{:.2}", share * 100.0)) height="6" {}
        }
    }
}

/// Every table, folded away.
pub(super) fn chapter(report: &Report) -> Markup {
    if report.figures.tables.is_empty() {
        return html! {};
    }
    let body = html! {
        p { "The tables of " code { "stscan stats" } ". What is unknown stands by itself and is never counted as absent." }
        (not_made(report))
        @for made in report.figures.tables.iter().filter(|made| made.unmade.is_none()) {
            details.figure {
                summary { span.id { (Safe(&made.id)) } " " (Safe(&made.title)) }
                (table(made, &View::WHOLE))
            }
            "\n"
        }
    };
    markup::chapter("figures", "All figures", &body)
}

/// Which tables were not made, and why.
pub(super) fn not_made(report: &Report) -> Markup {
    html! {
        @for sentence in unmade(&report.figures.tables) {
            p { (Safe(&sentence)) }
        }
    }
}

/// A view of the table of that name; nothing where it was not made.
pub(super) fn named(report: &Report, id: TableId, view: &View<'_>) -> Markup {
    report.table(id).filter(|made| made.unmade.is_none()).map_or_else(|| html! {}, |made| table(made, view))
}
