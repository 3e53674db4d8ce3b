//! Mails: every part of them, however deep, with its transfer encoding undone. The crate `mail-parser` reads the header fields and undoes
//! the encodings; the parts are told apart here, since nothing bounds how deep and how often that crate goes into a hostile mail.

use std::borrow::Cow;
use std::cmp::Ordering;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{HeaderName, HeaderValue, Message, MimeHeaders};

use super::format::{Format, claimed};
use super::intake::{Intake, Sink};
use super::limits::{MAX_HEADER, MAX_MIME_DEPTH, MAX_MIME_PARTS};
use super::place::{Manner, Place};
use super::quote::{Refusal, Warning};

/// What a part says of itself.
#[derive(Debug, Default)]
struct Description {
    /// In lower case, as `application/json`; `None` where it is not said.
    media_type: Option<String>,
    boundary: Option<String>,
    name: Option<String>,
    encoding: Option<String>,
}

impl Description {
    fn of(header: &Message<'_>) -> Self {
        let part = header.root_part();
        let kind = part.content_type();
        let media_type = kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase());
        Self {
            media_type,
            boundary: kind.and_then(|kind| kind.attribute("boundary")).filter(|text| !text.is_empty()).map(str::to_owned),
            name: part.attachment_name().filter(|name| !name.is_empty()).map(str::to_owned),
            encoding: part.headers.iter().rev().find(|header| header.name == HeaderName::ContentTransferEncoding).and_then(|header| {
                match &header.value {
                    HeaderValue::Text(text) => Some(text.trim().to_ascii_lowercase()),
                    _ => None,
                }
            }),
        }
    }

    fn is_type(&self, beginning: &str) -> bool {
        self.media_type.as_ref().is_some_and(|media_type| media_type.starts_with(beginning))
    }

    /// A mail within the mail: by its type, or by its name where the type says nothing.
    fn is_mail(&self) -> bool {
        let is_named = || self.name.as_ref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".eml"));
        self.is_type("message/rfc822") || self.is_type("message/global") || self.is_type("application/octet-stream") && is_named()
    }

    /// The bytes without their transfer encoding.
    fn decoded<'b>(&self, body: &'b [u8]) -> Cow<'b, [u8]> {
        let decoded = match self.encoding.as_deref() {
            Some("base64") => base64(body),
            Some("quoted-printable") => quoted_printable_decode(body),
            _ => None,
        };
        decoded.map_or(Cow::Borrowed(body), Cow::Owned)
    }
}

/// Base64, where need be without the bytes that do not belong into it.
fn base64(body: &[u8]) -> Option<Vec<u8>> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    base64_decode(body).or_else(|| base64_decode(&body.iter().copied().filter(is_base64).collect::<Vec<u8>>()))
}

/// What is within base64 that no header tells of; `None` where it is none, or nothing that could hold a report.
fn base64_within(bytes: &[u8]) -> Option<Vec<u8>> {
    let beginning: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(64).collect();
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') || byte.is_ascii_whitespace();
    let whole = beginning.get(..beginning.len() / 4 * 4).filter(|beginning| beginning.len() >= 16)?;
    let is_packed = |head: &[u8]| matches!(Format::of(head, true), Format::Gzip | Format::Zip | Format::Json);
    if !base64_decode(whole).is_some_and(|head| is_packed(&head)) || !bytes.iter().all(is_base64) {
        return None;
    }
    base64_decode(bytes)
}

impl<S: Sink> Intake<S> {
    /// Reads a mail.
    pub(super) fn mail(&mut self, mail: &[u8], place: &Place) -> Result<(), S::Error> {
        if !place.is_in_mail {
            self.tally.mails += 1;
        }
        let before = self.tally.verdicts();
        let inside = Place { is_in_mail: true, claim: None, ..place.clone() };
        self.entity(mail, &inside, true, &mut 0)?;
        if self.tally.verdicts() == before { self.refuse(place, Refusal::NoReport) } else { Ok(()) }
    }

    /// Reads a mail or a part: header, blank line, body.
    fn entity(&mut self, raw: &[u8], place: &Place, is_mail: bool, parts: &mut usize) -> Result<(), S::Error> {
        *parts += 1;
        match (*parts - 1).cmp(&MAX_MIME_PARTS) {
            Ordering::Equal => return self.refuse(place, Refusal::TooLarge),
            Ordering::Greater => return Ok(()),
            Ordering::Less if place.mime_depth > MAX_MIME_DEPTH => return self.refuse(place, Refusal::TooDeep),
            Ordering::Less => {}
        }
        let (header, body) = split(raw);
        let header = self.headers.0.parse_headers(header.get(..MAX_HEADER).unwrap_or(header));
        let description = header.as_ref().map(Description::of).unwrap_or_default();
        let mut here = Place { mime_depth: place.mime_depth + 1, ..place.clone() };
        if let Some(header) = header.as_ref().filter(|_| is_mail) {
            here.envelope = here.envelope.within_mail(header);
            here = here.below(header.message_id().unwrap_or_default());
        }
        if let Some(boundary) = description.boundary.as_deref().filter(|_| description.is_type("multipart/")) {
            let sections = sections(body, boundary);
            if !sections.is_empty() {
                let in_digest = description.is_type("multipart/digest");
                return sections.into_iter().try_for_each(|section| self.section(section, &here, in_digest, parts));
            }
        }
        let body = description.decoded(body);
        if description.is_mail() {
            return self.entity(&body, &here, true, parts);
        }
        self.leaf(&body, &here, &description)
    }

