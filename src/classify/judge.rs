//! The judgement itself: strictly by the RFCs first, then as forgiving senders would, then for hygiene.

use crate::evidence::Evidence;
use crate::name::suffix;
use crate::parse::policy::{LenientPolicy, Mode, Policy, parse, parse_lenient};
use crate::parse::{Fault, Parsed, line_column};

use super::assessment::{Assessment, Coverage, Delivery, Mismatch, PolicyStage, Posture, RecordState};
use super::coverage::{Comparison, Patterns};
use super::delivery::{Destinations, delivery, posture, standing};
use super::exchanges::{Exchanges, Host};
use super::findings::Findings;
use super::mismatch::likenesses;
use super::mx_host::MailServers;
use super::records::{Sts, Tlsrpt};
use super::retrieval::Retrieval;
use super::{
    answers, delivery as senders, deployment, exchanges, extra_requests, neighbours, particulars, policy_host, records, retrieval,
    stray_records,
};

/// Judges what a probe saw. Pure and deterministic: the same evidence gives the same judgement, byte for byte.
pub fn classify(evidence: &Evidence) -> Assessment {
    let mut findings = Findings::default();
    answers::remark_answers(evidence, &mut findings);
    let exchanges = exchanges::read(evidence, &mut findings);
    let sts = records::sts(evidence, &mut findings);
    let tlsrpt = records::tlsrpt(evidence, &mut findings);
    neighbours::remark_mx_hosts(evidence, &exchanges.hosts, &mut findings);
    neighbours::remark_receivers(evidence, exchanges.state, &tlsrpt.record, &mut findings);
    stray_records::remark_strays(evidence, &mut findings);
    stray_records::remark_wildcard(evidence, sts.state, &mut findings);
    stray_records::remark_parent(evidence, sts.state, exchanges.state, &mut findings);
    let retrieval = retrieval::read(evidence, &mut findings);
    extra_requests::remark_elsewhere(evidence, &retrieval, &mut findings);
    extra_requests::remark_addresses(evidence, &mut findings);
    extra_requests::remark_unannounced(evidence, sts.state, &mut findings);
    let text = PolicyText::read(evidence, &retrieval, &mut findings);
    let destinations = exchanges.destinations(evidence.domain.as_str());
    let names = Names::compare(evidence, &text, destinations.as_deref(), &mut findings);

    let uses = senders::uses(evidence, &retrieval);
    if let (Some(PolicyStage::Syntax), Some(uses), Some(hosts)) = (text.stage, &uses, &destinations) {
        senders::remark_enforcement(evidence, uses, hosts, &mut findings);
    }

    let policy = standing(text.stage, retrieval.transient, text.mode);
    let posture = posture(sts.state, policy);
    let servers = MailServers::read(evidence, destinations.as_deref());
    if let Some(servers) = &servers {
        let mode = text.mode.filter(|_| sts.state == RecordState::Valid);
        let patterns = text.parsed.as_ref().filter(|_| mode.is_some()).map_or(&[][..], |parsed| &parsed.value.mx);
        servers.remark(evidence, mode, patterns, &mut findings);
        servers.remark_dane(evidence.domain.as_str(), posture, &mut findings);
    }
    let strict_record = (sts.state != RecordState::Unknown).then_some(sts.state == RecordState::Valid);
    let patterns = Patterns::new(text.parsed.as_ref().map_or(&[][..], |parsed| &parsed.value.mx));
    let to = Hosts { destinations: destinations.as_deref(), servers: servers.as_ref() };
    let under_sts = delivery(strict_record, policy, to.under(names.coverage, |host| patterns.covers(host)));
    let mut assessment = Assessment {
        posture,
        delivery: under_sts,
        delivery_lenient: lenient(&sts, &retrieval, &text, to),
        accepted_by: uses.map(|uses| uses.into_iter().map(|(sender, _)| sender).collect()),
        mx_coverage: names.coverage,
        mismatch: names.mismatch,
        mx_tls: servers.as_ref().and_then(MailServers::mx_tls),
        mx_dnssec: servers.as_ref().and_then(MailServers::mx_dnssec),
        dane_state: servers.as_ref().and_then(MailServers::dane_state),
        delivery_dane: servers
            .as_ref()
            .and_then(|servers| senders::delivery_dane(servers, strict_record, policy, under_sts, |host| patterns.covers(host))),
        ..columns(evidence, &exchanges, sts, tlsrpt, &text)
    };
    deployment::remark_whole(evidence, &assessment, retrieval.transient, &mut findings);
    assessment.findings = findings.finish();
    assessment
}

