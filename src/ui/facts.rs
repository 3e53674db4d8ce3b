//! What is said of one domain in words: what senders do, what was seen, and whether there is something to publish instead.

use serde_json::{Value, json};

use crate::classify::{Asked, Assessment, Delivery, Finding, MxState, MxTls, PolicyStage, Posture, RecordState, codes};
use crate::evidence::{Evidence, Lookup, Mx, Txt};
use crate::name::normalise_host;
use crate::name::provider::{Service, provider};
use crate::parse::senders::Sender;
use crate::publish::{Decision, Ids, Known, Wishes, decide, plan};

use super::{mail_servers, text};

/// What a sender does today, for a person who has never heard of MTA-STS or DANE.
pub fn verdict(assessment: &Assessment) -> String {
    match assessment.mx_state {
        MxState::Null => return "The domain takes no mail (null MX), so there is nothing to protect.".to_owned(),
        MxState::Nxdomain => return "The domain does not exist.".to_owned(),
        MxState::Present | MxState::None | MxState::Unknown => {}
    }
    let dane = mail_servers::sentence(assessment).map_or_else(String::new, |sentence| format!(" {sentence}"));
    format!("{}{dane}", under_mta_sts(assessment))
}

/// What a sender that follows MTA-STS does today.
fn under_mta_sts(assessment: &Assessment) -> String {
    let asked = Asked::of(assessment);
    let exception = asked.exception();
    let enforced_by_lenient = || assessment.findings.iter().any(|finding| finding.code == codes::STS_POLICY_ENFORCED_BY_LENIENT);
    match (assessment.delivery, assessment.sts_state) {
        (Delivery::Protected, _) => format!(
            "Protected {}: senders that follow MTA-STS deliver only over TLS with a valid certificate, and the policy names every MX host.",
            asked.basis()
        ),
        (Delivery::Partial, _) => format!(
            "Senders that follow MTA-STS refuse some of the MX hosts, so that mail is delayed or lost when the others are down; for these they require TLS with a valid certificate ({}).",
            asked.basis()
        ),
        (Delivery::Refused, _) => {
            "Senders that follow MTA-STS accept none of the MX hosts: their mail to this domain is not delivered.".to_owned()
        }
        (Delivery::Reported, _) => format!(
            "The policy is in testing mode: senders deliver as without it and report what would have failed. Mail is not protected, {}.",
            exception
        ),
        (Delivery::Unknown, _) if matches!(assessment.policy_stage, Some(PolicyStage::Tcp | PolicyStage::Tls | PolicyStage::Http)) => {
            "What senders do is not known: the policy could not be fetched, for a reason that may pass or may hold for this scanner only. That is no verdict on the domain.".to_owned()
        }
        (Delivery::Unknown, _) if assessment.posture == Posture::Enforce && assessment.mx_tls == Some(MxTls::Unknown) => {
            "What senders do is not known: an MX host could not be tested, for a reason that may hold for this scanner only. That is no verdict on the domain.".to_owned()
        }
        (Delivery::Unknown, _) => {
            "What senders do is not known, because some queries were not answered; that says nothing about the domain. Try again later.".to_owned()
        }
        (Delivery::Opportunistic, RecordState::Absent) => {
            format!("No MTA-STS: senders use TLS if it is offered and accept any certificate, so an attacker can read the mail, {exception}.")
        }
        (Delivery::Opportunistic, _) if enforced_by_lenient() => {
            "Senders that follow MTA-STS ignore this policy, but some that are less strict enforce it and refuse every MX host: their mail is not delivered.".to_owned()
        }
        (Delivery::Opportunistic, _) => format!(
            "MTA-STS has no effect: senders use TLS if it is offered and accept any certificate, so an attacker can read the mail, {}.",
            exception
        ),
    }
}

/// The findings with those of the cause first, the others in the catalogue's order.
pub fn cause_first(assessment: &Assessment) -> Vec<&Finding> {
    let cause = assessment.cause();
    let (first, others): (Vec<&Finding>, Vec<&Finding>) = assessment.findings.iter().partition(|finding| Some(finding.code) == cause);
    [first, others].concat()
}

/// What to publish; `None` where nothing has to change, where the domain takes no mail, or where too little is known.
pub fn to_publish(evidence: &Evidence, assessment: &Assessment, wishes: &Wishes) -> Option<Decision> {
    let known = Known { evidence, assessment, stated: false };
    Some(decide(known, wishes, &Ids::at(evidence.scanned_at))).filter(|decision| decision.action.changes())
}

/// The same as data: the texts of today, why, the steps in order, and the texts of the day on which to go on.
pub fn publication(decision: &Decision) -> Value {
    let now = decision.now.as_ref();
    json!({
        "action": decision.action,
        "sts_record": now.map(|now| &now.record),
        "tlsrpt_record": decision.reports.record(),
        "policy": now.map(|now| &now.policy),
        "later": decision.later.as_ref().map(|later| json!({ "sts_record": later.record, "policy": later.policy })),
        "why": decision.why,
        "steps": plan::steps(decision),
    })
}

