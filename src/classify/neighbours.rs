//! What DNS says of the hosts that a domain names: whether its MX hosts can be reached, and whether its reports arrive.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::evidence::{Evidence, HostLookup, Lookup, Outcome, ReceiverLookup};
use crate::name::address::{is_address, private_use};
use crate::name::suffix;
use crate::parse::tlsrpt_record::{ReportScheme, ReportUri, TlsrptRecord};

use super::MxState;
use super::exchanges::Host;
use super::findings::{Findings, quoted};
use super::records::{chain_words, outcome_words};

/// Adds what is to be said of the addresses of the MX hosts. A lookup that settles nothing says nothing.
pub(super) fn remark_mx_hosts(evidence: &Evidence, hosts: &[Host], findings: &mut Findings) {
    for HostLookup { host, a, aaaa } in evidence.mx_hosts.iter().filter(|lookup| hosts.iter().any(|host| host.name == lookup.host)) {
        match (has_alias(a), has_alias(aaaa)) {
            (true, _) => findings.add("mx-cname", host, chain_words(a)),
            (false, true) => findings.add("mx-cname", host, chain_words(aaaa)),
            (false, false) => {}
        }
        if !(a.outcome.is_conclusive() && aaaa.outcome.is_conclusive()) {
            continue;
        }
        let addresses: Vec<IpAddr> =
            a.records.iter().copied().map(IpAddr::V4).chain(aaaa.records.iter().copied().map(IpAddr::V6)).collect();
        let private: Vec<String> = addresses.iter().filter_map(|ip| private_use(*ip).map(|block| format!("{ip} is {block}"))).collect();
        if addresses.is_empty() {
            findings.add("mx-no-address", host, format!("A: {}, AAAA: {}", outcome_words(a), outcome_words(aaaa)));
        } else if private.len() == addresses.len() {
            findings.add("mx-private-address", host, private.join(", "));
        }
    }
}

fn has_alias<R>(lookup: &Lookup<R>) -> bool {
    lookup.outcome.is_conclusive() && !lookup.cname_chain.is_empty()
}

/// Destinations of reports that belong to somebody else or cannot receive mail.
pub(super) fn remark_receivers(evidence: &Evidence, mx_state: MxState, record: &TlsrptRecord, findings: &mut Findings) {
    if record.rua.is_empty() {
        return;
    }
    let name = evidence.domain.as_str();
    let own = suffix::registrable(name).unwrap_or(name);
    let mut seen = HashSet::new();
    for ReportUri { uri, scheme, host, usable, .. } in &record.rua {
        let Some(host) = host.as_deref().filter(|host| *usable && seen.insert((*scheme, host.to_string()))) else { continue };
        // An address or a single label tells nothing of whose it is.
        if !is_address(host) && suffix::registrable(host).is_some_and(|organisation| organisation != own) {
            findings.add("tlsrpt-rua-external", host, quoted(uri));
        }
        if *scheme == ReportScheme::Https {
            let asked = evidence.rua_hosts.iter().filter(|receiver| receiver.host == host && receiver.mx.is_none());
            // Of a host with two ports, only one of which is ever connected to.
            if let Some(receiver) = asked.max_by_key(|receiver| receiver.connection.is_some()) {
                remark_endpoint(receiver, host, uri, findings);
            }
        }
        if *scheme == ReportScheme::Mailto {
            let asked = evidence.rua_hosts.iter().find(|receiver| receiver.host == host && receiver.mx.is_some());
            match asked.map(why_no_mail) {
                Some(Some((code, words))) => findings.add(code, host, format!("{}, {words}", quoted(uri))),
                Some(None) => {}
                // Evidence of earlier scans knows only the domain itself.
                None if host == name && mx_state == MxState::Null => findings.add("tlsrpt-rua-domain-null-mx", host, quoted(uri)),
                None => {}
            }
        }
    }
}

/// An HTTPS receiver that cannot be reached, or whose certificate is not valid. A failure that may pass says nothing.
fn remark_endpoint(receiver: &ReceiverLookup, host: &str, uri: &str, findings: &mut Findings) {
    if let (Some(a), Some(aaaa)) = (&receiver.a, &receiver.aaaa)
        && a.outcome.is_conclusive()
        && aaaa.outcome.is_conclusive()
        && a.records.is_empty()
        && aaaa.records.is_empty()
    {
        let words = format!("{}, A: {}, AAAA: {}", quoted(uri), outcome_words(a), outcome_words(aaaa));
        findings.add("tlsrpt-https-endpoint-error", host, words);
    }
    let Some(connection) = &receiver.connection else { return };
    if let Some(error) = connection.error.as_ref().filter(|error| !error.fault.may_pass()) {
        let words = format!("{}, {} at stage {}: {}", quoted(uri), error.fault, error.stage, quoted(&error.text));
        findings.add("tlsrpt-https-endpoint-error", host, words);
    }
    if let Some(faults) = connection.certificate_faults.as_ref().filter(|faults| !faults.is_empty()) {
        let faults: Vec<&str> = faults.iter().map(|fault| fault.as_str()).collect();
        findings.add("tlsrpt-https-cert-invalid", host, format!("{}, {}", quoted(uri), faults.join(", ")));
    }
}

/// Why a mail domain can receive no mail, as a code and in words; `None` where it can or where that is not known.
fn why_no_mail(receiver: &ReceiverLookup) -> Option<(&'static str, String)> {
    let mx = receiver.mx.as_ref()?;
    match mx.outcome {
        Outcome::Nxdomain => Some(("tlsrpt-rua-domain-nxdomain", format!("MX: {}", outcome_words(mx)))),
        Outcome::Noerror if !mx.records.is_empty() && mx.records.iter().all(|mx| mx.exchange == ".") => {
            Some(("tlsrpt-rua-domain-null-mx", "null MX".to_owned()))
        }
        Outcome::Nodata => {
            let (a, aaaa) = (receiver.a.as_ref()?, receiver.aaaa.as_ref()?);
            let settled = a.outcome.is_conclusive() && aaaa.outcome.is_conclusive();
            let none = settled && a.records.is_empty() && aaaa.records.is_empty();
            none.then(|| ("tlsrpt-rua-domain-no-mx", format!("MX: nodata, A: {}, AAAA: {}", outcome_words(a), outcome_words(aaaa))))
        }
        _ => None,
    }
}
