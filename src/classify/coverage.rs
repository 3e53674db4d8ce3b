//! MX hosts held against the patterns of a policy (RFC 8461 section 4.1).

use std::collections::HashSet;

use crate::parse::mx_pattern::{PatternMatch, matches, matches_lenient};

use super::assessment::Coverage;
use super::exchanges::Host;

/// Patterns, looked up by name: a hostile policy and a hostile answer together would make too many pairs.
pub(super) struct Patterns<'a> {
    as_written: &'a [String],
    lower: HashSet<String>,
}

/// The result of holding all hosts against all patterns.
pub(super) struct Comparison<'a> {
    pub coverage: Coverage,
    /// Hosts that no pattern matches.
    pub uncovered: Vec<Uncovered<'a>>,
    /// Patterns that match no host, as written, each once.
    pub stale: Vec<&'a str>,
}

/// A host that no pattern matches.
pub(super) struct Uncovered<'a> {
    pub host: &'a Host,
    /// The wildcard that is too shallow for the host by one label or more.
    pub too_shallow: Option<String>,
}

impl<'a> Patterns<'a> {
    pub(super) fn new(as_written: &'a [String]) -> Self {
        Self { as_written, lower: as_written.iter().map(|pattern| pattern.to_ascii_lowercase()).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lower.is_empty()
    }

    /// The patterns of the policy that could match a host: its name, and a wildcard at each of its ancestors.
    fn candidates(&self, host: &str) -> impl Iterator<Item = String> {
        let ancestors = std::iter::successors(host.split_once('.').map(|(_, parent)| parent), |name| name.split_once('.').map(|(_, p)| p));
        std::iter::once(host.to_owned()).chain(ancestors.map(|name| format!("*.{name}"))).filter(|pattern| self.lower.contains(pattern))
    }

    /// Holds the hosts against the patterns as the RFC says; `None` where there is nothing to compare.
    pub(super) fn compare(&self, hosts: &'a [Host]) -> Option<Comparison<'a>> {
        let mut used = HashSet::new();
        let mut uncovered = Vec::new();
        for host in hosts {
            let (mut covered, mut too_shallow) = (false, None);
            for pattern in self.candidates(&host.name) {
                match matches(&pattern, &host.name) {
                    PatternMatch::Match => {
                        covered = true;
                        used.insert(pattern);
                    }
                    PatternMatch::NoMatchDepth => too_shallow = too_shallow.or(Some(pattern)),
                    PatternMatch::NoMatch | PatternMatch::InvalidPattern(_) => {}
                }
            }
            if !covered {
                uncovered.push(Uncovered { host, too_shallow });
            }
        }
        let mut seen = HashSet::new();
        let fresh = |pattern: &&String| {
            let lower = pattern.to_ascii_lowercase();
            !used.contains(&lower) && seen.insert(lower)
        };
        let stale = self.as_written.iter().filter(fresh).map(String::as_str).collect();
        self.share(hosts, uncovered.len()).map(|coverage| Comparison { coverage, uncovered, stale })
    }

    /// Whether a pattern allows the host, as the RFC says.
    pub(super) fn covers(&self, host: &str) -> bool {
        self.candidates(host).any(|pattern| matches(&pattern, host) == PatternMatch::Match)
    }

    /// The same as forgiving senders do it.
    pub(super) fn covers_lenient(&self, host: &str) -> bool {
        self.candidates(host).any(|pattern| matches_lenient(&pattern, host))
    }

    /// Holds the hosts against the patterns as forgiving senders do.
    pub(super) fn compare_lenient(&self, hosts: &[Host]) -> Option<Coverage> {
        self.share(hosts, hosts.len() - hosts.iter().filter(|host| self.covers_lenient(&host.name)).count())
    }

    fn share(&self, hosts: &[Host], uncovered: usize) -> Option<Coverage> {
        match uncovered {
            _ if hosts.is_empty() || self.is_empty() => None,
            0 => Some(Coverage::All),
            n if n == hosts.len() => Some(Coverage::None),
            _ => Some(Coverage::Some),
        }
    }
}
