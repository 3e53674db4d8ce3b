//! What a scan has to have asked, or got, so that the fault of a code could show: where it has not, the absence of a finding says nothing.

use super::codes::{
    EXPECT_MAX_AGE, EXPECT_MX_ONLY, EXPECT_NULL_MX, EXPECT_TLSRPT, MX_CNAME, MX_NO_ADDRESS, MX_PRIVATE_ADDRESS, STS_POLICY_WITHOUT_RECORD,
    TLSRPT_HTTPS_CERT_INVALID, TLSRPT_HTTPS_ENDPOINT_ERROR, TLSRPT_WITHOUT_STS_OR_DANE,
};
use super::rule::Code;
use super::{certificate, conversation, dane, dnssec, extra_requests, mx_certificate, response, stray_records};

/// What it takes to see the fault of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The answer for the MX records.
    Mx,
    /// The addresses of the MX hosts, which are looked up where there is a record or where mail servers are asked.
    MxHosts,
    /// The answer for the MTA-STS record, and, where there is one, the attempt to retrieve the policy.
    Deployment,
    /// A TLS handshake with the policy host.
    Handshake,
    /// A response of the policy host.
    Response,
    /// The text of a policy.
    PolicyText,
    /// The answer for the TLSRPT record.
    Tlsrpt,
    /// Conversations with the MX hosts.
    MailServers,
    /// TLSA records, and DNSSEC.
    Dane,
    /// The questions of `--look-around`.
    LookAround,
}

impl Sight {
    /// What it takes to see the fault of a code.
    pub fn of(code: Code) -> Self {
        const OF_LOOKING_AROUND: [Code; 3] = [STS_POLICY_WITHOUT_RECORD, TLSRPT_HTTPS_CERT_INVALID, TLSRPT_HTTPS_ENDPOINT_ERROR];
        const OF_HOSTS: [Code; 3] = [MX_CNAME, MX_NO_ADDRESS, MX_PRIVATE_ADDRESS];
        let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| code.as_str().starts_with(beginning));
        let is_of = |files: &[&[Code]]| files.iter().any(|codes| codes.contains(&code));
        match code {
            code if OF_LOOKING_AROUND.contains(&code) || is_of(&[extra_requests::CODES, stray_records::CODES]) => Self::LookAround,
            _ if is_of(&[conversation::CODES, mx_certificate::CODES]) => Self::MailServers,
            code if code == TLSRPT_WITHOUT_STS_OR_DANE || is_of(&[dane::CODES, dnssec::CODES]) => Self::Dane,
            code if OF_HOSTS.contains(&code) => Self::MxHosts,
            _ if is_of(&[certificate::CODES]) => Self::Handshake,
            _ if is_of(&[response::CODES]) => Self::Response,
            code if code == EXPECT_MAX_AGE => Self::PolicyText,
            code if code == EXPECT_TLSRPT => Self::Tlsrpt,
            code if code == EXPECT_NULL_MX || code == EXPECT_MX_ONLY => Self::Mx,
            _ if begins(&["sts-policy-", "sts-mode-", "sts-mx-", "sts-fetch-content-type"]) => Self::PolicyText,
            _ if begins(&["tlsrpt-"]) => Self::Tlsrpt,
            _ if begins(&["mx-", "dns-"]) => Self::Mx,
            _ => Self::Deployment,
        }
    }
}

impl Sight {
    /// Whether findings are about one MX host each, so that the same code about another host is another finding; what is about one text is
    /// the same finding, whatever part of it is named.
    pub const fn is_of_one_host(self) -> bool {
        matches!(self, Self::Mx | Self::MxHosts | Self::MailServers | Self::Dane)
    }
}

#[cfg(test)]
mod tests {
    use super::super::codes::{
        DANE_MISMATCH, MX_CERT_EXPIRED, MX_IMPLICIT, MX_TLS_UNVERIFIED, STS_FETCH_CERT_EXPIRING, STS_FETCH_NOT_FOUND,
        STS_HOST_ADDRESS_MISMATCH, STS_MX_UNCOVERED, STS_POLICY_MAX_AGE_SHORT, STS_RECORD_ID_MISSING, STS_RECORD_WILDCARD_TXT,
        TLSRPT_RUA_MISSING,
    };
    use super::*;

    #[test]
    fn every_code_needs_what_was_asked_for_it() {
        for (code, sight) in [
            (MX_IMPLICIT, Sight::Mx),
            (MX_CNAME, Sight::MxHosts),
            (MX_CERT_EXPIRED, Sight::MailServers),
            (MX_TLS_UNVERIFIED, Sight::MailServers),
            (DANE_MISMATCH, Sight::Dane),
            (STS_RECORD_ID_MISSING, Sight::Deployment),
            (STS_FETCH_CERT_EXPIRING, Sight::Handshake),
            (STS_FETCH_NOT_FOUND, Sight::Response),
            (STS_HOST_ADDRESS_MISMATCH, Sight::LookAround),
            (STS_RECORD_WILDCARD_TXT, Sight::LookAround),
            (STS_POLICY_WITHOUT_RECORD, Sight::LookAround),
            (STS_POLICY_MAX_AGE_SHORT, Sight::PolicyText),
            (STS_MX_UNCOVERED, Sight::PolicyText),
            (TLSRPT_RUA_MISSING, Sight::Tlsrpt),
        ] {
            assert_eq!(Sight::of(code), sight, "{code}");
        }
    }
}
