//! Something to be read, of whatever format: what it is by its bytes, and the way to the reports in it.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use super::format::{Format, HEAD};
use super::gzip::{Members, read_all, refusal};
use super::intake::{Intake, Sink};
use super::json::{Document, Documents, Json, Next};
use super::limits::{MAX_DOCUMENT, MAX_LAYERS};
use super::mbox::Mails;
use super::place::{Manner, Place};
use super::quote::{Refusal, Warning};
use super::reading;
use super::report::Report;
use super::walk::Entry;

impl<S: Sink> Intake<S> {
    /// Reads a file and takes it into account, whatever is in it.
    ///
    /// # Errors
    /// Those of the sink alone.
    pub fn read(&mut self, entry: &Entry) -> Result<(), S::Error> {
        let manner = if entry.is_in_maildir { Manner::Among } else { Manner::Alone };
        let place = Place::file(&entry.path.to_string_lossy(), manner);
        self.account(|intake| match entry.refusal {
            Some(refusal) => intake.refuse(&place, refusal),
            None => intake.file(&entry.path, place),
        })
    }

    /// Reads what comes from a stream, under this name.
    ///
    /// # Errors
    /// Those of the sink alone.
    pub fn read_stream(&mut self, name: &str, from: &mut dyn Read) -> Result<(), S::Error> {
        let place = Place::file(name, Manner::Alone);
        self.account(|intake| intake.stream(from, place))
    }

