//! What the replies of mail servers tell of the scanner: its address and its name, which servers repeat ("250-mx.example Hello
//! scanner.example [203.0.113.5]", "554 client host 203.0.113.5 blocked"). Both are masked wherever text of a mail server is kept.
//!
//! The dataset does not know under which address a server saw the scanner, so every address in a reply is masked, and every host name with
//! one in it; so is the name that was given with EHLO, and whatever a server greets behind its own name in the reply to EHLO.

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// What stands in place of what is masked.
const MASK: &[u8] = b"removed";

/// Masks the scanner in replies.
#[derive(Clone, Debug)]
pub(super) struct Replies {
    /// The names that the scanner gave, lower case, as far as they are known: shards of a list have one each.
    names: Vec<String>,
}

impl Replies {
    pub(super) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let names = names.into_iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase());
        Self { names: names.filter(|name| !name.is_empty()).collect() }
    }

    /// The batch without the scanner in any text of a mail server: replies, errors of conversations, and findings that quote them.
    pub(super) fn mask(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| match field.name().as_str() {
            "evidence" => self.within(column, &["mx_hosts", "conversations"]),
            "findings" => self.findings(column),
            _ => Ok(Arc::clone(column)),
        });
        RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<_, _>>()?)
    }

    /// Goes down to the conversations, by name, through lists and structs.
    fn within(&self, column: &ArrayRef, path: &[&str]) -> Result<ArrayRef, ArrowError> {
        match column.data_type() {
            DataType::List(_) => in_list(column, |values| self.within(values, path)),
            DataType::Struct(_) => match path {
                [] => in_struct(column, |name, column| match name {
                    "greeting" | "ehlo" | "starttls" | "ehlo_in_tls" | "refused_before" | "surplus" => Ok(self.octets(column)),
                    "error" => in_struct(column, |name, column| Ok(if name == "text" { self.texts(column) } else { Arc::clone(column) })),
                    "second_hello" => in_struct(column, |name, column| match name {
                        "error" => {
                            in_struct(column, |name, column| Ok(if name == "text" { self.texts(column) } else { Arc::clone(column) }))
                        }
                        _ => Ok(Arc::clone(column)),
                    }),
                    _ => Ok(Arc::clone(column)),
                }),
                [next, rest @ ..] => {
                    in_struct(column, |name, column| if name == *next { self.within(column, rest) } else { Ok(Arc::clone(column)) })
                }
            },
            _ => Ok(Arc::clone(column)),
        }
    }

    /// The details of findings on mail servers.
    fn findings(&self, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        in_list(column, |values| {
            let codes = values.as_struct().column_by_name("code").map(|codes| codes.as_string::<i32>().clone());
            in_struct(values, |name, column| {
                let Some(codes) = codes.as_ref().filter(|_| name == "detail") else { return Ok(Arc::clone(column)) };
                let details: &StringArray = column.as_string();
                let masked = codes.iter().zip(details.iter()).map(|(code, detail)| {
                    let of_server = code.is_some_and(|code| code.starts_with("mx-"));
                    detail.map(|detail| if of_server { self.text(detail) } else { detail.to_owned() })
                });
                Ok(Arc::new(masked.collect::<StringArray>()) as ArrayRef)
            })
        })
    }

    fn octets(&self, column: &ArrayRef) -> ArrayRef {
        let values: &BinaryArray = column.as_binary();
        Arc::new(values.iter().map(|octets| octets.map(|octets| self.apply(octets))).collect::<BinaryArray>())
    }

    fn texts(&self, column: &ArrayRef) -> ArrayRef {
        let values: &StringArray = column.as_string();
        Arc::new(values.iter().map(|text| text.map(|text| self.text(text))).collect::<StringArray>())
    }

    /// The text without addresses, and without the name that the scanner gave.
    pub(super) fn text(&self, text: &str) -> String {
        // Only whole tokens of ASCII are taken out, so that UTF-8 stays UTF-8.
        String::from_utf8(self.apply(text.as_bytes())).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// A reply, or a text that quotes one, without the scanner.
    fn apply(&self, octets: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(octets.len());
        let mut rest = octets;
        while let Some(first) = rest.first() {
            if let Some(length) = greeted(octets, octets.len() - rest.len()) {
                out.extend_from_slice(MASK);
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            let length = rest.iter().position(|octet| !is_of_token(*octet)).unwrap_or(rest.len());
            if length == 0 {
                out.push(*first);
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let (token, after) = rest.split_at(length);
            self.token(token, &mut out);
            rest = after;
        }
        out
    }

    /// A run of what names and addresses are made of, the code of a reply perhaps before it.
    fn token(&self, token: &[u8], out: &mut Vec<u8>) {
        let code = match token {
            [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b'-', ..] => 4,
            _ => 0,
        };
        let (code, word) = token.split_at(code);
        let end = word.iter().rposition(|octet| !matches!(octet, b'.' | b':' | b'-')).map_or(0, |last| last + 1);
        let (word, punctuation) = word.split_at(end);
        out.extend_from_slice(code);
        out.extend_from_slice(if self.is_of_scanner(word) { MASK } else { word });
        out.extend_from_slice(punctuation);
    }

    fn is_of_scanner(&self, word: &[u8]) -> bool {
        let Ok(word) = std::str::from_utf8(word) else { return false };
        let address = word.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("ipv6:")).map_or(word, |_| &word[5..]);
        let is_address = address.parse::<IpAddr>().is_ok();
        let is_name = self.names.iter().any(|name| word.eq_ignore_ascii_case(name));
        is_address || is_name || has_address(word)
    }
}

/// Letters, digits and what stands between them in addresses and host names.
const fn is_of_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b':' | b'_')
}

