//! Who asks the mail servers: which addresses of a host, each once in a scan however many domains name it, and once more where it refused.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};

use futures_util::future::join_all;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use rustls::RootCertStore;
use tokio::sync::{Mutex, OnceCell};

use super::alike::Alike;
use super::breaker::Breakers;
use super::config::SmtpConfig;
use super::conversation::{Partner, Speaker};
use super::counters::{Queue, SmtpActivity, SmtpCounters};
use super::ledger::Ledger;
use super::limits::{Limits, Turn};
use super::watch::Watch;
use crate::evidence::{Conversation, FetchError, FetchFault, FetchStage, HostLookup, Tlsa};
use crate::exclusion::Exclusion;
use crate::name::suffix;
use crate::observe::address;
use crate::observe::tls::Handshaker;

/// The port of mail servers, which networks block.
const USUAL_PORT: u16 = 25;
/// Addresses of a host that are asked at most.
const MAX_ADDRESSES: usize = 16;
/// Conversations that are kept at most; one takes about four kilobytes. Those that nobody has asked for longest make room.
const MAX_KNOWN: u64 = 16_384;

/// Where a mail server is that DNS says is elsewhere.
pub(crate) type Relocation = fn(IpAddr) -> IpAddr;

/// Asks mail servers; one for a scan, shared by its worker threads.
pub struct Mailer {
    pub(super) config: SmtpConfig,
    speaker: Speaker,
    exclusion: Arc<Exclusion>,
    relocate: Option<Relocation>,
    limits: Limits,
    breakers: Breakers,
    alike: Alike,
    ledger: Ledger,
    /// `None` where nobody doubts that mail servers can be asked.
    pub(super) watch: Option<Watch>,
    /// Whether it is known that nobody answers where nobody is.
    pub(super) nobody: OnceCell<()>,
    known: Cache<String, Arc<Place>>,
    counters: SmtpCounters,
    queue: Queue,
}

/// An address under the name of a host, and what was said there last.
#[derive(Default)]
struct Place {
    said: std::sync::Mutex<Option<Arc<Conversation>>>,
    /// Held while somebody talks: who wants the same waits for it.
    turn: Mutex<()>,
}

impl Place {
    fn said(&self) -> Option<Arc<Conversation>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was said, unless it is to be asked `again` and that may tell more.
    fn known(&self, again: bool) -> Option<Arc<Conversation>> {
        self.said().filter(|said| !again || !said.may_pass() || said.is_repeated())
    }
}

/// What is asked of one place.
struct Request<'r> {
    host: &'r str,
    /// As DNS has it.
    address: IpAddr,
    /// Where that is.
    real: IpAddr,
    provider: &'r str,
    tlsa: &'r [&'r Tlsa],
}

impl Mailer {
    /// Prepares asking: `name` stands behind EHLO, `roots` are trusted, nobody of `exclusion` is asked, and `relocate` says where servers
    /// are that are not where DNS says.
    ///
    /// # Errors
    /// If the TLS library refuses its own defaults.
    pub fn new(
        config: SmtpConfig,
        name: String,
        roots: Arc<RootCertStore>,
        exclusion: Arc<Exclusion>,
        relocate: Option<Relocation>,
    ) -> Result<Self, rustls::Error> {
        let speaker = Speaker {
            tls: Handshaker::new(&[])?,
            roots,
            name,
            connect_timeout: config.connect_timeout,
            greeting_timeout: config.smtp_greeting_timeout,
        };
        Ok(Self {
            limits: Limits::new(config.concurrency, config.smtp_rate, config.smtp_host_rate),
            speaker,
            exclusion,
            relocate,
            breakers: Breakers::default(),
            alike: Alike::default(),
            watch: (!config.smtp_canary.is_empty() || config.smtp_port == USUAL_PORT && relocate.is_none()).then(Watch::default),
            nobody: OnceCell::new(),
            ledger: Ledger::default(),
            known: Cache::builder().max_capacity(MAX_KNOWN).eviction_policy(EvictionPolicy::lru()).build(),
            counters: SmtpCounters::default(),
            queue: Queue::default(),
            config,
        })
    }

    /// Why no mail server can be asked from here, if that is known.
    pub fn blocked(&self) -> Option<&str> {
        self.watch.as_ref().and_then(Watch::blocked).map(|(_, why)| why)
    }

    /// Conversations that wait for their turn.
    pub fn waiting(&self) -> u64 {
        self.queue.len()
    }

