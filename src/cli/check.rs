//! `stscan check`: a few domains, explained to a person.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use anstyle::Style;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::args::CheckArguments;
use super::config::ConfigFile;
use super::exit::{Exit, Failure};
use super::options::NetworkOptions;
use super::values::wishes;
use super::{expect, gate, lab, plan as network_plan, proxies};
use crate::analyse::AnalyseError;
use crate::analyse::expect::{Expectations, SeenBatch, Waived};
use crate::analyse::gate::{DomainCondition, Gate, judge_rows};
use crate::classify::{Asked, Assessment, Finding, Severity, classify};
use crate::dataset::{JudgementColumns, Record, invented, record_batch};
use crate::evidence::Evidence;
use crate::input::Target;
use crate::lab::Lab;
use crate::name::Domain;
use crate::observe::probe::Probe;
use crate::observe::retry::Retry;
use crate::observe::scope::Scope;
use crate::publish::{Wishes, plan};
use crate::scan::{Network, NetworkPlan, ScanError};
use crate::ui::{facts, mail_servers, text, waived};

/// How long to wait for a resolver when none answers: somebody is waiting for this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Columns of prose.
const WIDTH: usize = 100;

/// Probes each domain and explains what was seen.
pub(super) fn run(arguments: CheckArguments) -> Result<Exit, Failure> {
    let file = ConfigFile::read(arguments.config.as_deref())?;
    let places = file.places();
    check(arguments, file).map_err(|failure| ConfigFile::placed(&places, failure))
}

fn check(arguments: CheckArguments, file: ConfigFile) -> Result<Exit, Failure> {
    let expectations = arguments.expect.read()?;
    let gate = gate::of_domains(&arguments.fail_on, expectations.is_some())?
        .beside(Severity::High.as_str(), DomainCondition::Worst(Severity::High));
    let wishes = wishes(&arguments.rua)?;
    let options = arguments.network.or(file.network);
    if arguments.domains.iter().any(|typed| typed == PIPE) {
        return match arguments.domains.as_slice() {
            [_] => pipe(&options, expectations.as_deref(), &gate, &wishes, &arguments.fail_on),
            _ => Err(Failure::usage("- takes the names from standard input: leave out the others, or write them there")),
        };
    }
    let domains = arguments.domains.iter().map(|typed| domain(typed)).collect::<Result<Vec<_>, _>>()?;
    let Probed { mut judged, invented, blocked } = probe(&options, &domains)?;
    let mut out = anstream::stdout().lock();
    let seen = seen(&mut judged, expectations.as_deref())?;
    if let Some(invented) = invented.as_ref().filter(|_| !arguments.json) {
        writeln!(out, "Note: {invented}\n")?;
    }
    for (place, (evidence, assessment)) in judged.iter().enumerate() {
        if arguments.json {
            let mut object = as_json(evidence, assessment, &wishes, invented.as_deref(), blocked.as_deref());
            if expectations.is_some() {
                object["waived"] = seen.waived(place).iter().map(waived::object).collect();
            }
            writeln!(out, "{}", text::safe_json(&object.to_string()))?;
        } else {
            if place > 0 {
                writeln!(out)?;
            }
            print(&mut out, (evidence, assessment), &wishes, blocked.as_deref(), seen.waived(place))?;
        }
    }
    if judged.len() > 1 && !arguments.json {
        print_summary(&mut out, &judged)?;
    }
    let mut matches = gate.matches();
    judge_rows(&seen, &gate, &mut matches).map_err(AnalyseError::from)?;
    // Of a severity alone the text above says enough.
    if arguments.fail_on.is_empty() { Ok(gate::status(&matches)) } else { gate::close(&matches) }
}

