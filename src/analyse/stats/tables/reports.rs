//! T18 and T19: TLSRPT records, where the reports go, and whether anybody is there.

use std::net::IpAddr;

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, alone, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::grouping::OTHER;
use crate::analyse::stats::survey::States;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::{Cell, Row};
use crate::classify::RecordState;
use crate::classify::codes::{self, Code};
use crate::name::suffix;

const WITH_RECORD: &str = "domains with a TLSRPT record";

pub(in crate::analyse::stats) const RECORDS: Definition = Definition {
    title: "TLSRPT records and where they send reports",
    columns: &[("domains", "domains", WITH_RECORD)],
    count: Some(count_records),
    rows: record_rows,
    notes: &["a record may have several faults and destinations, so the rows below `invalid` overlap"],
    ..Definition::EMPTY
};

const STATES: [(&str, &str, RecordState); 3] = [
    ("valid", "valid", RecordState::Valid),
    ("multiple", "more than one record", RecordState::Multiple),
    ("invalid", "invalid", RecordState::Invalid),
];

const FAULTS: &[(&str, &str, &[Code])] = &[
    (
        "bad-version",
        "does not begin with v=TLSRPTv1",
        &[
            codes::TLSRPT_NEAR_MISS,
            codes::TLSRPT_UNKNOWN_VERSION,
            codes::TLSRPT_VERSION_NOT_FIRST,
            codes::TLSRPT_VERSION_SPACE,
            codes::TLSRPT_LEADING_SPACE,
            codes::TLSRPT_LITERAL_QUOTES,
        ],
    ),
    ("no-rua", "no rua", &[codes::TLSRPT_RUA_MISSING, codes::TLSRPT_RUA_EMPTY]),
    ("bad-scheme", "destination neither mailto nor https", &[codes::TLSRPT_RUA_NO_SCHEME, codes::TLSRPT_RUA_SCHEME]),
    (
        "bad-destination",
        "destination that cannot be read",
        &[
            codes::TLSRPT_RUA_URI_SYNTAX,
            codes::TLSRPT_RUA_MAILTO_SYNTAX,
            codes::TLSRPT_RUA_HTTPS_SYNTAX,
            codes::TLSRPT_RUA_OBFUSCATED,
            codes::TLSRPT_RUA_SIZE_SUFFIX,
        ],
    ),
    ("several", "more than one destination", &[codes::TLSRPT_RUA_MULTIPLE]),
    ("external", "reports go to another domain", &[codes::TLSRPT_RUA_EXTERNAL]),
];

const SCHEMES: [(&str, &str); 3] = [("mailto", "by mail only"), ("https", "by HTTPS only"), ("both", "by mail and HTTPS")];

