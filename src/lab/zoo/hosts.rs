//! The policy host up to the end of the TLS handshake (RFC 8461 sections 3.3, 7 and 8.2).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::classify::codes::{self, Code};

use super::super::case::{Case, case};
use super::super::places;
use super::super::site::{End, Place, Session, Shape};

fn names() -> Vec<Case> {
    vec![
        case("host-nxdomain", "The policy host does not exist.").host_end(End::Nxdomain).no_policy("dns").code(codes::STS_HOST_NXDOMAIN),
        case("host-no-address", "The policy host has no address.").host_end(End::Answer).no_policy("dns").code(codes::STS_HOST_NO_ADDRESS),
        case("host-servfail", "SERVFAIL for the policy host.")
            .host_end(End::Servfail)
            .policy_not_now("dns")
            .code(codes::STS_HOST_DNS_ERROR),
        case("host-aaaa-servfail", "SERVFAIL for AAAA only, which does no harm while there is an A.")
            .site(|site| site.host_aaaa.end = End::Servfail),
        case("host-silence", "No answer for the policy host.")
            .host_end(End::Silent)
            .policy_not_now("dns")
            .code(codes::STS_HOST_DNS_ERROR)
            .waits(),
        case("host-cname", "The policy host is an alias.")
            .host_cname(&["{-}._mta-sts.hosting.example"])
            .codes(&[codes::STS_HOST_CNAME, codes::STS_DELEGATION_PARTIAL]),
        case("cname-fine", "The policy host behind three aliases.")
            .host_cname(&["{-}.a.example", "{-}.b.example", "edge.cdn.example"])
            .codes(&[codes::STS_HOST_CNAME, codes::STS_DELEGATION_PARTIAL]),
        case("host-cname-dangling", "The policy host is an alias to nothing.")
            .host_end(End::Nxdomain)
            .host_cname(&["{-}._mta-sts.gone.example"])
            .no_policy("dns")
            .codes(&[codes::STS_HOST_CNAME_DANGLING, codes::STS_HOST_CNAME, codes::STS_DELEGATION_PARTIAL]),
        case("ipv6-only", "The policy host has an AAAA record only.")
            .site(|site| site.host_a.records.clear())
            .host_aaaa(Ipv6Addr::LOCALHOST)
            .code(codes::STS_HOST_IPV6_ONLY)
            .needs_ipv6(),
        case("two-addresses", "A refused address beside a good one of the other family.")
            .host_at(places::REFUSED)
            .host_aaaa(Ipv6Addr::LOCALHOST)
            .code(codes::STS_HOST_ADDRESS_FAMILY_MISMATCH)
            .needs_ipv6(),
    ]
}

fn connections() -> Vec<Case> {
    vec![
        at("connect-refused", "Connections are refused.", places::REFUSED).no_policy("tcp").code(codes::STS_FETCH_CONNECT_REFUSED),
        at("connect-timeout", "No answer to a SYN.", places::FULL).policy_not_now("tcp").code(codes::STS_FETCH_CONNECT_TIMEOUT).waits(),
        case("connect-reset", "The connection is reset in the middle of the handshake.")
            .session(Session::Reset)
            .no_policy("tcp")
            .code(codes::STS_FETCH_CONNECT_RESET),
        case("tls-silence", "The connection is accepted, and that is all.")
            .session(Session::Silent)
            .policy_not_now("tls")
            .code(codes::STS_FETCH_TIMEOUT)
            .waits(),
        case("tls-old", "Nothing above TLS 1.1, by an alert.").session(Session::OldByAlert).no_policy("tls").code(codes::STS_FETCH_TLS_OLD),
        case("tls-old-hello", "Nothing above TLS 1.0, by a ServerHello.")
            .session(Session::OldByHello)
            .no_policy("tls")
            .code(codes::STS_FETCH_TLS_OLD),
        case("tls12", "TLS 1.2 is enough.").session(Session::Tls12),
        case("sni-unprovisioned", "The server says that it does not know the name.")
            .session(Session::Unprovisioned)
            .no_policy("tls")
            .codes(&[codes::STS_FETCH_SNI_UNPROVISIONED, codes::STS_FETCH_TLS_ALERT]),
        case("tls-alert", "The server ends the handshake with an alert.")
            .session(Session::Refusal)
            .no_policy("tls")
            .code(codes::STS_FETCH_TLS_ALERT),
        case("plain-http", "HTTP without TLS on the port.").session(Session::Plain).no_policy("tls").code(codes::STS_FETCH_TLS_ALERT),
    ]
}

