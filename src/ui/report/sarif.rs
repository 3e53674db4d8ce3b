//! The report as SARIF 2.1.0 (OASIS), for systems that collect the results of checks: a rule per code, a result per finding, each at the
//! line of the list and at the domain; within the limits that GitHub documents for code scanning.

use std::collections::{BTreeSet, BinaryHeap};
use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::data::{ReportError, of_code, unexplained};
use crate::analyse::Scan;
use crate::analyse::report::{Entry, every_entry};
use crate::analyse::senders::Seen;
use crate::classify::{Asked, Code, Finding, Severity};
use crate::dataset::Manifest;
use crate::input::Target;
use crate::ui::tables::grouped;
use crate::ui::text::{safe, safe_json};
use crate::ui::waived;

/// Results of a file. GitHub takes 25,000 and shows 5,000 of them; with so many the file is far below the 10 MB that it takes (compressed).
const MAX_RESULTS: usize = 5_000;
/// Domains of which it is said one by one that something could not be determined.
const MAX_NOTIFICATIONS: usize = 1_000;
/// Reasons that are given for one of them.
const MAX_REASONS: usize = 5;

/// The rule of what senders report and no finding explains.
const REPORTED: &str = "reported-by-senders";

/// Writes the findings but those of severity info, which say that nothing has to be fixed. Gives what has to be said of results that had
/// to be left out: the worst are kept, of them what senders have met, and what is to be fixed first.
///
/// # Errors
/// If the dataset cannot be read or the file not be written.
pub fn sarif(scan: &Scan, seen: Option<&Seen>, out: &mut impl Write) -> Result<Option<String>, ReportError> {
    let manifest = scan.manifest();
    let mut chosen = Chosen::default();
    let mut undetermined = Undetermined::default();
    let mut place = 0;
    every_entry(scan, |entry| {
        undetermined.add(entry);
        for found in found(entry, seen) {
            chosen.add(Ranked { rank: (found.waiver.is_some(), found.level, !found.is_confirmed, !found.is_cause, place), found });
            place += 1;
        }
        Ok::<(), ReportError>(())
    })?;
    let left_out = chosen.left_out();
    let results: Vec<Found> = chosen.kept.into_sorted_vec().into_iter().map(|ranked| ranked.found).collect();
    let codes: BTreeSet<Code> = results.iter().filter_map(|found| found.code).collect();
    let mut rules: Vec<Value> = codes.iter().map(|code| rule(*code, scan.counts().asked())).collect();
    let reported = rules.len();
    if results.iter().any(|found| found.code.is_none()) {
        rules.push(rule_of_senders());
    }
    let driver = json!({ "name": "stscan", "version": env!("CARGO_PKG_VERSION"), "rules": rules });
    let mut run = json!({
        "tool": { "driver": driver },
        "automationDetails": { "id": format!("stscan/{}", manifest.run.run_id) },
        "columnKind": "unicodeCodePoints",
        "properties": { "provenance": scan.provenance() },
    });
    if let Some(invented) = manifest.run.invented() {
        run["automationDetails"]["description"] = json!({ "text": invented });
    }
    let said = [manifest.run.invented(), left_out.clone()].into_iter().flatten().map(|text| notification(&text, None));
    run["invocations"] = json!([{
        "executionSuccessful": manifest.finished_at.is_some(),
        "startTimeUtc": manifest.started_at,
        "endTimeUtc": manifest.finished_at.as_deref().unwrap_or(&manifest.started_at),
        "toolExecutionNotifications": said.chain(undetermined.notifications()).collect::<Vec<_>>(),
    }]);
    let run = safe_json(&run.to_string());
    let schema = "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[";
    write!(out, "{schema}{},\"results\":[", run.strip_suffix('}').unwrap_or(&run))?;
    let lists = Lists::of(manifest);
    for (at, found) in results.iter().enumerate() {
        let index = found.code.map_or(reported, |code| codes.range(..code).count());
        let separator = if at == 0 { "\n" } else { ",\n" };
        write!(out, "{separator}{}", safe_json(&found.result(index, &lists).to_string()))?;
    }
    writeln!(out, "\n]}}]}}")?;
    out.flush()?;
    Ok(left_out)
}

/// The level of a result (SARIF 2.1.0 section 3.27.10), the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Note,
}

