//! Handshakes that failed, by what a second hello saw: only what no sender's library overcomes is a fault of the host.

use crate::evidence::{CertificateFault, Connection, FetchError, FetchFault, FetchStage, SecondHello, TlsVersion};

use super::super::assessment::{Delivery, PolicyStage, Posture};
use super::super::codes;
use super::super::rule::Severity;
use super::{Scene, extra_requests};
use crate::classify::Code;

const LOST: Code = codes::STS_RECORD_WITHOUT_POLICY;
const WEAK: Code = codes::STS_FETCH_TLS_WEAK;
const TLS12: Code = codes::STS_FETCH_TLS12_ONLY;

/// The handshake failed so, and this came of the second hello.
fn asked_again(fault: FetchFault, hello: SecondHello) -> Scene {
    Scene::new().error(FetchStage::Tls, fault).fetch(|f| f.second_hello = Some(hello))
}

fn chosen(version: TlsVersion, cipher: &str, key_exchange: &str) -> SecondHello {
    let (cipher, key_exchange) = (Some(cipher.to_owned()), Some(key_exchange.to_owned()));
    SecondHello { version: Some(version), cipher, key_exchange, ..SecondHello::default() }
}

fn refused(fault: FetchFault) -> SecondHello {
    SecondHello { error: Some(FetchError::new(FetchStage::Tls, fault, "words")), ..SecondHello::default() }
}

/// With the certificate of the good scene, or one with these faults.
fn showing(hello: SecondHello, faults: &[CertificateFault]) -> SecondHello {
    let mut certificate = Scene::new().0.fetch.unwrap().certificate;
    certificate.as_mut().unwrap().faults = faults.to_vec();
    SecondHello { certificate, ..hello }
}

#[track_caller]
fn assert_judged(name: &str, scene: &Scene, stage: PolicyStage, posture: Posture, expected: &[Code]) {
    let judged = scene.judge();
    let delivery = if posture == Posture::Unknown { Delivery::Unknown } else { Delivery::Opportunistic };
    assert_eq!((judged.policy_stage, judged.posture), (Some(stage), posture), "{name}: {:?}", judged.findings);
    assert_eq!((judged.delivery, judged.delivery_lenient), (delivery, delivery), "{name}");
    assert_eq!(scene.codes(), expected, "{name}");
}

