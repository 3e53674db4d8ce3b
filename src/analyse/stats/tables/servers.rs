//! T5: at which stage the retrieval of policies fails, by who runs the policy host.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, shares};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::entity::Entity;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::Row;
use crate::classify::Posture;

/// The columns of tables by managing entity.
macro_rules! entity_columns {
    ($whole:literal) => {
        &[
            ("self-managed", "self-managed", concat!($whole, ", of that entity")),
            ("third-party", "third party", concat!($whole, ", of that entity")),
            ("unclassified", "unclassified", concat!($whole, ", of that entity")),
            ("all", "all", $whole),
        ]
    };
}
pub(crate) use entity_columns;

/// Where the sum of the entities is counted.
pub(crate) const ALL: usize = 3;

pub(in crate::analyse::stats) const STAGES: Definition = Definition {
    title: "Stage at which the retrieval of the policy ends, by who runs the policy host",
    columns: entity_columns!("domains with an MTA-STS record"),
    entities: true,
    count: Some(count),
    rows,
    notes: &[
        "the first stage that is not passed counts, so that stages exclude each other",
        "unknown: what may pass (a time-out, an unreachable network, status 429 or 5xx, a failed lookup) says nothing of the host; it is counted at its stage, too",
    ],
    ..Definition::EMPTY
};

/// Stages of failure and their titles.
pub(crate) const FAILURES: [(&str, &str); 5] = [
    ("dns", "DNS: no address"),
    ("tcp", "TCP: no connection"),
    ("tls", "TLS: handshake or certificate"),
    ("http", "HTTP: status, size, protocol"),
    ("syntax", "syntax: no valid policy"),
];

/// Counts a row for the entity that runs the policy host, and for all.
pub(crate) fn add(table: TableId, row: &str, adopter: &Adopter<'_>, details: &mut Details) {
    let column = Entity::ALL.iter().position(|entity| *entity == adopter.policy_entity).unwrap_or(ALL);
    let sheet = details.sheet(table);
    sheet.add(row, column);
    sheet.add(row, ALL);
}

/// A row of each entity's count.
pub(crate) fn by_entity(figures: &Figures<'_>, table: TableId, row: &str) -> [u64; 4] {
    std::array::from_fn(|column| figures.get(table, row, column))
}

fn count(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    add(TableId::T5, "records", adopter, details);
    let stage = adopter.stage.unwrap_or("unknown");
    add(TableId::T5, stage, adopter, details);
    if FAILURES.iter().any(|(failure, _)| *failure == stage) {
        add(TableId::T5, "any", adopter, details);
        if adopter.posture == Posture::Unknown {
            add(TableId::T5, "may-pass", adopter, details);
        }
    }
}

fn rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |row| by_entity(figures, TableId::T5, row);
    let records = at("records");
    let mut rows = vec![
        shares("records", "domains with a record", records, [figures.records(); 4]).of("domains with an MTA-STS record"),
        shares("ok", "retrieved and valid", at("ok"), records),
        shares("any", "no policy retrieved", at("any"), records),
    ];
    rows.extend(FAILURES.iter().map(|(stage, title)| shares(stage, title, at(stage), records)));
    rows.push(shares("may-pass", "of these unknown: may pass", at("may-pass"), at("any")).of("retrievals without a policy"));
    rows.push(shares("unknown", "unknown (not fetched)", at("unknown"), records));
    rows.push(figures.unknown_records(4, ALL));
    rows
}
