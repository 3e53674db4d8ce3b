//! Octets as text, white space, and what programming languages take for a number, as each implementation has them.

use std::borrow::Cow;

use super::quirks::{Encoding, Number, White};

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

/// A text, white space taken off, as a number.
pub(super) fn read_number(number: Number, text: &str) -> Option<f64> {
    match number {
        Number::Digits => text.parse::<u64>().ok().filter(|_| text.len() <= 10 && !text.starts_with('+')).map(|n| n as f64),
        Number::Unsigned => text.parse::<u64>().ok().map(|n| n as f64),
        Number::Signed => text.parse::<i64>().ok().map(|n| n as f64),
        Number::Python => python(text),
        Number::Script => script(text),
    }
}

/// A sign, and digits with single underscores between them.
fn python(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let groups = || digits.split('_');
    let well_formed = groups().all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    well_formed.then(|| text.replace('_', "").parse().ok()).flatten()
}

/// `StringNumericLiteral` of ECMA-262: nothing is 0, other bases have a prefix and no sign, decimals have points and exponents.
fn script(text: &str) -> Option<f64> {
    const PREFIXES: [(&str, u32); 6] = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    if text.is_empty() {
        return Some(0.0);
    }
    if let Some((digits, base)) = PREFIXES.iter().find_map(|&(prefix, base)| text.strip_prefix(prefix).map(|digits| (digits, base))) {
        let digits: Option<Vec<u32>> = digits.chars().map(|c| c.to_digit(base)).collect();
        return digits.filter(|digits| !digits.is_empty()).map(|digits| digits.into_iter().fold(0.0, sum(base)));
    }
    // Rust reads the same decimals; `inf`, `nan` and their like begin with other letters than ECMAScript's Infinity, which is too long.
    text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)).then(|| text.parse().ok()).flatten()
}

fn sum(base: u32) -> impl Fn(f64, u32) -> f64 {
    move |number, digit| number * f64::from(base) + f64::from(digit)
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

    #[test]
    fn each_language_has_its_numbers() {
        use Number::*;
        let table: &[(&str, &[Number])] = &[
            ("604800", &[Digits, Unsigned, Signed, Python, Script]),
            ("00000604800", &[Unsigned, Signed, Python, Script]),
            ("+5", &[Unsigned, Signed, Python, Script]),
            ("-1", &[Signed, Python, Script]),
            ("1_000", &[Python]),
            ("1__000", &[]),
            ("1e3", &[Script]),
            ("5.0", &[Script]),
            ("0x10", &[Script]),
            ("", &[Script]),
            ("0x", &[]),
            ("inf", &[]),
            ("7d", &[]),
            ("18446744073709551616", &[Python, Script]),
        ];
        for (text, readers) in table {
            for number in [Digits, Unsigned, Signed, Python, Script] {
                assert_eq!(read_number(number, text).is_some(), readers.contains(&number), "{text} {number:?}");
            }
        }
        assert_eq!(read_number(Script, "0x10"), Some(16.0));
        assert_eq!(read_number(Python, "1_000"), Some(1000.0));
        assert_eq!(read_number(Script, "1e3"), Some(1000.0));
    }
}
