//! The `mx` patterns and whether the MX hosts match them (RFC 8461 sections 3.2 and 4.1).

use super::super::case::{Case, case};
use super::super::site::{End, Exchange};
use super::lines::crlf;

/// Patterns that break the grammar: the whole policy is invalid.
fn invalid() -> Vec<Case> {
    vec![
        bad("mx-bare-wildcard", "A lone asterisk.", "*", "sts-policy-mx-bare-wildcard"),
        bad("mx-two-wildcards", "Two asterisks.", "*.*.{d}", "sts-policy-mx-wildcard-position"),
        bad("mx-inner-wildcard", "An asterisk in the second label.", "mail.*.{d}", "sts-policy-mx-wildcard-position"),
        bad("mx-partial-wildcard", "An asterisk in part of a label.", "mx*.{d}", "sts-policy-mx-wildcard-position"),
        bad("mx-leading-dot", "A leading dot.", ".{d}", "sts-policy-mx-leading-dot"),
        bad("mx-trailing-dot", "A trailing dot.", "mx1.{d}.", "sts-policy-mx-trailing-dot"),
        bad("mx-address-literal", "An address in brackets.", "[192.0.2.1]", "sts-policy-mx-ip-literal"),
        bad("mx-port", "A port.", "mx1.{d}:25", "sts-policy-mx-port"),
        bad("mx-priority", "The preference of the MX record.", "10 mx1.{d}", "sts-policy-mx-priority"),
        bad("mx-email", "A mail address.", "postmaster@{d}", "sts-policy-mx-email"),
        bad("mx-url", "A URL.", "https://mx1.{d}", "sts-policy-mx-url"),
        bad("mx-list", "Two hosts on one line.", "mx1.{d} mx2.{d}", "sts-policy-mx-list-on-one-line"),
        bad("mx-list-comma", "Two hosts on one line with a comma.", "mx1.{d}, mx2.{d}", "sts-policy-mx-list-on-one-line"),
        bad("mx-u-label-pattern", "Letters outside ASCII.", "m\u{fc}x.{d}", "sts-policy-mx-u-label"),
        bad("mx-underscore-pattern", "An underscore.", "mail_1.{d}", "sts-policy-mx-invalid"),
        bad("mx-hyphen", "A label that begins with a hyphen.", "-mail.{d}", "sts-policy-mx-invalid"),
        bad("mx-empty", "No value.", "", "sts-policy-mx-empty"),
        case("mx-bare-wildcard-beside", "A lone asterisk beside the name of one MX host.")
            .patterns(&["*", "mx1.{d}"])
            .bad_policy()
            .code("sts-policy-mx-bare-wildcard")
            .lenient("partial"),
        case("mx-bare-wildcard-testing", "A lone asterisk in mode testing, which nobody enforces.")
            .body(crlf(&["version: STSv1", "mode: testing", "mx: *", "max_age: 2592000"]))
            .bad_policy()
            .code("sts-policy-mx-bare-wildcard")
            .lenient("reported"),
        case("mx-missing", "No mx although the mode is enforce.").patterns(&[]).bad_policy().code("sts-policy-mx-missing"),
    ]
}

/// Valid patterns that cover every MX host.
fn covering() -> Vec<Case> {
    vec![
        case("wildcard-one-label", "A wildcard for exactly one label.").mx(&["in.mail.{d}"]).patterns(&["*.mail.{d}"]),
        case("wildcard-own-domain", "A wildcard for every host of the domain.")
            .patterns(&["*.{d}"])
            .code("sts-policy-mx-wildcard-own-domain"),
        case("mx-uppercase", "A pattern in capitals matches all the same.")
            .patterns(&["MX1.{d}", "mx2.{d}"])
            .code("sts-policy-mx-uppercase"),
        case("mx-record-uppercase", "MX hosts in capitals match all the same.").mx(&["MX1.{d}", "Mx2.{d}"]),
        case("mx-duplicate", "The same pattern twice.").patterns(&["mx1.{d}", "mx2.{d}", "mx1.{d}"]).code("sts-policy-mx-duplicate"),
        case("mx-digits", "A label of digits.").mx(&["1.{d}"]).patterns(&["1.{d}"]),
        case("mx-single-label", "A pattern without a dot beside good ones.")
            .patterns(&["mx1.{d}", "mx2.{d}", "mailhost"])
            .codes(&["sts-mx-stale-pattern", "sts-policy-mx-single-label"]),
        case("mx-placeholder", "A placeholder of a template beside good patterns.")
            .patterns(&["mx1.{d}", "mx2.{d}", "mail.yourdomain.tld"])
            .codes(&["sts-mx-stale-pattern", "sts-policy-placeholder"]),
        case("wildcard-public-suffix", "A wildcard for a public suffix beside good patterns.")
            .patterns(&["mx1.{d}", "mx2.{d}", "*.co.uk"])
            .codes(&["sts-mx-stale-pattern", "sts-policy-mx-wildcard-public-suffix"]),
        case("policy-host-beside", "The policy host as a further pattern.")
            .patterns(&["mx1.{d}", "mx2.{d}", "mta-sts.{d}"])
            .codes(&["sts-mx-stale-pattern", "sts-policy-mx-is-policy-host"]),
        case("mx-google", "A provider's hosts and its patterns.")
            .mx(&["aspmx.l.google.com", "alt1.aspmx.l.google.com", "alt2.aspmx.l.google.com"])
            .patterns(&["aspmx.l.google.com", "*.aspmx.l.google.com"]),
        case("mx-outlook", "A provider's wildcard.").mx(&["{-}.mail.protection.outlook.com"]).patterns(&["*.mail.protection.outlook.com"]),
    ]
}

