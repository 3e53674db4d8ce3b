//! A scan as a Prometheus text file, for the textfile collector of the node exporter: figures of the run, and of the portfolio as the last
//! finished scan saw it.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::text::safe;
use crate::classify::{Code, DaneState, Delivery, DnssecState, MxState, MxTls, PolicyStage, Posture, RecordState, Severity};
use crate::dataset::{Manifest, Tally};
use crate::vocabulary::{Vocabulary, vocabulary};
use crate::whole_file;

/// The first line, by which a file is known to be one of ours.
const MARK: &str = "# Written by stscan scan --metrics-file; replaced by the next scan.\n";
/// Begins the names of what a finished scan says, and is kept until the next one has finished.
const PORTFOLIO: &str = "stscan_portfolio_";
/// Largest file of ours, in bytes.
const MAX_BYTES: u64 = 4 << 20;

vocabulary! {
    /// How a scan ended.
    pub enum Outcome {
        /// Every name of the list has its row.
        Finished = "finished",
        /// It was stopped, or could not go on; the same command goes on.
        Stopped = "stopped",
        /// It failed.
        Failed = "failed",
    }
}

/// A scan that has ended.
#[derive(Debug)]
pub struct Ended<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// The exit status of the process.
    pub exit_status: u8,
    /// What the list is called.
    pub list: &'a str,
    /// The dataset, where there is one.
    pub manifest: Option<&'a Manifest>,
    /// When this session began and ended.
    pub times: [OffsetDateTime; 2],
}

/// Refuses a file that is somebody else's, and one that cannot be written.
///
/// # Errors
/// Why not.
pub fn check(path: &Path) -> Result<(), String> {
    if let Some(text) = read(path).map_err(|error| error.to_string())?
        && !text.is_empty()
        && !text.starts_with(MARK)
    {
        return Err("it holds something else than metrics of stscan; name a file of its own".to_owned());
    }
    let beside = path.with_added_extension("tmp");
    File::create(&beside).and_then(|_| std::fs::remove_file(&beside)).map_err(|error| error.to_string())
}

/// Replaces the file. What the last finished scan said of the portfolio stays where this one did not finish.
///
/// # Errors
/// What the system says.
pub fn write(path: &Path, ended: &Ended<'_>) -> io::Result<()> {
    let before = read(path)?.unwrap_or_default();
    whole_file::put(path, exposition(ended, &before).as_bytes())
}

fn read(path: &Path) -> io::Result<Option<String>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?.take(MAX_BYTES),
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The text of the file; `before` is what is in it now.
fn exposition(ended: &Ended<'_>, before: &str) -> String {
    let mut text = Text { text: MARK.to_owned(), list: ended.list };
    of_run(&mut text, ended);
    match ended.manifest.filter(|_| ended.outcome == Outcome::Finished) {
        Some(manifest) => of_portfolio(&mut text, manifest),
        None if before.starts_with(MARK) => {
            before.split_inclusive('\n').filter(|line| is_of_portfolio(line)).for_each(|line| text.text.push_str(line))
        }
        None => {}
    }
    text.text
}

/// Whether a line of a file of ours speaks of the portfolio.
fn is_of_portfolio(line: &str) -> bool {
    let line = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE ")).unwrap_or(line);
    line.starts_with(PORTFOLIO) && line.ends_with('\n')
}

