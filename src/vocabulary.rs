//! Closed vocabularies: enums of which each variant is one stable word of the dataset; and which word was probably meant.

/// A word and what it means. Where the word is declared is the one place that says it; its doc comment is the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The word.
    pub word: &'static str,
    /// The doc comment: every line of it begins with a space.
    comment: &'static str,
}

impl Meaning {
    pub(crate) const fn new(word: &'static str, comment: &'static str) -> Self {
        Self { word, comment }
    }

    /// What it means.
    pub fn text(self) -> &'static str {
        self.comment.trim_start()
    }
}

/// What code says of any vocabulary; of a known one it says the same without this trait.
pub trait Vocabulary: Copy + Send + Sync + 'static {
    /// Every word, in the order of the documentation.
    const WORDS: &'static [&'static str];

    /// Every word with what it means, in a sentence or two, as documentation and descriptions of a dataset give it.
    const MEANINGS: &'static [Meaning];

    /// The stable word that stands for the value in the dataset.
    fn word(self) -> &'static str;

    /// The value that a word stands for.
    fn of_word(word: &str) -> Option<Self>;
}

/// Defines an enum with `ALL`, `as_str`, `from_word`, `Display` and serde as its word, from its variants and their words.
macro_rules! vocabulary {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive] // Words are added; whoever matches outside the crate must expect one.
        pub enum $name { $($(#[doc = $doc])+ $variant,)+ }

        #[allow(dead_code)] // Not every vocabulary needs all of it.
        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable word that stands for the value in the dataset.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value that a word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl crate::vocabulary::Vocabulary for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];
            const MEANINGS: &'static [crate::vocabulary::Meaning] = &[$(crate::vocabulary::Meaning::new($word, concat!($($doc),+))),+];

            fn word(self) -> &'static str {
                self.as_str()
            }

            fn of_word(word: &str) -> Option<Self> {
                Self::from_word(word)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_word(&word).ok_or_else(|| serde::de::Error::unknown_variant(&word, &[]))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use vocabulary;

/// The known word that was probably meant by one that is unknown: few letters away, or begun and not ended.
pub(crate) fn nearest<'k>(typed: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let typed = typed.to_lowercase();
    if typed.is_empty() {
        return None;
    }
    let cost = |word: &str| {
        let is_begun = typed.len() > 1 && (word.starts_with(&typed) || typed.starts_with(word) && !word.is_empty());
        if is_begun { 1 } else { distance(typed.as_bytes(), word.to_lowercase().as_bytes()) }
    };
    let near = known.into_iter().map(|word| (cost(word), word)).filter(|(cost, _)| *cost <= (typed.len() / 2).clamp(1, 3));
    near.min_by_key(|(cost, _)| *cost).map(|(_, word)| word)
}

/// Levenshtein's distance.
pub(crate) fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            let substituted = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = substituted.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [("", "", 0), ("mx", "", 2), ("nmx", "mx", 1), ("max-age", "max_age", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
            assert_eq!(distance(b.as_bytes(), a.as_bytes()), expected, "{b} {a}");
        }
    }

    #[test]
    fn the_word_that_was_meant() {
        let known = ["posture", "policy_mode", "rank", "worst"];
        for (typed, meant) in [
            ("postur", Some("posture")),
            ("Posture", Some("posture")),
            ("policy", Some("policy_mode")),
            ("wurst", Some("worst")),
            ("cat", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }
}
