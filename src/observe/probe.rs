//! The probe of one domain, its steps in plain sight: MX, the two TXT records (`opening` leads these where many domains are probed), then at once
//! the policy host and the policy, the MX hosts, the receivers of reports and the names around.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;

use super::dane;
use super::dns::{Resolving, ResourceRecord, Unsettled};
use super::extra_requests;
use super::fetch::{Fetcher, POLICY_PATH, RequestKind};
use super::neighbours::{self, Neighbours, Receiver};
use super::opening::{Opening, Openings, conclude_mx, does_not_exist, is_to_be_made};
use super::retry::{EarlierRound, Retry};
use super::scope::MxScopes;
use super::sharing::SharedFor;
use super::smtp::{self, Mailer};
use crate::evidence::{
    Alias, Connection, Evidence, Fetch, FetchError, FetchFault, FetchStage, HostLookup, Lookup, Mx, MxAsked, Outcome, ReceiverLookup, Tlsa,
    Txt,
};
use crate::exclusion::Exclusion;
use crate::name::{Domain, normalise_host, suffix};
use crate::parse::record_set::{Choice, RecordKind, select};
use crate::parse::tlsrpt_record::ReportScheme;

/// Aliases followed: as many as in one answer.
const MAX_CHAIN: usize = 16;
/// Octets of a name that can be asked for (RFC 1035 section 2.3.4), as it is written.
const MAX_NAME: usize = 253;

/// Probes domains; one for each worker thread, because the bulk engine belongs to its thread.
pub struct Probe {
    dns: Resolving,
    fetcher: Arc<Fetcher>,
    exclusion: Arc<Exclusion>,
    neighbours: Arc<Neighbours>,
    mx_scopes: MxScopes,
    mailer: Option<Arc<Mailer>>,
    look_around: bool,
    prune: bool,
}

/// What came before a lookup.
enum Before {
    /// Nothing that is known.
    Nothing,
    /// A first reply that did not settle it.
    Unsettled(Box<Unsettled>),
    /// It failed in an earlier round.
    Failure,
}

impl Before {
    fn of(unsettled: Option<Box<Unsettled>>, is_again: bool) -> Self {
        match unsettled {
            Some(unsettled) => Self::Unsettled(unsettled),
            None if is_again => Self::Failure,
            None => Self::Nothing,
        }
    }
}

/// What was seen of the policy host.
#[derive(Default)]
struct Policy {
    a: Option<Lookup<Ipv4Addr>>,
    aaaa: Option<Lookup<Ipv6Addr>>,
    fetch: Option<Box<Fetch>>,
    extra_requests: Vec<Connection>,
}

impl Probe {
    /// A probe that looks up by `dns`, fetches by `fetcher`, leaves alone what is in `exclusion` and shares what is in `neighbours`.
    pub fn new(dns: impl Into<Resolving>, fetcher: Arc<Fetcher>, exclusion: Arc<Exclusion>, neighbours: Arc<Neighbours>) -> Self {
        Self {
            dns: dns.into(),
            fetcher,
            exclusion,
            neighbours,
            mx_scopes: MxScopes::default(),
            mailer: None,
            look_around: false,
            prune: true,
        }
    }

    /// The same probe, looking also where records and policies should not be and at what else a sender may meet, or not.
    pub fn looking_around(self, look_around: bool) -> Self {
        Self { look_around, ..self }
    }

    /// The same probe, asking these MX hosts, too.
    pub fn asking(self, mx_scopes: MxScopes) -> Self {
        Self { mx_scopes, ..self }
    }

    /// The same probe, talking to mail servers by `mailer`.
    pub fn talking(self, mailer: Option<Arc<Mailer>>) -> Self {
        Self { mailer, ..self }
    }

    /// The same probe, asking below names that do not exist, too, or not.
    pub fn pruning(self, prune: bool) -> Self {
        Self { prune, ..self }
    }

    /// Whether canaries are named that tell whether mail servers can be asked from here.
    pub fn names_canaries(&self) -> bool {
        self.mailer.as_ref().is_some_and(|mailer| !mailer.named_canaries().is_empty())
    }

