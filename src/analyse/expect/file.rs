//! The file of `--expect`: TOML with the tables `[[expect]]` and `[[waive]]`, every fault of it with its line.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use time::{Date, OffsetDateTime};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::analyse::filter::Filter;
use crate::analyse::gate::{CodePattern, severity};
use crate::classify::{Code, Demand, DemandedMode, Severity, Status};
use crate::escape::safe;
use crate::name::Domain;
use crate::vocabulary::nearest;
use crate::whole_file;

/// What is wrong with the file: one sentence, with its name and, where there is one, the line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ExpectationsError(String);

/// What is expected, and what is waived.
#[derive(Clone, Debug)]
pub struct Expectations {
    pub(super) expectations: Vec<Expectation>,
    pub(super) waivers: Vec<Waiver>,
    /// The day on which it is read.
    pub(super) today: Date,
    /// How the file is called in findings, which go to others: without its folder.
    name: String,
    /// What applied to the rows that were judged.
    pub(super) applied: Arc<Applied>,
}

/// Tables of the file that applied to some row, each by its line. Rows are judged by several threads.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// There are rows in its scope.
    in_scope: Mutex<BTreeSet<usize>>,
    /// It left a finding aside.
    waived: Mutex<BTreeSet<usize>>,
}

impl Applied {
    pub(super) fn in_scope(&self, line: usize) {
        Self::note(&self.in_scope, line);
    }

    pub(super) fn waived(&self, line: usize) {
        Self::note(&self.waived, line);
    }

    fn note(lines: &Mutex<BTreeSet<usize>>, line: usize) {
        lines.lock().unwrap_or_else(PoisonError::into_inner).insert(line);
    }

    fn has(lines: &Mutex<BTreeSet<usize>>, line: usize) -> bool {
        lines.lock().unwrap_or_else(PoisonError::into_inner).contains(&line)
    }
}

/// A demand and the domains of which it is made.
#[derive(Clone, Debug)]
pub(super) struct Expectation {
    /// Of the demand.
    pub(super) line: usize,
    /// Of the table that it stands in.
    pub(super) table: usize,
    pub(super) scope: Filter,
    pub(super) demand: Demand,
    pub(super) severity: Severity,
}

/// Findings that are left aside until a day.
#[derive(Clone, Debug)]
pub struct Waiver {
    pub(super) line: usize,
    pub(super) scope: Filter,
    pub(super) codes: Vec<Code>,
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: Date,
}

/// What is wrong, and on which line, from 1.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    line: usize,
    text: String,
}

/// Keys that say of which domains a table is.
const OF_DOMAINS: [&str; 2] = ["domains", "where"];
/// Demands, by their keys.
const DEMANDS: [&str; 7] = ["mode", "null_mx", "no_policy", "mx_only", "max_age_at_least", "tlsrpt_to", "no_finding"];
/// What contradicts itself if it is demanded of the same domains.
const CONTRADICTIONS: [(&str, &str); 7] = [
    ("no_policy", "mode"),
    ("no_policy", "max_age_at_least"),
    ("null_mx", "mode"),
    ("null_mx", "mx_only"),
    ("null_mx", "max_age_at_least"),
    ("null_mx", "tlsrpt_to"),
    ("mode", "null_mx"),
];
/// Characters of a reason.
const MAX_REASON: usize = 300;
/// Codes of a waiver that are named in a sentence about it.
const MAX_NAMED: usize = 3;

impl Expectations {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, or something in it is not known: one sentence with file and line.
    pub fn read(path: &Path) -> Result<Self, ExpectationsError> {
        let name = safe(&path.display().to_string());
        let unreadable = |why: String| ExpectationsError(format!("--expect {name} cannot be read: {why}"));
        let bytes = whole_file::read(path).map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
        let called = safe(&path.file_name().unwrap_or_default().to_string_lossy());
        Self::parse(&text, &called, OffsetDateTime::now_utc().date())
            .map_err(|Fault { line, text }| ExpectationsError(format!("{name}:{line}: {text}")))
    }

