//! T4: what is wrong with MTA-STS records.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::{Cell, Row};
use crate::classify::RecordState;
use crate::classify::codes::{self, Code};

pub(in crate::analyse::stats) const RECORDS: Definition = Definition {
    title: "Faults of MTA-STS records",
    columns: &[
        ("records", "domains", "domains with an MTA-STS record"),
        ("unusable", "where no sender may use it", "domains whose record is invalid or not the only one"),
    ],
    count: Some(count),
    rows,
    notes: &["a record may have several faults, so the rows below `invalid` overlap"],
    ..Definition::EMPTY
};

/// Codes of records that do not begin with the version as the RFC has it.
pub(crate) const BAD_VERSION: &[Code] = &[
    codes::STS_RECORD_NEAR_MISS,
    codes::STS_RECORD_UNKNOWN_VERSION,
    codes::STS_RECORD_VERSION_CASE,
    codes::STS_RECORD_VERSION_NOT_FIRST,
    codes::STS_RECORD_VERSION_SPACE,
    codes::STS_RECORD_LEADING_SPACE,
    codes::STS_RECORD_LITERAL_QUOTES,
];

/// Key, title and codes of each fault.
pub(super) const FAULTS: &[(&str, &str, &[Code])] = &[
    ("bad-version", "does not begin with v=STSv1", BAD_VERSION),
    ("no-id", "no id", &[codes::STS_RECORD_ID_MISSING]),
    ("bad-id", "id with other than letters and digits", &[codes::STS_RECORD_ID_INVALID]),
    ("long-id", "id longer than 32 characters", &[codes::STS_RECORD_ID_TOO_LONG]),
    ("policy-keys", "keys of a policy", &[codes::STS_RECORD_POLICY_KEYS]),
    ("unknown-field", "unknown field", &[codes::STS_RECORD_UNKNOWN_FIELD]),
    (
        "syntax",
        "other syntax",
        &[
            codes::STS_RECORD_FIELD_SYNTAX,
            codes::STS_RECORD_EMPTY_FIELD,
            codes::STS_RECORD_TRAILING_SPACE,
            codes::STS_RECORD_KEY_CASE,
            codes::STS_RECORD_ESCAPED_SEMICOLON,
            codes::STS_RECORD_NON_ASCII,
            codes::STS_RECORD_CONTROL_CHAR,
            codes::STS_RECORD_VERSION_DUPLICATE,
            codes::STS_RECORD_ID_DUPLICATE,
        ],
    ),
    ("cname", "is reached by a CNAME", &[codes::STS_RECORD_CNAME]),
];

const STATES: [(&str, &str, RecordState); 3] = [
    ("valid", "valid", RecordState::Valid),
    ("multiple", "more than one record", RecordState::Multiple),
    ("invalid", "invalid", RecordState::Invalid),
];

fn count(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let sheet = details.sheet(TableId::T4);
    let unusable = adopter.sts != RecordState::Valid;
    let state = STATES.iter().filter(|(_, _, state)| *state == adopter.sts).map(|(key, _, _)| *key);
    let faults = FAULTS.iter().filter(|(_, _, codes)| adopter.has_any(codes)).map(|(key, _, _)| *key);
    for key in state.chain(faults) {
        sheet.add(key, 0);
        if unusable {
            sheet.add(key, 1);
        }
    }
}

fn rows(figures: &Figures<'_>) -> Vec<Row> {
    let records = figures.records();
    let unusable = records - figures.survey.count(|states| states.sts == RecordState::Valid);
    let keys = STATES.iter().map(|(key, title, _)| (*key, *title)).chain(FAULTS.iter().map(|(key, title, _)| (*key, *title)));
    let at = |key, column| figures.get(TableId::T4, key, column);
    let row = |(key, title)| {
        let second = if key == "valid" { Cell::Empty } else { share(at(key, 1), unusable) };
        Row::new(key, title, vec![share(at(key, 0), records), second])
    };
    keys.map(row).chain([figures.unknown_records(2, 0)]).collect()
}
