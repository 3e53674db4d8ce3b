//! The right side of a condition: alternatives with `*` for any text, and what a backslash quotes.

use std::borrow::Cow;

/// A text with gaps for any text, compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::analyse) struct Pattern {
    /// What stands between the gaps, in lower case; without a gap one text.
    pieces: Vec<String>,
}

impl Pattern {
    /// Whether it stands for no value at all.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.pieces.as_slice(), [only] if only.is_empty())
    }

    /// Whether it stands for more than one text.
    pub(super) const fn has_gaps(&self) -> bool {
        self.pieces.len() > 1
    }

    /// The text, with a `*` for each gap.
    pub(super) fn text(&self) -> String {
        self.pieces.join("*")
    }

    /// What stands before the first gap.
    pub(super) fn beginning(&self) -> &str {
        self.pieces.first().map_or("", String::as_str)
    }

    /// Whether a text fits.
    pub(in crate::analyse) fn fits(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| is_same(only, text));
        };
        let text = lower(text);
        let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        // The first place is the best one: it leaves most to the pieces after it.
        for piece in middle {
            match rest.split_once(piece.as_str()) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        true
    }
}

fn is_same(lower_case: &str, text: &str) -> bool {
    if text.is_ascii() { lower_case.eq_ignore_ascii_case(text) } else { lower_case == text.to_lowercase() }
}

fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) { text.to_lowercase().into() } else { text.into() }
}

/// Reads alternatives; spaces around each do not count.
///
/// # Errors
/// If a backslash quotes nothing.
pub(in crate::analyse) fn alternatives(text: &str) -> Result<Vec<Pattern>, String> {
    let mut all = Vec::new();
    let mut reading = Reading::default();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            ',' => all.push(std::mem::take(&mut reading).finish()),
            '*' => reading.gap(),
            '\\' => reading.quoted(rest.next().ok_or("a backslash quotes the character after it, and there is none")?),
            plain => reading.plain(plain),
        }
    }
    all.push(reading.finish());
    Ok(all)
}

/// An alternative as far as it was read.
#[derive(Default)]
struct Reading {
    before: Vec<String>,
    piece: String,
    /// How many bytes of the piece are no spaces at its end that do not count.
    length: usize,
}

impl Reading {
    fn plain(&mut self, character: char) {
        if character.is_whitespace() && self.before.is_empty() && self.piece.is_empty() {
            return;
        }
        self.piece.push(character);
        if !character.is_whitespace() {
            self.length = self.piece.len();
        }
    }

    fn quoted(&mut self, character: char) {
        self.piece.push(character);
        self.length = self.piece.len();
    }

    fn gap(&mut self) {
        self.before.push(std::mem::take(&mut self.piece));
        self.length = 0;
    }

    fn finish(mut self) -> Pattern {
        self.piece.truncate(self.length);
        self.before.push(self.piece);
        Pattern { pieces: self.before.iter().map(|piece| piece.to_lowercase()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        alternatives(pattern).unwrap().iter().any(|pattern| pattern.fits(text))
    }

    #[test]
    fn gaps_stand_for_any_text() {
        for (pattern, fitting, other) in [
            ("sts-fetch-cert-*", "sts-fetch-cert-expired", "sts-fetch-redirect"),
            ("*.google.com", "aspmx.l.google.com", "google.com"),
            ("a*b*c", "abc", "acb"),
            ("a*a", "aa", "a"),
            ("*", "", "\0"),
            ("*bc*bc", "abcbc", "abc"),
            ("a , b", "b", " "),
            (r"Smith\, *", "smith, John", "Smith"),
            (r"\*", "*", "x"),
            (r"a\\b", r"a\b", "ab"),
            (r"\ x\ ", " x ", "x"),
            ("ÜNIT", "ünit", "unit"),
            ("x y", "X Y", "xy"),
        ] {
            assert!(fits(pattern, fitting), "{pattern} {fitting}");
            assert!(pattern == "*" || !fits(pattern, other), "{pattern} {other}");
        }
        assert!(alternatives(r"a\").is_err());
        assert_eq!(alternatives("a,,b").unwrap().iter().map(Pattern::is_empty).collect::<Vec<_>>(), [false, true, false]);
        assert!(!alternatives("*").unwrap()[0].is_empty() && alternatives("").unwrap()[0].is_empty());
    }

    proptest! {
        /// Against the plainest way to match: every way to fill every gap.
        #[test]
        fn as_every_filling(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            fn filled(pattern: &[u8], text: &[u8]) -> bool {
                match pattern.split_first() {
                    None => text.is_empty(),
                    Some((b'*', rest)) => (0..=text.len()).any(|at| filled(rest, &text[at..])),
                    Some((byte, rest)) => text.first() == Some(byte) && filled(rest, &text[1..]),
                }
            }
            prop_assert_eq!(fits(&pattern, &text), filled(pattern.as_bytes(), text.as_bytes()));
        }

        /// What is quoted character by character fits itself and nothing else.
        #[test]
        fn quoted_texts_fit_themselves(text in "\\PC{1,8}", other in "\\PC{1,8}") {
            let quoted: String = text.chars().flat_map(|character| ['\\', character]).collect();
            prop_assert!(fits(&quoted, &text));
            prop_assert_eq!(fits(&quoted, &other), text.to_lowercase() == other.to_lowercase());
        }
    }
}