impl Level {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// `None` for findings that are no results.
    const fn of(severity: Severity) -> Option<Self> {
        match severity {
            Severity::High => Some(Self::Error),
            Severity::Medium => Some(Self::Warning),
            Severity::Low => Some(Self::Note),
            Severity::Info => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    /// What GitHub calls it where it sorts rules.
    const fn of_problem(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "recommendation",
        }
    }
}

/// What becomes a result.
struct Found {
    target: Target,
    level: Level,
    /// `None` for what only senders report.
    code: Option<Code>,
    subject: String,
    message: String,
    is_cause: bool,
    is_confirmed: bool,
    /// Why it is waived, if it is.
    waiver: Option<String>,
}

/// What is to be said of a domain.
fn found(entry: &Entry, seen: Option<&Seen>) -> Vec<Found> {
    let (target, assessment) = (&entry.target, &entry.assessment);
    let said = seen.and_then(|seen| seen.testimony(target.domain.as_str(), &assessment.mx_hosts));
    let cause = assessment.cause();
    let of_finding = |finding: &Finding| {
        let sentence = said.as_ref().map(|said| of_code(said, finding.code.as_str())).unwrap_or_default();
        let is_cause = Some(finding.code) == cause;
        Some(Found {
            target: target.clone(),
            level: Level::of(finding.severity)?,
            code: Some(finding.code),
            subject: finding.subject.clone(),
            message: message(target, finding, is_cause, &sentence),
            is_cause,
            is_confirmed: said.as_ref().is_some_and(|said| said.of_code(finding.code.as_str()).is_some()),
            waiver: None,
        })
    };
    let mut all: Vec<Found> = assessment.findings.iter().filter_map(of_finding).collect();
    all.extend(said.iter().flat_map(|said| unexplained(said, entry)).map(|(hosts, reasons, sentence)| Found {
        target: target.clone(),
        level: Level::Warning,
        code: None,
        message:
            safe(&format!("{}: reported by senders, not seen by the scan: {sentence}. {reasons}", target.domain)).trim_end().to_owned(),
        subject: format!("{hosts} {reasons}"),
        is_cause: false,
        is_confirmed: true,
        waiver: None,
    }));
    all.extend(entry.waived.iter().filter_map(|waived| {
        let found = of_finding(&waived.finding)?;
        let waiver = safe(&waived::reason(waived));
        // Who does not look at suppressions, as GitHub, sees that it is waived, and a note fails no check.
        let message = format!("{}. {}", capitalised(&waiver), found.message);
        Some(Found { is_confirmed: false, level: Level::Note, message, waiver: Some(waiver), ..found })
    }));
    all
}

/// The beginning of a sentence.
fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(rest).collect()
}

fn message(target: &Target, finding: &Finding, is_cause: bool, senders: &str) -> String {
    let particulars = [&finding.subject, &finding.detail].into_iter().filter(|text| !text.is_empty());
    let said: Vec<String> = std::iter::once(target.domain.to_string()).chain(particulars.map(|text| safe(text))).collect();
    let mut text = format!("{}. {}", said.join(": "), finding.code.rule().summary);
    if is_cause {
        text.push_str(" Fix this first: it is why the deployment is broken.");
    }
    if !senders.is_empty() {
        let _ = write!(text, " Senders: {}.", safe(senders)); // Writing to a String cannot fail.
    }
    text
}

impl Found {
    fn result(&self, rule_index: usize, lists: &Lists) -> Value {
        let domain = self.target.domain.as_str();
        let rule = self.code.map_or(REPORTED, Code::as_str);
        // What stays the same from scan to scan, so that a collector knows a result again, wherever its line has moved to.
        let same = hex::encode(Sha256::digest(format!("{domain}\n{rule}\n{}", self.subject)));
        let mut result = json!({
            "ruleId": rule,
            "ruleIndex": rule_index,
            "level": self.level.word(),
            "message": { "text": self.message },
            "locations": [{
                "physicalLocation": lists.place(&self.target),
                "logicalLocations": [logical(domain)],
            }],
            "partialFingerprints": {
                "primaryLocationLineHash": format!("{}:1", same.get(..16).unwrap_or(&same)),
                "domainCodeSubject/v1": same,
            },
            "properties": { "cause": self.is_cause, "seenBySenders": self.is_confirmed },
        });
        if let Some(waiver) = &self.waiver {
            result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": waiver }]);
        }
        result
    }
}

fn logical(domain: &str) -> Value {
    json!({ "name": domain, "fullyQualifiedName": domain, "kind": "resource" })
}

