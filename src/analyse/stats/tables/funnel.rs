//! T3: how far deployments get, from the record to a policy that covers every MX host.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::{Cell, Row};
use crate::classify::{Posture, RecordState};

const PREVIOUS: &str = "domains that reached the step before";

pub(in crate::analyse::stats) const FUNNEL: Definition = Definition {
    title: "From the record to a policy that covers every MX host",
    columns: &[
        ("reached", "reached", "domains with an MTA-STS record"),
        ("dropped", "dropped here", PREVIOUS),
        ("unknown", "unknown", PREVIOUS),
        ("nothing", "nothing to compare", PREVIOUS),
    ],
    protection: true,
    count: Some(count),
    rows,
    notes: &[
        "unknown: the lookup failed, nothing was fetched, or the failure may pass (time-out, status 429 or 5xx)",
        "nothing to compare: the policy has mode none and no patterns, or the domain has no MX host to be covered",
    ],
    ..Definition::EMPTY
};

/// Key and title of each step, and the stage of retrieval that ends before it.
const STEPS: [(&str, &str, &str); 7] = [
    ("valid-record", "valid record", ""),
    ("host", "policy host resolves", "dns"),
    ("tcp", "TCP connection", "tcp"),
    ("tls", "TLS, valid certificate", "tls"),
    ("http", "HTTP 200", "http"),
    ("policy", "valid policy", "syntax"),
    ("mx", "all MX hosts covered", ""),
];

const REACHED: usize = 0;
const DROPPED: usize = 1;
const UNKNOWN: usize = 2;
const NOTHING: usize = 3;

fn count(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let sheet = details.sheet(TableId::T3);
    for (step, _, _) in STEPS {
        let fate = fate(adopter, step);
        sheet.add(step, fate);
        if fate != REACHED {
            return;
        }
    }
}

/// What becomes of a domain at a step, all before it passed.
fn fate(adopter: &Adopter<'_>, step: &str) -> usize {
    let ends = STEPS.iter().find(|(key, _, _)| *key == step).map_or("", |(_, _, stage)| *stage);
    match (step, adopter.stage) {
        ("valid-record", _) if adopter.sts == RecordState::Valid => REACHED,
        ("valid-record", _) => DROPPED,
        ("mx", _) => match (adopter.coverage, adopter.mx_state) {
            (Some("all"), _) => REACHED,
            (Some(_), _) => DROPPED,
            (None, Some("unknown")) => UNKNOWN,
            (None, _) => NOTHING,
        },
        (_, None) => UNKNOWN,
        (_, Some(stage)) if stage == ends && adopter.posture == Posture::Unknown => UNKNOWN,
        (_, Some(stage)) if stage == ends => DROPPED,
        _ => REACHED,
    }
}

fn rows(figures: &Figures<'_>) -> Vec<Row> {
    let (domains, records) = (figures.survey.rows(), figures.records());
    let unknown = figures.survey.count(|states| states.sts == RecordState::Unknown);
    let mut rows = vec![
        Row::new("domains", "domains scanned", vec![Cell::Count(domains), Cell::Empty, Cell::Empty, Cell::Empty]),
        Row::new(
            "record",
            "MTA-STS record",
            vec![share(records, domains), share(domains - records - unknown, domains), share(unknown, domains), Cell::Empty],
        )
        .of("domains scanned"),
    ];
    let mut before = records;
    for (key, title, _) in STEPS {
        let at = |column| figures.get(TableId::T3, key, column);
        let nothing = if key == "mx" { share(at(NOTHING), before) } else { Cell::Empty };
        rows.push(Row::new(key, title, vec![share(at(REACHED), records), share(at(DROPPED), before), share(at(UNKNOWN), before), nothing]));
        before = at(REACHED);
    }
    rows
}