    /// Asks the canaries that are named.
    ///
    /// # Errors
    /// Why mail servers cannot be asked from here.
    pub async fn ask_named_canaries(&self) -> Result<(), String> {
        let Some(mailer) = &self.mailer else { return Ok(()) };
        let hosts = join_all(mailer.named_canaries().iter().map(|name| self.named_host(name))).await;
        mailer.ask_canaries(&hosts, true).await
    }

    /// Asks canaries that were chosen from the list.
    ///
    /// # Errors
    /// Why mail servers cannot be asked from here.
    pub async fn ask_canaries(&self, canaries: &[HostLookup]) -> Result<(), String> {
        match &self.mailer {
            Some(mailer) => mailer.ask_canaries(canaries, false).await,
            None => Ok(()),
        }
    }

    /// Adds MX hosts of these domains that are to be asked anyway and are fit to be canaries.
    pub async fn choose_canaries(&self, domains: &[Domain], chosen: &mut Vec<HostLookup>) {
        let hosts = join_all(domains.iter().map(|domain| self.first_mail_host(domain))).await;
        smtp::choose_canaries(chosen, hosts.into_iter().flatten());
    }

    /// The most preferred MX host of a domain whose MX hosts are to be asked over SMTP, and where it is.
    async fn first_mail_host(&self, domain: &Domain) -> Option<HostLookup> {
        if self.exclusion.covers_name(domain.as_str()) {
            return None;
        }
        let adopter = !self.mx_scopes.of(false).is_some_and(|asked| asked.smtp)
            && asks_for_policy(&self.ask::<Txt>(&domain.sts_record_name()).await.records);
        self.mx_scopes.of(adopter).filter(|asked| asked.smtp)?;
        let mx: Lookup<Mx> = self.ask(domain.as_str()).await;
        let host = neighbours::mx_hosts(&mx.records).into_iter().next()?;
        let (a, aaaa) = self.addresses(SharedFor::MxHosts, &host).await;
        Some(HostLookup::new(host, a, aaaa))
    }

    /// Where a host is that the user names, which may be an address.
    async fn named_host(&self, name: &str) -> HostLookup {
        let host = normalise_host(name);
        let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else {
            let (a, aaaa) = self.addresses(SharedFor::MxHosts, &host).await;
            return HostLookup::new(host, a, aaaa);
        };
        let mut known = HostLookup::new(host.clone(), Lookup::unsent(host.clone(), Outcome::Nodata), Lookup::unsent(host, Outcome::Nodata));
        match address {
            IpAddr::V4(v4) => known.a.records.push(v4),
            IpAddr::V6(v6) => known.aaaa.records.push(v6),
        }
        known
    }

    /// Everything that is to be seen of the domain. Never fails: what went wrong is in the evidence.
    pub async fn observe(&self, domain: &Domain) -> Box<Evidence> {
        self.go_on(Opening::of(domain.clone())).await
    }

    /// The beginnings of many such probes, to be led side by side; `None` where lookups are not made by the bulk engine.
    pub fn openings<T>(&self) -> Option<Openings<T>> {
        match &self.dns {
            Resolving::Bulk(dns) => Some(Openings::new(dns.clone(), Arc::clone(&self.exclusion), self.prune)),
            Resolving::Iterative(_) | Resolving::Encrypted(_) => None,
        }
    }

    /// Everything that is to be seen of the domain, where its opening has shown it all; else the opening, to go on with.
    pub fn finish(&self, opening: Opening) -> Result<Box<Evidence>, Opening> {
        if opening.is_settled() && !self.leads_further(&opening.seen) { Ok(self.close(opening.seen, opening.begun)) } else { Err(opening) }
    }

    /// Everything that is to be seen of the domain, after its opening.
    pub async fn go_on(&self, opening: Opening) -> Box<Evidence> {
        self.complete(opening, None, false).await
    }

    /// The same after an earlier probe of the domain: what failed in it is asked again, and what hangs on that.
    pub async fn observe_again(&self, domain: &Domain, retry: Retry) -> Box<Evidence> {
        let Retry { scanned_at, elapsed_ms, attempts, known } = retry;
        let mut evidence = self.complete(Opening::of(domain.clone()), known, true).await;
        evidence.scanned_at = scanned_at;
        evidence.elapsed_ms = evidence.elapsed_ms.saturating_add(elapsed_ms);
        evidence.add_attempts(attempts);
        evidence
    }

