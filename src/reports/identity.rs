//! What makes a report the same as another: senders repeat their mails for a day, and send them to every address of a domain.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::report::{Failure, PolicyResult, Report};

/// 128 bits of SHA-256: nobody can make a report that passes for another one.
pub(super) type Hash = u128;

/// The key of a report, the same in every run: sender, id, range and content.
pub(super) fn key(report: &Report) -> Hash {
    let mut hasher = name(report);
    content(&mut hasher, report);
    finish(hasher)
}

/// The reports of a run.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By sender, id and range the keys.
    keys: HashMap<Hash, Vec<Hash>>,
}

/// What a report is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sameness {
    /// There was none like it.
    New,
    /// Another one has the same sender, id and range, and says something else.
    IdReused,
    /// It was there already.
    Duplicate,
}

impl Known {
    /// Remembers a report of this key.
    pub(super) fn add(&mut self, report: &Report, key: Hash) -> Sameness {
        let name = if report.report_id.is_some() { finish(name(report)) } else { key };
        let keys = self.keys.entry(name).or_default();
        if keys.contains(&key) {
            return Sameness::Duplicate;
        }
        keys.push(key);
        if keys.len() > 1 { Sameness::IdReused } else { Sameness::New }
    }
}

/// Sender (its name, else its contact), id and range.
fn name(report: &Report) -> Sha256 {
    let mut hasher = Sha256::new();
    let sender = report.organization.as_ref().or(report.contact.as_ref()).map(|sender| sender.to_lowercase());
    text(&mut hasher, sender.as_ref());
    text(&mut hasher, report.report_id.as_ref());
    for moment in [report.begin, report.end] {
        number(&mut hasher, moment.map(OffsetDateTime::unix_timestamp_nanos));
    }
    hasher
}

/// What it says; how it was written is no part of that.
fn content(hasher: &mut Sha256, report: &Report) {
    text(hasher, report.contact.as_ref());
    number(hasher, Some(report.policies.len() as i128));
    for PolicyResult { policy_type, domain, policy_string, mx_host, successful, failed, failures, .. } in &report.policies {
        text(hasher, policy_type.as_ref());
        text(hasher, domain.as_ref());
        for list in [policy_string, mx_host] {
            let list = list.as_deref().unwrap_or_default();
            number(hasher, Some(list.len() as i128));
            list.iter().for_each(|element| text(hasher, Some(element)));
        }
        number(hasher, successful.map(i128::from));
        number(hasher, failed.map(i128::from));
        number(hasher, Some(failures.len() as i128));
        for Failure { result_type, reason, mx_host, mx_helo, sending_ip, receiving_ip, more, events } in failures {
            [result_type, reason, mx_host, mx_helo, more].into_iter().for_each(|field| text(hasher, field.as_ref()));
            [sending_ip, receiving_ip].into_iter().for_each(|address| text(hasher, address.map(|address| address.to_string()).as_ref()));
            number(hasher, events.map(i128::from));
        }
    }
}

/// A text with its length in front, so that no two lists of texts give the same bytes.
fn text(hasher: &mut Sha256, text: Option<&String>) {
    number(hasher, text.map(|text| text.len() as i128));
    hasher.update(text.map_or(&[] as &[u8], |text| text.as_bytes()));
}

fn number(hasher: &mut Sha256, number: Option<i128>) {
    hasher.update([u8::from(number.is_some())]);
    hasher.update(number.unwrap_or_default().to_le_bytes());
}

fn finish(hasher: Sha256) -> Hash {
    let digest = hasher.finalize();
    digest.iter().take(16).fold(0, |hash, byte| hash << 8 | Hash::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(id: Option<&str>, sessions: u64) -> Report {
        let policies = vec![PolicyResult { successful: Some(sessions), ..PolicyResult::default() }];
        Report { organization: Some("Bigmail".to_owned()), report_id: id.map(str::to_owned), policies, ..Report::default() }
    }

    #[test]
    fn sender_id_range_and_content_decide() {
        let mut known = Known::default();
        let mut add = |report: Report| known.add(&report, key(&report));
        assert_eq!(add(report(Some("1"), 7)), Sameness::New);
        assert_eq!(add(Report { organization: Some("BIGMAIL".to_owned()), ..report(Some("1"), 7) }), Sameness::Duplicate);
        assert_eq!(add(report(Some("1"), 8)), Sameness::IdReused);
        assert_eq!(add(report(Some("1"), 8)), Sameness::Duplicate);
        assert_eq!(add(Report { organization: Some("Other".to_owned()), ..report(Some("1"), 7) }), Sameness::New);
        assert_eq!(add(Report { begin: Some(OffsetDateTime::UNIX_EPOCH), ..report(Some("1"), 7) }), Sameness::New);
        assert_eq!(add(report(None, 7)), Sameness::New);
        assert_eq!(add(report(None, 8)), Sameness::New, "without an id only the content tells");
        assert_eq!(add(report(None, 8)), Sameness::Duplicate);
    }
}