/// The columns that are read off rather than judged; the others are filled in by the caller.
fn columns(evidence: &Evidence, exchanges: &Exchanges, sts: Sts, tlsrpt: Tlsrpt, text: &PolicyText) -> Assessment {
    let policy = text.parsed.as_ref().map(|parsed| &parsed.value);
    Assessment {
        mx_state: exchanges.state,
        mx_provider: exchanges.hosts.first().and_then(|host| suffix::registrable(&host.name)).map(str::to_owned),
        mx_hosts: exchanges.hosts.iter().map(|host| host.name.clone()).collect(),
        sts_state: sts.state,
        sts_id: sts.id,
        policy_stage: text.stage,
        policy_mode: policy.and_then(|policy| policy.mode.clone()),
        policy_max_age: policy.and_then(|policy| policy.max_age).and_then(|seconds| i64::try_from(seconds).ok()),
        policy_mx: policy.map(|policy| policy.mx.clone()),
        policy_provider: policy_host::provider(evidence),
        policy_hosts: particulars::policy_hosts(evidence),
        location_host: particulars::location_host(evidence),
        issuer_org: particulars::issuer_org(evidence),
        cert_not_after: particulars::cert_not_after(evidence),
        tlsrpt_state: tlsrpt.state,
        rua_hosts: particulars::rua_hosts(&tlsrpt.record.rua),
        tlsrpt_rua: tlsrpt.record.rua.into_iter().map(|rua| rua.uri).collect(),
        posture: Posture::Unknown,
        delivery: Delivery::Unknown,
        delivery_lenient: Delivery::Unknown,
        accepted_by: None,
        mx_coverage: None,
        mismatch: None,
        mx_tls: None,
        mx_dnssec: None,
        dane_state: None,
        delivery_dane: None,
        findings: Vec::new(),
    }
}

/// The text of the policy after the grammar has had its say.
struct PolicyText {
    /// The first stage that failed, syntax included.
    stage: Option<PolicyStage>,
    parsed: Option<Parsed<Policy>>,
    /// The mode of a policy that was retrieved and is valid.
    mode: Option<Mode>,
}

impl PolicyText {
    fn read(evidence: &Evidence, retrieval: &Retrieval<'_>, findings: &mut Findings) -> Self {
        let parsed = retrieval.body.as_deref().map(parse);
        if let (Some(parsed), Some(body)) = (&parsed, &retrieval.body) {
            // What is missing has no line.
            let line = |fault: &Fault| {
                let known = !fault.span.is_empty();
                if known { format!("line {}", line_column(body, fault.span.start).0) } else { String::new() }
            };
            findings.add_faults(parsed, &evidence.domain.policy_host(), line);
            deployment::remark_own_wildcard(evidence, &parsed.value.mx, findings);
        }
        let mode = parsed.as_ref().filter(|parsed| parsed.valid).and_then(|parsed| parsed.value.known_mode());
        match retrieval.stage {
            Some(PolicyStage::Ok) if mode.is_none() => Self { stage: Some(PolicyStage::Syntax), parsed, mode },
            Some(PolicyStage::Ok) => Self { stage: Some(PolicyStage::Ok), parsed, mode },
            stage => Self { stage, parsed, mode: None },
        }
    }
}

/// The names of a valid policy against those of the MX hosts.
struct Names {
    coverage: Option<Coverage>,
    mismatch: Option<Mismatch>,
}

impl Names {
    fn compare(evidence: &Evidence, text: &PolicyText, destinations: Option<&[Host]>, findings: &mut Findings) -> Self {
        let nothing = Self { coverage: None, mismatch: None };
        let (Some(mode), Some(parsed), Some(hosts)) = (text.mode, &text.parsed, destinations) else { return nothing };
        let patterns = &parsed.value.mx;
        let Some(comparison) = Patterns::new(patterns).compare(hosts) else { return nothing };
        let likenesses = likenesses(&comparison, patterns);
        deployment::remark_coverage(evidence, mode, &comparison, &likenesses, findings);
        deployment::remark_backups(&comparison, hosts, mode, findings);
        let Comparison { coverage, .. } = comparison;
        Self { coverage: Some(coverage), mismatch: likenesses.iter().map(|likeness| likeness.class).min() }
    }
}

/// Where mail goes, and what was found there.
#[derive(Clone, Copy)]
struct Hosts<'a> {
    /// `None` where that is not known; empty where nobody delivers.
    destinations: Option<&'a [Host]>,
    /// `None` where nobody was to be asked.
    servers: Option<&'a MailServers<'a>>,
}

impl Hosts<'_> {
    /// To whom a sender may deliver under a policy that covers so many hosts, and these.
    fn under(self, coverage: Option<Coverage>, covers: impl Fn(&str) -> bool) -> Destinations {
        match self.destinations {
            None => Destinations::Unknown,
            Some([]) => Destinations::Nowhere,
            Some(_) => {
                let tested = self.servers.and_then(|servers| senders::as_tested(servers, covers));
                tested.map_or(Destinations::Hosts(coverage), Destinations::Tested)
            }
        }
    }
}

/// What forgiving senders do: they find records and policies where the RFC sees none, but insist on a valid certificate, too.
fn lenient(sts: &Sts, retrieval: &Retrieval<'_>, text: &PolicyText, to: Hosts<'_>) -> Delivery {
    let has_record = (sts.state != RecordState::Unknown).then_some(sts.lenient);
    let read = retrieval.body.as_deref().filter(|_| retrieval.stage == Some(PolicyStage::Ok)).and_then(parse_lenient);
    let policy = standing(text.stage, retrieval.transient, read.as_ref().map(|policy: &LenientPolicy| policy.mode));
    let patterns = Patterns::new(read.as_ref().map_or(&[][..], |policy| &policy.mx));
    let coverage = to.destinations.filter(|_| read.is_some()).and_then(|hosts| patterns.compare_lenient(hosts));
    delivery(has_record, policy, to.under(coverage, |host| patterns.covers_lenient(host)))
}