    /// Every step that is not known from an earlier round; `is_again` says that there was one, so that what is not known failed in it.
    async fn complete(&self, opening: Opening, mut known: Option<Box<EarlierRound>>, is_again: bool) -> Box<Evidence> {
        let Opening { mut seen, begun, unsettled } = opening;
        if let Some(known) = &mut known {
            seen.take_final(&mut known.lookups);
        }
        self.fill(&mut seen.mx, Before::of(unsettled.mx, is_again)).await;
        conclude_mx(&mut seen, self.prune);
        let Evidence { sts_txt, tlsrpt_txt, .. } = &mut *seen;
        let (before_sts, before_tlsrpt) = (Before::of(unsettled.sts_txt, is_again), Before::of(unsettled.tlsrpt_txt, is_again));
        tokio::join!(self.fill(sts_txt, before_sts), self.fill(tlsrpt_txt, before_tlsrpt));
        if known.is_some() || self.leads_further(&seen) {
            // Rare and large: apart, so that the thousands of other probes in flight are spared its room.
            Box::pin(self.look_further(&mut seen, known)).await;
        }
        self.close(seen, begun)
    }

    /// Whether there is more to see than the three first lookups.
    fn leads_further(&self, seen: &Evidence) -> bool {
        let records = !seen.sts_txt.records.is_empty() || !seen.tlsrpt_txt.records.is_empty();
        records || self.look_around || self.mx_scopes.of(false).is_some()
    }

    /// Nothing more is asked.
    fn close(&self, mut seen: Box<Evidence>, begun: Instant) -> Box<Evidence> {
        if !self.mx_scopes.validates {
            seen.forget_validation();
        }
        seen.elapsed_ms = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
        seen
    }

    /// Whatever the three first lookups lead to.
    async fn look_further(&self, seen: &mut Evidence, known: Option<Box<EarlierRound>>) {
        let (fetch, mx_hosts, rua_hosts, stray_records) = match known {
            Some(known) => (known.fetch, known.mx_hosts, known.rua_hosts, known.stray_records),
            None => (None, None, None, None),
        };
        let host = (seen.host_a.take(), seen.host_aaaa.take());
        if self.mx_scopes.judges_dnssec() && self.mx_scopes.dane.covers(asks_for_policy(&seen.sts_txt.records)) {
            self.ask_unchecked(&mut seen.mx).await;
        }
        let Evidence { domain, mx, sts_txt, tlsrpt_txt, .. } = &*seen;
        let (policy, (mx_asked, mx_hosts), rua_hosts, stray_records) = tokio::join!(
            self.policy(domain, sts_txt, host, fetch),
            async {
                match mx_hosts {
                    Some((asked, hosts)) => (asked, self.mx_hosts_again(hosts).await),
                    None => self.mx_hosts(domain, mx, sts_txt).await,
                }
            },
            async {
                match rua_hosts {
                    Some(known) => known,
                    None if tlsrpt_txt.records.is_empty() => Vec::new(),
                    None => Box::pin(self.rua_hosts(domain, mx, tlsrpt_txt)).await,
                }
            },
            async {
                match stray_records {
                    Some(known) => known,
                    None if self.look_around => Box::pin(self.stray_records(domain, mx, sts_txt)).await,
                    None => Vec::new(),
                }
            },
        );
        (seen.host_a, seen.host_aaaa, seen.fetch, seen.extra_requests) = (policy.a, policy.aaaa, policy.fetch, policy.extra_requests);
        (seen.mx_asked, seen.mx_hosts) = (mx_asked, mx_hosts);
        (seen.rua_hosts, seen.stray_records) = (rua_hosts, stray_records);
    }

    /// Makes a lookup that is to be made, or goes on where its first reply did not settle it.
    async fn fill<R: ResourceRecord>(&self, lookup: &mut Lookup<R>, before: Before) {
        if !is_to_be_made(lookup, &self.exclusion) {
            return;
        }
        match before {
            Before::Unsettled(unsettled) => Box::pin(unsettled.go_on(lookup)).await,
            Before::Nothing | Before::Failure if lookup.alias_alone().is_none() => {
                self.dns.fill(lookup, matches!(before, Before::Failure)).await;
            }
            Before::Nothing | Before::Failure => {}
        }
        if lookup.alias_alone().is_some() {
            // Rare and large: apart, so that the others are spared its room.
            Box::pin(self.follow(lookup)).await;
        }
    }

