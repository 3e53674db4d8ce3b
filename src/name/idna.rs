//! From what people write to A-labels: UTS 46 processing of labels that are not ASCII, then the rules of a name that DNS can carry.
//!
//! A label in ASCII is taken as it stands, whatever UTS 46 says of what comes after `xn--`: registries have sold names that it refuses, and
//! DNS carries any label of letters, digits and inner hyphens.

use thiserror::Error;

/// Longest name in presentation form without the trailing dot, in octets (RFC 1035 section 2.3.4: 255 on the wire).
pub const MAX_NAME_OCTETS: usize = 253;
/// Longest label in octets (RFC 1035 section 2.3.4).
pub const MAX_LABEL_OCTETS: usize = 63;

/// What separates labels in what people write (UTS 46 section 4.5).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

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
    /// UTS 46 refuses a label that is not ASCII (bidirectional rule, unassigned code point, ...).
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
    let text = text.strip_suffix(DOTS).unwrap_or(text);
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Err(NameError::IpAddress);
    }
    if is_stored_form(text) {
        return Ok(text.to_owned()); // The common case costs one pass and one copy.
    }
    let ascii = if text.is_ascii() { text.to_ascii_lowercase() } else { processed(text)? };
    check(&ascii)?;
    // Digits may have been of full width.
    if ascii.parse::<std::net::IpAddr>().is_ok() { Err(NameError::IpAddress) } else { Ok(ascii) }
}

/// The name with its labels in ASCII in lower case and the others processed, each by itself: what is beside a label does not make it wrong.
fn processed(text: &str) -> Result<String, NameError> {
    let label = |label: &str| {
        if label.is_ascii() {
            return Ok(label.to_ascii_lowercase());
        }
        idna::domain_to_ascii_cow(label.as_bytes(), idna::AsciiDenyList::EMPTY).map(Into::into).map_err(|_| NameError::NotIdna)
    };
    Ok(text.split(DOTS).map(label).collect::<Result<Vec<String>, _>>()?.join("."))
}

/// Whether a text is a name of several labels as most lists have them, which no rule changes or refuses: lower-case letters, digits,
/// hyphens inside of labels, and a last label that is no number. `false` says nothing.
pub(super) fn is_plain(text: &[u8]) -> bool {
    let (mut label, mut labels, mut letters, mut before) = (0, 1, false, b'.');
    for &octet in text {
        match octet {
            b'a'..=b'z' => (label, letters) = (label + 1, true),
            b'0'..=b'9' => label += 1,
            b'-' if before != b'.' => label += 1,
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
            ("B\u{fc}cher\u{ff0e}example\u{ff61}", "xn--bcher-kva.example"),
            // Registered, though UTS 46 refuses what they decode to; and what does not decode at all.
            ("xn--hjdarna07-b07a.cf", "xn--hjdarna07-b07a.cf"),
            ("XN--A.com.", "xn--a.com"),
            ("xn--1ug.com", "xn--1ug.com"),
            ("a--b.xn--zzzzzzzzz99.com", "a--b.xn--zzzzzzzzz99.com"),
            ("b\u{fc}cher.xn--a.com", "xn--bcher-kva.xn--a.com"),
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
            ("192\u{3002}0.2.\u{ff11}", NameError::IpAddress),
            ("\u{200d}.example", NameError::NotIdna),
            ("\u{ff58}n--a\u{fc}.example", NameError::NotIdna),
            ("xn--a-.example", NameError::HyphenAtEdge),
            ("b\u{fc}cher..example", NameError::EmptyLabel),
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
                prop_assert!(text.contains('.'));
            }
        }

        #[test]
        fn any_ascii_labels_are_taken_as_they_are(text in "(xn--)?[a-z0-9]{1,9}(\\.xn--[a-z0-9-]{0,9}[a-z0-9]){1,3}") {
            prop_assert_eq!(to_a_labels(&text), Ok(text.clone()));
            prop_assert!(text.parse::<std::net::IpAddr>().is_err());
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