fn count_records(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_tlsrpt() {
        return;
    }
    let sheet = details.sheet(TableId::T18);
    let state = STATES.iter().filter(|(_, _, state)| *state == adopter.tlsrpt).map(|(key, _, _)| *key);
    let faults = FAULTS.iter().filter(|(_, _, codes)| adopter.has_any(codes)).map(|(key, _, _)| *key);
    let by = |scheme: &str| adopter.rua.iter().any(|uri| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let scheme = match (by("mailto:"), by("https:")) {
        (true, true) => Some("both"),
        (true, false) => Some("mailto"),
        (false, true) => Some("https"),
        (false, false) => None,
    };
    state.chain(scheme).chain(faults).for_each(|key| sheet.add(key, 0));
}

fn record_rows(figures: &Figures<'_>) -> Vec<Row> {
    let records = figures.survey.count(States::has_tlsrpt);
    let keys = STATES.iter().map(|(key, title, _)| (*key, *title));
    let keys = keys.chain(FAULTS.iter().map(|(key, title, _)| (*key, *title))).chain(SCHEMES);
    let rows = keys.map(|(key, title)| Row::new(key, title, vec![share(figures.get(TableId::T18, key, 0), records)]));
    rows.chain([figures.unknown_report_records(1)]).collect()
}

pub(in crate::analyse::stats) const RECEIVERS: Definition = Definition {
    title: "Receivers of TLS reports by registrable domain",
    columns: &[("domains", "domains", WITH_RECORD), ("operators", "this and the larger ones", "destinations, a domain and receiver")],
    count: Some(count_receivers),
    rows: receiver_rows,
    notes: &["a domain that reports to several receivers counts for each of them"],
    ..Definition::EMPTY
};

fn count_receivers(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_tlsrpt() {
        return;
    }
    let mut receivers: Vec<&str> = adopter.rua.iter().filter_map(|uri| host(uri)).collect();
    receivers.sort_unstable();
    receivers.dedup();
    for receiver in receivers {
        let own = adopter.org_domain.is_some_and(|own| receiver.eq_ignore_ascii_case(own));
        details.receivers.add(if own { "(own domain)" } else { receiver }, [1]);
    }
}

/// The registrable domain of the host of a destination, as far as it can be read.
fn host(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let host = match scheme.to_ascii_lowercase().as_str() {
        "mailto" => rest.split('?').next()?.rsplit_once('@')?.1,
        "https" => {
            let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            host.split(':').next()?
        }
        _ => return None,
    };
    let host = host.trim_end_matches('.');
    let name = if host.parse::<IpAddr>().is_ok() { None } else { suffix::registrable(host) };
    name.or(Some(host)).filter(|host| !host.is_empty())
}

fn receiver_rows(figures: &Figures<'_>) -> Vec<Row> {
    let records = figures.survey.count(States::has_tlsrpt);
    let sorted = figures.details.receivers.sorted();
    let all: u64 = sorted.iter().map(|(_, [domains])| domains).sum();
    let mut so_far = 0;
    let mut rows = Vec::new();
    for (name, [domains]) in sorted.iter().take(figures.top) {
        so_far += domains;
        rows.push(Row::new(*name, *name, vec![share(*domains, records), share(so_far, all)]));
    }
    if sorted.len() > figures.top {
        rows.push(Row::new(OTHER, OTHER, vec![Cell::Count(all - so_far), share(all, all)]));
    }
    rows.push(figures.unknown_report_records(2));
    rows
}

pub(in crate::analyse::stats) const REACHABLE: Definition = Definition {
    title: "Whether receivers of TLS reports can be reached, by DNS",
    columns: &[("destinations", "destinations", "destinations that were looked up, of domains with a TLSRPT record")],
    evidence: &[
        "evidence.rua_hosts.list.element.mx.outcome",
        "evidence.rua_hosts.list.element.a.outcome",
        "evidence.rua_hosts.list.element.aaaa.outcome",
    ],
    count: Some(count_reachable),
    rows: reachable_rows,
    notes: &["a null MX counts as MX here, and has a row of its own, of domains"],
    ..Definition::EMPTY
};

const FATES: [(&str, &str); 6] = [
    ("mx", "mail domain with MX"),
    ("address", "mail domain without MX, with an address"),
    ("host", "HTTPS host with an address"),
    ("nothing", "exists, neither MX nor address"),
    ("nxdomain", "does not exist"),
    ("unknown", "unknown (no answer)"),
];

fn fate(outcomes: [Option<&str>; 3]) -> &'static str {
    let [mx, a, aaaa] = outcomes;
    let negative = |outcome: Option<&str>| matches!(outcome, Some("nodata" | "nxdomain" | "pruned"));
    match () {
        () if mx == Some("noerror") => "mx",
        () if mx.is_some_and(|_| !negative(mx)) => "unknown",
        () if a == Some("noerror") || aaaa == Some("noerror") => {
            if mx.is_some() {
                "address"
            } else {
                "host"
            }
        }
        () if outcomes.contains(&Some("nxdomain")) => "nxdomain",
        () if negative(a) && negative(aaaa) => "nothing",
        () => "unknown",
    }
}

fn count_reachable(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_tlsrpt() {
        return;
    }
    let sheet = details.sheet(TableId::T19);
    for outcomes in &adopter.evidence.receivers {
        sheet.add("all", 0);
        sheet.add(fate(*outcomes), 0);
    }
    if adopter.has(codes::TLSRPT_RUA_DOMAIN_NULL_MX) {
        sheet.add("null-mx", 0);
    }
}

fn reachable_rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |key| figures.get(TableId::T19, key, 0);
    let mut rows: Vec<Row> = FATES.into_iter().map(|(key, title)| Row::new(key, title, vec![share(at(key), at("all"))])).collect();
    let records = figures.survey.count(States::has_tlsrpt);
    rows.push(alone("null-mx", "domains that report to a null MX", share(at("null-mx"), records), 1, 0).of(WITH_RECORD));
    rows.push(figures.unknown_report_records(1));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_destinations() {
        for (uri, expected) in [
            ("mailto:tls@reports.example.co.uk", Some("example.co.uk")),
            ("MAILTO:a@b@example.com?subject=x", Some("example.com")),
            ("https://a.example.net:8443/x@y", Some("example.net")),
            ("https://u:p@h.example.org?q", Some("example.org")),
            ("https://192.0.2.1/x", Some("192.0.2.1")),
            ("mailto:nobody", None),
            ("ftp://example.com", None),
            ("mailto:a@", None),
            ("https:///x", None),
        ] {
            assert_eq!(host(uri), expected, "{uri}");
        }
    }

    #[test]
    fn receivers_that_are_not_known_are_not_absent() {
        assert_eq!(fate([Some("timeout"), None, None]), "unknown");
        assert_eq!(fate([Some("nodata"), Some("servfail"), Some("nodata")]), "unknown");
        assert_eq!(fate([Some("nodata"), Some("nodata"), Some("nodata")]), "nothing");
        assert_eq!(fate([None, Some("nodata"), Some("noerror")]), "host");
        assert_eq!(fate([Some("nodata"), Some("noerror"), None]), "address");
        assert_eq!(fate([Some("nxdomain"), None, None]), "nxdomain");
    }
}
