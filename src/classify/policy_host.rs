//! What DNS says of the policy host.

use std::borrow::Cow;

use crate::evidence::{Evidence, Lookup, Outcome};
use crate::name::suffix;

use super::families::HOST;
use super::findings::Findings;
use super::records::{chain_words, outcome_words};
use super::rule::{Rule, Severity, codes};

/// A fact that no report mentions.
const HOST_FACT: Rule = Rule { severity: Severity::Info, tlsrpt_result: None, stage: None, ..HOST };

codes! {
    2010 STS_HOST_CNAME = "sts-host-cname" {
        clause: "RFC 8461 section 8.2",
        summary: "The policy host is a CNAME, so somebody else may be serving the policy.",
        effect: "None: it is how policy hosting is delegated. The certificate still has to be valid for mta-sts.DOMAIN.",
        remedy: "Nothing to fix. When the contract with the provider ends, remove this CNAME and that of _mta-sts.DOMAIN together.",
        example: Some(Seen("mta-sts.example.com. CNAME sts.provider.example.", "mta-sts.example.com. A 192.0.2.1")),
        ..HOST_FACT
    }
    2020 STS_HOST_CNAME_DANGLING = "sts-host-cname-dangling" {
        summary: "The policy host is a CNAME to a name that does not exist.",
        effect: "Senders cannot retrieve the policy, and whoever can register or claim the target can serve one for the domain.",
        remedy: "Delete the CNAME of mta-sts.DOMAIN or have the provider set up its target; if the service has ended, remove the record at _mta-sts.DOMAIN too.",
        example: Some(Seen(
            "mta-sts.example.com. CNAME sts.provider.example.\nsts.provider.example. A  NXDOMAIN",
            "mta-sts.example.com. CNAME sts.provider.example.\nsts.provider.example. A 192.0.2.1",
        )),
        ..HOST
    }
    2030 STS_HOST_NXDOMAIN = "sts-host-nxdomain" {
        summary: "The policy host does not exist in DNS.",
        remedy: "Add an A record (and an AAAA record) or a CNAME for mta-sts.DOMAIN that leads to the web server with the policy, or remove the record at _mta-sts.DOMAIN.",
        example: Some(Seen("mta-sts.example.com. A  NXDOMAIN", "mta-sts.example.com. A 192.0.2.1")),
        ..HOST
    }
    2040 STS_HOST_NO_ADDRESS = "sts-host-no-address" {
        summary: "The policy host exists, but has neither an A nor an AAAA record.",
        remedy: "Add an A record (and an AAAA record) for mta-sts.DOMAIN that leads to the web server with the policy.",
        example: Some(Seen("mta-sts.example.com. A  no data\nmta-sts.example.com. AAAA  no data", "mta-sts.example.com. A 192.0.2.1")),
        ..HOST
    }
    2050 STS_HOST_DNS_ERROR = "sts-host-dns-error" {
        severity: Severity::Info,
        leaves_open: true,
        summary: "The lookup of the policy host's addresses failed, so it is not known whether it has any.",
        effect: "A sender that meets the same failure cannot retrieve the policy: without a cached one it sends without MTA-STS.",
        remedy: "Query every authoritative name server for A and AAAA at mta-sts.DOMAIN and fix the one that fails; check DNSSEC signatures as well.",
        example: Some(Seen("mta-sts.example.com. A  SERVFAIL", "mta-sts.example.com. A 192.0.2.1\nmta-sts.example.com. AAAA  SERVFAIL")),
        ..HOST
    }
    2060 STS_HOST_PRIVATE_ADDRESS = "sts-host-private-address" {
        summary: "Every address of the policy host is private, loopback or otherwise not of the public Internet.",
        remedy: "Publish the public address of the web server for mta-sts.DOMAIN; an internal DNS view that leaked to the outside is a common cause.",
        example: Some(Seen("mta-sts.example.com. A 10.1.2.3", "mta-sts.example.com. A 192.0.2.1 (one that is routed)")),
        ..HOST
    }
    2070 STS_HOST_IPV6_ONLY = "sts-host-ipv6-only" {
        severity: Medium,
        summary: "The policy host has an AAAA record but no A record.",
        effect: "Senders without IPv6 cannot retrieve the policy and send without MTA-STS.",
        remedy: "Add an A record for mta-sts.DOMAIN.",
        example: Some(Seen(
            "mta-sts.example.com. A  no data\nmta-sts.example.com. AAAA 2001:db8::1",
            "mta-sts.example.com. A 192.0.2.1\nmta-sts.example.com. AAAA 2001:db8::1",
        )),
        stage: None,
        ..HOST
    }
    2080 STS_HOST_NO_IPV6 = "sts-host-no-ipv6" {
        summary: "The policy host has an A record but no AAAA record.",
        effect: "Only senders without IPv4, which are rare, cannot retrieve the policy.",
        remedy: "Add an AAAA record for mta-sts.DOMAIN if the web server can be reached over IPv6.",
        example: Some(Seen(
            "mta-sts.example.com. A 192.0.2.1\nmta-sts.example.com. AAAA  no data",
            "mta-sts.example.com. A 192.0.2.1\nmta-sts.example.com. AAAA 2001:db8::1",
        )),
        ..HOST_FACT
    }
}

