//! T20: DNSSEC, TTLs, address families, TLS versions and issuers, as deployments have them.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, alone, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::grouping::OTHER;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::Row;
use crate::parse::distinguished_name::organization_or_name;

/// The row of certificates whose issuer has no name at all.
pub(super) const NO_NAME: &str = "(no name)";

pub(in crate::analyse::stats) const NETWORK: Definition = Definition {
    title: "DNS and TLS of deployments",
    columns: &[("domains", "domains", "domains with an MTA-STS record")],
    evidence: &[
        "evidence.sts_txt.ttl",
        "evidence.sts_txt.ad",
        "evidence.host_a.outcome",
        "evidence.host_aaaa.outcome",
        "evidence.fetch.tls_version",
    ],
    count: Some(count),
    rows,
    notes: &["the TTL is what the resolver gave, so at most the published one; the AD bit is what the resolver says"],
    ..Definition::EMPTY
};

const ROWS: [(&str, &str); 17] = [
    ("dnssec", "record with AD bit (DNSSEC)"),
    ("no-dnssec", "record without AD bit"),
    ("dnssec-unknown", "AD bit unknown"),
    ("ttl-short", "TTL of the record below an hour"),
    ("ttl-hours", "TTL from an hour to below a day"),
    ("ttl-day", "TTL of a day"),
    ("ttl-long", "TTL above a day"),
    ("ttl-unknown", "TTL unknown"),
    ("ipv4-and-ipv6", "policy host with IPv4 and IPv6"),
    ("ipv4-only", "policy host with IPv4 only"),
    ("ipv6-only", "policy host with IPv6 only"),
    ("no-address", "policy host without address"),
    ("address-unknown", "addresses unknown"),
    ("TLSv1.3", "policy host speaks TLS 1.3"),
    ("TLSv1.2", "policy host speaks TLS 1.2"),
    ("tls-other", "another version of TLS"),
    ("tls-none", "no TLS session"),
];

fn count(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let evidence = &adopter.evidence;
    let dnssec = evidence.authenticated.map_or("dnssec-unknown", |ad| if ad { "dnssec" } else { "no-dnssec" });
    let ttl = match evidence.ttl {
        None => "ttl-unknown",
        Some(..3_600) => "ttl-short",
        Some(3_600..86_400) => "ttl-hours",
        Some(86_400) => "ttl-day",
        Some(_) => "ttl-long",
    };
    let negative = |outcome| matches!(outcome, Some("nodata" | "nxdomain" | "pruned"));
    let addresses = match (evidence.host_a, evidence.host_aaaa) {
        (Some("noerror"), Some("noerror")) => "ipv4-and-ipv6",
        (Some("noerror"), aaaa) if negative(aaaa) => "ipv4-only",
        (a, Some("noerror")) if negative(a) => "ipv6-only",
        (a, aaaa) if negative(a) && negative(aaaa) => "no-address",
        _ => "address-unknown",
    };
    let tls = match evidence.tls_version {
        Some(version @ ("TLSv1.3" | "TLSv1.2")) => version,
        Some(_) => "tls-other",
        None => "tls-none",
    };
    let sheet = details.sheet(TableId::T20);
    [dnssec, ttl, addresses, tls].into_iter().for_each(|key| sheet.add(key, 0));
}

fn rows(figures: &Figures<'_>) -> Vec<Row> {
    let records = figures.records();
    let rows = ROWS.into_iter().map(|(key, title)| Row::new(key, title, vec![share(figures.get(TableId::T20, key, 0), records)]));
    rows.chain([figures.unknown_records(1, 0)]).collect()
}

pub(in crate::analyse::stats) const FAMILIES: Definition = Definition {
    title: "Address families over which policy hosts were tried and answered",
    columns: &[
        ("has", "has such an address", "domains with an MTA-STS record"),
        ("tried", "connection attempted", "domains that have such an address"),
        ("answered", "answered over it", "domains that were tried over it"),
    ],
    evidence: &["evidence.host_a.records", "evidence.host_aaaa.records", "evidence.fetch.tried", "evidence.fetch.address"],
    count: Some(count_families),
    rows: family_rows,
    notes: &[
        "IPv4 is tried first, and an address only while none before it has answered: IPv6 hardly but where a host has nothing else that works",
    ],
    ..Definition::EMPTY
};

const FAMILIES_ROWS: [(&str, &str); 2] = [("ipv4", "IPv4"), ("ipv6", "IPv6")];

fn count_families(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let evidence = &adopter.evidence;
    let sheet = details.sheet(TableId::T20Families);
    for (key, _) in FAMILIES_ROWS {
        let of_family = |address: &&str| address.contains(':') == (key == "ipv6");
        let steps = [
            evidence.addresses.iter().any(of_family),
            evidence.tried.iter().any(of_family),
            evidence.answered.as_ref().is_some_and(of_family),
        ];
        steps.iter().take_while(|step| **step).enumerate().for_each(|(column, _)| sheet.add(key, column));
    }
}

fn family_rows(figures: &Figures<'_>) -> Vec<Row> {
    let at = |key: &str, column| figures.get(TableId::T20Families, key, column);
    let row = |(key, title): (&str, &str)| {
        Row::new(key, title, vec![share(at(key, 0), figures.records()), share(at(key, 1), at(key, 0)), share(at(key, 2), at(key, 1))])
    };
    FAMILIES_ROWS.into_iter().map(row).chain([figures.unknown_records(3, 0)]).collect()
}

pub(in crate::analyse::stats) const ISSUERS: Definition = Definition {
    title: "Issuers of the certificates of policy hosts, by organisation",
    columns: &[("domains", "domains", "domains with an MTA-STS record whose policy host presented a certificate")],
    evidence: &["evidence.fetch.certificate.issuer"],
    count: Some(count_issuers),
    rows: issuer_rows,
    notes: &["the organisation (O) of the issuer's name, or its whole name where it has none; certificates that are not valid count, too"],
    ..Definition::EMPTY
};

fn count_issuers(adopter: &Adopter<'_>, details: &mut Details) {
    if let Some(issuer) = adopter.evidence.issuer.filter(|_| adopter.has_sts()) {
        details.issuers.add(&organization_or_name(issuer).unwrap_or(NO_NAME.into()), [1]);
    }
}

fn issuer_rows(figures: &Figures<'_>) -> Vec<Row> {
    let sorted = figures.details.issuers.sorted();
    let all: u64 = sorted.iter().map(|(_, [domains])| domains).sum();
    let mut rows: Vec<Row> =
        sorted.iter().take(figures.top).map(|(name, [domains])| Row::new(*name, *name, vec![share(*domains, all)])).collect();
    if sorted.len() > figures.top {
        let others = sorted.iter().skip(figures.top).map(|(_, [domains])| domains).sum();
        rows.push(Row::new(OTHER, OTHER, vec![share(others, all)]));
    }
    let records = figures.records();
    rows.push(
        alone("no-certificate", "no certificate seen", share(records.saturating_sub(all), records), 1, 0)
            .of("domains with an MTA-STS record"),
    );
    rows.push(figures.unknown_records(1, 0));
    rows
}
