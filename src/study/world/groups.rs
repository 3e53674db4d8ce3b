//! The domains of the study's world, by who manages their policies: themselves, a third party, or nobody knows.

use super::faults;
use super::hosts::MxCertificates::{Invalid, SecondInvalid};
use super::hosts::MxFault::{Expired, Mismatch, SelfSigned};
use super::hosts::{Door, Host, Mail};
use super::segments::{Group, Mode, Segment, faulty, healthy};

/// 25,344 that serve their own policy (Figure 5): 9,538 of them fail, 1,175 name other MX hosts, 331 have a bad record.
pub(super) const SELF_MANAGED: &[Group] = &[Group { host: Host::Own, segments: OWN }];

const OWN: &[Segment] = &[
    // DNS: 42.
    faulty(30, "own-host-nxdomain", "The policy host does not exist.", faults::nxdomain),
    faulty(12, "own-host-no-address", "The policy host has no address.", faults::no_address),
    // TCP: 193.
    faulty(188, "own-refused", "Connections are refused.", faults::refused).door(Door::Closed),
    faulty(5, "own-dead", "No answer to a SYN.", faults::dead).door(Door::Dead),
    // TLS: 8,871, and the name is another for 8,385 of them.
    faulty(7_237, "own-porkbun", "The registrar's certificate.", faults::of_porkbun).mail(Mail::Porkbun),
    faulty(793, "own-cert-mismatch", "The certificate of the web site.", faults::of_the_web_site),
    faulty(355, "own-cert-mismatch-mx", "The same, and likewise at the MX host.", faults::of_the_web_site).mx(Invalid(Mismatch)),
    faulty(200, "own-cert-self-signed", "A self-signed certificate.", faults::self_signed),
    faulty(200, "own-cert-expired", "The certificate expired.", faults::expired),
    faulty(50, "own-cert-untrusted", "Issued by a root that nobody trusts.", faults::untrusted),
    faulty(36, "own-cert-incomplete", "The intermediate is not sent.", faults::incomplete),
    // HTTP: 377.
    faulty(246, "own-not-found", "404.", faults::not_found),
    faulty(60, "own-moved", "301.", faults::moved),
    faulty(40, "own-forbidden", "403.", faults::forbidden),
    faulty(31, "own-server-error", "500.", faults::server_error),
    // Syntax: 55, and 35 of the 87 bad values of mx.
    faulty(15, "own-mx-email", "A mail address as pattern.", faults::mx_email),
    faulty(14, "own-mx-trailing-dot", "A pattern with a trailing dot.", faults::mx_trailing_dot),
    faulty(6, "own-mx-empty", "An empty pattern.", faults::mx_empty),
    faulty(10, "own-max-age-empty", "No value of max_age.", faults::max_age_empty),
    faulty(10, "own-web-page", "A web page in place of the policy.", faults::web_page),
    // Patterns that match no MX host: 597 and 133 of the 730, 62 of the 63, 383 of the 1,023.
    faulty(597, "own-policy-host-as-mx", "The policy host in place of the MX host.", faults::policy_host).mode(Mode::Testing),
    faulty(133, "own-other-host", "Another host of the same domain.", faults::same_domain).mode(Mode::Testing),
    faulty(62, "own-typo", "Two letters exchanged in the pattern.", faults::typo).mode(Mode::Testing),
    faulty(37, "own-former-enforce", "Patterns of a former provider, enforced.", faults::former_provider).mail(Mail::Shared),
    faulty(346, "own-former-testing", "Patterns of a former provider.", faults::former_provider).mail(Mail::Shared).mode(Mode::Testing),
    // Records: 331.
    faulty(65, "record-no-id", "No id.", faults::no_id),
    faulty(203, "record-invalid-id", "An id with hyphens.", faults::invalid_id),
    faulty(52, "record-bad-prefix", "The version in capitals.", faults::bad_prefix),
    faulty(2, "record-policy-keys", "Keys of the policy pasted into the record.", faults::policy_keys),
    faulty(9, "record-multiple", "Two records.", faults::two_records),
    // The rest.
    healthy(4_722, "own-mxascen", "All is right, mail with one host that many administrators use.").mail(Mail::Mxascen),
    healthy(1_927, "own-shared-mail", "All is right, mail with a great provider.").mail(Mail::Shared),
    // MX hosts: 1,046 of the 23,512 have one whose certificate is invalid, 993 no other; 234 of these enforce.
    healthy(234, "own-mx-enforce", "The certificate of the MX host is for other names, and the mode is enforce.")
        .mode(Mode::Enforce)
        .mx(Invalid(Mismatch)),
    healthy(51, "own-mx-mismatch", "The certificate of the MX host is for other names.").mode(Mode::Testing).mx(Invalid(Mismatch)),
    healthy(235, "own-mx-self-signed", "The certificate of the MX host is self-signed.").mode(Mode::Testing).mx(Invalid(SelfSigned)),
    healthy(118, "own-mx-expired", "The certificate of the MX host has expired.").mode(Mode::Testing).mx(Invalid(Expired)),
    healthy(53, "own-mx-second", "The certificate of the second MX host is for other names.")
        .mail(Mail::OwnTwo)
        .mode(Mode::Testing)
        .mx(SecondInvalid(Mismatch)),
    healthy(6_960, "own", "All is right and their own."),
];

