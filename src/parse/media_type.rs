//! The media type of a policy: RFC 8461 section 3.2 wants text/plain (RFC 9110 section 8.3.1 for the form).

use super::collector::{Collector, is_wsp, quote, trim_wsp};
use super::fault::{FaultKind, Parsed};

/// What the Content-Type header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaType {
    /// `type/subtype`, lower case; `None` where there is none.
    pub essence: Option<String>,
    /// The `charset` parameter, lower case.
    pub charset: Option<String>,
}

/// Reads the value of a Content-Type header; `None` for a response without one.
///
/// `valid` says whether the media type is text/plain, which is all that a sender SHOULD check; faults in parameters do not change it.
pub fn parse(value: Option<&[u8]>) -> Parsed<MediaType> {
    let mut faults = Collector::new();
    let mut media = MediaType::default();
    let value = value.unwrap_or_default();
    let (start, text) = trim_wsp(value);
    if text.is_empty() {
        faults.fatal(FaultKind::StsFetchContentTypeMissing, 0..value.len(), "");
        return faults.into_parsed(media);
    }
    let essence = text.get(..essence_length(text)).unwrap_or_default();
    let rest = text.get(essence.len()..).unwrap_or_default();
    let parameters = trim_wsp(rest).1;
    if essence.is_empty() || !(parameters.is_empty() || parameters.starts_with(b";")) {
        faults.fatal(FaultKind::StsFetchContentTypeMalformed, start..start + text.len(), quote(text));
    } else if !essence.eq_ignore_ascii_case(b"text/plain") {
        faults.fatal(FaultKind::StsFetchContentTypeWrong, start..start + essence.len(), quote(essence));
    }
    media.essence = (!essence.is_empty()).then(|| String::from_utf8_lossy(essence).to_ascii_lowercase());
    let span = start + essence.len()..start + text.len();
    if parameters.starts_with(b";") {
        match charset(parameters) {
            Ok(charset) => media.charset = charset,
            Err(Malformed) => faults.remark(FaultKind::StsFetchContentTypeMalformed, span.clone(), quote(parameters)),
        }
    }
    if let Some(charset) = media.charset.as_deref().filter(|charset| !matches!(*charset, "utf-8" | "us-ascii")) {
        faults.remark(FaultKind::StsFetchContentTypeCharset, span, quote(charset.as_bytes()));
    }
    faults.into_parsed(media)
}

/// A parameter that is no `name=value`.
struct Malformed;

/// The value of the `charset` parameter in a list of `; name=value`.
fn charset(mut rest: &[u8]) -> Result<Option<String>, Malformed> {
    let mut charset = None;
    while !rest.is_empty() {
        let parameter = trim_wsp(rest.strip_prefix(b";").ok_or(Malformed)?).1;
        let (name, after) = token(parameter);
        let value = after.strip_prefix(b"=").filter(|_| !name.is_empty()).ok_or(Malformed)?;
        let (text, after) = if value.starts_with(b"\"") { quoted_string(value).ok_or(Malformed)? } else { unquoted(value)? };
        if name.eq_ignore_ascii_case(b"charset") && charset.is_none() {
            charset = Some(text.to_ascii_lowercase());
        }
        rest = trim_wsp(after).1;
    }
    Ok(charset)
}

fn unquoted(text: &[u8]) -> Result<(String, &[u8]), Malformed> {
    let (value, after) = token(text);
    if value.is_empty() { Err(Malformed) } else { Ok((String::from_utf8_lossy(value).into_owned(), after)) }
}

/// `quoted-string` of RFC 9110 section 5.6.4, unquoted, and what follows it.
fn quoted_string(text: &[u8]) -> Option<(String, &[u8])> {
    let mut value = Vec::new();
    let mut bytes = text.iter().enumerate().skip(1);
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => return Some((String::from_utf8_lossy(&value).into_owned(), text.get(at + 1..)?)),
            b'\\' => value.push(*bytes.next()?.1),
            _ if byte.is_ascii_control() && !is_wsp(byte) => return None,
            _ => value.push(byte),
        }
    }
    None
}

/// Length of `type "/" subtype` at the start; 0 where there is none.
fn essence_length(text: &[u8]) -> usize {
    let (kind, rest) = token(text);
    match rest.strip_prefix(b"/").map(token) {
        Some((subtype, _)) if !kind.is_empty() && !subtype.is_empty() => kind.len() + 1 + subtype.len(),
        _ => 0,
    }
}

/// `token` of RFC 9110 section 5.6.2 at the start, possibly empty, and the rest.
fn token(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&byte| !(byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, b""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_as_they_come() {
        use FaultKind::*;
        for (value, valid, kinds) in [
            (Some("text/plain"), true, vec![]),
            (Some(" Text/PLAIN ; charset=utf-8"), true, vec![]),
            (Some("text/plain;charset=\"UTF-8\""), true, vec![]),
            (Some("text/plain; format=flowed; charset=us-ascii"), true, vec![]),
            (Some("text/plain; charset=iso-8859-1"), true, vec![StsFetchContentTypeCharset]),
            (Some("text/plain;"), true, vec![StsFetchContentTypeMalformed]),
            (Some("text/plain; charset"), true, vec![StsFetchContentTypeMalformed]),
            (Some("text/plain; charset=\"utf-8"), true, vec![StsFetchContentTypeMalformed]),
            (Some("text/html"), false, vec![StsFetchContentTypeWrong]),
            (Some("text/plain2"), false, vec![StsFetchContentTypeWrong]),
            (Some("text/plain charset=utf-8"), false, vec![StsFetchContentTypeMalformed]),
            (Some("text/html, text/plain"), false, vec![StsFetchContentTypeMalformed]),
            (Some("text"), false, vec![StsFetchContentTypeMalformed]),
            (Some(""), false, vec![StsFetchContentTypeMissing]),
            (None, false, vec![StsFetchContentTypeMissing]),
        ] {
            let parsed = parse(value.map(str::as_bytes));
            assert_eq!(parsed.valid, valid, "{value:?}");
            assert_eq!(parsed.faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(), kinds, "{value:?}");
        }
        assert_eq!(parse(Some(b"text/plain; x=\"a\\\"b\"; charset=\"u\\tf-8\"")).value.charset.as_deref(), Some("utf-8"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            for fault in parse(Some(&value)).faults {
                prop_assert!(fault.span.start <= fault.span.end && fault.span.end <= value.len());
            }
        }
    }
}
