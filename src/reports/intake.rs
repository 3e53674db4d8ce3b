//! The account of a run: reports that are new, those that were there already, and what gave none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::envelope::{DomainFrom, Envelope};
use super::header::HeaderReader;
use super::identity::{self, Known, Sameness};
use super::place::{Place, Verdict};
use super::quote::{Refusal, Warning};
use super::report::Report;

/// A report that is new, and where it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// 128 bits of SHA-256 over sender, id, range and content, in hexadecimal.
    pub key: String,
    /// The report.
    pub report: Report,
    /// What stood around it.
    pub envelope: Envelope,
    /// The file.
    pub source: String,
    /// Where in the file: Message-ID, names of parts and members.
    pub part: Option<String>,
}

/// Something that gave no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The file.
    pub source: String,
    /// Where in the file.
    pub part: Option<String>,
    /// Why.
    pub reason: Refusal,
    /// Whether it is only about something else, as other mails of a mailbox are.
    pub is_something_else: bool,
}

/// Who takes what is found, in the order in which it is found.
pub trait Sink {
    /// Why it can take no more.
    type Error;

    /// A report that is new.
    fn report(&mut self, found: Found) -> Result<(), Self::Error>;

    /// Something that was refused, or that is about something else.
    fn rejected(&mut self, rejected: Rejected) -> Result<(), Self::Error>;
}

/// What became of the files, and of what is in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Tally {
    /// Files: the sum of the next four.
    pub files: u64,
    /// Files with a report that was new.
    pub files_read: u64,
    /// Files whose reports had all been read before.
    pub files_duplicate: u64,
    /// Files that are about something else: mails and archives without a report.
    pub files_without_report: u64,
    /// Files that were refused.
    pub files_refused: u64,
    /// Entries of folders that were passed over: links, names that begin with a dot, what a mail server keeps in a Maildir.
    pub skipped: u64,
    /// Mails, those of mailboxes among them; not those that are forwarded in another.
    pub mails: u64,
    /// Reports that were new.
    pub reports: u64,
    /// Reports that had been read before.
    pub duplicates: u64,
    /// Mails of mailboxes and members of archives that are about something else.
    pub without_report: u64,
    /// Files, and parts of files, that were refused.
    pub refused: u64,
}

impl Tally {
    /// Whether every file is accounted for.
    pub fn adds_up(&self) -> bool {
        self.files == self.files_read + self.files_duplicate + self.files_without_report + self.files_refused
    }

    /// How many things have a verdict.
    pub(super) fn verdicts(&self) -> u64 {
        self.reports + self.duplicates + self.without_report + self.refused
    }

    /// Takes a file into account; `before` is how the tally was before it.
    fn close_file(&mut self, before: &Self, is_about_something_else: bool) {
        self.files += 1;
        if self.reports > before.reports {
            self.files_read += 1;
        } else if self.duplicates > before.duplicates {
            self.files_duplicate += 1;
        } else if is_about_something_else {
            self.files_without_report += 1;
        } else {
            self.files_refused += 1;
        }
    }
}

/// Reads files, and hands what it finds to a sink.
#[derive(Debug)]
pub struct Intake<S> {
    pub(super) sink: S,
    pub(super) tally: Tally,
    pub(super) now: OffsetDateTime,
    pub(super) headers: HeaderReader,
    known: Known,
    /// Whether something of the present file was refused for another reason than that it is about something else.
    has_refused: bool,
}

impl<S: Sink> Intake<S> {
    /// Begins; reports of times after `now` are odd.
    pub fn new(sink: S, now: OffsetDateTime) -> Self {
        let (tally, known) = (Tally::default(), Known::default());
        Self { sink, tally, now, headers: HeaderReader::default(), known, has_refused: false }
    }

    /// The account so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Ends: the sink and the account.
    pub fn finish(self) -> (S, Tally) {
        (self.sink, self.tally)
    }

    /// Counts entries that are passed over.
    pub fn skip(&mut self, entries: u64) {
        self.tally.skipped += entries;
    }

    /// Reads one file by `read` and takes it into account.
    pub(super) fn account(&mut self, read: impl FnOnce(&mut Self) -> Result<(), S::Error>) -> Result<(), S::Error> {
        let before = self.tally;
        self.has_refused = false;
        read(self)?;
        self.tally.close_file(&before, !self.has_refused);
        Ok(())
    }

    /// Takes a report: it is new, or known.
    pub(super) fn take(&mut self, place: &Place, mut report: Report) -> Result<(), S::Error> {
        let key = identity::key(&report);
        match self.known.add(&report, key) {
            Sameness::Duplicate => {
                self.tally.duplicates += 1;
                return Ok(());
            }
            Sameness::IdReused => _ = report.warnings.insert(Warning::ReportIdReused),
            Sameness::New => {}
        }
        report.warnings.extend(place.warnings.iter().copied());
        complete(&mut report, &place.envelope);
        self.tally.reports += 1;
        let (envelope, source, part) = (place.envelope.clone(), place.source.to_string(), place.part.clone());
        self.sink.report(Found { key: format!("{key:032x}"), report, envelope, source, part })
    }

    /// Takes something that gave no report.
    pub(super) fn refuse(&mut self, place: &Place, reason: Refusal) -> Result<(), S::Error> {
        let verdict = place.manner.verdict(reason);
        match verdict {
            Verdict::Ignored => return Ok(()),
            Verdict::WithoutReport => self.tally.without_report += 1,
            Verdict::Refused => {
                self.tally.refused += 1;
                self.has_refused |= reason != Refusal::NoReport;
            }
        }
        let is_something_else = verdict == Verdict::WithoutReport;
        self.sink.rejected(Rejected { source: place.source.to_string(), part: place.part.clone(), reason, is_something_else })
    }
}

/// Fills in the policy domain where the report does not tell it and what stands around it does.
fn complete(report: &mut Report, envelope: &Envelope) {
    let Some((domain, from)) = envelope.domain() else { return };
    debug_assert_ne!(from, DomainFrom::Report);
    for policy in report.policies.iter_mut().filter(|policy| policy.is_domain_missing) {
        policy.domain = Some(domain.to_string());
        policy.domain_from = Some(from);
        report.warnings.insert(Warning::DomainFromEnvelope);
    }
}