fn of_run(text: &mut Text<'_>, ended: &Ended<'_>) {
    let [begin, end] = ended.times;
    let outcomes = Outcome::ALL.iter().map(|outcome| ([("outcome", outcome.as_str())], f64::from(u8::from(*outcome == ended.outcome))));
    text.family("stscan_run_outcome", "How the last scan ended: 1 beside that outcome.", outcomes);
    text.one("stscan_run_exit_status", "Exit status of the last scan.", f64::from(ended.exit_status));
    text.one("stscan_run_start_timestamp_seconds", "When the last scan, or the last session of it, began.", seconds(begin));
    text.one("stscan_run_end_timestamp_seconds", "When it ended.", seconds(end));
    text.one("stscan_run_duration_seconds", "How long it took.", (end - begin).as_seconds_f64().max(0.0));
    let Some(manifest) = ended.manifest else { return };
    let (run, activity, rates) = (&manifest.run, &manifest.activity, &manifest.rates);
    let labels = [
        ("run_id", run.run_id.as_str()),
        ("list_id", run.list.id.as_deref().unwrap_or_default()),
        ("version", run.tool.version.as_str()),
        ("catalogue", run.catalogue_version.as_str()),
        ("lab", run.lab().unwrap_or_default()),
    ];
    text.family("stscan_run_info", "The last scan; lab is the world of the built-in lab, whose results are invented.", [(labels, 1.0)]);
    text.one("stscan_run_rows", "Rows of its dataset so far.", manifest.counts.rows as f64);
    if let Some(accounting) = &manifest.accounting {
        let lines = [
            ("row", accounting.rows),
            ("rejected", accounting.rejected),
            ("duplicate", accounting.duplicates),
            ("excluded", accounting.excluded),
            ("not-selected", accounting.not_selected),
            ("blank", accounting.blank),
        ];
        text.family(
            "stscan_run_lines",
            "Lines of the list by what became of them.",
            lines.map(|(fate, lines)| ([("fate", fate)], lines as f64)),
        );
    }
    let numbers = [
        ("stscan_run_dns_queries", "DNS queries sent, over all sessions of the scan.", activity.dns_queries as f64),
        ("stscan_run_dns_retries", "DNS queries that repeat one without a usable answer.", activity.dns_retries as f64),
        ("stscan_run_dns_timeouts", "DNS queries without an answer in time.", activity.dns.timeouts as f64),
        ("stscan_run_fetches", "HTTPS fetches of policies.", activity.fetches as f64),
        ("stscan_run_smtp_conversations", "Conversations with mail servers.", activity.smtp.conversations as f64),
        ("stscan_run_scanning_seconds", "Time spent scanning, over all sessions of the scan.", activity.seconds),
        ("stscan_run_domains_per_second", "Rows per second of scanning.", rates.domains),
        ("stscan_run_dns_queries_per_second", "DNS queries per second of scanning.", rates.dns_queries),
        ("stscan_run_fetches_per_second", "HTTPS fetches per second of scanning.", rates.fetches),
    ];
    for (name, help, number) in numbers {
        text.one(name, help, number);
    }
}

fn of_portfolio(text: &mut Text<'_>, manifest: &Manifest) {
    let counts = &manifest.counts;
    let end = manifest.finished_at.as_deref().and_then(|end| OffsetDateTime::parse(end, &Rfc3339).ok());
    if let Some(end) = end {
        text.one("stscan_portfolio_last_success_timestamp_seconds", "When the last finished scan ended.", seconds(end));
    }
    text.one("stscan_portfolio_domains", "Domains of the last finished scan.", counts.rows as f64);
    let unknown = counts.posture.get(Posture::Unknown.as_str()).copied().unwrap_or(0);
    text.one("stscan_portfolio_unknown_domains", "Domains without a usable answer.", unknown as f64);
    text.words::<Posture>("posture", "Domains by posture.", &counts.posture);
    text.words::<Delivery>("delivery", "Domains by what a sender that follows RFC 8461 does today.", &counts.delivery);
    text.words::<MxState>("mx_state", "Domains by their MX records.", &counts.mx_state);
    text.words::<RecordState>("sts_state", "Domains by their MTA-STS record.", &counts.sts_state);
    text.words::<RecordState>("tlsrpt_state", "Domains by their TLSRPT record.", &counts.tlsrpt_state);
    text.words::<PolicyStage>("policy_stage", "Domains whose policy was fetched, by the stage that failed.", &counts.policy_stage);
    text.words::<MxTls>("mx_tls", "Domains whose MX hosts were asked over SMTP, by what they offer.", &counts.mx_tls);
    text.words::<DaneState>("dane_state", "Domains whose TLSA records were looked up, by what DANE makes of them.", &counts.dane_state);
    text.words::<DnssecState>("mx_dnssec", "Domains looked at, by the DNSSEC state of their MX records.", &counts.mx_dnssec);
    text.words::<Delivery>("delivery_dane", "Domains by what a sender that validates DANE does.", &counts.delivery_dane);
    text.words::<Severity>("worst", "Domains by the severity of their worst finding.", &counts.worst);
    let severity = |code: &str| Code::from_word(code).map_or("unknown", |code| code.rule().severity.as_str());
    let by_severity = Severity::ALL.iter().map(|wanted| {
        let domains = counts.findings.iter().filter(|(code, _)| severity(code) == wanted.as_str()).map(|(_, domains)| domains).sum::<u64>();
        ([("severity", wanted.as_str())], domains as f64)
    });
    text.family("stscan_portfolio_findings", "Findings by the severity that the catalogue gives, each code once per domain.", by_severity);
    let codes = counts.findings.iter().map(|(code, domains)| ([("code", code.as_str()), ("severity", severity(code))], *domains as f64));
    text.family("stscan_portfolio_finding_domains", "Domains that have the finding; codes that none has are left out.", codes);
}