/// A result with its place in the order: what is not waived, level, what senders have met, what is to be fixed first, the order of the list.
struct Ranked {
    rank: (bool, Level, bool, bool, u64),
    found: Found,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// The worst results, as many as there may be.
#[derive(Default)]
struct Chosen {
    kept: BinaryHeap<Ranked>,
    left_out: [u64; Level::ALL.len()],
}

impl Chosen {
    fn add(&mut self, ranked: Ranked) {
        self.kept.push(ranked);
        if self.kept.len() > MAX_RESULTS
            && let Some(out) = self.kept.pop()
            && let Some(count) = self.left_out.get_mut(out.rank.1 as usize)
        {
            *count += 1;
        }
    }

    fn left_out(&self) -> Option<String> {
        let sum: u64 = self.left_out.iter().sum();
        let by_level: Vec<String> =
            Level::ALL.iter().zip(self.left_out).map(|(level, count)| format!("{} {}", grouped(count), level.word())).collect();
        (sum > 0).then(|| {
            format!(
                "{} results are left out, because GitHub shows at most {} of a run: {}; the worst are kept, and --format csv has all",
                grouped(sum),
                grouped(MAX_RESULTS as u64),
                by_level.join(", ")
            )
        })
    }
}

/// The lists as they were named, which a result has to point into.
struct Lists {
    named: Vec<String>,
    /// What stands for the file where a dataset does not tell it.
    fallback: String,
}

impl Lists {
    fn of(manifest: &Manifest) -> Self {
        let named = manifest.run.configuration.get("list").and_then(Value::as_array).into_iter().flatten();
        let named = named.filter_map(Value::as_str).map(str::to_owned).collect();
        Self { named, fallback: manifest.run.list.name.clone() }
    }

    /// The file and line of a target. A member of an archive stands for the archive, which is the file that can be in a repository; standard
    /// input and datasets that do not know the line have the first line of the list's name.
    fn place(&self, target: &Target) -> Value {
        let file = target.file.as_deref().filter(|file| *file != "-");
        let (path, member) = match (file, file.and_then(|file| self.named.iter().find(|list| file.starts_with(list.as_str())))) {
            (None, _) => (self.fallback.as_str(), ""),
            (Some(file), Some(list)) => (list.as_str(), file.strip_prefix(list.as_str()).unwrap_or_default().trim_start_matches(':')),
            (Some(file), None) => (file, ""),
        };
        let line = target.line.filter(|_| file.is_some()).unwrap_or(1);
        let mut place = json!({ "artifactLocation": artifact(path), "region": { "startLine": line } });
        if !member.is_empty() {
            place["artifactLocation"]["description"] = json!({ "text": safe(&format!("line {line} of {member} in the archive")) });
        }
        place
    }
}

/// A path as a URI: relative to the root of the sources where it can be, which is what GitHub resolves.
fn artifact(path: &str) -> Value {
    if path.contains("://") {
        return json!({ "uri": encoded(path) });
    }
    let here = std::env::current_dir().ok().and_then(|here| Some(format!("{}/", here.to_str()?)));
    let relative = here.and_then(|here| path.strip_prefix(&here).map(str::to_owned));
    let path = relative.as_deref().unwrap_or(path).trim_start_matches("./");
    match path.strip_prefix('/') {
        Some(absolute) => json!({ "uri": format!("file:///{}", encoded(absolute)) }),
        None => json!({ "uri": encoded(path).replace(':', "%3A"), "uriBaseId": "%SRCROOT%" }),
    }
}

/// Octets that stand for themselves in a URI (RFC 3986 section 2), others escaped.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'@' | b'=' | b'+' | b',' => {
                out.push(octet.into());
            }
            _ => _ = write!(out, "%{octet:02X}"), // Writing to a String cannot fail.
        }
    }
    out
}

fn rule(code: Code, asked: Asked) -> Value {
    let rule = code.rule();
    let effect = asked.specify(rule.effect);
    let level = Level::of(rule.severity);
    let mut value = json!({
        "id": code,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": format!("{} {effect}", rule.summary) },
        "help": { "text": format!("{} {effect} Fix: {} ({})", rule.summary, rule.remedy, rule.clause), "markdown": markdown(code, &effect) },
        "defaultConfiguration": { "level": level.map_or("none", Level::word) },
        "properties": { "tags": ["email", "mta-sts"], "problem.severity": level.map_or("recommendation", Level::of_problem) },
    });
    if let Some(url) = clause_url(rule.clause) {
        value["helpUri"] = json!(url);
    }
    value
}

