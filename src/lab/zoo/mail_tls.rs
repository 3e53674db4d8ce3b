//! TLS sessions and certificates of mail servers (RFC 8461 section 4.2): each fault by itself, and what comes close to it.

use crate::classify::codes::{self, Code};

use super::super::case::{Case, case};
use super::super::site::{ClientCertificate, Mail, Pin, Pinned, RIGHT, Unnamed};
use super::super::site::{Neighbour, Session, Shape, Text};
use super::mail_servers::{server, without_tls};

/// Versions and suites (vectors 21 to 24).
fn sessions() -> Vec<Case> {
    let session = |name, about, session| server(name, about, Mail::session(session));
    // Whether a sender with DANE takes such a version is its own choice.
    let old = |name, about, with| session(name, about, with).mx_tls("none").delivered("refused", "unknown").seen(&[codes::MX_TLS_OLD]);
    let rsa = |name, about, suite| server(name, about, Mail { certificate: Shape::RsaKey, ..Mail::session(Session::Suite(suite)) });
    vec![
        old("smtp-tls-old", "Nothing above TLS 1.0, by the alert protocol_version.", Session::OldByVersion),
        without_tls(
            session("smtp-tls-no-version", "The alert protocol_version, whatever a client offers.", Session::OldByAlert),
            &[codes::MX_TLS_OLD],
        ),
        old("smtp-tls-old-hello", "Nothing above TLS 1.0, by a ServerHello.", Session::OldByHello),
        old("smtp-tls-old-failure", "Nothing above TLS 1.0, by an alert that says only that nothing is in common.", Session::OldByFailure),
        session("smtp-tls12", "TLS 1.2 is enough.", Session::Tls12),
        rsa("smtp-tls-dhe", "TLS 1.2 with DHE-RSA-AES256-GCM-SHA384 alone.", 0x009F).seen(&[codes::MX_KEX_LEGACY]),
        rsa("smtp-tls-rsa", "TLS 1.2 with AES128-GCM-SHA256 alone.", 0x009C).seen(&[codes::MX_TLS_WEAK, codes::MX_KEX_LEGACY]),
        session("smtp-tls-cbc", "TLS 1.2 with ECDHE-ECDSA-AES256-SHA384 alone.", Session::Suite(0xC024)).seen(&[codes::MX_TLS_WEAK]),
        server(
            "smtp-tls-cbc-expired",
            "Nothing but CBC, and the certificate has expired.",
            Mail { certificate: Shape::Expired, ..Mail::session(Session::Suite(0xC024)) },
        )
        .mx_tls("none")
        .delivered("refused", "protected")
        .seen(&[codes::MX_TLS_WEAK, codes::MX_CERT_EXPIRED]),
        session("smtp-tls-group", "TLS 1.3 with secp521r1 alone, which our library lacks.", Session::Group(0x0019))
            .mx_tls("unknown")
            .delivered("unknown", "unknown")
            .seen(&[codes::MX_TLS_UNVERIFIED]),
        without_tls(
            session("smtp-tls-alert", "The server ends the handshake with an alert.", Session::Refusal),
            &[codes::MX_STARTTLS_DOWNGRADE],
        ),
        without_tls(session("smtp-tls-reset", "The ClientHello is answered by a reset.", Session::Reset), &[codes::MX_STARTTLS_DOWNGRADE]),
    ]
}

