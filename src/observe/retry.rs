//! What a probe keeps for another round: what is conclusive, so that only what failed is asked again.

use std::time::SystemTime;

use crate::evidence::{AnyLookup, Attempts, Connection, Evidence, Fetch, HostLookup, Lookup, MxAsked, ReceiverLookup, Txt};

/// A probe that is to go on. Small where nothing is conclusive, as many may wait at a time.
#[derive(Clone, Debug)]
pub struct Retry {
    pub(super) scanned_at: SystemTime,
    pub(super) elapsed_ms: u32,
    /// Questions sent so far for what is asked again.
    pub(super) attempts: Attempts,
    pub(super) known: Option<Box<EarlierRound>>,
}

/// What an earlier round has found out, and what is not repeated.
#[derive(Clone, Debug)]
pub(super) struct EarlierRound {
    /// Of its lookups those that are final.
    pub(super) lookups: Evidence,
    pub(super) fetch: Option<(Box<Fetch>, Vec<Connection>)>,
    pub(super) mx_hosts: Option<(Option<MxAsked>, Vec<HostLookup>)>,
    pub(super) rua_hosts: Option<Vec<ReceiverLookup>>,
    pub(super) stray_records: Option<Vec<Lookup<Txt>>>,
}

impl Retry {
    /// What to go on with after a probe in which something failed.
    pub fn after(evidence: Evidence) -> Self {
        let (scanned_at, elapsed_ms, attempts) = (evidence.scanned_at, evidence.elapsed_ms, evidence.failed_attempts());
        let is_known = evidence.lookups().any(|lookup| lookup.outcome().is_final());
        Self { scanned_at, elapsed_ms, attempts, known: is_known.then(|| Box::new(EarlierRound::of(evidence))) }
    }
}

impl EarlierRound {
    /// Each step is kept where those that it follows from need not be repeated.
    fn of(mut evidence: Evidence) -> Self {
        let is_final = |lookup: &dyn AnyLookup| lookup.outcome().is_final();
        let [with_sts, with_tlsrpt] = [&evidence.sts_txt, &evidence.tlsrpt_txt].map(|record| is_final(&evidence.mx) && is_final(record));
        let with_hosts = evidence.host_a.as_ref().is_some_and(|a| is_final(a)) && evidence.host_aaaa.as_ref().is_some_and(|a| is_final(a));
        let (fetch, extra_requests) = (evidence.fetch.take(), std::mem::take(&mut evidence.extra_requests));
        let fetch = fetch.filter(|fetch| fetch.error.as_ref().is_none_or(|error| with_hosts && !error.is_local()));
        let (mx_hosts, rua_hosts) = (std::mem::take(&mut evidence.mx_hosts), std::mem::take(&mut evidence.rua_hosts));
        let stray_records = std::mem::take(&mut evidence.stray_records);
        Self {
            fetch: fetch.map(|fetch| (fetch, extra_requests)),
            mx_hosts: with_sts.then_some((evidence.mx_asked, mx_hosts)),
            rua_hosts: with_tlsrpt.then_some(rua_hosts),
            stray_records: with_sts.then_some(stray_records),
            lookups: evidence,
        }
    }
}
