//! The MX hosts of a domain as a policy can speak of them: which it can name and by which patterns, which it cannot, and which would fail.

use std::fmt;

use crate::classify::{Assessment, Code, MxState, Severity, TestedHosts, codes};
use crate::escape::safe;
use crate::evidence::Evidence;
use crate::name::address::is_address;
use crate::name::provider::{DocumentedPattern, documented_patterns};
use crate::parse::mx_pattern::{PatternMatch, matches};

use super::lint;

/// Why a policy cannot name a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcoming {
    /// It is an address.
    Address,
    /// What `lint` would say of the pattern.
    Pattern(Code),
}

impl fmt::Display for Shortcoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("an address"),
            Self::Pattern(code) => write!(f, "{code}"),
        }
    }
}

/// The MX hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Hosts that a policy can name.
    pub named: Vec<String>,
    /// What names them, in the order of the hosts.
    pub patterns: Vec<String>,
    /// The patterns among these that a provider documents.
    pub documented: Vec<DocumentedPattern>,
    /// Hosts that no policy can name, as no certificate can hold their names.
    pub unnameable: Vec<(String, Shortcoming)>,
    /// Hosts to which a sender under an enforced policy would not deliver, each with what was found there.
    pub failing: Vec<(String, Vec<Code>)>,
    /// Hosts of which that is not known.
    pub untested: Vec<String>,
    /// Whether it is known which hosts there are; if not, these are the patterns that are published now.
    pub known: bool,
}

impl Hosts {
    /// `stated`: the user named them, and may have named all hosts below a domain.
    pub(super) fn of(evidence: &Evidence, assessment: &Assessment, stated: bool) -> Self {
        let names = match assessment.mx_state {
            MxState::Present => assessment.mx_hosts.clone(),
            MxState::None => vec![evidence.domain.to_string()],
            MxState::Null | MxState::Nxdomain => Vec::new(),
            MxState::Unknown => assessment.policy_mx.clone().unwrap_or_default(),
        };
        let known = assessment.mx_state != MxState::Unknown;
        let mut hosts = Self { known, ..Self::default() };
        for name in names {
            match shortcoming(&name, stated || !known) {
                None if !hosts.named.contains(&name) => hosts.named.push(name),
                None => {}
                Some(why) => hosts.unnameable.push((name, why)),
            }
        }
        hosts.find_patterns();
        let tested = TestedHosts::of(evidence);
        let found = |host: &String| -> Vec<Code> {
            let of_host = assessment.findings.iter().filter(|finding| finding.subject == *host && !finding.leaves_open());
            let mut codes: Vec<Code> = of_host.filter(|finding| finding.severity < Severity::Info).map(|finding| finding.code).collect();
            codes.dedup();
            codes
        };
        hosts.failing = tested.failing.into_iter().map(|host| (host.clone(), found(&host))).collect();
        hosts.untested = if evidence.mx_asked.is_some_and(|asked| asked.smtp) { tested.untested } else { hosts.named.clone() };
        hosts
    }

    /// A documented pattern, where there is one that allows no host which cannot be named; else the name itself.
    fn find_patterns(&mut self) {
        for host in &self.named {
            let allows = |pattern: &str, host: &str| matches(pattern, host) == PatternMatch::Match;
            let is_too_wide = |pattern: &str| self.unnameable.iter().any(|(other, _)| allows(pattern, other));
            let documented = documented_patterns().find(|row| allows(row.pattern, host) && !is_too_wide(row.pattern));
            let pattern = documented.map_or(host.as_str(), |row| row.pattern);
            if !self.patterns.iter().any(|known| known == pattern) {
                self.patterns.push(pattern.to_owned());
                self.documented.extend(documented);
            }
        }
    }

    /// The hosts that no policy can name, each with why.
    pub(super) fn unnameable_in_words(&self) -> String {
        let host = |(name, why): &(String, Shortcoming)| format!("{} ({why})", safe(name));
        self.unnameable.iter().map(host).collect::<Vec<_>>().join(", ")
    }

    /// The hosts that fail, each with what was found.
    pub(super) fn failing_in_words(&self) -> String {
        let host = |(name, codes): &(String, Vec<Code>)| {
            let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
            let found = if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) };
            format!("{}{found}", safe(name))
        };
        self.failing.iter().map(host).collect::<Vec<_>>().join(", ")
    }

    /// Whether senders that enforce a policy could deliver to every host, as far as it is known.
    pub(super) fn may_be_enforced(&self) -> bool {
        self.unnameable.is_empty() && self.failing.is_empty() && !self.named.is_empty()
    }
}

fn shortcoming(name: &str, stated: bool) -> Option<Shortcoming> {
    if is_address(name) {
        return Some(Shortcoming::Address);
    }
    // As a pattern this would be right, and name other hosts than that.
    if name.starts_with("*.") && !stated {
        return Some(Shortcoming::Pattern(codes::STS_POLICY_MX_INVALID));
    }
    lint::pattern(name).filter(|objection| objection.forbids()).map(|objection| Shortcoming::Pattern(objection.code))
}