/// Adds what is to be said of the lookups of the policy host.
pub(super) fn remark(evidence: &Evidence, host: &str, findings: &mut Findings) {
    let (Some(a), Some(aaaa)) = (&evidence.host_a, &evidence.host_aaaa) else { return };
    let aliased = chain(evidence);
    if !aliased.is_empty() {
        let words = if a.cname_chain.is_empty() { chain_words(aaaa) } else { chain_words(a) };
        let provider = provider(evidence).map(|provider| format!(", at {provider}")).unwrap_or_default();
        findings.add(STS_HOST_CNAME, host, format!("{words}{provider}"));
    }
    let has = (!a.records.is_empty(), !aaaa.records.is_empty());
    match has {
        (true, false) if aaaa.outcome == Outcome::Nodata => findings.add(STS_HOST_NO_IPV6, host, ""),
        (false, true) if a.outcome == Outcome::Nodata => findings.add(STS_HOST_IPV6_ONLY, host, ""),
        (false, false) => remark_no_address([said(a), said(aaaa)], !aliased.is_empty(), host, findings),
        _ => {}
    }
}

fn said<R>(lookup: &Lookup<R>) -> (Outcome, Cow<'static, str>) {
    (lookup.outcome, outcome_words(lookup))
}

fn remark_no_address(lookups: [(Outcome, Cow<'static, str>); 2], aliased: bool, host: &str, findings: &mut Findings) {
    let any = |wanted: fn(Outcome) -> bool| lookups.iter().any(|(outcome, _)| wanted(*outcome));
    let [(_, a), (_, aaaa)] = &lookups;
    let detail = format!("A: {a}, AAAA: {aaaa}");
    if any(|outcome| matches!(outcome, Outcome::Excluded | Outcome::LocalError)) {
        return; // Says nothing of the domain.
    }
    match () {
        () if any(|outcome| !outcome.is_conclusive()) => findings.add(STS_HOST_DNS_ERROR, host, detail),
        () if any(|outcome| outcome == Outcome::Nxdomain) && aliased => findings.add(STS_HOST_CNAME_DANGLING, host, detail),
        () if any(|outcome| matches!(outcome, Outcome::Nxdomain | Outcome::Pruned)) => findings.add(STS_HOST_NXDOMAIN, host, detail),
        () => findings.add(STS_HOST_NO_ADDRESS, host, detail),
    }
}

/// The CNAME targets of the policy host, in order; empty where it is no CNAME.
fn chain(evidence: &Evidence) -> &[String] {
    let a = evidence.host_a.as_ref().map(|lookup| lookup.cname_chain.as_slice()).unwrap_or_default();
    let aaaa = evidence.host_aaaa.as_ref().map(|lookup| lookup.cname_chain.as_slice()).unwrap_or_default();
    if a.is_empty() { aaaa } else { a }
}

/// Registrable domain of the CNAME target of the policy host: of the first target that is not the domain's own, if there is one.
pub(super) fn provider(evidence: &Evidence) -> Option<String> {
    organisation(chain(evidence), evidence)
}

/// To whom the policy host is delegated; `None` where the domain keeps it itself.
pub(super) fn delegate(evidence: &Evidence) -> Option<String> {
    foreign(evidence, provider(evidence))
}

/// To whom the MTA-STS record is delegated; `None` where the domain keeps it itself.
pub(super) fn record_delegate(evidence: &Evidence) -> Option<String> {
    foreign(evidence, organisation(&evidence.sts_txt.cname_chain, evidence))
}

fn own(evidence: &Evidence) -> Option<&str> {
    suffix::registrable(evidence.domain.as_str())
}

fn foreign(evidence: &Evidence, organisation: Option<String>) -> Option<String> {
    organisation.filter(|name| Some(name.as_str()) != own(evidence))
}

fn organisation(chain: &[String], evidence: &Evidence) -> Option<String> {
    let mut names = chain.iter().filter_map(|target| suffix::registrable(target));
    let first = names.clone().next();
    names.find(|name| Some(*name) != own(evidence)).or(first).map(str::to_owned)
}
