//! What to publish for one domain, why, and in which order.

use std::time::{Duration, SystemTime};

use time::Date;

use super::hosts::Hosts;
use super::id::{self, Ids};
use super::policy::Published;
use super::reports::Reports;
use super::wishes::Wishes;
use super::{lint, text};
use crate::classify::{Assessment, Delivery, Finding, MxState, Posture, RecordState, Severity, Status};
use crate::evidence::{Evidence, Outcome};
use crate::name::{Domain, MAX_NAME_OCTETS, normalise_host};
use crate::parse::policy::Mode;
use crate::parse::record_set::{RecordKind, select};
use crate::vocabulary::vocabulary;

/// How long a new policy is tested before it is enforced: two weeks of reports tell.
const TESTING: Duration = Duration::from_secs(14 * 86_400);
/// Codes that are named as the reason of a repair.
const MAX_CODES: usize = 5;

vocabulary! {
    /// What is done for a domain.
    pub enum Action {
        /// It has no MTA-STS, and gets it.
        New = "new",
        /// What it has is put right.
        Repair = "repair",
        /// What it has is right, and goes on from testing to enforce.
        Advance = "advance",
        /// MTA-STS is withdrawn.
        Withdraw = "withdraw",
        /// What it has stays as it is.
        Keep = "keep",
        /// Nothing can or need be published.
        Skip = "skip",
    }
}

impl Action {
    /// Whether there is something to do.
    pub fn changes(self) -> bool {
        matches!(self, Self::New | Self::Repair | Self::Advance | Self::Withdraw)
    }
}

/// What is known of a domain.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What was seen.
    pub evidence: &'a Evidence,
    /// What it means.
    pub assessment: &'a Assessment,
    /// Whether the user named the MX hosts and nobody was asked.
    pub stated: bool,
}

/// Policy and record of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The policy's mode.
    pub mode: Mode,
    /// The policy's body, lines ended by CRLF.
    pub policy: String,
    /// The record's id.
    pub id: String,
    /// The TXT record at `_mta-sts.DOMAIN`.
    pub record: String,
}

/// Something to do; they are done in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Say which mailbox is to have the reports.
    NameMailbox,
    /// Publish the TLSRPT record.
    Report,
    /// Serve the policy.
    Serve,
    /// Publish the MTA-STS record.
    Announce,
    /// Give hosts names that a policy can hold.
    RenameHosts,
    /// Repair hosts to which nobody would deliver under an enforced policy.
    FixHosts,
    /// From this day on, enforce.
    Advance(Date),
    /// Wait for so many seconds until no sender holds the old policy.
    Wait(u64),
    /// Remove the record and then the policy.
    Remove,
    /// Scan the domain again, since something is not known.
    ScanAgain,
}

/// What is published for a domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The domain.
    pub domain: Domain,
    /// What is done.
    pub action: Action,
    /// Why, a sentence or clause each.
    pub why: Vec<String>,
    /// What is published now; `None` where that is nothing.
    pub now: Option<Stage>,
    /// Whether the MTA-STS record changes.
    pub record_changes: bool,
    /// Whether the policy's text, or the host that serves it, changes.
    pub policy_changes: bool,
    /// What is published on the day on which to go on.
    pub later: Option<Stage>,
    /// The TLSRPT record.
    pub reports: Reports,
    /// The MX hosts.
    pub hosts: Hosts,
    /// Aliases at the three names, lower case without a final dot: at `_mta-sts`, `_smtp._tls` and `mta-sts`.
    pub aliases: Aliases,
    /// What is to be done, in order.
    pub steps: Vec<Step>,
}

/// Where the names of a deployment lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    /// Of `_mta-sts.DOMAIN`.
    pub record: Option<Domain>,
    /// Of `_smtp._tls.DOMAIN`.
    pub reports: Option<Domain>,
    /// Of `mta-sts.DOMAIN`.
    pub policy_host: Option<Domain>,
}

impl Aliases {
    fn of(evidence: &Evidence) -> Self {
        // What is no name of letters, digits and hyphens is written to no file.
        let first = |chain: &[String]| chain.first().and_then(|target| Domain::from_a_labels(&normalise_host(target)));
        let host = evidence.host_a.as_ref().and_then(|a| first(&a.cname_chain));
        Self {
            record: first(&evidence.sts_txt.cname_chain),
            reports: first(&evidence.tlsrpt_txt.cname_chain),
            policy_host: host.or_else(|| evidence.host_aaaa.as_ref().and_then(|aaaa| first(&aaaa.cname_chain))),
        }
    }
}