    fn parse(text: &str, name: &str, today: Date) -> Result<Self, Fault> {
        let line_of = |at: usize| 1 + text.bytes().take(at).filter(|octet| *octet == b'\n').count();
        let table = DeTable::parse(text)
            .map_err(|error| Fault { line: line_of(error.span().map_or(0, |span| span.start)), text: safe(error.message()) })?;
        let mut read = Self { expectations: Vec::new(), waivers: Vec::new(), today, name: name.to_owned(), applied: Arc::default() };
        for (key, value) in table.into_inner() {
            let (kind, line) = (key.get_ref().to_string(), line_of(key.span().start));
            if !["expect", "waive"].contains(&kind.as_str()) {
                return Err(Fault { line, text: unknown_key("the file", &kind, &["expect", "waive"]) });
            }
            let DeValue::Array(tables) = value.into_inner() else {
                return Err(Fault { line, text: format!("tables are expected, each as [[{kind}]]") });
            };
            for table in tables {
                let begin = line_of(table.span().start);
                let DeValue::Table(entries) = table.into_inner() else {
                    return Err(Fault { line, text: format!("tables are expected, each as [[{kind}]]") });
                };
                let entries = entries.into_iter().map(|(key, value)| Entry {
                    line: line_of(key.span().start),
                    key: key.get_ref().to_string(),
                    value,
                });
                let table = Table { kind: kind.clone(), line: begin, entries: entries.collect() };
                if kind == "expect" { read.expect(table)? } else { read.waive(table)? }
            }
        }
        if read.expectations.is_empty() && read.waivers.is_empty() {
            return Err(Fault {
                line: 1,
                text: "nothing is expected here: write [[expect]] and below it, for example, mode = \"enforce\"".to_owned(),
            });
        }
        Ok(read)
    }

    fn expect(&mut self, mut table: Table<'_>) -> Result<(), Fault> {
        table.know(&[&OF_DOMAINS[..], &["severity"], &DEMANDS].concat())?;
        for (one, other) in CONTRADICTIONS {
            if let (Some(_), Some(entry)) = (table.get(one), table.get(other)) {
                return Err(entry.fault(&format!("contradicts {one} in the same table: of a domain only one of them can be expected")));
            }
        }
        let line = table.line;
        let scope = table.scope()?;
        let severity = match table.take("severity") {
            Some(entry) => severity(&entry.text()?).ok_or_else(|| entry.fault("high, medium or low is expected"))?,
            None => Severity::High,
        };
        let mut demands = Vec::new();
        for key in DEMANDS {
            let Some(entry) = table.take(key) else { continue };
            demands.push((entry.line, demand(key, &entry)?));
        }
        if demands.is_empty() {
            return Err(Fault { line, text: format!("[[expect]] without a demand: one of {} is expected", DEMANDS.join(", ")) });
        }
        let expectation = |(demanded_at, demand)| Expectation { line: demanded_at, table: line, scope: scope.clone(), demand, severity };
        self.expectations.extend(demands.into_iter().map(expectation));
        Ok(())
    }

    fn waive(&mut self, mut table: Table<'_>) -> Result<(), Fault> {
        table.know(&[&OF_DOMAINS[..], &["code", "reason", "until"]].concat())?;
        let line = table.line;
        let scope = table.scope()?;
        let mut need = |key: &str, example: &str| {
            table.take(key).ok_or_else(|| Fault { line, text: format!("[[waive]] without {key}: {key} = {example} is expected") })
        };
        let codes = codes(&need("code", "\"expect-mode\"")?)?;
        let reason = need("reason", "\"why\"")?;
        let until = need("until", "2026-12-31")?;
        let why = reason.text()?;
        if why.trim().is_empty() || why.chars().count() > MAX_REASON {
            return Err(reason.fault(&format!("a reason of 1 to {MAX_REASON} characters is expected")));
        }
        let until = until.day()?;
        self.waivers.push(Waiver { line, scope, codes, reason: why, until });
        Ok(())
    }

    /// Refuses conditions about carried columns that there are not.
    ///
    /// # Errors
    /// A sentence with file, line and the known names.
    pub fn check_carried(&self, known: &[String]) -> Result<(), ExpectationsError> {
        for (line, scope) in self.scopes() {
            let refused = |error: crate::analyse::filter::FilterError| {
                ExpectationsError(format!("{}:{line}: {}", self.name, error.to_string().trim_start_matches("--")))
            };
            scope.check_carried(known).map_err(refused)?;
        }
        Ok(())
    }

    /// Lines of tables that are about carried columns, which only a dataset has.
    pub fn about_carried(&self) -> Vec<usize> {
        let mut lines: Vec<usize> = self.scopes().filter(|(_, scope)| scope.is_about_carried()).map(|(line, _)| line).collect();
        lines.dedup();
        lines
    }

    fn scopes(&self) -> impl Iterator<Item = (usize, &Filter)> {
        let expected = self.expectations.iter().map(|one| (one.table, &one.scope));
        expected.chain(self.waivers.iter().map(|one| (one.line, &one.scope)))
    }

