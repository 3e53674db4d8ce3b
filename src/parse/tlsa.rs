//! TLSA records (RFC 6698 section 2) and which of them a mail server's peer can use (RFC 7672 section 3.1).

use serde::{Deserialize, Serialize};

/// A TLSA record as published.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tlsa {
    /// Certificate usage: 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE (RFC 7218).
    pub usage: u8,
    /// What is compared: 0 the certificate, 1 its public key (SubjectPublicKeyInfo).
    pub selector: u8,
    /// How: 0 as it is, 1 by its SHA-256, 2 by its SHA-512.
    pub matching: u8,
    /// What it is compared with.
    pub data: Vec<u8>,
}

/// Who a usable record binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binds {
    /// DANE-TA(2): an authority that the server's chain has to end with.
    Authority,
    /// DANE-EE(3): the server's certificate, whatever its name and dates.
    Server,
}

/// What a record is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// The whole certificate, DER.
    Certificate,
    /// Its SubjectPublicKeyInfo, DER.
    PublicKey,
}

/// How a record is compared. The greater is preferred where both are published (RFC 7671 section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matching {
    /// Byte by byte.
    Full,
    /// By SHA-256.
    Sha256,
    /// By SHA-512.
    Sha512,
}

/// Why a record is of no use to a sender of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unusable {
    /// Usage 0 or 1, which SMTP does not know (RFC 7672 section 3.1.3).
    PkixUsage,
    /// An unassigned usage.
    Usage,
    /// An unassigned selector.
    Selector,
    /// An unassigned matching type.
    Matching,
    /// A digest of another length than its kind has, or no data.
    Length,
}

/// A record that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usable<'r> {
    /// Who is bound.
    pub binds: Binds,
    /// What is compared.
    pub selector: Selector,
    /// How.
    pub matching: Matching,
    /// With what.
    pub data: &'r [u8],
}

impl Tlsa {
    /// A record from its RDATA; `None` if that is too short to be one.
    pub fn from_rdata(rdata: &[u8]) -> Option<Self> {
        let [usage, selector, matching, data @ ..] = rdata else { return None };
        Some(Self { usage: *usage, selector: *selector, matching: *matching, data: data.to_vec() })
    }

    /// What a sender of mail can do with the record.
    ///
    /// # Errors
    /// Why it can do nothing; such a record is never a mismatch.
    pub fn usable(&self) -> Result<Usable<'_>, Unusable> {
        let binds = match self.usage {
            0 | 1 => return Err(Unusable::PkixUsage),
            2 => Binds::Authority,
            3 => Binds::Server,
            _ => return Err(Unusable::Usage),
        };
        let selector = match self.selector {
            0 => Selector::Certificate,
            1 => Selector::PublicKey,
            _ => return Err(Unusable::Selector),
        };
        let (matching, length) = match self.matching {
            0 => (Matching::Full, None),
            1 => (Matching::Sha256, Some(32)),
            2 => (Matching::Sha512, Some(64)),
            _ => return Err(Unusable::Matching),
        };
        if self.data.is_empty() || length.is_some_and(|length| length != self.data.len()) {
            return Err(Unusable::Length);
        }
        Ok(Usable { binds, selector, matching, data: &self.data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(usage: u8, selector: u8, matching: u8, length: usize) -> Tlsa {
        Tlsa { usage, selector, matching, data: vec![7; length] }
    }

    #[test]
    fn what_a_sender_of_mail_can_use() {
        let usable = |usage, selector, matching, length| {
            record(usage, selector, matching, length).usable().map(|usable| (usable.binds, usable.selector, usable.matching))
        };
        assert_eq!(usable(3, 1, 1, 32), Ok((Binds::Server, Selector::PublicKey, Matching::Sha256)));
        assert_eq!(usable(2, 0, 2, 64), Ok((Binds::Authority, Selector::Certificate, Matching::Sha512)));
        assert_eq!(usable(2, 0, 0, 900), Ok((Binds::Authority, Selector::Certificate, Matching::Full)));
        for (record, reason) in [
            ((0, 0, 1, 32), Unusable::PkixUsage),
            ((1, 1, 1, 32), Unusable::PkixUsage),
            ((4, 1, 1, 32), Unusable::Usage),
            ((255, 1, 1, 32), Unusable::Usage),
            ((3, 9, 1, 32), Unusable::Selector),
            ((3, 1, 7, 32), Unusable::Matching),
            ((3, 1, 1, 20), Unusable::Length),
            ((3, 1, 2, 32), Unusable::Length),
            ((3, 1, 0, 0), Unusable::Length),
        ] {
            let (usage, selector, matching, length) = record;
            assert_eq!(usable(usage, selector, matching, length), Err(reason), "{record:?}");
        }
    }

    #[test]
    fn a_record_has_three_octets_at_least() {
        assert_eq!(Tlsa::from_rdata(&[3, 1]), None);
        assert_eq!(Tlsa::from_rdata(&[3, 1, 1]), Some(record(3, 1, 1, 0)));
    }

    proptest! {
        #[test]
        fn any_rdata_is_read(rdata in proptest::collection::vec(any::<u8>(), 0..90)) {
            let record = Tlsa::from_rdata(&rdata);
            prop_assert_eq!(record.is_some(), rdata.len() >= 3);
            if let Some(usable) = record.as_ref().and_then(|record| record.usable().ok()) {
                prop_assert_eq!(usable.data, &rdata[3..]);
            }
        }
    }
}
