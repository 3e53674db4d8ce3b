//! What the mail servers of a case add to its truth where they are asked, over SMTP, for TLSA records, or both. What follows from the rest
//! of the case need not be written beside it.

use super::case::Case;
use super::site::Dnssec;
use super::site::Neighbour;
use super::truth::{Expected, MailTruth, Truth};
use crate::classify::codes::{self, Code};

/// Domains whose MX hosts are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// None.
    Nobodys,
    /// Those with an MTA-STS record, or text that is meant as one.
    Adopters,
    /// All.
    Everybodys,
}

/// Whose MX hosts a scan asks, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Over SMTP.
    pub smtp: Whose,
    /// For TLSA records.
    pub dane: Whose,
}

impl Asked {
    /// Nobody's.
    pub const NOTHING: Self = Self { smtp: Whose::Nobodys, dane: Whose::Nobodys };
    /// Everybody's, both ways.
    pub const ALL: Self = Self { smtp: Whose::Everybodys, dane: Whose::Everybodys };
}

/// Codes that need both, the TLSA records and what the server showed.
const OF_BOTH: &[Code] = &[codes::DANE_MISMATCH, codes::DANE_TA_NOT_SENT, codes::DANE_TA_NAME_MISMATCH, codes::DANE_DIGEST_SHADOWED];

/// How scans see it.
impl Case {
    /// To how many of the MX hosts a sender under MTA-STS could deliver.
    pub(crate) fn mx_tls(mut self, word: &'static str) -> Self {
        self.mail.mx_tls = Some(Expected::Is(word));
        self
    }

    /// What senders do by what was seen: those that go by MTA-STS, and those that go by DANE first.
    pub(crate) fn delivered(mut self, delivery: &'static str, with_dane: &'static str) -> Self {
        self.mail.delivery = Some(Expected::Is(delivery));
        self.mail.delivery_lenient = Some(Expected::Anything);
        self.mail.delivery_dane = Some(Expected::Is(with_dane));
        self
    }

    /// What DANE says of the MX hosts together.
    pub(crate) fn dane(mut self, state: &'static str) -> Self {
        self.mail.dane_state = Some(Expected::Is(state));
        self
    }

    /// What DNSSEC says of the MX records.
    pub(crate) fn mx_dnssec(mut self, state: &'static str) -> Self {
        self.mail.mx_dnssec = Some(Expected::Is(state));
        self
    }

    /// One of the MX hosts cannot be asked, so it is not known what senders do.
    pub(crate) fn unasked(self) -> Self {
        self.mx_tls("unknown").delivered("unknown", "unknown")
    }

    /// Codes that only mail servers, their TLSA records and their signatures show.
    pub(crate) fn seen(mut self, codes: &[Code]) -> Self {
        self.mail.codes.extend(codes);
        self
    }

    /// Whether it is about mail servers that it declares, their TLSA records, or signatures.
    pub fn is_of_mail_servers(&self) -> bool {
        let declares = |neighbour: &Neighbour| !(neighbour.mail.is_empty() && neighbour.tlsa.records.is_empty());
        self.site.zone != Dnssec::Unsigned || self.site.neighbours.iter().any(declares)
    }

    /// What is true of it for a scan that asks the mail servers of these.
    pub fn truth_when(&self, asked: Asked) -> Truth {
        let mut truth = self.truth.clone();
        let is = |column: Expected, words: &[&str]| matches!(column, Expected::Is(word) if words.contains(&word));
        let adopter = is(truth.sts_state, &["valid", "invalid", "multiple"]);
        let takes_mail = is(truth.mx_state, &["present", "none", "unknown"]);
        let is_asked = |whose| match whose {
            Whose::Nobodys => false,
            Whose::Adopters => adopter && takes_mail,
            Whose::Everybodys => takes_mail,
        };
        let (smtp, dane) = (is_asked(asked.smtp), is_asked(asked.dane));
        if !(smtp || dane) {
            return truth;
        }
        let mail = self.settled_mail();
        if smtp {
            truth.mx_tls = mail.mx_tls.unwrap_or(truth.mx_tls);
            truth.delivery = mail.delivery.unwrap_or(truth.delivery);
            truth.delivery_lenient = mail.delivery_lenient.unwrap_or(truth.delivery_lenient);
        }
        if dane {
            truth.mx_dnssec = mail.mx_dnssec.unwrap_or(truth.mx_dnssec);
            truth.dane_state = match mail.dane_state {
                // What is published counts where nobody was to test it.
                Some(Expected::Is("mismatch")) if !smtp => Expected::Is("valid"),
                state => state.unwrap_or(truth.dane_state),
            };
            truth.delivery_dane = if smtp { mail.delivery_dane.unwrap_or(truth.delivery) } else { Expected::Anything };
        }
        let applies = |code: &Code| match code.as_str().split('-').next() {
            _ if OF_BOTH.contains(code) => smtp && dane,
            Some("mx") => smtp,
            _ => dane,
        };
        mail.codes.iter().copied().filter(applies).for_each(|code| truth.add(code));
        truth
    }

    /// The same with what follows from the rest of the case.
    fn settled_mail(&self) -> MailTruth {
        let is = |column: Option<Expected>, words: &[&str]| matches!(column, Some(Expected::Is(word)) if words.contains(&word));
        let mut mail = self.mail.clone();
        let zone = self.site.zone;
        let published = self.site.neighbours.iter().any(|neighbour| !neighbour.tlsa.records.is_empty());
        if self.truth.mx_state == Expected::Is("unknown") {
            for column in [&mut mail.mx_tls, &mut mail.mx_dnssec, &mut mail.dane_state] {
                column.get_or_insert(Expected::Is("unknown"));
            }
        }
        mail.mx_tls.get_or_insert(Expected::Is("all"));
        mail.mx_dnssec.get_or_insert(Expected::Is(match self.site.mx.dnssec.unwrap_or(zone) {
            Dnssec::Unsigned | Dnssec::Ignored(_) => "insecure",
            Dnssec::Secure => "secure",
            Dnssec::Bogus(_) | Dnssec::BogusUnexplained => "bogus",
        }));
        mail.dane_state.get_or_insert(Expected::Is(if published && zone == Dnssec::Secure { "valid" } else { "absent" }));
        mail.delivery.get_or_insert(self.truth.delivery);
        mail.delivery_lenient.get_or_insert(self.truth.delivery_lenient);
        if mail.delivery_dane.is_none() {
            mail.delivery_dane = mail.delivery;
        }
        let with_sts = is(Some(self.truth.posture), &["enforce", "testing", "none"]);
        let valid = is(mail.dane_state, &["valid", "partial"]);
        let signed = is(mail.mx_dnssec, &["secure"]) && zone == Dnssec::Secure && !mail.unsigned_hosts;
        let follows = [
            (codes::DNSSEC_ABSENT, is(mail.mx_dnssec, &["insecure"])),
            (codes::DANE_NO_TLSA, signed && is(mail.dane_state, &["absent"])),
            (codes::DANE_PRESENT, valid),
            (codes::DANE_AND_STS, valid && with_sts),
        ];
        mail.codes.extend(follows.iter().filter(|(_, follows)| *follows).map(|(code, _)| *code));
        mail
    }
}
