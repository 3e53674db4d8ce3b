//! The lab asked over its own sockets, as a scanner would.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

use crate::classify::codes::{self, Code};

use super::*;

const PATIENCE: Duration = Duration::from_secs(5);

fn zoo() -> Lab {
    Lab::start(Internet::zoo()).unwrap()
}

fn question(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    message.set_edns(edns);
    message.to_vec().unwrap()
}

fn udp(lab: &Lab, name: &str, kind: RecordType) -> Message {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(&question(name, kind), lab.dns_addr()).unwrap();
    let mut response = [0; 2000];
    let length = socket.recv(&mut response).unwrap();
    assert!(length <= 1232, "{length}");
    Message::from_vec(&response[..length]).unwrap()
}

fn tcp(lab: &Lab, name: &str, kind: RecordType) -> Message {
    let mut stream = TcpStream::connect(lab.dns_addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let question = question(name, kind);
    stream.write_all(&[&(question.len() as u16).to_be_bytes(), question.as_slice()].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut response = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut response).unwrap();
    Message::from_vec(&response).unwrap()
}

fn texts(message: &Message) -> Vec<String> {
    let txt = |data: &RData| match data {
        RData::TXT(txt) => Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join("|")),
        _ => None,
    };
    message.answers.iter().filter_map(|record| txt(&record.data)).collect()
}

fn code(message: &Message) -> ResponseCode {
    message.metadata.response_code
}

#[test]
fn dns_answers_as_the_cases_say() {
    let lab = zoo();
    let mx = udp(&lab, "Enforce.TEST.", RecordType::MX);
    assert_eq!((mx.metadata.id, mx.answers.len(), mx.edns.is_some()), (4711, 2, true));
    assert_eq!(mx.queries[0].name().to_ascii(), "Enforce.TEST.", "the case of the letters is given back");
    assert!(mx.answers.iter().all(|record| matches!(&record.data, RData::MX(mx) if mx.exchange.to_ascii().ends_with(".enforce.test."))));
    assert_eq!(texts(&udp(&lab, "_mta-sts.enforce.test.", RecordType::TXT)), ["v=STSv1; id=20240101T000000;"]);
    assert_eq!(
        texts(&udp(&lab, "_smtp._tls.enforce-000017.test.", RecordType::TXT)),
        ["v=TLSRPTv1; rua=mailto:tls-reports@enforce-000017.test"]
    );
    assert_eq!(texts(&udp(&lab, "_mta-sts.record-split.test.", RecordType::TXT)), ["v=STSv1; |id=20240101T000000;"]);
    assert_eq!(udp(&lab, "mta-sts.enforce.test.", RecordType::A).answers.len(), 1);
    let aaaa = udp(&lab, "mta-sts.enforce.test.", RecordType::AAAA);
    assert_eq!((code(&aaaa), aaaa.answers.len()), (ResponseCode::NoError, 0));
    for (name, expected) in [
        ("_mta-sts.nothing.test.", ResponseCode::NXDomain),
        ("_mta-sts.record-servfail.test.", ResponseCode::ServFail),
        ("_mta-sts.record-refused.test.", ResponseCode::Refused),
        ("_mta-sts.record-notimp.test.", ResponseCode::NotImp),
        ("_mta-sts.no-such-case.test.", ResponseCode::NXDomain),
        ("www.example.", ResponseCode::NoError),
    ] {
        assert_eq!(code(&udp(&lab, name, RecordType::TXT)), expected, "{name}");
    }
    let counts = lab.journal().counts();
    assert_eq!((counts.mx, counts.txt, counts.a, counts.aaaa, counts.dns_tcp), (1, 9, 1, 1, 0));
}