/// What was seen, a label and a text each. The texts are safe for a terminal: nothing in them moves, hides or overrides.
pub fn facts(evidence: &Evidence, assessment: &Assessment) -> Vec<(&'static str, String)> {
    let mx = match assessment.mx_state {
        MxState::Present | MxState::Null => describe_mx(&evidence.mx) + &mail_providers(assessment),
        MxState::None => format!("none; senders use {} itself", evidence.domain),
        MxState::Nxdomain => "the domain does not exist".to_owned(),
        MxState::Unknown => format!("unknown ({})", evidence.mx.outcome),
    };
    let servers = mail_servers::lines(evidence, assessment).into_iter().map(|line| ("MX host", Some(line)));
    let facts = [("MX", Some(mx))].into_iter().chain(servers).chain([
        ("DANE", mail_servers::summary(assessment)),
        ("_mta-sts", Some(record(assessment.sts_state, &texts(&evidence.sts_txt)))),
        ("policy", policy(evidence, assessment)),
        ("accepted by", assessment.policy_stage.and_then(|_| users(assessment))),
        ("_smtp._tls", Some(record(assessment.tlsrpt_state, &texts(&evidence.tlsrpt_txt)))),
        ("reports by", reporters(evidence)),
    ]);
    facts.filter_map(|(label, text)| Some((label, text?))).collect()
}

/// How far the retrieval of the policy got, and what it says.
fn policy(evidence: &Evidence, assessment: &Assessment) -> Option<String> {
    let mode = assessment.policy_mode.as_deref().map_or(String::new(), |mode| format!(", mode {}", text::safe(mode)));
    let age = assessment.policy_max_age.map_or(String::new(), |age| format!(", max_age {age}"));
    let mx = assessment.policy_mx.as_deref().map_or(String::new(), |mx| format!(", mx {}", text::safe(&mx.join(", "))));
    let reached = match assessment.policy_stage? {
        PolicyStage::Ok => "retrieved".to_owned(),
        PolicyStage::Syntax => "retrieved, not valid".to_owned(),
        stage => format!("not retrieved: {}", what_failed(stage, evidence)),
    };
    let host = policy_provider(evidence).map_or(String::new(), |name| format!(", hosted by {name}"));
    Some(format!("{reached}{mode}{age}{mx}{host}"))
}

/// Where the retrieval ended, in words. An HTTP error says with which status.
fn what_failed(stage: PolicyStage, evidence: &Evidence) -> String {
    let status = evidence.fetch.as_ref().and_then(|fetch| fetch.status);
    match (stage, status) {
        (PolicyStage::Dns, _) => "no address in DNS".to_owned(),
        (PolicyStage::Tcp, _) => "no TCP connection".to_owned(),
        (PolicyStage::Tls, _) => "TLS error".to_owned(),
        (PolicyStage::Http, Some(status)) if status != 200 => format!("HTTP error: status {status}"),
        (PolicyStage::Http, _) => "HTTP error".to_owned(),
        (PolicyStage::Ok | PolicyStage::Syntax, _) => stage.to_string(),
    }
}

/// Which known implementations would send reports, where they do not agree or none would.
fn reporters(evidence: &Evidence) -> Option<String> {
    let records = &evidence.tlsrpt_txt.records;
    let read = Sender::ALL.iter().filter_map(|sender| Some((*sender, sender.sends_reports_to(records)?)));
    let (used, refused): (Vec<_>, Vec<_>) = read.partition(|(_, destinations)| !destinations.is_empty());
    if records.is_empty() || refused.is_empty() {
        return None;
    }
    let names = |senders: &[(Sender, Vec<String>)]| senders.iter().map(|(sender, _)| sender.as_str()).collect::<Vec<_>>().join(", ");
    Some(match used.as_slice() {
        [] => format!("none of {}", names(&refused)),
        used => format!("{}; not by: {}", names(used), names(&refused)),
    })
}

/// Which known implementations would use record and policy, and which not.
fn users(assessment: &Assessment) -> Option<String> {
    let accepted = assessment.accepted_by.as_ref()?;
    let (used, refused): (Vec<Sender>, Vec<Sender>) = Sender::ALL.iter().partition(|sender| accepted.contains(sender));
    let names = |senders: &[Sender]| senders.iter().map(|sender| sender.as_str()).collect::<Vec<_>>().join(", ");
    Some(match (used.as_slice(), refused.as_slice()) {
        (all, []) => format!("all {} mail systems whose behaviour is known", all.len()),
        ([], all) => format!("none of the {} mail systems whose behaviour is known", all.len()),
        (used, refused) => format!("{}; refused by: {}", names(used), names(refused)),
    })
}

/// The well-known provider to which the policy host is delegated.
fn policy_provider(evidence: &Evidence) -> Option<&'static str> {
    let chains = [evidence.host_a.as_ref().map(|a| &a.cname_chain), evidence.host_aaaa.as_ref().map(|aaaa| &aaaa.cname_chain)];
    chains.into_iter().flatten().flatten().find_map(|target| provider(Service::Policy, &normalise_host(target)))
}

/// The well-known providers of the MX hosts.
fn mail_providers(assessment: &Assessment) -> String {
    let mut names: Vec<&str> = assessment.mx_hosts.iter().filter_map(|host| provider(Service::Mail, host)).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

fn describe_mx(mx: &Lookup<Mx>) -> String {
    let mut hosts: Vec<_> = mx.records.iter().map(|mx| format!("{} {}", mx.preference, text::safe(&mx.exchange))).collect();
    hosts.sort();
    hosts.join(", ")
}

fn texts(lookup: &Lookup<Txt>) -> Vec<String> {
    lookup.records.iter().map(|record| text::safe_bytes(&record.joined())).collect()
}

fn record(state: RecordState, texts: &[String]) -> String {
    if texts.is_empty() {
        state.to_string()
    } else {
        format!("{state}: {}", texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(" "))
    }
}
