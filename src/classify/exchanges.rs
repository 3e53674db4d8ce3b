//! Where the mail of a domain goes: its MX records and what is to be said of them.

use std::collections::HashSet;

use crate::evidence::{Evidence, Outcome};
use crate::name::address::is_address;
use crate::name::normalise_host;

use super::MxState;
use super::findings::{Findings, THE_DOMAIN};

/// A host that takes mail for the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// Lower case, no trailing dot.
    pub name: String,
    /// Least preference of its MX records.
    pub preference: u16,
}

/// The MX records of a domain.
#[derive(Clone, Debug)]
pub(super) struct Exchanges {
    pub state: MxState,
    /// In order of preference, hosts of one preference by name, each once.
    pub hosts: Vec<Host>,
}

impl Exchanges {
    /// The hosts to which mail goes: the MX hosts, or the domain itself as its implicit MX (RFC 5321 section 5.1).
    ///
    /// `None` where that is not known; empty where nobody delivers.
    pub(super) fn destinations(&self, domain: &str) -> Option<Vec<Host>> {
        match self.state {
            MxState::Present => Some(self.hosts.clone()),
            MxState::None => Some(vec![Host { name: domain.to_owned(), preference: 0 }]),
            MxState::Null | MxState::Nxdomain => Some(Vec::new()),
            MxState::Unknown => None,
        }
    }
}

/// Reads the MX lookup.
pub(super) fn read(evidence: &Evidence, findings: &mut Findings) -> Exchanges {
    let mut hosts: Vec<Host> = evidence
        .mx
        .records
        .iter()
        .map(|mx| Host { name: normalise_host(&mx.exchange), preference: mx.preference })
        .filter(|host| !matches!(host.name.as_str(), "." | ""))
        .collect();
    hosts.sort_by(|a, b| (a.preference, &a.name).cmp(&(b.preference, &b.name)));
    let state = match evidence.mx.outcome {
        Outcome::Noerror if !hosts.is_empty() => MxState::Present,
        Outcome::Noerror if !evidence.mx.records.is_empty() => MxState::Null,
        Outcome::Noerror | Outcome::Nodata => MxState::None,
        Outcome::Nxdomain | Outcome::Pruned => MxState::Nxdomain,
        _ => MxState::Unknown,
    };
    if state != MxState::Present {
        hosts.clear();
    }
    if state == MxState::Present && evidence.mx.records.iter().any(|mx| mx.exchange == ".") {
        findings.add("mx-null-not-alone", evidence.domain.as_str(), "");
    }
    let is_repeated = is_repeated(&hosts);
    remark(state, &hosts, is_repeated, evidence.domain.as_str(), findings);
    if is_repeated {
        let mut seen = HashSet::new();
        hosts.retain(|host| seen.insert(host.name.clone()));
    }
    Exchanges { state, hosts }
}

/// Whether a name occurs more than once, as it hardly ever does.
fn is_repeated(hosts: &[Host]) -> bool {
    let mut names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

fn remark(state: MxState, hosts: &[Host], is_repeated: bool, domain: &str, findings: &mut Findings) {
    match state {
        MxState::Null => findings.add("mx-null", domain, ""),
        MxState::None => findings.add("mx-none", THE_DOMAIN, ""),
        MxState::Present | MxState::Nxdomain | MxState::Unknown => {}
    }
    if hosts.is_empty() {
        return;
    }
    let (mut once, mut twice) = (HashSet::new(), HashSet::new());
    for Host { name, preference } in hosts {
        let detail = || format!("preference {preference}");
        if is_repeated && !once.insert(name) {
            if twice.insert(name) {
                findings.add("mx-duplicate", name, detail());
            }
            continue; // What else is to be said of the host has been said.
        }
        if is_address(name) {
            findings.add("mx-ip-literal", name, detail());
        }
        if is_beyond_ascii(name) {
            findings.add("mx-u-label", name, detail());
        }
        if name.contains('_') {
            findings.add("mx-underscore", name, detail());
        }
    }
}

/// Whether a name in presentation form has octets outside ASCII, plain or as `\DDD` (RFC 1035 section 5.1).
fn is_beyond_ascii(name: &str) -> bool {
    let escaped = |rest: &str| rest.get(..3).and_then(|digits| digits.parse::<u16>().ok()).is_some_and(|octet| octet >= 128);
    !name.is_ascii() || name.split('\\').skip(1).any(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u_labels_are_recognised() {
        assert!(is_beyond_ascii("b\\195\\188cher.example") && is_beyond_ascii("b\u{fc}cher.example"));
        assert!(!is_beyond_ascii("a\\.b.example") && !is_beyond_ascii("a\\032b.example"));
    }
}
