//! What a reader of figures sees first: adoption, the funnel, findings, policies, providers, ranks.

use crate::analyse::report::Report;
use crate::analyse::stats::TableId;
use crate::analyse::{Cell, Row};
use crate::ui::tables::parts;

use super::escape::Html;
use super::tables::{View, counts, named};
use super::{ReportError, plots, portfolio, put};

/// The parts above the list, by their ids.
pub(super) const CONTENTS: &[(&str, &str)] = &[
    ("state", "Adoption"),
    ("funnel", "Funnel"),
    ("findings", "Findings"),
    ("policies", "Policies"),
    ("providers", "Providers"),
    ("reports", "TLS reporting"),
];

/// Findings that are shown.
const MOST_FINDINGS: usize = 20;
/// Names of a kind that are shown.
const MOST_NAMES: usize = 12;

/// Figures that stand in large type: table T2, all domains.
const TILES: [(&str, &str); 4] = [
    ("sts", "have an MTA-STS record"),
    ("sts-valid", "have a valid one"),
    ("tlsrpt", "have a TLSRPT record"),
    ("both", "of those with MTA-STS have TLSRPT, too"),
];

/// Writes the parts above the list of domains.
pub(super) fn sections(out: &mut String, report: &Report) -> Result<(), ReportError> {
    adoption(out, report)?;
    open(out, "funnel", "How far deployments get");
    named(
        out,
        report,
        TableId::T3,
        &View { columns: &["reached", "dropped", "unknown"], bars: &["reached"], row: |_| true, most: usize::MAX },
    );
    out.push_str("</section>\n");
    open(out, "findings", "Commonest findings");
    portfolio::findings(out, report, |_, _| 0, MOST_FINDINGS);
    out.push_str("</section>\n");
    policies(out, report)?;
    open(out, "providers", "Who serves policies and takes mail");
    let largest = |columns, bars| View { columns, bars, row: counts, most: MOST_NAMES };
    named(out, report, TableId::T15, &largest(&["domains", "ok", "failed"], &["domains", "ok"]));
    named(out, report, TableId::T16, &largest(&[], &["domains", "sts"]));
    out.push_str("</section>\n");
    open(out, "reports", "Where TLS reports go");
    named(out, report, TableId::T18, &largest(&[], &["domains"]));
    named(out, report, TableId::T18Receivers, &largest(&[], &["domains"]));
    out.push_str("</section>\n");
    Ok(())
}

fn open(out: &mut String, id: &str, title: &str) {
    put!(out, "<section id=\"{id}\" aria-labelledby=\"{id}-h\"><h2 id=\"{id}-h\">{title}</h2>\n");
}

/// Adoption in large type, by rank and by top-level domain.
fn adoption(out: &mut String, report: &Report) -> Result<(), ReportError> {
    open(out, "state", "Adoption");
    let Some(table) = report.table(TableId::T2) else {
        out.push_str("</section>\n");
        return Ok(());
    };
    out.push_str("<ul class=\"tiles\">");
    for (key, what) in TILES {
        if let Some(cell) = table.cell(None, "all", key) {
            tile(out, cell, what);
        }
    }
    out.push_str("</ul>\n<p>Among domains with MX; below each share its 95 % Wilson interval and the numbers. Lists of popular domains overestimate adoption among all domains, often by an order of magnitude.</p>\n");
    if let Some(by_rank) = &report.figures.by_rank {
        plots::adoption_by_rank(out, by_rank, report.figures.rank_bin)?;
    }
    named(
        out,
        report,
        TableId::T2,
        &View { columns: &["mx", "sts", "sts-valid", "tlsrpt"], bars: &["sts", "tlsrpt"], row: counts, most: MOST_NAMES },
    );
    out.push_str("</section>\n");
    Ok(())
}

fn tile(out: &mut String, cell: &Cell, what: &str) {
    let [count, share, interval] = parts(cell);
    let whole = cell.of().map_or_else(String::new, |of| format!(" of {}", crate::ui::tables::grouped(of)));
    put!(
        out,
        "<li><b class=\"big\">{}</b> <span>{}</span> <small>{} · {count}{whole}</small></li>",
        Html(if share.is_empty() { "–" } else { &share }),
        Html(what),
        Html(&interval)
    );
}

fn policies(out: &mut String, report: &Report) -> Result<(), ReportError> {
    open(out, "policies", "What policies ask for");
    named(out, report, TableId::T9, &View { columns: &[], bars: &["records", "valid"], row: counts, most: usize::MAX });
    if let Some(table) = report.table(TableId::T10) {
        plots::max_age(out, table)?;
        let view = View { columns: &["all", "cumulative", "enforce", "testing"], bars: &["all"], row: is_of_policies, most: usize::MAX };
        super::tables::table(out, table, &view);
    }
    out.push_str("</section>\n");
    Ok(())
}

/// Rows of T10 that some policy is in.
fn is_of_policies(row: &Row) -> bool {
    row.cells.get(3).and_then(Cell::n).is_some_and(|n| n > 0)
}