/// Decides for one domain. Nothing is proposed that `lint` rates high or medium, that names an MX host which no policy can name, or that
/// enforces on hosts which are known to fail.
pub fn decide(known: Known<'_>, wishes: &Wishes, ids: &Ids) -> Decision {
    let Known { evidence, assessment, stated } = known;
    let hosts = Hosts::of(evidence, assessment, stated);
    if let Some(why) = why_nothing(&evidence.domain, assessment, &hosts, wishes) {
        return nothing(evidence, hosts, why);
    }
    let published = Published::of(evidence, assessment);
    let mut why = reasons(known);
    let mode = mode(assessment, &hosts, &published, wishes, &mut why);
    let corrected = published.corrected(mode, &hosts, wishes);
    let same = published.is(&corrected, is_at_fault(assessment));
    let now = stage(mode, corrected, same, assessment, ids);
    let later = (mode == Mode::Testing && hosts.known && hosts.may_be_enforced() && wishes.mode.is_none())
        .then(|| later(&now, assessment, ids))
        .flatten();
    let texts = [Some(&now), later.as_ref()].into_iter().flatten();
    let objection = texts.filter_map(|stage| lint::policy(stage.policy.as_bytes()).filter(|objection| objection.forbids())).min();
    if let Some(objection) = objection {
        return nothing(evidence, hosts, format!("no policy is possible that lint does not object to: {}", objection.code));
    }
    let takes_no_mail = assessment.mx_state == MxState::Null;
    let reports = if takes_no_mail { kept(evidence, assessment) } else { Reports::of(evidence, assessment, wishes) };
    let record = published_record(evidence, assessment).filter(|(_, id)| same && *id == now.id).map(|(text, _)| text);
    let record_changes = record.is_none();
    let now = Stage { record: record.unwrap_or_else(|| now.record.clone()), ..now };
    let mut decision = Decision {
        domain: evidence.domain.clone(),
        action: Action::Keep,
        why,
        record_changes,
        policy_changes: !same || is_at_fault(assessment),
        now: Some(now),
        later,
        reports,
        hosts,
        aliases: Aliases::of(evidence),
        steps: Vec::new(),
    };
    decision.action = action(&decision, assessment, &published, wishes);
    explain(&mut decision, same);
    decision.steps = steps(&decision, &published);
    decision
}

fn has_record(assessment: &Assessment) -> bool {
    matches!(assessment.sts_state, RecordState::Valid | RecordState::Invalid | RecordState::Multiple)
}

/// Whether senders cannot use what is published, or refuse mail because of it.
fn is_at_fault(assessment: &Assessment) -> bool {
    assessment.posture == Posture::Broken || matches!(assessment.delivery, Delivery::Partial | Delivery::Refused)
}

/// Why nothing is published, where that is so.
fn why_nothing(domain: &Domain, assessment: &Assessment, hosts: &Hosts, wishes: &Wishes) -> Option<String> {
    let deployed = has_record(assessment);
    if domain.tlsrpt_record_name().len() > MAX_NAME_OCTETS {
        return Some("its name is so long that no record can stand below it".to_owned());
    }
    Some(match (assessment.mx_state, assessment.sts_state) {
        (MxState::Nxdomain, _) => "the domain does not exist".to_owned(),
        (_, RecordState::Unknown) => "the lookup of the MTA-STS record failed, so it is not known what is published: scan again".to_owned(),
        (MxState::Null, _) if !deployed => "it takes no mail (null MX), and has no MTA-STS record".to_owned(),
        (MxState::Unknown, _) if !deployed => "the MX lookup failed, so it is not known what to protect: scan again".to_owned(),
        _ if assessment.posture == Posture::Unknown => {
            "the policy could not be fetched for a reason that may pass, so it is not known what is served: scan again".to_owned()
        }
        _ if !deployed && wishes.mode == Some(Mode::None) => "there is no MTA-STS record to withdraw".to_owned(),
        _ if !deployed && hosts.named.is_empty() => format!("no policy can name the MX hosts: {}", hosts.unnameable_in_words()),
        _ => return None,
    })
}

