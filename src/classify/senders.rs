//! What known implementations make of record and policy, each in its own way.

use crate::evidence::{Evidence, Outcome};
use crate::parse::mx_pattern::matches_lenient;
use crate::parse::policy::{LenientPolicy, Mode};
use crate::parse::senders::Sender;

use super::assessment::PolicyStage;
use super::exchanges::Host;
use super::families::{GOOD_POLICY as GOOD, POLICY, policy};
use super::findings::Findings;
use super::retrieval::Retrieval;
use super::rule::codes;

codes! {
    5200 STS_POLICY_ENFORCED_BY_LENIENT = "sts-policy-enforced-by-lenient" {
        summary: "The policy is invalid, yet forgiving senders enforce it and find no MX host that it allows.",
        effect: "Senders that follow the RFC ignore the policy and deliver; the forgiving ones refuse every MX host, so their mail is delayed and then returned.",
        remedy: "Give every MX host a line mx: HOST of its own, with nothing but its name or a wildcard such as *.example.com; until that is served, set mode to testing.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: *", "max_age: 604800"], GOOD)),
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..POLICY
    }
}

/// Most pairs of pattern and host that are compared for one sender; a hostile policy and a hostile answer make millions.
const MAX_PAIRS: usize = 20_000;

/// A sender that would use the policy, and what it reads.
pub(super) type Use = (Sender, LenientPolicy);

/// The senders that would use record and policy; `None` where no text was retrieved. None of them goes on despite a bad certificate.
pub(super) fn uses(evidence: &Evidence, retrieval: &Retrieval<'_>) -> Option<Vec<Use>> {
    let body = retrieval.body?;
    if retrieval.stage != Some(PolicyStage::Ok) || evidence.sts_txt.outcome != Outcome::Noerror {
        return Some(Vec::new());
    }
    let content_type = evidence.fetch.as_ref().and_then(|fetch| fetch.header("content-type"));
    let found = Sender::ALL.iter().filter(|sender| sender.finds_record(&evidence.sts_txt.records));
    Some(found.filter_map(|&sender| sender.reads_policy(body, content_type).map(|policy| (sender, policy))).collect())
}

/// A policy that is invalid, and that senders enforce all the same, with no MX host that it allows them.
pub(super) fn remark_enforcement(evidence: &Evidence, uses: &[Use], hosts: &[Host], findings: &mut Findings) {
    let refusing = |(sender, policy): &&Use| policy.mode == Mode::Enforce && allows_none(*sender, policy, hosts);
    let refusing: Vec<&str> = uses.iter().filter(refusing).map(|(sender, _)| sender.as_str()).collect();
    if !refusing.is_empty() {
        let detail = format!("enforced, with no MX host allowed, by {}", refusing.join(", "));
        findings.add(STS_POLICY_ENFORCED_BY_LENIENT, &evidence.domain.policy_host(), detail);
    }
}

fn allows_none(sender: Sender, policy: &LenientPolicy, hosts: &[Host]) -> bool {
    // Who hands the patterns to another program has them compared as texts.
    let covers = |pattern: &str, host: &str| sender.covers(pattern, host).unwrap_or_else(|| matches_lenient(pattern, host));
    let few = !hosts.is_empty() && hosts.len().saturating_mul(policy.mx.len()) <= MAX_PAIRS;
    few && !hosts.iter().any(|host| policy.mx.iter().any(|pattern| covers(pattern, &host.name)))
}