/// Names from standard input, as many at once as are there, each answered by a line of JSON in their order. What is not asked for is as with
/// `scan`: mail servers are left alone.
fn pipe(
    options: &NetworkOptions,
    expectations: Option<&Expectations>,
    gate: &Gate<DomainCondition>,
    wishes: &Wishes,
    fail_on: &[String],
) -> Result<Exit, Failure> {
    let prober = Prober::prepare(options, Defaults::Scan)?;
    let (mut matches, mut refused) = (gate.matches(), 0_u64);
    let names = names_of_standard_input()?;
    while let Ok(first) = names.recv() {
        // What is there already goes along; nobody waits for what is not.
        let mut lines = vec![first];
        while lines.len() < AT_ONCE
            && let Ok(next) = names.recv_timeout(GATHERING)
        {
            lines.push(next);
        }
        let read = |line: io::Result<String>| {
            let line = line.map_err(|error| Failure::new(Exit::Input, format!("standard input cannot be read: {error}")))?;
            let name = Domain::from_input(&line).map_err(|error| error.to_string());
            Ok::<_, Failure>((line, name))
        };
        let lines = lines.into_iter().map(read).collect::<Result<Vec<(String, Result<Domain, String>)>, _>>()?;
        let domains: Vec<Domain> = lines.iter().filter_map(|(_, read)| read.as_ref().ok().cloned()).collect();
        let Probed { mut judged, invented, blocked } = prober.judge(&domains)?;
        let seen = seen(&mut judged, expectations)?;
        let mut out = anstream::stdout().lock();
        let mut place = 0;
        for (line, read) in &lines {
            let object = match (read, judged.get(place)) {
                (Ok(_), Some((evidence, assessment))) => {
                    let mut object = as_json(evidence, assessment, wishes, invented.as_deref(), blocked.as_deref());
                    if expectations.is_some() {
                        object["waived"] = seen.waived(place).iter().map(waived::object).collect();
                    }
                    place += 1;
                    object
                }
                (Err(why), _) => {
                    refused += 1;
                    json!({ "input": line, "error": format!("no domain name: {why}") })
                }
                (Ok(domain), None) => json!({ "input": domain.as_str(), "error": "not probed" }),
            };
            writeln!(out, "{}", text::safe_json(&object.to_string()))?;
        }
        out.flush()?;
        judge_rows(&seen, gate, &mut matches).map_err(AnalyseError::from)?;
    }
    let exit = if fail_on.is_empty() { gate::status(&matches) } else { gate::close(&matches)? };
    match (exit, refused) {
        (Exit::Done, 1..) => {
            let lines = if refused == 1 { "line is" } else { "lines are" };
            Err(Failure::new(Exit::Input, format!("{refused} {lines} no domain name; the output says of each why")))
        }
        (exit, _) => Ok(exit),
    }
}

/// What stands for names on standard input.
const PIPE: &str = "-";
/// Names that are probed at once.
const AT_ONCE: usize = 64;
/// How long the next name is waited for before those that are there are probed.
const GATHERING: Duration = Duration::from_millis(20);
/// Octets of a line at most: a name has 253.
const MAX_LINE: u64 = 4096;

/// The lines of standard input that are neither blank nor comments, read ahead by a thread.
fn names_of_standard_input() -> Result<Receiver<io::Result<String>>, Failure> {
    let (sender, names) = sync_channel(AT_ONCE);
    let read = move || {
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        loop {
            line.clear();
            match input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(1..) => {
                    let text = String::from_utf8_lossy(&line);
                    let text = text.trim().trim_start_matches('\u{feff}');
                    if !text.is_empty() && !text.starts_with('#') && sender.send(Ok(text.to_owned())).is_err() {
                        return; // Nobody listens any more.
                    }
                }
                Ok(0) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return drop(sender.send(Err(error))),
            }
        }
    };
    let started = thread::Builder::new().name("names".to_owned()).spawn(read);
    started.map(|_| names).map_err(|error| Failure::new(Exit::Fault, format!("cannot start a thread: {error}")))
}

/// What a few domains are like.
pub(super) struct Probed {
    /// What was seen of each, and what it means, in the order given.
    pub(super) judged: Vec<(Evidence, Assessment)>,
    /// What has to be said of results that are invented.
    pub(super) invented: Option<String>,
    /// Why mail servers were not asked.
    blocked: Option<String>,
}

/// Asks the network, or the lab that stands in for it, about each domain; says on standard error what a reader has to know.
pub(super) fn probe(options: &NetworkOptions, domains: &[Domain]) -> Result<Probed, Failure> {
    Prober::prepare(options, Defaults::Person)?.judge(domains)
}

/// Whose defaults hold for what is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defaults {
    /// Somebody looks at a few domains: everything is asked.
    Person,
    /// As with `scan`: mail servers are left alone.
    Scan,
}

/// A network that can be asked again and again.
struct Prober {
    network: Network,
    plan: NetworkPlan,
    invented: Option<String>,
    _lab: Option<Lab>,
}