#[test]
fn dns_follows_aliases_and_truncates() {
    let lab = zoo();
    let chain = udp(&lab, "_mta-sts.record-cname-chain.test.", RecordType::TXT);
    let owners: Vec<_> = chain.answers.iter().map(|record| record.name.to_ascii()).collect();
    assert_eq!(
        owners,
        [
            "_mta-sts.record-cname-chain.test.",
            "record-cname-chain-test.a.example.",
            "record-cname-chain-test.b.example.",
            "record-cname-chain-test.c.example."
        ]
    );
    let dangling = udp(&lab, "_mta-sts.record-cname-dangling.test.", RecordType::TXT);
    assert_eq!((code(&dangling), dangling.answers.len()), (ResponseCode::NXDomain, 1));
    let cycle = udp(&lab, "_mta-sts.record-cname-loop.test.", RecordType::TXT);
    assert_eq!(
        cycle.answers[1].data.clone(),
        RData::CNAME(hickory_proto::rr::rdata::CNAME(Name::from_ascii("_mta-sts.record-cname-loop.test.").unwrap()))
    );
    for (name, records) in [("_mta-sts.record-over-tcp.test.", 1), ("_mta-sts.record-large.test.", 13)] {
        let short = udp(&lab, name, RecordType::TXT);
        assert!(short.metadata.truncation && short.answers.is_empty(), "{name}");
        assert_eq!(tcp(&lab, name, RecordType::TXT).answers.len(), records, "{name}");
    }
    let null = udp(&lab, "null-mx.test.", RecordType::MX);
    assert!(matches!(&null.answers[0].data, RData::MX(mx) if mx.exchange.is_root()));
}

#[test]
fn silence_and_nonsense_hold_nobody_up() {
    let lab = zoo();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(&[1, 2, 3], lab.dns_addr()).unwrap();
    socket.send_to(&question("_mta-sts.record-silence.test.", RecordType::TXT), lab.dns_addr()).unwrap();
    socket.send_to(&question("_mta-sts.record-malformed.test.", RecordType::TXT), lab.dns_addr()).unwrap();
    let mut response = [0; 2000];
    let length = socket.recv(&mut response).unwrap();
    assert!(Message::from_vec(&response[..length]).is_err(), "the malformed answer is the first to come");
}

/// What a client of its own sees of a policy host.
struct Seen {
    chain: usize,
    version: Option<rustls::ProtocolVersion>,
    response: String,
}

/// Trusts everything, so that the exchange goes on.
#[derive(Debug)]
struct Credulous;

impl rustls::client::danger::ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn client(lab: &Lab, credulous: bool) -> Arc<rustls::ClientConfig> {
    use rustls::pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(lab.ca_pem().as_bytes()).unwrap()).unwrap();
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    if credulous {
        config.dangerous().set_certificate_verifier(Arc::new(Credulous));
    }
    Arc::new(config)
}

/// One exchange with the policy host of a case, over blocking sockets.
fn fetch(lab: &Lab, config: &Arc<rustls::ClientConfig>, domain: &str) -> Result<Seen, std::io::Error> {
    let host = format!("mta-sts.{domain}");
    let answer = udp(lab, &format!("{host}."), RecordType::A);
    let address = answer.answers.iter().find_map(|record| match &record.data {
        RData::A(a) => Some(IpAddr::V4(a.0)),
        _ => None,
    });
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address.unwrap(), lab.https_port()), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut tls = rustls::ClientConnection::new(Arc::clone(config), host.clone().try_into().unwrap()).unwrap();
    let mut response = Vec::new();
    let mut session = rustls::Stream::new(&mut tls, &mut stream);
    session.write_all(format!("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\n\r\n").as_bytes())?;
    let mut part = [0; 8192];
    loop {
        match session.read(&mut part) {
            Ok(0) => break,
            Ok(length) => response.extend_from_slice(&part[..length]),
            Err(error) => return Err(error),
        }
        if response.len() > 200_000 {
            break;
        }
    }
    let chain = tls.peer_certificates().map_or(0, <[_]>::len);
    Ok(Seen { chain, version: tls.protocol_version(), response: String::from_utf8_lossy(&response).into_owned() })
}

