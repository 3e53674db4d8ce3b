//! `stscan check`: a few domains, explained to a person.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use serde_json::{Value, json};

use super::args::CheckArguments;
use super::{Exit, Failure, plan};
use crate::classify::{Assessment, Delivery, Finding, MxState, PolicyStage, RecordState, Severity, classify, remedy, rule};
use crate::evidence::{Evidence, Lookup, Mx};
use crate::name::provider::{Service, provider};
use crate::name::{Domain, normalise_host};
use crate::parse::senders::Sender;
use crate::scan::{Network, ScanError};
use crate::ui::text;

/// How long to wait for a resolver when none answers: somebody is waiting for this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Columns of prose.
const WIDTH: usize = 100;

/// Probes each domain and explains what was seen.
pub(super) fn run(arguments: CheckArguments) -> Result<Exit, Failure> {
    let file = plan::config(arguments.config.as_deref())?;
    let domains = arguments.domains.iter().map(|typed| domain(typed)).collect::<Result<Vec<_>, _>>()?;
    let mut plan = plan::network(&arguments.network.or(file.network), None)?;
    plan.patience = Some(PATIENCE);
    let network = Network::prepare(&plan)?;
    for warning in network.warnings() {
        writeln!(anstream::stderr(), "stscan: {warning}")?;
    }
    let mut out = anstream::stdout().lock();
    let mut bad = false;
    for (evidence, place) in observe(&network, &domains)?.iter().zip(0..) {
        let assessment = classify(evidence);
        bad |= assessment.worst() == Some(Severity::High);
        if arguments.json {
            writeln!(out, "{}", text::safe_json(&as_json(evidence, &assessment).to_string()))?;
        } else {
            if place > 0 {
                writeln!(out)?;
            }
            print(&mut out, evidence, &assessment)?;
        }
    }
    Ok(if bad { Exit::Bad } else { Exit::Done })
}

fn domain(typed: &str) -> Result<Domain, Failure> {
    Domain::from_input(typed.trim()).map_err(|error| Failure::usage(format!("{:?} is no domain name: {error}", text::safe(typed))))
}

/// Probes the domains at once, results in the order given.
fn observe(network: &Network, domains: &[Domain]) -> Result<Vec<Evidence>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Fault, format!("no event loop can be had: {error}")))?;
    let probes = async {
        let probe = network.probe()?;
        Ok::<_, ScanError>(futures_util::future::join_all(domains.iter().map(async |domain| *probe.observe(domain).await)).await)
    };
    Ok(tokio::task::LocalSet::new().block_on(&runtime, probes)?)
}

fn as_json(evidence: &Evidence, assessment: &Assessment) -> Value {
    let publish = remedy::publish(evidence, assessment);
    let mut object = json!({
        "domain": evidence.domain.as_str(),
        "assessment": assessment,
        "publish": { "sts_record": publish.sts_record, "tlsrpt_record": publish.tlsrpt_record, "policy": publish.policy },
        "evidence": evidence,
    });
    object["assessment"]["worst"] = json!(assessment.worst());
    object
}

fn print(out: &mut impl Write, evidence: &Evidence, assessment: &Assessment) -> io::Result<()> {
    let bold = Style::new().bold();
    let posture = text::posture_style(assessment.posture);
    writeln!(out, "{bold}{}{bold:#}  {posture}{}{posture:#}\n", evidence.domain, assessment.posture)?;
    writeln!(out, "{}\n", text::fold(verdict(assessment), WIDTH, 0))?;
    facts(out, evidence, assessment)?;
    let (worth_mending, remarks): (Vec<&Finding>, Vec<&Finding>) =
        assessment.findings.iter().partition(|finding| finding.severity != Severity::Info);
    if !worth_mending.is_empty() {
        writeln!(out, "\n{bold}What is wrong{bold:#}")?;
        for finding in worth_mending {
            print_finding(out, finding)?;
        }
    }
    if !remarks.is_empty() {
        writeln!(out, "\n{bold}Remarks{bold:#}")?;
        for finding in remarks {
            let detail = if finding.detail.is_empty() { String::new() } else { format!(": {}", text::safe(&finding.detail)) };
            writeln!(out, "  {}{detail}", finding.code)?;
        }
    }
    print_publication(out, evidence, assessment)
}

