//! What was seen: plain values without IO and without judgement.
//!
//! A probe leaves one [`Evidence`] a domain, every step recorded even where it failed. Evidence is all that
//! judgement reads, so a stored scan can be judged again without sending a packet.

mod connection;
mod encoding;
mod failure;
mod fetch;
mod lookup;
mod mail_server;
mod report_receiver;
mod tls;

use std::time::SystemTime;

pub use self::connection::{Connection, SHORT_BODY_LIMIT, status_may_pass};
pub use self::failure::{FetchError, FetchFault, FetchStage, UNRECOGNIZED_NAME};
pub use self::fetch::{BODY_LIMIT, Fetch, KEPT_HEADERS, Timings};
pub use self::lookup::{Alias, AnyLookup, AnyRecord, ExtendedError, Lookup, Mx, Outcome, Record, Tlsa, Txt};
pub use self::mail_server::{
    CHAIN_LIMIT, ChainCertificate, Conversation, GivenAnchor, HostLookup, MxAsked, Path, REPLY_LIMIT, SURPLUS_LIMIT, SmtpTimings,
};
pub use self::report_receiver::ReceiverLookup;
pub use self::tls::{Certificate, CertificateFault, SecondHello, TlsVersion};

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::name::Domain;

/// Everything that a probe of one domain saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evidence {
    /// The domain that was probed.
    pub domain: Domain,
    /// Start of the probe.
    #[serde(with = "encoding::time")]
    pub scanned_at: SystemTime,
    /// Length of the probe in milliseconds.
    pub elapsed_ms: u32,
    /// MX of the domain; at most 256 records are kept.
    pub mx: Lookup<Mx>,
    /// TXT at `_mta-sts.DOMAIN`.
    pub sts_txt: Lookup<Txt>,
    /// TXT at `_smtp._tls.DOMAIN`.
    pub tlsrpt_txt: Lookup<Txt>,
    /// A of the policy host; `None` where no record asked for a policy.
    pub host_a: Option<Lookup<Ipv4Addr>>,
    /// AAAA of the policy host, or, where A has led to an alias, of its end, which many domains share; `None` where no record asked for a
    /// policy.
    pub host_aaaa: Option<Lookup<Ipv6Addr>>,
    /// The HTTPS exchange; `None` where there was no address to connect to or nothing to fetch. Rare and large, and so apart.
    pub fetch: Option<Box<Fetch>>,
    /// What the MX hosts were to be asked; `None` if nothing but their addresses was looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mx_asked: Option<MxAsked>,
    /// The MX hosts, the most preferred first; empty where no record asked for a policy and nobody for the MX hosts.
    #[serde(default)]
    pub mx_hosts: Vec<HostLookup>,
    /// The receivers of TLS reports, in the order of the record; empty where there is no TLSRPT record.
    #[serde(default)]
    pub rua_hosts: Vec<ReceiverLookup>,
    /// TXT at the names at which records are published by mistake, at a name that nobody publishes and, of a subdomain that takes mail
    /// and has no record, at the `_mta-sts` of its registrable domain; empty unless asked for.
    #[serde(default)]
    pub stray_records: Vec<Lookup<Txt>>,
    /// Extra requests for the policy: at the policy host's other addresses, and, where it is not found, where it should not be; empty
    /// unless asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_requests: Vec<Connection>,
}

impl Evidence {
    /// A probe that has not seen anything yet: the first three questions, not asked.
    pub fn nothing_seen(domain: Domain, scanned_at: SystemTime) -> Self {
        Self {
            mx: Lookup::unsent(domain.as_str().to_owned(), Outcome::LocalError),
            sts_txt: Lookup::unsent(domain.sts_record_name(), Outcome::LocalError),
            tlsrpt_txt: Lookup::unsent(domain.tlsrpt_record_name(), Outcome::LocalError),
            domain,
            scanned_at,
            elapsed_ms: 0,
            host_a: None,
            host_aaaa: None,
            fetch: None,
            mx_asked: None,
            mx_hosts: Vec::new(),
            rua_hosts: Vec::new(),
            stray_records: Vec::new(),
            extra_requests: Vec::new(),
        }
    }

    /// Whether there is nothing beside the first three lookups, which every probe makes.
    pub fn has_first_lookups_alone(&self) -> bool {
        let Self { host_a, host_aaaa, fetch, mx_asked, mx_hosts, rua_hosts, stray_records, extra_requests, .. } = self;
        host_a.is_none()
            && host_aaaa.is_none()
            && fetch.is_none()
            && mx_asked.is_none()
            && mx_hosts.is_empty()
            && rua_hosts.is_empty()
            && stray_records.is_empty()
            && extra_requests.is_empty()
    }

    /// Forgets what a resolver that is not trusted to validate says of validation: nobody could tell an AD bit that is missing there from
    /// a name that is not signed.
    pub fn forget_validation(&mut self) {
        fn forget<R>(lookup: &mut Lookup<R>) {
            lookup.authenticated = None;
        }
        forget(&mut self.mx);
        forget(&mut self.sts_txt);
        forget(&mut self.tlsrpt_txt);
        self.host_a.iter_mut().for_each(forget);
        self.host_aaaa.iter_mut().for_each(forget);
        for HostLookup { a, aaaa, alias, tlsa, .. } in &mut self.mx_hosts {
            forget(a);
            forget(aaaa);
            alias.iter_mut().for_each(forget);
            tlsa.iter_mut().for_each(forget);
        }
        for ReceiverLookup { mx, a, aaaa, .. } in &mut self.rua_hosts {
            mx.iter_mut().for_each(forget);
            a.iter_mut().for_each(forget);
            aaaa.iter_mut().for_each(forget);
        }
        self.stray_records.iter_mut().for_each(forget);
    }

