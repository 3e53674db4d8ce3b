//! T9 and T10: what valid policies ask for, and for how long.

use super::servers::{ALL, add, by_entity};
use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, alone, share, shares};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::{Cell, Row};
use crate::classify::Posture;

pub(in crate::analyse::stats) const MODES: Definition = Definition {
    title: "Modes of policies, by who runs the policy host",
    columns: &[
        ("records", "domains", "domains with an MTA-STS record"),
        ("self-managed", "self-managed", "valid policies of that entity"),
        ("third-party", "third party", "valid policies of that entity"),
        ("unclassified", "unclassified", "valid policies of that entity"),
        ("valid", "all valid policies", "valid policies"),
    ],
    entities: true,
    count: Some(count_modes),
    rows: mode_rows,
    notes: &["broken: a record that leads to no usable policy", "unknown: whether there is a usable policy could not be determined"],
    ..Definition::EMPTY
};

const VALID: [(&str, &str); 3] = [("enforce", "enforce"), ("testing", "testing"), ("none", "none")];

fn count_modes(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let posture = adopter.posture.as_str();
    if matches!(adopter.posture, Posture::Enforce | Posture::Testing | Posture::None) {
        add(TableId::T9, posture, adopter, details);
        add(TableId::T9, "valid", adopter, details);
    } else {
        details.sheet(TableId::T9).add(posture, ALL);
    }
}

fn mode_rows(figures: &Figures<'_>) -> Vec<Row> {
    let (records, valid) = (figures.records(), by_entity(figures, TableId::T9, "valid"));
    let mut rows: Vec<Row> = VALID
        .iter()
        .map(|(mode, title)| {
            let counts = by_entity(figures, TableId::T9, mode);
            let mut row = shares(mode, title, counts, valid);
            row.cells.insert(0, share(counts[ALL], records));
            row
        })
        .collect();
    for (key, title) in [("broken", "broken"), ("unknown", "unknown"), ("absent", "mode missing or unreadable")] {
        rows.push(alone(key, title, share(figures.get(TableId::T9, key, ALL), records), 5, 0));
    }
    rows.push(figures.unknown_records(5, 0));
    rows
}

pub(in crate::analyse::stats) const MAX_AGE: Definition = Definition {
    title: "max_age of valid policies, in seconds, by mode",
    columns: &[
        ("enforce", "enforce", "valid policies of that mode"),
        ("testing", "testing", "valid policies of that mode"),
        ("none", "none", "valid policies of that mode"),
        ("all", "all", "valid policies"),
        ("cumulative", "cumulative", "valid policies"),
    ],
    count: Some(count_max_age),
    rows: max_age_rows,
    notes: &[
        "cumulative: valid policies whose max_age is at most that of the row; above 31557600 (one year) it is over the maximum of RFC 8461 section 3.2",
    ],
    ..Definition::EMPTY
};

/// Values that are frequent or that bound a range, in seconds.
const MARKS: [(i64, &str); 9] = [
    (0, "0"),
    (86_400, "86400 (a day)"),
    (604_800, "604800 (a week)"),
    (1_209_600, "1209600 (two weeks)"),
    (2_592_000, "2592000 (30 days)"),
    (7_776_000, "7776000 (90 days)"),
    (15_552_000, "15552000 (180 days)"),
    (31_536_000, "31536000 (365 days)"),
    (31_557_600, "31557600 (the maximum)"),
];

/// The row of a max_age: a mark, or the range that begins above one.
fn bin(seconds: i64) -> String {
    match MARKS.iter().rev().find(|(mark, _)| *mark <= seconds) {
        Some((mark, _)) if *mark == seconds => mark.to_string(),
        Some((mark, _)) => format!(">{mark}"),
        None => "0".to_owned(), // A negative number cannot be read from a policy.
    }
}

fn count_max_age(adopter: &Adopter<'_>, details: &mut Details) {
    let mode = VALID.iter().position(|(mode, _)| *mode == adopter.posture.as_str());
    let Some(mode) = mode.filter(|_| adopter.has_sts()) else { return };
    let sheet = details.sheet(TableId::T10);
    let row = adopter.max_age.map_or_else(|| "unknown".to_owned(), bin);
    for column in [mode, ALL] {
        sheet.add(&row, column);
        sheet.add("valid", column);
    }
    if adopter.max_age.is_some_and(|seconds| seconds < 86_400) {
        sheet.add("below-a-day", mode);
        sheet.add("below-a-day", ALL);
    }
}

fn max_age_rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |row: &str| by_entity(figures, TableId::T10, row);
    let valid = at("valid");
    let mut so_far = 0;
    let mut rows = Vec::new();
    for (index, (mark, title)) in MARKS.iter().enumerate() {
        let between = match MARKS.get(index + 1) {
            Some((next, _)) => format!("{} to {}", mark + 1, next - 1),
            None => format!("{} or more", mark + 1),
        };
        for (key, title) in [(mark.to_string(), (*title).to_owned()), (format!(">{mark}"), between)] {
            let counts = at(&key);
            so_far += counts[ALL];
            let mut row = shares(&key, &title, counts, valid);
            row.cells.push(share(so_far, valid[ALL]));
            rows.push(row);
        }
    }
    for (key, title) in [("below-a-day", "in sum below a day"), ("unknown", "unknown (not kept)")] {
        let mut row = shares(key, title, at(key), valid);
        row.cells.push(Cell::Empty);
        rows.push(row);
    }
    rows.push(figures.unknown_records(5, ALL));
    rows
}
