//! What stands around a report: the mail's header fields, the names of files. Nothing of it is authenticated; the report itself goes before it.

use std::time::{Duration, SystemTime};

use mail_parser::{Address, DateTime, HeaderName, HeaderValue, Message};

use super::limits::MAX_TEXT;
use crate::name::Domain;
use crate::name::suffix::registrable;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Where the policy domain of a report was found.
    pub enum DomainFrom {
        /// It stands in the report.
        Report = "report",
        /// In the header field `TLS-Report-Domain`.
        Header = "header",
        /// In the name of the file or the attachment: `sender!policy-domain!begin!end`.
        Name = "name",
        /// In the subject: `Report Domain: D Submitter: S`.
        Subject = "subject",
    }
}

/// What stands around a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// `TLS-Report-Domain`.
    header_domain: Option<Domain>,
    /// `TLS-Report-Submitter`.
    header_submitter: Option<String>,
    /// Of the subject.
    subject_domain: Option<Domain>,
    /// Of the subject.
    subject_submitter: Option<String>,
    /// Of the innermost file whose name tells it.
    name_domain: Option<Domain>,
    /// Of the innermost file whose name tells it.
    name_submitter: Option<String>,
    /// Domain of `From`.
    pub from_domain: Option<String>,
    /// What the first DKIM signature claims to be of (`d=`); it is not checked.
    pub dkim_domain: Option<String>,
    /// `Date`.
    pub received_at: Option<SystemTime>,
    /// `Message-ID`, without brackets.
    pub message_id: Option<String>,
}

impl Envelope {
    /// The policy domain of a report that does not tell it.
    pub(super) fn domain(&self) -> Option<(&Domain, DomainFrom)> {
        let found =
            [(&self.header_domain, DomainFrom::Header), (&self.name_domain, DomainFrom::Name), (&self.subject_domain, DomainFrom::Subject)];
        found.into_iter().find_map(|(domain, from)| domain.as_ref().map(|domain| (domain, from)))
    }

    /// Who says to have sent the report.
    pub fn submitter(&self) -> Option<&str> {
        self.header_submitter.as_deref().or(self.name_submitter.as_deref()).or(self.subject_submitter.as_deref())
    }

    /// The registrable domain by which reports are grouped: of the contact, else of the submitter, else of `From`.
    pub fn reporter(&self, contact: Option<&str>) -> Option<String> {
        let candidates =
            [contact.and_then(mailbox_domain), self.submitter().and_then(domain), self.from_domain.as_deref().and_then(domain)];
        candidates.into_iter().flatten().next().map(|domain| registrable(domain.as_str()).unwrap_or(domain.as_str()).to_owned())
    }

    /// The envelope of what is in a file or a part of this name.
    pub(super) fn within_file(&self, name: &str) -> Self {
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut parts = name.split('!');
        let (submitter, domain_of_name) = (parts.next(), parts.next().and_then(domain));
        // Four parts make such a name: other names may have exclamation marks, too.
        if domain_of_name.is_none() || parts.next().is_none() || parts.next().is_none() {
            return self.clone();
        }
        Self { name_domain: domain_of_name, name_submitter: submitter.map(kept), ..self.clone() }
    }

    /// The envelope of what is in a mail, which may itself be forwarded in another mail.
    pub(super) fn within_mail(&self, mail: &Message<'_>) -> Self {
        let raw = |name| mail.header(name).and_then(HeaderValue::as_text).map(str::trim);
        let subject = mail.subject().unwrap_or_default();
        let or = |new: Option<String>, old: &Option<String>| new.or_else(|| old.clone());
        Self {
            header_domain: raw(HeaderName::TlsReportDomain).and_then(domain).or_else(|| self.header_domain.clone()),
            header_submitter: or(raw(HeaderName::TlsReportSubmitter).map(kept), &self.header_submitter),
            subject_domain: word_behind(subject, "report domain:").and_then(domain).or_else(|| self.subject_domain.clone()),
            subject_submitter: or(word_behind(subject, "submitter:").map(kept), &self.subject_submitter),
            from_domain: or(mail.from().and_then(from_domain), &self.from_domain),
            dkim_domain: or(raw(HeaderName::DkimSignature).and_then(signing_domain), &self.dkim_domain),
            received_at: mail.date().and_then(moment).or(self.received_at),
            message_id: or(mail.message_id().map(kept), &self.message_id),
            ..self.clone()
        }
    }
}

fn kept(text: &str) -> String {
    let end = (0..=MAX_TEXT.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    text.get(..end).unwrap_or_default().to_owned()
}

fn domain(text: &str) -> Option<Domain> {
    Domain::from_input(text.trim()).ok()
}

/// The domain of a mailbox, be it with a name and brackets or as a URL.
fn mailbox_domain(text: &str) -> Option<Domain> {
    let (_, behind) = text.rsplit_once('@')?;
    domain(behind.split(['>', '?', ',', ';', ' ']).next()?)
}

fn from_domain(from: &Address<'_>) -> Option<String> {
    let address = from.first()?.address.as_deref()?;
    mailbox_domain(address).map(|domain| domain.to_string())
}

/// The tag `d` of a DKIM signature.
fn signing_domain(signature: &str) -> Option<String> {
    let tags = signature.split(';').filter_map(|tag| tag.split_once('='));
    let value = tags.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("d"))?.1;
    domain(value).map(|domain| domain.to_string())
}

fn moment(date: &DateTime) -> Option<SystemTime> {
    let seconds = date.is_valid().then(|| date.to_timestamp())?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

/// The word that stands behind a label in whatever case.
fn word_behind<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let at = text.to_ascii_lowercase().find(label)?;
    text.get(at + label.len()..)?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_tell_domain_and_sender() {
        let name = |name: &str| {
            let envelope = Envelope::default().within_file(name);
            (envelope.domain().map(|(domain, _)| domain.to_string()), envelope.submitter().map(str::to_owned))
        };
        let both = |domain: &str, sender: &str| (Some(domain.to_owned()), Some(sender.to_owned()));
        assert_eq!(name("mail.pigeon.example!example.org!1741564800!1741651199!1.json"), both("example.org", "mail.pigeon.example"));
        assert_eq!(name("mar/a!Example.com!1!2.json.gz"), both("example.com", "a"));
        assert_eq!(name("Hurray!example.com!.json"), (None, None));
        assert_eq!(name("../../a!b c!1!2"), (None, None));
    }

    #[test]
    fn the_reporter_is_a_registrable_domain() {
        let envelope = Envelope { header_submitter: Some("out.mail.example.net".to_owned()), ..Envelope::default() };
        let reporter = |contact| envelope.reporter(contact);
        assert_eq!(reporter(Some("smtp-tls@google.com")).as_deref(), Some("google.com"));
        assert_eq!(reporter(Some("TLS <mailto:x@sub.example.co.uk>")).as_deref(), Some("example.co.uk"));
        assert_eq!(reporter(Some("=HYPERLINK(\"https://evil.example\")")).as_deref(), Some("example.net"));
        assert_eq!(Envelope::default().reporter(None), None);
    }
}