    /// Whether another round may bring what this one has not: a lookup failed, the fetch did by a fault of this machine, or a mail server
    /// refused to talk for the first time.
    pub fn is_worth_another_round(&self) -> bool {
        self.has_failed_lookup()
            || self.fetch.as_ref().and_then(|fetch| fetch.error.as_ref()).is_some_and(FetchError::is_local)
            || self.has_refused_conversation()
    }

    /// Whether a mail server is worth asking once more.
    pub fn has_refused_conversation(&self) -> bool {
        self.mx_hosts.iter().any(HostLookup::is_worth_another_round)
    }

    /// Whether a lookup failed in a way that another attempt may fix: no answer, or none that settles anything.
    ///
    /// MX hosts, receivers of reports and names looked around at do not count: one large receiver that fails would have all
    /// who report to it probed again, and each of them already asks again.
    pub fn has_failed_lookup(&self) -> bool {
        self.lookups().any(|lookup| !lookup.outcome().is_final())
    }

    /// The lookups that the probe made for this domain alone, in the order of the questions. Those of hosts that other domains name, too,
    /// and of stray records are not among them.
    pub fn lookups(&self) -> impl Iterator<Item = &dyn AnyLookup> {
        self.places().into_iter().flatten()
    }

    /// What became of each of these lookups; `None` where it was not made.
    pub(crate) fn outcomes(&self) -> Outcomes {
        self.places().map(|place| place.map(AnyLookup::outcome))
    }

    /// Questions sent for each of the lookups that failed.
    pub(crate) fn failed_attempts(&self) -> Attempts {
        Attempts(self.places().map(|place| place.filter(|lookup| !lookup.outcome().is_final()).map_or(0, AnyLookup::attempts)))
    }

    /// Counts the questions that were sent earlier for the same lookups.
    pub(crate) fn add_attempts(&mut self, earlier: Attempts) {
        for (place, attempts) in self.places_mut().into_iter().zip(earlier.0) {
            place.into_iter().for_each(|lookup| lookup.add_attempts(attempts));
        }
    }
}

/// Declares which fields of [`Evidence`] are the lookups of [`Evidence::lookups`]. It names the others, too, so that no field is forgotten.
macro_rules! lookups {
    ($($lookup:ident),+; beside $($other:ident),+) => {
        impl Evidence {
            const LOOKUPS: usize = [$(stringify!($lookup)),+].len();

            fn places(&self) -> [Option<&dyn AnyLookup>; Self::LOOKUPS] {
                let Self { $($lookup,)+ $($other: _),+ } = self;
                [$($lookup.get()),+]
            }

            fn places_mut(&mut self) -> [Option<&mut dyn AnyLookup>; Self::LOOKUPS] {
                let Self { $($lookup,)+ $($other: _),+ } = self;
                [$($lookup.get_mut()),+]
            }

            /// Takes over the lookups that are final in an earlier probe of the domain.
            pub(crate) fn take_final(&mut self, earlier: &mut Self) {
                $(self.$lookup.take_final(&mut earlier.$lookup);)+
            }
        }
    };
}

lookups! {
    mx, sts_txt, tlsrpt_txt, host_a, host_aaaa;
    beside domain, scanned_at, elapsed_ms, fetch, mx_asked, mx_hosts, rua_hosts, stray_records, extra_requests
}

/// The outcomes of the lookups of a domain.
pub(crate) type Outcomes = [Option<Outcome>; Evidence::LOOKUPS];

/// Questions sent for each lookup of a domain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts([u16; Evidence::LOOKUPS]);

/// A field of the evidence that holds a lookup, or may hold one.
trait Place {
    fn get(&self) -> Option<&dyn AnyLookup>;
    fn get_mut(&mut self) -> Option<&mut dyn AnyLookup>;
    fn take_final(&mut self, earlier: &mut Self);
}

impl<R: Record> Place for Lookup<R> {
    fn get(&self) -> Option<&dyn AnyLookup> {
        Some(self)
    }

    fn get_mut(&mut self) -> Option<&mut dyn AnyLookup> {
        Some(self)
    }

    fn take_final(&mut self, earlier: &mut Self) {
        if earlier.outcome.is_final() {
            std::mem::swap(self, earlier);
        }
    }
}

impl<R: Record> Place for Option<Lookup<R>> {
    fn get(&self) -> Option<&dyn AnyLookup> {
        self.as_ref().map(|lookup| lookup as &dyn AnyLookup)
    }

    fn get_mut(&mut self) -> Option<&mut dyn AnyLookup> {
        self.as_mut().map(|lookup| lookup as &mut dyn AnyLookup)
    }

    fn take_final(&mut self, earlier: &mut Self) {
        if earlier.as_ref().is_some_and(|lookup| lookup.outcome.is_final()) {
            std::mem::swap(self, earlier);
        }
    }
}
