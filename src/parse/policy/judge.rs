//! The values of the four known keys: what is right, what is wrong, and what is odd though right.

use std::ops::Range;

use super::value::{MAX_AGE_MAXIMUM, Mode, VERSION, digits};
use crate::parse::collector::{Collector, quote};
use crate::parse::fault::FaultKind;
use crate::parse::mx_fault;

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;
/// Most digits of max_age.
const MAX_DIGITS: usize = 10;

/// `%s"STSv1"`.
pub(super) fn version(text: &str, span: Range<usize>, faults: &mut Collector) {
    match text {
        VERSION => {}
        _ if text.eq_ignore_ascii_case(VERSION) => faults.fatal(FaultKind::StsPolicyVersionCase, span, quote(text.as_bytes())),
        _ => faults.fatal(FaultKind::StsPolicyVersionInvalid, span, quote(text.as_bytes())),
    }
}

/// `%s"testing" / %s"enforce" / %s"none"`.
pub(super) fn mode(text: &str, span: Range<usize>, faults: &mut Collector) {
    let kind = match text {
        _ if Mode::from_word(text).is_some() => return,
        _ if Mode::from_word(&text.to_ascii_lowercase()).is_some() => FaultKind::StsPolicyModeCase,
        "report" => FaultKind::StsPolicyModeLegacyReport,
        _ => FaultKind::StsPolicyModeInvalid,
    };
    faults.fatal(kind, span, quote(text.as_bytes()));
}

/// `1*10(DIGIT)`; the seconds if it is that.
pub(super) fn max_age(text: &str, span: Range<usize>, faults: &mut Collector) -> Option<u64> {
    let seconds = digits(text).filter(|_| text.len() <= MAX_DIGITS);
    match seconds {
        None => faults.fatal(FaultKind::StsPolicyMaxAgeInvalid, span, quote(text.as_bytes())),
        Some(_) if text.len() > 1 && text.starts_with('0') => {
            faults.remark(FaultKind::StsPolicyMaxAgeLeadingZero, span, quote(text.as_bytes()));
        }
        Some(_) => {}
    }
    seconds
}

/// How long is too long or too short. RFC 8461 section 3.2 states a maximum and does not say what a sender makes of more, so the
/// policy stays valid. With mode none nothing is kept that a short time could endanger.
pub(super) fn length(seconds: u64, mode: Option<Mode>, span: Range<usize>, faults: &mut Collector) {
    let kind = match seconds {
        0 => FaultKind::StsPolicyMaxAgeZero,
        _ if seconds > MAX_AGE_MAXIMUM => FaultKind::StsPolicyMaxAgeOverMaximum,
        _ if mode == Some(Mode::None) => return,
        _ if seconds < DAY => FaultKind::StsPolicyMaxAgeVeryShort,
        _ if seconds < WEEK => FaultKind::StsPolicyMaxAgeShort,
        _ => return,
    };
    faults.remark(kind, span, format!("{seconds} s"));
}

/// `["*."] Domain`.
pub(super) fn pattern(text: &str, span: Range<usize>, faults: &mut Collector) {
    if let Some(kind) = mx_fault::why_no_pattern(text) {
        faults.fatal(kind, span.clone(), quote(text.as_bytes()));
    } else {
        for kind in mx_fault::oddities(text) {
            faults.remark(kind, span.clone(), quote(text.as_bytes()));
        }
    }
    if mx_fault::is_placeholder(text) {
        faults.remark(FaultKind::StsPolicyPlaceholder, span, quote(text.as_bytes()));
    }
}
