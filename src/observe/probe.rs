//! The probe of one domain, its steps in plain sight: MX, the two TXT records, the policy host, the policy.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::dns::{Dns, ResourceRecord};
use super::fetch::Fetcher;
use crate::evidence::{Evidence, Fetch, FetchError, FetchFault, FetchStage, Lookup, Mx, Outcome, Txt};
use crate::exclusion::Exclusion;
use crate::name::Domain;
use crate::parse::record_set::{Choice, RecordKind, select};

/// Probes domains; one for each worker thread, because [`Dns`] belongs to its thread.
pub struct Probe {
    dns: Dns,
    fetcher: Arc<Fetcher>,
    exclusion: Arc<Exclusion>,
}

/// A and AAAA of the policy host, and the exchange.
type Policy = (Lookup<std::net::Ipv4Addr>, Lookup<std::net::Ipv6Addr>, Option<Fetch>);

impl Probe {
    /// A probe that asks `dns`, fetches by `fetcher` and leaves alone what is in `exclusion`.
    pub fn new(dns: Dns, fetcher: Arc<Fetcher>, exclusion: Arc<Exclusion>) -> Self {
        Self { dns, fetcher, exclusion }
    }

    /// Everything that is to be seen of the domain. Never fails: what went wrong is in the evidence.
    pub async fn observe(&self, domain: &Domain) -> Evidence {
        let (scanned_at, begun) = (SystemTime::now(), Instant::now());
        let mx = self.ask(domain.as_str()).await;
        let (sts_txt, tlsrpt_txt) = self.records(domain, &mx).await;
        let (host_a, host_aaaa, fetch) = match asks_for_policy(&sts_txt.records) {
            true => {
                let (a, aaaa, fetch) = self.policy(&domain.policy_host()).await;
                (Some(a), Some(aaaa), fetch)
            }
            false => (None, None, None),
        };
        let elapsed_ms = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        Evidence { domain: domain.clone(), scanned_at, elapsed_ms, mx, sts_txt, tlsrpt_txt, host_a, host_aaaa, fetch }
    }

    async fn records(&self, domain: &Domain, mx: &Lookup<Mx>) -> (Lookup<Txt>, Lookup<Txt>) {
        let (sts, tlsrpt) = (domain.sts_record_name(), domain.tlsrpt_record_name());
        // RFC 8020: nothing exists below a name that does not exist. Behind a CNAME it is the target that does not.
        if mx.outcome == Outcome::Nxdomain && mx.cname_chain.is_empty() {
            return (Lookup::unsent(sts, Outcome::Pruned), Lookup::unsent(tlsrpt, Outcome::Pruned));
        }
        tokio::join!(self.ask(&sts), self.ask(&tlsrpt))
    }

    async fn policy(&self, host: &str) -> Policy {
        let (a, aaaa) = tokio::join!(self.ask(host), self.ask(host));
        let addresses: Vec<IpAddr> =
            a.records.iter().copied().map(IpAddr::V4).chain(aaaa.records.iter().copied().map(IpAddr::V6)).collect();
        let excluded_alias = a.cname_chain.iter().chain(&aaaa.cname_chain).find(|alias| self.exclusion.covers_name(alias));
        let fetch = match (addresses.is_empty(), excluded_alias) {
            (true, _) => None,
            (false, Some(alias)) => Some(withheld(addresses, alias)),
            (false, None) => Some(self.fetcher.fetch(host, addresses).await),
        };
        (a, aaaa, fetch)
    }

    async fn ask<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        match self.exclusion.covers_name(name) {
            true => Lookup::unsent(name.to_owned(), Outcome::Excluded),
            false => self.dns.lookup(name).await,
        }
    }
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
