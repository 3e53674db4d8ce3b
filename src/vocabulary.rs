//! Closed vocabularies: enums of which each variant is one stable word of the dataset.

/// What code says of any vocabulary; of a known one it says the same without this trait.
pub trait Vocabulary: Copy + Send + Sync + 'static {
    /// Every word, in the order of the documentation.
    const WORDS: &'static [&'static str];

    /// The stable word that stands for the value in the dataset.
    fn word(self) -> &'static str;

    /// The value that a word stands for.
    fn of_word(word: &str) -> Option<Self>;
}

/// Defines an enum with `ALL`, `as_str`, `from_word`, `Display` and serde as its word, from its variants and their words.
macro_rules! vocabulary {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive] // Words are added; whoever matches outside the crate must expect one.
        pub enum $name { $($(#[$doc])* $variant,)+ }

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
