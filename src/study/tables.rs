//! The tables of Ashiq, Fiebig and Chung (IMC 2025), counted as they count, so that a dataset can be held against theirs cell by cell.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, alone, share, shares};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::entity::Entity;
use crate::analyse::stats::survey::States;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::stats::tables::causes::{BAD_MX, HTTP_CAUSES, TLS_CAUSES, first};
use crate::analyse::stats::tables::mismatch::relation;
use crate::analyse::stats::tables::records::BAD_VERSION;
use crate::analyse::stats::tables::servers::{ALL, FAILURES, add, by_entity, entity_columns};
use crate::analyse::{Cell, Row};
use crate::classify::codes::{self, Code};
use crate::classify::{Posture, RecordState};
use crate::name::provider::{Service, provider};

/// Table 1 of the study.
pub(super) const ADOPTION: TableId = TableId::new("study-adoption");
/// Its classes of misconfiguration.
pub(super) const CLASSES: TableId = TableId::new("study-classes");
/// Its errors of policy servers.
pub(super) const SERVERS: TableId = TableId::new("study-servers");
/// Its kinds of inconsistency.
pub(super) const MISMATCH: TableId = TableId::new("study-mismatch");
/// Its policy-hosting providers.
pub(super) const PROVIDERS: TableId = TableId::new("study-providers");

/// The tables of the study, to be registered with those of `stats`.
pub const TABLES: &[(TableId, &Definition)] = &[
    (ADOPTION, &ADOPTION_TABLE),
    (CLASSES, &CLASSES_TABLE),
    (SERVERS, &SERVERS_TABLE),
    (MISMATCH, &MISMATCH_TABLE),
    (PROVIDERS, &PROVIDERS_TABLE),
];

const RECORDS: &str = "domains with an MTA-STS record";
const OF_ROW: &str = "domains of the row";

static ADOPTION_TABLE: Definition = Definition {
    title: "Table 1 of the study: domains with MX, with MTA-STS, with TLSRPT",
    columns: &[
        ("mx", "with MX", ""),
        ("sts", "MTA-STS", "domains with MX"),
        ("tlsrpt", "TLSRPT", "domains with MX"),
        ("unknown", "unknown", "domains with MX"),
    ],
    by_tld: true,
    rows: adoption,
    notes: &["unknown: MTA-STS, TLSRPT or both"],
    ..Definition::EMPTY
};

fn adoption(figures: &Figures<'_>) -> Vec<Row> {
    let count = |so: fn(States) -> bool| figures.survey.count(|states| states.has_mx() && so(states));
    let mx = count(|_| true);
    let unknown = count(|states| states.sts == RecordState::Unknown || states.tlsrpt == RecordState::Unknown);
    let cells = vec![
        Cell::Count(mx),
        share(count(|states| states.has_sts()), mx),
        share(count(|states| states.has_tlsrpt()), mx),
        share(unknown, mx),
    ];
    vec![Row::new("all", "all", cells)]
}

static CLASSES_TABLE: Definition = Definition {
    title: "Misconfiguration classes of the study (its section 4.2)",
    columns: &[("domains", "domains", RECORDS), ("of-class", "of the class", "domains of the class above")],
    entities: true,
    count: Some(count_classes),
    rows: class_rows,
    notes: &[
        "classes overlap; MX hosts (the study's third class) are counted where they were asked over SMTP, one without STARTTLS as invalid",
        "loses mail: enforced, and no MX host is acceptable, by its name or, where it was asked, by its certificate",
    ],
    ..Definition::EMPTY
};

/// Key, title and codes of the kinds of faulty records, the first that applies counts.
const RECORD_FAULTS: [(&str, &str, &[Code]); 4] = [
    ("record-no-id", "record: no id", &[codes::STS_RECORD_ID_MISSING]),
    ("record-bad-id", "record: bad id", &[codes::STS_RECORD_ID_INVALID, codes::STS_RECORD_ID_TOO_LONG]),
    ("record-bad-version", "record: bad version", BAD_VERSION),
    ("record-extension", "record: bad extension", &[codes::STS_RECORD_POLICY_KEYS, codes::STS_RECORD_FIELD_SYNTAX]),
];

