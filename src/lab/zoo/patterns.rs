//! The `mx` patterns and whether the MX hosts match them (RFC 8461 sections 3.2 and 4.1).

use super::super::case::{Case, case};
use super::super::site::{End, Exchange};
use super::policy_text::crlf;
use crate::classify::codes::{self, Code};

/// Patterns that break the grammar: the whole policy is invalid.
fn invalid() -> Vec<Case> {
    vec![
        bad("mx-bare-wildcard", "A lone asterisk.", "*", codes::STS_POLICY_MX_BARE_WILDCARD),
        bad("mx-two-wildcards", "Two asterisks.", "*.*.{d}", codes::STS_POLICY_MX_WILDCARD_POSITION),
        bad("mx-inner-wildcard", "An asterisk in the second label.", "mail.*.{d}", codes::STS_POLICY_MX_WILDCARD_POSITION),
        bad("mx-partial-wildcard", "An asterisk in part of a label.", "mx*.{d}", codes::STS_POLICY_MX_WILDCARD_POSITION),
        bad("mx-leading-dot", "A leading dot.", ".{d}", codes::STS_POLICY_MX_LEADING_DOT),
        bad("mx-trailing-dot", "A trailing dot.", "mx1.{d}.", codes::STS_POLICY_MX_TRAILING_DOT),
        bad("mx-address-literal", "An address in brackets.", "[192.0.2.1]", codes::STS_POLICY_MX_IP_LITERAL),
        bad("mx-port", "A port.", "mx1.{d}:25", codes::STS_POLICY_MX_PORT),
        bad("mx-priority", "The preference of the MX record.", "10 mx1.{d}", codes::STS_POLICY_MX_PRIORITY),
        bad("mx-email", "A mail address.", "postmaster@{d}", codes::STS_POLICY_MX_EMAIL),
        bad("mx-url", "A URL.", "https://mx1.{d}", codes::STS_POLICY_MX_URL),
        bad("mx-list", "Two hosts on one line.", "mx1.{d} mx2.{d}", codes::STS_POLICY_MX_LIST_ON_ONE_LINE),
        bad("mx-list-comma", "Two hosts on one line with a comma.", "mx1.{d}, mx2.{d}", codes::STS_POLICY_MX_LIST_ON_ONE_LINE),
        bad("mx-u-label-pattern", "Letters outside ASCII.", "m\u{fc}x.{d}", codes::STS_POLICY_MX_U_LABEL),
        bad("mx-underscore-pattern", "An underscore.", "mail_1.{d}", codes::STS_POLICY_MX_INVALID),
        bad("mx-hyphen", "A label that begins with a hyphen.", "-mail.{d}", codes::STS_POLICY_MX_INVALID),
        bad(
            "mx-long-label",
            "A label of 64 octets, which no name in DNS has.",
            "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm.{d}",
            codes::STS_POLICY_MX_INVALID,
        ),
        bad(
            "mx-long-name",
            "A name of more than 253 octets.",
            "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm.mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm.mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm.mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm.{d}",
            codes::STS_POLICY_MX_INVALID,
        ),
        bad("mx-empty", "No value.", "", codes::STS_POLICY_MX_EMPTY),
        case("mx-bare-wildcard-beside", "A lone asterisk beside the name of one MX host.")
            .patterns(&["*", "mx1.{d}"])
            .bad_policy()
            .code(codes::STS_POLICY_MX_BARE_WILDCARD)
            .lenient("partial"),
        case("mx-bare-wildcard-testing", "A lone asterisk in mode testing, which nobody enforces.")
            .body(crlf(&["version: STSv1", "mode: testing", "mx: *", "max_age: 2592000"]))
            .bad_policy()
            .code(codes::STS_POLICY_MX_BARE_WILDCARD)
            .lenient("reported"),
        case("mx-missing", "No mx although the mode is enforce.").patterns(&[]).bad_policy().code(codes::STS_POLICY_MX_MISSING),
    ]
}