/// 28,591 whose policy a provider serves (Figure 5, Table 2): 1,443 of them fail, 641 name other MX hosts.
pub(super) const THIRD_PARTY: &[Group] = &[
    Group { host: Host::Provider(0), segments: TUTANOTA },
    Group { host: Host::Provider(1), segments: DMARCREPORT },
    Group { host: Host::Provider(2), segments: POWERDMARC },
    Group { host: Host::Provider(3), segments: &[all_right(2_222, "easydmarc")] },
    Group { host: Host::Provider(4), segments: &[all_right(1_558, "mailhardener")] },
    Group { host: Host::Provider(5), segments: &[all_right(1_100, "uriports")] },
    Group { host: Host::Provider(6), segments: &[all_right(805, "sendmarc")] },
    Group { host: Host::Provider(7), segments: &[all_right(451, "ondmarc")] },
    Group { host: Host::Unnamed, segments: UNNAMED },
];

/// 7,614, and mail and policy are of one provider for 7,492.
const TUTANOTA: &[Segment] = &[
    healthy(7_481, "tutanota", "All is right, mail and policy of one provider.").mail(Mail::Tutanota).mode(Mode::Enforce),
    faulty(1, "tutanota-typo", "A letter is wrong in the MX record.", faults::misspelt).mail(Mail::TutanotaTypo),
    faulty(122, "tutanota-left", "Mail is elsewhere by now, the policy stayed.", faults::left_tutanota).mail(Mail::Shared),
    faulty(8, "tutanota-expired", "The certificate expired.", faults::expired).mail(Mail::Tutanota),
    faulty(2, "tutanota-not-found", "404.", faults::not_found).mail(Mail::Tutanota),
];

/// 7,293, where 354 have no certificate and 5 an empty file.
const DMARCREPORT: &[Segment] = &[
    all_right(6_688, "dmarcreport"),
    faulty(211, "dmarcreport-lucidgrow", "A host for each customer, and patterns of another provider.", faults::different_domain)
        .mail(Mail::Lucidgrow),
    // 35 of the 397 with third parties: those that both lose mail for their certificates and for their names.
    faulty(35, "dmarcreport-lucidgrow-mx", "The same, and the certificate of the host is for other names.", faults::different_domain)
        .mail(Mail::Lucidgrow)
        .mx(Invalid(Mismatch)),
    faulty(354, "dmarcreport-no-certificate", "No certificate for the name: an alert.", faults::no_certificate).mail(Mail::Shared),
    faulty(5, "dmarcreport-empty", "An empty file.", faults::empty_file).mail(Mail::Shared),
];

/// 3,753, and those who have only the policy with a provider.
const POWERDMARC: &[Segment] =
    &[all_right(1_576, "powerdmarc"), healthy(2_177, "powerdmarc-own-mail", "All is right, and mail is received at home.")];