/// The row of domains whose MX hosts were asked over SMTP.
pub(super) const MX_ASKED: &str = "mx-asked";
/// The operator that the study names.
const MXROUTING: &str = "mxrouting.net";

/// Key, title and class above of the rows that it takes SMTP to count.
const OF_MX: [(&str, &str, Option<&str>); 8] = [
    ("mx-own", "self-managed MX", None),
    ("mx-own-any", "self-managed MX: an invalid one", Some("mx-own")),
    ("mx-own-all", "self-managed MX: all invalid", Some("mx-own")),
    ("mx-third", "third-party MX", None),
    ("mx-third-any", "third-party MX: an invalid one", Some("mx-third")),
    ("mx-third-all", "third-party MX: all invalid", Some("mx-third")),
    ("mx-mxrouting", "third-party MX: mxrouting.net", Some("mx-third-any")),
    ("mx-enforce", "an invalid one, and enforced", Some("mx-certificate")),
];

/// Counts what MX hosts showed over SMTP; whether a certificate was invalid.
fn count_mx(adopter: &Adopter<'_>, details: &mut Details) -> bool {
    let Some(mx_tls) = adopter.mx_tls else { return false };
    let (any, all) = (matches!(mx_tls, "some" | "none"), mx_tls == "none");
    let of_entity = match adopter.mx_entity {
        Entity::SelfManaged => ["mx-own", "mx-own-any", "mx-own-all"],
        Entity::ThirdParty => ["mx-third", "mx-third-any", "mx-third-all"],
        Entity::Unclassified => [""; 3],
    };
    let sheet = details.sheet(CLASSES);
    for (is_so, key) in [
        (true, MX_ASKED),
        (any, "mx-certificate"),
        (all, "mx-certificate-all"),
        (true, of_entity[0]),
        (any, of_entity[1]),
        (all, of_entity[2]),
        (any && adopter.mx_provider == Some(MXROUTING), "mx-mxrouting"),
        (any && adopter.mx_entity != Entity::Unclassified && adopter.posture == Posture::Enforce, "mx-enforce"),
    ] {
        if is_so && !key.is_empty() {
            sheet.add(key, 0);
        }
    }
    any
}

fn count_classes(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let bad_mx = count_mx(adopter, details);
    let sheet = details.sheet(CLASSES);
    let record = adopter.sts != RecordState::Valid;
    let retrieval = adopter.stage.is_some_and(|stage| stage != "ok");
    let inconsistent = adopter.coverage == Some("none");
    if record {
        sheet.add("record", 0);
        let fault = RECORD_FAULTS.iter().find(|(_, _, codes)| adopter.sts == RecordState::Invalid && adopter.has_any(codes));
        sheet.add(fault.map_or("record-other", |(key, _, _)| key), 0);
    }
    if retrieval {
        sheet.add("retrieval", 0);
        if adopter.posture == Posture::Unknown {
            sheet.add("retrieval-may-pass", 0);
        }
    }
    for (is_so, key) in [
        (adopter.stage.is_none(), "not-fetched"),
        (inconsistent, "inconsistent"),
        (record || retrieval || inconsistent || bad_mx, "misconfigured"),
        (adopter.delivery == Some("refused"), "loses-mail"),
    ] {
        if is_so {
            sheet.add(key, 0);
        }
    }
}

fn class_rows(figures: &Figures<'_>) -> Vec<Row> {
    let records = figures.records();
    let at = |key: &str| figures.get(CLASSES, key, 0);
    let class = |key: &str, title: &str| Row::new(key, title, vec![share(at(key), records), Cell::Empty]);
    let part = |key: &str, title: &str, class: &str| Row::new(key, title, vec![share(at(key), records), share(at(key), at(class))]);
    let mut rows = vec![
        class("misconfigured", "misconfigured in any way"),
        part("loses-mail", "loses mail", "misconfigured"),
        class("record", "1 record"),
    ];
    rows.extend(RECORD_FAULTS.iter().map(|(key, title, _)| part(key, title, "record")));
    rows.push(part("record-other", "record: other (several records)", "record"));
    rows.push(class("retrieval", "2 retrieval of the policy"));
    rows.push(part("retrieval-may-pass", "retrieval: may pass", "retrieval"));
    rows.extend(mx_rows(figures, &class, &part));
    rows.push(class("inconsistent", "4 inconsistency: no MX host covered"));
    rows.push(class("not-fetched", "unknown (policy not fetched)"));
    rows.push(figures.unknown_records(2, 0));
    rows
}