    /// Goes on where an answer is an alias without what it leads to, which a resolver owes and a forwarder may leave out: its end is asked by
    /// itself, and what that says holds.
    async fn follow<R: ResourceRecord>(&self, lookup: &mut Lookup<R>) {
        while let Some(end) = lookup.alias_alone().map(str::to_owned) {
            let passed = lookup.cname_chain.iter().rev().skip(1).chain([&lookup.name]);
            if passed.into_iter().any(|name| *name == end) || lookup.cname_chain.len() > MAX_CHAIN {
                lookup.detail = Some("an alias without end".to_owned());
                return;
            }
            let mut behind = Lookup::unsent(end, Outcome::Excluded);
            if !self.exclusion.covers_name(&behind.name) {
                self.dns.fill(&mut behind, false).await;
            }
            let further = behind.alias_alone().is_some();
            lookup.go_on(behind);
            if !further {
                return;
            }
        }
    }

    /// The policy host and the exchange with it; `host` and `fetch` are what is known of them.
    async fn policy(
        &self,
        domain: &Domain,
        sts_txt: &Lookup<Txt>,
        host: (Option<Lookup<Ipv4Addr>>, Option<Lookup<Ipv6Addr>>),
        fetch: Option<(Box<Fetch>, Vec<Connection>)>,
    ) -> Policy {
        // Each apart: most domains that wait for a mail server have neither, and those that have are spared its room once it is done.
        if asks_for_policy(&sts_txt.records) {
            Box::pin(self.announced(domain, host, fetch)).await
        } else if self.look_around {
            Policy { extra_requests: Box::pin(self.unannounced(domain, sts_txt)).await, ..Policy::default() }
        } else {
            Policy::default()
        }
    }

    /// The policy of a domain that has a record.
    async fn announced(
        &self,
        domain: &Domain,
        (known_a, known_aaaa): (Option<Lookup<Ipv4Addr>>, Option<Lookup<Ipv6Addr>>),
        fetch: Option<(Box<Fetch>, Vec<Connection>)>,
    ) -> Policy {
        let host = domain.policy_host();
        let a = if let Some(known) = known_a { known } else { self.ask(&host).await };
        let aaaa = self.policy_host_aaaa(known_aaaa, &host, &a).await;
        if let Some((fetch, extra_requests)) = fetch {
            return Policy { a: Some(a), aaaa: Some(aaaa), fetch: Some(fetch), extra_requests };
        }
        let addresses = addresses_of(&a, &aaaa);
        let fetch = match (addresses.is_empty(), self.excluded_alias(&a, &aaaa)) {
            (true, _) => None,
            (false, Some(alias)) => Some(Box::new(withheld(addresses, alias))),
            (false, None) => Some(self.fetcher.fetch(&host, addresses).await),
        };
        let extra_requests = match &fetch {
            // Apart: whoever waits for the policy is spared its room.
            Some(fetch) if self.look_around => Box::pin(self.extra_requests(domain, &host, fetch)).await,
            None if self.look_around && a.outcome.is_conclusive() && aaaa.outcome.is_conclusive() => {
                self.at_the_domain(domain).await.into_iter().collect()
            }
            _ => Vec::new(),
        };
        Policy { a: Some(a), aaaa: Some(aaaa), fetch, extra_requests }
    }

    /// AAAA of the policy host. An alias holds for every type (RFC 1034 section 3.6.2), so where A has led to one, its end is asked as a
    /// resolver with a cache would: once for all who are with the same provider.
    async fn policy_host_aaaa(&self, known: Option<Lookup<Ipv6Addr>>, host: &str, a: &Lookup<Ipv4Addr>) -> Lookup<Ipv6Addr> {
        match (known, a.cname_chain.last().filter(|_| a.outcome.is_conclusive())) {
            (Some(known), _) => known,
            (None, Some(target)) => {
                let ask = async || neighbours::shareable(self.ask(target).await);
                self.neighbours.aaaa.get(SharedFor::PolicyTargets, target, ask).await
            }
            (None, None) => self.ask(host).await,
        }
    }