/// What a sender does today, for a person who has never heard of MTA-STS.
fn verdict(assessment: &Assessment) -> &'static str {
    match assessment.mx_state {
        MxState::Null => return "The domain takes no mail (null MX), so there is nothing to protect.",
        MxState::Nxdomain => return "The domain does not exist.",
        MxState::Present | MxState::None | MxState::Unknown => {}
    }
    match (assessment.delivery, assessment.sts_state) {
        (Delivery::Protected, _) => "Senders that follow MTA-STS deliver only over TLS with a valid certificate, to every MX host.",
        (Delivery::Partial, _) => {
            "Senders that follow MTA-STS refuse some of the MX hosts: mail is delayed or lost when the others are down."
        }
        (Delivery::Refused, _) => "Senders that follow MTA-STS accept none of the MX hosts: their mail to this domain is not delivered.",
        (Delivery::Reported, _) => "The policy is in testing mode: senders deliver as without it and report what would have failed.",
        (Delivery::Unknown, _) => {
            "The answers needed to tell what senders do could not be had; this says nothing of the domain. Try again later."
        }
        (Delivery::Opportunistic, RecordState::Absent) => {
            "No MTA-STS: senders use TLS if it is offered and accept any certificate, so an attacker can read the mail."
        }
        (Delivery::Opportunistic, _) if assessment.findings.iter().any(|finding| finding.code == "sts-policy-enforced-by-lenient") => {
            "Senders that follow MTA-STS ignore this policy, but forgiving ones enforce it and refuse every MX host: their mail is not delivered."
        }
        (Delivery::Opportunistic, _) => {
            "MTA-STS has no effect: senders use TLS if it is offered and accept any certificate, so an attacker can read the mail."
        }
    }
}

fn facts(out: &mut impl Write, evidence: &Evidence, assessment: &Assessment) -> io::Result<()> {
    let list = |values: &[String]| text::safe(&values.join(", "));
    let mx = match assessment.mx_state {
        MxState::Present | MxState::Null => describe_mx(&evidence.mx) + &mail_providers(assessment),
        MxState::None => format!("none; senders use {} itself", evidence.domain),
        MxState::Nxdomain => "the domain does not exist".to_owned(),
        MxState::Unknown => format!("unknown ({})", evidence.mx.outcome),
    };
    writeln!(out, "  MX          {mx}")?;
    writeln!(out, "  _mta-sts    {}", record(assessment.sts_state, &texts(&evidence.sts_txt)))?;
    if let Some(stage) = assessment.policy_stage {
        let mode = assessment.policy_mode.as_deref().map_or(String::new(), |mode| format!(", mode {}", text::safe(mode)));
        let age = assessment.policy_max_age.map_or(String::new(), |age| format!(", max_age {age}"));
        let mx = assessment.policy_mx.as_deref().map_or(String::new(), |mx| format!(", mx {}", list(mx)));
        let reached = match stage {
            PolicyStage::Ok => "retrieved".to_owned(),
            PolicyStage::Syntax => "retrieved, not valid".to_owned(),
            stage => format!("not retrieved, failed at {stage}"),
        };
        let host = policy_provider(evidence).map_or(String::new(), |name| format!(", hosted by {name}"));
        writeln!(out, "  policy      {reached}{mode}{age}{mx}{host}")?;
        users(out, assessment)?;
    }
    writeln!(out, "  _smtp._tls  {}", record(assessment.tlsrpt_state, &texts(&evidence.tlsrpt_txt)))?;
    reporters(out, evidence)
}