/// The study's third class; without figures where no MX host was asked.
fn mx_rows(figures: &Figures<'_>, class: &impl Fn(&str, &str) -> Row, part: &impl Fn(&str, &str, &str) -> Row) -> Vec<Row> {
    if figures.get(CLASSES, MX_ASKED, 0) == 0 {
        return vec![Row::new("mx-certificate", "3 certificate of MX (not measured)", vec![Cell::Empty, Cell::Empty])];
    }
    let first = [
        class(MX_ASKED, "MX hosts asked over SMTP"),
        class("mx-certificate", "3 certificate of an MX host"),
        part("mx-certificate-all", "of all MX hosts", "mx-certificate"),
    ];
    let rest = OF_MX.iter().map(|(key, title, above)| above.map_or_else(|| class(key, title), |above| part(key, title, above)));
    first.into_iter().chain(rest).collect()
}

static SERVERS_TABLE: Definition = Definition {
    title: "Errors of policy servers by managing entity (figure 5 of the study)",
    columns: entity_columns!("domains with an MTA-STS record"),
    entities: true,
    count: Some(count_servers),
    rows: server_rows,
    notes: &["rows with a colon are parts of the stage that they name"],
    ..Definition::EMPTY
};

/// Key, title and stage of the parts of stages.
const PARTS: [(&str, &str, &str); 5] = [
    ("tls-name-mismatch", "TLS: certificate for other names", "tls"),
    ("tls-no-certificate", "TLS: no certificate (alert)", "tls"),
    ("http-404", "HTTP: 404", "http"),
    ("syntax-mx", "syntax: bad value of mx", "syntax"),
    ("syntax-empty", "syntax: empty file", "syntax"),
];

fn count_servers(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let table = SERVERS;
    add(table, "records", adopter, details);
    let Some(stage) = adopter.stage else { return add(table, "unknown", adopter, details) };
    add(table, stage, adopter, details);
    if stage != "ok" {
        add(table, "any", adopter, details);
    }
    let part = match stage {
        "tls" => match first(TLS_CAUSES, adopter) {
            "name-mismatch" => Some("tls-name-mismatch"),
            "no-certificate" => Some("tls-no-certificate"),
            _ => None,
        },
        "http" if first(HTTP_CAUSES, adopter) == "404" => Some("http-404"),
        "syntax" if adopter.has(codes::STS_POLICY_EMPTY) => Some("syntax-empty"),
        "syntax" if adopter.has_any(BAD_MX) => Some("syntax-mx"),
        _ => None,
    };
    if let Some(part) = part {
        add(table, part, adopter, details);
    }
}

fn server_rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |row| by_entity(figures, SERVERS, row);
    let records = at("records");
    let mut rows = vec![shares("records", "domains", records, [figures.records(); 4]), shares("any", "any error", at("any"), records)];
    for (stage, title) in FAILURES {
        rows.push(shares(stage, title, at(stage), records));
        let parts = PARTS.iter().filter(|(_, _, of)| *of == stage);
        rows.extend(parts.map(|(key, title, of)| shares(key, title, at(key), at(of)).of("errors of that stage and entity")));
    }
    rows.push(shares("unknown", "unknown (policy not fetched)", at("unknown"), records));
    rows.push(figures.unknown_records(4, ALL));
    rows
}

static MISMATCH_TABLE: Definition = Definition {
    title: "Inconsistency of policies and MX hosts (section 4.5 of the study)",
    columns: &[("domains", "domains", RECORDS), ("inconsistent", "none covered", OF_ROW)],
    entities: true,
    count: Some(count_mismatch),
    rows: mismatch_rows,
    notes: &["domains none of whose MX hosts is covered; the classes exclude each other, enforced ones are of all classes"],
    ..Definition::EMPTY
};

