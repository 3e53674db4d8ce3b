//! The probe of one domain, its steps in plain sight: MX, the two TXT records, then at once the policy host and the policy, the MX
//! hosts, the receivers of reports and the names around.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use futures_util::future::join_all;

use super::dns::{Dns, ResourceRecord};
use super::fetch::Fetcher;
use super::neighbours::{self, Neighbours};
use crate::evidence::{Evidence, Fetch, FetchError, FetchFault, FetchStage, HostLookup, Lookup, Mx, Outcome, ReceiverLookup, Txt};
use crate::exclusion::Exclusion;
use crate::name::Domain;
use crate::parse::record_set::{Choice, RecordKind, select};
use crate::parse::tlsrpt_record::ReportScheme;

/// MX records that are kept. No mail domain comes near it, but a message of 64 KB can name 4,000 hosts of 1,000 characters each.
const MOST_MX: usize = 256;

/// Probes domains; one for each worker thread, because [`Dns`] belongs to its thread.
pub struct Probe {
    dns: Dns,
    fetcher: Arc<Fetcher>,
    exclusion: Arc<Exclusion>,
    neighbours: Arc<Neighbours>,
    look_around: bool,
}

/// A and AAAA of the policy host, and the exchange.
type Policy = (Option<Lookup<Ipv4Addr>>, Option<Lookup<Ipv6Addr>>, Option<Fetch>);

/// What is seen beyond the three first lookups; nothing where they find no record.
#[derive(Default)]
struct Beyond {
    policy: Policy,
    mx_hosts: Vec<HostLookup>,
    rua_hosts: Vec<ReceiverLookup>,
    around: Vec<Lookup<Txt>>,
}

impl Probe {
    /// A probe that asks `dns`, fetches by `fetcher`, leaves alone what is in `exclusion` and shares what is in `neighbours`.
    pub fn new(dns: Dns, fetcher: Arc<Fetcher>, exclusion: Arc<Exclusion>, neighbours: Arc<Neighbours>) -> Self {
        Self { dns, fetcher, exclusion, neighbours, look_around: false }
    }

    /// The same probe, looking for records at wrong names and for wildcards, too, or not.
    pub fn looking_around(self, look_around: bool) -> Self {
        Self { look_around, ..self }
    }

    /// Everything that is to be seen of the domain. Never fails: what went wrong is in the evidence.
    pub async fn observe(&self, domain: &Domain) -> Evidence {
        let (scanned_at, begun) = (SystemTime::now(), Instant::now());
        let mut mx: Lookup<Mx> = self.ask(domain.as_str()).await;
        mx.records.truncate(MOST_MX);
        let (sts_txt, tlsrpt_txt) = self.records(domain, &mx).await;
        let bare = sts_txt.records.is_empty() && tlsrpt_txt.records.is_empty() && !self.look_around;
        let Beyond { policy: (host_a, host_aaaa, fetch), mx_hosts, rua_hosts, around } = match bare {
            true => Beyond::default(),
            // Rare and large: apart, so that the thousands of other probes in flight are spared its room.
            false => Box::pin(self.beyond(domain, &mx, &sts_txt, &tlsrpt_txt)).await,
        };
        let elapsed_ms = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        let domain = domain.clone();
        Evidence { domain, scanned_at, elapsed_ms, mx, sts_txt, tlsrpt_txt, host_a, host_aaaa, fetch, mx_hosts, rua_hosts, around }
    }

    async fn records(&self, domain: &Domain, mx: &Lookup<Mx>) -> (Lookup<Txt>, Lookup<Txt>) {
        let (sts, tlsrpt) = (domain.sts_record_name(), domain.tlsrpt_record_name());
        if does_not_exist(mx) {
            return (Lookup::unsent(sts, Outcome::Pruned), Lookup::unsent(tlsrpt, Outcome::Pruned));
        }
        tokio::join!(self.ask(&sts), self.ask(&tlsrpt))
    }

    /// Whatever the records lead to.
    async fn beyond(&self, domain: &Domain, mx: &Lookup<Mx>, sts_txt: &Lookup<Txt>, tlsrpt_txt: &Lookup<Txt>) -> Beyond {
        let (policy, mx_hosts, rua_hosts, around) = tokio::join!(
            self.policy(domain, sts_txt),
            self.mx_hosts(mx, sts_txt),
            self.rua_hosts(domain, mx, tlsrpt_txt),
            self.around(domain, mx),
        );
        Beyond { policy, mx_hosts, rua_hosts, around }
    }

