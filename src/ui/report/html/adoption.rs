//! What a reader of figures sees first: adoption, the funnel, findings, policies, providers, ranks.

use maud::{Markup, html};

use super::markup::chapter;
use super::tables::{View, counts, named, not_made, table};
use super::{plots, portfolio};
use crate::analyse::report::Report;
use crate::analyse::stats::TableId;
use crate::analyse::{Cell, Row};
use crate::ui::report::data::ReportError;
use crate::ui::tables::{grouped, parts};

/// The parts above the list, by their ids.
pub(super) const CONTENTS: &[(&str, &str)] = &[
    ("state", "Adoption"),
    ("funnel", "Funnel"),
    ("findings", "Findings"),
    ("policies", "Policies"),
    ("providers", "Providers"),
    ("mail", "Mail servers"),
    ("reports", "TLS reporting"),
];

/// Findings that are shown.
const MAX_FINDINGS: usize = 20;
/// Names of a kind that are shown.
const MAX_NAMES: usize = 12;

/// Figures that stand in large type: table T2, all domains.
const TILES: [(&str, &str); 4] = [
    ("sts", "have an MTA-STS record"),
    ("sts-valid", "have a valid one"),
    ("tlsrpt", "have a TLSRPT record"),
    ("both", "of those with MTA-STS have TLSRPT, too"),
];

/// The parts above the list of domains.
pub(super) fn chapters(report: &Report) -> Result<Markup, ReportError> {
    let reached = View { columns: &["reached", "dropped", "unknown"], bars: &["reached"], row: |_| true, limit: usize::MAX };
    let largest = |columns, bars| View { columns, bars, row: counts, limit: MAX_NAMES };
    let providers = html! {
        (named(report, TableId::T15, &largest(&["domains", "ok", "failed"], &["domains", "ok"])))
        (named(report, TableId::T16, &largest(&[], &["domains", "sts"])))
    };
    let reports = html! {
        (named(report, TableId::T18, &largest(&[], &["domains"])))
        (named(report, TableId::T18Receivers, &largest(&[], &["domains"])))
    };
    Ok(html! {
        (chapter("state", "Adoption", &adoption(report)?))
        (chapter("funnel", "How far deployments get", &named(report, TableId::T3, &reached)))
        (chapter("findings", "Commonest findings", &portfolio::findings(report, |_, _| 0, MAX_FINDINGS)))
        (chapter("policies", "What policies ask for", &policies(report)?))
        (chapter("providers", "Who serves policies and takes mail", &providers))
        (chapter("mail", "What MX hosts answer", &mail_servers(report)))
        (chapter("reports", "Where TLS reports go", &reports))
    })
}

/// Adoption in large type, by rank and by top-level domain.
fn adoption(report: &Report) -> Result<Markup, ReportError> {
    let Some(made) = report.table(TableId::T2) else { return Ok(html! {}) };
    let view = View { columns: &["mx", "sts", "sts-valid", "tlsrpt"], bars: &["sts", "tlsrpt"], row: counts, limit: MAX_NAMES };
    Ok(html! {
        ul.tiles {
            @for (key, what) in TILES {
                @if let Some(cell) = made.cell(None, "all", key) { (tile(cell, what)) }
            }
        }
        p {
            "Among domains with MX; below each share its 95 % Wilson interval and the numbers. Lists of popular domains overestimate \
            adoption among all domains, often by an order of magnitude."
        }
        @if let Some(by_rank) = &report.figures.by_rank { (plots::adoption_by_rank(by_rank, report.figures.rank_bin)?) }
        (table(made, &view))
    })
}

/// What was seen of MX hosts, over SMTP and in TLSA records; where nobody was asked, that.
fn mail_servers(report: &Report) -> Markup {
    let all = |bars| View { columns: &[], bars, row: counts, limit: usize::MAX };
    let largest = View { columns: &[], bars: &["hosts", "domains"], row: counts, limit: MAX_NAMES };
    let hosts = all(&["hosts", "domains"]);
    let views = [
        (TableId::T11, &hosts),
        (TableId::T11Certificates, &hosts),
        (TableId::T11Issuers, &largest),
        (TableId::T11Domains, &all(&["all"])),
        (TableId::T11Tlsa, &hosts),
        (TableId::T11Dane, &all(&["all"])),
        (TableId::T11Delivery, &all(&[])),
        (TableId::T11Dnssec, &all(&["all"])),
    ];
    html! {
        @for (id, view) in views {
            (named(report, id, view))
        }
        (not_made(report))
    }
}

fn tile(cell: &Cell, what: &str) -> Markup {
    let [count, share, interval] = parts(cell);
    html! {
        li {
            b.big { (if share.is_empty() { "–" } else { &share }) } " "
            span { (what) } " "
            small { (interval) " · " (count) @if let Some(of) = cell.of() { " of " (grouped(of)) } }
        }
    }
}

fn policies(report: &Report) -> Result<Markup, ReportError> {
    let modes = View { columns: &[], bars: &["records", "valid"], row: counts, limit: usize::MAX };
    let lifetimes = View { columns: &["all", "cumulative", "enforce", "testing"], bars: &["all"], row: is_of_policies, limit: usize::MAX };
    Ok(html! {
        (named(report, TableId::T9, &modes))
        @if let Some(made) = report.table(TableId::T10) {
            (plots::max_age(made)?)
            (table(made, &lifetimes))
        }
    })
}

/// Rows of T10 that some policy is in.
fn is_of_policies(row: &Row) -> bool {
    row.cells.get(3).and_then(Cell::n).is_some_and(|n| n > 0)
}