    /// Running totals.
    pub fn totals(&self) -> SmtpActivity {
        self.counters.totals()
    }

    /// Octets of the future that talks.
    #[cfg(test)]
    pub(super) fn future_size(&self, host: &HostLookup) -> usize {
        let address = IpAddr::from([127, 0, 0, 1]);
        let request = Request { host: &host.host, address, real: address, provider: &host.host, tlsa: &[] };
        std::mem::size_of_val(&self.talk(&request, None))
    }

    /// Forgets what was said, as a cache without room does.
    #[cfg(test)]
    pub(super) fn forget(&self) {
        self.known.invalidate_all();
    }

    /// Asks the addresses of a host.
    pub(in crate::observe) async fn ask(&self, host: &HostLookup) -> Vec<Conversation> {
        let mut chosen: Vec<Result<IpAddr, Box<Conversation>>> = Vec::new();
        if let Some(alias) = host.a.cname_chain.iter().chain(&host.aaaa.cname_chain).find(|alias| self.exclusion.covers_name(alias)) {
            let text = format!("the host is an alias of {alias}, which is on the opt-out list");
            let first = addresses(host).into_iter().flatten().next();
            return first.map(|address| unasked(address, FetchFault::Excluded, text)).into_iter().collect();
        }
        for family in addresses(host) {
            chosen.extend(self.choose(&family));
        }
        chosen.truncate(MAX_ADDRESSES);
        join_all(chosen.into_iter().map(async |address| match address {
            Ok(address) => self.at(host, address, false).await,
            Err(refused) => *refused,
        }))
        .await
    }

    /// Asks again where a conversation is worth it.
    pub(in crate::observe) async fn ask_again(&self, host: &mut HostLookup) {
        let mut conversations = std::mem::take(&mut host.conversations);
        let known: &HostLookup = host;
        join_all(conversations.iter_mut().map(async |conversation| {
            if conversation.may_pass() && !conversation.is_repeated() {
                *conversation = self.at(known, conversation.address, true).await;
            }
        }))
        .await;
        host.conversations = conversations;
    }

    /// Of the addresses of one family those that are asked; if none may be, why the first is not.
    fn choose(&self, family: &[IpAddr]) -> Vec<Result<IpAddr, Box<Conversation>>> {
        let judged = family.iter().map(|&address| self.refusal(address).map_or(Ok(address), |refused| Err(Box::new(refused))));
        let (allowed, refused): (Vec<_>, Vec<_>) = judged.partition(Result::is_ok);
        let most = if self.config.smtp_all_addresses { MAX_ADDRESSES } else { 1 };
        let chosen: Vec<_> = allowed.into_iter().take(most).collect();
        if self.config.smtp_all_addresses {
            chosen.into_iter().chain(refused.into_iter().take(most)).collect()
        } else if chosen.is_empty() {
            refused.into_iter().take(1).collect()
        } else {
            chosen
        }
    }

    /// Why an address is not asked. What counts is where it really leads.
    fn refusal(&self, address: IpAddr) -> Option<Conversation> {
        let real = self.real(address);
        if let Some((fault, text)) = address::refusal(real, self.config.allow_private, &self.exclusion) {
            return Some(unasked(address, fault, text));
        }
        let peer = SocketAddr::new(real, self.config.smtp_port);
        let family = if address.is_ipv6() { "IPv6" } else { "IPv4" };
        let text = || format!("this machine has no route to {address}: no {family} here, it seems");
        (!address::has_route(peer)).then(|| unasked(address, FetchFault::NoRoute, text()))
    }

    fn real(&self, address: IpAddr) -> IpAddr {
        self.relocate.map_or(address, |relocate| relocate(address))
    }

