//! What DNS says of the hosts that a domain names: whether its MX hosts can be reached, and whether its reports arrive.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::evidence::{Evidence, HostLookup, Lookup, Outcome, ReceiverLookup};
use crate::name::address::{is_address, private_use};
use crate::name::suffix;
use crate::parse::tlsrpt_record::{ReportScheme, ReportUri, TlsrptRecord};

use super::assessment::MxState;
use super::exchanges::Host;
use super::families::{DESTINATION, MX, USABLE_TLSRPT};
use super::findings::{Findings, quoted};
use super::records::{chain_words, outcome_words};
use super::rule::{Code, codes};

codes! {
    10090 MX_CNAME = "mx-cname" {
        severity: Low,
        summary: "The name of an MX host is a CNAME, which RFC 5321 forbids.",
        effect: "Most senders cope; which of the two names they hold against policy and certificate differs.",
        remedy: "Put the name at the end of the alias into the MX record.",
        example: Some(Seen(
            "example.com. MX 10 mail.example.com.\nmail.example.com. CNAME host.provider.example.",
            "example.com. MX 10 host.provider.example.",
        )),
        ..MX
    }
    10100 MX_NO_ADDRESS = "mx-no-address" {
        severity: High,
        summary: "An MX host has no address.",
        effect: "Senders cannot deliver to this host.",
        remedy: "Add an A or AAAA record for the host or remove its MX record.",
        example: Some(Seen(
            "example.com. MX 10 mail.example.com.\nmail.example.com. A  NXDOMAIN",
            "example.com. MX 10 mail.example.com.\nmail.example.com. A 192.0.2.25",
        )),
        ..MX
    }
    10110 MX_PRIVATE_ADDRESS = "mx-private-address" {
        severity: Medium,
        summary: "An MX host has only addresses that are not of the public Internet.",
        effect: "Senders cannot deliver to this host.",
        remedy: "Publish its public address or remove its MX record.",
        example: Some(Seen(
            "example.com. MX 10 mail.example.com.\nmail.example.com. A 192.168.1.25",
            "example.com. MX 10 mail.example.com.\nmail.example.com. A 192.0.2.25 (one that is routed)",
        )),
        ..MX
    }
    12210 TLSRPT_HTTPS_CERT_INVALID = "tlsrpt-https-cert-invalid" {
        severity: Info,
        summary: "The certificate of the HTTPS endpoint for reports is not valid.",
        effect: "Senders may ignore the fault; some will not deliver reports.",
        remedy: "Install a valid certificate for the host of the rua.",
        example: Some(Seen(
            "rua=https://reports.example.com/tls, whose certificate expired a week ago",
            "rua=https://reports.example.com/tls, whose certificate is valid for that host",
        )),
        ..USABLE_TLSRPT
    }
    12220 TLSRPT_HTTPS_ENDPOINT_ERROR = "tlsrpt-https-endpoint-error" {
        clause: "RFC 8460 section 5.4",
        summary: "The HTTPS endpoint for reports cannot be reached.",
        effect: "Reports are lost.",
        remedy: "Start the endpoint, or replace it by a mail address that is read.",
        example: Some(Seen(
            "rua=https://reports.example.com/tls, and reports.example.com port 443: connection refused",
            "rua=https://reports.example.com/tls, and reports.example.com port 443: TLS 1.3",
        )),
        ..USABLE_TLSRPT
    }
    13170 TLSRPT_RUA_EXTERNAL = "tlsrpt-rua-external" {
        severity: Info,
        clause: "RFC 8460 section 7",
        summary: "Reports go to another registrable domain than the one reported on.",
        effect: "None: no permission is needed, and the other party learns who sends mail to the domain.",
        remedy: "Nothing to fix, provided that you know the receiver and its contract still runs.",
        example: Some(Seen(
            "rua=mailto:example.com@reports.provider.example, in the record of example.com",
            "rua=mailto:tls-reports@example.com, in the record of example.com",
        )),
        ..USABLE_TLSRPT
    }
    13180 TLSRPT_RUA_DOMAIN_NULL_MX = "tlsrpt-rua-domain-null-mx" {
        clause: "RFC 7505 section 3",
        summary: "Reports go to a mail domain that takes no mail.",
        remedy: "Use an address in a domain that receives mail, or an https endpoint.",
        example: Some(Seen(
            "rua=mailto:tls@reports.example.com, and reports.example.com. MX 0 .",
            "rua=mailto:tls@reports.example.com, and reports.example.com. MX 10 mail.example.com.",
        )),
        ..DESTINATION
    }
    13190 TLSRPT_RUA_DOMAIN_NO_MX = "tlsrpt-rua-domain-no-mx" {
        clause: "RFC 8460 section 5.3",
        summary: "Reports go to a mail domain that has neither MX records nor an address.",
        remedy: "Use an address in a domain that receives mail, or an https endpoint.",
        example: Some(Seen(
            "rua=mailto:tls@reports.example.com, and no MX, A or AAAA at reports.example.com.",
            "rua=mailto:tls@reports.example.com, and reports.example.com. MX 10 mail.example.com.",
        )),
        ..DESTINATION
    }
    13200 TLSRPT_RUA_DOMAIN_NXDOMAIN = "tlsrpt-rua-domain-nxdomain" {
        clause: "RFC 8460 section 5.3",
        summary: "Reports go to a mail domain that does not exist.",
        effect: "Reports are lost, and whoever registers the domain receives them.",
        remedy: "Correct the domain of the address.",
        example: Some(Seen(
            "rua=mailto:tls@reports.example.com, and reports.example.com. MX  NXDOMAIN",
            "rua=mailto:tls@reports.example.com, and reports.example.com. MX 10 mail.example.com.",
        )),
        ..DESTINATION
    }
}

