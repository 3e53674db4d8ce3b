//! Canaries: mail servers in different networks that are asked before anybody else, to learn whether this network lets us ask at all.
//!
//! They are asked at the start and not taken from the first conversations of a scan: a row that is written says something of its domain,
//! so what would make all of them worthless has to be known before. Where a scan names none, they are the first MX hosts of the list;
//! these answer for themselves later, so that nobody is asked twice.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;

use super::mailer::Mailer;
use super::watch::Network;
use crate::evidence::{Conversation, FetchFault, FetchStage, HostLookup};
use crate::name::suffix;
use crate::observe::source;

/// Canaries that are taken from a list.
pub(crate) const CANARIES: usize = 3;
/// TEST-NET-1 (RFC 5737): nobody is there.
const NOBODY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
/// How long nobody may take to answer. Whoever answers in place of others is near.
const NOBODY_ANSWERS: Duration = Duration::from_secs(3);

impl Mailer {
    /// Whether there is a doubt whether mail servers can be asked from here: on the usual port, or where canaries are named.
    pub fn has_doubts(&self) -> bool {
        self.watch.is_some()
    }

    /// The canaries that are named.
    pub fn named_canaries(&self) -> &[String] {
        &self.config.smtp_canary
    }

    /// Asks canaries; none of anybody is asked afterwards if they say that this network does not allow it. `named` are those that have to
    /// answer; others may be gone, so it takes three of them.
    ///
    /// # Errors
    /// Why mail servers cannot be asked from here.
    pub(in crate::observe) async fn ask_canaries(&self, canaries: &[HostLookup], named: bool) -> Result<(), String> {
        let Some(watch) = &self.watch else { return Ok(()) };
        self.meet_nobody().await;
        let asked = join_all(canaries.iter().map(async |host| (host, self.ask(host).await)));
        let asked: Vec<(&HostLookup, Conversation)> =
            asked.await.into_iter().flat_map(|(host, seen)| seen.into_iter().map(move |seen| (host, seen))).collect();
        if let Some((_, why)) = watch.blocked() {
            return Err(why.to_owned());
        }
        let least = if named { 1 } else { CANARIES };
        let tried: Vec<&(&HostLookup, Conversation)> = asked.iter().filter(|(_, seen)| seen.connections > 0 || answered(seen)).collect();
        let verdict = if canaries.len() >= least && !tried.is_empty() && !tried.iter().any(|(_, seen)| answered(seen)) {
            let names: Vec<String> = tried.iter().map(|(host, seen)| format!("{} ({})", host.host, seen.address)).collect();
            Some((FetchFault::NotTried, format!("none of {} answers", names.join(", "))))
        } else if are_alike(&tried, least.max(2)) {
            let why = "mail servers of different networks show the same greeting and certificate, so somebody on the way answers for them";
            Some((FetchFault::Intercepted, why.to_owned()))
        } else {
            None
        };
        match verdict {
            Some((fault, why)) => {
                watch.block(fault, why.clone());
                Err(why)
            }
            None => Ok(()),
        }
    }

    /// Finds out once whether somebody answers where nobody is.
    pub(super) async fn meet_nobody(&self) {
        let Some(watch) = &self.watch else { return };
        let meet = async || {
            let nobody = self.config.smtp_canary_dead.unwrap_or(NOBODY);
            let connecting = source::tcp((nobody, self.config.smtp_port).into());
            if matches!(tokio::time::timeout(NOBODY_ANSWERS, connecting).await, Ok(Ok(_))) {
                let why = format!("{nobody}, where nobody is, answers, so somebody on the way answers for others");
                watch.block(FetchFault::Intercepted, why);
            }
        };
        self.nobody.get_or_init(meet).await;
    }
}

fn answered(seen: &Conversation) -> bool {
    seen.error.as_ref().is_none_or(|error| !matches!(error.stage, FetchStage::Address | FetchStage::Connect))
}

/// Whether so many canaries that have nothing to do with each other, and all that greeted, show the same.
fn are_alike(tried: &[&(&HostLookup, Conversation)], least: usize) -> bool {
    let shown = |seen: &Conversation| (seen.greeting.clone(), seen.certificate.as_ref().map(|certificate| certificate.sha256.clone()));
    let greeted: Vec<_> = tried.iter().filter(|(_, seen)| seen.greeting.is_some()).collect();
    let owners: HashSet<&str> = greeted.iter().map(|(host, _)| suffix::registrable(&host.host).unwrap_or(&host.host)).collect();
    let networks: HashSet<Network> = greeted.iter().map(|(_, seen)| Network::of(seen.address)).collect();
    let different: HashSet<_> = greeted.iter().map(|(_, seen)| shown(seen)).collect();
    owners.len() >= least && networks.len() >= least && different.len() == 1
}

/// Those of the hosts that are fit to be canaries beside others: each in a network of its own, and of another owner.
pub(crate) fn choose(chosen: &mut Vec<HostLookup>, hosts: impl IntoIterator<Item = HostLookup>) {
    let place = |host: &HostLookup| {
        let v4 = host.a.records.first().map(|address| IpAddr::V4(*address));
        v4.or_else(|| host.aaaa.records.first().map(|address| IpAddr::V6(*address))).map(Network::of)
    };
    let owner = |host: &HostLookup| suffix::registrable(&host.host).unwrap_or(&host.host).to_owned();
    for host in hosts {
        let fits = |other: &HostLookup| place(other) != place(&host) && owner(other) != owner(&host);
        if chosen.len() < CANARIES && place(&host).is_some() && chosen.iter().all(fits) {
            chosen.push(host);
        }
    }
}