fn nothing(evidence: &Evidence, hosts: Hosts, why: String) -> Decision {
    Decision {
        domain: evidence.domain.clone(),
        action: Action::Skip,
        why: vec![why],
        now: None,
        record_changes: false,
        policy_changes: false,
        later: None,
        reports: Reports::Unknown,
        hosts,
        aliases: Aliases::of(evidence),
        steps: Vec::new(),
    }
}

/// What is wrong, in a clause each.
fn reasons(known: Known<'_>) -> Vec<String> {
    let Known { assessment, stated, .. } = known;
    if stated {
        return vec!["the MX hosts are those of the command, DNS was not asked".to_owned()];
    }
    if !has_record(assessment) {
        return vec!["no MTA-STS record".to_owned()];
    }
    let mut words: Vec<&str> = Vec::new();
    if assessment.posture == Posture::Broken {
        words.push(assessment.posture.as_str());
    }
    if matches!(assessment.delivery, Delivery::Partial | Delivery::Refused) {
        words.push(assessment.delivery.as_str());
    }
    let is_seen = |finding: &&Finding| finding.code.rule().status != Status::Expectation;
    let settled = |finding: &&Finding| is_seen(finding) && finding.severity <= Severity::Medium && !finding.leaves_open();
    let mut codes: Vec<&str> = assessment.findings.iter().filter(settled).map(|finding| finding.code.as_str()).collect();
    codes.dedup();
    codes.truncate(MAX_CODES);
    match (words.is_empty(), codes.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => vec![codes.join(", ")],
        (false, true) => vec![words.join(", ")],
        (false, false) => vec![format!("{}: {}", words.join(", "), codes.join(", "))],
    }
}

/// The mode: a repair keeps the one that is published, what is new begins with testing.
fn mode(assessment: &Assessment, hosts: &Hosts, published: &Published, wishes: &Wishes, why: &mut Vec<String>) -> Mode {
    if assessment.mx_state == MxState::Null {
        why.push("it takes no mail (null MX), so MTA-STS is withdrawn".to_owned());
        return Mode::None;
    }
    if hosts.named.is_empty() {
        why.push(if hosts.known {
            format!(
                "mode none: no MX host can be listed ({}); MTA-STS is withdrawn until the names of the MX hosts are fixed",
                hosts.unnameable_in_words()
            )
        } else {
            "mode none until it is known which MX hosts there are: their lookup failed".to_owned()
        });
        return Mode::None;
    }
    let wanted = wishes.mode.or_else(|| published.mode.filter(|_| has_record(assessment))).unwrap_or(Mode::Testing);
    if wanted != Mode::Enforce || hosts.may_be_enforced() {
        return wanted;
    }
    if !hosts.failing.is_empty() {
        why.push(format!("mode testing, not enforce: nobody would deliver to {}", hosts.failing_in_words()));
    }
    if !hosts.unnameable.is_empty() {
        why.push(format!("mode testing, not enforce: no policy can name {}", hosts.unnameable_in_words()));
    }
    Mode::Testing
}

/// Policy and record of today. An id stays as long as the text does, be it published or of an earlier publication.
fn stage(mode: Mode, policy: String, same: bool, assessment: &Assessment, ids: &Ids) -> Stage {
    let current = assessment.sts_id.as_deref().unwrap_or_default();
    let before = ids.now.as_ref();
    let kept = || (same && id::is_id(current)).then(|| current.to_owned());
    let held = || before.filter(|before| before.policy == policy && before.id != current).map(|before| before.id.clone());
    let new = || {
        let others = [Some(current), before.map(|before| before.id.as_str()), ids.later.as_ref().map(|later| later.id.as_str())];
        id::new(ids.at, &others.into_iter().flatten().collect::<Vec<_>>())
    };
    let id = kept().or_else(held).unwrap_or_else(new);
    Stage { mode, policy, record: text::sts_record(&id), id }
}

/// The same policy, enforced, with an id that speaks of the day on which to go on.
fn later(now: &Stage, assessment: &Assessment, ids: &Ids) -> Option<Stage> {
    let policy = text::in_mode(&now.policy, Mode::Enforce)?;
    let others = [Some(now.id.as_str()), assessment.sts_id.as_deref()];
    let others: Vec<&str> = others.into_iter().flatten().collect();
    let held = ids.later.as_ref().filter(|held| held.policy == policy && !others.contains(&held.id.as_str()));
    let id = held.map_or_else(|| id::new(ids.at.checked_add(TESTING).unwrap_or(SystemTime::UNIX_EPOCH), &others), |held| held.id.clone());
    Some(Stage { mode: Mode::Enforce, policy, record: text::sts_record(&id), id })
}

