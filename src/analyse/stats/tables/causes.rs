//! T6, T7 and T8: why the retrieval of policies fails at TLS, at HTTP and at the policy's syntax.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, shares};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::Row;

use super::servers::{ALL, add, by_entity};

/// Key, title and codes of a cause.
pub(super) type Cause = (&'static str, &'static str, &'static [&'static str]);

pub(in crate::analyse::stats) const TLS: Definition = Definition {
    title: "Causes of TLS failures of policy hosts, by who runs them",
    columns: &[
        ("self-managed", "self-managed", "retrievals that fail at TLS, of that entity"),
        ("third-party", "third party", "retrievals that fail at TLS, of that entity"),
        ("unclassified", "unclassified", "retrievals that fail at TLS, of that entity"),
        ("all", "all", "retrievals that fail at TLS"),
        ("overlapping", "all, overlapping", "retrievals that fail at TLS"),
    ],
    entities: true,
    count: Some(count_tls),
    rows: tls_rows,
    notes: &["the topmost cause that applies counts, but in the last column, where every one does"],
    ..Definition::EMPTY
};

pub(super) const TLS_CAUSES: &[Cause] = &[
    ("name-mismatch", "certificate for other names", &["sts-fetch-cert-name-mismatch"]),
    ("no-san", "certificate without names", &["sts-fetch-cert-no-san"]),
    ("expired", "expired", &["sts-fetch-cert-expired"]),
    ("not-yet-valid", "not yet valid", &["sts-fetch-cert-not-yet-valid"]),
    ("self-signed", "self-signed", &["sts-fetch-cert-self-signed"]),
    ("incomplete-chain", "incomplete chain", &["sts-fetch-cert-incomplete-chain"]),
    ("untrusted", "untrusted issuer", &["sts-fetch-cert-untrusted"]),
    ("revoked", "revoked", &["sts-fetch-cert-revoked"]),
    ("tls-version", "no TLS version in common", &["sts-fetch-tls-old"]),
    ("no-certificate", "TLS alert, no certificate", &["sts-fetch-sni-unprovisioned", "sts-fetch-tls-alert"]),
    ("timeout", "time-out", &["sts-fetch-timeout"]),
];

pub(in crate::analyse::stats) const HTTP: Definition = Definition {
    title: "Causes of HTTP failures of policy hosts, by who runs them",
    columns: super::servers::entity_columns!("retrievals that fail at HTTP"),
    entities: true,
    count: Some(count_http),
    rows: http_rows,
    notes: &[
        "the topmost cause that applies counts",
        "a filter against robots, 403 and 429 may be answers to the scanner only, and prove no misconfiguration",
    ],
    ..Definition::EMPTY
};

pub(super) const HTTP_CAUSES: &[Cause] = &[
    ("robot-filter", "filter against robots (403, 503)", &["sts-fetch-ua-filtered"]),
    ("3xx", "redirect (3xx)", &["sts-fetch-redirect"]),
    ("403", "403", &["sts-fetch-status-forbidden"]),
    ("404", "404 or 410", &["sts-fetch-not-found"]),
    ("429", "429", &["sts-fetch-rate-limited"]),
    ("5xx", "5xx", &["sts-fetch-server-error"]),
    ("too-large", "more than 64 KB", &["sts-fetch-too-large"]),
    ("truncated", "cut short", &["sts-fetch-truncated"]),
    ("timeout", "time-out", &["sts-fetch-timeout"]),
    ("connection", "connection broken off", &["sts-fetch-connect-reset"]),
];

pub(in crate::analyse::stats) const SYNTAX: Definition = Definition {
    title: "Causes of policies that are not valid, by who runs the policy host",
    columns: super::servers::entity_columns!("policies that are not valid"),
    entities: true,
    count: Some(count_syntax),
    rows: syntax_rows,
    notes: &["a policy may have several faults, so the rows overlap"],
    ..Definition::EMPTY
};

/// Codes of bad values of mx.
pub(super) const BAD_MX: &[&str] = &[
    "sts-policy-mx-email",
    "sts-policy-mx-trailing-dot",
    "sts-policy-mx-empty",
    "sts-policy-mx-url",
    "sts-policy-mx-ip-literal",
    "sts-policy-mx-invalid",
    "sts-policy-mx-list-on-one-line",
    "sts-policy-mx-bare-wildcard",
    "sts-policy-mx-wildcard-position",
    "sts-policy-mx-leading-dot",
    "sts-policy-mx-u-label",
    "sts-policy-mx-port",
    "sts-policy-mx-priority",
];

