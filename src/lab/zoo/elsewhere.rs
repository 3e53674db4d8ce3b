//! What only a scan that looks around sees: the policy in wrong places, policy hosts with several addresses, HTTPS receivers of reports
//! (RFC 8460 section 5.4), subdomains of domains with a policy (RFC 8461 section 3.4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::classify::codes;

use super::super::case::{Case, case};
use super::super::places;
use super::super::site::{Elsewhere, End, Exchange, Neighbour, Place, Reply, Session, Shape};

const PAGE: &str = "<!DOCTYPE html>\n<html><body>Welcome</body></html>\n";
const OLD_POLICY: &str = "version: STSv1\r\nmode: testing\r\nmx: mx1.{d}\r\nmax_age: 2592000\r\n";
/// A second address of a policy host, and what is asked there.
const SECOND: Ipv4Addr = places::provider(5);
const AT_SECOND: Elsewhere = Elsewhere::Address(IpAddr::V4(SECOND));
const AT_IPV6: Elsewhere = Elsewhere::Address(IpAddr::V6(Ipv6Addr::LOCALHOST));

fn wrong_places() -> Vec<Case> {
    let missing = |name, about| case(name, about).no_policy("http").code(codes::STS_FETCH_NOT_FOUND);
    vec![
        case("http-only", "Nothing on the port of HTTPS, and the policy over plain HTTP.")
            .host_at(places::REFUSED)
            .served(Elsewhere::Plain)
            .no_policy("tcp")
            .codes(&[codes::STS_FETCH_CONNECT_REFUSED, codes::STS_FETCH_HTTP_ONLY]),
        case("http-only-alert", "No certificate for the policy host, and the policy over plain HTTP.")
            .session(Session::Refusal)
            .served(Elsewhere::Plain)
            .no_policy("tls")
            .codes(&[codes::STS_FETCH_HTTP_ONLY, codes::STS_FETCH_TLS_ALERT]),
        missing("http-page", "Not found over HTTPS, and a web page over plain HTTP.").serving(Elsewhere::Plain, 200, PAGE).status(404),
        case("http-too", "The policy over plain HTTP as well, which does no harm.").served(Elsewhere::Plain),
        case("http-beside-expired", "The policy over plain HTTP, and over HTTPS behind a certificate that has expired.")
            .certificate(Shape::Expired)
            .served(Elsewhere::Plain)
            .no_policy("tls")
            .code(codes::STS_FETCH_CERT_EXPIRED),
        missing("path-root", "The policy without its folder.")
            .served(Elsewhere::Path("/mta-sts.txt"))
            .status(404)
            .code(codes::STS_FETCH_WRONG_PATH)
            .cause(codes::STS_FETCH_WRONG_PATH),
        missing("path-no-ending", "The policy without the ending of its name.")
            .served(Elsewhere::Path("/.well-known/mta-sts"))
            .status(404)
            .code(codes::STS_FETCH_WRONG_PATH)
            .cause(codes::STS_FETCH_WRONG_PATH),
        case("path-domain", "The policy at the domain itself, and no policy host.")
            .served(Elsewhere::Domain)
            .host_end(End::Nxdomain)
            .neighbour(Neighbour::at("@", places::provider(3)))
            .no_policy("dns")
            .codes(&[codes::STS_HOST_NXDOMAIN, codes::STS_FETCH_WRONG_PATH]),
        missing("path-page", "A web page at every path but the right one.")
            .serving(Elsewhere::Path("/mta-sts.txt"), 200, PAGE)
            .serving(Elsewhere::Path("/.well-known/mta-sts"), 200, PAGE)
            .status(404),
        missing("path-gone", "The policy at another path, but not found there either.")
            .serving(Elsewhere::Path("/mta-sts.txt"), 404, OLD_POLICY)
            .status(404),
        case("path-server-error", "A server in trouble is asked for nothing more.")
            .served(Elsewhere::Path("/mta-sts.txt"))
            .status(500)
            .policy_not_now("http")
            .code(codes::STS_FETCH_SERVER_ERROR),
    ]
}

fn keys() -> Vec<Case> {
    vec![
        case("key-rsa-1024", "A certificate with a short key.")
            .certificate(Shape::ShortKey)
            .beyond_our_library()
            .code(codes::STS_FETCH_TLS_WEAK),
        case("key-rsa-2048", "A certificate with the shortest RSA key that is not weak.").certificate(Shape::RsaKey),
    ]
}

