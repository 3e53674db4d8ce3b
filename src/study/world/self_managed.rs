//! The 25,344 domains that serve their own policy (Figure 5): 9,538 of them fail, 1,175 name other MX hosts, 331 have a bad record.

use super::faults;
use super::hosts::{Door, Host};
use super::mail::Mail;
use super::segments::{Group, Mode, Segment, faulty, healthy};

pub(super) const GROUPS: &[Group] = &[Group { host: Host::Own, segments: SEGMENTS }];

const SEGMENTS: &[Segment] = &[
    // DNS: 42.
    faulty(30, "own-host-nxdomain", "The policy host does not exist.", faults::nxdomain),
    faulty(12, "own-host-no-address", "The policy host has no address.", faults::no_address),
    // TCP: 193.
    faulty(188, "own-refused", "Connections are refused.", faults::refused).door(Door::Closed),
    faulty(5, "own-dead", "No answer to a SYN.", faults::dead).door(Door::Dead),
    // TLS: 8,871, and the name is another for 8,385 of them.
    faulty(7_237, "own-porkbun", "The registrar's certificate.", faults::of_porkbun).mail(Mail::Porkbun),
    faulty(1_148, "own-cert-mismatch", "The certificate of the web site.", faults::of_the_web_site),
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
    healthy(7_651, "own", "All is right and their own."),
];
