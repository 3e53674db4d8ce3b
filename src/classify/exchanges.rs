//! Where the mail of a domain goes: its MX records and what is to be said of them.

use std::collections::HashSet;

use crate::evidence::{Evidence, Outcome};
use crate::name::address::is_address;
use crate::name::normalise_host;

use super::assessment::MxState;
use super::families::MX;
use super::findings::{Findings, THE_DOMAIN};
use super::rule::codes;

codes! {
    10010 MX_NULL = "mx-null" {
        clause: "RFC 7505 section 3",
        summary: "The domain says with a null MX that it takes no mail.",
        effect: "Senders return mail to the domain at once.",
        remedy: "Nothing to fix, unless the domain is meant to receive mail.",
        example: Some(Seen("example.com. MX 0 .", "example.com. MX 10 mail.example.com.")),
        ..MX
    }
    10020 MX_NULL_NOT_ALONE = "mx-null-not-alone" {
        severity: Medium,
        clause: "RFC 7505 section 3",
        summary: "A null MX stands beside other MX records, which RFC 7505 forbids.",
        effect: "Senders disagree: some deliver to the other hosts, some return the mail at once.",
        remedy: "Remove the null MX (preference 0, host .) if the domain receives mail, and all other MX records if it does not.",
        example: Some(Seen("example.com. MX 0 .\nexample.com. MX 10 mail.example.com.", "example.com. MX 10 mail.example.com.")),
        ..MX
    }
    10030 MX_NONE = "mx-none" {
        summary: "The domain has no MX record.",
        effect: "Senders try to deliver to the addresses of the domain itself, if it has any.",
        remedy: "Publish the MX records if the domain receives mail, or a null MX (preference 0, host .) if it does not.",
        example: Some(Seen("example.com. MX  no data", "example.com. MX 10 mail.example.com.")),
        ..MX
    }
    10050 MX_DUPLICATE = "mx-duplicate" {
        severity: Low,
        summary: "The same host stands in more than one MX record.",
        effect: "None beyond a needless second attempt.",
        remedy: "Keep one MX record for each host.",
        example: Some(Seen(
            "example.com. MX 10 mail.example.com.\nexample.com. MX 20 mail.example.com.",
            "example.com. MX 10 mail.example.com.\nexample.com. MX 20 backup.example.com.",
        )),
        ..MX
    }
    10060 MX_IP_LITERAL = "mx-ip-literal" {
        severity: High,
        summary: "An MX record holds an IP address where a host name belongs.",
        effect: "Senders look the address up as a name, find nothing, and cannot deliver to this host.",
        remedy: "Give the mail server a host name with an A or AAAA record, and put that name into the MX record.",
        example: Some(Seen("example.com. MX 10 192.0.2.25.", "example.com. MX 10 mail.example.com.\nmail.example.com. A 192.0.2.25")),
        ..MX
    }
    10070 MX_U_LABEL = "mx-u-label" {
        severity: Medium,
        clause: "RFC 5890 section 2.3.2.1",
        summary: "An MX record holds a name with characters outside ASCII.",
        effect: "Many senders cannot look such a name up, and it matches no pattern of a policy.",
        remedy: "Write the name in A-labels, which begin with xn--.",
        example: Some(Seen("example.com. MX 10 m\\195\\188ller.example.", "example.com. MX 10 xn--mller-kva.example.")),
        ..MX
    }
    10080 MX_UNDERSCORE = "mx-underscore" {
        severity: Low,
        clause: "RFC 5321 section 2.3.5",
        summary: "The name of an MX host contains an underscore.",
        effect: "No certificate authority issues certificates for such a name and no valid pattern matches it, so MTA-STS cannot protect the host.",
        remedy: "Rename the host with letters, digits and hyphens only.",
        example: Some(Seen("example.com. MX 10 mail_1.example.com.", "example.com. MX 10 mail-1.example.com.")),
        ..MX
    }
}

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
    // A set of records has no duplicates (RFC 2181 section 5); one host with two preferences is another matter.
    hosts.dedup();
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
        findings.add(MX_NULL_NOT_ALONE, evidence.domain.as_str(), "");
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
        MxState::Null => findings.add(MX_NULL, domain, ""),
        MxState::None => findings.add(MX_NONE, THE_DOMAIN, ""),
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
                findings.add(MX_DUPLICATE, name, detail());
            }
            continue; // What else is to be said of the host has been said.
        }
        if is_address(name) {
            findings.add(MX_IP_LITERAL, name, detail());
        }
        if is_beyond_ascii(name) {
            findings.add(MX_U_LABEL, name, detail());
        }
        if name.contains('_') {
            findings.add(MX_UNDERSCORE, name, detail());
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
