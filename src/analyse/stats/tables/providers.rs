//! T15, T16 and T17: who serves policies and takes mail, with what success, and how much of it is in few hands.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Definition, Figures, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::grouping::OTHER;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::{Cell, Row};
use crate::classify::{Posture, codes};

const RECORDS: &str = "domains with an MTA-STS record";
const OF_ROW: &str = "domains of the row";

pub(in crate::analyse::stats) const POLICY_HOSTS: Definition = Definition {
    title: "Policy hosts by the registrable domain of their CNAME target",
    columns: &[
        ("domains", "domains", RECORDS),
        ("ok", "retrieved and valid", OF_ROW),
        ("failed", "failed", OF_ROW),
        ("unknown", "unknown", OF_ROW),
        ("dangling", "left: CNAME to nothing", OF_ROW),
        ("empty", "left: empty file", OF_ROW),
        ("mode-none", "left: mode none", OF_ROW),
    ],
    count: Some(count_policy_hosts),
    rows: policy_host_rows,
    notes: &[
        "unknown: nothing was fetched, or the failure may pass",
        "left: what providers leave behind for domains that are no longer their customers",
    ],
    ..Definition::EMPTY
};

/// The row of policy hosts that are no CNAME.
const NO_CNAME: &str = "(no CNAME)";

fn count_policy_hosts(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let [ok, failed, unknown] = fate(adopter);
    let flags = [
        true,
        ok,
        failed,
        unknown,
        adopter.has(codes::STS_HOST_CNAME_DANGLING),
        adopter.has(codes::STS_POLICY_EMPTY),
        ok && adopter.mode == Some("none"),
    ];
    details.policy_hosts.add(adopter.policy_provider.unwrap_or(NO_CNAME), flags.map(u64::from));
    if let Some(provider) = adopter.mx_provider {
        details.mx_providers.add(provider, [1]);
    }
}

/// Whether the policy was retrieved and is valid, was not, or that is unknown.
fn fate(adopter: &Adopter<'_>) -> [bool; 3] {
    let ok = adopter.stage == Some("ok");
    let unknown = adopter.stage.is_none() || (!ok && adopter.posture == Posture::Unknown);
    [ok, !ok && !unknown, unknown]
}

fn policy_host_rows(figures: &Figures<'_>) -> Vec<Row> {
    let records = figures.records();
    let mut rows = ranked(&figures.details.policy_hosts.sorted(), figures.top, records);
    rows.push(figures.unknown_records(7, 0));
    rows
}

pub(in crate::analyse::stats) const ADDRESSES: Definition = Definition {
    title: "Policy hosts by address",
    columns: &[
        ("domains", "domains", RECORDS),
        ("ok", "retrieved and valid", OF_ROW),
        ("failed", "failed", OF_ROW),
        ("unknown", "unknown", OF_ROW),
        ("cname", "by a CNAME to another domain", OF_ROW),
    ],
    evidence: &["evidence.host_a.records", "evidence.host_aaaa.records"],
    count: Some(count_addresses),
    rows: address_rows,
    notes: &["a domain whose policy host has several addresses counts for each of them, whichever was connected to"],
    ..Definition::EMPTY
};

/// The row of policy hosts without any address.
const NO_ADDRESS: &str = "(no address)";

fn count_addresses(adopter: &Adopter<'_>, details: &mut Details) {
    if !adopter.has_sts() {
        return;
    }
    let [ok, failed, unknown] = fate(adopter);
    let elsewhere = adopter.policy_provider.is_some_and(|provider| Some(provider) != adopter.org_domain);
    let counts = [true, ok, failed, unknown, elsewhere].map(u64::from);
    let mut addresses = adopter.evidence.addresses.clone();
    addresses.sort_unstable();
    addresses.dedup();
    for address in if addresses.is_empty() { vec![NO_ADDRESS] } else { addresses } {
        details.policy_addresses.add(address, counts);
    }
}

fn address_rows(figures: &Figures<'_>) -> Vec<Row> {
    let sorted = figures.details.policy_addresses.sorted();
    // Domains with several addresses are in several rows, so that no sum of rows is a share of the domains.
    let shown: Vec<_> = sorted.into_iter().take(figures.top).collect();
    let mut rows = ranked(&shown, figures.top, figures.records());
    rows.push(figures.unknown_records(5, 0));
    rows
}

