//! TLSA records (RFC 6698 section 2) and which of them a mail server's peer can use (RFC 7672 section 3.1).

use crate::evidence::Tlsa;

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

    proptest! {
        #[test]
        fn any_record_is_read((usage, selector, matching) in any::<(u8, u8, u8)>(), data in proptest::collection::vec(any::<u8>(), 0..90)) {
            let record = Tlsa { usage, selector, matching, data };
            if let Ok(usable) = record.usable() {
                prop_assert_eq!(usable.data, &record.data);
            }
        }
    }
}
