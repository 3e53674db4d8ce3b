//! How the probe of a domain begins: MX, then the two TXT records. Nearly every domain has no more to show, so this is led for thousands of them side
//! by side, without a future for each; what goes beyond is left to the probe.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use slab::Slab;

use super::dns::{Collector, Dns, Ended, ResourceRecord, Unsettled};
use crate::evidence::{Evidence, Lookup, Mx, Outcome};
use crate::exclusion::Exclusion;
use crate::name::Domain;

/// MX records that are kept, the most preferred. No mail domain comes near it, but a message of 64 KB can name 4,000 hosts of 1,000
/// characters each.
const MAX_MX: usize = 256;

/// A probe at its beginning.
pub struct Opening {
    /// What has been seen.
    pub(super) seen: Box<Evidence>,
    /// When it was begun.
    pub(super) begun: Instant,
    /// Lookups to go on with.
    pub(super) unsettled: UnsettledLookups,
}

/// Those of the three lookups whose first replies did not settle them.
#[derive(Default)]
pub(super) struct UnsettledLookups {
    pub(super) mx: Option<Box<Unsettled>>,
    pub(super) sts_txt: Option<Box<Unsettled>>,
    pub(super) tlsrpt_txt: Option<Box<Unsettled>>,
}

impl Opening {
    /// Of a domain of which nothing has been asked.
    pub(super) fn of(domain: Domain) -> Self {
        let seen = Box::new(Evidence::nothing_seen(domain, SystemTime::now()));
        Self { seen, begun: Instant::now(), unsettled: UnsettledLookups::default() }
    }

    /// Whether nothing remains to be asked of the three lookups.
    pub(super) fn is_settled(&self) -> bool {
        let Evidence { mx, sts_txt, tlsrpt_txt, .. } = &*self.seen;
        [mx.outcome, sts_txt.outcome, tlsrpt_txt.outcome].iter().all(|outcome| outcome.is_final())
    }
}

/// Whether a lookup is to be made: its outcome is not final, nor becomes so because its name is to be left alone.
pub(super) fn is_to_be_made<R>(lookup: &mut Lookup<R>, exclusion: &Exclusion) -> bool {
    if !lookup.outcome.is_final() && exclusion.covers_name(&lookup.name) {
        lookup.outcome = Outcome::Excluded;
    }
    !lookup.outcome.is_final()
}

/// What the MX lookup decides of the two others: bounds its records, and where nothing exists at the domain or below it, there is nothing to ask.
pub(super) fn conclude_mx(seen: &mut Evidence, prune: bool) {
    let Evidence { mx, sts_txt, tlsrpt_txt, .. } = seen;
    if mx.records.len() > MAX_MX {
        mx.records.sort_by_key(|mx| mx.preference);
        mx.keep(MAX_MX);
    }
    if prune && does_not_exist(mx) {
        (sts_txt.outcome, tlsrpt_txt.outcome) = (Outcome::Pruned, Outcome::Pruned);
    }
}

/// Whether nothing exists at the domain or below it (RFC 8020). Behind a CNAME it is the target that does not exist.
pub(super) fn does_not_exist(mx: &Lookup<Mx>) -> bool {
    mx.outcome == Outcome::Nxdomain && mx.cname_chain.is_empty()
}

/// Openings that are under way, each with something of the caller's.
pub struct Openings<T> {
    submitter: Submitter,
    prune: bool,
    under_way: Slab<UnderWay<T>>,
    /// With whom nothing came to be under way.
    ended: VecDeque<(T, Opening)>,
}

struct UnderWay<T> {
    target: T,
    opening: Opening,
    /// Lookups that have not ended.
    awaited: usize,
}

/// One of the three lookups.
#[derive(Clone, Copy)]
enum First {
    Mx,
    StsTxt,
    TlsrptTxt,
}

/// How many there are.
const FIRST: usize = 3;

impl First {
    /// What the lookup of the opening in this place is submitted with.
    fn tag(self, place: usize) -> usize {
        place * FIRST + self as usize
    }

