//! Tables of figures as HTML: every share with its count and interval, and a bar where one helps.

use crate::analyse::report::Report;
use crate::analyse::stats::TableId;
use crate::analyse::{Cell, Row, Table};
use crate::ui::tables::{parts, wholes};

use super::escape::{Html, clip};
use super::put;

/// Characters of a name that are shown.
const LONGEST: usize = 60;

/// A table chosen from: which columns, which of them with bars, which rows.
pub(super) struct View<'v> {
    /// Keys of the columns, in their order; empty for all.
    pub(super) columns: &'v [&'v str],
    /// Keys of the columns whose shares have a bar.
    pub(super) bars: &'v [&'v str],
    /// Which rows are shown.
    pub(super) row: fn(&Row) -> bool,
    /// Most rows that are shown.
    pub(super) most: usize,
}

impl View<'_> {
    /// All of a table.
    const WHOLE: Self = Self { columns: &[], bars: &[], row: |_| true, most: usize::MAX };
}

/// Whether a row has a count other than 0.
pub(super) fn counts(row: &Row) -> bool {
    row.cells.iter().any(|cell| cell.n().is_some_and(|n| n > 0))
}

/// Writes what a view shows of a table, and what its shares are shares of.
pub(super) fn table(out: &mut String, table: &Table, view: &View<'_>) {
    let chosen: Vec<usize> = match view.columns {
        [] => (0..table.columns.len()).collect(),
        keys => keys.iter().filter_map(|key| table.columns.iter().position(|column| column.key == *key)).collect(),
    };
    let shown: Vec<&Row> = table.rows.iter().filter(|row| (view.row)(row)).take(view.most).collect();
    let scales: Vec<Option<f64>> = chosen.iter().map(|at| scale(table, *at, view, &shown)).collect();
    put!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption><thead><tr>",
        Html(&table.title)
    );
    // With one row a group its name says nothing.
    let by_group = table.grouped_by.is_some();
    let named = !by_group || shown.iter().any(|row| row.title != "all");
    if let Some(by) = table.grouped_by.as_deref() {
        put!(out, "<th scope=\"col\">{}</th>", Html(by));
    }
    if named {
        out.push_str("<td></td>");
    }
    for column in chosen.iter().filter_map(|at| table.columns.get(*at)) {
        put!(out, "<th scope=\"col\">{}</th>", Html(&column.title));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in shown {
        out.push_str("<tr>");
        if by_group {
            put!(out, "<th scope=\"row\">{}</th>", Html(&clip(row.group.as_deref().unwrap_or("all"), LONGEST)));
        }
        if named {
            put!(out, "<th scope=\"row\">{}</th>", Html(&clip(&row.title, LONGEST)));
        }
        for (at, scale) in chosen.iter().zip(&scales) {
            row.cells.get(*at).into_iter().for_each(|cell| self::cell(out, cell, *scale));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    remarks(out, table);
}

/// The share that the longest bar of a column stands for; `None` where it has no bars. Where all shares are small, the greatest of them.
fn scale(table: &Table, at: usize, view: &View<'_>, shown: &[&Row]) -> Option<f64> {
    table.columns.get(at).filter(|column| view.bars.contains(&column.key.as_str()))?;
    let greatest = shown.iter().filter_map(|row| row.cells.get(at)?.share()).fold(0.0, f64::max);
    Some(if greatest > 0.0 && greatest < 0.5 { greatest } else { 1.0 })
}

/// What the shares are shares of, and the notes of a table.
fn remarks(out: &mut String, table: &Table) {
    out.push_str("<details class=\"remarks\"><summary>How to read this table</summary><ul>");
    for sentence in wholes(table).iter().chain(&table.notes) {
        put!(out, "<li>{}</li>", Html(sentence));
    }
    out.push_str("<li>in each cell: the number, its share, and the 95 % Wilson interval of the share</li><li>where all shares of a column are below a half, its longest bar is the greatest of them</li></ul></details>\n");
}

fn cell(out: &mut String, cell: &Cell, scale: Option<f64>) {
    let [count, share, interval] = parts(cell);
    put!(out, "<td><span class=\"n\">{count}</span>");
    if !share.is_empty() {
        put!(out, " <span class=\"share\">{share}</span>");
    }
    if !interval.is_empty() {
        put!(out, " <span class=\"interval\">{interval}</span>");
    }
    if let (Some(share), Some(scale)) = (cell.share(), scale) {
        bar(out, share / scale);
    }
    out.push_str("</td>");
}

/// A bar that says nothing which the number beside it does not say.
fn bar(out: &mut String, share: f64) {
    put!(
        out,
        "<svg class=\"share-bar\" viewBox=\"0 0 100 6\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{:.2}\" height=\"6\"/></svg>",
        share * 100.0
    );
}

/// Every table, folded away.
pub(super) fn all(out: &mut String, report: &Report) {
    out.push_str(
        "<section id=\"figures\" aria-labelledby=\"figures-h\"><h2 id=\"figures-h\">All figures</h2>\n\
        <p>The tables of <code>stscan stats</code>. What is unknown stands by itself and is never counted as absent.</p>\n",
    );
    for made in &report.figures.tables {
        put!(out, "<details class=\"figure\"><summary><span class=\"id\">{}</span> {}</summary>", Html(&made.id), Html(&made.title));
        table(out, made, &View::WHOLE);
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

/// Writes a view of the table of that name, where it was made.
pub(super) fn named(out: &mut String, report: &Report, id: TableId, view: &View<'_>) {
    if let Some(made) = report.table(id) {
        table(out, made, view);
    }
}
