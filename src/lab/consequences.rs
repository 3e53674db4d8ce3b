//! What follows from what a case publishes and from what is said of its columns, so that it need not be written beside each case.

use crate::classify::codes;

use super::case::Case;
use super::site::{End, Session, Text};
use super::truth::Expected;

/// The id with which every case begins; a date of long ago (RFC 8461 section 3.1 leaves the form open).
const OLD_ID: &str = "id=20240101";

impl Case {
    /// The same case with the codes that follow from the rest of it.
    pub(crate) fn settled(self) -> Self {
        let is = |column: Expected, words: &[&str]| matches!(column, Expected::Is(word) if words.contains(&word));
        let truth = &self.truth;
        let deployed = is(truth.sts_state, &["valid", "invalid", "multiple"]);
        let enforced = is(truth.posture, &["enforce"]);
        let unasked = is(truth.tlsrpt_state, &["absent"]);
        let unretrieved = is(truth.policy_stage, &["dns", "tcp", "tls", "http"]);
        let (a, aaaa) = (&self.site.host_a, &self.site.host_aaaa);
        let ipv4_only = a.end == End::Answer && !a.records.is_empty() && aaaa.end == End::Answer && aaaa.records.is_empty();
        let aliased = !(a.cname.is_empty() && aaaa.cname.is_empty());
        let follows = [
            // Wherever a policy is served under an alias and covers no MX host, the alias is somebody else's. Mode none enforces nothing.
            (codes::STS_PROVIDER_STALE_POLICY, aliased && is(truth.mx_coverage, &["none"]) && !is(truth.posture, &["none"])),
            (codes::STS_HOST_NO_IPV6, deployed && ipv4_only),
            (codes::STS_FETCH_TLS12_ONLY, deployed && matches!(self.site.session, Session::Tls12 | Session::Suite(_))),
            (codes::STS_RECORD_WITHOUT_POLICY, is(truth.sts_state, &["valid"]) && is(truth.posture, &["broken"]) && unretrieved),
            (codes::STS_ENFORCE_WITHOUT_TLSRPT, deployed && unasked && enforced),
            (codes::STS_WITHOUT_TLSRPT, deployed && unasked && !enforced),
            (codes::TLSRPT_WITHOUT_STS_OR_DANE, is(truth.tlsrpt_state, &["valid"]) && is(truth.sts_state, &["absent"])),
            (codes::STS_MODE_TESTING_LONG, is(truth.posture, &["testing"]) && self.has_old_id()),
        ];
        follows.into_iter().filter(|(_, follows)| *follows).fold(self, |case, (code, _)| case.code(code))
    }

    fn has_old_id(&self) -> bool {
        let has = |text: &Text| text.for_domain("").windows(OLD_ID.len()).any(|part| part == OLD_ID.as_bytes());
        self.site.sts.records.iter().flatten().any(has)
    }
}
