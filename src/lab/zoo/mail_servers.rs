//! Mail servers up to the reply to STARTTLS (RFC 5321 section 4, RFC 3207): greetings, refusals, EHLO, and what is said in place of TLS.

use std::time::Duration;

use crate::classify::codes::{self, Code};

use super::super::case::{Case, case};
use super::super::places;
use super::super::site::{Ehlo, Greeting, Mail, RIGHT, Starttls};
use super::super::site::{Neighbour, Reply};

/// A domain with one MX host, `mx1`, signed, with a TLSA record for whatever the host presents.
pub(super) fn one_mx(name: &'static str, about: &'static str) -> Case {
    let case = case(name, about).mx(&["mx1.{d}"]).patterns(&["mx1.{d}"]).signed();
    case.neighbour(Neighbour::tlsa("_25._tcp.mx1", vec![RIGHT]))
}

/// The same with this mail server.
pub(super) fn server(name: &'static str, about: &'static str, mail: Mail) -> Case {
    one_mx(name, about).neighbour(Neighbour::mail("mx1", mail))
}

/// A server that could not be tested: nothing is known of it, and so of what senders do.
pub(super) fn untested(case: Case, code: Code) -> Case {
    case.unasked().seen(&[code])
}

/// A server at which nobody gets TLS: neither MTA-STS nor DANE lets mail through.
pub(super) fn without_tls(case: Case, codes: &[Code]) -> Case {
    case.mx_tls("none").delivered("refused", "refused").dane("mismatch").seen(codes)
}

/// Connections (vectors 1, 3, 68).
fn connections() -> Vec<Case> {
    let at = |name, about, address| one_mx(name, about).neighbour(Neighbour::at("mx1", address));
    vec![
        server("smtp-healthy", "Signed, with TLSA records, STARTTLS and a valid certificate.", Mail::healthy()),
        untested(at("smtp-refused", "Connections to the MX host are refused.", places::MAIL_REFUSED), codes::MX_UNREACHABLE),
        untested(at("smtp-dropped", "The MX host answers no SYN.", places::MAIL_FULL), codes::MX_UNREACHABLE).waits(),
        untested(
            one_mx("smtp-no-route", "An MX host with IPv6 only, where the scanner has none.")
                .neighbour(Neighbour { aaaa: Reply::records(vec![places::MAIL_NO_ROUTE]), ..Neighbour::new("mx1") }),
            codes::MX_NO_ROUTE,
        ),
        case("smtp-one-refused", "One MX host is good, connections to the other are refused: the good one alone does not settle it.")
            .signed()
            .neighbour(Neighbour::mail("mx1", Mail::healthy()))
            .neighbour(Neighbour::at("mx2", places::MAIL_REFUSED))
            .mx_tls("unknown")
            .delivered("unknown", "unknown")
            .seen(&[codes::MX_UNREACHABLE]),
    ]
}