/// The rule of failures that senders report, and that no finding of the scan explains.
fn rule_of_senders() -> Value {
    let summary = "Senders report failed sessions that no finding explains.";
    let help = "Compare the time of the reports with that of the scan: the fault may have been fixed since, may show at times only, or on the way from these senders only.";
    json!({
        "id": REPORTED,
        "shortDescription": { "text": summary },
        "fullDescription": { "text": format!("{summary} {help}") },
        "help": { "text": format!("{help} (RFC 8460 section 4.3)"), "markdown": format!("{help}\n\nWritten down in: RFC 8460 section 4.3.") },
        "helpUri": "https://www.rfc-editor.org/rfc/rfc8460#section-4.3",
        "defaultConfiguration": { "level": Level::Warning.word() },
        "properties": { "tags": ["email", "tlsrpt"], "problem.severity": Level::Warning.of_problem() },
    })
}

/// What a rule says, for a page.
fn markdown(code: Code, effect: &str) -> String {
    let rule = code.rule();
    let clause = clause_url(rule.clause).map_or_else(|| plain(rule.clause), |url| format!("[{}]({url})", plain(rule.clause)));
    let mut text = format!("**{}**\n\n{}\n\n**How to fix it:** {}\n", plain(rule.summary), plain(effect), plain(rule.remedy));
    if let Some((with, without)) = rule.example.map(crate::classify::Example::pair) {
        let _ = write!(text, "\nWith the fault:\n\n{}\n\nWithout it:\n\n{}\n", block(with), block(without)); // Cannot fail.
    }
    let _ = write!(text, "\nWritten down in {clause}; `stscan explain {code}` says the same.");
    text
}

/// Text that is no Markdown.
fn plain(text: &str) -> String {
    let escaped = |c: char| if "\\`*_<>[]#|".contains(c) { format!("\\{c}") } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// An example as it stands, indented so that no fence in it can end it.
fn block(text: &str) -> String {
    text.lines().map(|line| format!("    {}", safe(line))).collect::<Vec<_>>().join("\n")
}

/// Where a clause such as "RFC 8461 section 3.1" is to be read.
fn clause_url(clause: &str) -> Option<String> {
    let mut words = clause.split(' ');
    let (rfc, number) = (words.next()?, words.next()?);
    let is_number = rfc == "RFC" && !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit());
    let section = words.next().filter(|word| *word == "section").and_then(|_| words.next()).map(|section| format!("#section-{section}"));
    is_number.then(|| format!("https://www.rfc-editor.org/rfc/rfc{number}{}", section.unwrap_or_default()))
}

/// What could not be determined: no results, since unknown is no verdict, but notifications of the run.
#[derive(Default)]
struct Undetermined {
    shown: Vec<Value>,
    more: usize,
}

impl Undetermined {
    fn add(&mut self, entry: &Entry) {
        if !entry.assessment.is_undetermined() {
            return;
        }
        if self.shown.len() >= MAX_NOTIFICATIONS {
            self.more += 1;
            return;
        }
        let domain = entry.target.domain.as_str();
        let open = entry.assessment.findings.iter().filter(|finding| finding.leaves_open());
        let why: Vec<String> = open.take(MAX_REASONS).map(|finding| format!("{}: {}", finding.code, safe(&finding.detail))).collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
        self.shown.push(notification(&format!("{domain}: could not be determined{why}"), Some(domain)));
    }

    fn notifications(self) -> impl Iterator<Item = Value> {
        let more = (self.more > 0).then(|| notification(&format!("{} more domains could not be determined", self.more), None));
        self.shown.into_iter().chain(more)
    }
}