impl Prober {
    fn prepare(options: &NetworkOptions, defaults: Defaults) -> Result<Self, Failure> {
        let asks_by_default = options.smtp.is_none() && defaults == Defaults::Person;
        let (mut plan, world) = network_plan::network(options, None)?;
        plan.dns_retry.patience = Some(PATIENCE);
        if defaults == Defaults::Person {
            plan.dane_if_validated = Scope::All;
        }
        let invented = world.map(|lab| invented(lab.world.as_str()));
        let lab = world.map(|world| lab::start(world, &mut plan)).transpose()?;
        // A lab whose mail servers are nowhere has none to ask.
        if asks_by_default && (world.is_none() || plan.overrides.mail_server.is_some()) {
            plan.smtp = Scope::All;
        }
        if let Some(note) = proxies::note(&[]).filter(|_| lab.is_none()) {
            writeln!(anstream::stderr(), "stscan: {note}")?;
        }
        let network = Network::prepare(&plan)?;
        for warning in network.warnings() {
            writeln!(anstream::stderr(), "stscan: {warning}")?;
        }
        Ok(Self { network, plan, invented, _lab: lab })
    }

    /// Asks about each domain.
    fn judge(&self, domains: &[Domain]) -> Result<Probed, Failure> {
        let Self { network, plan, invented, .. } = self;
        let observed = observe(network, domains, plan.retry_rounds.first().copied())?;
        let blocked = network.mail_blocked().map(|why| format!("port {} is blocked here ({why})", plan.mail.smtp_port));
        if let Some(why) = network.mail_blocked() {
            writeln!(anstream::stderr(), "stscan: MX hosts are not tested, because mail servers cannot be asked from here: {why}")?;
        }
        let judged = observed.into_iter().map(|evidence| {
            let mut assessment = classify(&evidence);
            assessment.annotate(|host| plan.asn_db.look_up(host.address));
            (evidence, assessment)
        });
        Ok(Probed { judged: judged.collect(), invented: invented.clone(), blocked })
    }
}

/// The domains as rows of a dataset, since conditions and expectations are about such; the judgements become those that are expected.
fn seen(judged: &mut [(Evidence, Assessment)], expectations: Option<&Expectations>) -> Result<SeenBatch, Failure> {
    let batch = record_batch(&records(judged)).map_err(AnalyseError::from)?;
    let Some(expectations) = expectations else { return Ok(batch.into()) };
    expect::tell(&expectations.notes())?;
    let lines: Vec<String> = expectations.about_carried().iter().map(usize::to_string).collect();
    if !lines.is_empty() {
        let s = if lines.len() == 1 { "" } else { "s" };
        writeln!(
            anstream::stderr(),
            "stscan: what is expected by carried columns (line{s} {}) is not judged: check has no list",
            lines.join(", ")
        )?;
    }
    let seen = expectations.judge(batch).map_err(AnalyseError::from)?;
    let columns = JudgementColumns::of(&seen).map_err(AnalyseError::from)?;
    judged.iter_mut().enumerate().for_each(|(row, (_, assessment))| *assessment = columns.row(row).assessment());
    Ok(seen)
}

fn records(judged: &[(Evidence, Assessment)]) -> Vec<Record> {
    let record = |(ordinal, (evidence, assessment)): (usize, &(Evidence, Assessment))| Record {
        target: Target {
            ordinal: ordinal as u64,
            domain: evidence.domain.clone(),
            rank: None,
            list: "check".into(),
            file: None,
            line: None,
            carried: Vec::new(),
        },
        evidence: evidence.clone(),
        assessment: assessment.clone(),
    };
    judged.iter().enumerate().map(record).collect()
}