#[test]
fn good_policies_are_served_over_trusted_tls() {
    let lab = zoo();
    let strict = client(&lab, false);
    let seen = fetch(&lab, &strict, "enforce.test").unwrap();
    assert_eq!((seen.chain, seen.version), (2, Some(rustls::ProtocolVersion::TLSv1_3)));
    let body = "version: STSv1\r\nmode: enforce\r\nmx: mx1.enforce.test\r\nmx: mx2.enforce.test\r\nmax_age: 2592000\r\n";
    assert!(
        seen.response.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n") && seen.response.ends_with(body),
        "{}",
        seen.response
    );
    for domain in ["cert-wildcard.test", "cert-many-names.test", "cert-expiring.test", "enforce-000099.test"] {
        assert!(fetch(&lab, &strict, domain).unwrap().response.starts_with("HTTP/1.1 200"), "{domain}");
    }
    assert_eq!(fetch(&lab, &strict, "tls12.test").unwrap().version, Some(rustls::ProtocolVersion::TLSv1_2));
    let requests = lab.journal().requests();
    assert_eq!(requests.len(), 6);
    assert_eq!((requests[0].path.as_str(), requests[0].header("user-agent")), ("/.well-known/mta-sts.txt", Some("test")));
    assert_eq!(lab.journal().counts().connections.values().sum::<u64>(), 6);
}

#[test]
fn bad_certificates_are_bad_in_their_own_way() {
    let lab = zoo();
    let (strict, credulous) = (client(&lab, false), client(&lab, true));
    for (domain, words, chain) in [
        ("cert-name-mismatch.test", "NotValidForName", 2),
        ("cert-wildcard-too-short.test", "NotValidForName", 2),
        ("cert-no-san.test", "NotValidForName", 2),
        ("cert-expired.test", "Expired", 2),
        ("cert-not-yet-valid.test", "NotValidYet", 2),
        ("cert-self-signed.test", "UnknownIssuer", 1),
        ("cert-untrusted.test", "UnknownIssuer", 2),
        ("cert-incomplete-chain.test", "UnknownIssuer", 1),
    ] {
        let error = format!("{:?}", fetch(&lab, &strict, domain).err().unwrap());
        assert!(error.contains(words), "{domain}: {error}");
        assert_eq!(fetch(&lab, &credulous, domain).unwrap().chain, chain, "{domain}");
    }
}

#[test]
fn handshakes_and_bodies_go_wrong_as_the_cases_say() {
    let lab = zoo();
    let strict = client(&lab, false);
    for (domain, words) in [
        ("tls-old.test", "ProtocolVersion"),
        ("tls-old-hello.test", "PeerIncompatible"),
        ("sni-unprovisioned.test", "UnrecognisedName"),
        ("tls-alert.test", "InternalError"),
        ("plain-http.test", "InvalidMessage"),
        ("connect-refused.test", "ConnectionRefused"),
        ("connect-reset.test", "ConnectionReset"),
        ("body-reset.test", "ConnectionReset"),
    ] {
        let error = format!("{:?} {:?}", fetch(&lab, &strict, domain).err().unwrap(), fetch(&lab, &strict, domain).err().unwrap().kind());
        assert!(error.contains(words), "{domain}: {error}");
    }
    for (domain, words) in [
        (
            "redirect-301.test",
            "HTTP/1.1 301 Moved Permanently\r\nContent-Type: text/plain\r\nLocation: https://www.redirect-301.test/.well-known/mta-sts.txt\r\n",
        ),
        ("http10.test", "HTTP/1.0 200 OK\r\n"),
        ("not-http.test", "220 mail.not-http.test ESMTP ready\r\n"),
        ("status-204.test", "HTTP/1.1 204 "),
    ] {
        let response = fetch(&lab, &strict, domain).unwrap().response;
        assert!(response.starts_with(words), "{domain}: {response}");
    }
    assert!(fetch(&lab, &strict, "chunked.test").unwrap().response.ends_with("\r\n0\r\n\r\n"));
    assert!(fetch(&lab, &strict, "chunked-endless.test").unwrap().response.len() > 200_000);
    let body = |response: &str| response.split_once("\r\n\r\n").unwrap().1.len();
    assert_eq!(body(&fetch(&lab, &strict, "policy-64-kb-000007.test").unwrap().response), 65_536);
    assert_eq!(body(&fetch(&lab, &strict, "policy-over-64-kb.test").unwrap().response), 65_537);
}

