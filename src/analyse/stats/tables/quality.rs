//! T23: what the scan could not find out, by question, and why.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, alone, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::survey::{OUTCOMES, QUESTIONS};
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::{Cell, Row};
use crate::evidence::{FetchFault, FetchStage, Outcome};

pub(in crate::analyse::stats) const QUALITY: Definition = Definition {
    title: "What became of the questions of the scan",
    columns: &[
        ("mx", "MX", "domains scanned"),
        ("sts_txt", "_mta-sts", "domains scanned"),
        ("tlsrpt_txt", "_smtp._tls", "domains scanned"),
        ("host_a", "policy host A", "policy hosts looked up"),
        ("host_aaaa", "policy host AAAA", "policy hosts looked up"),
        ("fetch", "fetch", "policies fetched"),
    ],
    quality: true,
    evidence: &[
        "evidence.host_a.outcome",
        "evidence.host_aaaa.outcome",
        "evidence.fetch.error.stage",
        "evidence.fetch.error.code",
        "evidence.fetch.status",
    ],
    count: Some(count),
    rows,
    notes: &["only noerror, nodata, nxdomain and pruned settle if a record exists; every other outcome ends as unknown"],
    ..Definition::EMPTY
};

/// Columns in all.
const COLUMNS: usize = 6;
/// Where the lookups of the policy host begin.
const HOST: usize = QUESTIONS.len();
const FETCH: usize = COLUMNS - 1;

fn count(adopter: &Adopter<'_>, details: &mut Details) {
    let evidence = &adopter.evidence;
    let sheet = details.sheet(TableId::T23);
    for (column, outcome) in [(HOST, evidence.host_a), (HOST + 1, evidence.host_aaaa)] {
        if let Some(outcome) = outcome {
            sheet.add("all", column);
            sheet.add(Outcome::from_word(outcome).map_or("other", Outcome::as_str), column);
        }
    }
    if !evidence.fetched {
        return;
    }
    sheet.add("all", FETCH);
    match (evidence.error_stage, evidence.error_code) {
        (Some(stage), Some(code)) => {
            let words = (
                FetchStage::from_word(stage).map_or("other", FetchStage::as_str),
                FetchFault::from_word(code).map_or("other", FetchFault::as_str),
            );
            sheet.add(&format!("fetch-{}-{}", words.0, words.1), FETCH);
        }
        _ => sheet.add("fetch-complete", FETCH),
    }
}

fn rows(figures: &Figures<'_>) -> Vec<Row> {
    let survey = figures.survey;
    let domains = survey.rows();
    let hosts = [HOST, HOST + 1].map(|column| (column, figures.get(TableId::T23, "all", column)));
    let mut rows = Vec::new();
    for (index, word) in Outcome::ALL.iter().map(|outcome| outcome.as_str()).chain(["other"]).enumerate().take(OUTCOMES) {
        let questions = survey.outcomes.iter().map(|outcomes| share(outcomes.get(index).copied().unwrap_or_default(), domains));
        let of_hosts = hosts.iter().map(|(column, all)| share(figures.get(TableId::T23, word, *column), *all));
        let title = if word == "other" { "unknown value" } else { word };
        rows.push(Row::new(word, title, questions.chain(of_hosts).chain([Cell::Empty]).collect()));
    }
    let repeated = survey.repeated.iter().map(|n| share(*n, domains));
    rows.push(Row::new("repeated", "asked more than once", repeated.chain([Cell::Empty; 3]).collect()));
    let fetched = figures.get(TableId::T23, "all", FETCH);
    let fetch = |key: &str, title: &str| alone(key, title, share(figures.get(TableId::T23, key, FETCH), fetched), COLUMNS, FETCH);
    rows.push(fetch("fetch-complete", "a whole response"));
    for stage in FetchStage::ALL.iter().map(|stage| stage.as_str()).chain(["other"]) {
        for fault in FetchFault::ALL.iter().map(|fault| fault.as_str()) {
            let key = format!("fetch-{stage}-{fault}");
            if figures.get(TableId::T23, &key, FETCH) > 0 {
                rows.push(fetch(&key, &format!("failed at {stage}: {fault}")));
            }
        }
    }
    rows
}
