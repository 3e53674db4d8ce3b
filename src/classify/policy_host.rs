//! What DNS says of the policy host.

use std::borrow::Cow;

use crate::evidence::{Evidence, Lookup, Outcome};
use crate::name::suffix;

use super::findings::Findings;
use super::records::{chain_words, outcome_words};

/// Adds what is to be said of the lookups of the policy host.
pub(super) fn remark(evidence: &Evidence, host: &str, findings: &mut Findings) {
    let (Some(a), Some(aaaa)) = (&evidence.host_a, &evidence.host_aaaa) else { return };
    let aliased = chain(evidence);
    if !aliased.is_empty() {
        let words = if a.cname_chain.is_empty() { chain_words(aaaa) } else { chain_words(a) };
        let provider = provider(evidence).map(|provider| format!(", at {provider}")).unwrap_or_default();
        findings.add("sts-host-cname", host, format!("{words}{provider}"));
    }
    let has = (!a.records.is_empty(), !aaaa.records.is_empty());
    match has {
        (true, false) if aaaa.outcome == Outcome::Nodata => findings.add("sts-host-no-ipv6", host, ""),
        (false, true) if a.outcome == Outcome::Nodata => findings.add("sts-host-ipv6-only", host, ""),
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
        () if any(|outcome| !outcome.is_conclusive()) => findings.add("sts-host-dns-error", host, detail),
        () if any(|outcome| outcome == Outcome::Nxdomain) && aliased => findings.add("sts-host-cname-dangling", host, detail),
        () if any(|outcome| matches!(outcome, Outcome::Nxdomain | Outcome::Pruned)) => findings.add("sts-host-nxdomain", host, detail),
        () => findings.add("sts-host-no-address", host, detail),
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
