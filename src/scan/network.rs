//! The network made ready: resolvers checked, roots loaded, limits set.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rustls::RootCertStore;
use time::OffsetDateTime;

use super::backend::{self, BackEnd, SharedResolver};
use super::built_in;
use super::mail;
use super::plan::{DnsRates, NetworkPlan, ScanError};
use super::status::Status;
use super::validation::Validation;
use crate::exclusion::Exclusion;
use crate::observe::dns::{
    Dns, DnsConfig, DnsCounters, DnsLimits, DnsTotals, Resolving, SystemResolvers, check_resolvers, loopback_stubs, system_resolvers,
    well_known_stubs,
};
use crate::observe::fetch::{Fetcher, ROOTS_VERSION, add_roots, built_in_roots, platform_roots};
use crate::observe::neighbours::Neighbours;
use crate::observe::probe::Probe;
use crate::observe::scope::{MxScopes, Scope};
use crate::observe::sharing::SharedActivity;
use crate::observe::smtp::{Mailer, SmtpActivity};
use crate::observe::source;
use crate::system::raise_file_limit;

/// File descriptors that are left for files, event loops and the libraries.
const RESERVED_FILES: u64 = 48;
/// Domains in flight at most, unless the user says otherwise; more only waits in a resolver's queue.
const MAX_IN_FLIGHT: u64 = 4096;
/// Fetches in flight at most, unless the user says otherwise.
const MAX_FETCHES: u64 = 512;

/// What all probes of a scan share.
pub struct Network {
    /// Which roots are trusted, but for those of files.
    root_store: String,
    dns: DnsConfig,
    /// The resolver that all workers share; `None` for the bulk engine, of which each has its own.
    shared: Option<SharedResolver>,
    asked: Vec<String>,
    pace: String,
    dns_limits: Arc<DnsLimits>,
    dns_counters: Arc<DnsCounters>,
    fetcher: Arc<Fetcher>,
    /// `None` where no mail server is asked.
    mailer: Option<Arc<Mailer>>,
    exclusion: Arc<Exclusion>,
    roots: Arc<RootCertStore>,
    neighbours: Arc<Neighbours>,
    mx_scopes: MxScopes,
    resolver_validates: Option<bool>,
    look_around: bool,
    no_prune: bool,
    concurrency: usize,
    user_agent: String,
    warnings: Vec<String>,
}

impl Network {
    /// Makes the network ready.
    ///
    /// # Errors
    /// [`ScanError::Setup`] names the option that cannot be used, or says that no resolver answers.
    pub fn prepare(plan: &NetworkPlan) -> Result<Self, ScanError> {
        let setup = |error: &dyn std::fmt::Display| ScanError::Setup(error.to_string());
        source::leave_from(plan.source.clone());
        let exclusion = Arc::new(read_exclusion(plan)?);
        let files = raise_file_limit();
        let (overrides, mut fetch) = (&plan.overrides, plan.fetch.clone());
        let (mut roots, root_store) = if plan.platform_roots {
            platform_roots().map_err(|error| setup(&error))?
        } else {
            (built_in_roots(), ROOTS_VERSION.to_owned())
        };
        let given = plan.ca_files.iter().map(|file| (file.name(), file.bytes()));
        for (name, pem) in given.chain(overrides.authority.iter().map(|(name, pem)| (*name, pem.as_bytes()))) {
            add_roots(&mut roots, name, pem).map_err(|error| setup(&error))?;
        }
        fetch.https_port = overrides.https_port.unwrap_or(fetch.https_port);
        fetch.http_port = overrides.http_port.unwrap_or(fetch.http_port);
        // A fetch takes one descriptor, in a lab the server's too; a domain in flight takes none, but what it may lead to does.
        let free = files.saturating_sub(RESERVED_FILES).max(16);
        fetch.fetch_concurrency = plan.fetch_concurrency.unwrap_or((free / 4).clamp(4, MAX_FETCHES) as usize);
        let concurrency = plan.concurrency.unwrap_or((free * 4).clamp(64, MAX_IN_FLIGHT) as usize);
        let user_agent = fetch.user_agent();
        let back_end = BackEnd::prepare(plan, &roots, &exclusion)?;
        let trusted = Arc::new(roots.clone());
        let fetcher = Arc::new(Fetcher::new(fetch, roots, Arc::clone(&exclusion)).map_err(|error| setup(&error))?);
        let dns = |resolvers| dns_config(plan, resolvers, free);
        let (dns, shared, dns_limits, dns_counters, asked, mut warnings) = match back_end {
            Some(BackEnd { resolver, limits, counters, asked, warnings }) => {
                (dns(Vec::new()), Some(resolver), limits, counters, asked, warnings)
            }
            None => {
                let (resolvers, warnings) = resolvers(plan)?;
                let DnsRates { all, each } = plan.dns_rates();
                let limits = Arc::new(DnsLimits::new(all, &vec![each; resolvers.len()]));
                let counters = Arc::new(DnsCounters::new(&resolvers));
                let asked = resolvers.iter().map(ToString::to_string).collect();
                (dns(resolvers), None, limits, counters, asked, warnings)
            }
        };
        let Validation { validates, dane, warning } = Validation::find_out(plan, &dns.resolvers, shared.as_ref())?;
        warnings.extend(warning);
        let lookups = || resolving(&dns, shared.as_ref(), &dns_limits, &dns_counters);
        let (mailer, warning) = mail::prepare(plan, free, &trusted, &exclusion, lookups)?;
        warnings.extend(warning);
        warnings.extend(built_in::warnings(plan, OffsetDateTime::now_utc()));
        Ok(Self {
            root_store,
            dns,
            shared,
            pace: plan.pace_in_words(&asked),
            asked,
            dns_limits,
            dns_counters,
            fetcher,
            mailer,
            exclusion,
            roots: trusted,
            neighbours: Arc::default(),
            mx_scopes: MxScopes { smtp: plan.smtp, dane, validates: validates == Some(true) },
            resolver_validates: validates,
            look_around: plan.look_around,
            no_prune: plan.no_prune,
            concurrency,
            user_agent,
            warnings,
        })
    }

