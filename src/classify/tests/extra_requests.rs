//! What a scan that looked around adds: policies in wrong places, addresses that differ, weak keys, receivers, parents.

use crate::evidence::{CertificateFault, Connection, FetchError, FetchFault, FetchStage, Outcome, ReceiverLookup};

use super::super::codes;
use super::{POLICY, Row, Scene, answer, txt};

const RIGHT: &str = "https://mta-sts.example.com/.well-known/mta-sts.txt";
const PLAIN: &str = "http://mta-sts.example.com/.well-known/mta-sts.txt";
const WRONG: &str = "https://mta-sts.example.com/mta-sts.txt";
const OTHER: &str = "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n";

/// A connection that brought this body, whose hash is the body itself.
fn brought(url: &str, address: &str, body: &str) -> Connection {
    Connection {
        headers: Vec::new(),
        url: url.to_owned(),
        address: Some(address.parse().unwrap()),
        certificate_faults: url.starts_with("https").then(Vec::new),
        status: Some(200),
        body: Some(body.as_bytes().to_vec()),
        body_sha256: Some(body.to_owned()),
        total_ms: 1,
        error: None,
        second_hello: None,
    }
}

fn failed(url: &str, address: &str, fault: FetchFault) -> Connection {
    let error = FetchError::new(FetchStage::Connect, fault, "");
    Connection { status: None, body: None, certificate_faults: None, error: Some(error), ..brought(url, address, "") }
}

fn further(scene: Scene, connections: Vec<Connection>) -> Scene {
    scene.fetch(|f| f.body_sha256 = Some(POLICY.to_owned())).change(|e| e.extra_requests = connections)
}

pub(super) fn places() -> Vec<Row> {
    let missing = || Scene::new().status(404);
    let lost = &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_NOT_FOUND];
    let page = "<html></html>";
    let expired = Connection { certificate_faults: Some(vec![CertificateFault::Expired]), ..brought(WRONG, "192.0.2.1", POLICY) };
    let cut = Connection { status: Some(404), ..brought(PLAIN, "192.0.2.1", POLICY) };
    vec![
        (
            "plain HTTP",
            further(missing(), vec![brought(PLAIN, "192.0.2.1", POLICY)]),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_NOT_FOUND, codes::STS_FETCH_HTTP_ONLY],
        ),
        (
            "another path",
            further(missing(), vec![brought(WRONG, "192.0.2.1", POLICY)]),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_NOT_FOUND, codes::STS_FETCH_WRONG_PATH],
        ),
        ("web pages", further(missing(), vec![brought(PLAIN, "192.0.2.1", page), brought(WRONG, "192.0.2.1", page)]), lost),
        ("another path, not trusted", further(missing(), vec![expired]), lost),
        ("plain HTTP, not found", further(missing(), vec![cut]), lost),
        ("plain HTTP beside the right place", further(Scene::new(), vec![brought(PLAIN, "192.0.2.1", POLICY)]), &[]),
    ]
}

pub(super) fn addresses() -> Vec<Row> {
    let of = |connections| further(Scene::new(), connections);
    vec![
        ("the same", of(vec![brought(RIGHT, "192.0.2.2", POLICY), brought(RIGHT, "2001:db8::1", POLICY)]), &[]),
        ("another policy", of(vec![brought(RIGHT, "192.0.2.2", OTHER)]), &[codes::STS_HOST_ADDRESS_MISMATCH]),
        ("another policy over IPv6", of(vec![brought(RIGHT, "2001:db8::1", OTHER)]), &[codes::STS_HOST_ADDRESS_FAMILY_MISMATCH]),
        ("none over IPv6", of(vec![failed(RIGHT, "2001:db8::1", FetchFault::Refused)]), &[codes::STS_HOST_ADDRESS_FAMILY_MISMATCH]),
        ("none in time over IPv6", of(vec![failed(RIGHT, "2001:db8::1", FetchFault::Timeout)]), &[]),
        ("no IPv6 here", of(vec![failed(RIGHT, "2001:db8::1", FetchFault::Local)]), &[]),
        (
            "none anywhere",
            further(Scene::new().status(404), vec![failed(RIGHT, "192.0.2.2", FetchFault::Refused)]),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_NOT_FOUND],
        ),
        (
            "nothing to compare with",
            further(Scene::new().status(503), vec![brought(RIGHT, "192.0.2.2", OTHER)]),
            &[codes::STS_FETCH_SERVER_ERROR],
        ),
        (
            "one in common",
            of(vec![brought(RIGHT, "192.0.2.2", OTHER), brought(RIGHT, "2001:db8::1", OTHER)]),
            &[codes::STS_HOST_ADDRESS_MISMATCH],
        ),
    ]
}

