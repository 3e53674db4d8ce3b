//! What is wrong with a domain, and by hand what a correct scan says of it.

use crate::classify::codes::{self, Code};
use crate::lab::case::Case;
use crate::lab::site::{End, Session, Shape};

/// The policy host does not exist.
pub(super) fn nxdomain(case: Case) -> Case {
    case.host_end(End::Nxdomain).no_policy("dns").code(codes::STS_HOST_NXDOMAIN)
}

/// The policy host has no address.
pub(super) fn no_address(case: Case) -> Case {
    case.host_end(End::Answer).no_policy("dns").code(codes::STS_HOST_NO_ADDRESS)
}

/// The policy host is an alias to nothing.
pub(super) fn dangling(case: Case) -> Case {
    let case = case.site(|site| {
        site.host_a.records.clear();
        (site.host_a.end, site.host_aaaa.end) = (End::Nxdomain, End::Nxdomain);
    });
    case.no_policy("dns").code(codes::STS_HOST_CNAME_DANGLING)
}

pub(super) fn refused(case: Case) -> Case {
    case.no_policy("tcp").code(codes::STS_FETCH_CONNECT_REFUSED)
}

pub(super) fn dead(case: Case) -> Case {
    case.policy_not_now("tcp").code(codes::STS_FETCH_CONNECT_TIMEOUT).waits()
}

/// A certificate for the web site.
pub(super) fn of_the_web_site(case: Case) -> Case {
    mismatch(case, &["www.{d}", "{d}"])
}

/// The certificate of whoever runs the server.
pub(super) fn of_the_hoster(case: Case) -> Case {
    mismatch(case, &["*.hosting.example"])
}

/// The certificate of the registrar.
pub(super) fn of_porkbun(case: Case) -> Case {
    mismatch(case, &["*.porkbun.com"])
}

