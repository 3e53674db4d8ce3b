//! T12 and T14: valid policies that do not cover the MX hosts, by mode and by whether one provider does both.

use super::servers::{ALL, by_entity};
use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, share, shares};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::entity::Entity;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::Row;
use crate::classify::codes::{self, Code};

pub(in crate::analyse::stats) const MISMATCH: Definition = Definition {
    title: "Valid policies against the MX hosts, by mode",
    columns: &[
        ("enforce", "enforce", "valid policies of that mode"),
        ("testing", "testing", "valid policies of that mode"),
        ("none", "none", "valid policies of that mode"),
        ("all", "all", "valid policies"),
    ],
    count: Some(count_mismatch),
    rows: mismatch_rows,
    notes: &[
        "the rows `primary` exclude each other: of all differences the most telling one, in the order in which they stand here",
        "the rows `also` count domains by every finding that applies",
    ],
    ..Definition::EMPTY
};

const MODES: [&str; 3] = ["enforce", "testing", "none"];

const ROWS: [(&str, &str); 5] = [
    ("covered", "all MX hosts covered"),
    ("partial", "some not covered"),
    ("complete", "none covered"),
    ("nothing", "nothing to compare"),
    ("mx-unknown", "unknown (MX hosts not known)"),
];

const PRIMARY: [(&str, &str); 5] = [
    ("policy-host", "primary: lists the policy host"),
    ("typo", "primary: typing error"),
    ("tld", "primary: other top-level domain"),
    ("same-domain", "primary: other host of the same domain"),
    ("different-domain", "primary: another domain"),
];

const LABELS: [(&str, &str, Code); 4] = [
    ("also-policy-host", "also: lists the policy host", codes::STS_POLICY_MX_IS_POLICY_HOST),
    ("also-typo", "also: typing error", codes::STS_MX_TYPO),
    ("also-tld", "also: other top-level domain", codes::STS_MX_TLD_MISMATCH),
    ("also-stale", "also: patterns that match nothing", codes::STS_MX_STALE_PATTERN),
];

fn count_mismatch(adopter: &Adopter<'_>, details: &mut Details) {
    let mode = MODES.iter().position(|mode| *mode == adopter.posture.as_str());
    let Some(mode) = mode.filter(|_| adopter.has_sts()) else { return };
    let sheet = details.sheet(TableId::T12);
    let coverage = match (adopter.coverage, adopter.mx_state) {
        (Some("all"), _) => "covered",
        (Some("some"), _) => "partial",
        (Some(_), _) => "complete",
        (None, Some("unknown")) => "mx-unknown",
        (None, _) => "nothing",
    };
    let labels = LABELS.iter().filter(|(_, _, code)| adopter.has(*code)).map(|(key, _, _)| *key);
    for key in ["valid", coverage].into_iter().chain(adopter.mismatch).chain(labels) {
        sheet.add(key, mode);
        sheet.add(key, ALL);
    }
}

fn mismatch_rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |row| by_entity(figures, TableId::T12, row);
    let valid = at("valid");
    let labels = LABELS.iter().map(|(key, title, _)| (*key, *title));
    let rows = ROWS.into_iter().chain(PRIMARY).chain(labels).map(|(key, title)| shares(key, title, at(key), valid));
    rows.chain([figures.unknown_records(4, ALL)]).collect()
}

pub(in crate::analyse::stats) const PROVIDERS: Definition = Definition {
    title: "Policies against MX hosts, by whether one provider does both",
    columns: &[
        ("domains", "domains", "valid policies that can be compared with MX hosts"),
        ("partial", "some not covered", "domains of the row"),
        ("complete", "none covered", "domains of the row"),
    ],
    entities: true,
    count: Some(count_providers),
    rows: provider_rows,
    notes: &[
        "one provider: the policy host's CNAME and the MX host have one registrable domain, or the same name below different suffixes",
    ],
    ..Definition::EMPTY
};

const RELATIONS: [(&str, &str); 5] = [
    ("same-provider", "third parties for both: the same"),
    ("different-providers", "third parties for both: different ones"),
    ("one-outsourced", "a third party for one of them"),
    ("none-outsourced", "self-managed both"),
    ("unclassified", "one or both unclassified"),
];

/// Whether a third party does both, and if so, whether it is the same.
pub(crate) fn relation(adopter: &Adopter<'_>) -> &'static str {
    match (adopter.policy_entity, adopter.mx_entity) {
        (Entity::ThirdParty, Entity::ThirdParty) => {
            let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
            match (adopter.policy_provider, adopter.mx_provider) {
                (Some(policy), Some(mx)) if policy == mx || stem(policy) == stem(mx) => "same-provider",
                _ => "different-providers",
            }
        }
        (Entity::Unclassified, _) | (_, Entity::Unclassified) => "unclassified",
        (Entity::SelfManaged, Entity::SelfManaged) => "none-outsourced",
        _ => "one-outsourced",
    }
}

fn count_providers(adopter: &Adopter<'_>, details: &mut Details) {
    let Some(coverage) = adopter.coverage.filter(|_| adopter.has_sts()) else { return };
    let sheet = details.sheet(TableId::T14);
    let relation = relation(adopter);
    for row in [relation, "all"] {
        sheet.add(row, 0);
        match coverage {
            "some" => sheet.add(row, 1),
            "none" => sheet.add(row, 2),
            _ => {}
        }
    }
}

fn provider_rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |row: &str, column| figures.get(TableId::T14, row, column);
    let row = |(key, title): (&str, &str)| {
        let domains = at(key, 0);
        Row::new(key, title, vec![share(domains, at("all", 0)), share(at(key, 1), domains), share(at(key, 2), domains)])
    };
    RELATIONS.into_iter().chain([("all", "all")]).map(row).chain([figures.unknown_records(3, 0)]).collect()
}