const SYNTAX_CAUSES: &[Cause] = &[
    ("empty", "empty", &["sts-policy-empty"]),
    ("html", "web page", &["sts-policy-html-body"]),
    ("json", "JSON", &["sts-policy-json-body"]),
    ("bom", "byte order mark", &["sts-policy-bom"]),
    (
        "encoding",
        "other bytes that do not belong",
        &["sts-policy-not-utf8", "sts-policy-control-char", "sts-policy-nbsp", "sts-policy-line-separator", "sts-policy-bare-cr"],
    ),
    ("version-missing", "no version", &["sts-policy-version-missing"]),
    ("version-invalid", "version not STSv1", &["sts-policy-version-invalid", "sts-policy-version-case"]),
    ("mode-missing", "no mode", &["sts-policy-mode-missing"]),
    ("mode-invalid", "unknown mode", &["sts-policy-mode-invalid", "sts-policy-mode-case", "sts-policy-mode-legacy-report"]),
    ("max-age-missing", "no max_age", &["sts-policy-max-age-missing"]),
    ("max-age-invalid", "max_age no number", &["sts-policy-max-age-invalid"]),
    ("mx-missing", "no mx", &["sts-policy-mx-missing"]),
    ("mx-invalid", "bad value of mx", BAD_MX),
    ("mx-email", "bad mx: mail address", &["sts-policy-mx-email"]),
    ("mx-trailing-dot", "bad mx: trailing dot", &["sts-policy-mx-trailing-dot"]),
    ("mx-empty", "bad mx: empty", &["sts-policy-mx-empty"]),
    ("mx-url", "bad mx: URL", &["sts-policy-mx-url"]),
    ("mx-ip", "mx is an IP address", &["sts-policy-mx-ip-literal"]),
    (
        "lines",
        "lines not of the form key: value",
        &[
            "sts-policy-line-syntax",
            "sts-policy-leading-space",
            "sts-policy-space-before-colon",
            "sts-policy-comment",
            "sts-policy-key-case",
            "sts-policy-single-line",
            "sts-policy-escaped-newline",
        ],
    ),
    ("duplicate", "a field twice", &["sts-policy-duplicate-field"]),
    ("content-type", "wrong or no Content-Type", &["sts-fetch-content-type-wrong", "sts-fetch-content-type-missing"]),
];

/// The first cause that applies.
pub(super) fn first(causes: &[Cause], adopter: &Adopter<'_>) -> &'static str {
    causes.iter().find(|(_, _, codes)| adopter.has_any(codes)).map_or("other", |(key, _, _)| *key)
}

/// Whether the retrieval fails at a stage, of domains with an MTA-STS record.
fn fails(adopter: &Adopter<'_>, stage: &str) -> bool {
    adopter.has_sts() && adopter.stage == Some(stage)
}

fn count_tls(adopter: &Adopter<'_>, details: &mut Details) {
    if fails(adopter, "tls") {
        add(TableId::T6, "total", adopter, details);
        add(TableId::T6, first(TLS_CAUSES, adopter), adopter, details);
        for (key, _, _) in TLS_CAUSES.iter().filter(|(_, _, codes)| adopter.has_any(codes)) {
            details.sheet(TableId::T6).add(key, ALL + 1);
        }
    }
}

fn count_http(adopter: &Adopter<'_>, details: &mut Details) {
    if fails(adopter, "http") {
        add(TableId::T7, "total", adopter, details);
        add(TableId::T7, first(HTTP_CAUSES, adopter), adopter, details);
    }
}

fn count_syntax(adopter: &Adopter<'_>, details: &mut Details) {
    if fails(adopter, "syntax") {
        add(TableId::T8, "total", adopter, details);
        let mut any = false;
        for (key, _, codes) in SYNTAX_CAUSES {
            if adopter.has_any(codes) {
                add(TableId::T8, key, adopter, details);
                any = any || *key != "content-type";
            }
        }
        if !any {
            add(TableId::T8, "other", adopter, details);
        }
    }
}

fn tls_rows(figures: &Figures<'_>) -> Vec<Row> {
    let table = TableId::T6;
    let total = by_entity(figures, table, "total");
    let row = |key: &str, title: &str| {
        let mut row = shares(key, title, by_entity(figures, table, key), total);
        let overlapping = if key == "other" { figures.get(table, key, ALL) } else { figures.get(table, key, ALL + 1) };
        row.cells.push(crate::analyse::stats::definition::share(overlapping, total[ALL]));
        row
    };
    let mut rows: Vec<Row> = TLS_CAUSES.iter().map(|(key, title, _)| row(key, title)).collect();
    rows.push(row("other", "other"));
    rows.push(figures.unknown_records(5, ALL));
    rows
}

fn http_rows(figures: &Figures<'_>) -> Vec<Row> {
    of_causes(figures, TableId::T7, HTTP_CAUSES, "other status, or no HTTP")
}

fn syntax_rows(figures: &Figures<'_>) -> Vec<Row> {
    of_causes(figures, TableId::T8, SYNTAX_CAUSES, "other")
}

fn of_causes(figures: &Figures<'_>, table: TableId, causes: &[Cause], other: &str) -> Vec<Row> {
    let total = by_entity(figures, table, "total");
    let keys = causes.iter().map(|(key, title, _)| (*key, *title)).chain([("other", other)]);
    let rows = keys.map(|(key, title)| shares(key, title, by_entity(figures, table, key), total));
    rows.chain([figures.unknown_records(4, ALL)]).collect()
}
