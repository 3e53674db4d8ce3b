//! Answers as such, whatever was asked: a record that stands twice, and more records than are kept.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

use crate::evidence::{Evidence, HostLookup, Lookup, Mx, Txt};
use crate::name::address::is_address;
use crate::name::normalise_host;
use crate::parse::record_set::{RecordKind, select};
use crate::parse::tlsrpt_record;

use super::findings::{Findings, quoted};
use super::rule::codes;

codes! {
    16010 DNS_RECORD_DUPLICATE = "dns-record-duplicate" {
        severity: Low,
        clause: "RFC 2181 section 5",
        summary: "The same record stands more than once in one DNS answer, and is judged once.",
        effect: "Most resolvers drop the copy. Where one does not, some senders take an MTA-STS record that stands twice for two, which count as none.",
        remedy: "Remove the second copy from the zone, and have the name server's software checked: a set of records has no duplicates.",
        example: Some(Seen(
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"\n_mta-sts.example.com. TXT \"v=STSv1; id=1;\"",
            "_mta-sts.example.com. TXT \"v=STSv1; id=1;\"",
        )),
        ..Rule::BASE
    }
    16020 DNS_RECORDS_LEFT_OUT = "dns-records-left-out" {
        clause: "RFC 5321 section 5.1",
        summary: "A DNS answer has more records than stscan keeps of one.",
        effect: "None by itself; the records beyond are not judged.",
        remedy: "Publish fewer records: no sender tries so many.",
        example: Some(Seen("example.com. MX  300 records", "example.com. MX  2 records")),
        ..Rule::BASE
    }
    16030 DNS_HOSTS_LEFT_OUT = "dns-hosts-left-out" {
        clause: "RFC 5321 section 5.1",
        summary: "More MX hosts or receivers of reports are named than stscan looks up.",
        effect: "None by itself; whether the hosts beyond exist is not known.",
        remedy: "Name fewer: no sender tries so many.",
        example: Some(Seen("example.com. MX  30 hosts", "example.com. MX  2 hosts")),
        ..Rule::BASE
    }
}

/// Adds what is to be said of the answers themselves.
pub(super) fn remark_answers(evidence: &Evidence, findings: &mut Findings) {
    let Evidence { mx, sts_txt, tlsrpt_txt, host_a, host_aaaa, mx_hosts, .. } = evidence;
    remark(mx, "MX", |Mx { preference, exchange }| format!("{preference} {exchange}"), findings);
    let text = |record: &Txt| String::from_utf8_lossy(&record.joined()).into_owned();
    remark(sts_txt, "TXT", text, findings);
    remark(tlsrpt_txt, "TXT", text, findings);
    host_a.iter().for_each(|lookup| remark(lookup, "A", ToString::to_string, findings));
    host_aaaa.iter().for_each(|lookup| remark(lookup, "AAAA", ToString::to_string, findings));
    for HostLookup { a, aaaa, .. } in mx_hosts {
        remark(a, "A", ToString::to_string, findings);
        remark(aaaa, "AAAA", ToString::to_string, findings);
    }
    remark_hosts(&mx.name, "MX hosts", named_exchanges(&mx.records), mx_hosts.len(), findings);
    remark_hosts(&tlsrpt_txt.name, "receivers of reports", named_receivers(&tlsrpt_txt.records), evidence.rua_hosts.len(), findings);
}

/// Where hosts were looked up at all, but not all that could be.
fn remark_hosts(name: &str, hosts: &str, named: usize, looked_up: usize, findings: &mut Findings) {
    if (1..named).contains(&looked_up) {
        findings.add(DNS_HOSTS_LEFT_OUT, name, format!("{looked_up} of {named} {hosts} were looked up"));
    }
}

/// Hosts of MX records that have addresses to look up.
fn named_exchanges(records: &[Mx]) -> usize {
    let hosts = records.iter().map(|mx| normalise_host(&mx.exchange));
    hosts.filter(|host| !matches!(host.as_str(), "." | "") && !is_address(host)).collect::<HashSet<_>>().len()
}

/// Those that receive reports, mail domains and HTTPS hosts with their ports, as far as a sender outside could look them up.
fn named_receivers(records: &[Txt]) -> usize {
    let Some(record) = select(RecordKind::Tlsrpt, records).index().and_then(|index| records.get(index)) else { return 0 };
    let destinations = tlsrpt_record::parse(&record.joined()).value.rua;
    let usable = destinations
        .into_iter()
        .filter(|rua| rua.usable && rua.host.as_deref().is_some_and(|host| host.contains('.') && !is_address(host)));
    usable.map(|rua| (rua.scheme, rua.host, rua.port.is_none_or(|port| port == 443))).collect::<HashSet<_>>().len()
}

fn remark<R: Eq + Hash + Debug>(lookup: &Lookup<R>, kind: &str, words: impl Fn(&R) -> String, findings: &mut Findings) {
    if let Some(beyond) = lookup.left_out {
        let all = lookup.records.len() + usize::from(beyond);
        findings.add(DNS_RECORDS_LEFT_OUT, &lookup.name, format!("{kind}: the first {} of {all} are kept", lookup.records.len()));
    }
    if lookup.records.len() < 2 {
        return; // As nearly always: no set is to be made.
    }
    let mut seen = HashSet::new();
    let mut twice = lookup.records.iter().filter(|record| !seen.insert(*record)).peekable();
    if let Some(first) = twice.next() {
        let more = twice.filter(|record| *record != first).collect::<HashSet<_>>().len();
        let more = if more > 0 { format!(" and {more} others") } else { String::new() };
        findings.add(DNS_RECORD_DUPLICATE, &lookup.name, format!("{kind} {} stands twice{more}", quoted(words(first))));
    }
}