fn addresses() -> Vec<Case> {
    let two = |name, about| case(name, about).also_at(&[SECOND]);
    let both = |name, about| case(name, about).host_aaaa(Ipv6Addr::LOCALHOST).needs_ipv6();
    vec![
        two("addresses-agree", "Two addresses with the same policy."),
        two("addresses-differ", "An old policy at the second address.")
            .serving(AT_SECOND, 200, OLD_POLICY)
            .code(codes::STS_HOST_ADDRESS_MISMATCH),
        two("address-without", "No policy at the second address.").serving(AT_SECOND, 404, "").code(codes::STS_HOST_ADDRESS_MISMATCH),
        case("address-refused", "Connections to the second address are refused.")
            .also_at(&[places::REFUSED])
            .code(codes::STS_HOST_ADDRESS_MISMATCH),
        two("address-error", "An error at the second address that may pass.").serving(AT_SECOND, 503, ""),
        both("families-agree", "The same policy over IPv4 and over IPv6."),
        both("families-differ", "An old policy over IPv6.").serving(AT_IPV6, 200, OLD_POLICY).code(codes::STS_HOST_ADDRESS_FAMILY_MISMATCH),
        both("family-without", "No policy over IPv6.").serving(AT_IPV6, 404, "").code(codes::STS_HOST_ADDRESS_FAMILY_MISMATCH),
        both("family-in-common", "Two addresses that differ, one of which agrees with IPv6.")
            .also_at(&[SECOND])
            .serving(AT_SECOND, 200, OLD_POLICY)
            .code(codes::STS_HOST_ADDRESS_MISMATCH),
    ]
}

fn receivers() -> Vec<Case> {
    let to = |name, about, reports| case(name, about).tlsrpt("v=TLSRPTv1; rua=https://reports.{d}/t").neighbour(reports);
    let at = |session, shape| Neighbour::web("reports", places::provider(6), session, shape);
    vec![
        to("rua-https-expired", "A receiver whose certificate has expired.", at(Session::Modern, Shape::Expired))
            .code(codes::TLSRPT_HTTPS_CERT_INVALID),
        to("rua-https-mismatch", "A receiver whose certificate names another.", at(Session::Modern, Shape::Names(vec!["www.{d}".into()])))
            .code(codes::TLSRPT_HTTPS_CERT_INVALID),
        to("rua-https-expiring", "A receiver whose certificate has five days left.", at(Session::Modern, Shape::Expiring)),
        to("rua-https-refused", "A receiver that refuses connections.", Neighbour::at("reports", places::REFUSED))
            .code(codes::TLSRPT_HTTPS_ENDPOINT_ERROR),
        to("rua-https-alert", "A receiver that ends the handshake.", at(Session::Refusal, Shape::Valid))
            .code(codes::TLSRPT_HTTPS_ENDPOINT_ERROR),
        to("rua-https-nxdomain", "A receiver that does not exist.", Neighbour::end("reports", End::Nxdomain))
            .code(codes::TLSRPT_HTTPS_ENDPOINT_ERROR),
        to("rua-https-servfail", "SERVFAIL for the receiver, which settles nothing.", Neighbour::end("reports", End::Servfail)),
        to("rua-https-silent", "A receiver that says nothing in time.", at(Session::Silent, Shape::Valid)).waits(),
        to(
            "rua-https-no-mx",
            "An HTTPS receiver needs no MX.",
            Neighbour { mx: Reply::records(vec![Exchange(0, ".".into())]), ..at(Session::Modern, Shape::Valid) },
        ),
    ]
}

/// Names below another case, whose record is that of the registrable domain.
fn subdomains() -> Vec<Case> {
    let bare = |name, about| case(name, about).sts_end(End::Nxdomain).no_record().code(codes::STS_RECORD_ABSENT);
    vec![
        bare("sub.enforce", "A subdomain that takes mail, without a record, of a domain with one.").code(codes::STS_SUBDOMAIN_UNCOVERED),
        case("own.enforce", "A subdomain with its own record and policy."),
        bare("sub.nothing", "A subdomain without a record of a domain without one."),
        bare("sub.two-records", "A subdomain of a domain whose two records count as none."),
        bare("web.enforce", "A subdomain that takes no mail, of a domain with a record.")
            .mx_end(End::Answer)
            .mx_state("none")
            .code(codes::MX_NONE),
    ]
}

/// Policies that no record announces. What has no record has no policy host either, unless a case says otherwise.
fn unannounced() -> Vec<Case> {
    let bare = |name, about| {
        let case = case(name, about).sts_end(End::Nxdomain).no_record().code(codes::STS_RECORD_ABSENT);
        case.site(|site| (site.host_a, site.host_aaaa) = (Reply::records(vec![Place::Own]), Reply::end(End::Answer)))
    };
    vec![
        bare("unannounced", "A policy, and no record.").code(codes::STS_POLICY_WITHOUT_RECORD),
        bare("unannounced-page", "A web page in place of a policy, and no record.").body(PAGE),
        bare("unannounced-expired", "A policy behind a certificate that has expired, and no record.").certificate(Shape::Expired),
        bare("unannounced-wildcard", "A web server that answers for every name.")
            .host_at(places::provider(2))
            .neighbour(Neighbour { a: Reply::records(vec![places::provider(2)]), ..Neighbour::new("*") }),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [wrong_places(), keys(), addresses(), receivers(), subdomains(), unannounced()].concat()
}