/// Valid patterns that cover every MX host.
fn covering() -> Vec<Case> {
    vec![
        case("wildcard-one-label", "A wildcard for exactly one label.").mx(&["in.mail.{d}"]).patterns(&["*.mail.{d}"]),
        case("wildcard-own-domain", "A wildcard for every host of the domain.")
            .patterns(&["*.{d}"])
            .code(codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN),
        case("mx-uppercase", "A pattern in capitals matches all the same.")
            .patterns(&["MX1.{d}", "mx2.{d}"])
            .code(codes::STS_POLICY_MX_UPPERCASE),
        case("mx-record-uppercase", "MX hosts in capitals match all the same.").mx(&["MX1.{d}", "Mx2.{d}"]),
        case("mx-duplicate", "The same pattern twice.").patterns(&["mx1.{d}", "mx2.{d}", "mx1.{d}"]).code(codes::STS_POLICY_MX_DUPLICATE),
        case("mx-digits", "A label of digits.").mx(&["1.{d}"]).patterns(&["1.{d}"]),
        case("mx-longest-label", "A label of 63 octets, the longest that DNS can hold.")
            .mx(&["mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm.{d}"])
            .patterns(&["mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm.{d}"]),
        case("mx-single-label", "A pattern without a dot beside good ones.")
            .patterns(&["mx1.{d}", "mx2.{d}", "mailhost"])
            .codes(&[codes::STS_MX_STALE_PATTERN, codes::STS_POLICY_MX_SINGLE_LABEL]),
        case("mx-placeholder", "A placeholder of a template beside good patterns.")
            .patterns(&["mx1.{d}", "mx2.{d}", "mail.yourdomain.tld"])
            .codes(&[codes::STS_MX_STALE_PATTERN, codes::STS_POLICY_PLACEHOLDER]),
        case("wildcard-public-suffix", "A wildcard for a public suffix beside good patterns.")
            .patterns(&["mx1.{d}", "mx2.{d}", "*.co.uk"])
            .codes(&[codes::STS_MX_STALE_PATTERN, codes::STS_POLICY_MX_WILDCARD_PUBLIC_SUFFIX]),
        case("policy-host-beside", "The policy host as a further pattern.")
            .patterns(&["mx1.{d}", "mx2.{d}", "mta-sts.{d}"])
            .codes(&[codes::STS_MX_STALE_PATTERN, codes::STS_POLICY_MX_IS_POLICY_HOST]),
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
            .codes(&[codes::STS_MX_BACKUP_UNCOVERED, codes::STS_MX_UNCOVERED])
            .coverage("some", "different-domain")
            .delivery("partial"),
        case("uncovered-some-testing", "The same in mode testing.")
            .mode("testing")
            .mx(&["mx1.{d}", "spare.relay-company.example"])
            .patterns(&["mx1.{d}"])
            .codes(&[codes::STS_MX_BACKUP_UNCOVERED, codes::STS_MX_UNCOVERED])
            .coverage("some", "different-domain"),
        none("stale-provider", "Patterns of a former provider.", &["mx1.{d}"], &["*.mail.former-provider.example"], "different-domain"),
        none("uncovered-host", "Another host of the same domain.", &["mx1.{d}"], &["inbound-gateway.{d}"], "same-domain"),
        none("uncovered-apex", "The domain itself in place of its MX host.", &["frontdoor.{d}"], &["{d}"], "same-domain"),
        none("typo", "Two letters exchanged.", &["mail.{d}"], &["mial.{d}"], "typo").code(codes::STS_MX_TYPO),
        none("tld", "The right name under another top-level domain.", &["mail.{d}"], &["mail.{n}.example"], "tld")
            .code(codes::STS_MX_TLD_MISMATCH),
        none("policy-host-as-mx", "The policy host in place of the MX host.", &["mx1.{d}"], &["mta-sts.{d}"], "policy-host")
            .code(codes::STS_POLICY_MX_IS_POLICY_HOST),
        none("wildcard-apex", "A wildcard does not match the domain below which it stands.", &["{d}"], &["*.{d}"], "same-domain")
            .code(codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN),
        none(
            "wildcard-two-labels",
            "A wildcard stands for one label, not for two.",
            &["first.second.mail.{d}"],
            &["*.mail.{d}"],
            "same-domain",
        )
        .code(codes::STS_MX_UNCOVERED_DEPTH)
        .lenient_differs(),
        case("stale-provider-testing", "Patterns of a former provider in mode testing.")
            .mode("testing")
            .mx(&["mx1.{d}"])
            .patterns(&["*.mail.former-provider.example"])
            .code(codes::STS_MX_NONE_COVERED)
            .coverage("none", "different-domain"),
    ]
}