fn mismatch(case: Case, names: &[&'static str]) -> Case {
    let names = names.iter().map(|&name| name.into()).collect();
    case.certificate(Shape::Names(names)).no_policy("tls").code(codes::STS_FETCH_CERT_NAME_MISMATCH)
}

pub(super) fn self_signed(case: Case) -> Case {
    case.certificate(Shape::SelfSigned).no_policy("tls").code(codes::STS_FETCH_CERT_SELF_SIGNED)
}

pub(super) fn expired(case: Case) -> Case {
    case.certificate(Shape::Expired).no_policy("tls").code(codes::STS_FETCH_CERT_EXPIRED)
}

pub(super) fn untrusted(case: Case) -> Case {
    case.certificate(Shape::Untrusted).no_policy("tls").code(codes::STS_FETCH_CERT_UNTRUSTED)
}

pub(super) fn incomplete(case: Case) -> Case {
    case.certificate(Shape::Incomplete).no_policy("tls").code(codes::STS_FETCH_CERT_INCOMPLETE_CHAIN)
}

/// No certificate is installed for the name: the handshake ends with an alert.
pub(super) fn no_certificate(case: Case) -> Case {
    case.session(Session::Unprovisioned).no_policy("tls").codes(&[codes::STS_FETCH_SNI_UNPROVISIONED, codes::STS_FETCH_TLS_ALERT])
}

pub(super) fn not_found(case: Case) -> Case {
    case.status(404).no_policy("http").code(codes::STS_FETCH_NOT_FOUND)
}

pub(super) fn moved(case: Case) -> Case {
    let case = case.status(301).header("Location", "https://www.{d}/.well-known/mta-sts.txt");
    case.no_policy("http").code(codes::STS_FETCH_REDIRECT)
}

pub(super) fn forbidden(case: Case) -> Case {
    case.status(403).no_policy("http").code(codes::STS_FETCH_STATUS_FORBIDDEN)
}

pub(super) fn server_error(case: Case) -> Case {
    case.status(500).policy_not_now("http").code(codes::STS_FETCH_SERVER_ERROR)
}

pub(super) fn mx_email(case: Case) -> Case {
    bad_pattern(case, "postmaster@{d}", codes::STS_POLICY_MX_EMAIL)
}

pub(super) fn mx_trailing_dot(case: Case) -> Case {
    bad_pattern(case, "mx.{d}.", codes::STS_POLICY_MX_TRAILING_DOT)
}

pub(super) fn mx_empty(case: Case) -> Case {
    bad_pattern(case, "", codes::STS_POLICY_MX_EMPTY)
}

fn bad_pattern(case: Case, pattern: &str, code: Code) -> Case {
    // Forgiving senders keep the pattern, which matches no MX host, and enforce.
    case.patterns(&[pattern]).bad_policy().codes(&[code, codes::STS_POLICY_ENFORCED_BY_LENIENT])
}

pub(super) fn max_age_empty(case: Case) -> Case {
    case.max_age("").bad_policy().code(codes::STS_POLICY_MAX_AGE_INVALID)
}

pub(super) fn web_page(case: Case) -> Case {
    case.body("<!DOCTYPE html>\n<html><body>Welcome</body></html>\n").bad_policy().code(codes::STS_POLICY_HTML_BODY)
}

/// What DMARCReport serves for customers who left.
pub(super) fn empty_file(case: Case) -> Case {
    case.body("").bad_policy().code(codes::STS_POLICY_EMPTY)
}

/// The patterns that the policy has are of another domain altogether.
pub(super) fn different_domain(case: Case) -> Case {
    uncovered(case, "different-domain")
}

/// The policy of Tutanota for a domain whose mail is elsewhere.
pub(super) fn left_tutanota(case: Case) -> Case {
    different_domain(case.patterns(&["mail.tutanota.de"]))
}

/// Patterns of a former provider.
pub(super) fn former_provider(case: Case) -> Case {
    different_domain(case.patterns(&["*.mail.former-provider.example"]))
}

/// The policy host in the place of the MX host.
pub(super) fn policy_host(case: Case) -> Case {
    uncovered(case.patterns(&["mta-sts.{d}"]), "policy-host").code(codes::STS_POLICY_MX_IS_POLICY_HOST)
}

/// Another host of the same domain.
pub(super) fn same_domain(case: Case) -> Case {
    uncovered(case.patterns(&["inbound-gateway.{d}"]), "same-domain")
}

/// Two letters are exchanged in the pattern.
pub(super) fn typo(case: Case) -> Case {
    misspelt(case.patterns(&["mial.{d}"]))
}

/// Pattern and MX host differ by letters.
pub(super) fn misspelt(case: Case) -> Case {
    uncovered(case, "typo").code(codes::STS_MX_TYPO)
}

fn uncovered(case: Case, mismatch: &'static str) -> Case {
    case.code(codes::STS_MX_NONE_COVERED).coverage("none", mismatch).delivery("refused")
}

pub(super) fn no_id(case: Case) -> Case {
    case.sts("v=STSv1;").bad_record().code(codes::STS_RECORD_ID_MISSING)
}

pub(super) fn invalid_id(case: Case) -> Case {
    case.sts("v=STSv1; id=2024-09-29;").bad_record().code(codes::STS_RECORD_ID_INVALID)
}

pub(super) fn bad_prefix(case: Case) -> Case {
    case.sts("v=STSV1; id=20240929;").bad_record().codes(&[codes::STS_RECORD_VERSION_CASE, codes::STS_RECORD_NEAR_MISS])
}

pub(super) fn policy_keys(case: Case) -> Case {
    let case = case.sts("v=STSv1; id=20240929; mx: a.com; mode: testing;").bad_record();
    case.codes(&[codes::STS_RECORD_FIELD_SYNTAX, codes::STS_RECORD_POLICY_KEYS])
}

pub(super) fn two_records(case: Case) -> Case {
    let records = vec![vec!["v=STSv1; id=20240101;".into()], vec!["v=STSv1; id=20240929;".into()]];
    case.sts_set(records).multiple_records().code(codes::STS_RECORD_MULTIPLE)
}