    /// How a line is called in a finding.
    pub(super) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.name)
    }

    /// What came to nothing with the rows that were judged, which have to be all of those that the file is about: it may be misspelt, or no
    /// longer needed.
    pub fn without_effect(&self) -> Vec<String> {
        let in_scope = |line: usize| Applied::has(&self.applied.in_scope, line);
        let said = |line: usize, what: &str| format!("{}:{line}: {what}", self.name);
        let mut tables: Vec<usize> = self.expectations.iter().map(|one| one.table).filter(|line| !in_scope(*line)).collect();
        tables.dedup();
        let expected =
            tables.into_iter().map(|line| said(line, "what is expected here concerns none of the domains: look at its domains and where"));
        let open = self.waivers.iter().filter(|waiver| waiver.until >= self.today);
        let waived = open.filter(|waiver| !Applied::has(&self.applied.waived, waiver.line)).map(|waiver| {
            if in_scope(waiver.line) {
                let codes = waiver.codes_in_words();
                said(waiver.line, &format!("the waiver of {codes} matches no finding: if what it was about is fixed, it can go"))
            } else {
                said(waiver.line, "the waiver concerns none of the domains: look at its domains and where")
            }
        });
        expected.chain(waived).collect()
    }

    /// What is to be known beside the findings: which waivers are over.
    pub fn notes(&self) -> Vec<String> {
        let over = self.waivers.iter().filter(|waiver| waiver.until < self.today);
        over.map(|waiver| {
            let codes = waiver.codes_in_words();
            format!(
                "{}:{}: the waiver of {codes} is over since {}: what it was about is a finding again",
                self.name, waiver.line, waiver.until
            )
        })
        .collect()
    }
}

impl Waiver {
    /// The first of its codes, of which a pattern may have many.
    fn codes_in_words(&self) -> String {
        let mut words: Vec<&str> = self.codes.iter().take(MAX_NAMED).map(|code| code.as_str()).collect();
        if self.codes.len() > MAX_NAMED {
            words.push("...");
        }
        words.join(", ")
    }
}

/// A table with the entries that were not taken yet.
struct Table<'t> {
    kind: String,
    line: usize,
    entries: Vec<Entry<'t>>,
}

/// A key and its value.
struct Entry<'t> {
    line: usize,
    key: String,
    value: Spanned<DeValue<'t>>,
}

impl<'t> Table<'t> {
    fn know(&self, keys: &[&str]) -> Result<(), Fault> {
        match self.entries.iter().find(|entry| !keys.contains(&entry.key.as_str())) {
            Some(entry) => Err(Fault { line: entry.line, text: unknown_key(&format!("[[{}]]", self.kind), &entry.key, keys) }),
            None => Ok(()),
        }
    }

    fn get(&self, key: &str) -> Option<&Entry<'t>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn take(&mut self, key: &str) -> Option<Entry<'t>> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.swap_remove(at))
    }

    /// Of which domains it is.
    fn scope(&mut self) -> Result<Filter, Fault> {
        let mut conditions = Vec::new();
        if let Some(entry) = self.take("domains") {
            let patterns = entry.texts()?.iter().map(|text| domain_pattern(text, &entry)).collect::<Result<Vec<_>, _>>()?;
            conditions.push(format!("domain={}", patterns.join(",")));
        }
        let written = self.take("where");
        if let Some(entry) = &written {
            conditions.extend(entry.texts()?);
        }
        let fault = |error: crate::analyse::filter::FilterError| Fault {
            line: written.as_ref().map_or(self.line, |entry| entry.line),
            text: error.to_string().trim_start_matches("--").to_owned(),
        };
        Filter::parse(&conditions).map_err(fault)
    }
}

impl Entry<'_> {
    fn fault(&self, why: &str) -> Fault {
        Fault { line: self.line, text: format!("{}: {why}", safe(&self.key)) }
    }

    fn text(&self) -> Result<String, Fault> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.fault("a string in quotes is expected")),
        }
    }

    /// One text, or an array of at least one.
    fn texts(&self) -> Result<Vec<String>, Fault> {
        let wrong = || self.fault("a string in quotes, or an array of such strings, is expected");
        let texts: Vec<String> = match self.value.get_ref() {
            DeValue::String(text) => vec![text.to_string()],
            DeValue::Array(values) => {
                let text =
                    |value: &Spanned<DeValue<'_>>| if let DeValue::String(text) = value.get_ref() { Some(text.to_string()) } else { None };
                values.iter().map(text).collect::<Option<_>>().ok_or_else(wrong)?
            }
            _ => return Err(wrong()),
        };
        if texts.is_empty() { Err(wrong()) } else { Ok(texts) }
    }

    /// Something that is demanded or is not: who does not demand it leaves it out.
    fn is_true(&self) -> Result<(), Fault> {
        match self.value.get_ref() {
            DeValue::Boolean(true) => Ok(()),
            _ => Err(self.fault("true is expected; what is not expected is left out")),
        }
    }

    fn seconds(&self) -> Result<i64, Fault> {
        let number = match self.value.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        number.filter(|seconds| (1..=31_557_600).contains(seconds)).ok_or_else(|| self.fault("seconds from 1 to 31557600 are expected"))
    }

    fn day(&self) -> Result<Date, Fault> {
        let text = match self.value.get_ref() {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        let form = time::format_description::parse_borrowed::<2>("[year]-[month]-[day]").ok();
        let day = form.and_then(|form| Date::parse(&text, &form).ok());
        day.ok_or_else(|| self.fault("a day is expected, as 2026-12-31"))
    }
}

