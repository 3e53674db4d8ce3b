//! A domain name as it is kept, and the names that RFC 8461 and RFC 8460 derive from it.

use std::fmt;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::idna::NameError;

/// What stands before the domain in the owner name of its MTA-STS record (RFC 8461 section 3.1).
pub const STS_RECORD: &str = "_mta-sts.";
/// What stands before the domain in the owner name of its TLSRPT record (RFC 8460 section 3).
pub const TLSRPT_RECORD: &str = "_smtp._tls.";

/// A domain name as stscan keeps it: A-labels, lower case, no trailing dot, at most 253 octets.
///
/// Labels consist of letters, digits, hyphens and underscores; a scan target never has more freedom than that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(Arc<str>);

impl Domain {
    /// Reads what a person or a list may write (any case, U-labels, a trailing dot) by UTS 46.
    ///
    /// # Errors
    /// Says what keeps the text from being a domain name, in words fit for `rejected.csv`.
    pub fn from_input(text: &str) -> Result<Self, NameError> {
        super::idna::to_a_labels(text).map(|name| Self(name.into()))
    }

    /// Takes a name of several labels that needs no processing, as most lines of most lists are; `None` says nothing of the text.
    pub fn from_plain(text: &[u8]) -> Option<Self> {
        let plain = super::idna::is_plain(text).then_some(text)?;
        std::str::from_utf8(plain).ok().map(|name| Self(name.into()))
    }

    /// Takes a name that is already in the stored form; `None` where it is not.
    pub fn from_a_labels(text: &str) -> Option<Self> {
        (super::idna::is_stored_form(text)).then(|| Self(text.into()))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Labels from the left.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// The last label.
    pub fn tld(&self) -> &str {
        self.labels().next_back().unwrap_or_default()
    }

    fn below(&self, label: &str) -> String {
        let mut name = String::with_capacity(label.len() + self.0.len());
        name.push_str(label);
        name.push_str(&self.0);
        name
    }

    /// Owner name of the MTA-STS record: `_mta-sts.DOMAIN` (RFC 8461 section 3.1).
    pub fn sts_record_name(&self) -> String {
        self.below(STS_RECORD)
    }

    /// Owner name of the TLSRPT record: `_smtp._tls.DOMAIN` (RFC 8460 section 3).
    pub fn tlsrpt_record_name(&self) -> String {
        self.below(TLSRPT_RECORD)
    }

    /// The policy host: `mta-sts.DOMAIN` (RFC 8461 section 3.2).
    pub fn policy_host(&self) -> String {
        self.below("mta-sts.")
    }

    /// Owner names at which MTA-STS and TLSRPT records are found by mistake; no sender looks there.
    pub fn stray_record_names(&self) -> [String; 5] {
        ["_mta_sts.", "mta-sts.", "", "_tlsrpt.", "_smtp-tlsrpt."].map(|prefix| format!("{prefix}{self}"))
    }

    /// A name that exists only where a wildcard does (RFC 4592), as `_stscan-1a2b3c4d.DOMAIN`.
    ///
    /// It is random to everybody else, but the same for the same domain, so that stored evidence can be judged again.
    pub fn wildcard_probe_name(&self) -> String {
        format!("_stscan-{:08x}.{self}", xxh3_64(self.as_str().as_bytes()) >> 32)
    }
}

impl serde::Serialize for Domain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Domain {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_a_labels(&text).ok_or_else(|| serde::de::Error::custom(format_args!("{text:?} is no domain name in stored form")))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// A domain name from DNS data as it is kept and compared: lower case, one trailing root dot removed.
///
/// The root itself stays `.`, which is how a null MX (RFC 7505) is recognised.
pub fn normalise_host(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    match lower.strip_suffix('.') {
        Some("") | None => lower,
        Some(rest) => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_names_follow_the_rfcs() {
        let domain = Domain::from_input("Example.COM.").unwrap();
        assert_eq!(domain.as_str(), "example.com");
        assert_eq!(domain.sts_record_name(), "_mta-sts.example.com");
        assert_eq!(domain.tlsrpt_record_name(), "_smtp._tls.example.com");
        assert_eq!(domain.policy_host(), "mta-sts.example.com");
        assert_eq!(domain.tld(), "com");
    }

    #[test]
    fn hosts_keep_the_root() {
        assert_eq!(normalise_host("."), ".");
        assert_eq!(normalise_host("Mail.Example."), "mail.example");
        assert_eq!(normalise_host("mail.example.."), "mail.example.");
    }

    #[test]
    fn the_label_is_random_but_always_the_same() {
        let name = |text: &str| Domain::from_a_labels(text).unwrap().wildcard_probe_name();
        assert_eq!(name("example.com"), name("example.com"));
        let (label, parent) = name("example.com").split_once('.').map(|(label, parent)| (label.to_owned(), parent.to_owned())).unwrap();
        assert_eq!((label.len(), parent.as_str()), ("_stscan-1a2b3c4d".len(), "example.com"));
        assert!(!name("example.org").starts_with(&label));
    }

    #[test]
    fn strays_are_neither_of_the_right_names() {
        let domain = Domain::from_a_labels("example.com").unwrap();
        let strays = domain.stray_record_names();
        assert!(strays.contains(&"example.com".to_owned()) && strays.contains(&"_tlsrpt.example.com".to_owned()));
        assert!(!strays.contains(&domain.sts_record_name()) && !strays.contains(&domain.tlsrpt_record_name()));
    }
}