/// Adds what is to be said of the addresses of the MX hosts. A lookup that settles nothing says nothing.
pub(super) fn remark_mx_hosts(evidence: &Evidence, hosts: &[Host], findings: &mut Findings) {
    for HostLookup { host, a, aaaa, .. } in evidence.mx_hosts.iter().filter(|lookup| hosts.iter().any(|host| host.name == lookup.host)) {
        match (has_alias(a), has_alias(aaaa)) {
            (true, _) => findings.add(MX_CNAME, host, chain_words(a)),
            (false, true) => findings.add(MX_CNAME, host, chain_words(aaaa)),
            (false, false) => {}
        }
        if !(a.outcome.is_conclusive() && aaaa.outcome.is_conclusive()) {
            continue;
        }
        let addresses: Vec<IpAddr> =
            a.records.iter().copied().map(IpAddr::V4).chain(aaaa.records.iter().copied().map(IpAddr::V6)).collect();
        let private: Vec<String> = addresses.iter().filter_map(|ip| private_use(*ip).map(|block| format!("{ip} is {block}"))).collect();
        if addresses.is_empty() {
            findings.add(MX_NO_ADDRESS, host, format!("A: {}, AAAA: {}", outcome_words(a), outcome_words(aaaa)));
        } else if private.len() == addresses.len() {
            findings.add(MX_PRIVATE_ADDRESS, host, private.join(", "));
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
        // An address or a single label does not show whose it is.
        if !is_address(host) && suffix::registrable(host).is_some_and(|organisation| organisation != own) {
            findings.add(TLSRPT_RUA_EXTERNAL, host, quoted(uri));
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
                None if host == name && mx_state == MxState::Null => findings.add(TLSRPT_RUA_DOMAIN_NULL_MX, host, quoted(uri)),
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
        findings.add(TLSRPT_HTTPS_ENDPOINT_ERROR, host, words);
    }
    let Some(connection) = receiver.connection.as_ref().filter(|connection| connection.tells_of_the_host()) else { return };
    if let Some(error) = connection.error.as_ref().filter(|error| !error.fault.may_pass()) {
        let words = format!("{}, {} at stage {}: {}", quoted(uri), error.fault, error.stage, quoted(&error.text));
        findings.add(TLSRPT_HTTPS_ENDPOINT_ERROR, host, words);
    }
    if let Some(faults) = connection.certificate_faults.as_ref().filter(|faults| !faults.is_empty()) {
        let faults: Vec<&str> = faults.iter().map(|fault| fault.as_str()).collect();
        findings.add(TLSRPT_HTTPS_CERT_INVALID, host, format!("{}, {}", quoted(uri), faults.join(", ")));
    }
}

/// Why a mail domain can receive no mail, as a code and in words; `None` where it can or where that is not known.
fn why_no_mail(receiver: &ReceiverLookup) -> Option<(Code, String)> {
    let mx = receiver.mx.as_ref()?;
    match mx.outcome {
        Outcome::Nxdomain => Some((TLSRPT_RUA_DOMAIN_NXDOMAIN, format!("MX: {}", outcome_words(mx)))),
        Outcome::Noerror if !mx.records.is_empty() && mx.records.iter().all(|mx| mx.exchange == ".") => {
            Some((TLSRPT_RUA_DOMAIN_NULL_MX, "null MX".to_owned()))
        }
        Outcome::Nodata => {
            let (a, aaaa) = (receiver.a.as_ref()?, receiver.aaaa.as_ref()?);
            let settled = a.outcome.is_conclusive() && aaaa.outcome.is_conclusive();
            let none = settled && a.records.is_empty() && aaaa.records.is_empty();
            none.then(|| (TLSRPT_RUA_DOMAIN_NO_MX, format!("MX: nodata, A: {}, AAAA: {}", outcome_words(a), outcome_words(aaaa))))
        }
        _ => None,
    }
}