/// 3,795 of providers without a name, and the rest of what fails: each provider has its part of it.
const UNNAMED: &[Segment] = &[
    // TCP: 34.
    faulty(34, "hosted-refused", "Connections are refused.", faults::refused).door(Door::Closed).mail(Mail::Shared),
    // TLS: the rest of 1,113, and 463 without a certificate.
    faulty(109, "hosted-no-certificate", "No certificate for the name: an alert.", faults::no_certificate).mail(Mail::Shared),
    faulty(260, "hosted-cert-mismatch", "The provider's certificate.", faults::of_the_hoster).mail(Mail::Shared),
    // 240 of the 397 whose third party has an MX host with an invalid certificate.
    faulty(155, "hosted-cert-mismatch-relay", "The same, and likewise at the second MX host.", faults::of_the_hoster)
        .mail(Mail::Relay('a'))
        .mx(SecondInvalid(Mismatch)),
    faulty(85, "hosted-cert-mismatch-expired", "The same, and the certificate of the second MX host has expired.", faults::of_the_hoster)
        .mail(Mail::Relay('b'))
        .mx(SecondInvalid(Expired)),
    faulty(100, "hosted-cert-expired", "The certificate expired.", faults::expired).mail(Mail::Shared),
    faulty(42, "hosted-cert-self-signed", "A self-signed certificate.", faults::self_signed).mail(Mail::Shared),
    // HTTP: the rest of 215.
    faulty(139, "hosted-not-found", "404.", faults::not_found).mail(Mail::Shared),
    faulty(40, "hosted-forbidden", "403.", faults::forbidden).mail(Mail::Shared),
    faulty(34, "hosted-server-error", "500.", faults::server_error).mail(Mail::Shared),
    // Syntax: the rest of 81, and 52 of the 87 bad values of mx.
    faulty(22, "hosted-mx-email", "A mail address as pattern.", faults::mx_email).mail(Mail::Shared),
    faulty(20, "hosted-mx-trailing-dot", "A pattern with a trailing dot.", faults::mx_trailing_dot).mail(Mail::Shared),
    faulty(10, "hosted-mx-empty", "An empty pattern.", faults::mx_empty).mail(Mail::Shared),
    faulty(12, "hosted-max-age-empty", "No value of max_age.", faults::max_age_empty).mail(Mail::Shared),
    faulty(12, "hosted-web-page", "A web page in place of the policy.", faults::web_page).mail(Mail::Shared),
    // The rest of the 640 that have two providers whose names do not match.
    faulty(272, "hosted-former", "Patterns of a former provider.", faults::former_provider).mail(Mail::Shared).mode(Mode::Testing),
    // 122 of the 397: one operator, whose servers have no certificate for the names in the MX records of 114.
    healthy(114, "hosted-mxrouting", "The certificate of the MX host is for other names.")
        .mail(Mail::Mxrouting)
        .mode(Mode::Testing)
        .mx(Invalid(Mismatch)),
    healthy(8, "hosted-mxrouting-relay", "The same of the second MX host alone.")
        .mail(Mail::MxroutingBoth)
        .mode(Mode::Testing)
        .mx(SecondInvalid(Mismatch)),
    all_right(2_327, "hosted"),
];

const fn all_right(count: u64, name: &'static str) -> Segment {
    healthy(count, name, "All is right, mail and policy of two providers.").mail(Mail::Shared)
}

/// 14,095 that the heuristic does not classify: 6,203 of them fail, 744 by HTTP, and no more is known.
pub(super) const UNCLASSIFIED: &[Group] = &[Group { host: Host::Small, segments: SMALL }];

const SMALL: &[Segment] = &[
    faulty(150, "small-dangling", "The policy host is an alias to nothing.", faults::dangling),
    faulty(300, "small-refused", "Connections are refused.", faults::refused).door(Door::Closed),
    faulty(2_000, "small-cert-mismatch", "The provider's certificate.", faults::of_the_hoster),
    // What is left of the 1,326 and of the 4.7 per cent: 184 with no other, 1,570 beside a good one.
    faulty(184, "small-cert-mismatch-mx", "The same, and likewise at the small provider of the mail.", faults::of_the_hoster)
        .mail(Mail::SmallOf("invalid"))
        .mx(Invalid(Mismatch)),
    faulty(1_570, "small-cert-mismatch-second", "The same, and likewise at its second MX host.", faults::of_the_hoster)
        .mail(Mail::SmallOf("second"))
        .mx(SecondInvalid(Mismatch)),
    faulty(246, "small-cert-mismatch-mail", "The same, and mail with a small provider.", faults::of_the_hoster)
        .mail(Mail::SmallOf("valid")),
    faulty(409, "small-cert-self-signed", "A self-signed certificate.", faults::self_signed),
    faulty(500, "small-cert-expired", "The certificate expired.", faults::expired),
    faulty(486, "small-not-found", "404.", faults::not_found),
    faulty(100, "small-moved", "301.", faults::moved),
    faulty(100, "small-forbidden", "403.", faults::forbidden),
    faulty(58, "small-server-error", "500.", faults::server_error),
    faulty(50, "small-max-age-empty", "No value of max_age.", faults::max_age_empty),
    faulty(50, "small-web-page", "A web page in place of the policy.", faults::web_page),
    healthy(1_835, "small", "All is right, mail and policy of two small providers.").mail(Mail::Small),
    healthy(6_057, "small-own-mail", "All is right, and mail is received at home."),
];
