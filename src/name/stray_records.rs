//! Names near those of the records: where records are published by mistake, and where nobody publishes anything.

use xxhash_rust::xxh3::xxh3_64;

use super::domain::Domain;

impl Domain {
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

#[cfg(test)]
mod tests {
    use super::*;

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