#[test]
fn what_a_second_hello_sees_decides() {
    use CertificateFault as Bad;
    use FetchFault as Fault;
    use Posture::{Broken, Unknown};
    let cbc = || chosen(TlsVersion::Tls12, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "x25519");
    let today = || chosen(TlsVersion::Tls12, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "secp521r1");
    let old = || chosen(TlsVersion::Tls11, "TLS_RSA_WITH_AES_128_CBC_SHA", "rsa");
    let cases: Vec<(&str, SecondHello, Posture, &[Code])> = vec![
        ("CBC alone", cbc(), Unknown, &[WEAK, TLS12]),
        ("DHE alone", chosen(TlsVersion::Tls12, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "dh-2048"), Unknown, &[WEAK, TLS12]),
        ("RSA alone", chosen(TlsVersion::Tls12, "TLS_RSA_WITH_AES_128_GCM_SHA256", "rsa"), Unknown, &[WEAK, TLS12]),
        ("a number", chosen(TlsVersion::Tls12, "0xC0FF", "x25519"), Unknown, &[WEAK, TLS12]),
        ("CBC, and a sound certificate", showing(cbc(), &[]), Unknown, &[WEAK, TLS12]),
        ("CBC, and an expired certificate", showing(cbc(), &[Bad::Expired]), Broken, &[LOST, WEAK, TLS12, codes::STS_FETCH_CERT_EXPIRED]),
        ("CBC, and one that we cannot read", showing(cbc(), &[Bad::Unsupported]), Unknown, &[WEAK, codes::STS_FETCH_TLS_UNVERIFIED, TLS12]),
        ("another group", today(), Unknown, &[codes::STS_FETCH_TLS_UNVERIFIED, TLS12]),
        (
            "CCM",
            chosen(TlsVersion::Tls12, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "x25519"),
            Unknown,
            &[codes::STS_FETCH_TLS_UNVERIFIED, TLS12],
        ),
        (
            "another group of TLS 1.3",
            chosen(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256", "ffdhe2048"),
            Unknown,
            &[codes::STS_FETCH_TLS_UNVERIFIED],
        ),
        ("another name", showing(today(), &[Bad::NameMismatch]), Broken, &[LOST, TLS12, codes::STS_FETCH_CERT_NAME_MISMATCH]),
        ("an old version", old(), Broken, &[LOST, codes::STS_FETCH_TLS_OLD]),
        ("an old version, and a sound certificate", showing(old(), &[]), Broken, &[LOST, codes::STS_FETCH_TLS_OLD]),
        ("no again", refused(Fault::TlsAlert), Broken, &[LOST, codes::STS_FETCH_TLS_ALERT]),
        ("no TLS", refused(Fault::TlsProtocol), Broken, &[LOST, codes::STS_FETCH_TLS_ALERT]),
        ("closed without a word", refused(Fault::Reset), Broken, &[LOST, codes::STS_FETCH_TLS_ALERT]),
        ("no answer", refused(Fault::Timeout), Unknown, &[codes::STS_FETCH_TLS_UNVERIFIED]),
        ("a fault of ours", refused(Fault::Local), Unknown, &[codes::STS_FETCH_TLS_UNVERIFIED]),
        ("no second connection", refused(Fault::Refused), Unknown, &[codes::STS_FETCH_TLS_UNVERIFIED]),
    ];
    for (name, hello, posture, expected) in cases {
        assert_judged(name, &asked_again(Fault::TlsAlert, hello), PolicyStage::Tls, posture, expected);
    }
}

#[test]
fn a_reset_is_one_only_where_the_second_hello_fares_no_better() {
    let reset = |hello| asked_again(FetchFault::Reset, hello);
    let found = chosen(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256", "secp521r1");
    assert_judged("found", &reset(found), PolicyStage::Tls, Posture::Unknown, &[codes::STS_FETCH_TLS_UNVERIFIED]);
    let lost = [LOST, codes::STS_FETCH_CONNECT_RESET];
    assert_judged("reset again", &reset(refused(FetchFault::Reset)), PolicyStage::Tcp, Posture::Broken, &lost);
}

#[test]
fn weak_suites_weigh_more_where_there_is_nothing_else() {
    let scene = asked_again(FetchFault::TlsAlert, chosen(TlsVersion::Tls12, "TLS_RSA_WITH_AES_128_CBC_SHA", "rsa"));
    let judged = scene.judge();
    let weak = judged.findings.iter().find(|finding| finding.code == codes::STS_FETCH_TLS_WEAK).unwrap();
    assert_eq!(weak.severity, Severity::Medium);
    assert!(weak.detail.contains("TLSv1.2, TLS_RSA_WITH_AES_128_CBC_SHA, rsa"), "{}", weak.detail);
    assert_eq!(judged.worst(), Some(Severity::Medium));
}

#[test]
fn keys_that_our_library_cannot_verify_are_no_faults() {
    let key = |kind: &'static str, bits, fault| {
        Scene::new().fetch(move |f| {
            let certificate = f.certificate.as_mut().unwrap();
            (certificate.key_type, certificate.key_bits) = (Some(kind.to_owned()), Some(bits));
            (f.status, f.body) = (None, None);
            f.error = Some(FetchError::new(FetchStage::Tls, fault, "bad signature"));
        })
    };
    let (tls, unknown) = (PolicyStage::Tls, Posture::Unknown);
    let unverified = [codes::STS_FETCH_TLS_UNVERIFIED];
    assert_judged("long", &key("RSA", 16_384, FetchFault::TlsUnsupported), tls, unknown, &unverified);
    assert_judged("Ed448", &key("Ed448", 456, FetchFault::TlsUnsupported), tls, unknown, &unverified);
    assert_judged("short", &key("RSA", 1024, FetchFault::TlsUnsupported), tls, unknown, &[codes::STS_FETCH_TLS_WEAK]);
    let forged = [LOST, codes::STS_FETCH_TLS_ALERT];
    assert_judged("forged", &key("RSA", 2048, FetchFault::TlsProtocol), tls, Posture::Broken, &forged);
    let expired = key("RSA", 16_384, FetchFault::TlsUnsupported).certificate(&[CertificateFault::Expired]);
    let codes = [LOST, codes::STS_FETCH_TLS_UNVERIFIED, codes::STS_FETCH_CERT_EXPIRED];
    assert_judged("long and expired", &expired, tls, Posture::Broken, &codes);
}

#[test]
fn a_chain_that_our_library_cannot_verify_is_no_fault() {
    let faults = |faults: &[CertificateFault]| Scene::new().certificate(faults);
    let unverified = [codes::STS_FETCH_TLS_UNVERIFIED];
    assert_judged("alone", &faults(&[CertificateFault::Unsupported]), PolicyStage::Tls, Posture::Unknown, &unverified);
    let both = [CertificateFault::NameMismatch, CertificateFault::Unsupported];
    let codes = [LOST, codes::STS_FETCH_TLS_UNVERIFIED, codes::STS_FETCH_CERT_NAME_MISMATCH];
    assert_judged("beside a fault", &faults(&both), PolicyStage::Tls, Posture::Broken, &codes);
}

#[test]
fn addresses_that_were_not_tried_might_have_answered() {
    let scene = |found: &[&str], tried: usize| {
        let found: Vec<std::net::IpAddr> = found.iter().map(|address| address.parse().unwrap()).collect();
        Scene::new().error(FetchStage::Connect, FetchFault::Refused).fetch(|f| {
            f.address = None;
            f.tried = found[..tried].to_vec();
            f.addresses = found;
        })
    };
    let refused = [LOST, codes::STS_FETCH_CONNECT_REFUSED];
    let tcp = PolicyStage::Tcp;
    assert_judged("all", &scene(&["8.8.8.8", "9.9.9.9"], 2), tcp, Posture::Broken, &refused);
    let open = scene(&["8.8.8.8", "9.9.9.9", "1.1.1.1"], 1);
    assert_judged("one of three", &open, tcp, Posture::Unknown, &refused[1..]);
    assert!(open.judge().findings.iter().any(|finding| finding.detail.contains("of which 2 were not tried")));
    assert_judged("but for a private one", &scene(&["8.8.8.8", "10.0.0.1"], 1), tcp, Posture::Broken, &refused);
}

#[test]
fn receivers_of_reports_are_not_blamed_for_our_library() {
    let connection = |hello: Option<SecondHello>, faults: Option<&[CertificateFault]>| Connection {
        certificate_faults: faults.map(<[_]>::to_vec),
        error: faults.is_none().then(|| FetchError::new(FetchStage::Tls, FetchFault::TlsAlert, "alert")),
        second_hello: hello,
        ..extra_requests::handshake()
    };
    let found = || Some(chosen(TlsVersion::Tls12, "TLS_RSA_WITH_AES_128_CBC_SHA", "rsa"));
    let error = [codes::TLSRPT_HTTPS_ENDPOINT_ERROR];
    for (name, connection, expected) in [
        ("no hello", connection(None, None), &error[..]),
        ("no again", connection(Some(refused(FetchFault::TlsAlert)), None), &error),
        ("legacy suites", connection(found(), None), &[]),
        ("a long chain", connection(None, Some(&[CertificateFault::Unsupported])), &[]),
        ("a fault", connection(None, Some(&[CertificateFault::Expired])), &[codes::TLSRPT_HTTPS_CERT_INVALID]),
    ] {
        assert_eq!(extra_requests::endpoint(Some(connection)).codes(), expected, "{name}");
    }
}
