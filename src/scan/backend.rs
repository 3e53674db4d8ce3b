//! The resolver back ends other than the bulk engine, made ready and tried: from the root, and by encrypted resolvers.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::RootCertStore;

use super::plan::{DnsRates, IterativePlan, NetworkPlan, ScanError};
use crate::exclusion::Exclusion;
use crate::observe::dns::{
    DnsCounters, DnsError, DnsLimits, Encrypted, EncryptedConfig, EncryptedResolver, Iterative, IterativeConfig, Resolving,
};

/// A resolver that all workers share.
pub(super) enum SharedResolver {
    Iterative(Arc<Iterative>),
    Encrypted(Arc<Encrypted>),
}

impl SharedResolver {
    /// The same for a probe.
    pub(super) fn resolving(&self) -> Resolving {
        match self {
            Self::Iterative(iterative) => Resolving::Iterative(Arc::clone(iterative)),
            Self::Encrypted(encrypted) => Resolving::Encrypted(Arc::clone(encrypted)),
        }
    }
}

/// A resolver back end that all workers share, and what bounds and counts it.
pub(super) struct BackEnd {
    pub(super) resolver: SharedResolver,
    pub(super) limits: Arc<DnsLimits>,
    pub(super) counters: Arc<DnsCounters>,
    /// Who is asked, for the manifest.
    pub(super) asked: Vec<String>,
    /// What the user should know, a sentence each.
    pub(super) warnings: Vec<String>,
}

impl BackEnd {
    /// The back end that the plan asks for; `None` for the bulk engine.
    ///
    /// # Errors
    /// [`ScanError::Setup`] if nobody answers as it should.
    pub(super) fn prepare(plan: &NetworkPlan, trusted: &RootCertStore, exclusion: &Arc<Exclusion>) -> Result<Option<Self>, ScanError> {
        match (&plan.iterative, plan.encrypted.as_slice()) {
            (Some(iterative), _) => Self::iterative(plan, iterative, exclusion).map(Some),
            (None, []) => Ok(None),
            (None, resolvers) => Self::encrypted(plan, resolvers, trusted).map(Some),
        }
    }

    fn iterative(plan: &NetworkPlan, iterative: &IterativePlan, exclusion: &Arc<Exclusion>) -> Result<Self, ScanError> {
        let (roots, port) = match plan.overrides.root {
            Some(root) => (vec![root.ip()], root.port()),
            None => (iterative.roots.clone(), iterative.port),
        };
        let DnsRates { all: rate, each: server_rate } = plan.dns_rates();
        let asked = roots.iter().map(|&root| SocketAddr::new(root, port).to_string()).collect();
        let (limits, counters) = (Arc::new(DnsLimits::new(rate, &[])), Arc::new(DnsCounters::default()));
        let config = IterativeConfig { roots, port, retry: plan.dns_retry, rate, server_rate, allow_private: plan.fetch.allow_private };
        let iterative = Iterative::new(&config, Arc::clone(&limits), Arc::clone(&counters), Arc::clone(exclusion)).map_err(setup)?;
        if !plan.trust_resolvers {
            wait_for(iterative.check())?.map_err(unanswered)?;
        }
        Ok(Self { resolver: SharedResolver::Iterative(Arc::new(iterative)), limits, counters, asked, warnings: Vec::new() })
    }

    fn encrypted(plan: &NetworkPlan, resolvers: &[EncryptedResolver], trusted: &RootCertStore) -> Result<Self, ScanError> {
        let begin = |resolvers: &[EncryptedResolver]| {
            let addresses: Vec<_> = resolvers.iter().map(|resolver| resolver.address).collect();
            let DnsRates { all, each } = plan.dns_rates();
            let limits = Arc::new(DnsLimits::new(all, &vec![each; addresses.len()]));
            let counters = Arc::new(DnsCounters::new(&addresses));
            let config = EncryptedConfig { resolvers: resolvers.to_vec(), retry: plan.dns_retry, roots: trusted.clone() };
            let encrypted = Encrypted::new(config, Arc::clone(&limits), Arc::clone(&counters)).map_err(setup)?;
            let asked = resolvers.iter().map(ToString::to_string).collect();
            Ok::<_, ScanError>((Arc::new(encrypted), limits, counters, asked))
        };
        let (mut encrypted, mut limits, mut counters, mut asked) = begin(resolvers)?;
        let mut warnings = Vec::new();
        if !plan.trust_resolvers {
            let verdicts = wait_for(encrypted.check())?;
            let wrong = |(resolver, why): (&EncryptedResolver, &String)| format!("resolver {resolver} is left out: {why}");
            let both = resolvers.iter().zip(&verdicts);
            warnings = both.clone().filter_map(|(resolver, verdict)| verdict.as_ref().err().map(|why| wrong((resolver, why)))).collect();
            let right: Vec<_> = both.filter(|(_, verdict)| verdict.is_ok()).map(|(resolver, _)| resolver.clone()).collect();
            if right.is_empty() {
                let failed = resolvers.iter().zip(verdicts).filter_map(|(resolver, verdict)| Some((resolver.address, verdict.err()?)));
                return Err(unanswered(DnsError::NoneUsable { failed: failed.collect() }));
            }
            if right.len() < resolvers.len() {
                (encrypted, limits, counters, asked) = begin(&right)?;
            }
        }
        Ok(Self { resolver: SharedResolver::Encrypted(encrypted), limits, counters, asked, warnings })
    }
}

/// Nobody answers as a resolver does.
pub(super) fn unanswered(error: DnsError) -> ScanError {
    ScanError::Unanswered(error.to_string())
}

fn setup(error: DnsError) -> ScanError {
    ScanError::Setup(error.to_string())
}

/// Runs a check to its end.
///
/// # Errors
/// If this machine has no event loop for it.
pub(super) fn wait_for<F: Future>(check: F) -> Result<F::Output, ScanError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ScanError::Machine(format!("cannot start an event loop: {error}")))?;
    Ok(runtime.block_on(check))
}