    /// What is said at an address under the name of the host: known, waited for, or asked.
    async fn at(&self, host: &HostLookup, address: IpAddr, again: bool) -> Conversation {
        let name = host.host.as_str();
        let key = format!("{address} {name}");
        let place = self.known.get_with_by_ref(&key, async { Arc::default() }).await;
        // Without a turn: thousands of domains with one provider would queue for it, half done.
        if let Some(said) = place.known(again) {
            return self.knows(&said);
        }
        let queued = self.queue.join();
        let _turn = place.turn.lock().await;
        drop(queued);
        if let Some(said) = place.known(again) {
            return self.knows(&said);
        }
        let tlsa: Vec<&Tlsa> = host.tlsa.iter().flat_map(|lookup| &lookup.records).collect();
        let provider = suffix::registrable(name).unwrap_or(name);
        let request = Request { host: name, address, real: self.real(address), provider, tlsa: &tlsa };
        let before = place.said();
        let before = before.as_deref();
        // Large: apart, so that domains whose hosts are known are spared its room.
        let now = Box::pin(self.talk(&request, before)).await;
        if now.connections == 0 && now.shared_with.is_none() && before.is_some() {
            return before.cloned().unwrap_or(*now);
        }
        if now.connections > 0 || now.shared_with.is_some() {
            *place.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new((*now).clone()));
        }
        *now
    }

    fn knows(&self, said: &Conversation) -> Conversation {
        self.counters.know();
        said.clone()
    }

    /// Talks to the server once it is its turn.
    async fn talk(&self, request: &Request<'_>, before: Option<&Conversation>) -> Box<Conversation> {
        self.meet_nobody().await;
        // Asked again where whoever was first may have been refused, or told enough, meanwhile.
        let settled = || self.shared(request).or_else(|| self.refused(request));
        if let Some(settled) = settled() {
            return settled;
        }
        let mut queued = Some(self.queue.join());
        let talk = async |turn: &Turn<'_>| {
            queued.take();
            match self.refused(request) {
                Some(refused) => refused,
                None => self.converse(request, before, turn).await,
            }
        };
        self.limits.hold(request.address, request.provider, request.real.is_loopback(), settled, talk).await
    }

    async fn converse(&self, request: &Request<'_>, before: Option<&Conversation>, turn: &Turn<'_>) -> Box<Conversation> {
        if !self.ledger.connect(request.address, request.host) {
            return self.spared(request, FetchFault::NotTried, "the address was asked by this name often enough".to_owned());
        }
        let mut begun = Box::new(Conversation::new(request.address));
        begun.connections = before.map_or(0, |before| before.connections).saturating_add(1);
        begun.refused_before = before.and_then(Conversation::refusal).map(<[u8]>::to_vec);
        self.counters.begin(before.is_some());
        self.counters.connect();
        let again = async || {
            if !self.ledger.connect(request.address, request.host) {
                return false;
            }
            turn.again().await;
            self.counters.connect();
            true
        };
        let partner = Partner { peer: SocketAddr::new(request.real, self.config.smtp_port), host: request.host, tlsa: request.tlsa };
        let mut held = self.speaker.converse(&partner, begun, again).await;
        if let Some(watch) = &self.watch {
            watch.judge(&mut held.conversation);
        }
        self.breakers.note(request.address, request.provider, &held.conversation);
        self.alike.note(request.host, &held);
        self.counters.end(&held.conversation);
        held.conversation
    }

    /// What others have been told at the address, where it says the same to all.
    fn shared(&self, request: &Request<'_>) -> Option<Box<Conversation>> {
        if self.config.smtp_every_name {
            return None;
        }
        let conversation = self.alike.answer(request.address, request.host, request.tlsa, &self.speaker.roots)?;
        self.counters.spare(&conversation);
        Some(conversation)
    }

    /// Why nobody is asked now.
    fn refused(&self, request: &Request<'_>) -> Option<Box<Conversation>> {
        let here = |(fault, why)| (fault, format!("mail servers cannot be asked from here: {why}"));
        let blocked = self.watch.as_ref().and_then(|watch| watch.blocked().map(here));
        let broken = || self.breakers.why_not(request.address, request.provider).map(|why| (FetchFault::NotTried, why));
        let (fault, why) = blocked.or_else(broken)?;
        Some(self.spared(request, fault, why))
    }

    fn spared(&self, request: &Request<'_>, fault: FetchFault, why: String) -> Box<Conversation> {
        let conversation = Box::new(unasked(request.address, fault, why));
        self.counters.spare(&conversation);
        conversation
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The addresses of a host, each once, by family.
fn addresses(host: &HostLookup) -> [Vec<IpAddr>; 2] {
    let once = |addresses: Vec<IpAddr>| {
        let mut seen = std::collections::HashSet::new();
        addresses.into_iter().filter(|address| seen.insert(*address)).collect()
    };
    [host.a.records.iter().copied().map(IpAddr::V4).collect(), host.aaaa.records.iter().copied().map(IpAddr::V6).collect()].map(once)
}

/// A conversation that is not held.
fn unasked(address: IpAddr, fault: FetchFault, why: String) -> Conversation {
    let mut conversation = Conversation::new(address);
    conversation.error = Some(FetchError::new(FetchStage::Address, fault, why));
    conversation
}