/// What is broken has one of its codes to fix first, nothing else has.
fn assert_cause(truth: &Truth) {
    let broken = truth.posture == Expected::Is("broken");
    let named = truth.codes.iter().any(|code| truth.cause == Expected::Is(code.as_str()));
    assert!(if broken { named } else { truth.cause == Expected::Null }, "{}: {:?}", truth.case, truth.cause);
}

#[test]
fn every_case_is_named_once_and_speaks_of_known_codes() {
    let (mut names, spoken) = (BTreeSet::new(), spoken_codes().collect::<BTreeSet<_>>());
    for case in cases() {
        assert!(names.insert(case.name), "{} twice", case.name);
        assert!(crate::name::Domain::from_a_labels(&format!("{}-000001.test", case.name)).is_some(), "{}", case.name);
        assert!(case.about.ends_with('.'), "{}", case.name);
        assert!(case.truth.codes.is_sorted(), "{}", case.name);
        assert_cause(&case.truth);
        for code in &case.truth.codes {
            assert!(spoken.contains(code), "{}: {code}", case.name);
        }
    }
    assert!(names.len() >= 150, "{}", names.len());
}

/// Codes without a case, and why the lab cannot show them.
const WITHOUT_CASE: &[Code] = &[
    codes::STS_HOST_PRIVATE_ADDRESS, // A scan of the lab has to allow private addresses.
    codes::MX_INTERCEPTED,           // It takes a whole network that redirects.
];

#[test]
fn every_code_has_a_case() {
    let shown: BTreeSet<_> = cases().iter().flat_map(|case| case.truth_when(Asked::ALL).codes).collect();
    let missing: Vec<_> = spoken_codes().filter(|code| !shown.contains(code)).collect();
    assert_eq!(missing, WITHOUT_CASE);
}

#[test]
fn every_code_has_a_near_miss() {
    let spoken: BTreeSet<Code> = spoken_codes().collect();
    let near: Vec<_> = cases().iter().flat_map(|case| case.near.iter().map(move |code| (*code, case))).collect();
    for (code, case) in &near {
        assert!(spoken.contains(code) && !case.truth_when(Asked::ALL).codes.contains(code), "{} is no near miss of {code}", case.name);
    }
    let missed: BTreeSet<_> = near.iter().map(|(code, _)| *code).collect();
    let missing: Vec<_> = spoken_codes().filter(|code| !missed.contains(code)).collect();
    assert_eq!(missing, WITHOUT_CASE, "declare the case that comes closest to it in src/lab/zoo/near.rs");
}

#[test]
fn the_zoo_repeats_evenly() {
    let internet = Internet::zoo().with_names(Some(cases().len() as u64 * 3));
    let mut count: HashMap<&str, u32> = HashMap::new();
    for name in internet.names() {
        *count.entry(internet.truth(&name).unwrap().case).or_default() += 1;
    }
    assert!(count.values().all(|&times| (3..=4).contains(&times)), "{count:?}");
    assert_eq!(internet.truth("no-such-case.test"), None);
    assert_eq!(internet.truth("max-age-one-day-00001.test"), None, "five digits are no number of the zoo");
}

fn census(seed: u64) -> Internet {
    Internet::census(seed)
}

#[test]
fn a_census_has_the_shares_of_the_wild() {
    let internet = census(1);
    let names: BTreeSet<String> = internet.names().collect();
    assert_eq!(names.len(), 10_000);
    let share =
        |wanted: &dyn Fn(&Truth) -> bool| names.iter().filter(|name| internet.truth(name).is_some_and(|truth| wanted(&truth))).count();
    let adopted = share(&|truth| truth.policy_stage != Expected::Null);
    assert!((120..=260).contains(&adopted), "{adopted}");
    let retrieved = share(&|truth| truth.policy_stage == Expected::Is("ok"));
    assert!((60..=85).contains(&(retrieved * 100 / adopted)), "{retrieved} of {adopted}");
    let nowhere = share(&|truth| truth.mx_state == Expected::Is("nxdomain"));
    assert!((300..=500).contains(&nowhere), "{nowhere}");
    let failing = share(&|truth| truth.sts_state == Expected::Is("unknown"));
    assert!((10..=80).contains(&failing), "{failing}");
    let spoken: BTreeSet<Code> = spoken_codes().collect();
    for name in &names {
        let truth = internet.truth(name).unwrap();
        assert!(truth.codes.iter().all(|code| spoken.contains(code)), "{name}: {:?}", truth.codes);
        assert_cause(&truth);
    }
}