    /// A part of a multipart; in a digest one that says nothing of itself is a mail (RFC 2046 section 5.1.5).
    fn section(&mut self, section: &[u8], place: &Place, in_digest: bool, parts: &mut usize) -> Result<(), S::Error> {
        let (header, body) = split(section);
        if in_digest && header.trim_ascii().is_empty() {
            return self.entity(body, place, true, parts);
        }
        self.entity(section, place, false, parts)
    }

    /// A part without parts.
    fn leaf(&mut self, body: &[u8], place: &Place, description: &Description) -> Result<(), S::Error> {
        let mut place = place.clone();
        let within = base64_within(body);
        let body = within.as_deref().unwrap_or(body);
        if within.is_some() {
            place.warnings.insert(Warning::Base64Content);
        }
        let name = description.name.as_deref();
        let is_text = description.media_type.as_deref().is_none_or(|media_type| media_type.starts_with("text/"));
        place.manner = match () {
            () if description.is_type("application/tlsrpt") => Manner::Claimed,
            () if is_text && name.is_none() => Manner::Tried,
            () => Manner::Attached,
        };
        place.claim = claimed(description.media_type.as_deref(), name);
        let place = Place { envelope: place.envelope.within_file(name.unwrap_or_default()), ..place.below(name.unwrap_or_default()) };
        match Format::of(body.get(..super::format::HEAD).unwrap_or(body), true) {
            // A mail in whatever part is no report by itself, and text often begins like one.
            Format::Mail | Format::Mbox | Format::Unknown => self.refuse(&place, Refusal::UnknownFormat),
            _ => self.bytes(body, place),
        }
    }
}

/// Header and body, which a blank line separates.
fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return raw.split_at(at);
        }
    }
    (raw, &[])
}

/// What stands between the lines of a boundary (RFC 2046 section 5.1.1); of a mail that is cut the last part, too.
fn sections<'b>(body: &'b [u8], boundary: &str) -> Vec<&'b [u8]> {
    let mut sections = Vec::new();
    let (mut at, mut begin): (usize, Option<usize>) = (0, None);
    let mut close = |begin: Option<usize>, end: usize| {
        sections.extend(begin.and_then(|begin| body.get(begin..end)).map(without_line_end));
        sections.len() > MAX_MIME_PARTS
    };
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        let Some(rest) = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary.as_bytes())) else { continue };
        let is_last = rest.starts_with(b"--");
        if !rest.get(if is_last { 2 } else { 0 }..).unwrap_or_default().trim_ascii().is_empty() {
            continue;
        }
        if close(begin, start) || is_last {
            return sections;
        }
        begin = Some(at);
    }
    close(begin, body.len());
    sections
}

/// The end of the line before a boundary belongs to the boundary.
fn without_line_end(section: &[u8]) -> &[u8] {
    let section = section.strip_suffix(b"\n").unwrap_or(section);
    section.strip_suffix(b"\r").unwrap_or(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_between_boundaries() {
        let body = b"preamble\r\n--b\r\nA: 1\r\n\r\none\r\n--b \r\n\r\ntwo\n--bc\n\r\n--b--\r\nepilogue\n--b\n";
        let found: Vec<&str> = sections(body, "b").into_iter().map(|part| std::str::from_utf8(part).unwrap()).collect();
        assert_eq!(found, ["A: 1\r\n\r\none", "\r\ntwo\n--bc\n"]);
        assert_eq!(sections(b"--b\nA: 1\n\ncut", "b"), [b"A: 1\n\ncut"]);
        assert_eq!(sections(b"nothing", "b").len(), 0);
        assert_eq!(split(b"A: 1\r\n\r\nbody"), (b"A: 1\r\n\r\n".as_slice(), b"body".as_slice()));
        assert_eq!(split(b"\nbody"), (b"\n".as_slice(), b"body".as_slice()));
    }

    #[test]
    fn base64_is_found_without_a_header() {
        let text = b"eyJh\r\nIjoxLCJiIjoyfQ==";
        assert_eq!(base64_within(text).as_deref(), Some(b"{\"a\":1,\"b\":2}".as_slice()));
        assert_eq!(base64_within(b"SGVsbG8sIHdvcmxkLCBnb29kIG1vcm5pbmch"), None, "text");
        assert_eq!(base64(b"eyJh!Ijox*fQ=="), Some(b"{\"a\":1}".to_vec()), "what does not belong into it is left out");
    }
}
