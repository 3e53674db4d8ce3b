//! The public suffix list: which part of a name is registered by its owner.
//!
//! The list is compiled in (crate `psl`), so the same release of stscan always folds names the same way.

/// Release of the compiled-in list, for the manifest.
pub const LIST_VERSION: &str = "psl 2.1.247";
/// When that version was published, by the index of its registry.
pub const LIST_DATE: &str = "2026-11-05";

/// The public suffix of a name (`co.uk` of `www.example.co.uk`), by all rules of the list, the private section included.
///
/// `None` for an empty name. A name whose top-level label the list does not know has that label as its suffix.
pub fn public_suffix(name: &str) -> Option<&str> {
    psl::suffix_str(name)
}

/// The registrable domain, one label more than the public suffix; `None` where the name is itself a public suffix.
pub fn registrable(name: &str) -> Option<&str> {
    psl::domain_str(name)
}

/// Top-level domains that no registry sells but that names are below, in tests and in networks of one's own (RFC 6761 and its like).
const SPECIAL_TOP_LEVEL: &[&str] = &["alt", "corp", "example", "home", "internal", "invalid", "lan", "local", "localhost", "onion", "test"];

/// Whether a label in lower case is a top-level domain of the list, or one of special use.
pub fn is_top_level(label: &str) -> bool {
    SPECIAL_TOP_LEVEL.contains(&label) || psl::suffix(label.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// Public suffix and registrable domain, for the price of one search of the list.
pub fn suffix_and_registrable(name: &str) -> (Option<&str>, Option<&str>) {
    match psl::domain(name.as_bytes()) {
        Some(domain) => {
            let text = |bytes: &[u8]| name.len().checked_sub(bytes.len()).and_then(|start| name.get(start..));
            (text(domain.suffix().as_bytes()), text(domain.as_bytes()))
        }
        None => (public_suffix(name), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrable_domains_follow_the_list() {
        assert_eq!(registrable("www.example.co.uk"), Some("example.co.uk"));
        assert_eq!(public_suffix("www.example.co.uk"), Some("co.uk"));
        assert_eq!(registrable("co.uk"), None);
        assert_eq!(registrable("a.b.unknown-tld"), Some("b.unknown-tld"));
        assert_eq!(registrable("alice.github.io"), Some("alice.github.io"));
        for name in
            ["www.example.co.uk", "co.uk", "uk", "", "a.b.unknown-tld", "alice.github.io", "github.io", "www.ck", "b.www.ck", "x.ck"]
        {
            assert_eq!(suffix_and_registrable(name), (public_suffix(name), registrable(name)), "{name}");
        }
    }

    #[test]
    fn the_stated_version_is_the_locked_one() {
        let lock = include_str!("../../Cargo.lock");
        let (name, version) = LIST_VERSION.split_once(' ').unwrap();
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")), "update LIST_VERSION");
    }
}
