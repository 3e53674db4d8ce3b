//! What the state of a deployment means for mail: posture, delivery, and what known implementations make of record and policy.

use super::assessment::{Coverage, DaneState, Delivery, PolicyStage, Posture, RecordState};
use super::dane::Binding;
use super::exchanges::Host;
use super::families::{GOOD_POLICY as GOOD, POLICY, policy};
use super::findings::Findings;
use super::mx_host::{MailServers, MxHost};
use super::retrieval::Retrieval;
use super::rule::codes;
use super::verdict::Verdict;
use crate::evidence::{Evidence, Outcome};
use crate::parse::mx_pattern::matches_lenient;
use crate::parse::policy::{LenientPolicy, Mode};
use crate::parse::senders::Sender;

/// What is known of a policy for the question what senders do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is none that the sender would use.
    Unusable,
    /// Whether there is one is not known.
    Unknown,
    /// One that asks for this.
    Usable(Mode),
}

/// To whom a sender with an enforced policy may deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destinations {
    /// The MX hosts are not known.
    Unknown,
    /// Nobody delivers: null MX, or no such domain.
    Nowhere,
    /// MX hosts, of which so many match; `None` if the policy has no pattern.
    Hosts(Option<Coverage>),
    /// MX hosts that were tested: what becomes of mail under the policy.
    Tested(Delivery),
}

/// The state of the deployment: whether there is a record, whether it leads to a usable policy, and the policy's mode.
pub(super) fn posture(sts: RecordState, policy: Standing) -> Posture {
    match (sts, policy) {
        (RecordState::Absent, _) => Posture::Absent,
        (RecordState::Invalid | RecordState::Multiple, _) => Posture::Broken,
        (RecordState::Unknown, _) | (RecordState::Valid, Standing::Unknown) => Posture::Unknown,
        (RecordState::Valid, Standing::Unusable) => Posture::Broken,
        (RecordState::Valid, Standing::Usable(Mode::None)) => Posture::None,
        (RecordState::Valid, Standing::Usable(Mode::Testing)) => Posture::Testing,
        (RecordState::Valid, Standing::Usable(Mode::Enforce)) => Posture::Enforce,
    }
}

/// What is known of the policy after its retrieval. `mode` is that of the text, if the text is a policy to the sender in question.
pub(super) fn standing(stage: Option<PolicyStage>, transient: bool, mode: Option<Mode>) -> Standing {
    match (stage, mode) {
        (Some(PolicyStage::Ok | PolicyStage::Syntax), Some(mode)) => Standing::Usable(mode),
        (Some(PolicyStage::Ok | PolicyStage::Syntax), None) => Standing::Unusable,
        (Some(_), _) if !transient => Standing::Unusable,
        _ => Standing::Unknown,
    }
}

/// What a sender does that finds a record of this kind (`None`: cannot know) and a policy of this standing.
pub(super) fn delivery(has_record: Option<bool>, policy: Standing, destinations: Destinations) -> Delivery {
    match (has_record, policy) {
        (None, _) => Delivery::Unknown,
        (Some(false), _) | (_, Standing::Unusable | Standing::Usable(Mode::None)) => Delivery::Opportunistic,
        (_, Standing::Unknown) => Delivery::Unknown,
        (_, Standing::Usable(_)) if destinations == Destinations::Nowhere => Delivery::Opportunistic,
        (_, Standing::Usable(Mode::Testing)) => Delivery::Reported,
        (_, Standing::Usable(Mode::Enforce)) => match destinations {
            Destinations::Unknown => Delivery::Unknown,
            Destinations::Nowhere => Delivery::Opportunistic,
            Destinations::Hosts(Some(Coverage::All)) => Delivery::Protected,
            Destinations::Hosts(Some(Coverage::Some)) => Delivery::Partial,
            Destinations::Hosts(Some(Coverage::None) | None) => Delivery::Refused,
            Destinations::Tested(delivery) => delivery,
        },
    }
}

/// What becomes of mail at one MX host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Delivered over an authenticated session.
    Authenticated,
    /// Not delivered.
    Refused,
    /// Delivered as without any of it.
    Open,
    /// The same, failures reported.
    Reported,
    Unknown,
}

/// Of a host that a policy of mode enforce is held against. `tested`: what was found; `None` where nobody was to be asked.
const fn enforced(covered: bool, tested: Option<Verdict>) -> Fate {
    match tested {
        _ if !covered => Fate::Refused,
        Some(Verdict::Fails) => Fate::Refused,
        Some(Verdict::Untested) => Fate::Unknown,
        Some(Verdict::Passes) | None => Fate::Authenticated,
    }
}