/// A line a domain, in the order given.
fn print_summary(out: &mut impl Write, judged: &[(Evidence, Assessment)]) -> io::Result<()> {
    let bold = Style::new().bold();
    let width = judged.iter().map(|(evidence, _)| evidence.domain.as_str().len()).max().unwrap_or_default().max("domain".len());
    writeln!(out, "\n{bold}Summary{bold:#}")?;
    writeln!(out, "  {:<width$}  {:<8}  {:<13}  {:<6}  to fix", "domain", "posture", "delivery", "worst")?;
    for (evidence, assessment) in judged {
        let (posture, worst) = (text::posture_style(assessment.posture), assessment.worst());
        let severity = worst.map_or(Style::new(), text::severity_style);
        let to_fix = assessment.findings.iter().filter(|finding| finding.severity != Severity::Info).count();
        writeln!(
            out,
            "  {:<width$}  {posture}{:<8}{posture:#}  {:<13}  {severity}{:<6}{severity:#}  {to_fix:>6}",
            evidence.domain.as_str(),
            assessment.posture,
            assessment.delivery,
            worst.map_or("-", |worst| worst.as_str())
        )?;
    }
    let asked = Asked::everywhere(judged.iter().map(|(_, assessment)| Asked::of(assessment)));
    writeln!(out, "\n{}", text::fold(&format!("Delivery: {}.", asked.note()), WIDTH, 2))?;
    Ok(())
}

fn domain(typed: &str) -> Result<Domain, Failure> {
    Domain::from_input(typed.trim()).map_err(|error| Failure::usage(format!("{:?} is no domain name: {error}", text::safe(typed))))
}

/// Probes the domains at once, results in the order given.
fn observe(network: &Network, domains: &[Domain], pause: Option<Duration>) -> Result<Vec<Evidence>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Fault, format!("cannot start an event loop: {error}")))?;
    let probes = async {
        let probe = network.probe()?;
        // What they find out stands in the evidence of everybody who is not asked because of it.
        let _ = probe.ask_named_canaries().await;
        Ok::<_, ScanError>(join_all(domains.iter().map(|domain| patiently(&probe, domain, pause))).await)
    };
    Ok(tokio::task::LocalSet::new().block_on(&runtime, probes)?)
}

/// Everything that is to be seen of a domain; after a pause once more what mail servers refused to say.
async fn patiently(probe: &Probe, domain: &Domain, pause: Option<Duration>) -> Evidence {
    let evidence = probe.observe(domain).await;
    match pause {
        Some(pause) if evidence.has_refused_conversation() && !evidence.has_failed_lookup() => {
            tokio::time::sleep(pause).await;
            *probe.observe_again(domain, Retry::after(*evidence)).await
        }
        _ => *evidence,
    }
}

fn as_json(evidence: &Evidence, assessment: &Assessment, wishes: &Wishes, invented: Option<&str>, blocked: Option<&str>) -> Value {
    let publish = facts::to_publish(evidence, assessment, wishes).map(|decision| facts::publication(&decision));
    let mut object = json!({
        "domain": evidence.domain.as_str(),
        "assessment": assessment,
        "publish": publish,
        "evidence": evidence,
    });
    object["assessment"]["id_format"] = json!(assessment.id_format());
    object["assessment"]["policy_usable"] = json!(assessment.policy_usable());
    object["assessment"]["cause"] = json!(assessment.cause());
    object["assessment"]["worst"] = json!(assessment.worst());
    object["verdict"] = json!(facts::verdict(assessment));
    object["next_steps"] = json!(mail_servers::next_steps(assessment));
    object["undetermined"] = json!(assessment.is_undetermined());
    if let Some(why) = blocked {
        object["not_tested"] = json!(why);
    }
    if let Some(invented) = invented {
        object["invented"] = json!(invented);
    }
    object
}