    async fn policy(&self, domain: &Domain, sts_txt: &Lookup<Txt>) -> Policy {
        if !asks_for_policy(&sts_txt.records) {
            return (None, None, None);
        }
        let host = domain.policy_host();
        let (a, aaaa) = tokio::join!(self.ask::<Ipv4Addr>(&host), self.ask::<Ipv6Addr>(&host));
        let addresses: Vec<IpAddr> =
            a.records.iter().copied().map(IpAddr::V4).chain(aaaa.records.iter().copied().map(IpAddr::V6)).collect();
        let excluded_alias = a.cname_chain.iter().chain(&aaaa.cname_chain).find(|alias| self.exclusion.covers_name(alias));
        let fetch = match (addresses.is_empty(), excluded_alias) {
            (true, _) => None,
            (false, Some(alias)) => Some(withheld(addresses, alias)),
            (false, None) => Some(self.fetcher.fetch(&host, addresses).await),
        };
        (Some(a), Some(aaaa), fetch)
    }

    /// The addresses of the MX hosts, where a record says that it matters which hosts they are.
    async fn mx_hosts(&self, mx: &Lookup<Mx>, sts_txt: &Lookup<Txt>) -> Vec<HostLookup> {
        if !asks_for_policy(&sts_txt.records) {
            return Vec::new();
        }
        let hosts = neighbours::mx_hosts(&mx.records).into_iter().map(async |host| {
            let (a, aaaa) = self.addresses(&host).await;
            HostLookup { host, a, aaaa }
        });
        join_all(hosts).await
    }

    /// Whether those who are to receive the TLS reports can.
    async fn rua_hosts(&self, domain: &Domain, mx: &Lookup<Mx>, tlsrpt_txt: &Lookup<Txt>) -> Vec<ReceiverLookup> {
        let receivers = neighbours::receivers(&tlsrpt_txt.records).into_iter().map(async |(scheme, host)| {
            let mx = match scheme {
                ReportScheme::Mailto if host == domain.as_str() => Some(neighbours::shareable(mx.clone())),
                ReportScheme::Mailto => Some(self.neighbours.mx.get(&host, async || neighbours::shareable(self.ask(&host).await)).await),
                ReportScheme::Https | ReportScheme::Other => None,
            };
            // Without MX the addresses of the domain itself take its mail (RFC 5321 section 5.1).
            match mx.as_ref().is_none_or(|mx| mx.outcome == Outcome::Nodata) {
                true => {
                    let (a, aaaa) = self.addresses(&host).await;
                    ReceiverLookup { host, mx, a: Some(a), aaaa: Some(aaaa) }
                }
                false => ReceiverLookup { host, mx, a: None, aaaa: None },
            }
        });
        join_all(receivers).await
    }

    /// The names at which records are published by mistake, and one that only a wildcard answers for.
    async fn around(&self, domain: &Domain, mx: &Lookup<Mx>) -> Vec<Lookup<Txt>> {
        if !self.look_around || does_not_exist(mx) {
            return Vec::new();
        }
        let names = domain.stray_record_names().into_iter().chain([domain.wildcard_probe_name()]);
        join_all(names.map(async |name| self.ask(&name).await)).await
    }

    /// The addresses of a host that other domains may name, too.
    async fn addresses(&self, host: &str) -> (Lookup<Ipv4Addr>, Lookup<Ipv6Addr>) {
        tokio::join!(
            self.neighbours.a.get(host, async || neighbours::shareable(self.ask(host).await)),
            self.neighbours.aaaa.get(host, async || neighbours::shareable(self.ask(host).await)),
        )
    }

    async fn ask<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        match self.exclusion.covers_name(name) {
            true => Lookup::unsent(name.to_owned(), Outcome::Excluded),
            false => self.dns.lookup(name).await,
        }
    }
}

/// Whether nothing exists at the domain or below it (RFC 8020). Behind a CNAME it is the target that does not exist.
fn does_not_exist(mx: &Lookup<Mx>) -> bool {
    mx.outcome == Outcome::Nxdomain && mx.cname_chain.is_empty()
}

/// Whether some TXT was meant as an MTA-STS record: only then is a policy fetched. Near misses and several records count,
/// because what a sender would have found is worth knowing.
fn asks_for_policy(records: &[Txt]) -> bool {
    select(RecordKind::Sts, records).choice != Choice::Absent
}

/// The exchange that is not made because the policy host is an alias of somebody who asked not to be contacted.
fn withheld(addresses: Vec<IpAddr>, alias: &str) -> Fetch {
    let text = format!("the policy host is an alias of {alias}, which is on the opt-out list");
    Fetch { error: Some(FetchError { stage: FetchStage::Address, fault: FetchFault::Excluded, text }), ..Fetch::new(addresses) }
}

#[cfg(test)]
mod tests;