/// What our TLS library cannot do, and those of senders can.
fn beyond_our_library() -> Vec<Case> {
    let suite = |name, about, suite| case(name, about).session(Session::Suite(suite)).beyond_our_library().code(codes::STS_FETCH_TLS_WEAK);
    let group =
        |name, about, group| case(name, about).session(Session::Group(group)).beyond_our_library().code(codes::STS_FETCH_TLS_UNVERIFIED);
    vec![
        suite("tls-cbc-only", "TLS 1.2 with ECDHE-ECDSA-AES256-SHA384 alone.", 0xC024),
        suite("tls-dhe-only", "TLS 1.2 with DHE-RSA-AES256-GCM-SHA384 alone.", 0x009F).certificate(Shape::RsaKey),
        suite("tls-rsa-only", "TLS 1.2 with AES128-GCM-SHA256 alone.", 0x009C).certificate(Shape::RsaKey),
        case("tls-cbc-expired", "Nothing but CBC, and the certificate has expired, which no sender overlooks.")
            .session(Session::Suite(0xC024))
            .certificate(Shape::Expired)
            .no_policy("tls")
            .codes(&[codes::STS_FETCH_CERT_EXPIRED, codes::STS_FETCH_TLS_WEAK]),
        group("tls-group-secp521r1", "TLS 1.3 with secp521r1 alone.", 0x0019),
        group("tls-group-ffdhe2048", "TLS 1.3 with ffdhe2048 alone.", 0x0100),
        case("tls-ccm-only", "TLS 1.2 with a suite of today that our library lacks.")
            .session(Session::Suite(0xC0AC))
            .beyond_our_library()
            .code(codes::STS_FETCH_TLS_UNVERIFIED),
        case("cert-1500-names", "A certificate of 1,500 names, larger than our library takes.")
            .certificate(Shape::ManyNames(1500))
            .beyond_our_library()
            .code(codes::STS_FETCH_TLS_UNVERIFIED),
        case("cert-1500-names-tls12", "The same under TLS 1.2, where it is seen to be valid.")
            .session(Session::Tls12)
            .certificate(Shape::ManyNames(1500))
            .beyond_our_library()
            .code(codes::STS_FETCH_TLS_UNVERIFIED),
        case("cert-700-names", "A certificate of 700 names.").certificate(Shape::ManyNames(700)),
        case("cert-p521", "A certificate with a key of P-521.").certificate(Shape::P521Key),
        case("cert-rsa-16384", "A certificate with an RSA key of 16384 bits.")
            .certificate(Shape::LongKey)
            .beyond_our_library()
            .code(codes::STS_FETCH_TLS_UNVERIFIED),
        case("cert-chain-8", "Eight intermediates.").certificate(Shape::Chain(8)),
        case("cert-chain-16", "Sixteen intermediates.").certificate(Shape::Chain(16)),
        case("cert-chain-17", "More intermediates than are followed.")
            .certificate(Shape::Chain(17))
            .beyond_our_library()
            .code(codes::STS_FETCH_TLS_UNVERIFIED),
        cert(
            "cert-chain-constrained",
            "Eight intermediates below one that allows for three.",
            Shape::TooLongForItsIssuer,
            codes::STS_FETCH_CERT_UNTRUSTED,
        ),
        cert("cert-chain-expired", "Eight intermediates, one of which has expired.", Shape::ExpiredIssuer, codes::STS_FETCH_CERT_EXPIRED),
        case("sixth-address", "Five addresses refuse, the sixth answers.")
            .site(|site| {
                let mut places = refused(5);
                places.append(&mut site.host_a.records);
                site.host_a.records = places;
            })
            .code(codes::STS_HOST_ADDRESS_MISMATCH),
        case("twenty-addresses", "Twenty addresses, more than are tried, and none of those answers.")
            .site(|site| site.host_a.records = refused(20))
            .policy_not_now("tcp")
            .code(codes::STS_FETCH_CONNECT_REFUSED),
        case("sixteen-addresses", "As many as are tried, and none of them answers.")
            .site(|site| site.host_a.records = refused(16))
            .no_policy("tcp")
            .code(codes::STS_FETCH_CONNECT_REFUSED),
    ]
}

