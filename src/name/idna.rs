//! From what people write to A-labels: UTS 46 processing, then the rules of a name that DNS can carry.

use thiserror::Error;

/// Longest name in presentation form without the trailing dot, in octets (RFC 1035 section 2.3.4: 255 on the wire).
pub const MAX_NAME_OCTETS: usize = 253;
/// Longest label in octets (RFC 1035 section 2.3.4).
pub const MAX_LABEL_OCTETS: usize = 63;

/// Why a text is no domain name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing is left once white space and the trailing dot are removed.
    #[error("no name")]
    Empty,
    /// Two dots without a label between them, or a leading dot.
    #[error("empty label (two dots in a row, or a dot in front)")]
    EmptyLabel,
    /// A label has more than 63 octets as an A-label.
    #[error("a label is longer than {MAX_LABEL_OCTETS} octets")]
    LabelTooLong,
    /// The name has more than 253 octets as A-labels.
    #[error("the name is longer than {MAX_NAME_OCTETS} octets")]
    NameTooLong,
    /// A character that no host name or service label has.
    #[error("{0:?} cannot be in a domain name")]
    ForbiddenCharacter(char),
    /// UTS 46 refuses the name (bidirectional rule, unassigned code point, broken `xn--` label, ...).
    #[error("not a valid internationalised name (UTS 46)")]
    NotIdna,
    /// A label begins or ends with a hyphen.
    #[error("a label begins or ends with a hyphen")]
    HyphenAtEdge,
    /// An IP address, which has no `_mta-sts` name.
    #[error("an IP address, not a domain name")]
    IpAddress,
    /// A single label without a dot: no registration, no mail domain of the public Internet.
    #[error("a single label, not a registered domain name")]
    SingleLabel,
}

/// See [`super::domain::Domain::from_input`]. Single labels (`com`) are accepted; a list decides whether it wants them.
pub(super) fn to_a_labels(text: &str) -> Result<String, NameError> {
    let text = text.strip_suffix(['.', '\u{3002}']).unwrap_or(text);
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Err(NameError::IpAddress);
    }
    if is_stored_form(text) && !text.contains("xn--") {
        return Ok(text.to_owned()); // The common case costs one pass and one copy.
    }
    let ascii = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::EMPTY).map_err(|_| NameError::NotIdna)?.into_owned()
    };
    check(&ascii)?;
    if ascii.contains("xn--") && idna::domain_to_unicode(&ascii).1.is_err() {
        return Err(NameError::NotIdna);
    }
    Ok(ascii)
}

/// Whether a text is a name of several labels as most lists have them, which no rule changes or refuses: lower-case letters, digits,
/// single hyphens inside of labels, and a last label that is no number. `false` says nothing.
pub(super) fn is_plain(text: &[u8]) -> bool {
    let (mut label, mut labels, mut letters, mut before) = (0, 1, false, b'.');
    for &octet in text {
        match octet {
            b'a'..=b'z' => (label, letters) = (label + 1, true),
            b'0'..=b'9' => label += 1,
            b'-' if before != b'-' && before != b'.' => label += 1,
            b'.' if before != b'-' && before != b'.' => (label, labels, letters) = (0, labels + 1, false),
            _ => return false,
        }
        if label > MAX_LABEL_OCTETS {
            return false;
        }
        before = octet;
    }
    labels > 1 && letters && before != b'-' && before != b'.' && text.len() <= MAX_NAME_OCTETS
}

/// Whether the text is lower-case A-labels without a trailing dot and within the limits of DNS.
pub(super) fn is_stored_form(text: &str) -> bool {
    check(text).is_ok() && !text.bytes().any(|b| b.is_ascii_uppercase())
}

fn check(ascii: &str) -> Result<(), NameError> {
    if let Some(c) = ascii.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
        return Err(NameError::ForbiddenCharacter(c));
    }
    if ascii.len() > MAX_NAME_OCTETS {
        return Err(NameError::NameTooLong);
    }
    for label in ascii.split('.') {
        match label.len() {
            0 => return Err(NameError::EmptyLabel),
            n if n > MAX_LABEL_OCTETS => return Err(NameError::LabelTooLong),
            _ if label.starts_with('-') || label.ends_with('-') => return Err(NameError::HyphenAtEdge),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_write_names_in_many_ways() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com.", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("_dmarc.example.com", "_dmarc.example.com"),
        ] {
            assert_eq!(to_a_labels(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_says_why() {
        let long = format!("{}.com", "a".repeat(300));
        for (text, expected) in [
            ("", NameError::Empty),
            (".", NameError::Empty),
            ("a..b", NameError::EmptyLabel),
            (".example.com", NameError::EmptyLabel),
            ("a b.com", NameError::ForbiddenCharacter(' ')),
            ("-a.com", NameError::HyphenAtEdge),
            ("192.0.2.1", NameError::IpAddress),
            ("2001:db8::1", NameError::IpAddress),
            ("xn--a.example", NameError::NotIdna),
            (long.as_str(), NameError::NameTooLong),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com", NameError::LabelTooLong),
        ] {
            assert_eq!(to_a_labels(text), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_name_is_taken_as_it_is(text in "[a-z0-9.-]{0,12}(\\.[a-z0-9-]{1,4})?") {
            if is_plain(text.as_bytes()) {
                prop_assert_eq!(to_a_labels(&text), Ok(text.clone()));
                prop_assert!(text.contains('.') && !text.contains("xn--"));
            }
        }

        #[test]
        fn any_text_is_a_stored_name_or_an_error(text in "\\PC{0,80}") {
            if let Ok(name) = to_a_labels(&text) {
                prop_assert!(is_stored_form(&name), "{name}");
                prop_assert_eq!(to_a_labels(&name), Ok(name.clone()));
            }
        }
    }
}
