//! The exact texts that would be right for a domain: two TXT records and a policy.

use crate::evidence::Evidence;

use super::Assessment;

/// What the domain should publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// TXT record at `_mta-sts.DOMAIN`.
    pub sts_record: String,
    /// TXT record at `_smtp._tls.DOMAIN`.
    pub tlsrpt_record: String,
    /// Body at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`, lines ended by CRLF.
    pub policy: String,
}

/// The texts that fit the MX hosts seen.
pub fn publish(_evidence: &Evidence, _assessment: &Assessment) -> Publication {
    unimplemented!("in work")
}
