//! Scans by a resolver that validates, or does not, played on loopback: what is asked for DANE, and what the dataset says of it.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use harness::{expect, stderr, stdout};
use hickory_proto::op::{Edns, Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::rdata::tlsa::{CertUsage, Matching, Selector};
use hickory_proto::rr::rdata::{A, CNAME, MX, NS, SOA, TLSA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use stscan::dataset::{EvidenceColumns, Manifest, Reader};
use stscan::evidence::{Evidence, HostLookup, MxAsked, Outcome};

/// What each domain of `.test` shows, with an MX host `mx` of its own; only `adopter` has an MTA-STS record, and all but `insecure` are signed.
const DOMAINS: [&str; 9] = ["adopter", "secure", "insecure", "bogus", "mx-bogus", "notimp", "servfail", "alias", "implicit"];

/// A resolver on loopback.
struct Resolver {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Resolver {
    fn start(validates: bool) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (socket.local_addr().unwrap().to_string(), Arc::<Mutex<Vec<String>>>::default());
        let journal = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                let query = Message::from_vec(&buffer[..length]).unwrap();
                let checking = !query.metadata.checking_disabled;
                let question = &query.queries[0];
                let (name, kind) = (question.name().to_ascii().to_ascii_lowercase(), question.query_type());
                journal.lock().unwrap().push(format!("{name} {kind}{}", if checking { "" } else { " CD" }));
                let reply = reply(&query, &name, kind, validates && checking);
                socket.send_to(&reply.to_vec().unwrap(), peer).unwrap();
            }
        });
        Self { address, asked }
    }

    /// The questions since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// How an answer is signed.
#[derive(Clone, Copy, PartialEq)]
enum Signed {
    Right,
    Not,
    Wrong,
}

fn reply(query: &Message, name: &str, kind: RecordType, validates: bool) -> Message {
    let mut reply = Message::response(query.metadata.id, OpCode::Query);
    reply.add_query(query.queries[0].clone());
    (reply.metadata.recursion_desired, reply.metadata.recursion_available) = (true, true);
    let mut fail = |code, info: u16| {
        reply.metadata.response_code = code;
        let mut edns = Edns::new();
        edns.options_mut().insert(EdnsOption::Unknown(15, [&info.to_be_bytes()[..], b"because \x1b[2J"].concat()));
        reply.edns = Some(edns);
    };
    match (name, kind) {
        ("_25._tcp.mx.notimp.test.", RecordType::TLSA) => fail(ResponseCode::NotImp, 0),
        ("_25._tcp.mx.servfail.test.", RecordType::TLSA) => fail(ResponseCode::ServFail, 22),
        _ => match answer(name, kind) {
            None => reply.metadata.response_code = ResponseCode::NXDomain,
            Some((Signed::Wrong, _)) if validates => fail(ResponseCode::ServFail, 9),
            Some((signed, records)) => {
                reply.metadata.authentic_data = validates && signed == Signed::Right;
                reply.add_answers(records.into_iter().map(|(owner, data)| Record::from_rdata(absolute(owner), 300, data)));
            }
        },
    }
    reply
}

fn absolute(name: &str) -> Name {
    Name::from_str(name).unwrap()
}