/// Names in the handshake, and certificates of clients (vectors 25 to 29).
fn names_and_clients() -> Vec<Case> {
    let unnamed = |name, about, unnamed| server(name, about, Mail { unnamed, ..Mail::healthy() });
    let asking = |name, about, client_certificate, session| server(name, about, Mail { client_certificate, ..Mail::session(session) });
    vec![
        without_tls(unnamed("sni-rejected", "The server does not know its own name.", Unnamed::Only), &[codes::MX_SNI_REJECTED]),
        unnamed(
            "sni-other",
            "Another certificate for those who name nobody.",
            Unnamed::Certificate(Shape::Names(vec!["hosting.example".into()])),
        ),
        unnamed("sni-needed", "An alert for those who name nobody.", Unnamed::Alert),
        server(
            "sni-wrong",
            "The right certificate for those who name nobody, another for the name.",
            Mail { unnamed: Unnamed::Certificate(Shape::Valid), ..Mail::certificate(Shape::Names(vec!["hosting.example".into()])) },
        )
        .site(|site| site.neighbours.retain(|neighbour| neighbour.labels != "_25._tcp.mx1"))
        .neighbour(Neighbour::tlsa("_25._tcp.mx1", vec![Pin(3, 0, 1, Pinned::Reissued)]))
        .mx_tls("none")
        .delivered("refused", "refused")
        .dane("mismatch")
        .seen(&[codes::MX_CERT_NAME_MISMATCH, codes::DANE_MISMATCH]),
        asking("client-cert-asked", "The server asks for a certificate and does without.", ClientCertificate::Asked, Session::Modern),
        without_tls(
            asking(
                "client-cert-required",
                "The server insists on a certificate, under TLS 1.3.",
                ClientCertificate::Required,
                Session::Modern,
            ),
            &[codes::MX_CLIENT_CERT_REQUIRED],
        ),
        without_tls(
            asking("client-cert-required-tls12", "The same under TLS 1.2.", ClientCertificate::Required, Session::Tls12),
            &[codes::MX_CLIENT_CERT_REQUIRED],
        ),
    ]
}

/// A certificate that senders under MTA-STS refuse; DANE with usage 3 looks at its key alone.
fn refused(name: &'static str, about: &'static str, shape: Shape, codes: &[Code]) -> Case {
    server(name, about, Mail::certificate(shape)).mx_tls("none").delivered("refused", "protected").seen(codes)
}