fn unknown_key(place: &str, key: &str, known: &[&str]) -> String {
    let meant = nearest(key, known.iter().copied()).map_or_else(|| ".".to_owned(), |meant| format!("; did you mean {meant}?"));
    format!("there is no key {:?} in {place}{meant} Known: {}", safe(key), known.join(", "))
}

/// The demand of a key.
fn demand(key: &str, entry: &Entry<'_>) -> Result<Demand, Fault> {
    Ok(match key {
        "mode" => Demand::Mode(match entry.text()?.as_str() {
            "enforce" => DemandedMode::Enforce,
            "testing" => DemandedMode::Testing,
            _ => return Err(entry.fault("enforce or testing is expected (no_policy = true for none)")),
        }),
        "null_mx" => entry.is_true().map(|()| Demand::NullMx)?,
        "no_policy" => entry.is_true().map(|()| Demand::NoPolicy)?,
        "mx_only" => Demand::MxOnly(entry.texts()?.iter().map(|text| host_pattern(text, entry)).collect::<Result<_, _>>()?),
        "max_age_at_least" => Demand::MaxAge(entry.seconds()?),
        "tlsrpt_to" => Demand::Tlsrpt(entry.texts()?.iter().map(|text| report_address(text, entry)).collect::<Result<_, _>>()?),
        _ => Demand::NoFinding(codes(entry)?),
    })
}

/// Codes of findings, each as it is or as a pattern.
fn codes(entry: &Entry<'_>) -> Result<Vec<Code>, Fault> {
    let mut codes = Vec::new();
    for text in entry.texts()? {
        let pattern = CodePattern::read(&text).map_err(|unknown| entry.fault(&unknown))?;
        let judged = pattern.of_status(&[Status::Active, Status::Expectation]);
        let judged = judged.ok_or_else(|| entry.fault(&format!("no scan of a domain has the finding {text:?}")))?;
        codes.extend_from_slice(judged.codes());
    }
    Ok(codes)
}

/// A domain, or with `*` for any text several.
fn domain_pattern(text: &str, entry: &Entry<'_>) -> Result<String, Fault> {
    let is_pattern = text.contains('*') && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"*.-_".contains(&octet));
    if is_pattern {
        return Ok(text.to_ascii_lowercase());
    }
    let domain = Domain::from_input(text.trim());
    domain
        .map(|domain| domain.as_str().to_owned())
        .map_err(|error| entry.fault(&format!("{:?} is no domain name ({error}), and no pattern as *.example.com", safe(text))))
}

/// A host, or with `*.` in front all below a name.
fn host_pattern(text: &str, entry: &Entry<'_>) -> Result<String, Fault> {
    let (prefix, name) = text.strip_prefix("*.").map_or(("", text), |name| ("*.", name));
    let domain = Domain::from_input(name.trim());
    domain
        .map(|domain| format!("{prefix}{}", domain.as_str()))
        .map_err(|error| entry.fault(&format!("{:?} is no host name ({error}), and no pattern as *.example.com", safe(text))))
}

/// Where reports are to go: a mailbox, or a URL.
fn report_address(text: &str, entry: &Entry<'_>) -> Result<String, Fault> {
    let text = text.trim();
    let is_mailbox =
        |address: &str| address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && Domain::from_input(domain).is_ok());
    match text.split_once(':') {
        Some(("https", rest)) if rest.len() > 2 => Ok(text.to_owned()),
        Some(("mailto", address)) if is_mailbox(address) => Ok(text.to_owned()),
        None if is_mailbox(text) => Ok(format!("mailto:{text}")),
        _ => Err(entry.fault(&format!("{:?} is no address of reports: tls@example.com, mailto: or https: is expected", safe(text)))),
    }
}