fn seconds(time: OffsetDateTime) -> f64 {
    time.unix_timestamp() as f64
}

/// The exposition format, version 0.0.4. Every sample has the list as its first label, so that the files of several lists can lie in one folder.
struct Text<'a> {
    text: String,
    list: &'a str,
}

impl Text<'_> {
    fn one(&mut self, name: &str, help: &str, value: f64) {
        self.family(name, help, [([], value)]);
    }

    /// Rows by the word in a column: every word of it, those of no row too.
    fn words<V: Vocabulary>(&mut self, column: &str, help: &str, tally: &Tally) {
        let samples = V::WORDS.iter().map(|word| ([(column, *word)], tally.get(*word).copied().unwrap_or(0) as f64));
        self.family(&format!("{PORTFOLIO}{column}_domains"), help, samples);
    }

    /// A metric with its samples; all are gauges, since each file stands for itself.
    fn family<'l, const N: usize>(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = ([(&'l str, &'l str); N], f64)>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in samples {
            let _ = write!(self.text, "{name}{{list=\"{}\"", label(self.list));
            for (key, of_label) in labels {
                let _ = write!(self.text, ",{key}=\"{}\"", label(of_label));
            }
            let _ = writeln!(self.text, "}} {value}");
        }
    }
}

/// The value of a label. A terminal that shows the file is not acted upon either.
fn label(text: &str) -> String {
    safe(text).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::dataset::samples;

    type Labels = BTreeMap<String, String>;

    /// A strict reader of the exposition format: what it does not take, a test fails on.
    fn parse(text: &str) -> BTreeMap<(String, Labels), f64> {
        let (mut samples, mut family, mut seen) = (BTreeMap::new(), String::new(), BTreeSet::new());
        assert!(text.ends_with('\n') && !text.contains('\r'));
        let is_name = |name: &str| {
            !name.is_empty()
                && name.bytes().enumerate().all(|(at, b)| b.is_ascii_alphabetic() || b == b'_' || b == b':' || at > 0 && b.is_ascii_digit())
        };
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                family = help.split(' ').next().unwrap().to_owned();
                assert!(is_name(&family) && seen.insert(family.clone()), "{family} comes twice");
                assert_eq!(lines.next(), Some(&*format!("# TYPE {family} gauge")));
                continue;
            }
            if line.starts_with("# ") {
                continue;
            }
            let (name, rest) = line.split_once('{').unwrap();
            assert!(name == family && is_name(name), "{line}");
            let (labels, value) = labels(rest, is_name);
            let value: f64 = value.strip_prefix(' ').unwrap().parse().unwrap();
            assert!(value.is_finite() && samples.insert((name.to_owned(), labels), value).is_none(), "{line}");
        }
        samples
    }

    fn labels(text: &str, is_name: impl Fn(&str) -> bool) -> (Labels, &str) {
        let (mut labels, mut rest) = (Labels::new(), text);
        loop {
            let (name, after) = rest.split_once("=\"").unwrap();
            assert!(is_name(name) && !name.contains(':'), "{name}");
            let (mut value, mut chars) = (String::new(), after.char_indices());
            let end = loop {
                match chars.next().unwrap() {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match chars.next().unwrap().1 {
                        'n' => '\n',
                        c @ ('"' | '\\') => c,
                        other => panic!("\\{other} is no escape"),
                    }),
                    (_, c) => value.push(c),
                }
            };
            assert!(labels.insert(name.to_owned(), value).is_none(), "{name} comes twice");
            rest = &after[end + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => return (labels, rest.strip_prefix('}').unwrap()),
            }
        }
    }

    fn ended<'a>(outcome: Outcome, list: &'a str, manifest: Option<&'a Manifest>) -> Ended<'a> {
        let at = |second: i64| OffsetDateTime::from_unix_timestamp(1_800_000_000 + second).unwrap();
        Ended { outcome, exit_status: 5, list, manifest, times: [at(0), at(90)] }
    }

    fn value(samples: &BTreeMap<(String, Labels), f64>, name: &str, label: &str) -> Option<f64> {
        let found = samples
            .iter()
            .find(|((family, labels), _)| family == name && (label.is_empty() || labels.values().any(|value| value == label)));
        found.map(|(_, value)| *value)
    }

    #[test]
    fn hostile_names_are_values_of_a_label_and_nothing_else() {
        let list = "a\"} 1\nx{y=\"\\\u{1b}[2J\u{202e}\r";
        let mut manifest = samples::finished();
        manifest.run.list.id = Some("\\\"\n".to_owned());
        let read = parse(&exposition(&ended(Outcome::Finished, list, Some(&manifest)), ""));
        assert!(read.keys().all(|(_, labels)| labels["list"] == safe(list)));
        assert!(read.keys().any(|(name, labels)| name == "stscan_run_info" && labels["list_id"] == "\\\"\\n"));
    }

    #[test]
    fn a_scan_that_does_not_finish_leaves_the_portfolio_as_it_was() {
        let mut manifest = samples::finished();
        manifest.counts.posture.insert("broken".to_owned(), 7);
        let first = exposition(&ended(Outcome::Finished, "a", Some(&manifest)), "");
        let read = parse(&first);
        assert_eq!(value(&read, "stscan_portfolio_posture_domains", "broken"), Some(7.0));
        assert_eq!(value(&read, "stscan_portfolio_posture_domains", "enforce"), Some(0.0));
        assert_eq!((value(&read, "stscan_run_outcome", "finished"), value(&read, "stscan_run_outcome", "failed")), (Some(1.0), Some(0.0)));
        assert_eq!(value(&read, "stscan_run_duration_seconds", ""), Some(90.0));
        let success = value(&read, "stscan_portfolio_last_success_timestamp_seconds", "");
        assert!(success.is_some());

        manifest.counts.posture.insert("broken".to_owned(), 1);
        for (outcome, of) in [(Outcome::Stopped, Some(&manifest)), (Outcome::Failed, None)] {
            let then = parse(&exposition(&ended(outcome, "a", of), &first));
            assert_eq!(value(&then, "stscan_portfolio_posture_domains", "broken"), Some(7.0));
            assert_eq!(value(&then, "stscan_portfolio_last_success_timestamp_seconds", ""), success);
            assert_eq!(value(&then, "stscan_run_outcome", outcome.as_str()), Some(1.0));
        }
        let alone = parse(&exposition(&ended(Outcome::Failed, "a", None), "stscan_portfolio_x{} junk\n"));
        assert!(alone.keys().all(|(name, _)| !name.starts_with(PORTFOLIO)));
    }

    #[test]
    fn a_file_of_somebody_else_is_refused_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("stscan.prom"), dir.path().join("other.prom"));
        check(&path).unwrap();
        write(&path, &ended(Outcome::Failed, "a", None)).unwrap();
        check(&path).unwrap();
        std::fs::write(&other, "node_load1 0.5\n").unwrap();
        assert!(check(&other).unwrap_err().contains("something else"));
        assert!(check(&dir.path().join("none/x")).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside");
    }
}