/// The records of an answer with their owners, and how they are signed; `None` for a name that does not exist.
fn answer(name: &str, kind: RecordType) -> Option<(Signed, Vec<(&str, RData)>)> {
    use RecordType as T;
    let tlsa = RData::TLSA(TLSA::new(CertUsage::DaneEe, Selector::Spki, Matching::Sha256, vec![7; 32]));
    let soa = || RData::SOA(SOA::new(absolute("ns.test."), absolute("h.test."), 1, 1, 1, 1, 1));
    let address = RData::A(A(Ipv4Addr::new(192, 0, 2, 25)));
    let signed = if name.ends_with("insecure.test.") { Signed::Not } else { Signed::Right };
    let (rest, host) = name.strip_suffix(".test.").map_or((name, ""), |rest| rest.rsplit_once('.').unwrap_or(("", rest)));
    Some(match (rest, host, kind) {
        (".", _, T::NS) => (Signed::Right, vec![(name, RData::NS(NS(absolute("a.root-servers.net."))))]),
        ("." | "com.", _, T::SOA) => (Signed::Right, vec![(name, soa())]),
        ("google.com." | "amazon.com.", _, T::SOA) => (Signed::Not, vec![(name, soa())]),
        ("dnssec-failed.org." | "rhybar.cz.", _, T::SOA) => (Signed::Wrong, vec![(name, soa())]),
        ("_mta-sts", "adopter", T::TXT) => (Signed::Right, vec![(name, RData::TXT(TXT::new(vec!["v=STSv1; id=1;".to_owned()])))]),
        ("", "implicit", T::A) => (signed, vec![(name, address)]),
        ("_25._tcp", "implicit", T::TLSA) => (signed, vec![(name, tlsa)]),
        ("", "implicit", _) => (signed, Vec::new()),
        ("", "mx-bogus", T::MX) => (Signed::Wrong, vec![(name, RData::MX(MX::new(10, absolute(&format!("mx.{name}")))))]),
        ("", domain, T::MX) if DOMAINS.contains(&domain) => (signed, vec![(name, RData::MX(MX::new(10, absolute(&format!("mx.{name}")))))]),
        ("mx", "alias", T::CNAME) => (Signed::Right, vec![(name, RData::CNAME(CNAME(absolute("mx.insecure.test."))))]),
        ("mx", "alias", T::A) => {
            (Signed::Not, vec![(name, RData::CNAME(CNAME(absolute("mx.insecure.test.")))), ("mx.insecure.test.", address)])
        }
        ("mx", domain, T::A) if DOMAINS.contains(&domain) => (signed, vec![(name, address)]),
        ("mx", domain, _) if DOMAINS.contains(&domain) => (signed, Vec::new()),
        ("_25._tcp.mx", "bogus", T::TLSA) => (Signed::Wrong, vec![(name, tlsa)]),
        ("_25._tcp.mx", domain, T::TLSA) if DOMAINS.contains(&domain) => (signed, vec![(name, tlsa)]),
        _ => return None,
    })
}

/// What a scan has come to.
struct Scanned {
    evidence: BTreeMap<String, Evidence>,
    manifest: Manifest,
    said: String,
}

impl Scanned {
    fn host(&self, domain: &str) -> &HostLookup {
        &self.evidence[&format!("{domain}.test")].mx_hosts[0]
    }

    fn asked(&self) -> Vec<&str> {
        self.evidence.values().filter(|evidence| evidence.mx_asked.is_some()).map(|evidence| evidence.domain.as_str()).collect()
    }
}

fn scan(resolver: &Resolver, options: &[&str]) -> Scanned {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (list, out) = (path("list.txt"), path("out"));
    fs::write(&list, DOMAINS.map(|domain| format!("{domain}.test\n")).concat()).unwrap();
    let fixed = ["scan", &list, "-o", &out, "--resolver", &resolver.address, "--rate", "0", "--retry-rounds", "none"];
    let said = stderr(&expect(0, &[&fixed[..], options].concat()));
    let reader = Reader::open(Path::new(&out)).unwrap();
    let evidence = reader.batches(None).flat_map(|batch| {
        let batch = batch.unwrap();
        let columns = EvidenceColumns::of(&batch).unwrap();
        (0..batch.num_rows()).map(|row| columns.row(row).unwrap()).collect::<Vec<_>>()
    });
    let evidence = evidence.map(|evidence| (evidence.domain.as_str().to_owned(), evidence)).collect();
    Scanned { evidence, manifest: reader.manifest().clone(), said }
}

/// The questions that only DANE leads to.
fn beyond(asked: &[String]) -> Vec<&str> {
    asked.iter().map(String::as_str).filter(|asked| ["TLSA", "CNAME", "CD", "SOA"].iter().any(|what| asked.contains(what))).collect()
}

