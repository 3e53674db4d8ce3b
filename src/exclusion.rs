//! The opt-out list: domains (with all below them) and address blocks that are never contacted.

use std::collections::HashSet;
use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;

use crate::name::Domain;

/// Who has asked not to be scanned.
#[derive(Clone, Debug, Default)]
pub struct Exclusion {
    domains: HashSet<Box<str>>,
    blocks: Vec<IpNet>,
}

/// A line of an opt-out list that is neither a domain name nor an address block.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {text:?} is neither a domain name nor an address or CIDR block")]
pub struct ExclusionError {
    /// Line number, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

impl Exclusion {
    /// Reads one entry a line; blank lines and what follows `#` are ignored.
    ///
    /// # Errors
    /// At the first line that cannot be read: to go on without it would contact somebody who asked not to be.
    pub fn parse(text: &str) -> Result<Self, ExclusionError> {
        let mut list = Self::default();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let entry = line.split('#').next().unwrap_or_default().trim();
            if !entry.is_empty() && !list.insert(entry) {
                return Err(ExclusionError { line: index + 1, text: entry.to_owned() });
            }
        }
        Ok(list)
    }

    fn insert(&mut self, entry: &str) -> bool {
        if let Ok(block) = entry.parse::<IpNet>() {
            self.blocks.push(block);
        } else if let Ok(address) = entry.parse::<IpAddr>() {
            self.blocks.push(address.into());
        } else if let Ok(domain) = Domain::from_input(entry.strip_prefix("*.").unwrap_or(entry)) {
            self.domains.insert(domain.as_str().into());
        } else {
            return false;
        }
        true
    }

    /// Whether the name or one of its ancestors is on the list. The name is lower case without a trailing dot.
    pub fn covers_name(&self, name: &str) -> bool {
        !self.domains.is_empty()
            && std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent))
                .any(|ancestor| self.domains.contains(ancestor))
    }

    /// Whether the address is in a block of the list.
    pub fn covers_address(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.blocks.iter().any(|block| block.contains(&address))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.domains.len() + self.blocks.len()
    }

    /// Whether nobody is excluded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_an_entry_are_covered() {
        let list = Exclusion::parse("# asked by mail\nExample.COM\n*.example.net # all of it\n192.0.2.0/24\n2001:db8::1\n").unwrap();
        assert!(list.covers_name("example.com") && list.covers_name("_mta-sts.mail.example.com") && list.covers_name("example.net"));
        assert!(!list.covers_name("example.org") && !list.covers_name("notexample.com"));
        assert!(list.covers_address("192.0.2.77".parse().unwrap()) && list.covers_address("::ffff:192.0.2.77".parse().unwrap()));
        assert!(list.covers_address("2001:db8::1".parse().unwrap()) && !list.covers_address("2001:db8::2".parse().unwrap()));
        assert_eq!(list.len(), 4);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_an_error() {
        assert_eq!(Exclusion::parse("example.com\n\n1.2.3.4/99\n").unwrap_err().line, 3);
    }
}