/// So many addresses at which nobody listens.
fn refused(count: u8) -> Vec<Place> {
    (0..count).map(|number| Place::At(Ipv4Addr::new(127, 0, 3, 1 + number))).collect()
}

fn certificates() -> Vec<Case> {
    vec![
        case("cert-wildcard", "A wildcard certificate of the domain.").certificate(Shape::Wildcard),
        case("cert-many-names", "One of several names.").certificate(Shape::Names(vec![
            "www.{d}".into(),
            "mta-sts.{d}".into(),
            "{d}".into(),
        ])),
        cert(
            "cert-name-mismatch",
            "The certificate names the web site.",
            Shape::Names(vec!["www.{d}".into(), "{d}".into()]),
            codes::STS_FETCH_CERT_NAME_MISMATCH,
        ),
        cert(
            "cert-wildcard-too-short",
            "A wildcard two labels above.",
            Shape::Names(vec!["*.test".into()]),
            codes::STS_FETCH_CERT_NAME_MISMATCH,
        ),
        cert(
            "cert-provider",
            "The provider's own certificate.",
            Shape::Names(vec!["hosting.example".into()]),
            codes::STS_FETCH_CERT_NAME_MISMATCH,
        )
        .host_cname(&["{-}._mta-sts.hosting.example"])
        .codes(&[codes::STS_HOST_CNAME, codes::STS_DELEGATION_PARTIAL]),
        cert("cert-no-san", "The policy host is the common name only.", Shape::NoSan, codes::STS_FETCH_CERT_NO_SAN),
        cert("cert-expired", "The certificate expired a week ago.", Shape::Expired, codes::STS_FETCH_CERT_EXPIRED),
        cert("cert-expired-mismatch", "Expired, and for another name.", Shape::ExpiredMismatch, codes::STS_FETCH_CERT_NAME_MISMATCH)
            .code(codes::STS_FETCH_CERT_EXPIRED),
        cert("cert-not-yet-valid", "The certificate is valid from next week.", Shape::NotYetValid, codes::STS_FETCH_CERT_NOT_YET_VALID),
        cert("cert-self-signed", "A self-signed certificate.", Shape::SelfSigned, codes::STS_FETCH_CERT_SELF_SIGNED),
        cert("cert-untrusted", "Issued by a root that nobody trusts.", Shape::Untrusted, codes::STS_FETCH_CERT_UNTRUSTED),
        cert("cert-incomplete-chain", "The intermediate is not sent.", Shape::Incomplete, codes::STS_FETCH_CERT_INCOMPLETE_CHAIN),
        case("cert-expiring", "Five days left.").certificate(Shape::Expiring).code(codes::STS_FETCH_CERT_EXPIRING),
    ]
}

fn at(name: &'static str, about: &'static str, address: Ipv4Addr) -> Case {
    case(name, about).host_at(address)
}

/// A certificate that is not valid for the policy host: the policy behind it counts as not retrieved.
fn cert(name: &'static str, about: &'static str, shape: Shape, code: Code) -> Case {
    case(name, about).certificate(shape).no_policy("tls").code(code)
}

pub(super) fn cases() -> Vec<Case> {
    [names(), connections(), beyond_our_library(), certificates()].concat()
}
