//! T6, T7 and T8: why the retrieval of policies fails at TLS, at HTTP and at the policy's syntax.

use super::servers::{ALL, add, by_entity};
use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, shares};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::Row;
use crate::classify::codes::{self, Code};

/// Key, title and codes of a cause.
pub(crate) type Cause = (&'static str, &'static str, &'static [Code]);

pub(in crate::analyse::stats) const TLS: Definition = Definition {
    title: "Why retrievals of policies end at TLS, by who runs the policy host",
    columns: &[
        ("self-managed", "self-managed", "retrievals that end at TLS, of that entity"),
        ("third-party", "third party", "retrievals that end at TLS, of that entity"),
        ("unclassified", "unclassified", "retrievals that end at TLS, of that entity"),
        ("all", "all", "retrievals that end at TLS"),
        ("overlapping", "all, overlapping", "retrievals that end at TLS"),
    ],
    entities: true,
    count: Some(count_tls),
    rows: tls_rows,
    notes: &[
        "the topmost cause that applies counts, but in the last column, where every one does",
        "unknown: may pass, and says nothing of the host",
    ],
    ..Definition::EMPTY
};

pub(crate) const TLS_CAUSES: &[Cause] = &[
    ("name-mismatch", "certificate for other names", &[codes::STS_FETCH_CERT_NAME_MISMATCH]),
    ("no-san", "certificate without names", &[codes::STS_FETCH_CERT_NO_SAN]),
    ("expired", "expired", &[codes::STS_FETCH_CERT_EXPIRED]),
    ("not-yet-valid", "not yet valid", &[codes::STS_FETCH_CERT_NOT_YET_VALID]),
    ("self-signed", "self-signed", &[codes::STS_FETCH_CERT_SELF_SIGNED]),
    ("incomplete-chain", "incomplete chain", &[codes::STS_FETCH_CERT_INCOMPLETE_CHAIN]),
    ("untrusted", "untrusted issuer", &[codes::STS_FETCH_CERT_UNTRUSTED]),
    ("revoked", "revoked", &[codes::STS_FETCH_CERT_REVOKED]),
    ("tls-version", "no TLS version in common", &[codes::STS_FETCH_TLS_OLD]),
    ("no-certificate", "TLS alert, no certificate", &[codes::STS_FETCH_SNI_UNPROVISIONED, codes::STS_FETCH_TLS_ALERT]),
    ("timeout", "unknown: time-out", &[codes::STS_FETCH_TIMEOUT]),
    ("legacy", "unknown: legacy suites or short keys alone", &[codes::STS_FETCH_TLS_WEAK]),
    ("unverified", "unknown: beyond the scanner's TLS library", &[codes::STS_FETCH_TLS_UNVERIFIED]),
];

pub(in crate::analyse::stats) const HTTP: Definition = Definition {
    title: "Why retrievals of policies end at HTTP, by who runs the policy host",
    columns: super::servers::entity_columns!("retrievals that end at HTTP"),
    entities: true,
    count: Some(count_http),
    rows: http_rows,
    notes: &[
        "the topmost cause that applies counts",
        "unknown: may pass, and says nothing of the host",
        "a filter against robots and 403 may be answers to the scanner only, and prove no misconfiguration",
    ],
    ..Definition::EMPTY
};

pub(crate) const HTTP_CAUSES: &[Cause] = &[
    ("robot-filter", "filter against robots", &[codes::STS_FETCH_UA_FILTERED]),
    ("3xx", "redirect (3xx)", &[codes::STS_FETCH_REDIRECT]),
    ("403", "403", &[codes::STS_FETCH_STATUS_FORBIDDEN]),
    ("404", "404 or 410", &[codes::STS_FETCH_NOT_FOUND]),
    ("429", "unknown: 429", &[codes::STS_FETCH_RATE_LIMITED]),
    ("5xx", "unknown: 5xx", &[codes::STS_FETCH_SERVER_ERROR]),
    ("too-large", "more than 64 KB", &[codes::STS_FETCH_TOO_LARGE]),
    ("truncated", "cut short", &[codes::STS_FETCH_TRUNCATED]),
    ("timeout", "unknown: time-out", &[codes::STS_FETCH_TIMEOUT]),
    ("connection", "connection broken off", &[codes::STS_FETCH_CONNECT_RESET]),
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
pub(crate) const BAD_MX: &[Code] = &[
    codes::STS_POLICY_MX_EMAIL,
    codes::STS_POLICY_MX_TRAILING_DOT,
    codes::STS_POLICY_MX_EMPTY,
    codes::STS_POLICY_MX_URL,
    codes::STS_POLICY_MX_IP_LITERAL,
    codes::STS_POLICY_MX_INVALID,
    codes::STS_POLICY_MX_LIST_ON_ONE_LINE,
    codes::STS_POLICY_MX_BARE_WILDCARD,
    codes::STS_POLICY_MX_WILDCARD_POSITION,
    codes::STS_POLICY_MX_LEADING_DOT,
    codes::STS_POLICY_MX_U_LABEL,
    codes::STS_POLICY_MX_PORT,
    codes::STS_POLICY_MX_PRIORITY,
];

const SYNTAX_CAUSES: &[Cause] = &[
    ("empty", "empty", &[codes::STS_POLICY_EMPTY]),
    ("html", "web page", &[codes::STS_POLICY_HTML_BODY]),
    ("json", "JSON", &[codes::STS_POLICY_JSON_BODY]),
    ("bom", "byte order mark", &[codes::STS_POLICY_BOM]),
    (
        "encoding",
        "other bytes that do not belong",
        &[
            codes::STS_POLICY_NOT_UTF8,
            codes::STS_POLICY_CONTROL_CHAR,
            codes::STS_POLICY_NBSP,
            codes::STS_POLICY_LINE_SEPARATOR,
            codes::STS_POLICY_BARE_CR,
        ],
    ),
    ("version-missing", "no version", &[codes::STS_POLICY_VERSION_MISSING]),
    ("version-invalid", "version not STSv1", &[codes::STS_POLICY_VERSION_INVALID, codes::STS_POLICY_VERSION_CASE]),
    ("mode-missing", "no mode", &[codes::STS_POLICY_MODE_MISSING]),
    ("mode-invalid", "unknown mode", &[codes::STS_POLICY_MODE_INVALID, codes::STS_POLICY_MODE_CASE, codes::STS_POLICY_MODE_LEGACY_REPORT]),
    ("max-age-missing", "no max_age", &[codes::STS_POLICY_MAX_AGE_MISSING]),
    ("max-age-invalid", "max_age no number", &[codes::STS_POLICY_MAX_AGE_INVALID]),
    ("mx-missing", "no mx", &[codes::STS_POLICY_MX_MISSING]),
    ("mx-invalid", "bad value of mx", BAD_MX),
    ("mx-email", "bad mx: mail address", &[codes::STS_POLICY_MX_EMAIL]),
    ("mx-trailing-dot", "bad mx: trailing dot", &[codes::STS_POLICY_MX_TRAILING_DOT]),
    ("mx-empty", "bad mx: empty", &[codes::STS_POLICY_MX_EMPTY]),
    ("mx-url", "bad mx: URL", &[codes::STS_POLICY_MX_URL]),
    ("mx-ip", "mx is an IP address", &[codes::STS_POLICY_MX_IP_LITERAL]),
    (
        "lines",
        "lines not of the form key: value",
        &[
            codes::STS_POLICY_LINE_SYNTAX,
            codes::STS_POLICY_LEADING_SPACE,
            codes::STS_POLICY_SPACE_BEFORE_COLON,
            codes::STS_POLICY_COMMENT,
            codes::STS_POLICY_KEY_CASE,
            codes::STS_POLICY_SINGLE_LINE,
            codes::STS_POLICY_ESCAPED_NEWLINE,
        ],
    ),
    ("duplicate", "a field twice", &[codes::STS_POLICY_DUPLICATE_FIELD]),
    ("content-type", "wrong or no Content-Type", &[codes::STS_FETCH_CONTENT_TYPE_WRONG, codes::STS_FETCH_CONTENT_TYPE_MISSING]),
];

/// The first cause that applies.
pub(crate) fn first(causes: &[Cause], adopter: &Adopter<'_>) -> &'static str {
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
