//! T3-headline and T3-causes: how many deployments are misconfigured, how many of these lose mail, and what to fix first in the broken ones.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, alone, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::Row;
use crate::classify::{Posture, RecordState, catalogue};

pub(in crate::analyse::stats) const HEADLINE: Definition = Definition {
    title: "Misconfigured deployments and what they lose",
    columns: &[
        ("domains", "domains", "domains with an MTA-STS record"),
        ("of-misconfigured", "of the misconfigured", "misconfigured domains"),
    ],
    protection: true,
    count: Some(count),
    rows,
    notes: &[
        "misconfigured: the record, the retrieval or the policy is at fault, a policy covers none or only some of the MX hosts, or MX hosts that were asked have no TLS or no valid certificate",
        "loses mail: a sender that follows the RFC refuses all MX hosts; some of it: it refuses some of them",
        "unknown: what is wrong may pass, or was not found out; such domains are not counted as misconfigured",
    ],
    ..Definition::EMPTY
};

/// Key and title of each row after the first, each of the misconfigured.
const CLASSES: [(&str, &str); 7] = [
    ("record", "unusable record"),
    ("retrieval", "no valid policy behind a valid record"),
    ("none-covered", "policy that covers no MX host"),
    ("some-covered", "policy that covers only some MX hosts"),
    ("mx-hosts", "MX hosts that fail, where they were asked"),
    ("loses-mail", "loses mail"),
    ("loses-some", "loses some of it"),
];

fn count(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let class = match (adopter.posture, adopter.coverage) {
        (Posture::Unknown, _) => return details.sheet(TableId::T3Headline).add("unknown", 0),
        _ if adopter.sts != RecordState::Valid => "record",
        (Posture::Broken, _) => "retrieval",
        (_, Some("none")) => "none-covered",
        (_, Some("some")) => "some-covered",
        _ if matches!(adopter.mx_tls, Some("none" | "some")) => "mx-hosts",
        _ => return,
    };
    let lost = match adopter.delivery {
        Some("refused") => Some("loses-mail"),
        Some("partial") => Some("loses-some"),
        _ => None,
    };
    let sheet = details.sheet(TableId::T3Headline);
    ["misconfigured", class].into_iter().chain(lost).for_each(|key| sheet.add(key, 0));
}

fn rows(figures: &Figures<'_>) -> Vec<Row> {
    let records = figures.records();
    let at = |key: &str| figures.get(TableId::T3Headline, key, 0);
    let misconfigured = at("misconfigured");
    let mut rows = vec![alone("misconfigured", "misconfigured", share(misconfigured, records), 2, 0)];
    rows.extend(CLASSES.map(|(key, title)| Row::new(key, title, vec![share(at(key), records), share(at(key), misconfigured)])));
    rows.push(alone("unknown", "unknown", share(at("unknown"), records), 2, 0));
    rows.push(figures.unknown_records(2, 0));
    rows
}

pub(in crate::analyse::stats) const CAUSES: Definition = Definition {
    title: "Broken deployments by what to fix first",
    columns: &[("domains", "domains", "broken deployments"), ("of-records", "of all with a record", "domains with an MTA-STS record")],
    count: Some(count_cause),
    rows: causes,
    notes: &[
        "the first step that fails, and of its findings the one that explains the others (column cause): a broken deployment is in one row",
    ],
    ..Definition::EMPTY
};

/// The row of broken deployments in datasets of versions that did not say what to fix first.
const NOT_TOLD: &str = "not-told";

fn count_cause(adopter: &Adopter<'_>, details: &mut Details) {
    if adopter.posture == Posture::Broken {
        let sheet = details.sheet(TableId::T3Causes);
        ["broken", adopter.cause.unwrap_or(NOT_TOLD)].into_iter().for_each(|key| sheet.add(key, 0));
    }
}

fn causes(figures: &Figures<'_>) -> Vec<Row> {
    let at = |key: &str| figures.get(TableId::T3Causes, key, 0);
    let (broken, records) = (at("broken"), figures.records());
    let row = |key: &str, title: &str, n: u64| Row::new(key, title, vec![share(n, broken), share(n, records)]);
    let mut rows = vec![row("broken", "broken", broken)];
    let mut by_code: Vec<_> = catalogue().iter().map(|code| (code.as_str(), at(code.as_str()))).filter(|(_, n)| *n > 0).collect();
    by_code.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    rows.extend(by_code.iter().map(|(code, n)| row(code, code, *n)));
    let told: u64 = by_code.iter().map(|(_, n)| n).sum();
    let other = broken.saturating_sub(told);
    if other > 0 {
        rows.push(row(NOT_TOLD, "not told by this dataset; stscan reclassify tells", other));
    }
    rows.push(figures.unknown_records(2, 1));
    rows
}
