//! The MX hosts of a domain as they were asked: each judged once, for findings and columns alike.

use crate::evidence::{Evidence, HostLookup, MxAsked};
use crate::name::address::is_address;
use crate::parse::policy::Mode;

use super::assessment::{DaneState, DnssecState, MxTls, Posture};
use super::conversation::declared::MX_ADDRESSES_DIFFER;
use super::conversation::{self, Spoken};
use super::dane::declared::{DANE_AND_STS, DANE_NO_TLSA, DANE_PARTIAL, DANE_PRESENT};
use super::dane::{self, Binding, HostDane, Question, shown};
use super::dnssec;
use super::exchanges;
use super::exchanges::Host;
use super::findings::{Findings, quoted, quoted_list};
use super::mx_certificate::declared::MX_CERT_MATCHES_POLICY_ONLY;
use super::mx_certificate::name_of_policy;
use super::verdict::Verdict;

/// One MX host.
#[derive(Debug)]
pub(super) struct MxHost<'a> {
    pub name: &'a str,
    /// Whether a sender under MTA-STS could deliver, whatever the policy's patterns; untested, too, where nobody was to be asked.
    pub sts: Verdict,
    /// What DANE says; `None` where TLSA records were not to be looked up.
    pub dane: Option<HostDane>,
    spoken: Vec<Spoken<'a>>,
}

/// The MX hosts of a domain, where they were asked more than their addresses.
#[derive(Debug)]
pub(super) struct MailServers<'a> {
    pub asked: MxAsked,
    /// The hosts that have an address, or may have one: to others nobody delivers.
    pub hosts: Vec<MxHost<'a>>,
    /// Whether it is known which hosts there are.
    known: bool,
    mx: DnssecState,
}

/// The MX hosts of a domain that have an address, or may have one, by what a sender under MTA-STS would make of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestedHosts {
    /// Their TLS and certificate would do.
    pub passing: Vec<String>,
    /// Nothing would be delivered to them under an enforced policy.
    pub failing: Vec<String>,
    /// It is not known.
    pub untested: Vec<String>,
}

impl TestedHosts {
    /// Judges the MX hosts as [`classify`](super::classify) does.
    pub fn of(evidence: &Evidence) -> Self {
        let mut tested = Self::default();
        let destinations = exchanges::read(evidence, &mut Findings::default()).destinations(evidence.domain.as_str());
        for host in MailServers::read(evidence, destinations.as_deref()).iter().flat_map(|servers| &servers.hosts) {
            let of_verdict = match host.sts {
                Verdict::Passes => &mut tested.passing,
                Verdict::Fails => &mut tested.failing,
                Verdict::Untested => &mut tested.untested,
            };
            of_verdict.push(host.name.to_owned());
        }
        tested
    }
}

impl<'a> MailServers<'a> {
    /// Judges the hosts to which the mail of the domain goes (`None`: not known which); `None` where nobody was to be asked.
    pub(super) fn read(evidence: &'a Evidence, destinations: Option<&'a [Host]>) -> Option<Self> {
        let asked = evidence.mx_asked?;
        let mx = dnssec::state(&evidence.mx, asked.validates);
        let hosts = destinations.unwrap_or_default().iter().filter_map(|host| {
            let lookup = evidence.mx_hosts.iter().find(|lookup| lookup.host == host.name);
            let nowhere = lookup.map_or_else(|| is_address(&host.name), has_no_address);
            (!nowhere).then(|| MxHost::judge(&host.name, lookup, asked, mx, evidence))
        });
        Some(Self { asked, hosts: hosts.collect(), known: destinations.is_some(), mx })
    }

    /// Column `mx_tls`.
    pub(super) fn mx_tls(&self) -> Option<MxTls> {
        let any = |verdict| self.hosts.iter().any(|host| host.sts == verdict);
        match (any(Verdict::Passes), any(Verdict::Fails), any(Verdict::Untested)) {
            _ if !self.asked.smtp => None,
            _ if !self.known => Some(MxTls::Unknown),
            _ if self.hosts.is_empty() => None, // Nobody to ask.
            (true, true, _) => Some(MxTls::Some),
            (_, _, true) => Some(MxTls::Unknown),
            (true, false, false) => Some(MxTls::All),
            (false, _, false) => Some(MxTls::None),
        }
    }

    /// Column `mx_dnssec`.
    pub(super) fn mx_dnssec(&self) -> Option<DnssecState> {
        self.asked.dane.then_some(self.mx)
    }