    /// The policy asked of the policy host's other addresses, and where it should not be.
    async fn extra_requests(&self, domain: &Domain, host: &str, fetch: &Fetch) -> Vec<Connection> {
        let (kinds, at_the_domain) = extra_requests::request_kinds(fetch);
        let others = extra_requests::other_addresses(fetch).into_iter().map(|address| (RequestKind::Tls(POLICY_PATH), vec![address]));
        let requests = others.chain(kinds.into_iter().map(|kind| (kind, fetch.addresses.clone())));
        let requests = requests.map(|(kind, addresses)| self.fetcher.connection(host, kind, addresses));
        let (mut connections, domain) =
            tokio::join!(join_all(requests), async { if at_the_domain { self.at_the_domain(domain).await } else { None } });
        connections.extend(domain);
        connections
    }

    /// A policy that no record announces, where the policy host has an address of its own and not only one of a wildcard.
    async fn unannounced(&self, domain: &Domain, sts_txt: &Lookup<Txt>) -> Vec<Connection> {
        if !matches!(sts_txt.outcome, Outcome::Noerror | Outcome::Nodata | Outcome::Nxdomain) {
            return Vec::new();
        }
        let host = domain.policy_host();
        let a: Lookup<Ipv4Addr> = self.ask(&host).await;
        if a.records.is_empty() {
            return Vec::new();
        }
        let anything: Lookup<Ipv4Addr> = self.ask(&domain.wildcard_probe_name()).await;
        if !anything.outcome.is_conclusive() || anything.records.iter().any(|address| a.records.contains(address)) {
            return Vec::new();
        }
        let aaaa = Lookup::unsent(host.clone(), Outcome::Pruned);
        self.connect(&host, RequestKind::Tls(POLICY_PATH), &a, &aaaa).await.into_iter().collect()
    }

    /// The policy asked of the web server of the domain itself; `None` where there is none that may be asked.
    async fn at_the_domain(&self, domain: &Domain) -> Option<Connection> {
        let (a, aaaa) = self.addresses(SharedFor::LookAround, domain.as_str()).await;
        self.connect(domain.as_str(), RequestKind::Tls(POLICY_PATH), &a, &aaaa).await
    }

    async fn connect(&self, host: &str, kind: RequestKind, a: &Lookup<Ipv4Addr>, aaaa: &Lookup<Ipv6Addr>) -> Option<Connection> {
        let addresses = addresses_of(a, aaaa);
        if addresses.is_empty() || self.excluded_alias(a, aaaa).is_some() {
            None
        } else {
            Some(self.fetcher.connection(host, kind, addresses).await)
        }
    }

    /// A name on the way to the addresses that is on the opt-out list.
    fn excluded_alias<'l>(&self, a: &'l Lookup<Ipv4Addr>, aaaa: &'l Lookup<Ipv6Addr>) -> Option<&'l str> {
        let mut aliases = a.cname_chain.iter().chain(&aaaa.cname_chain);
        aliases.find(|alias| self.exclusion.covers_name(alias)).map(String::as_str)
    }

    /// The MX hosts, where a record says that it matters which hosts they are, or where they are to be asked.
    async fn mx_hosts(&self, domain: &Domain, mx: &Lookup<Mx>, sts_txt: &Lookup<Txt>) -> (Option<MxAsked>, Vec<HostLookup>) {
        let adopter = asks_for_policy(&sts_txt.records);
        let mut asked = self.mx_scopes.of(adopter);
        let mut hosts = neighbours::mx_hosts(&mx.records);
        match mx.outcome {
            // Without MX the domain itself takes its mail (RFC 5321 section 5.1).
            Outcome::Nodata if asked.is_some() => hosts.push(domain.as_str().to_owned()),
            Outcome::Noerror if !hosts.is_empty() => {}
            // Which hosts they are is not known, but that they were to be asked is.
            outcome if !outcome.is_final() => {}
            _ => asked = None,
        }
        if !adopter && asked.is_none() {
            return (None, Vec::new());
        }
        let hosts = hosts.into_iter().map(|host| self.mx_host(host, asked));
        (asked, join_all(hosts).await)
    }