const CLASSES_OF_NAMES: [(&str, &str); 6] = [
    ("complete", "another domain (complete)"),
    ("same-domain", "another host of the same domain (3LD+)"),
    ("policy-host", "3LD+: lists the policy host"),
    ("typo", "typing error"),
    ("tld", "other top-level domain"),
    ("enforce", "any, and enforced"),
];

const OUTSOURCED: [(&str, &str); 3] =
    [("both-outsourced", "third parties for mail and policy"), ("same-provider", "the same"), ("different-providers", "different ones")];

fn count_mismatch(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let sheet = details.sheet(MISMATCH);
    let inconsistent = adopter.coverage == Some("none");
    let mut add = |row: &str| {
        sheet.add(row, 0);
        if inconsistent {
            sheet.add(row, 1);
        }
    };
    let relation = relation(adopter);
    match relation {
        "same-provider" | "different-providers" => ["both-outsourced", relation].into_iter().for_each(&mut add),
        "unclassified" => add("unclassified"),
        _ => {}
    }
    if !inconsistent {
        return;
    }
    match adopter.mismatch {
        Some("policy-host") => ["same-domain", "policy-host"].into_iter().for_each(&mut add),
        Some("different-domain") => add("complete"),
        Some(class) => add(class),
        None => {}
    }
    add("any");
    if adopter.posture == Posture::Enforce {
        add("enforce");
    }
}

fn mismatch_rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |key: &str, column| figures.get(MISMATCH, key, column);
    let records = figures.records();
    let classes = [("any", "inconsistent")].into_iter().chain(CLASSES_OF_NAMES);
    let mut rows: Vec<Row> = classes.map(|(key, title)| alone(key, title, share(at(key, 0), records), 2, 0)).collect();
    let relations = OUTSOURCED.into_iter().chain([("unclassified", "one or both unclassified")]);
    rows.extend(relations.map(|(key, title)| Row::new(key, title, vec![share(at(key, 0), records), share(at(key, 1), at(key, 0))])));
    rows.push(figures.unknown_records(2, 0));
    rows
}

static PROVIDERS_TABLE: Definition = Definition {
    title: "Table 2 of the study: policy-hosting providers",
    columns: &[
        ("domains", "domains", RECORDS),
        ("ok", "retrieved and valid", OF_ROW),
        ("failed", "failed", OF_ROW),
        ("unknown", "not fetched", OF_ROW),
    ],
    count: Some(count_providers),
    rows: provider_rows,
    notes: &["providers by the registrable domains of their hosts, as listed with stscan"],
    ..Definition::EMPTY
};

/// The study's eight, in its order; the key is the name in the list of providers.
const EIGHT: [&str; 8] = ["Tutanota", "DMARCReport", "PowerDMARC", "EasyDMARC", "Mailhardener", "URIports", "Sendmarc", "OnDMARC"];

fn count_providers(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let name = adopter.policy_provider.and_then(|host| provider(Service::Policy, host));
    let eight = name.filter(|name| EIGHT.contains(name));
    let sheet = details.sheet(PROVIDERS);
    let fate = match adopter.stage {
        Some("ok") => 1,
        Some(_) => 2,
        None => 3,
    };
    for row in [eight.unwrap_or("others"), if eight.is_some() { "sum" } else { "" }].into_iter().filter(|row| !row.is_empty()) {
        sheet.add(row, 0);
        sheet.add(row, fate);
    }
}

fn provider_rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |key: &str, column| figures.get(PROVIDERS, key, column);
    let row = |key: &str, title: &str| {
        let domains = at(key, 0);
        let shares = [1, 2, 3].map(|column| share(at(key, column), domains));
        Row::new(key, title, [&[share(domains, figures.records())][..], &shares].concat())
    };
    let mut rows: Vec<Row> = EIGHT.iter().map(|name| row(name, name)).collect();
    rows.extend([row("sum", "the eight"), row("others", "others and own policy hosts"), figures.unknown_records(4, 0)]);
    rows
}