/// Greetings (vectors 6 to 11).
fn greetings() -> Vec<Case> {
    let greets = |name, about, greeting| server(name, about, Mail::greeting(greeting));
    let refuses = |name, about, words| untested(greets(name, about, Greeting::Refuses(words)), codes::MX_REFUSED);
    let strange = |name, about, greeting, code| untested(greets(name, about, greeting), code);
    vec![
        refuses("smtp-421", "Too many connections.", b"421 4.7.0 too many connections\r\n"),
        refuses("smtp-450", "Try again later, it says.", b"450 4.3.2 service currently unavailable\r\n"),
        refuses("smtp-451", "A reputation that does not suffice.", b"451 4.7.500 server busy\r\n"),
        refuses("smtp-554", "Blocked by a list.", b"554-5.7.1 blocked by a list\r\n554 5.7.1 see https://list.example\r\n"),
        refuses("smtp-554-no-service", "No SMTP here (RFC 5321 section 3.1).", b"554 no SMTP service here\r\n"),
        greets("smtp-421-once", "Too many connections the first time.", Greeting::RefusesOnce(b"421 4.7.0 too many connections\r\n"))
            .seen(&[codes::MX_FLAKY]),
        greets("smtp-teaser", "A first line at once, the last one after eight seconds.", Greeting::Teaser(Duration::from_secs(8)))
            .seen(&[codes::MX_SLOW])
            .waits(),
        greets("smtp-delayed", "The greeting comes after eight seconds.", Greeting::Delayed(Duration::from_secs(8)))
            .seen(&[codes::MX_SLOW])
            .waits(),
        greets("smtp-not-so-slow", "The greeting comes after two seconds.", Greeting::Delayed(Duration::from_secs(2))).waits(),
        strange("smtp-silent", "The connection is accepted, and that is all.", Greeting::Silent, codes::MX_UNREACHABLE).waits(),
        strange("smtp-reset", "The connection is reset before the greeting.", Greeting::Reset, codes::MX_UNREACHABLE),
        strange("smtp-drips", "A byte a second, without end.", Greeting::Drips, codes::MX_TARPIT).waits(),
        strange("smtp-ssh", "SSH on the port.", Greeting::Refuses(b"SSH-2.0-OpenSSH_9.2p1\r\n"), codes::MX_NOT_SMTP),
        strange(
            "smtp-http",
            "HTTP on the port.",
            Greeting::Refuses(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
            codes::MX_NOT_SMTP,
        ),
        strange("smtp-200-lines", "A greeting of two hundred lines.", Greeting::Lines(200), codes::MX_PROTOCOL_VIOLATION),
        strange("smtp-long-line", "A greeting with a line of ten thousand octets.", Greeting::Long(10_000), codes::MX_PROTOCOL_VIOLATION),
        greets("smtp-90-lines", "A greeting of ninety lines.", Greeting::Lines(90)),
        greets("smtp-not-so-long", "A greeting with a line of four thousand octets.", Greeting::Long(4_000)),
        greets("smtp-bare-code", "A greeting that is a code alone.", Greeting::Says(b"220\r\n")),
        greets(
            "smtp-stars",
            "A greeting painted over by a firewall, which lets STARTTLS pass.",
            Greeting::Says(b"220 ************************\r\n"),
        ),
    ]
}

/// Replies to EHLO (vectors 12 to 16).
fn replies_to_ehlo() -> Vec<Case> {
    let says = |name, about, words| server(name, about, Mail::ehlo(Ehlo::Says(words)));
    let no_starttls = |name, about, words| without_tls(says(name, about, words), &[codes::MX_NO_STARTTLS]);
    let rejects = |name, about, words| untested(says(name, about, words), codes::MX_EHLO_REJECTED);
    let masked = |name, about, words| without_tls(says(name, about, words), &[codes::MX_NO_STARTTLS, codes::MX_STARTTLS_STRIPPED]);
    vec![
        no_starttls("ehlo-502", "No ESMTP.", b"502 command not implemented\r\n"),
        no_starttls("ehlo-500", "No ESMTP.", b"500 unrecognized command\r\n"),
        rejects("ehlo-504", "The scanner's name is disliked.", b"504 5.5.2 helo command rejected: need fully-qualified hostname\r\n"),
        rejects("ehlo-550", "The scanner's address is disliked.", b"550 5.7.1 access denied\r\n"),
        untested(
            server(
                "ehlo-421",
                "Too many connections, it says after EHLO.",
                Mail::ehlo(Ehlo::Refuses(b"421 4.7.0 too many connections\r\n")),
            ),
            codes::MX_REFUSED,
        ),
        server("ehlo-421-once", "The same the first time.", Mail::ehlo(Ehlo::RefusesOnce(b"421 4.7.0 too many connections\r\n")))
            .seen(&[codes::MX_FLAKY]),
        says("ehlo-codes-differ", "The codes of a reply differ.", b"250-mail greets you\r\n220-SIZE 1000\r\n250 STARTTLS\r\n")
            .seen(&[codes::MX_PROTOCOL_VIOLATION]),
        says("ehlo-lf", "LF alone ends the lines.", b"250-mail greets you\n250-SIZE 1000\n250 STARTTLS\n"),
        says("ehlo-lower-case", "The keyword in small letters.", b"250-mail greets you\r\n250-size 1000\r\n250 starttls\r\n"),
        says("ehlo-bare-end", "The last line is a code alone.", b"250-mail greets you\r\n250-STARTTLS\r\n250\r\n"),
        says("ehlo-parameter", "STARTTLS with a parameter, which RFC 3207 does not know.", b"250-mail greets you\r\n250 STARTTLS now\r\n"),
        server("ehlo-drips", "The reply comes an octet at a time.", Mail::ehlo(Ehlo::Drips(Duration::from_millis(10)))),
        no_starttls(
            "ehlo-no-keyword",
            "Keywords, and STARTTLS is none of them.",
            b"250-mail greets you\r\n250-SIZE 1000\r\n250 8BITMIME\r\n",
        ),
        no_starttls("ehlo-one-line", "No keyword at all.", b"250 mail greets you\r\n"),
        no_starttls("ehlo-first-line", "STARTTLS on the first line, which is the name.", b"250-STARTTLS\r\n250 SIZE 1000\r\n"),
        masked("ehlo-masked", "A firewall has painted over the keyword.", b"250-mail greets you\r\n250-SIZE 1000\r\n250 XXXXXXXA\r\n"),
        without_tls(
            server(
                "ehlo-masked-greeting",
                "A firewall has painted over the greeting, and taken the keyword out.",
                Mail {
                    greeting: Greeting::Says(b"220 ****************2******0*\r\n"),
                    ..Mail::ehlo(Ehlo::Says(b"250-mail greets you\r\n250 SIZE 1000\r\n"))
                },
            ),
            &[codes::MX_NO_STARTTLS, codes::MX_STARTTLS_STRIPPED],
        ),
        no_starttls("ehlo-x-keyword", "A keyword of an X and four letters is no mask.", b"250-mail greets you\r\n250 XCLIENT\r\n"),
    ]
}

/// Replies to STARTTLS (vectors 17 to 20).
fn replies_to_starttls() -> Vec<Case> {
    let says =
        |name, about, words| without_tls(server(name, about, Mail::starttls(Starttls::Says(words))), &[codes::MX_STARTTLS_DOWNGRADE]);
    let breaks = |name, about, starttls| without_tls(server(name, about, Mail::starttls(starttls)), &[codes::MX_STARTTLS_DOWNGRADE]);
    vec![
        says("starttls-454", "TLS is not available, each time.", b"454 4.7.0 TLS not available due to local problem\r\n"),
        says("starttls-502", "STARTTLS is offered and not known.", b"502 5.5.1 command not implemented\r\n"),
        server(
            "starttls-454-once",
            "TLS is not available the first time.",
            Mail::starttls(Starttls::SaysOnce(b"454 4.7.0 TLS not available due to local problem\r\n")),
        )
        .seen(&[codes::MX_FLAKY]),
        breaks("starttls-reset", "220, then a reset.", Starttls::Reset),
        breaks("starttls-close", "220, then the end of the connection.", Starttls::Close),
        breaks("starttls-plain", "220, and plain text in place of TLS.", Starttls::Plain(b"500 unrecognized command\r\n")),
        untested(
            server(
                "starttls-surplus",
                "220, and more plain text in the same piece.",
                Mail::starttls(Starttls::Surplus(b"250 injected\r\n")),
            ),
            codes::MX_STARTTLS_INJECTION,
        ),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [connections(), greetings(), replies_to_ehlo(), replies_to_starttls()].concat()
}