    fn file(&mut self, path: &Path, place: Place) -> Result<(), S::Error> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(_) => return self.refuse(&place, Refusal::Unreadable),
        };
        // A zip file is read from its end, which only files have that are no pipes.
        let mut magic = [0; 4];
        let is_zip = file.metadata().is_ok_and(|metadata| metadata.is_file())
            && file.read(&mut magic).is_ok_and(|length| Format::of(magic.get(..length).unwrap_or_default(), false) == Format::Zip);
        if is_zip {
            return self.zip(BufReader::new(file), place);
        }
        match file.rewind() {
            Ok(()) => self.stream(&mut file, place),
            Err(_) if magic == [0; 4] => self.stream(&mut file, place), // A pipe, of which nothing was read.
            Err(_) => self.refuse(&place, Refusal::Unreadable),
        }
    }

    /// Reads something that is in memory.
    pub(super) fn bytes(&mut self, bytes: &[u8], place: Place) -> Result<(), S::Error> {
        self.stream(&mut &*bytes, place)
    }

    /// Reads something of any format.
    pub(super) fn stream(&mut self, from: &mut dyn Read, mut place: Place) -> Result<(), S::Error> {
        let mut head = Vec::with_capacity(HEAD);
        if let Err(error) = from.take(HEAD as u64).read_to_end(&mut head) {
            return self.refuse(&place, refusal(&error, Refusal::Unreadable));
        }
        let format = Format::of(&head, head.len() < HEAD);
        if place.claim.is_some_and(|claim| claim != format) {
            place.warnings.insert(Warning::TypeMismatch);
        }
        let mut whole = Cursor::new(head).chain(from);
        match format {
            Format::Empty => self.refuse(&place, Refusal::Empty),
            Format::Unknown => self.refuse(&place, Refusal::UnknownFormat),
            Format::Json => self.documents(&mut whole, place),
            Format::Gzip => self.gzip(&mut whole, &place),
            Format::Tar => self.tar(&mut whole, &place),
            Format::Mbox => self.mbox(&mut whole, &place),
            Format::Mail | Format::Zip => match read_all(&mut whole, MAX_DOCUMENT) {
                Err(error) => self.refuse(&place, refusal(&error, Refusal::Unreadable)),
                Ok(bytes) if format == Format::Zip => self.zip(Cursor::new(bytes), place),
                Ok(bytes) => self.mail(&bytes, &place),
            },
        }
    }

    /// gzip: mailboxes and tar files are read as they are unpacked, the rest once its checksum is known to be right.
    fn gzip(&mut self, from: &mut dyn Read, place: &Place) -> Result<(), S::Error> {
        let mut inside = place.unpacked();
        if inside.layers > MAX_LAYERS {
            return self.refuse(place, Refusal::TooManyLayers);
        }
        let (budget, has_rest) = (inside.budget.clone(), Cell::new(false));
        let mut members = Members::new(BufReader::new(from), &budget, &has_rest);
        let mut head = Vec::with_capacity(HEAD);
        if let Err(error) = members.by_ref().take(HEAD as u64).read_to_end(&mut head) {
            return self.refuse(place, refusal(&error, Refusal::CorruptGzip));
        }
        let format = Format::of(&head, head.len() < HEAD);
        let mut whole = Cursor::new(head).chain(members);
        if format == Format::Gzip {
            inside.warnings.insert(Warning::NestedCompression);
        }
        if matches!(format, Format::Tar | Format::Mbox) {
            return self.stream(&mut whole, inside);
        }
        match read_all(&mut whole, MAX_DOCUMENT) {
            Err(error) => self.refuse(place, refusal(&error, Refusal::CorruptGzip)),
            Ok(bytes) => {
                if has_rest.get() {
                    inside.warnings.insert(Warning::TrailingData);
                }
                self.bytes(&bytes, inside)
            }
        }
    }

    fn mbox(&mut self, from: &mut dyn Read, place: &Place) -> Result<(), S::Error> {
        let mut mails = Mails::new(BufReader::new(from));
        loop {
            let among = Place { manner: Manner::Among, claim: None, budget: Default::default(), ..place.clone() };
            match mails.next() {
                Ok(None) => return Ok(()),
                Ok(Some(Some(mail))) => self.mail(&mail, &among)?,
                Ok(Some(None)) => {
                    self.tally.mails += 1;
                    self.refuse(&among, Refusal::TooLarge)?;
                }
                Err(error) => return self.refuse(place, refusal(&error, Refusal::Unreadable)),
            }
        }
    }

    /// JSON: reports one behind another, or arrays of them.
    fn documents(&mut self, from: &mut dyn Read, mut place: Place) -> Result<(), S::Error> {
        let mut documents = Documents::new(from);
        match documents.skip_bom() {
            Ok(true) => _ = place.warnings.insert(Warning::Bom),
            Ok(false) => {}
            Err(error) => return self.refuse(&place, refusal(&error, Refusal::Unreadable)),
        }
        let (mut last, mut is_first): (Option<Report>, bool) = (None, true);
        loop {
            match documents.next() {
                Ok(Next::Document(document)) => {
                    for report in self.reports(document, &place)? {
                        if let Some(earlier) = last.replace(report) {
                            self.take(&place, earlier)?;
                        }
                    }
                }
                Ok(Next::Bad(reason)) => self.refuse(&place, reason)?,
                Ok(Next::Garbage | Next::End) if is_first => return self.refuse(&place, Refusal::UnknownFormat),
                Ok(Next::Garbage) => {
                    if let Some(report) = &mut last {
                        report.warnings.insert(Warning::TrailingData);
                    }
                }
                Ok(Next::End) => break,
                Err(error) => {
                    self.refuse(&place, refusal(&error, Refusal::Unreadable))?;
                    break;
                }
            }
            is_first = false;
        }
        last.map_or(Ok(()), |report| self.take(&place, report))
    }

    /// The reports of a document. What is none of them is told once, however much it is.
    fn reports(&mut self, document: Document, place: &Place) -> Result<Vec<Report>, S::Error> {
        let values = match document.value {
            Json::List(list) => list,
            value => vec![value],
        };
        let mut reports = Vec::new();
        let mut refused = values.is_empty().then_some(Refusal::NotTlsrpt);
        for value in values {
            match reading::report(&value, self.now) {
                Ok(mut report) => {
                    report.warnings.extend(document.has_duplicate_keys.then_some(Warning::DuplicateKey));
                    report.warnings.extend(document.is_not_utf8.then_some(Warning::NotUtf8));
                    reports.push(report);
                }
                Err(refusal) => refused = Some(refused.map_or(refusal, |before| before.max(refusal))),
            }
        }
        if let Some(refusal) = refused {
            self.refuse(place, refusal)?;
        }
        Ok(reports)
    }
}
