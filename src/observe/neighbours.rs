//! Hosts of others that domains name, MX hosts, receivers of TLS reports, providers of policy hosts: which are looked up, and that each is
//! asked once.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::sharing::{SharedActivity, SharingCounters};
use super::single_flight::SingleFlight;
use crate::evidence::{Alias, Connection, Lookup, Mx, Tlsa, Txt};
use crate::name::address::is_address;
use crate::name::normalise_host;
use crate::parse::record_set::{RecordKind, select};
use crate::parse::tlsrpt_record::{self, ReportScheme};

/// MX hosts of one domain that are looked up at most, the most preferred first.
pub const MAX_MX_HOSTS: usize = 20;
/// Receivers of one domain's reports that are looked up at most, in the order of the record.
pub const MAX_RECEIVERS: usize = 10;
/// Records of a host that are kept at most: dozens of domains share an answer, and a hostile one has thousands.
const MAX_RECORDS: usize = 32;
/// CNAMEs on the way to a host that are kept at most.
const MAX_ALIASES: usize = 16;
/// Answers of each type that are kept at most. One takes about half a kilobyte with its name.
const MAX_ANSWERS: u64 = 32_768;

/// Lookups that all probes of a scan share.
#[derive(Debug)]
pub struct Neighbours {
    pub(super) a: SingleFlight<Lookup<Ipv4Addr>>,
    pub(super) aaaa: SingleFlight<Lookup<Ipv6Addr>>,
    pub(super) mx: SingleFlight<Lookup<Mx>>,
    pub(super) txt: SingleFlight<Lookup<Txt>>,
    pub(super) tlsa: SingleFlight<Lookup<Tlsa>>,
    pub(super) alias: SingleFlight<Lookup<Alias>>,
    pub(super) https: SingleFlight<Connection>,
    counters: Arc<SharingCounters>,
}

impl Default for Neighbours {
    fn default() -> Self {
        let counters = Arc::default();
        Self {
            a: SingleFlight::new(MAX_ANSWERS, &counters),
            aaaa: SingleFlight::new(MAX_ANSWERS, &counters),
            mx: SingleFlight::new(MAX_ANSWERS, &counters),
            txt: SingleFlight::new(MAX_ANSWERS, &counters),
            tlsa: SingleFlight::new(MAX_ANSWERS, &counters),
            alias: SingleFlight::new(MAX_ANSWERS, &counters),
            https: SingleFlight::new(MAX_ANSWERS, &counters),
            counters,
        }
    }
}

impl Neighbours {
    /// How often an answer was shared so far.
    pub fn totals(&self) -> SharedActivity {
        self.counters.totals()
    }
}

/// A host's lookup, cut to what is worth sharing.
pub(super) fn shareable<R>(mut lookup: Lookup<R>) -> Lookup<R> {
    lookup.keep(MAX_RECORDS);
    lookup.cname_chain.truncate(MAX_ALIASES);
    lookup
}

/// The hosts of MX records that have addresses to look up, each once, the most preferred first.
pub(super) fn mx_hosts(records: &[Mx]) -> Vec<String> {
    let mut hosts: Vec<(u16, String)> = records.iter().map(|mx| (mx.preference, normalise_host(&mx.exchange))).collect();
    hosts.sort();
    let mut seen = HashSet::new();
    let names = hosts.into_iter().map(|(_, host)| host).filter(|host| !matches!(host.as_str(), "." | "") && !is_address(host));
    names.filter(|host| seen.insert(host.clone())).take(MAX_MX_HOSTS).collect()
}

/// A receiver of TLS reports, named by `rua`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Receiver {
    pub(super) scheme: ReportScheme,
    pub(super) host: String,
    /// Whether reports go to port 443. Other ports are never connected to: they stand in the DNS of strangers.
    pub(super) usual_port: bool,
}

/// The receivers of reports that the TLSRPT record names, each once; those that no sender outside could look up are left out.
pub(super) fn receivers(records: &[Txt]) -> Vec<Receiver> {
    let Some(record) = select(RecordKind::Tlsrpt, records).index().and_then(|index| records.get(index)) else { return Vec::new() };
    let destinations = tlsrpt_record::parse(&record.joined()).value.rua;
    let mut seen = HashSet::new();
    let receivers = destinations.into_iter().filter(|rua| rua.usable).filter_map(|rua| {
        let usual_port = rua.port.is_none_or(|port| port == 443);
        Some(Receiver { scheme: rua.scheme, host: rua.host?, usual_port })
    });
    receivers
        .filter(|Receiver { host, .. }| host.contains('.') && !is_address(host))
        .filter(|receiver| seen.insert(receiver.clone()))
        .take(MAX_RECEIVERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_come_by_preference_and_once() {
        let mx = |preference, exchange: &str| Mx { preference, exchange: exchange.to_owned() };
        let records =
            [mx(20, "b.example"), mx(10, "A.example"), mx(30, "a.example"), mx(5, "192.0.2.1"), mx(0, "."), mx(0, "[ipv6:::1]"), mx(0, "")];
        assert_eq!(mx_hosts(&records), ["a.example", "b.example"]);
        let many: Vec<Mx> = (0..100).map(|number| mx(number, &format!("mx{number}.example"))).collect();
        assert_eq!(mx_hosts(&many).len(), MAX_MX_HOSTS);
        assert_eq!(mx_hosts(&many)[0], "mx0.example");
    }

    #[test]
    fn receivers_are_those_that_can_be_looked_up() {
        let txt = |text: &str| Txt(vec![text.as_bytes().to_vec()]);
        let found = |text: &str| receivers(&[txt(text)]);
        let rua =
            "v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.com,https://example.com/,https://192.0.2.1/,mailto:a@intern,ftp://x.y/";
        let host = "example.com".to_owned();
        let receiver = |scheme, usual_port| Receiver { scheme, host: host.clone(), usual_port };
        assert_eq!(found(rua), [receiver(ReportScheme::Mailto, true), receiver(ReportScheme::Https, true)]);
        assert_eq!(
            found("v=TLSRPTv1; rua=https://example.com:8443/,https://example.com:443/"),
            [receiver(ReportScheme::Https, false), receiver(ReportScheme::Https, true)]
        );
        assert_eq!(found("v=spf1 -all"), []);
        assert_eq!(receivers(&[]), []);
        let many: Vec<String> = (0..50).map(|number| format!("mailto:a@d{number}.example")).collect();
        assert_eq!(found(&format!("v=TLSRPTv1; rua={}", many.join(","))).len(), MAX_RECEIVERS);
    }
}
