//! The publishable copy of a dataset of TLS reports: mailboxes, contacts and addresses made unreadable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::copy::{describe, last_part, redaction};
use super::description::{Described, Publication};
use super::mailbox::Redaction;
use super::replies::Replies;
use crate::analyse::scans::AnalyseError;
use crate::dataset::Options;
use crate::dataset::reports::{FailureRow, ReportRow, ReportsManifest, ReportsReader, ReportsWriter};

/// What stands for a contact in which no mailbox was found: whatever it is, it leads to somebody.
const REMOVED: &str = "removed";

/// Writes the publishable copy of the TLS reports in `dir` to `out`: the same rows in the same order, and beside them what describes them.
///
/// # Errors
/// If `dir` holds no finished dataset of TLS reports, `out` may not be written to, or the disk fails.
pub fn export_reports(dir: &Path, out: &Path, publication: &Publication) -> Result<ReportsManifest, AnalyseError> {
    let origin = ReportsReader::open(dir)?;
    let mask = Mask { redaction: redaction(publication), replies: Replies::new(None) };
    let inputs = origin.manifest().inputs.iter().map(|input| mask.path(input)).collect();
    let options =
        Options::from([("mailboxes".to_owned(), json!(publication.mailboxes)), ("licence".to_owned(), json!(publication.licence))]);
    let mut copy = ReportsWriter::derive(out, &origin, inputs, options)?;
    origin.for_each_report(|rows| copy.copy_report(rows.into_iter().map(|row| mask.row(row)).collect()))?;
    origin.for_each_rejected(|[source, part, reason]| copy.copy_rejected([&mask.path(source), &mask.text(part), &mask.text(reason)]))?;
    copy.finish_with(&origin.manifest().accounting, |manifest, text| {
        describe(out, &Described::reports(manifest), &super::datasheet::datasheet_of_reports(manifest, publication), text, publication)
    })
}

/// What is made unreadable, and how.
struct Mask {
    /// `None` where mailboxes stay.
    redaction: Option<Redaction>,
    replies: Replies,
}

impl Mask {
    fn row(&self, row: ReportRow) -> ReportRow {
        let list = |texts: Option<Vec<String>>| texts.map(|texts| texts.iter().map(|text| self.text(text)).collect());
        ReportRow {
            organization: self.shared(row.organization.as_ref()),
            contact: row.contact.as_deref().map(|contact| self.contact(contact).into()),
            report_id: self.shared(row.report_id.as_ref()),
            submitter: self.shared(row.submitter.as_ref()),
            policy_domain: row.policy_domain.as_deref().map(|domain| self.text(domain)),
            policy_string: list(row.policy_string),
            policy_mx: list(row.policy_mx),
            mx_host: list(row.mx_host),
            failures: row.failures.into_iter().map(|failure| self.failure(failure)).collect(),
            source: self.path(&row.source).into(),
            part: self.shared(row.part.as_ref()),
            ..row
        }
    }

    fn failure(&self, failure: FailureRow) -> FailureRow {
        let said = |text: Option<String>| text.map(|text| self.replies.text(&self.text(&text)));
        FailureRow {
            reason: said(failure.reason),
            mx_host: said(failure.mx_host),
            mx_helo: said(failure.mx_helo),
            more: said(failure.more),
            sending_ip: failure.sending_ip.map(network),
            receiving_ip: failure.receiving_ip.map(network),
            ..failure
        }
    }

    /// A text without readable mailboxes.
    fn text(&self, text: &str) -> String {
        let replaced = self.redaction.as_ref().and_then(|redaction| redaction.apply(text.as_bytes()));
        replaced.map_or_else(|| text.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn shared(&self, text: Option<&Arc<str>>) -> Option<Arc<str>> {
        text.map(|text| self.text(text).into())
    }

    /// Who can be asked about a report.
    fn contact(&self, contact: &str) -> String {
        match &self.redaction {
            None => contact.to_owned(),
            Some(redaction) => {
                redaction.apply(contact.as_bytes()).map_or_else(|| REMOVED.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }

    /// A file, which the rest of its path would tell where to find on the machine.
    fn path(&self, path: &str) -> String {
        self.text(last_part(path))
    }
}

/// The network of an address, /24 or /48, with zeros behind it: enough to tell operators apart.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_be_found_by_a_row() {
        let row = || ReportRow {
            contact: Some("Jane Doe, +49 30 1234".into()),
            report_id: Some("2024-01-01T00:00:00Z!a.example!jane@sender.example".into()),
            source: "/home/jane/mail/sender.example!a.example!1!2.json.gz".into(),
            failures: vec![FailureRow {
                sending_ip: Some("192.0.2.77".parse().unwrap()),
                receiving_ip: Some("2001:db8:1:2::3".parse().unwrap()),
                more: Some("ask postmaster@sender.example about 192.0.2.77".to_owned()),
                events: Some(3),
                ..FailureRow::default()
            }],
            ..ReportRow::default()
        };
        for redaction in [Redaction::Drop, Redaction::Hash([7; 32])] {
            let masked = Mask { redaction: Some(redaction), replies: Replies::new(None) }.row(row());
            let shown = format!("{masked:?}");
            for secret in ["Jane", "1234", "jane", "postmaster", "192.0.2.77", "1:2::3", "home"] {
                assert!(!shown.contains(secret), "{secret}: {shown}");
            }
            assert!(shown.contains("192.0.2.0") && shown.contains("2001:db8:1::") && shown.contains("Some(3)"), "{shown}");
            assert!(shown.contains("sender.example!a.example!1!2.json.gz"), "{shown}");
        }
        let kept = Mask { redaction: None, replies: Replies::new(None) }.row(row());
        assert_eq!(kept.contact, row().contact);
        assert!(!format!("{kept:?}").contains("192.0.2.77"), "addresses are masked whatever becomes of mailboxes");
    }
}
