//! What is wrong with a domain, and by hand what a correct scan says of it.

use crate::lab::case::Case;
use crate::lab::site::{End, Session, Shape};

/// The policy host does not exist.
pub(super) fn nxdomain(case: Case) -> Case {
    case.host_end(End::Nxdomain).no_policy("dns").code("sts-host-nxdomain")
}

/// The policy host has no address.
pub(super) fn no_address(case: Case) -> Case {
    case.host_end(End::Answer).no_policy("dns").code("sts-host-no-address")
}

/// The policy host is an alias to nothing.
pub(super) fn dangling(case: Case) -> Case {
    let case = case.site(|site| {
        site.host_a.records.clear();
        (site.host_a.end, site.host_aaaa.end) = (End::Nxdomain, End::Nxdomain);
    });
    case.no_policy("dns").code("sts-host-cname-dangling")
}

pub(super) fn refused(case: Case) -> Case {
    case.no_policy("tcp").code("sts-fetch-connect-refused")
}

pub(super) fn dead(case: Case) -> Case {
    case.policy_not_now("tcp").code("sts-fetch-connect-timeout").waits()
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
    case.certificate(Shape::Names(names)).no_policy("tls").code("sts-fetch-cert-name-mismatch")
}

pub(super) fn self_signed(case: Case) -> Case {
    case.certificate(Shape::SelfSigned).no_policy("tls").code("sts-fetch-cert-self-signed")
}

pub(super) fn expired(case: Case) -> Case {
    case.certificate(Shape::Expired).no_policy("tls").code("sts-fetch-cert-expired")
}

pub(super) fn untrusted(case: Case) -> Case {
    case.certificate(Shape::Untrusted).no_policy("tls").code("sts-fetch-cert-untrusted")
}

pub(super) fn incomplete(case: Case) -> Case {
    case.certificate(Shape::Incomplete).no_policy("tls").code("sts-fetch-cert-incomplete-chain")
}

/// No certificate is installed for the name: the handshake ends with an alert.
pub(super) fn no_certificate(case: Case) -> Case {
    case.session(Session::Unprovisioned).no_policy("tls").codes(&["sts-fetch-sni-unprovisioned", "sts-fetch-tls-alert"])
}

pub(super) fn not_found(case: Case) -> Case {
    case.status(404).no_policy("http").code("sts-fetch-not-found")
}

pub(super) fn moved(case: Case) -> Case {
    let case = case.status(301).header("Location", "https://www.{d}/.well-known/mta-sts.txt");
    case.no_policy("http").code("sts-fetch-redirect")
}

pub(super) fn forbidden(case: Case) -> Case {
    case.status(403).no_policy("http").code("sts-fetch-status-forbidden")
}

pub(super) fn server_error(case: Case) -> Case {
    case.status(500).policy_not_now("http").code("sts-fetch-server-error")
}

pub(super) fn mx_email(case: Case) -> Case {
    bad_pattern(case, "postmaster@{d}", "sts-policy-mx-email")
}

pub(super) fn mx_trailing_dot(case: Case) -> Case {
    bad_pattern(case, "mx.{d}.", "sts-policy-mx-trailing-dot")
}

pub(super) fn mx_empty(case: Case) -> Case {
    bad_pattern(case, "", "sts-policy-mx-empty")
}

fn bad_pattern(case: Case, pattern: &str, code: &'static str) -> Case {
    // Forgiving senders keep the pattern, which matches no MX host, and enforce.
    case.patterns(&[pattern]).bad_policy().codes(&[code, "sts-policy-enforced-by-lenient"])
}

pub(super) fn max_age_empty(case: Case) -> Case {
    case.max_age("").bad_policy().code("sts-policy-max-age-invalid")
}

pub(super) fn web_page(case: Case) -> Case {
    case.body("<!DOCTYPE html>\n<html><body>Welcome</body></html>\n").bad_policy().code("sts-policy-html-body")
}

/// What DMARCReport serves for customers who left.
pub(super) fn empty_file(case: Case) -> Case {
    case.body("").bad_policy().code("sts-policy-empty")
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
    uncovered(case.patterns(&["mta-sts.{d}"]), "policy-host").code("sts-policy-mx-is-policy-host")
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
    uncovered(case, "typo").code("sts-mx-typo")
}

fn uncovered(case: Case, mismatch: &'static str) -> Case {
    case.code("sts-mx-none-covered").coverage("none", mismatch).delivery("refused")
}

pub(super) fn no_id(case: Case) -> Case {
    case.sts("v=STSv1;").bad_record().code("sts-record-id-missing")
}

pub(super) fn invalid_id(case: Case) -> Case {
    case.sts("v=STSv1; id=2024-09-29;").bad_record().code("sts-record-id-invalid")
}

pub(super) fn bad_prefix(case: Case) -> Case {
    case.sts("v=STSV1; id=20240929;").bad_record().codes(&["sts-record-near-miss", "sts-record-version-case"])
}

pub(super) fn policy_keys(case: Case) -> Case {
    let case = case.sts("v=STSv1; id=20240929; mx: a.com; mode: testing;").bad_record();
    case.codes(&["sts-record-field-syntax", "sts-record-policy-keys"])
}

pub(super) fn two_records(case: Case) -> Case {
    let records = vec![vec!["v=STSv1; id=20240101;".into()], vec!["v=STSv1; id=20240929;".into()]];
    case.sts_set(records).multiple_records().code("sts-record-multiple")
}
