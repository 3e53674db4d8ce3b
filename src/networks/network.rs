//! Whose an address is, as far as somebody says.

/// What a database says of an address; of what it does not know `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The number of the autonomous system.
    pub asn: Option<u32>,
    /// Whose it is.
    pub org: Option<String>,
    /// The country, two capital letters.
    pub country: Option<String>,
}

/// A country code in capital letters, if it is one.
pub(super) fn country_code(text: &str) -> Option<String> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic())).then(|| text.to_ascii_uppercase())
}