#[test]
fn mail_servers_of_a_census_have_the_shares_of_the_wild() {
    let internet = census(1);
    let truths: Vec<Truth> = internet.names().map(|name| internet.truth_when(&name, Asked::ALL).unwrap()).collect();
    let share = |of: &dyn Fn(&&Truth) -> bool, so: &dyn Fn(&Truth) -> bool| {
        let whole: Vec<&Truth> = truths.iter().filter(of).collect();
        let part = whole.iter().filter(|truth| so(truth)).count();
        part as f64 / whole.len() as f64
    };
    let asked = |truth: &&Truth| matches!(truth.mx_tls, Expected::Is(_));
    // Who runs a server of one's own has no STARTTLS, or no good certificate, in half of all cases.
    let bad = share(&asked, &|truth| truth.mx_tls == Expected::Is("none"));
    assert!((0.15..0.35).contains(&bad), "{bad}");
    let clear = share(&asked, &|truth| truth.codes.contains(&codes::MX_NO_STARTTLS));
    assert!((0.01..0.06).contains(&clear), "{clear}");
    let signed = share(&asked, &|truth| truth.mx_dnssec == Expected::Is("secure"));
    assert!((0.05..0.08).contains(&signed), "{signed}");
    let with_dane = share(&|truth| truth.mx_dnssec == Expected::Is("secure"), &|truth| truth.dane_state == Expected::Is("valid"));
    assert!((0.05..0.25).contains(&with_dane), "{with_dane}");
    let unasked = internet.truth(&internet.names().next().unwrap()).unwrap();
    assert_eq!((unasked.mx_tls, unasked.dane_state), (Expected::Null, Expected::Null), "nobody asks them by default");
}

#[test]
fn the_seed_decides() {
    let truths = |seed| census(seed).names().take(3000).map(|name| census_truth(seed, &name)).collect::<Vec<_>>();
    fn census_truth(seed: u64, name: &str) -> (String, Truth) {
        thread_local!(static WORLDS: std::cell::RefCell<HashMap<u64, Internet>> = std::cell::RefCell::default());
        WORLDS.with(|worlds| (name.to_owned(), worlds.borrow_mut().entry(seed).or_insert_with(|| census(seed)).truth(name).unwrap()))
    }
    assert_eq!(truths(7), truths(7));
    assert_ne!(truths(7), truths(8));
}

#[test]
fn a_world_can_be_written_down() {
    let dir = tempfile::tempdir().unwrap();
    Internet::zoo().write(dir.path()).unwrap();
    let list = std::fs::read_to_string(dir.path().join("names.txt")).unwrap();
    let truth = std::fs::read_to_string(dir.path().join("truth.jsonl")).unwrap();
    assert_eq!(list.lines().count(), truth.lines().count());
    let nothing = truth.lines().find(|line| line.contains("\"case\":\"nothing\"")).unwrap();
    assert_eq!(
        nothing,
        r#"{"domain":"nothing.test","case":"nothing","findings":["sts-record-absent","tlsrpt-absent","dnssec-absent"],"mx_state":"present","sts_state":"absent","policy_stage":null,"tlsrpt_state":"absent","posture":"absent","delivery":"opportunistic","delivery_lenient":"opportunistic","mx_coverage":null,"mismatch":null,"mx_tls":"all","mx_dnssec":"insecure","dane_state":"absent","delivery_dane":"opportunistic","cause":null}"#
    );
}

proptest::proptest! {
    #[test]
    fn hostile_messages_get_small_answers_or_none(message in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..300)) {
        thread_local!(static WORLD: Internet = census(1));
        let mut out = Vec::new();
        let answered = WORLD.with(|world| answer::answer(world, &message, answer::Transport::Udp, answer::Speaker::Resolver, &mut answer::Scratch::default(), &mut out));
        proptest::prop_assert!(!answered.send || out.len() <= 1232);
    }
}
