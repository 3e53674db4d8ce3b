//! The four keys of a policy, and what people write for them.

use crate::vocabulary::distance;

/// A key that RFC 8461 section 3.2 defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Version,
    Mode,
    MaxAge,
    Mx,
}

impl Key {
    pub(super) const ALL: [Self; 4] = [Self::Version, Self::Mode, Self::MaxAge, Self::Mx];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Mode => "mode",
            Self::MaxAge => "max_age",
            Self::Mx => "mx",
        }
    }

    /// The key of exactly this name.
    pub(super) fn exact(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name().as_bytes() == name)
    }

    /// The key of this name, whatever its case.
    pub(super) fn in_any_case(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The key that a text begins with, whatever its case and whatever follows, and the length of its name.
    pub(super) fn at_start(text: &[u8]) -> Option<(Self, usize)> {
        let length = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')).count();
        text.get(..length).and_then(Self::in_any_case).map(|key| (key, length))
    }

    /// The key that a name was probably meant to be: one or two letters away, one where the key is short.
    pub(super) fn mistyped(name: &[u8]) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::ALL.into_iter().find(|key| {
            let wanted = key.name().as_bytes();
            let most = if wanted.len() > 4 { 2 } else { 1 };
            name.len().abs_diff(wanted.len()) <= most && (1..=most).contains(&distance(&name, wanted))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors() {
        for (name, key) in [
            ("nmx", Some(Key::Mx)),
            ("mxs", Some(Key::Mx)),
            ("id", None),
            ("maxage", Some(Key::MaxAge)),
            ("Max-Age", Some(Key::MaxAge)),
            ("versoin", Some(Key::Version)),
            ("modes", Some(Key::Mode)),
            ("note", None),
            ("max_version", None),
            ("mx", None),
        ] {
            assert_eq!(Key::mistyped(name.as_bytes()), key, "{name}");
        }
    }
}