    /// A probe for the calling thread, which has to be within a `LocalSet` of a runtime with IO and time.
    ///
    /// # Errors
    /// If no socket can be opened.
    pub fn probe(&self) -> Result<Probe, ScanError> {
        let dns = resolving(&self.dns, self.shared.as_ref(), &self.dns_limits, &self.dns_counters)?;
        let probe = Probe::new(dns, Arc::clone(&self.fetcher), Arc::clone(&self.exclusion), Arc::clone(&self.neighbours));
        let probe = probe.asking(self.mx_scopes).talking(self.mailer.clone());
        Ok(probe.looking_around(self.look_around).pruning(!self.no_prune))
    }

    /// Who is never contacted.
    pub fn exclusion(&self) -> &Arc<Exclusion> {
        &self.exclusion
    }

    /// Roots that servers are trusted by.
    pub(super) fn roots(&self) -> &Arc<RootCertStore> {
        &self.roots
    }

    /// Which roots are trusted, but for those of files, for the manifest.
    pub(super) fn root_store(&self) -> &str {
        &self.root_store
    }

    /// Domains in flight at most.
    pub fn concurrency(&self) -> usize {
        self.concurrency
    }

    /// Who is asked: resolvers, or the root servers.
    pub fn resolvers(&self) -> &[String] {
        &self.asked
    }

    /// Whether all resolvers are trusted to validate DNSSEC; `None` where nothing is judged by it and nobody was asked.
    pub(super) fn resolver_validates(&self) -> Option<bool> {
        self.resolver_validates
    }

    /// Whose MX hosts are looked up for TLSA records.
    pub fn dane(&self) -> Scope {
        self.mx_scopes.dane
    }

    /// Who is asked and how fast, as a sentence.
    pub fn pace(&self) -> &str {
        &self.pace
    }

    /// User-Agent of the fetches.
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// What the user should know before the scan begins, a sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// DNS traffic so far.
    pub fn dns_totals(&self) -> DnsTotals {
        self.dns_counters.totals()
    }

    /// Running totals of the DNS traffic.
    pub(super) fn dns_counters(&self) -> &Arc<DnsCounters> {
        &self.dns_counters
    }

    /// How often a lookup was spared so far because another domain's had the answer.
    pub fn sharing_totals(&self) -> SharedActivity {
        self.neighbours.totals()
    }

    /// Fetches begun so far.
    pub fn fetches(&self) -> u64 {
        self.fetcher.counters().totals().started
    }

    /// Whoever asks the mail servers, if any are to be asked.
    pub(super) fn mailer(&self) -> Option<&Arc<Mailer>> {
        self.mailer.as_ref()
    }

    /// Whether there is a doubt whether mail servers can be asked from here.
    pub(super) fn doubts_mail(&self) -> bool {
        self.mailer.as_ref().is_some_and(|mailer| mailer.has_doubts())
    }