/// The only record, as far as nothing of it has to change, and its id.
fn published_record(evidence: &Evidence, assessment: &Assessment) -> Option<(String, String)> {
    let lookup = &evidence.sts_txt;
    let is_valid = assessment.sts_state == RecordState::Valid && lookup.outcome == Outcome::Noerror;
    let index = select(RecordKind::Sts, &lookup.records).index().filter(|_| is_valid)?;
    let text = String::from_utf8(lookup.records.get(index)?.joined()).ok()?;
    let is_fine = lint::record(RecordKind::Sts, &text).is_none_or(|said| said.severity > Severity::Low);
    is_fine.then(|| (text, assessment.sts_id.clone().unwrap_or_default()))
}

/// What is published for reports of a domain that takes no mail.
fn kept(evidence: &Evidence, assessment: &Assessment) -> Reports {
    match Reports::of(evidence, assessment, &Wishes::default()) {
        Reports::Kept(record) => Reports::Kept(record),
        _ => Reports::Unknown,
    }
}

fn action(decision: &Decision, assessment: &Assessment, published: &Published, wishes: &Wishes) -> Action {
    let mode = decision.now.as_ref().map(|now| now.mode);
    let gives_up = assessment.mx_state == MxState::Null || published.mode != Some(Mode::None) || wishes.mode == Some(Mode::None);
    let is_new = !has_record(assessment);
    let reports_change = matches!(decision.reports, Reports::Set(_) | Reports::Unnamed);
    match mode {
        _ if is_new => Action::New,
        Some(Mode::None) if gives_up && decision.hosts.known => Action::Withdraw,
        _ if decision.policy_changes || decision.record_changes || reports_change => Action::Repair,
        _ if decision.later.is_some() => Action::Advance,
        _ => Action::Keep,
    }
}

/// Adds what follows from the decision.
fn explain(decision: &mut Decision, same: bool) {
    let why = &mut decision.why;
    for row in &decision.hosts.documented {
        why.push(format!("pattern {} as {} documents it ({})", row.pattern, row.provider, row.source));
    }
    if decision.action != Action::New && decision.policy_changes {
        why.push(
            if same { "the policy's text stays, its server is at fault" } else { "the policy's text changes, so the id does" }.to_owned(),
        );
    }
    match decision.reports {
        Reports::Unnamed => why.push("no usable TLSRPT record, and no mailbox for one is named".to_owned()),
        Reports::Set(_) => why.push("the TLSRPT record is new or changes".to_owned()),
        Reports::Kept(_) | Reports::Unknown => {}
    }
    if decision.later.is_some() && !decision.hosts.untested.is_empty() {
        why.push("not every MX host was tested".to_owned());
    }
    if decision.action == Action::Keep && why.is_empty() {
        why.push("nothing has to change".to_owned());
    }
}

fn steps(decision: &Decision, published: &Published) -> Vec<Step> {
    let mut steps = Vec::new();
    match decision.reports {
        Reports::Unnamed => steps.push(Step::NameMailbox),
        Reports::Set(_) => steps.push(Step::Report),
        Reports::Kept(_) | Reports::Unknown => {}
    }
    if decision.policy_changes {
        steps.push(Step::Serve);
    }
    if decision.record_changes {
        steps.push(Step::Announce);
    }
    if decision.action == Action::Withdraw {
        // What is not known may have been held for as long as senders hold a policy at all.
        steps.extend([Step::Wait(published.max_age.unwrap_or(text::YEAR).min(text::YEAR)), Step::Remove]);
        return steps;
    }
    if !decision.hosts.unnameable.is_empty() {
        steps.push(Step::RenameHosts);
    }
    if !decision.hosts.failing.is_empty() {
        steps.push(Step::FixHosts);
    }
    if !decision.hosts.known {
        steps.push(Step::ScanAgain);
    }
    steps.extend(decision.later.as_ref().and_then(|later| id::date(&later.id)).map(Step::Advance));
    steps
}

impl Decision {
    /// The day on which to go on.
    pub fn go_on(&self) -> Option<Date> {
        self.steps.iter().find_map(|step| if let Step::Advance(day) = step { Some(*day) } else { None })
    }
}
