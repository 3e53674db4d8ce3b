//! The 14,095 domains that the study's heuristic does not classify: 6,203 of them fail, 744 by HTTP, and no more is known.

use super::faults;
use super::hosts::{Door, Host};
use super::mail::Mail;
use super::segments::{Group, Segment, faulty, healthy};

pub(super) const GROUPS: &[Group] = &[Group { host: Host::Small, segments: SEGMENTS }];

const SEGMENTS: &[Segment] = &[
    faulty(150, "small-dangling", "The policy host is an alias to nothing.", faults::dangling),
    faulty(300, "small-refused", "Connections are refused.", faults::refused).door(Door::Closed),
    faulty(4_000, "small-cert-mismatch", "The provider's certificate.", faults::of_the_hoster),
    faulty(409, "small-cert-self-signed", "A self-signed certificate.", faults::self_signed),
    faulty(500, "small-cert-expired", "The certificate expired.", faults::expired),
    faulty(486, "small-not-found", "404.", faults::not_found),
    faulty(100, "small-moved", "301.", faults::moved),
    faulty(100, "small-forbidden", "403.", faults::forbidden),
    faulty(58, "small-server-error", "500.", faults::server_error),
    faulty(50, "small-max-age-empty", "No value of max_age.", faults::max_age_empty),
    faulty(50, "small-web-page", "A web page in place of the policy.", faults::web_page),
    healthy(3_835, "small", "All is right, mail and policy of two small providers.").mail(Mail::Small),
    healthy(4_057, "small-own-mail", "All is right, and mail is received at home."),
];
