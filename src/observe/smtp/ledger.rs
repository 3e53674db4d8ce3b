//! How often each address was connected to under each name, so that nobody is bothered without end, whatever happens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

/// Connections to an address for one name in a scan.
const MAX_CONNECTIONS: u8 = 4;
/// Pairs that are counted at most: 16 bytes each. At the default rate a scan takes days to come so far; beyond it, a pair that is forgotten
/// has its conversation kept elsewhere all the same.
const MAX_PAIRS: usize = 4 << 20;

/// Connections by address and name.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    counts: Mutex<HashMap<u64, u8>>,
}

impl Ledger {
    /// Counts one more connection; `false` if it would be one too many.
    pub(super) fn connect(&self, address: IpAddr, name: &str) -> bool {
        let pair = xxh3_64(format!("{address} {name}").as_bytes());
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_PAIRS && !counts.contains_key(&pair) {
            return true;
        }
        let count = counts.entry(pair).or_default();
        if *count >= MAX_CONNECTIONS {
            return false;
        }
        *count += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_and_no_more() {
        let (ledger, address) = (Ledger::default(), IpAddr::from([192, 0, 2, 1]));
        assert_eq!((0..6).filter(|_| ledger.connect(address, "mx.example")).count(), 4);
        assert!(ledger.connect(address, "other.example") && ledger.connect(IpAddr::from([192, 0, 2, 2]), "mx.example"));
    }
}