/// Whether an IPv4 address stands in a name, as `host-203-0-113-5.isp.example` has it, or as `5.113.0.203.in-addr.arpa` does.
fn has_address(word: &str) -> bool {
    ['.', '-', '_'].iter().any(|separator| {
        let parts: Vec<&str> = word.split(|c: char| c == *separator || !c.is_ascii_digit()).collect();
        let is_octet = |part: &&str| (1..=3).contains(&part.len()) && part.parse::<u8>().is_ok();
        parts.windows(4).any(|four| {
            let quad = four.join(&separator.to_string());
            four.iter().all(is_octet) && word.contains(&quad)
        })
    })
}

/// The length of what a server greets with behind its own name in its reply to EHLO (`250-mx.example Hello ...`), if that begins here:
/// behind the first blank of a line that has one and begins with 250, the first of its reply.
fn greeted(octets: &[u8], at: usize) -> Option<usize> {
    let before = octets.get(..at)?;
    let line = before.rsplit(|octet| matches!(octet, b'\n' | b'"')).next()?;
    let is_first = !before.get(..at - line.len())?.ends_with(b"\n");
    let name = line.strip_prefix(b"250-").or_else(|| line.strip_prefix(b"250 "))?;
    let begins = name.len() > 1 && name.last() == Some(&b' ') && !name.get(..name.len() - 1)?.contains(&b' ');
    let rest = octets.get(at..)?;
    // In a quotation the end of a line is written `\r`.
    let length = rest.iter().position(|octet| matches!(octet, b'\r' | b'\n' | b'\\' | b'"')).unwrap_or(rest.len());
    (is_first && begins && length > 0).then_some(length)
}

/// The same list with other elements.
fn in_list(column: &ArrayRef, change: impl FnOnce(&ArrayRef) -> Result<ArrayRef, ArrowError>) -> Result<ArrayRef, ArrowError> {
    let lists: &ListArray = column.as_list();
    let DataType::List(field) = column.data_type() else { return Ok(Arc::clone(column)) };
    let values = change(lists.values())?;
    Ok(Arc::new(ListArray::try_new(Arc::clone(field), lists.offsets().clone(), values, lists.nulls().cloned())?))
}

/// The same structs with other columns.
fn in_struct(column: &ArrayRef, change: impl Fn(&str, &ArrayRef) -> Result<ArrayRef, ArrowError>) -> Result<ArrayRef, ArrowError> {
    let group: &StructArray = column.as_struct();
    let columns = group.fields().iter().zip(group.columns()).map(|(field, column)| change(field.name(), column));
    Ok(Arc::new(StructArray::try_new(group.fields().clone(), columns.collect::<Result<_, _>>()?, group.nulls().cloned())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(name: Option<&str>, text: &str) -> String {
        String::from_utf8(Replies::new(name).apply(text.as_bytes())).unwrap()
    }

    #[test]
    fn the_scanner_is_nowhere_in_a_reply() {
        let own = Some("Scanner.example.");
        for (text, expected) in [
            ("220 mx.example ESMTP Postfix\r\n", "220 mx.example ESMTP Postfix\r\n"),
            (
                "250-mx.example Hello scanner.example [203.0.113.5], pleased to meet you\r\n250-SIZE 1000\r\n250 STARTTLS\r\n",
                "250-mx.example removed\r\n250-SIZE 1000\r\n250 STARTTLS\r\n",
            ),
            ("250 mx.example\r\n", "250 mx.example\r\n"),
            ("250-mx.example\r\n250-SIZE 10240000\r\n", "250-mx.example\r\n250-SIZE 10240000\r\n"),
            (
                "554 5.7.1 Client host [203.0.113.5] blocked, see https://list.example/203.0.113.5\r\n",
                "554 5.7.1 Client host [removed] blocked, see https://list.example/removed\r\n",
            ),
            ("550 IPv6:2001:db8::5 refused; 2001:db8::5.\r\n", "550 removed refused; removed.\r\n"),
            ("220 hello host-203-0-113-5.isp.example\r\n", "220 hello removed\r\n"),
            ("421 SCANNER.example: too many connections\r\n", "421 removed: too many connections\r\n"),
            ("450 4.7.1 <scanner.example>: try again\r\n", "450 4.7.1 <removed>: try again\r\n"),
            (
                "to EHLO: \"250-mx.example at your service, [203.0.113.5]\\r\\n250 SIZE 1\"",
                "to EHLO: \"250-mx.example removed\\r\\n250 SIZE 1\"",
            ),
            ("451 4.7.500 Server busy (S77719)\r\n", "451 4.7.500 Server busy (S77719)\r\n"),
        ] {
            assert_eq!(masked(own, text), expected, "{text}");
        }
        assert_eq!(
            masked(None, "421 scanner.example 203.0.113.5"),
            "421 scanner.example removed",
            "without a name only addresses are known"
        );
    }

    #[test]
    fn what_is_no_address_stays() {
        for text in ["Sendmail 8.15.2/8.15.2", "Exim 4.96 #2 Thu, 26 Nov 2026 10:00:00 +0000", "250-8BITMIME", "ID 1.2.3", "300.1.2.3"] {
            assert_eq!(masked(Some("a.example"), text), text);
        }
        let bytes = b"220 \xff\x00 mx 203.0.113.5\r\n";
        assert_eq!(Replies::new(None).apply(bytes), b"220 \xff\x00 mx removed\r\n");
    }
}
