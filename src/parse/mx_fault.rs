//! Why a text is no MX pattern, and what is odd about one that is.

use super::fault::FaultKind;
use super::grammar::{is_domain, is_ipv4_like, is_number, is_pattern};
use crate::name::suffix;

/// Text that guides use where the reader's own name belongs.
const PLACEHOLDERS: &[&str] =
    &["yourdomain", "your-domain", "your_domain", "yourcompany", "yourmail", "your-mail", "mydomain.", "domain.tld", "%{", "{{", "${", "<"];

/// Why a text is no `["*."] Domain`; `None` if it is one.
pub(super) fn why_no_pattern(text: &str) -> Option<FaultKind> {
    if is_pattern(text) {
        return None;
    }
    let host = text.strip_prefix("*.").unwrap_or(text);
    Some(match text {
        "" => FaultKind::StsPolicyMxEmpty,
        "*" | "*." => FaultKind::StsPolicyMxBareWildcard,
        _ if is_ip_text(host) => FaultKind::StsPolicyMxIpLiteral,
        _ if text.contains([' ', '\t', ',', ';']) => of_several_words(text),
        _ if text.contains("//") || text.contains('/') => FaultKind::StsPolicyMxUrl,
        _ if text.contains('@') => FaultKind::StsPolicyMxEmail,
        _ if has_port(host) => FaultKind::StsPolicyMxPort,
        _ if host.contains('*') => FaultKind::StsPolicyMxWildcardPosition,
        _ if text.chars().any(|c| !c.is_ascii() && c.is_alphanumeric()) => FaultKind::StsPolicyMxULabel,
        _ if host.strip_suffix('.').is_some_and(is_domain) => FaultKind::StsPolicyMxTrailingDot,
        _ if host.strip_prefix('.').is_some_and(is_domain) => FaultKind::StsPolicyMxLeadingDot,
        _ => FaultKind::StsPolicyMxInvalid,
    })
}

/// Oddities of a valid pattern.
pub(super) fn oddities(pattern: &str) -> Vec<FaultKind> {
    let lower = pattern.to_ascii_lowercase();
    let host = lower.strip_prefix("*.").unwrap_or(&lower);
    let wildcard = host.len() < lower.len();
    let is_ip = is_ipv4_like(host);
    let suffix_itself = || suffix::registrable(host).is_none();
    [
        (is_ip, FaultKind::StsPolicyMxIpLiteral),
        (lower != pattern, FaultKind::StsPolicyMxUppercase),
        (!wildcard && !host.contains('.'), FaultKind::StsPolicyMxSingleLabel),
        (host.split('.').any(|label| label == "mta-sts"), FaultKind::StsPolicyMxIsPolicyHost),
        (wildcard && !is_ip && suffix_itself(), FaultKind::StsPolicyMxWildcardPublicSuffix),
    ]
    .into_iter()
    .filter_map(|(applies, kind)| applies.then_some(kind))
    .collect()
}

/// Whether a value, valid or not, is example text that was left in.
pub(super) fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    PLACEHOLDERS.iter().any(|word| lower.contains(word))
}

fn is_ip_text(text: &str) -> bool {
    (text.starts_with('[') && text.ends_with(']')) || text.parse::<std::net::IpAddr>().is_ok()
}

fn has_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| is_number(port) && !host.is_empty() && !host.contains(':'))
}

fn of_several_words(text: &str) -> FaultKind {
    let words: Vec<&str> = text.split([' ', '\t', ',', ';']).filter(|word| !word.is_empty()).collect();
    let numbers = words.iter().filter(|word| is_number(word)).count();
    let hosts = words.iter().filter(|word| word.contains('.') && is_pattern(word.strip_suffix('.').unwrap_or(word))).count();
    match (numbers, hosts) {
        _ if numbers + hosts < words.len() => FaultKind::StsPolicyMxInvalid,
        (_, 2..) => FaultKind::StsPolicyMxListOnOneLine,
        (1.., 1) => FaultKind::StsPolicyMxPriority,
        _ => FaultKind::StsPolicyMxInvalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_name() {
        use FaultKind::*;
        for (text, kind) in [
            ("", StsPolicyMxEmpty),
            ("*", StsPolicyMxBareWildcard),
            ("*.", StsPolicyMxBareWildcard),
            ("*.*.example.com", StsPolicyMxWildcardPosition),
            ("*mail.example.com", StsPolicyMxWildcardPosition),
            ("mail*.example.com", StsPolicyMxWildcardPosition),
            ("mail.example.com.", StsPolicyMxTrailingDot),
            ("*.example.com.", StsPolicyMxTrailingDot),
            (".example.com", StsPolicyMxLeadingDot),
            ("[192.0.2.1]", StsPolicyMxIpLiteral),
            ("2001:db8::1", StsPolicyMxIpLiteral),
            ("mail.example.com:25", StsPolicyMxPort),
            ("10 mail.example.com.", StsPolicyMxPriority),
            ("a.example, b.example", StsPolicyMxListOnOneLine),
            ("10 a.example 20 b.example", StsPolicyMxListOnOneLine),
            ("mail.example.com,", StsPolicyMxInvalid),
            ("a@example.com", StsPolicyMxEmail),
            ("https://mail.example.com", StsPolicyMxUrl),
            ("://google.com", StsPolicyMxUrl),
            ("bücher.example", StsPolicyMxULabel),
            ("mail.example.com\u{200b}", StsPolicyMxInvalid),
            ("mail_1.example.com", StsPolicyMxInvalid),
            ("mx: mail.example.com", StsPolicyMxInvalid),
            (&format!("{}.example", "a".repeat(64)), StsPolicyMxInvalid),
            (&format!("*.{}.example", "a".repeat(64)), StsPolicyMxInvalid),
            (&vec!["a"; 128].join("."), StsPolicyMxInvalid),
            (&format!("10 {}.example", "a".repeat(64)), StsPolicyMxInvalid),
        ] {
            assert_eq!(why_no_pattern(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn oddities_leave_a_pattern_valid() {
        use FaultKind::*;
        for (text, kinds) in [
            ("mail.example.com", vec![]),
            ("*.mx.microsoft", vec![]),
            ("*.mail.protection.outlook.com", vec![]),
            ("MX.example.com", vec![StsPolicyMxUppercase]),
            ("localhost", vec![StsPolicyMxSingleLabel]),
            ("mta-sts.example.com", vec![StsPolicyMxIsPolicyHost]),
            ("*.co.uk", vec![StsPolicyMxWildcardPublicSuffix]),
            ("*.com", vec![StsPolicyMxWildcardPublicSuffix]),
            ("*.1.2.3.4", vec![StsPolicyMxIpLiteral]),
            (&format!("{}.example", "a".repeat(63)), vec![]),
            (&vec!["a"; 127].join("."), vec![]),
        ] {
            assert_eq!(why_no_pattern(text), None, "{text}");
            assert_eq!(oddities(text), kinds, "{text}");
        }
    }
}
