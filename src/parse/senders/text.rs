//! Octets as text, and white space, as each implementation has them.

use std::borrow::Cow;

use super::quirks::{Encoding, White};

impl White {
    /// Whether a character counts as white space.
    pub(super) fn has(self, c: char) -> bool {
        match self {
            Self::Wsp => matches!(c, ' ' | '\t'),
            Self::Unicode => c.is_whitespace(),
            Self::Script => (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}',
            Self::Python => c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'),
        }
    }

    /// The text without white space around it.
    pub(super) fn trim(self, text: &str) -> &str {
        text.trim_matches(|c| self.has(c))
    }
}

/// The body as text; `None` where the implementation gives up.
pub(super) fn decode<'b>(encoding: Encoding, body: &'b [u8], charset: Option<&str>) -> Option<Cow<'b, str>> {
    let utf8 = || std::str::from_utf8(body).ok().map(Cow::Borrowed);
    match encoding {
        Encoding::Lossy => Some(String::from_utf8_lossy(body)),
        Encoding::Utf8 => utf8(),
        Encoding::Utf8Printable => utf8().filter(|text| !text.contains(|c| matches!(c, '\u{80}'..='\u{9f}'))),
        Encoding::Declared => match charset {
            None | Some("us-ascii" | "ascii") => utf8().filter(|text| text.is_ascii()),
            Some("utf-8" | "utf8") => utf8(),
            // Of the other charsets all that matters is that each octet is a character.
            Some(_) => Some(body.iter().map(|&octet| char::from(octet)).collect()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets() {
        let decoded = |charset| decode(Encoding::Declared, "é".as_bytes(), charset);
        assert_eq!(decoded(None), None);
        assert_eq!(decoded(Some("utf-8")).as_deref(), Some("é"));
        assert_eq!(decoded(Some("iso-8859-1")).as_deref(), Some("Ã©"));
        assert_eq!(decode(Encoding::Utf8, b"\xff", None), None);
        assert_eq!(decode(Encoding::Lossy, b"\xff", None).as_deref(), Some("\u{fffd}"));
    }
}
