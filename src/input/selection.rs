//! Which of the names are targets: folding, opt-outs, duplicates, and the part of the list that was asked for.

use std::collections::BinaryHeap;

use super::distinct::{Distinct, Meeting, identity};
use super::options::{InputOptions, Sample};
use super::reject::Reason;
use crate::exclusion::Exclusion;
use crate::name::{Domain, suffix};

/// What becomes of a name.
pub(super) enum Verdict {
    Rejected(Reason),
    Excluded,
    Duplicate(Domain),
    NotSelected,
    /// Wanted by `skip` and `top`; with the rank it should have.
    Candidate(Domain, Option<i32>),
}

/// The steps from a name to a candidate, in the documented order.
pub(super) struct Selection {
    registrable: bool,
    exclusion: Exclusion,
    names: Distinct,
    skip: u64,
    /// Distinct names from the beginning of the list that may be candidates, those of `skip` included.
    end: u64,
    passed: u64,
}

impl Selection {
    pub(super) fn new(options: &InputOptions, exclusion: &Exclusion) -> Self {
        let names = Distinct::new(options.memory, options.registrable);
        let end = options.top.map_or(u64::MAX, |top| options.skip.saturating_add(top));
        Self { registrable: options.registrable, exclusion: exclusion.clone(), names, skip: options.skip, end, passed: 0 }
    }

    /// Begins to read all lists again.
    pub(super) fn next_pass(&mut self) {
        self.names.next_pass();
        self.passed = 0;
    }

    /// See [`super::targets::Input::unchecked`].
    pub(super) fn unchecked(&self) -> u64 {
        self.names.unchecked()
    }

    /// Names that will be judged soon.
    pub(super) fn expect(&self, names: &mut dyn Iterator<Item = &Domain>) {
        self.names.expect(names.map(|domain| identity(domain.as_str())));
    }

    pub(super) fn judge(&mut self, source: usize, domain: Domain, rank: Option<i32>) -> Verdict {
        let domain = if self.registrable {
            match folded(domain) {
                Some(domain) => domain,
                None => return Verdict::Rejected(Reason::PublicSuffix),
            }
        } else {
            domain
        };
        if self.exclusion.covers_name(domain.as_str()) {
            return Verdict::Excluded;
        }
        let source = u32::try_from(source).unwrap_or(u32::MAX);
        let Meeting::First(rank) = self.names.meet(identity(domain.as_str()), source, rank) else {
            return Verdict::Duplicate(domain);
        };
        self.passed += 1;
        if self.passed > self.skip && self.passed <= self.end { Verdict::Candidate(domain, rank) } else { Verdict::NotSelected }
    }
}

fn folded(domain: Domain) -> Option<Domain> {
    let registrable = suffix::registrable(domain.as_str())?;
    if registrable.len() == domain.as_str().len() { Some(domain) } else { Domain::from_a_labels(registrable) }
}

/// Finds the smallest hashes of all candidates.
pub(super) struct Draw {
    sample: Sample,
    smallest: BinaryHeap<u128>,
}

impl Draw {
    pub(super) fn new(sample: Sample) -> Self {
        Self { sample, smallest: BinaryHeap::new() }
    }

    pub(super) fn add(&mut self, name: &str) {
        let hash = lot(self.sample, name);
        if (self.smallest.len() as u64) < self.sample.size {
            self.smallest.push(hash);
        } else if let Some(mut largest) = self.smallest.peek_mut()
            && hash < *largest
        {
            *largest = hash;
        }
    }

    pub(super) fn finish(self) -> Drawn {
        Drawn { sample: self.sample, largest: self.smallest.peek().copied(), left: self.smallest.len() as u64 }
    }
}

/// The sample: all candidates with a hash up to the largest drawn one.
pub(super) struct Drawn {
    sample: Sample,
    largest: Option<u128>,
    /// Names still to come; keeps the size where a name that was let through unchecked comes twice.
    left: u64,
}

impl Drawn {
    /// How many names of the sample are still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Whether the candidate is in the sample; to be asked once for each.
    pub(super) fn takes(&mut self, name: &str) -> bool {
        let taken = self.left > 0 && self.largest.is_some_and(|largest| lot(self.sample, name) <= largest);
        self.left -= u64::from(taken);
        taken
    }
}

fn lot(sample: Sample, name: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128_with_seed(name.as_bytes(), sample.seed)
}
