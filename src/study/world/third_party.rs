//! The 28,591 domains whose policy a provider serves (Figure 5, Table 2): 1,443 of them fail, 641 name other MX hosts.

use super::faults;
use super::hosts::{Door, Host};
use super::mail::Mail;
use super::segments::{Group, Mode, Segment, faulty, healthy};

pub(super) const GROUPS: &[Group] = &[
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
    faulty(246, "dmarcreport-lucidgrow", "A host for each customer, and patterns of another provider.", faults::different_domain)
        .mail(Mail::Lucidgrow),
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
    faulty(500, "hosted-cert-mismatch", "The provider's certificate.", faults::of_the_hoster).mail(Mail::Shared),
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
    all_right(2_449, "hosted"),
];

const fn all_right(count: u64, name: &'static str) -> Segment {
    healthy(count, name, "All is right, mail and policy of two providers.").mail(Mail::Shared)
}