/// What becomes of mail at several hosts, of which a sender takes whichever lets it deliver. `None` without any.
fn together(fates: &[Fate]) -> Option<Delivery> {
    let any = |fate| fates.contains(&fate);
    Some(match fates {
        [] => return None,
        _ if any(Fate::Authenticated) && any(Fate::Refused) => Delivery::Partial,
        _ if any(Fate::Unknown) => Delivery::Unknown,
        _ if fates.iter().all(|fate| *fate == Fate::Refused) => Delivery::Refused,
        _ if any(Fate::Refused) => Delivery::Partial,
        // An attacker chooses the host.
        _ if any(Fate::Open) => Delivery::Opportunistic,
        _ if any(Fate::Reported) => Delivery::Reported,
        _ => Delivery::Protected,
    })
}

/// What becomes of mail under a policy of mode enforce at hosts that were tested; `None` where none was to be.
pub(super) fn as_tested(servers: &MailServers<'_>, covers: impl Fn(&str) -> bool) -> Option<Delivery> {
    let hosts = servers.hosts.iter().filter(|_| servers.asked.smtp);
    together(&hosts.map(|host| enforced(covers(host.name), Some(host.sts))).collect::<Vec<_>>())
}

/// What a sender does that validates DANE, host by host, and falls back to MTA-STS where it does not apply. `under_sts`: what one does that
/// knows MTA-STS only; `covers`: whether the policy allows a host.
pub(super) fn delivery_dane(
    servers: &MailServers<'_>,
    has_record: Option<bool>,
    policy: Standing,
    under_sts: Delivery,
    covers: impl Fn(&str) -> bool,
) -> Option<Delivery> {
    let fate_under_sts = |host: &MxHost<'_>| match (has_record, policy) {
        (None, _) => Fate::Unknown,
        (Some(false), _) | (_, Standing::Unusable | Standing::Usable(Mode::None)) => Fate::Open,
        (_, Standing::Unknown) => Fate::Unknown,
        (_, Standing::Usable(Mode::Testing)) => Fate::Reported,
        (_, Standing::Usable(Mode::Enforce)) => enforced(covers(host.name), servers.asked.smtp.then_some(host.sts)),
    };
    let fate = |host: &MxHost<'_>| match host.dane.as_ref().map_or(Binding::Deferred, |dane| dane.binding) {
        Binding::None => fate_under_sts(host),
        Binding::Authenticated(Verdict::Passes) => Fate::Authenticated,
        Binding::Authenticated(Verdict::Fails) | Binding::Encrypted(Verdict::Fails) => Fate::Refused,
        Binding::Encrypted(Verdict::Passes) => fate_under_sts(host),
        Binding::Authenticated(Verdict::Untested) | Binding::Encrypted(Verdict::Untested) | Binding::Deferred => Fate::Unknown,
    };
    let fates: Vec<Fate> = servers.hosts.iter().map(fate).collect();
    let deferred = servers.dane_state()? == DaneState::Bogus && fates.is_empty();
    Some(together(&fates).unwrap_or(if deferred { Delivery::Unknown } else { under_sts }))
}

codes! {
    5200 STS_POLICY_ENFORCED_BY_LENIENT = "sts-policy-enforced-by-lenient" {
        summary: "The policy is invalid, yet less strict mail systems enforce it and find no MX host that it allows.",
        effect: "Senders that follow the RFC ignore the policy and deliver; the less strict ones refuse every MX host, so their mail is delayed and then returned.",
        remedy: "Give every MX host a line mx: HOST of its own, with nothing but its name or a wildcard such as *.example.com; until that is served, set mode to testing.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: *", "max_age: 604800"], GOOD)),
        tlsrpt_result: Some(ResultType::ValidationFailure),
        stage: None, // It follows from the fault of a pattern.
        ..POLICY
    }
}

/// Most pairs of pattern and host that are compared for one sender; a hostile policy and a hostile answer make millions.
const MAX_PAIRS: usize = 20_000;

/// A sender that would use the policy, and what it reads.
pub(super) type Use = (Sender, LenientPolicy);

/// The senders that would use record and policy; `None` where no text was retrieved. None of them goes on despite a bad certificate.
pub(super) fn uses(evidence: &Evidence, retrieval: &Retrieval<'_>) -> Option<Vec<Use>> {
    let body = retrieval.body.as_deref()?;
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