/// Valid patterns that leave MX hosts out.
fn uncovered() -> Vec<Case> {
    vec![
        case("uncovered-some", "A backup MX elsewhere that no pattern names.")
            .mx(&["mx1.{d}", "spare.relay-company.example"])
            .patterns(&["mx1.{d}"])
            .codes(&["sts-mx-backup-uncovered", "sts-mx-uncovered"])
            .coverage("some", "different-domain")
            .delivery("partial"),
        case("uncovered-some-testing", "The same in mode testing.")
            .mode("testing")
            .mx(&["mx1.{d}", "spare.relay-company.example"])
            .patterns(&["mx1.{d}"])
            .codes(&["sts-mx-backup-uncovered", "sts-mx-uncovered"])
            .coverage("some", "different-domain"),
        none("stale-provider", "Patterns of a former provider.", &["mx1.{d}"], &["*.mail.former-provider.example"], "different-domain"),
        none("uncovered-host", "Another host of the same domain.", &["mx1.{d}"], &["inbound-gateway.{d}"], "same-domain"),
        none("uncovered-apex", "The domain itself in place of its MX host.", &["frontdoor.{d}"], &["{d}"], "same-domain"),
        none("typo", "Two letters exchanged.", &["mail.{d}"], &["mial.{d}"], "typo").code("sts-mx-typo"),
        none("tld", "The right name under another top-level domain.", &["mail.{d}"], &["mail.{n}.example"], "tld")
            .code("sts-mx-tld-mismatch"),
        none("policy-host-as-mx", "The policy host in place of the MX host.", &["mx1.{d}"], &["mta-sts.{d}"], "policy-host")
            .code("sts-policy-mx-is-policy-host"),
        none("wildcard-apex", "A wildcard does not match the domain below which it stands.", &["{d}"], &["*.{d}"], "same-domain")
            .code("sts-policy-mx-wildcard-own-domain"),
        none(
            "wildcard-two-labels",
            "A wildcard stands for one label, not for two.",
            &["first.second.mail.{d}"],
            &["*.mail.{d}"],
            "same-domain",
        )
        .code("sts-mx-uncovered-depth")
        .lenient_differs(),
        case("stale-provider-testing", "Patterns of a former provider in mode testing.")
            .mode("testing")
            .mx(&["mx1.{d}"])
            .patterns(&["*.mail.former-provider.example"])
            .code("sts-mx-none-covered")
            .coverage("none", "different-domain"),
    ]
}

/// Enforce and no MX host matches: mail is refused.
fn none(name: &'static str, about: &'static str, hosts: &[&'static str], patterns: &[&str], mismatch: &'static str) -> Case {
    let case = case(name, about).mx(hosts).patterns(patterns);
    case.code("sts-mx-none-covered").coverage("none", mismatch).delivery("refused")
}

fn bad(name: &'static str, about: &'static str, pattern: &str, code: &'static str) -> Case {
    // Forgiving senders keep the pattern, which matches neither MX host, and enforce.
    case(name, about).patterns(&[pattern]).bad_policy().codes(&[code, "sts-policy-enforced-by-lenient"])
}

/// What the MX records say next to a policy.
fn mx_records() -> Vec<Case> {
    let null_mx =
        |name, about| case(name, about).site(|site| site.mx.records = vec![Exchange(0, ".".into())]).mx_state("null").code("mx-null");
    vec![
        null_mx("null-mx", "A null MX and a policy all the same.")
            .no_comparison()
            .delivery_open()
            .codes(&["sts-on-nonmail-domain", "tlsrpt-rua-domain-null-mx"]),
        null_mx("null-mx-only", "A null MX and nothing else.")
            .sts_end(End::Nxdomain)
            .no_record()
            .code("sts-record-absent")
            .tlsrpt_end(End::Nxdomain)
            .no_tlsrpt_record(),
        case("implicit-mx", "No MX; the policy names the domain itself.")
            .mx(&[])
            .patterns(&["{d}"])
            .mx_state("none")
            .codes(&["mx-implicit", "mx-none"])
            .no_comparison()
            .lenient_differs(),
        case("mx-is-address", "An address in place of one of the MX hosts.")
            .mx(&["mx1.{d}", "192.0.2.25"])
            .patterns(&["mx1.{d}"])
            .codes(&["mx-ip-literal", "sts-mx-backup-uncovered", "sts-mx-uncovered"])
            .coverage("some", "different-domain")
            .delivery("partial"),
        case("mx-u-label", "An MX host with letters outside ASCII.")
            .mx_bytes(b"b\xc3\xbcro-eingang.{d}")
            .patterns(&["mx1.{d}"])
            .codes(&["mx-u-label", "sts-mx-none-covered"])
            .coverage("none", "same-domain")
            .delivery("refused")
            .lenient_differs(),
        case("mx-underscore", "An MX host with an underscore, matched by a wildcard.")
            .mx(&["in_bound.mail.{d}"])
            .patterns(&["*.mail.{d}"])
            .code("mx-underscore"),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [invalid(), covering(), uncovered(), mx_records()].concat()
}