#[test]
fn everything_that_dane_needs_is_in_the_dataset() {
    let resolver = Resolver::start(true);
    let scanned = scan(&resolver, &["--trust-resolvers", "--dane", "all"]);
    assert_eq!(scanned.asked().len(), DOMAINS.len());
    assert_eq!(scanned.manifest.run.resolver_validates, Some(true));
    let asked = MxAsked { smtp: false, dane: true, validates: true };
    assert!(scanned.evidence.values().all(|evidence| evidence.mx_asked == Some(asked)));
    let tlsa = |domain: &str| {
        let found = &scanned.host(domain).tlsa[0];
        (
            found.outcome,
            found.authenticated == Some(true),
            found.records.len(),
            found.unchecked,
            found.extended_error.as_ref().map(|error| error.code),
        )
    };
    for (domain, expected) in [
        ("secure", (Outcome::Noerror, true, 1, None, None)),
        ("insecure", (Outcome::Noerror, false, 1, None, None)),
        ("bogus", (Outcome::Servfail, false, 0, Some(Outcome::Noerror), Some(9))),
        ("servfail", (Outcome::Servfail, false, 0, Some(Outcome::Servfail), Some(22))),
        ("notimp", (Outcome::OtherRcode, false, 0, None, Some(0))),
        ("alias", (Outcome::Noerror, true, 1, None, None)),
        ("implicit", (Outcome::Noerror, true, 1, None, None)),
    ] {
        assert_eq!(tlsa(domain), expected, "{domain}");
    }
    let text = &scanned.host("bogus").tlsa[0].extended_error.as_ref().unwrap().text;
    assert_eq!(text, "because \\u{1b}[2J", "nothing that would act on a terminal");
    let alias = scanned.host("alias").alias.as_ref().unwrap();
    assert_eq!((alias.authenticated, alias.records[0].0.as_str()), (Some(true), "mx.insecure.test"));
    assert_eq!(scanned.evidence.values().flat_map(|evidence| &evidence.mx_hosts).filter(|host| host.alias.is_some()).count(), 1);
    let mx = &scanned.evidence["mx-bogus.test"];
    assert_eq!((mx.mx.outcome, mx.mx.unchecked, mx.mx_hosts.len()), (Outcome::Servfail, Some(Outcome::Noerror), 0));
    assert_eq!(scanned.host("implicit").host, "implicit.test");
    // Adopter, secure, insecure, bogus, not implemented, server failure, alias and implicit; and the alias by itself.
    assert_eq!(scanned.manifest.activity.shared.dane.misses, 9);
    let unchecked: Vec<String> = resolver.asked().into_iter().filter(|asked| asked.ends_with("CD")).collect();
    let count = |name: &str| unchecked.iter().filter(|asked| asked.starts_with(name)).count();
    assert_eq!((count("_25._tcp.mx.bogus"), count("mx-bogus"), count("_25._tcp.mx.servfail")), (1, 1, 3), "as often as a lookup fails");
    assert_eq!(unchecked.len(), 5, "{unchecked:?}");
}

#[test]
fn adopters_are_looked_up_where_the_resolver_validates() {
    let resolver = Resolver::start(true);
    for trust in [&["--trust-resolvers"][..], &[]] {
        let scanned = scan(&resolver, trust);
        assert_eq!(scanned.asked(), ["adopter.test"], "{}", scanned.said);
        assert_eq!(scanned.manifest.run.resolver_validates, Some(true));
        assert_eq!(scanned.manifest.run.configuration["dane"], "adopters");
        assert!(!scanned.said.contains("DANE"), "{}", scanned.said);
        let asked = resolver.asked();
        let mut expected = vec!["_25._tcp.mx.adopter.test. TLSA"];
        if trust.is_empty() {
            expected.extend([". SOA", "dnssec-failed.org. SOA", "google.com. SOA"]);
        }
        let mut beyond = beyond(&asked);
        beyond.sort_unstable_by_key(|asked| (asked.contains("SOA"), *asked));
        assert_eq!(beyond, expected);
        assert!(trust.is_empty() || asked.iter().filter(|asked| *asked == ". NS").count() == 1);
    }
}

