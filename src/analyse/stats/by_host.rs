//! Facts of MX hosts counted twice: of each host once, however many domains name it, and of the domains that have such a host.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_64;

use super::ranking::Ranking;

/// Most hosts, or pairs of a host and a name, that are kept apart, of 24 bytes or so each; beyond, new ones are not counted.
const MAX_HOSTS: usize = 4_000_000;

/// Most facts of a host.
pub(crate) const MAX_FACTS: usize = u64::BITS as usize;

/// What is known of a host, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts(u64);

impl Facts {
    /// Adds a fact by its place, below [`MAX_FACTS`].
    pub(crate) const fn add(&mut self, fact: usize) {
        self.0 |= 1 << fact;
    }

    /// Adds a fact where it is so.
    pub(crate) const fn add_if(&mut self, is_so: bool, fact: usize) {
        if is_so {
            self.add(fact);
        }
    }

    pub(crate) const fn has(self, fact: usize) -> bool {
        self.0 & (1 << fact) != 0
    }

    pub(crate) const fn add_all(&mut self, others: Self) {
        self.0 |= others.0;
    }
}

/// The hosts of a group, by hashes of their names. What a host showed once it has shown, wherever else it is named.
#[derive(Clone, Debug, Default)]
pub(crate) struct MxHosts {
    /// Facts of each host, and the hash of its provider's name.
    hosts: HashMap<u64, (Facts, u64)>,
    /// Domains with at least one host of which the fact holds.
    domains: HashMap<usize, u64>,
    /// Registrable domains of the hosts: domains that have a host below them.
    providers: Ranking<1>,
    /// Organisations that issued certificates of the hosts.
    pub(crate) issuers: ByHost,
    /// Usage, selector and matching type of the hosts' TLSA records.
    pub(crate) parameters: ByHost,
    overflowed: bool,
}

impl MxHosts {
    /// Adds what a domain shows of a host.
    pub(crate) fn add_host(&mut self, host: &str, provider: &str, facts: Facts) {
        self.add_hashed(xxh3_64(host.as_bytes()), xxh3_64(provider.as_bytes()), facts);
    }

    fn add_hashed(&mut self, host: u64, provider: u64, facts: Facts) {
        if let Some((known, _)) = self.hosts.get_mut(&host) {
            known.add_all(facts);
        } else if self.hosts.len() < MAX_HOSTS {
            self.hosts.insert(host, (facts, provider));
        } else {
            self.overflowed = true;
        }
    }

    /// Adds a domain: what is so of at least one of its hosts, and their providers, each once.
    pub(crate) fn add_domain<'n>(&mut self, facts: Facts, providers: impl Iterator<Item = &'n str>) {
        for fact in (0..MAX_FACTS).filter(|fact| facts.has(*fact)) {
            *self.domains.entry(fact).or_default() += 1;
        }
        providers.for_each(|provider| self.providers.add(provider, [1]));
    }

    /// How many hosts are so.
    pub(crate) fn hosts(&self, fact: usize) -> u64 {
        self.hosts.values().filter(|(facts, _)| facts.has(fact)).count() as u64
    }

    /// How many domains have a host that is so.
    pub(crate) fn domains(&self, fact: usize) -> u64 {
        self.domains.get(&fact).copied().unwrap_or_default()
    }

    /// The providers by domains, the greatest first, and of each how many hosts are so, fact by fact.
    pub(crate) fn providers<const K: usize>(&self, facts: [usize; K]) -> Vec<(&str, u64, [u64; K])> {
        let mut by_provider = HashMap::<u64, [u64; K]>::new();
        for (known, provider) in self.hosts.values() {
            let counts = by_provider.entry(*provider).or_insert([0; K]);
            counts.iter_mut().zip(facts).for_each(|(count, fact)| *count += u64::from(known.has(fact)));
        }
        let of = |(name, [domains]): (_, [u64; 1])| {
            let counts = by_provider.get(&xxh3_64(str::as_bytes(name))).copied().unwrap_or([0; K]);
            (name, domains, counts)
        };
        self.providers.sorted().into_iter().map(of).collect()
    }

    /// Whether there were too many hosts to keep them all.
    pub(crate) const fn overflowed(&self) -> bool {
        self.overflowed || self.issuers.overflowed || self.parameters.overflowed
    }

    /// The greatest count up to which names may be missing.
    pub(crate) fn lost(&self) -> u64 {
        [&self.providers, &self.issuers.domains, &self.parameters.domains].into_iter().map(Ranking::lost).max().unwrap_or_default()
    }

    /// Adds the counts of others.
    pub(crate) fn merge(mut self, mut other: Self) -> Self {
        if other.hosts.len() > self.hosts.len() {
            std::mem::swap(&mut self.hosts, &mut other.hosts);
        }
        for (host, (facts, provider)) in other.hosts {
            self.add_hashed(host, provider, facts);
        }
        for (fact, domains) in other.domains {
            *self.domains.entry(fact).or_default() += domains;
        }
        Self {
            providers: self.providers.merge(other.providers),
            issuers: self.issuers.merge(other.issuers),
            parameters: self.parameters.merge(other.parameters),
            overflowed: self.overflowed || other.overflowed,
            hosts: self.hosts,
            domains: self.domains,
        }
    }
}