    /// One MX host: where it is, and whatever it is asked.
    async fn mx_host(&self, host: String, asked: Option<MxAsked>) -> HostLookup {
        let (a, aaaa) = self.addresses(SharedFor::MxHosts, &host).await;
        let mut seen = HostLookup::new(host, a, aaaa);
        if let Some(MxAsked { dane: true, validates, .. }) = asked {
            // Rare and large: apart, so that the others are spared its room.
            Box::pin(dane::look_up(&mut seen, validates, async |host| self.alias(host).await, async |base| self.tlsa(base).await)).await;
        }
        if let (Some(MxAsked { smtp: true, .. }), Some(mailer)) = (asked, &self.mailer) {
            seen.conversations = Box::pin(mailer.ask(&seen)).await;
        }
        seen
    }

    /// MX hosts that are known, asked once more where they refused to talk.
    async fn mx_hosts_again(&self, mut hosts: Vec<HostLookup>) -> Vec<HostLookup> {
        if let Some(mailer) = &self.mailer {
            let refused = hosts.iter_mut().filter(|host| host.is_worth_another_round());
            join_all(refused.map(|host| Box::pin(mailer.ask_again(host)))).await;
        }
        hosts
    }

    /// The TLSA records for mail to a base domain, which other domains may ask for, too.
    async fn tlsa(&self, base: &str) -> Lookup<Tlsa> {
        let name = dane::tlsa_name(base);
        if name.len() > MAX_NAME {
            // Nothing can be there, and nobody can ask.
            return Lookup::unsent(name, Outcome::Pruned);
        }
        let ask = async || neighbours::shareable(dane::bounded(self.ask_judged(&name).await));
        self.neighbours.tlsa.get(SharedFor::Dane, &name, ask).await
    }

    /// The CNAME record at a host, by itself.
    async fn alias(&self, host: &str) -> Lookup<Alias> {
        self.neighbours.alias.get(SharedFor::Dane, host, async || neighbours::shareable(self.ask_judged(host).await)).await
    }

    /// Whether those who are to receive the TLS reports can.
    async fn rua_hosts(&self, domain: &Domain, mx: &Lookup<Mx>, tlsrpt_txt: &Lookup<Txt>) -> Vec<ReceiverLookup> {
        let receivers = neighbours::receivers(&tlsrpt_txt.records).into_iter().map(async |Receiver { scheme, host, usual_port }| {
            let mx = match scheme {
                ReportScheme::Mailto if host == domain.as_str() => Some(neighbours::shareable(Lookup { attempts: 0, ..mx.clone() })),
                ReportScheme::Mailto => {
                    let ask = async || neighbours::shareable(self.ask(&host).await);
                    Some(self.neighbours.mx.get(SharedFor::ReportReceivers, &host, ask).await)
                }
                ReportScheme::Https | ReportScheme::Other => None,
            };
            // Without MX the addresses of the domain itself take its mail (RFC 5321 section 5.1).
            if mx.as_ref().is_none_or(|mx| mx.outcome == Outcome::Nodata) {
                let (a, aaaa) = self.addresses(SharedFor::ReportReceivers, &host).await;
                let connection = if scheme == ReportScheme::Https && usual_port && self.look_around {
                    self.shake_hands(&host, &a, &aaaa).await
                } else {
                    None
                };
                ReceiverLookup { mx, a: Some(a), aaaa: Some(aaaa), connection, ..ReceiverLookup::new(host) }
            } else {
                ReceiverLookup { mx, ..ReceiverLookup::new(host) }
            }
        });
        join_all(receivers).await
    }

    /// A TLS handshake with an HTTPS receiver; never a request, which could only be a report.
    async fn shake_hands(&self, host: &str, a: &Lookup<Ipv4Addr>, aaaa: &Lookup<Ipv6Addr>) -> Option<Connection> {
        if addresses_of(a, aaaa).is_empty() || self.excluded_alias(a, aaaa).is_some() {
            return None;
        }
        let ask = async || self.fetcher.connection(host, RequestKind::Handshake, addresses_of(a, aaaa)).await;
        Some(self.neighbours.https.get(SharedFor::LookAround, host, ask).await)
    }