pub(super) fn keys() -> Vec<Row> {
    let key = |kind: &'static str, bits| {
        Scene::new().fetch(move |f| {
            let certificate = f.certificate.as_mut().unwrap();
            (certificate.key_type, certificate.key_bits) = (Some(kind.to_owned()), Some(bits));
        })
    };
    let signed = |algorithm: &'static str| {
        Scene::new().fetch(move |f| f.certificate.as_mut().unwrap().signature_algorithm = Some(algorithm.to_owned()))
    };
    let refused = key("RSA", 1024).change(|e| {
        let fetch = e.fetch.as_mut().unwrap();
        (fetch.status, fetch.body) = (None, None);
        fetch.error = Some(FetchError::new(FetchStage::Tls, FetchFault::TlsProtocol, "bad signature"));
    });
    vec![
        ("short", key("RSA", 2047), &[codes::STS_FETCH_TLS_WEAK]),
        ("long enough", key("RSA", 2048), &[]),
        ("a curve", key("EC", 256), &[]),
        ("a short curve", key("EC", 192), &[codes::STS_FETCH_TLS_WEAK]),
        ("short, and refused by the library", refused, &[codes::STS_FETCH_TLS_WEAK]),
        ("SHA-1", signed("sha1WithRSAEncryption"), &[codes::STS_FETCH_TLS_WEAK]),
        ("SHA-512", signed("sha512WithRSAEncryption"), &[]),
        ("not known", signed("1.2.3"), &[]),
    ]
}

pub(super) fn endpoint(connection: Option<Connection>) -> Scene {
    let host = "reports.example.com".to_owned();
    let a = Some(answer(&host, vec!["192.0.2.9".parse().unwrap()]));
    let receiver = ReceiverLookup { mx: None, a, aaaa: Some(answer(&host, Vec::new())), host, connection };
    Scene::new().tlsrpt(&["v=TLSRPTv1; rua=https://reports.example.com/t"]).change(|e| e.rua_hosts = vec![receiver])
}

const RECEIVER: &str = "https://reports.example.com";

/// What a handshake with the receiver of [`endpoint`] leaves.
pub(super) fn handshake() -> Connection {
    Connection { status: None, body: None, ..brought(RECEIVER, "192.0.2.9", "") }
}

pub(super) fn receivers() -> Vec<Row> {
    let shaken = |faults: &[CertificateFault]| endpoint(Some(Connection { certificate_faults: Some(faults.to_vec()), ..handshake() }));
    let no_address = endpoint(None).change(|e| e.rua_hosts[0].a = Some(answer("reports.example.com", Vec::new())));
    let unknown = endpoint(None).change(|e| {
        e.rua_hosts[0].a = Some(crate::evidence::Lookup::unsent("reports.example.com".to_owned(), Outcome::Servfail));
    });
    vec![
        ("fine", shaken(&[]), &[]),
        ("not asked", endpoint(None), &[]),
        ("expired", shaken(&[CertificateFault::Expired]), &[codes::TLSRPT_HTTPS_CERT_INVALID]),
        ("refused", endpoint(Some(failed(RECEIVER, "192.0.2.9", FetchFault::Refused))), &[codes::TLSRPT_HTTPS_ENDPOINT_ERROR]),
        ("silent", endpoint(Some(failed(RECEIVER, "192.0.2.9", FetchFault::Timeout))), &[]),
        ("opted out", endpoint(Some(failed(RECEIVER, "192.0.2.9", FetchFault::Excluded))), &[]),
        ("no address", no_address, &[codes::TLSRPT_HTTPS_ENDPOINT_ERROR]),
        ("address not known", unknown, &[]),
    ]
}

pub(super) fn parents() -> Vec<Row> {
    let below = |record: &[&str]| {
        let scene = Scene::of("mail.example.com").no_sts();
        let lookup = answer("_mta-sts.example.com", txt(record));
        scene.change(|e| e.stray_records = vec![lookup])
    };
    let bare = &[codes::STS_RECORD_ABSENT, codes::TLSRPT_WITHOUT_STS_OR_DANE];
    let record: &[&str] = &["v=STSv1; id=1;"];
    vec![
        ("with a record", below(record), &[codes::STS_RECORD_ABSENT, codes::STS_SUBDOMAIN_UNCOVERED, codes::TLSRPT_WITHOUT_STS_OR_DANE]),
        ("without one", below(&["v=spf1 -all"]), bare),
        ("with two", below(&["v=STSv1; id=1;", "v=STSv1; id=2;"]), bare),
        ("with a bad one", below(&["v=STSv1; id=-;"]), bare),
        (
            "of a subdomain without MX",
            below(record).mx(&[]),
            &[codes::STS_RECORD_ABSENT, codes::MX_NONE, codes::TLSRPT_WITHOUT_STS_OR_DANE],
        ),
    ]
}

pub(super) fn unannounced() -> Vec<Row> {
    let bare = || Scene::new().no_sts();
    let of = |scene: Scene, connection| scene.change(|e| e.extra_requests = vec![connection]);
    let expected = &[codes::STS_RECORD_ABSENT, codes::STS_POLICY_WITHOUT_RECORD, codes::TLSRPT_WITHOUT_STS_OR_DANE];
    let nothing = &[codes::STS_RECORD_ABSENT, codes::TLSRPT_WITHOUT_STS_OR_DANE];
    vec![
        ("served", of(bare(), brought(RIGHT, "192.0.2.1", POLICY)), expected),
        ("a web page", of(bare(), brought(RIGHT, "192.0.2.1", "<html></html>")), nothing),
        ("refused", of(bare(), failed(RIGHT, "192.0.2.1", FetchFault::Refused)), nothing),
        (
            "record not known",
            of(Scene::new().sts_outcome(Outcome::Servfail).unfetched(), brought(RIGHT, "192.0.2.1", POLICY)),
            &[codes::STS_RECORD_DNS_ERROR],
        ),
    ]
}

#[test]
fn what_a_scan_sees_that_looks_around() {
    for table in [places(), addresses(), keys(), receivers(), parents(), unannounced()] {
        super::check(&table);
    }
}
