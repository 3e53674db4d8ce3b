//! What one line of a list says: its name, its rank, and the columns that are carried along.

use std::sync::Arc;

use super::reject::Reason;
use crate::name::Domain;

/// Removes white space and a comment: `#` at the beginning or after white space.
pub(super) fn without_comment(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    let mut blank = true;
    for (index, byte) in text.iter().enumerate() {
        if *byte == b'#' && blank {
            return text[..index].trim_ascii_end();
        }
        blank = byte.is_ascii_whitespace();
    }
    text
}

/// Reads a field of a list.
pub(super) fn domain(field: &[u8]) -> Result<Domain, Reason> {
    let text = std::str::from_utf8(without_comment(field)).map_err(|_| Reason::NotUtf8)?;
    owner(host(unquoted(text)))
}

/// Reads a host name or the owner name of a record: a wildcard and the service labels of RFC 8460 and RFC 8461 stand for the domain below.
pub(super) fn owner(name: &str) -> Result<Domain, Reason> {
    let name = name.strip_prefix("*.").unwrap_or(name);
    let name = ["_mta-sts.", "_smtp._tls."].iter().find_map(|label| strip_prefix_ignoring_case(name, label)).unwrap_or(name);
    let domain = Domain::from_input(name).map_err(Reason::Name)?;
    if domain.tld().bytes().all(|byte| byte.is_ascii_digit()) { Err(Reason::NumericTld) } else { Ok(domain) }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    if text.as_bytes().first() == Some(&b'_') && text.get(..prefix.len())?.eq_ignore_ascii_case(prefix) {
        text.get(prefix.len()..)
    } else {
        None
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = ['"', '\'', '`'].iter().find_map(|&quote| text.strip_prefix(quote)?.strip_suffix(quote));
    inner.map_or(text, str::trim)
}

/// The host of `scheme://user@host:port/path?query#fragment`, every part of which but the host may be missing.
fn host(text: &str) -> &str {
    let (rest, ends): (_, &[char]) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (rest, &['/', '?', '#']),
        _ => (strip_mailto(text.strip_prefix("//").unwrap_or(text)), &['/', '?']), // A bare `a#b.example` is a slip, not a URL.
    };
    let authority = rest.split(ends).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some((address, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    match host.split_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn strip_mailto(text: &str) -> &str {
    match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &text[7..],
        _ => text,
    }
}

/// What one line of a list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// Nothing: blank, a comment, a header, or a line of a zone file that delegates nothing.
    Blank,
    /// A name, and its rank where the list has ranks.
    Name(Domain, Option<i32>),
    /// Something that is no name.
    Rejected(Reason),
}

impl Parsed {
    /// Reads the field that holds the name.
    pub(super) fn from_field(field: &[u8], rank: Option<i32>) -> Self {
        match domain(field) {
            Ok(domain) => Self::Name(domain, rank),
            Err(reason) => Self::Rejected(reason),
        }
    }
}

/// Columns that may be carried at most.
pub const MAX_CARRIED: usize = 16;
/// Bytes of a carried cell that are kept at most.
pub const MAX_CARRIED_BYTES: usize = 256;

/// What stands in a carried column on the line of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The column, as it was asked for.
    pub name: Arc<str>,
    /// The cell without white space around it, at most [`MAX_CARRIED_BYTES`] bytes; `None` where it is empty or missing.
    pub value: Option<String>,
}

/// A cell as it is kept: bytes that are no UTF-8 and control characters replaced by U+FFFD, doubled quotes undone, cut at a character.
pub(super) fn carried_cell(field: &[u8]) -> Option<String> {
    // A little more than is kept, so that a cell of a megabyte is not copied whole.
    let beginning = field.trim_ascii();
    let beginning = beginning.get(..4 * MAX_CARRIED_BYTES).unwrap_or(beginning);
    let text = String::from_utf8_lossy(beginning).replace("\"\"", "\"");
    let mut value = String::new();
    for c in text.trim().chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }) {
        if value.len() + c.len_utf8() > MAX_CARRIED_BYTES {
            break;
        }
        value.push(c);
    }
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::name::NameError;

    #[test]
    fn names_are_found_in_what_people_write() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("  Example.COM.  ", "example.com"),
            ("\"example.com\"", "example.com"),
            ("' example.com '", "example.com"),
            ("https://example.com:8443/path?q#f", "example.com"),
            ("HTTP://Example.com?q=a@b", "example.com"),
            ("//example.com/", "example.com"),
            ("example.com:443", "example.com"),
            ("example.com/a:b@c", "example.com"),
            ("ftp://user:pass@example.com/", "example.com"),
            ("postmaster@example.com", "example.com"),
            ("mailto:postmaster@example.com?subject=x", "example.com"),
            ("*.example.com", "example.com"),
            ("_mta-sts.example.com", "example.com"),
            ("_SMTP._TLS.example.com", "example.com"),
            ("_dmarc.example.com", "_dmarc.example.com"),
            ("mta-sts.example.com", "mta-sts.example.com"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("example.com # ours", "example.com"),
            ("example.com\t#ours", "example.com"),
            ("com", "com"),
        ] {
            assert_eq!(domain(text.as_bytes()).map(|domain| domain.to_string()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_says_why() {
        for (text, expected) in [
            (&b"https:///path"[..], Reason::Name(NameError::Empty)),
            (b"*.", Reason::Name(NameError::Empty)),
            (b"https://192.0.2.1:8443/", Reason::Name(NameError::IpAddress)),
            (b"[2001:db8::1]:443", Reason::Name(NameError::IpAddress)),
            (b"2001:db8::1", Reason::Name(NameError::IpAddress)),
            (b"a b.com", Reason::Name(NameError::ForbiddenCharacter(' '))),
            (b"a#b.com", Reason::Name(NameError::ForbiddenCharacter('#'))),
            (b"b\xfccher.example", Reason::NotUtf8),
            (b"999.1.1.1", Reason::NumericTld),
            (b"42", Reason::NumericTld),
        ] {
            assert_eq!(domain(text).map_err(|reason| reason.to_string()), Err(expected.to_string()), "{}", text.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_name_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = domain(&bytes);
        }

        #[test]
        fn a_name_survives_its_clothes(name in "[a-z]{1,9}(\\.[a-z]{2,9}){1,3}", scheme in "(|https://|//)", user in "(|u@|u:p@)", tail in "(|:8443|/a/b|:1/x|\\?q|\\.|/#f)") {
            let parsed = domain(format!(" {scheme}{user}{name}{tail} # note").as_bytes());
            prop_assert_eq!(parsed.map(|domain| domain.to_string()), Ok(name));
        }
    }

    #[test]
    fn cells_are_tidied() {
        assert_eq!(carried_cell(b"  Sales & \"\"Field\"\" "), Some("Sales & \"Field\"".to_owned()));
        assert_eq!(carried_cell(b"a\x1b[31m\0b\xff"), Some("a\u{fffd}[31m\u{fffd}b\u{fffd}".to_owned()));
        assert_eq!((carried_cell(b""), carried_cell(b" \t")), (None, None));
    }

    proptest! {
        #[test]
        fn any_cell_is_short_and_without_control_characters(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let value = carried_cell(&bytes).unwrap_or_default();
            prop_assert!(value.len() <= MAX_CARRIED_BYTES && !value.chars().any(char::is_control));
        }
    }
}