fn names(names: &[&'static str]) -> Shape {
    Shape::Names(names.iter().map(|&name| Text::from(name)).collect())
}

/// Certificates with TLSA `3 1 1` (vectors 30 to 43).
fn certificates() -> Vec<Case> {
    let fine = |name, about, shape| server(name, about, Mail::certificate(shape));
    vec![
        refused("mxcert-expired", "The certificate expired a week ago.", Shape::Expired, &[codes::MX_CERT_EXPIRED]),
        refused("mxcert-not-yet-valid", "The certificate is valid from next week.", Shape::NotYetValid, &[codes::MX_CERT_NOT_YET_VALID]),
        fine("mxcert-expiring", "Five days left.", Shape::Expiring).seen(&[codes::MX_CERT_EXPIRING]),
        fine("mxcert-fifteen-days", "Fifteen days left.", Shape::FifteenDays),
        refused("mxcert-self-signed", "A self-signed certificate with the right name.", Shape::SelfSigned, &[codes::MX_CERT_SELF_SIGNED]),
        refused("mxcert-untrusted", "Issued by a root that nobody trusts, which is sent.", Shape::Untrusted, &[codes::MX_CERT_UNTRUSTED]),
        refused("mxcert-incomplete", "The intermediate is not sent.", Shape::Incomplete, &[codes::MX_CERT_INCOMPLETE_CHAIN]),
        refused("mxcert-other-name", "The certificate names another host.", names(&["www.example"]), &[codes::MX_CERT_NAME_MISMATCH]),
        refused(
            "mxcert-domain",
            "The certificate names the mail domain, not the MX host.",
            names(&["{d}"]),
            &[codes::MX_CERT_NAME_MISMATCH],
        ),
        refused(
            "mxcert-expired-mismatch",
            "Expired, and for another name.",
            Shape::ExpiredMismatch,
            &[codes::MX_CERT_EXPIRED, codes::MX_CERT_NAME_MISMATCH],
        ),
        refused(
            "mxcert-policy-only",
            "The certificate names a host that the policy allows, but not this one.",
            names(&["mail.{d}"]),
            &[codes::MX_CERT_NAME_MISMATCH, codes::MX_CERT_MATCHES_POLICY_ONLY],
        )
        .patterns(&["*.{d}"])
        .code(codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN),
        fine("mxcert-wildcard", "A wildcard of the domain.", Shape::Wildcard),
        refused("mxcert-wildcard-deep", "A wildcard two labels above the host.", names(&["*.test"]), &[codes::MX_CERT_NAME_MISMATCH]),
        refused("mxcert-no-san", "The MX host is the common name only.", Shape::NoSan, &[codes::MX_CERT_NO_SAN]),
        refused("mxcert-v1", "An X.509 certificate of version 1.", Shape::Version1, &[codes::MX_CERT_NO_SAN, codes::MX_CERT_V1]),
        // OpenSSL refuses the key at its level 2, even where TLSA records match, and takes it at level 1.
        server("mxcert-rsa-1024", "An RSA key of 1024 bits.", Mail::certificate(Shape::ShortKey))
            .mx_tls("unknown")
            .delivered("unknown", "unknown")
            .seen(&[codes::MX_CERT_WEAK]),
        server("mxcert-sha1", "Signed with SHA-1.", Mail::certificate(Shape::Sha1))
            .mx_tls("none")
            .delivered("refused", "protected")
            .seen(&[codes::MX_CERT_WEAK]),
        fine("mxcert-rsa-2048", "An RSA key of 2048 bits.", Shape::RsaKey),
        refused("mxcert-wrong-purpose", "A certificate for clients.", Shape::WrongPurpose, &[codes::MX_CERT_WRONG_PURPOSE]),
    ]
}

/// Several servers (vectors 44 and 65).
fn several() -> Vec<Case> {
    let two = |name, about, records: Vec<Pin>| {
        let mail = Mail { rsa_certificate: Some(Shape::RsaKey), ..Mail::healthy() };
        case(name, about)
            .mx(&["mx1.{d}"])
            .patterns(&["mx1.{d}"])
            .signed()
            .neighbour(Neighbour::mail("mx1", mail))
            .neighbour(Neighbour::tlsa("_25._tcp.mx1", records))
    };
    let addresses = |name, about, second: Mail| {
        let case = case(name, about).mx(&["mx1.{d}"]).patterns(&["mx1.{d}"]).signed();
        let servers = Neighbour { mail: vec![Mail::healthy(), second], ..Neighbour::new("mx1") };
        case.neighbour(servers).neighbour(Neighbour::tlsa("_25._tcp.mx1", vec![RIGHT]))
    };
    vec![
        two(
            "two-keys-one-pinned",
            "An RSA and an ECDSA certificate, and a TLSA record for the first.",
            vec![Pin(3, 1, 1, Pinned::RsaLeaf)],
        )
        .delivered("protected", "refused")
        .dane("mismatch")
        .seen(&[codes::DANE_MISMATCH]),
        two("two-keys", "An RSA and an ECDSA certificate, and TLSA records for both.", vec![Pin(3, 1, 1, Pinned::RsaLeaf), RIGHT]),
        addresses("two-servers", "An address of each family, both with a good certificate.", Mail::healthy()),
        addresses("two-servers-differ", "The same, and the certificate at the second has expired.", Mail::certificate(Shape::Expired))
            .seen(&[codes::MX_CERT_EXPIRED, codes::MX_ADDRESSES_DIFFER]),
        case("two-hosts-differ", "Two MX hosts, the second with a certificate that has expired.")
            .signed()
            .neighbour(Neighbour::mail("mx1", Mail::healthy()))
            .neighbour(Neighbour::mail("mx2", Mail::certificate(Shape::Expired)))
            .mx_tls("some")
            .delivered("partial", "partial")
            .seen(&[codes::MX_CERT_EXPIRED]),
        server("testing-expired", "The certificate has expired, and the mode is testing.", Mail::certificate(Shape::Expired))
            .mode("testing")
            .mx_tls("none")
            .delivered("reported", "protected")
            .seen(&[codes::MX_CERT_EXPIRED]),
        case("uncovered-beside-expired", "One MX host is not in the policy, the certificate of the other has expired.")
            .mx(&["mx1.{d}", "front.relay.example"])
            .patterns(&["mx1.{d}"])
            .neighbour(Neighbour::mail("mx1", Mail::certificate(Shape::Expired)))
            .codes(&[codes::STS_MX_BACKUP_UNCOVERED, codes::STS_MX_UNCOVERED])
            .coverage("some", "different-domain")
            .delivery("partial")
            .mx_tls("some")
            .delivered("refused", "refused")
            .seen(&[codes::MX_CERT_EXPIRED]),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [sessions(), names_and_clients(), certificates(), several()].concat()
}