/// A row for each of the most frequent names, and one for the others.
fn ranked<const K: usize>(sorted: &[(&str, [u64; K])], top: usize, whole: u64) -> Vec<Row> {
    let row = |key: &str, counts: &[u64; K]| {
        let domains = counts.first().copied().unwrap_or_default();
        let cells = std::iter::once(share(domains, whole)).chain(counts.iter().skip(1).map(|n| share(*n, domains)));
        Row::new(key, key, cells.collect())
    };
    let mut rows: Vec<Row> = sorted.iter().take(top).map(|(name, counts)| row(name, counts)).collect();
    if sorted.len() > top {
        let mut others = [0; K];
        for (_, counts) in sorted.iter().skip(top) {
            others.iter_mut().zip(counts).for_each(|(sum, more)| *sum += more);
        }
        rows.push(row(OTHER, &others));
    }
    rows
}

pub(in crate::analyse::stats) const MAIL: Definition = Definition {
    title: "Mail providers by the registrable domain of the most preferred MX host, with adoption among their customers",
    columns: &[
        ("domains", "domains", "domains with MX"),
        ("sts", "MTA-STS record", OF_ROW),
        ("sts-unknown", "MTA-STS unknown", OF_ROW),
        ("tlsrpt", "TLSRPT record", OF_ROW),
        ("tlsrpt-unknown", "TLSRPT unknown", OF_ROW),
    ],
    mail_providers: true,
    rows: mail_rows,
    notes: &["(own domain): the MX host is within the domain's own registrable domain"],
    ..Definition::EMPTY
};

fn mail_rows(figures: &Figures<'_>) -> Vec<Row> {
    let mx = figures.survey.count(|states| states.has_mx());
    let providers = &figures.survey.mail_providers;
    let mut rows = ranked(&providers.sorted(), figures.top, mx);
    if providers.lost() > 0 {
        // Names that gave way are in no row.
        let title = format!("rare names not kept apart (each at most {} domains)", providers.lost());
        let kept: u64 = providers.sorted().iter().map(|(_, [domains, ..])| domains).sum();
        let cells = vec![share(mx.saturating_sub(kept), mx), Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty];
        rows.push(Row::new("(rare)", title, cells));
    }
    rows
}

pub(in crate::analyse::stats) const CONCENTRATION: Definition = Definition {
    title: "Share of the largest operators among domains with an MTA-STS record",
    columns: &[
        ("policy-hosts", "policy hosts with a CNAME", RECORDS),
        ("policy-operators", "number of policy operators", ""),
        ("mx", "MX hosts", RECORDS),
        ("mx-operators", "MX operators", ""),
    ],
    counted_by: Some(TableId::T15),
    rows: concentration_rows,
    notes: &["an operator is a registrable domain: of the CNAME target of the policy host, and of the most preferred MX host"],
    ..Definition::EMPTY
};

fn concentration_rows(figures: &Figures<'_>) -> Vec<Row> {
    let records = figures.records();
    let hosts: Vec<u64> =
        figures.details.policy_hosts.sorted().iter().filter(|(name, _)| *name != NO_CNAME).map(|(_, [domains, ..])| *domains).collect();
    let mx: Vec<u64> = figures.details.mx_providers.sorted().iter().map(|(_, [domains])| *domains).collect();
    let sum = |counts: &[u64], most: usize| counts.iter().take(most).sum::<u64>();
    let row = |key: String, title: String, most: usize| {
        let operators = |counts: &[u64]| Cell::Count(counts.len().min(most) as u64);
        let cells = vec![share(sum(&hosts, most), records), operators(&hosts), share(sum(&mx, most), records), operators(&mx)];
        Row::new(key, title, cells)
    };
    let tops = [1, 2, 5, 10, 20, 50, 100].into_iter().map(|most| row(format!("top-{most}"), format!("the largest {most}"), most));
    tops.chain([row("all".to_owned(), "all".to_owned(), usize::MAX), figures.unknown_records(4, 0)]).collect()
}