fn notification(text: &str, domain: Option<&str>) -> Value {
    let mut notification = json!({ "level": "note", "message": { "text": text } });
    if let Some(domain) = domain {
        notification["locations"] = json!([{ "logicalLocations": [logical(domain)] }]);
    }
    notification
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::name::Domain;

    fn target(file: Option<&str>, line: Option<u64>) -> Target {
        let domain = Domain::from_a_labels("a.example").unwrap();
        Target { ordinal: 0, domain, rank: None, list: "list".into(), file: file.map(Into::into), line, carried: Vec::new() }
    }

    #[test]
    fn a_result_stands_in_the_list_that_was_named() {
        let lists = Lists { named: vec!["./lists/top.zip".to_owned(), "-".to_owned()], fallback: "our list.csv".to_owned() };
        let place = |file, line| {
            let place = lists.place(&target(file, line));
            let (uri, base) =
                (place["artifactLocation"]["uri"].as_str().unwrap().to_owned(), !place["artifactLocation"]["uriBaseId"].is_null());
            (uri, base, place["region"]["startLine"].as_u64().unwrap())
        };
        let here = std::env::current_dir().unwrap().join("a/b.txt");
        assert_eq!(place(Some("lists/a:b%.txt"), Some(7)), ("lists/a%3Ab%25.txt".to_owned(), true, 7));
        assert_eq!(place(here.to_str(), Some(7)), ("a/b.txt".to_owned(), true, 7), "below the folder of the sources");
        assert_eq!(place(Some("/elsewhere/b.txt"), Some(7)), ("file:///elsewhere/b.txt".to_owned(), false, 7));
        assert_eq!(place(Some("https://example.com/l?x=1"), Some(7)), ("https://example.com/l%3Fx=1".to_owned(), false, 7));
        assert_eq!(place(Some("./lists/top.zip:in/a.csv"), Some(7)), ("lists/top.zip".to_owned(), true, 7));
        assert_eq!(place(Some("-"), Some(7)), ("our%20list.csv".to_owned(), true, 1), "standard input is no file");
        assert_eq!(place(None, None), ("our%20list.csv".to_owned(), true, 1), "an older dataset");
        let member = lists.place(&target(Some("./lists/top.zip:in/a.csv"), Some(7)));
        assert_eq!(member["artifactLocation"]["description"]["text"], "line 7 of in/a.csv in the archive");
    }

    /// Bits without a pattern (SplitMix64).
    fn mixed(seed: u64) -> u64 {
        let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33
    }

    fn found(level: Level, is_cause: bool, place: u64) -> Ranked {
        let text: String = (0..660_u64).map(|at| char::from(b' ' + (mixed(at + 1000 * place) % 94) as u8)).collect();
        let found = Found {
            target: target(Some("list.txt"), Some(place + 1)),
            level,
            code: Some(crate::classify::codes::STS_MX_UNCOVERED),
            subject: text.clone(),
            message: text,
            is_cause,
            is_confirmed: false,
            waiver: None,
        };
        Ranked { rank: (false, level, true, !is_cause, place), found }
    }

    #[test]
    fn the_worst_are_kept_and_the_rest_is_said() {
        let mut chosen = Chosen::default();
        for place in 0..MAX_RESULTS as u64 {
            chosen.add(found(if place % 2 == 0 { Level::Note } else { Level::Warning }, false, place));
        }
        assert_eq!(chosen.left_out(), None);
        for place in 0..3 {
            chosen.add(found(Level::Error, place == 2, 10_000 + place));
        }
        let said = "3 results are left out, because GitHub shows at most 5,000 of a run: 0 error, 0 warning, 3 note; the worst are kept, and --format csv has all";
        assert_eq!(chosen.left_out().unwrap(), said);
        let kept = chosen.kept.into_sorted_vec();
        assert_eq!(kept.len(), MAX_RESULTS);
        assert_eq!(kept.iter().take(3).map(|ranked| ranked.rank.4).collect::<Vec<_>>(), [10_002, 10_000, 10_001], "the cause first");
        let last: Vec<u64> = kept.iter().rev().take(1).map(|ranked| ranked.rank.4).collect();
        assert_eq!(last, [MAX_RESULTS as u64 - 8], "of the notes the last ones went");
        // Texts that cannot be compressed, as long as they can be: far below the 10 MB that GitHub takes.
        let lists = Lists { named: Vec::new(), fallback: String::new() };
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        for ranked in &kept {
            packed.write_all(ranked.found.result(0, &lists).to_string().as_bytes()).unwrap();
        }
        let bytes = packed.finish().unwrap().len();
        assert!((1_000_000..8_000_000).contains(&bytes), "{bytes}");
    }

    #[test]
    fn help_is_markdown_with_an_address() {
        assert_eq!(clause_url("RFC 8461 section 3.1").unwrap(), "https://www.rfc-editor.org/rfc/rfc8461#section-3.1");
        assert_eq!(clause_url("RFC 9325").unwrap(), "https://www.rfc-editor.org/rfc/rfc9325");
        assert_eq!(clause_url("a draft"), None);
        for code in crate::classify::catalogue() {
            let rule = rule(*code, Asked::default());
            assert!(rule["helpUri"].as_str().unwrap().starts_with("https://"), "{code}");
            assert!(rule["help"]["markdown"].as_str().unwrap().len() < 4096, "{code}");
        }
        assert_eq!(plain("mx: *.example.com <b>"), "mx: \\*.example.com \\<b\\>");
    }
}