fn print(
    out: &mut impl Write,
    (evidence, assessment): (&Evidence, &Assessment),
    wishes: &Wishes,
    blocked: Option<&str>,
    waived: &[Waived],
) -> io::Result<()> {
    let bold = Style::new().bold();
    let posture = text::posture_style(assessment.posture);
    writeln!(out, "{bold}{}{bold:#}  {posture}{}{posture:#}\n", evidence.domain, assessment.posture)?;
    writeln!(out, "{}\n", text::fold(&facts::verdict(assessment), WIDTH, 0))?;
    for (label, text) in facts::facts(evidence, assessment) {
        writeln!(out, "  {label:<11} {text}")?;
    }
    if let Some(why) = blocked.filter(|_| assessment.mx_tls.is_some()) {
        writeln!(out, "  {:<11} not tested: {}", "SMTP", text::safe(why))?;
    }
    let (open, settled): (Vec<&Finding>, Vec<&Finding>) = assessment.findings.iter().partition(|finding| finding.leaves_open());
    let (to_fix, remarks): (Vec<&Finding>, Vec<&Finding>) = settled.into_iter().partition(|finding| finding.severity != Severity::Info);
    let (cause, others): (Vec<&Finding>, Vec<&Finding>) = to_fix.into_iter().partition(|one| Some(one.code) == assessment.cause());
    let others_are = if cause.is_empty() { "What is wrong" } else { "What else is wrong" };
    for (heading, findings) in [("What to fix first", cause), (others_are, others)] {
        if !findings.is_empty() {
            writeln!(out, "\n{bold}{heading}{bold:#}")?;
        }
        for finding in findings {
            print_finding(out, finding, &finding.severity.to_string(), "Fix")?;
        }
    }
    if !open.is_empty() {
        writeln!(out, "\n{bold}What could not be determined{bold:#}")?;
        for finding in open {
            print_finding(out, finding, "unknown", "If it persists")?;
        }
    }
    if !waived.is_empty() {
        writeln!(out, "\n{bold}Waived{bold:#}")?;
        for one in waived {
            writeln!(out, "{}", text::fold(&waived::line(one), WIDTH, 2))?;
        }
    }
    if !remarks.is_empty() {
        writeln!(out, "\n{bold}Remarks{bold:#}")?;
        let line = |finding: &Finding| {
            let detail = if finding.detail.is_empty() { String::new() } else { format!(": {}", text::safe(&finding.detail)) };
            format!("  {}{detail}", finding.code)
        };
        let mut lines: Vec<String> = remarks.into_iter().map(line).collect();
        lines.dedup(); // Of several hosts the same.
        for line in lines {
            writeln!(out, "{line}")?;
        }
    }
    print_next_steps(out, assessment)?;
    print_publication(out, evidence, assessment, wishes)
}

/// What to do about the mail servers, in order.
fn print_next_steps(out: &mut impl Write, assessment: &Assessment) -> io::Result<()> {
    let bold = Style::new().bold();
    for (place, step) in mail_servers::next_steps(assessment).iter().enumerate() {
        if place == 0 {
            writeln!(out, "\n{bold}Next steps for the mail servers{bold:#}")?;
        }
        let folded = text::fold(step, WIDTH, 5);
        writeln!(out, "  {}. {}", place + 1, folded.trim_start())?;
    }
    Ok(())
}

/// A finding with its particulars; `to_do` introduces the remedy.
fn print_finding(out: &mut impl Write, finding: &Finding, severity: &str, to_do: &str) -> io::Result<()> {
    let style = text::severity_style(finding.severity);
    writeln!(out, "\n  {style}{severity}{style:#} {}  {}", finding.code, text::safe(&finding.subject))?;
    let rule = finding.code.rule();
    writeln!(out, "{}", text::fold(rule.summary, WIDTH, 4))?;
    if !finding.detail.is_empty() {
        writeln!(out, "{}", text::fold(&text::safe(&finding.detail), WIDTH, 4))?;
    }
    writeln!(out, "{}", text::fold(&format!("{to_do}: {}", rule.remedy), WIDTH, 4))
}

/// What to publish, where there is something to change.
fn print_publication(out: &mut impl Write, evidence: &Evidence, assessment: &Assessment, wishes: &Wishes) -> io::Result<()> {
    let Some(decision) = facts::to_publish(evidence, assessment, wishes) else { return Ok(()) };
    let Some(now) = &decision.now else { return Ok(()) };
    let bold = Style::new().bold();
    let domain = &evidence.domain;
    writeln!(out, "\n{bold}What to publish{bold:#}")?;
    for (place, step) in plan::steps(&decision).iter().enumerate() {
        let folded = text::fold(&text::safe(step), WIDTH, 5);
        writeln!(out, "  {}. {}", place + 1, folded.trim_start())?;
    }
    writeln!(out, "  The policy, as text/plain, lines ended by CRLF:")?;
    for line in now.policy.lines() {
        writeln!(out, "       {}", text::safe(line))?;
    }
    writeln!(out, "  In DNS:")?;
    writeln!(out, "       {}. IN TXT \"{}\"", domain.sts_record_name(), text::safe(&now.record))?;
    if let Some(record) = decision.reports.record() {
        writeln!(out, "       {}. IN TXT \"{}\"", domain.tlsrpt_record_name(), text::safe(record))?;
    }
    writeln!(out, "  As files: stscan publish {domain} -o DIR")
}
