//! What a probe keeps for another round: what is conclusive, so that only what failed is asked again.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::SystemTime;

use crate::evidence::{Connection, Evidence, Fetch, HostLookup, Lookup, Mx, Outcome, ReceiverLookup, Txt};

/// A probe that is to go on. Small where nothing is conclusive, as many may wait at a time.
#[derive(Clone, Debug)]
pub struct Retry {
    pub(super) scanned_at: SystemTime,
    pub(super) elapsed_ms: u32,
    /// Questions sent so far for what is asked again.
    pub(super) attempts: Attempts,
    pub(super) conclusive: Option<Box<Conclusive>>,
}

/// Questions sent for each of the lookups that a probe may have to repeat.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts {
    pub(super) mx: u16,
    pub(super) sts_txt: u16,
    pub(super) tlsrpt_txt: u16,
    pub(super) host_a: u16,
    pub(super) host_aaaa: u16,
}

/// Steps of a probe that are not repeated.
#[derive(Clone, Debug, Default)]
pub(super) struct Conclusive {
    pub(super) mx: Option<Lookup<Mx>>,
    pub(super) sts_txt: Option<Lookup<Txt>>,
    pub(super) tlsrpt_txt: Option<Lookup<Txt>>,
    pub(super) host_a: Option<Lookup<Ipv4Addr>>,
    pub(super) host_aaaa: Option<Lookup<Ipv6Addr>>,
    pub(super) fetch: Option<(Box<Fetch>, Vec<Connection>)>,
    pub(super) mx_hosts: Option<Vec<HostLookup>>,
    pub(super) rua_hosts: Option<Vec<ReceiverLookup>>,
    pub(super) stray_records: Option<Vec<Lookup<Txt>>>,
}

impl Retry {
    /// What to go on with after a probe in which something failed.
    pub fn after(evidence: Evidence) -> Self {
        let Evidence { scanned_at, elapsed_ms, mx, sts_txt, tlsrpt_txt, host_a, host_aaaa, fetch, .. } = evidence;
        let mut attempts = Attempts::default();
        let mx = conclusive(mx, &mut attempts.mx);
        let sts_txt = conclusive(sts_txt, &mut attempts.sts_txt);
        let tlsrpt_txt = conclusive(tlsrpt_txt, &mut attempts.tlsrpt_txt);
        let host_a = host_a.and_then(|lookup| conclusive(lookup, &mut attempts.host_a));
        let host_aaaa = host_aaaa.and_then(|lookup| conclusive(lookup, &mut attempts.host_aaaa));
        let fetch =
            fetch.filter(|fetch| fetch.error.as_ref().is_none_or(|error| host_a.is_some() && host_aaaa.is_some() && !error.is_local()));
        let conclusive = (mx.is_some() || sts_txt.is_some() || tlsrpt_txt.is_some()).then(|| {
            let (with_sts, with_tlsrpt) = (mx.is_some() && sts_txt.is_some(), mx.is_some() && tlsrpt_txt.is_some());
            Box::new(Conclusive {
                mx_hosts: with_sts.then_some(evidence.mx_hosts),
                rua_hosts: with_tlsrpt.then_some(evidence.rua_hosts),
                stray_records: with_sts.then_some(evidence.stray_records),
                fetch: fetch.map(|fetch| (fetch, evidence.extra_requests)),
                mx,
                sts_txt,
                tlsrpt_txt,
                host_a,
                host_aaaa,
            })
        });
        Self { scanned_at, elapsed_ms, attempts, conclusive }
    }
}

/// The lookup if it need not be made again; else the questions that it took are noted.
fn conclusive<R>(lookup: Lookup<R>, attempts: &mut u16) -> Option<Lookup<R>> {
    if lookup.outcome.is_conclusive() || lookup.outcome == Outcome::Excluded {
        return Some(lookup);
    }
    *attempts = lookup.attempts;
    None
}
