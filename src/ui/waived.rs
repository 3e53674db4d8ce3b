//! Findings that are waived, in the words and forms in which they are shown beside those that count.

use serde_json::{Value, json};

use super::text::safe;
use crate::analyse::expect::Waived;

/// Until when and why.
pub fn reason(waived: &Waived) -> String {
    format!("waived until {}: {}", waived.until, waived.reason)
}

/// One line: what is waived, until when and why. It is safe for a terminal.
pub fn line(waived: &Waived) -> String {
    let finding = &waived.finding;
    let particulars: Vec<String> =
        [&finding.subject, &finding.detail].into_iter().filter(|text| !text.is_empty()).map(|text| safe(text)).collect();
    let particulars = if particulars.is_empty() { String::new() } else { format!(" ({})", particulars.join(": ")) };
    format!("{} {}{particulars}, {}", finding.severity, finding.code, safe(&reason(waived)))
}

/// The finding as JSON has it, with until when and why.
pub fn object(waived: &Waived) -> Value {
    let finding = &waived.finding;
    json!({
        "code": finding.code,
        "severity": finding.severity,
        "subject": finding.subject,
        "detail": finding.detail,
        "until": waived.until.to_string(),
        "reason": waived.reason,
    })
}