    /// Column `dane_state`: the worst of the hosts.
    pub(super) fn dane_state(&self) -> Option<DaneState> {
        const WORST_FIRST: [DaneState; 7] = [
            DaneState::Bogus,
            DaneState::Mismatch,
            DaneState::Unknown,
            DaneState::Valid,
            DaneState::Unusable,
            DaneState::Insecure,
            DaneState::Absent,
        ];
        if !self.asked.dane {
            return None;
        }
        if !self.known {
            return Some(if self.mx == DnssecState::Bogus { DaneState::Bogus } else { DaneState::Unknown });
        }
        let is = |state: &DaneState| self.states().any(|of_host| of_host == *state);
        match WORST_FIRST.into_iter().find(is).unwrap_or(DaneState::Absent) {
            DaneState::Valid if self.states().any(|state| state != DaneState::Valid) => Some(DaneState::Partial),
            state => Some(state),
        }
    }

    fn states(&self) -> impl Iterator<Item = DaneState> {
        self.hosts.iter().filter_map(|host| host.dane.as_ref()).map(|dane| dane.state)
    }

    /// Adds all that is to be said of the hosts. `mode` and `patterns`: of the policy in force.
    pub(super) fn remark(&self, evidence: &Evidence, mode: Option<Mode>, patterns: &[String], findings: &mut Findings) {
        if self.asked.dane {
            dnssec::remark(evidence, self.mx, findings);
        }
        for host in &self.hosts {
            host.remark(mode, patterns, findings);
        }
    }

    /// Adds what is to be said of DANE for the domain as a whole.
    pub(super) fn remark_dane(&self, domain: &str, posture: Posture, findings: &mut Findings) {
        let in_use = |host: &&MxHost<'_>| host.dane.as_ref().is_some_and(|dane| dane.state == DaneState::Valid);
        let state = self.dane_state();
        if matches!(state, Some(DaneState::Valid | DaneState::Partial)) {
            let tested = if self.asked.smtp { "" } else { "; published, not tested" };
            let hosts = quoted_list(self.hosts.iter().filter(in_use).map(|host| host.name));
            findings.add(DANE_PRESENT, domain, format!("MX hosts {hosts}{tested}"));
            if matches!(posture, Posture::Testing | Posture::Enforce) {
                findings.add(DANE_AND_STS, domain, format!("mode {posture}"));
            }
        }
        let is_partial = self.states().any(|state| matches!(state, DaneState::Valid | DaneState::Mismatch));
        for host in &self.hosts {
            let Some(dane) = host.dane.as_ref().filter(|dane| dane.state == DaneState::Absent) else { continue };
            if is_partial {
                findings.add(DANE_PARTIAL, host.name, "");
            } else if dane.could_have {
                findings.add(DANE_NO_TLSA, host.name, "");
            }
        }
    }
}

impl<'a> MxHost<'a> {
    fn judge(name: &'a str, lookup: Option<&'a HostLookup>, asked: MxAsked, mx: DnssecState, evidence: &'a Evidence) -> Self {
        let conversations = lookup.map_or(&[][..], |lookup| &lookup.conversations).iter().filter(|_| asked.smtp);
        let spoken: Vec<Spoken<'a>> = conversations.map(|conversation| conversation::judge(conversation, evidence.scanned_at)).collect();
        let question =
            Question { domain: evidence.domain.as_str(), mx, validates: asked.validates, spoken: asked.smtp.then_some(&spoken[..]) };
        let dane = asked.dane.then(|| lookup.map_or_else(HostDane::unknown, |lookup| dane::judge(lookup, question)));
        Self { name, sts: Verdict::of_addresses(spoken.iter().map(|spoken| spoken.verdict)), dane, spoken }
    }

    fn remark(&self, mode: Option<Mode>, patterns: &[String], findings: &mut Findings) {
        let bound = self.dane.as_ref().is_some_and(|dane| matches!(dane.binding, Binding::Authenticated(_) | Binding::Encrypted(_)));
        for spoken in &self.spoken {
            let address = spoken.conversation.address.to_string();
            for remark in &spoken.remarks {
                remark.add(self.name, &address, mode, bound, findings);
            }
            if let Some(name) = shown(spoken.conversation).and_then(|certificate| name_of_policy(certificate, patterns)) {
                findings.add(MX_CERT_MATCHES_POLICY_ONLY, self.name, format!("{address}: valid for {}", quoted(name)));
            }
        }
        for (subject, place, remark) in self.dane.iter().flat_map(|dane| &dane.remarks) {
            remark.add(subject, place, mode, bound, findings);
        }
        let any = |verdict| self.spoken.iter().any(|spoken| spoken.verdict == verdict);
        let alike = self.dane.as_ref().is_none_or(|dane| dane.alike);
        if !alike || (any(Verdict::Passes) && any(Verdict::Fails)) {
            findings.add(
                MX_ADDRESSES_DIFFER,
                self.name,
                quoted_list(self.spoken.iter().map(|spoken| spoken.conversation.address.to_string())),
            );
        }
    }
}

fn has_no_address(lookup: &HostLookup) -> bool {
    let HostLookup { a, aaaa, .. } = lookup;
    a.outcome.is_conclusive() && aaaa.outcome.is_conclusive() && a.records.is_empty() && aaaa.records.is_empty()
}