/// Names by the hosts that have them, and by the domains that have such a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByHost {
    domains: Ranking<1>,
    /// A host and a name, by their hashes.
    pairs: HashSet<(u64, u64)>,
    overflowed: bool,
}

impl ByHost {
    /// Adds a name of a host.
    pub(crate) fn add_host(&mut self, host: &str, name: &str) {
        self.add_pair((xxh3_64(host.as_bytes()), xxh3_64(name.as_bytes())));
    }

    fn add_pair(&mut self, pair: (u64, u64)) {
        if self.pairs.len() < MAX_HOSTS {
            self.pairs.insert(pair);
        } else if !self.pairs.contains(&pair) {
            self.overflowed = true;
        }
    }

    /// Adds a domain that has a host with the name, once for each name.
    pub(crate) fn add_domain(&mut self, name: &str) {
        self.domains.add(name, [1]);
    }

    /// The names by domains, the greatest first: hosts and domains.
    pub(crate) fn sorted(&self) -> Vec<(&str, [u64; 2])> {
        let mut hosts = HashMap::<u64, u64>::new();
        self.pairs.iter().for_each(|(_, name)| *hosts.entry(*name).or_default() += 1);
        let of =
            |(name, [domains]): (_, [u64; 1])| (name, [hosts.get(&xxh3_64(str::as_bytes(name))).copied().unwrap_or_default(), domains]);
        self.domains.sorted().into_iter().map(of).collect()
    }

    fn merge(mut self, other: Self) -> Self {
        other.pairs.into_iter().for_each(|pair| self.add_pair(pair));
        Self { domains: self.domains.merge(other.domains), pairs: self.pairs, overflowed: self.overflowed || other.overflowed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(places: &[usize]) -> Facts {
        let mut facts = Facts::default();
        places.iter().for_each(|place| facts.add(*place));
        facts
    }

    /// One host of two domains, another of one.
    fn counted(domains: &[usize]) -> MxHosts {
        let mut counted = MxHosts::default();
        for domain in domains {
            let (host, of_host, issuer) = [("mx.a.example", facts(&[0, 1]), "A"), ("mx.b.example", facts(&[0]), "B")][domain % 2];
            counted.add_host(host, &host[3..], of_host);
            counted.issuers.add_host(host, issuer);
            counted.issuers.add_domain(issuer);
            counted.add_domain(of_host, std::iter::once(&host[3..]));
        }
        counted
    }

    #[test]
    fn a_host_counts_once_and_its_domains_each() {
        for (one, two) in [(counted(&[0, 1, 2]), MxHosts::default()), (counted(&[0, 1]), counted(&[2])), (counted(&[2]), counted(&[1, 0]))]
        {
            let sum = one.merge(two);
            assert_eq!(([0, 1, 2].map(|fact| sum.hosts(fact)), [0, 1, 2].map(|fact| sum.domains(fact))), ([2, 1, 0], [3, 2, 0]));
            assert_eq!(sum.providers([0, 1]), [("a.example", 2, [1, 1]), ("b.example", 1, [1, 0])]);
            assert_eq!(sum.issuers.sorted(), [("A", [1, 2]), ("B", [1, 1])]);
            assert!(!sum.overflowed());
        }
    }
}