/// Enforce and no MX host matches: mail is refused.
fn none(name: &'static str, about: &'static str, hosts: &[&'static str], patterns: &[&str], mismatch: &'static str) -> Case {
    let case = case(name, about).mx(hosts).patterns(patterns);
    case.code(codes::STS_MX_NONE_COVERED).coverage("none", mismatch).delivery("refused")
}

fn bad(name: &'static str, about: &'static str, pattern: &str, code: Code) -> Case {
    // Forgiving senders keep the pattern, which matches neither MX host, and enforce.
    case(name, about).patterns(&[pattern]).bad_policy().codes(&[code, codes::STS_POLICY_ENFORCED_BY_LENIENT])
}

/// What the MX records say next to a policy.
fn mx_records() -> Vec<Case> {
    let null_mx =
        |name, about| case(name, about).site(|site| site.mx.records = vec![Exchange(0, ".".into())]).mx_state("null").code(codes::MX_NULL);
    vec![
        null_mx("null-mx", "A null MX and a policy all the same.")
            .no_comparison()
            .delivery_open()
            .codes(&[codes::STS_ON_NONMAIL_DOMAIN, codes::TLSRPT_RUA_DOMAIN_NULL_MX]),
        null_mx("null-mx-only", "A null MX and nothing else.")
            .sts_end(End::Nxdomain)
            .no_record()
            .code(codes::STS_RECORD_ABSENT)
            .tlsrpt_end(End::Nxdomain)
            .no_tlsrpt_record(),
        case("implicit-mx", "No MX; the policy names the domain itself.")
            .mx(&[])
            .patterns(&["{d}"])
            .mx_state("none")
            .codes(&[codes::MX_IMPLICIT, codes::MX_NONE])
            .no_comparison()
            .lenient_differs(),
        case("mx-is-address", "An address in place of one of the MX hosts.")
            .mx(&["mx1.{d}", "192.0.2.25"])
            .patterns(&["mx1.{d}"])
            .codes(&[codes::MX_IP_LITERAL, codes::STS_MX_BACKUP_UNCOVERED, codes::STS_MX_UNCOVERED])
            .coverage("some", "different-domain")
            .delivery("partial")
            // Who looks for the hosts finds that nobody can deliver to that one, so that it is none.
            .delivered("protected", "protected"),
        case("mx-u-label", "An MX host with letters outside ASCII.")
            .mx_bytes(b"b\xc3\xbcro-eingang.{d}")
            .patterns(&["mx1.{d}"])
            .codes(&[codes::MX_U_LABEL, codes::STS_MX_NONE_COVERED])
            .coverage("none", "same-domain")
            .delivery("refused")
            .lenient_differs()
            .mx_tls("unknown")
            .delivered("refused", "unknown")
            .dane("unknown"),
        case("mx-underscore", "An MX host with an underscore, matched by a wildcard.")
            .mx(&["in_bound.mail.{d}"])
            .patterns(&["*.mail.{d}"])
            .code(codes::MX_UNDERSCORE),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [invalid(), covering(), uncovered(), mx_records()].concat()
}