    /// Why no mail server can be asked from here, if that is known.
    pub fn mail_blocked(&self) -> Option<String> {
        self.mailer.as_ref()?.blocked().map(str::to_owned)
    }

    /// Conversations with mail servers so far.
    pub fn smtp_totals(&self) -> SmtpActivity {
        self.mailer.as_ref().map(|mailer| mailer.totals()).unwrap_or_default()
    }

    /// Brings the counters of fetches and conversations of `status` up to date.
    pub(super) fn update(&self, status: &Status) {
        status.fetches.store(self.fetches(), Relaxed);
        status.conversations.store(self.smtp_totals().conversations, Relaxed);
    }
}

/// Lookups for the calling thread, which has to be within a `LocalSet` of a runtime with IO and time.
fn resolving(
    config: &DnsConfig,
    shared: Option<&SharedResolver>,
    limits: &Arc<DnsLimits>,
    counters: &Arc<DnsCounters>,
) -> Result<Resolving, ScanError> {
    match shared {
        Some(shared) => Ok(shared.resolving()),
        None => {
            let dns = Dns::new(config, Arc::clone(limits), Arc::clone(counters));
            Ok(dns.map_err(|error| ScanError::Setup(error.to_string()))?.into())
        }
    }
}

/// A quarter of the descriptors for sockets towards the resolvers, an eighth for answers over TCP.
fn dns_config(plan: &NetworkPlan, resolvers: Vec<SocketAddr>, free: u64) -> DnsConfig {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let config = DnsConfig::new(resolvers);
    let share = |parts: u64| usize::try_from(free / parts).unwrap_or(usize::MAX) / workers;
    DnsConfig {
        retry: plan.dns_retry,
        sockets_per_resolver: config.sockets_per_resolver.min(share(4) / config.resolvers.len().max(1)).max(1),
        connections: config.connections.min(share(8)).max(1),
        mix_case: plan.mix_case,
        ..config
    }
}

/// The user's opt-out list, and what an override adds to it.
fn read_exclusion(plan: &NetworkPlan) -> Result<Exclusion, ScanError> {
    let (name, text) = plan.exclude.as_ref().map_or(("", &b""[..]), |list| (list.name(), list.bytes()));
    let setup = |what: &dyn std::fmt::Display| ScanError::Setup(format!("the opt-out list {name}{what}"));
    let lines = |before: &[u8]| 1 + before.iter().filter(|octet| **octet == b'\n').count();
    let text = std::str::from_utf8(text).map_err(|error| {
        let line = lines(text.get(..error.valid_up_to()).unwrap_or_default());
        setup(&format_args!(", line {line}: the text is not UTF-8; save the list as UTF-8"))
    })?;
    Exclusion::parse(&format!("{text}\n{}", plan.overrides.excluded)).map_err(|error| setup(&format_args!(", {error}")))
}

/// The resolvers to ask: the overriding, the given or the system's ones; and what is to be said of those that do not answer.
fn resolvers(plan: &NetworkPlan) -> Result<(Vec<SocketAddr>, Vec<String>), ScanError> {
    if !plan.overrides.resolvers.is_empty() {
        return Ok((plan.overrides.resolvers.clone(), Vec::new()));
    }
    let SystemResolvers { found: given, left_out: mut warnings } = if plan.resolvers.is_empty() {
        system_resolvers().map_err(|error| ScanError::Setup(error.to_string()))?
    } else {
        SystemResolvers { found: plan.resolvers.clone(), left_out: Vec::new() }
    };
    if plan.trust_resolvers {
        warnings.extend(well_known_stubs(&given));
        return Ok((given, warnings));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ScanError::Machine(format!("cannot start an event loop: {error}")))?;
    let (check, stubs) = tokio::task::LocalSet::new()
        .block_on(&runtime, async { tokio::join!(check_resolvers(&given, plan.dns_retry), loopback_stubs(&given)) });
    let left_out = check.failed.iter().map(|(resolver, why)| format!("resolver {resolver} is left out: {why}"));
    let without_tcp = check.without_tcp.iter();
    let without_tcp =
        without_tcp.map(|(resolver, why)| format!("resolver {resolver} does not answer over TCP ({why}): large answers will be unknown"));
    warnings.extend(left_out.chain(without_tcp).chain(stubs));
    let answering = check.into_answering().map_err(backend::unanswered)?;
    Ok((answering, warnings))
}