    /// The place of an opening and which of its lookups has this tag.
    fn of_tag(tag: usize) -> (usize, Self) {
        let first = match tag % FIRST {
            0 => Self::Mx,
            1 => Self::StsTxt,
            _ => Self::TlsrptTxt,
        };
        (tag / FIRST, first)
    }
}

struct Submitter {
    collector: Collector,
    exclusion: Arc<Exclusion>,
}

impl Submitter {
    /// Whether the lookup is under way now. One that is not is final, or left to the probe.
    fn submit<R: ResourceRecord>(&self, lookup: &mut Lookup<R>, tag: usize) -> bool {
        is_to_be_made(lookup, &self.exclusion) && self.collector.submit(lookup, tag)
    }

    /// Submits what is to be asked after the MX lookup, unless that is left to the probe; says how many lookups are under way now.
    fn go_on_from_mx(&self, seen: &mut Evidence, prune: bool, place: usize) -> usize {
        if !seen.mx.outcome.is_final() {
            return 0;
        }
        conclude_mx(seen, prune);
        let Evidence { sts_txt, tlsrpt_txt, .. } = seen;
        usize::from(self.submit(sts_txt, First::StsTxt.tag(place))) + usize::from(self.submit(tlsrpt_txt, First::TlsrptTxt.tag(place)))
    }
}

impl<T> Openings<T> {
    /// None yet, of probes that look up by `dns`, leave alone what is in `exclusion` and ask below names that do not exist unless they `prune`.
    pub(super) fn new(dns: Dns, exclusion: Arc<Exclusion>, prune: bool) -> Self {
        let submitter = Submitter { collector: Collector::new(dns), exclusion };
        Self { submitter, prune, under_way: Slab::new(), ended: VecDeque::new() }
    }

    /// How many are under way or have ended and were not collected.
    pub fn len(&self) -> usize {
        self.under_way.len() + self.ended.len()
    }

    /// Begins to probe a domain.
    pub fn begin(&mut self, target: T, domain: Domain) {
        let place = self.under_way.vacant_key();
        let mut opening = Opening::of(domain);
        let mut awaited = usize::from(self.submitter.submit(&mut opening.seen.mx, First::Mx.tag(place)));
        if awaited == 0 {
            awaited = self.submitter.go_on_from_mx(&mut opening.seen, self.prune, place);
        }
        if awaited == 0 {
            self.ended.push_back((target, opening));
        } else {
            self.under_way.insert(UnderWay { target, opening, awaited });
        }
    }

    /// The next one with which nothing is under way any more, or [`Poll::Pending`] and a waker is left.
    pub fn poll_next(&mut self, context: &Context<'_>) -> Poll<(T, Opening)> {
        if let Some(ended) = self.ended.pop_front() {
            return Poll::Ready(ended);
        }
        while let Poll::Ready(ended) = self.submitter.collector.poll(context) {
            let (place, first) = First::of_tag(ended.tag());
            if self.lookup_ended(ended, place, first) == 0 {
                let UnderWay { target, opening, .. } = self.under_way.remove(place);
                return Poll::Ready((target, opening));
            }
        }
        Poll::Pending
    }

    /// Notes the end of a lookup, and goes on; says how many are awaited now.
    #[expect(
        clippy::indexing_slicing,
        reason = "an opening keeps its place until each of its lookups has ended; anything else is our mistake and to be seen"
    )]
    fn lookup_ended(&mut self, ended: Ended, place: usize, first: First) -> usize {
        let UnderWay { opening: Opening { seen, unsettled, .. }, awaited, .. } = &mut self.under_way[place];
        let collector = &self.submitter.collector;
        match first {
            First::Mx => unsettled.mx = collector.settle(ended, &mut seen.mx),
            First::StsTxt => unsettled.sts_txt = collector.settle(ended, &mut seen.sts_txt),
            First::TlsrptTxt => unsettled.tlsrpt_txt = collector.settle(ended, &mut seen.tlsrpt_txt),
        }
        *awaited = match first {
            First::Mx => self.submitter.go_on_from_mx(seen, self.prune, place),
            First::StsTxt | First::TlsrptTxt => *awaited - 1,
        };
        *awaited
    }
}