/// Which known implementations would send reports, where they do not agree or none would.
fn reporters(out: &mut impl Write, evidence: &Evidence) -> io::Result<()> {
    let records = &evidence.tlsrpt_txt.records;
    let read = Sender::ALL.iter().filter_map(|sender| Some((*sender, sender.sends_reports_to(records)?)));
    let (used, refused): (Vec<_>, Vec<_>) = read.partition(|(_, destinations)| !destinations.is_empty());
    if records.is_empty() || refused.is_empty() {
        return Ok(());
    }
    let names = |senders: &[(Sender, Vec<String>)]| senders.iter().map(|(sender, _)| sender.as_str()).collect::<Vec<_>>().join(", ");
    match used.as_slice() {
        [] => writeln!(out, "  reports by  none of {}", names(&refused)),
        used => writeln!(out, "  reports by  {}; not by: {}", names(used), names(&refused)),
    }
}

/// Which known implementations would use record and policy, and which not.
fn users(out: &mut impl Write, assessment: &Assessment) -> io::Result<()> {
    let Some(accepted) = &assessment.accepted_by else { return Ok(()) };
    let (used, refused): (Vec<Sender>, Vec<Sender>) = Sender::ALL.iter().partition(|sender| accepted.contains(sender));
    let names = |senders: &[Sender]| senders.iter().map(|sender| sender.as_str()).collect::<Vec<_>>().join(", ");
    let line = match (used.as_slice(), refused.as_slice()) {
        (all, []) => format!("all {} senders that are modelled", all.len()),
        ([], all) => format!("none of the {} senders that are modelled", all.len()),
        (used, refused) => format!("{}; refused by: {}", names(used), names(refused)),
    };
    writeln!(out, "  used by     {line}")
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

fn texts(lookup: &Lookup<crate::evidence::Txt>) -> Vec<String> {
    lookup.records.iter().map(|record| text::safe_bytes(&record.joined())).collect()
}

fn record(state: RecordState, texts: &[String]) -> String {
    match texts.is_empty() {
        true => state.to_string(),
        false => format!("{state}: {}", texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(" ")),
    }
}

fn print_finding(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let style = text::severity_style(finding.severity);
    writeln!(out, "\n  {style}{}{style:#} {}  {}", finding.severity, finding.code, text::safe(&finding.subject))?;
    let Some(rule) = rule(finding.code) else { return Ok(()) };
    writeln!(out, "{}", text::fold(rule.summary, WIDTH, 4))?;
    if !finding.detail.is_empty() {
        writeln!(out, "{}", text::fold(&text::safe(&finding.detail), WIDTH, 4))?;
    }
    writeln!(out, "{}", text::fold(&format!("Mend: {}", rule.remedy), WIDTH, 4))
}

/// The texts that would be right, for domains that take mail and whose MX hosts are known.
fn print_publication(out: &mut impl Write, evidence: &Evidence, assessment: &Assessment) -> io::Result<()> {
    if !matches!(assessment.mx_state, MxState::Present | MxState::None) || assessment.delivery == Delivery::Unknown {
        return Ok(());
    }
    let publish = remedy::publish(evidence, assessment);
    let bold = Style::new().bold();
    let domain = &evidence.domain;
    let done = assessment.worst().is_none_or(|worst| worst > Severity::Low) && assessment.delivery == Delivery::Protected;
    if done {
        return Ok(());
    }
    writeln!(out, "\n{bold}What to publish for these MX hosts{bold:#}")?;
    writeln!(out, "  1. At https://mta-sts.{domain}/.well-known/mta-sts.txt, as text/plain, lines ended by CRLF:")?;
    for line in publish.policy.lines() {
        writeln!(out, "       {}", text::safe(line))?;
    }
    writeln!(out, "  2. In DNS:")?;
    writeln!(out, "       _smtp._tls.{domain}. IN TXT \"{}\"", text::safe(&publish.tlsrpt_record))?;
    writeln!(out, "       _mta-sts.{domain}. IN TXT \"{}\"", text::safe(&publish.sts_record))?;
    writeln!(out, "     The policy first, then the record; with every change of the policy the record gets another id.")
}