    /// The names at which records are published by mistake, one that only a wildcard answers for and, of a subdomain that takes mail
    /// and has no record, that of the registrable domain, whose policy does not count for it (RFC 8461 section 3.4).
    async fn stray_records(&self, domain: &Domain, mx: &Lookup<Mx>, sts_txt: &Lookup<Txt>) -> Vec<Lookup<Txt>> {
        if does_not_exist(mx) {
            return Vec::new();
        }
        let names = domain.stray_record_names().into_iter().chain([domain.wildcard_probe_name()]);
        let parent = suffix::registrable(domain.as_str()).filter(|parent| {
            *parent != domain.as_str()
                && mx.outcome == Outcome::Noerror
                && sts_txt.outcome.is_conclusive()
                && !asks_for_policy(&sts_txt.records)
        });
        let (mut lookups, parent) = tokio::join!(join_all(names.map(async |name| self.ask(&name).await)), async {
            let record = format!("_mta-sts.{}", parent?);
            let ask = async || neighbours::shareable(self.ask(&record).await);
            Some(self.neighbours.txt.get(SharedFor::LookAround, &record, ask).await)
        });
        lookups.extend(parent);
        lookups
    }

    /// The addresses of a host that other domains may name, too.
    async fn addresses(&self, by: SharedFor, host: &str) -> (Lookup<Ipv4Addr>, Lookup<Ipv6Addr>) {
        tokio::join!(
            self.neighbours.a.get(by, host, async || neighbours::shareable(self.ask_judged(host).await)),
            self.neighbours.aaaa.get(by, host, async || neighbours::shareable(self.ask_judged(host).await)),
        )
    }

    /// Asks for what DNSSEC is judged by, where it is: whether it is bogus or lost what fails.
    async fn ask_judged<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let mut lookup = self.ask(name).await;
        if self.mx_scopes.judges_dnssec() {
            self.ask_unchecked(&mut lookup).await;
        }
        lookup
    }

    /// After SERVFAIL, what becomes of the question without validation: only then, because a resolver may keep what it has not validated
    /// and hand it to whoever asks next.
    async fn ask_unchecked<R: ResourceRecord>(&self, lookup: &mut Lookup<R>) {
        if lookup.outcome != Outcome::Servfail {
            return;
        }
        // An alias that had to be followed ends where the question failed.
        let name = lookup.cname_chain.last().unwrap_or(&lookup.name);
        // Rare and large: apart, so that the others are spared its room.
        if let Some(unchecked) = Box::pin(self.dns.lookup_unchecked::<R>(name)).await {
            lookup.attempts = lookup.attempts.saturating_add(unchecked.attempts);
            lookup.unchecked = Some(unchecked.outcome);
        }
    }

    async fn ask<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let mut lookup = Lookup::unsent(name.to_owned(), Outcome::LocalError);
        self.fill(&mut lookup, Before::Nothing).await;
        lookup
    }
}

fn addresses_of(a: &Lookup<Ipv4Addr>, aaaa: &Lookup<Ipv6Addr>) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::with_capacity(a.records.len() + aaaa.records.len());
    let found = a.records.iter().copied().map(IpAddr::V4).chain(aaaa.records.iter().copied().map(IpAddr::V6));
    // One that stands twice in an answer is no second one (RFC 2181 section 5).
    let mut seen = HashSet::new();
    addresses.extend(found.filter(|address| seen.insert(*address)));
    addresses
}

/// Whether some TXT was meant as an MTA-STS record: only then is a policy fetched. Near misses and several records count,
/// because what a sender would have found is worth knowing.
fn asks_for_policy(records: &[Txt]) -> bool {
    select(RecordKind::Sts, records).choice != Choice::Absent
}

/// The exchange that is not made because the policy host is an alias of somebody who asked not to be contacted.
fn withheld(addresses: Vec<IpAddr>, alias: &str) -> Fetch {
    let text = format!("the policy host is an alias of {alias}, which is on the opt-out list");
    Fetch { error: Some(FetchError::new(FetchStage::Address, FetchFault::Excluded, text)), ..Fetch::new(addresses) }
}

#[cfg(test)]
mod tests;
