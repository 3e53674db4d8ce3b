//! The exact texts that would be right for a domain: two TXT records and a policy.

use std::time::UNIX_EPOCH;

use time::OffsetDateTime;

use crate::evidence::{Evidence, Outcome, Txt};
use crate::name::address::is_address;
use crate::parse::mx_pattern::{PatternMatch, matches};
use crate::parse::policy::Mode;
use crate::parse::record_set::{RecordKind, select};
use crate::parse::tlsrpt_record;

use super::assessment::{Assessment, MxState};

/// Least `max_age` that is proposed, in seconds: one week.
const WEEK: i64 = 604_800;
/// Largest `max_age` that RFC 8461 section 3.2 allows, in seconds: one year.
const YEAR: i64 = 31_557_600;

/// What the domain should publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// TXT record at `_mta-sts.DOMAIN`. Its id is the time of the scan in UTC, as `YYYYMMDDhhmmss`.
    pub sts_record: String,
    /// TXT record at `_smtp._tls.DOMAIN`: the destinations that are published now as far as they are usable, else one at the domain itself.
    pub tlsrpt_record: String,
    /// Body at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`, lines ended by CRLF.
    pub policy: String,
}

/// The texts that fit the MX hosts seen. A mode and a max_age that are in use and sensible are kept; mode testing and one week are the
/// beginning otherwise.
///
/// Where no host is known that a policy could name (null MX, failed lookup, names that no certificate can hold) and the present policy
/// has no pattern either, the policy is one of mode none, which needs none.
pub fn publish(evidence: &Evidence, assessment: &Assessment) -> Publication {
    Publication {
        sts_record: format!("v=STSv1; id={};", id(evidence)),
        tlsrpt_record: tlsrpt(evidence),
        policy: policy(evidence, assessment),
    }
}

/// Digits only, and later than any id of an earlier time.
fn id(evidence: &Evidence) -> String {
    let seconds = evidence.scanned_at.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok());
    let at = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, month) = (at.date(), u8::from(at.month()));
    format!("{:04}{month:02}{:02}{:02}{:02}{:02}", date.year(), date.day(), at.hour(), at.minute(), at.second())
}

fn tlsrpt(evidence: &Evidence) -> String {
    let lookup = &evidence.tlsrpt_txt;
    let records: &[Txt] = if lookup.outcome == Outcome::Noerror { &lookup.records } else { &[] };
    let current = select(RecordKind::Tlsrpt, records).index().and_then(|index| records.get(index));
    current
        .and_then(|txt| tlsrpt_record::canonical(&tlsrpt_record::parse(&txt.joined()).value))
        .unwrap_or_else(|| format!("v=TLSRPTv1; rua=mailto:tls-reports@{}", evidence.domain))
}

fn policy(evidence: &Evidence, assessment: &Assessment) -> String {
    let patterns = patterns(evidence, assessment);
    let mode = match assessment.policy_mode.as_deref().and_then(Mode::from_word) {
        _ if patterns.is_empty() => Mode::None,
        Some(mode) => mode,
        None => Mode::Testing,
    };
    let max_age = assessment.policy_max_age.unwrap_or(WEEK).clamp(WEEK, YEAR);
    let mx: String = patterns.iter().map(|pattern| format!("mx: {pattern}\r\n")).collect();
    format!("version: STSv1\r\nmode: {mode}\r\n{mx}max_age: {max_age}\r\n")
}

fn patterns(evidence: &Evidence, assessment: &Assessment) -> Vec<String> {
    let hosts = match assessment.mx_state {
        MxState::Present => assessment.mx_hosts.clone(),
        MxState::None => vec![evidence.domain.to_string()],
        MxState::Null | MxState::Nxdomain => Vec::new(),
        MxState::Unknown => assessment.policy_mx.clone().unwrap_or_default(),
    };
    let can_match = |name: &String| !is_address(name) && !matches!(matches(name, "host.invalid"), PatternMatch::InvalidPattern(_));
    hosts.into_iter().filter(can_match).collect()
}