#[test]
fn nobody_is_looked_up_where_it_does_not() {
    let resolver = Resolver::start(false);
    for trust in [&["--trust-resolvers"][..], &[]] {
        let scanned = scan(&resolver, trust);
        assert_eq!((scanned.asked().len(), scanned.manifest.run.resolver_validates), (0, Some(false)));
        assert_eq!(scanned.manifest.run.configuration["dane"], "none");
        let note = format!("DANE is not looked at (--dane): resolver {} does not validate DNSSEC", resolver.address);
        assert!(scanned.said.contains(&note), "{}", scanned.said);
        assert!(beyond(&resolver.asked()).iter().all(|asked| asked.ends_with("SOA")));
    }
    let scanned = scan(&resolver, &["--trust-resolvers", "--dane", "adopters"]);
    assert_eq!(scanned.evidence["adopter.test"].mx_asked, Some(MxAsked { smtp: false, dane: true, validates: false }));
    assert!(scanned.said.contains("will be unknown (--dane adopters): resolver"), "{}", scanned.said);
}

/// Who does not want DANE sends not one question for it.
#[test]
fn nothing_is_asked_for_it_where_it_is_not_wanted() {
    let resolver = Resolver::start(true);
    let scanned = scan(&resolver, &["--trust-resolvers", "--dane", "none"]);
    assert_eq!((scanned.asked().len(), scanned.manifest.run.resolver_validates), (0, None));
    let asked = resolver.asked();
    assert!(beyond(&asked).is_empty() && !asked.contains(&". NS".to_owned()), "{asked:?}");
    // Three for each domain, two tries more for an MX that does not validate, and two addresses each of the adopter's MX host and policy host.
    let expected = 3 * DOMAINS.len() + 2 + 2 * 2;
    assert_eq!((asked.len(), scanned.manifest.activity.dns_queries), (expected, expected as u64), "{asked:?}");
}

#[test]
fn a_check_looks_everybody_up() {
    let resolver = Resolver::start(true);
    let output = expect(0, &["check", "secure.test", "--resolver", &resolver.address, "--trust-resolvers", "--smtp", "none", "--json"]);
    let object: serde_json::Value = serde_json::from_str(stdout(&output).lines().next().unwrap()).unwrap();
    assert_eq!(object["evidence"]["mx_asked"]["dane"], true, "{object:#}");
    assert_eq!(object["evidence"]["mx_hosts"][0]["tlsa"][0]["authenticated"], true);
}

/// A scan goes on only as it was begun: a row without DANE among those with it would pass for one that has none.
#[test]
fn a_scan_that_goes_on_with_a_resolver_that_does_not_validate_is_refused() {
    let (good, bad) = (Resolver::start(true), Resolver::start(false));
    let dir = tempfile::tempdir().unwrap();
    let (list, out) = (dir.path().join("list.txt"), dir.path().join("out"));
    fs::write(&list, DOMAINS.map(|domain| format!("{domain}.test\n")).concat()).unwrap();
    let (list, folder) = (list.to_str().unwrap(), out.to_str().unwrap());
    let scan = |resolver: &Resolver| {
        let address = resolver.address.clone();
        move |status: i32, more: &[&str]| {
            let fixed = ["scan", list, "-o", folder, "--resolver", &address, "--trust-resolvers", "--rate", "0", "--retry-rounds", "none"];
            stderr(&expect(status, &[&fixed[..], more].concat()))
        }
    };
    scan(&good)(0, &[]);
    // As if it had been stopped before its end.
    let manifest = out.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    (value["finished_at"], value["accounting"]) = (serde_json::Value::Null, serde_json::Value::Null);
    fs::write(&manifest, value.to_string()).unwrap();
    let said = scan(&bad)(4, &[]);
    assert!(said.contains("--dane"), "{said}");
}
