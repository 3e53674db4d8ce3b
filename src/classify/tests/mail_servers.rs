//! Mail servers: each way in which one can answer, what a sender under MTA-STS and one with DANE make of it, and the codes. The numbers are
//! those of a list of 68 such ways.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use proptest::sample::select;
use sha2::{Digest, Sha256, Sha512};

use crate::evidence::{
    Alias, Certificate, CertificateFault, ChainCertificate, Conversation, ExtendedError, FetchError, FetchFault, FetchStage, GivenAnchor,
    HostLookup, Lookup, MxAsked, Outcome, Path, SecondHello, SmtpTimings, TlsVersion, Tlsa,
};

use super::super::Finding;
use super::super::assessment::{DaneState, Delivery, DnssecState, MxTls};
use super::super::codes::{self, Code};
use super::super::rule::Severity;
use super::{DAY, Scene, answer, fetch, scanned_at};

const MX: &str = "mx1.example.com";
const EHLO: &[u8] = b"250-mx1.example.com\r\n250-SIZE 10240000\r\n250 STARTTLS\r\n";
/// Of a host where all is right, and of most that are not.
const BOTH: [Code; 2] = [codes::DANE_PRESENT, codes::DANE_AND_STS];

/// The leaf, the issuer of a chain, in any octets.
const LEAF: &[u8] = b"leaf";
const ISSUER: &[u8] = b"issuer";

fn v4() -> IpAddr {
    Ipv4Addr::new(198, 51, 100, 25).into()
}

fn v6() -> IpAddr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x25).into()
}

fn certificate() -> Certificate {
    fetch(MX).certificate.unwrap()
}

fn key(certificate: &[u8]) -> Vec<u8> {
    [b"key of ", certificate].concat()
}

fn of_chain(certificate: &[u8], path: Option<Path>) -> ChainCertificate {
    let key = key(certificate);
    ChainCertificate {
        certificate_sha256: Sha256::digest(certificate).to_vec(),
        certificate_sha512: Sha512::digest(certificate).to_vec(),
        key_sha256: Sha256::digest(&key).to_vec(),
        key_sha512: Sha512::digest(&key).to_vec(),
        path,
    }
}

/// A conversation in which all goes well.
fn conversation(address: IpAddr) -> Conversation {
    Conversation {
        connections: 1,
        greeting: Some(b"220 mx1.example.com ESMTP\r\n".to_vec()),
        ehlo: Some(EHLO.to_vec()),
        starttls: Some(b"220 go ahead\r\n".to_vec()),
        tls_version: Some("TLSv1.3".to_owned()),
        ehlo_in_tls: Some(b"250-mx1.example.com\r\n250 SIZE 10240000\r\n".to_vec()),
        certificate: Some(certificate()),
        chain: vec![of_chain(LEAF, Some(Path::Broken)), of_chain(ISSUER, Some(Path::Valid))],
        timings: SmtpTimings { greeting_ms: Some(90), ehlo_ms: Some(10), total_ms: 300, ..SmtpTimings::default() },
        ..Conversation::new(address)
    }
}

/// As far as that stage, and what ended it.
fn ended(stage: FetchStage, fault: FetchFault) -> Conversation {
    let reached = |needed: FetchStage| stage > needed;
    let good = conversation(v4());
    Conversation {
        connections: u8::from(stage != FetchStage::Address),
        greeting: good.greeting.filter(|_| reached(FetchStage::Greeting)),
        ehlo: good.ehlo.filter(|_| reached(FetchStage::Ehlo)),
        starttls: good.starttls.filter(|_| reached(FetchStage::Starttls) || stage == FetchStage::Tls),
        tls_version: good.tls_version.filter(|_| stage == FetchStage::EhloInTls),
        certificate: good.certificate.filter(|_| stage == FetchStage::EhloInTls),
        chain: if stage == FetchStage::EhloInTls { good.chain } else { Vec::new() },
        error: Some(FetchError::new(stage, fault, "words")),
        ..Conversation::new(v4())
    }
    .with_tls_stage(stage)
}

/// Tests build on a conversation.
trait Change: Sized {
    fn with(self, change: impl FnOnce(&mut Self)) -> Self;
}

impl Change for Conversation {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Conversation {
    /// Stages are declared in another order than they are reached in: TLS comes behind STARTTLS.
    fn with_tls_stage(self, stage: FetchStage) -> Self {
        if stage != FetchStage::Tls {
            return self;
        }
        let good = conversation(self.address);
        Self { greeting: good.greeting, ehlo: good.ehlo, starttls: good.starttls, ..self }
    }

    fn alert(self, alert: u8) -> Self {
        self.with(|c| c.error.as_mut().unwrap().alert = Some(alert))
    }

    /// A second hello that was answered so, with a certificate.
    fn hello(self, version: TlsVersion, cipher: &str) -> Self {
        let shown = (version < TlsVersion::Tls13).then(certificate);
        let chain = if shown.is_some() { conversation(v4()).chain } else { Vec::new() };
        let hello = SecondHello { version: Some(version), cipher: Some(cipher.to_owned()), certificate: shown, ..SecondHello::default() };
        Self { chain, second_hello: Some(hello), connections: 2, ..self }
    }

    /// A certificate with these faults.
    fn faulty(self, faults: &[CertificateFault]) -> Self {
        self.with(|c| c.certificate.as_mut().unwrap().faults = faults.to_vec())
    }

    /// The issuer is no part of what was sent.
    fn leaf_only(self) -> Self {
        self.with(|c| {
            c.chain.truncate(1);
            c.certificate.as_mut().unwrap().chain_length = 1;
        })
    }
}

fn tlsa(usage: u8, selector: u8, matching: u8, of: &[u8]) -> Tlsa {
    let of = if selector == 1 { key(of) } else { of.to_vec() };
    let data = match matching {
        1 => Sha256::digest(of).to_vec(),
        2 => Sha512::digest(of).to_vec(),
        _ => of,
    };
    Tlsa { usage, selector, matching, data }
}

fn signed<R>(lookup: Lookup<R>) -> Lookup<R> {
    Lookup { authenticated: Some(true), ..lookup }
}

fn tlsa_at(base: &str, records: Vec<Tlsa>) -> Lookup<Tlsa> {
    signed(answer(&format!("_25._tcp.{base}"), records))
}

fn bogus<R>(name: &str, code: u16) -> Lookup<R> {
    let extended_error = Some(Box::new(ExtendedError { code, text: String::new() }));
    Lookup { extended_error, ..Lookup::unsent(name.to_owned(), Outcome::Servfail) }
}

/// An MX host with one address, all signed, TLSA `3 1 1` right, and all right over SMTP.
fn host(name: &str) -> HostLookup {
    let IpAddr::V4(address) = v4() else { unreachable!() };
    let mut host = HostLookup::new(name.to_owned(), signed(answer(name, vec![address])), signed(answer(name, Vec::new())));
    host.tlsa = vec![tlsa_at(name, vec![tlsa(3, 1, 1, LEAF)])];
    host.conversations = vec![conversation(v4())];
    host
}

impl Scene {
    /// One MX, covered by a policy of mode enforce.
    fn mail() -> Self {
        let scene = Self::new().mx(&[(10, MX)]).policy("enforce", &[MX]);
        scene.change(|e| {
            e.mx.authenticated = Some(true);
            e.mx_asked = Some(MxAsked { smtp: true, dane: true, validates: true });
            e.mx_hosts = vec![host(MX)];
        })
    }

    fn host(self, change: impl FnOnce(&mut HostLookup)) -> Self {
        self.change(|e| change(e.mx_hosts.first_mut().unwrap()))
    }

    fn says(self, conversation: Conversation) -> Self {
        self.host(|host| host.conversations = vec![conversation])
    }

    fn tlsa(self, records: Vec<Tlsa>) -> Self {
        self.host(|host| host.tlsa = vec![tlsa_at(MX, records)])
    }

    fn tlsa_lookup(self, lookup: Lookup<Tlsa>) -> Self {
        self.host(|host| host.tlsa = vec![lookup])
    }
}

/// What a sender makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    /// Delivers.
    P,
    /// Refuses.
    F,
    /// It cannot be told, or the mail waits.
    Q,
}

use Sender::{F, P, Q};

impl Sender {
    fn delivery(self) -> Delivery {
        match self {
            P => Delivery::Protected,
            F => Delivery::Refused,
            Q => Delivery::Unknown,
        }
    }

    fn mx_tls(self) -> MxTls {
        match self {
            P => MxTls::All,
            F => MxTls::None,
            Q => MxTls::Unknown,
        }
    }
}

/// The number of the vector and what is special, the scene, senders under MTA-STS and with DANE (with fall-back to MTA-STS), the state of
/// DANE, and the codes; without [`BOTH`] where `dane_state` is valid, since all of those have them.
struct Vector(&'static str, Scene, Sender, Sender, DaneState, Vec<Code>);

fn wrong(vectors: &[Vector]) -> String {
    let mut wrong = Vec::new();
    for Vector(name, scene, sts, dane, state, expected) in vectors {
        let judged = scene.judge();
        let mut expected = expected.clone();
        if matches!(state, DaneState::Valid | DaneState::Partial) {
            expected.extend(BOTH);
        }
        expected.sort();
        let found = (judged.mx_tls, judged.delivery, judged.delivery_dane, judged.dane_state, scene.codes());
        let wanted = (Some(sts.mx_tls()), sts.delivery(), Some(dane.delivery()), Some(*state), expected);
        if found != wanted {
            wrong.push(format!("{name}:\n  expected {wanted:?}\n  found    {found:?}"));
        }
    }
    wrong.join("\n")
}

/// All vectors hold.
#[track_caller]
fn assert_right(vectors: &[Vector]) {
    let wrong = wrong(vectors);
    assert!(wrong.is_empty(), "{wrong}");
}

fn says(conversation: Conversation) -> Scene {
    Scene::mail().says(conversation)
}

/// With a certificate that has these faults, and TLSA records.
fn shows(faults: &[CertificateFault], records: Vec<Tlsa>) -> Scene {
    says(conversation(v4()).faulty(faults)).tlsa(records)
}

fn ee() -> Vec<Tlsa> {
    vec![tlsa(3, 1, 1, LEAF)]
}

fn ta() -> Vec<Tlsa> {
    vec![tlsa(2, 1, 1, ISSUER)]
}

#[test]
fn what_is_not_tested_is_no_verdict() {
    use DaneState::Valid;
    use FetchFault as Fault;
    use FetchStage::{Connect, Ehlo, Greeting, Starttls, Tls};
    let refused = |stage, text: &str| {
        ended(stage, Fault::SmtpRefused).with(|c| match stage {
            Greeting => c.greeting = Some(text.as_bytes().to_vec()),
            Ehlo => c.ehlo = Some(text.as_bytes().to_vec()),
            _ => c.starttls = Some(text.as_bytes().to_vec()),
        })
    };
    let open = |name, conversation, code: Code| Vector(name, says(conversation), Q, Q, Valid, vec![code]);
    let no_protocol = |text: &[u8]| ended(Greeting, Fault::SmtpProtocol).with(|c| c.greeting = Some(text.to_vec()));
    let held_up = conversation(v4()).with(|c| {
        (c.ehlo, c.starttls, c.tls_version, c.certificate) = (Some(b"250 pleased to be wasting your time\r\n".to_vec()), None, None, None);
        (c.chain, c.timings.ehlo_ms) = (Vec::new(), Some(57_000));
    });
    assert_right(&[
        open("3 refused", ended(Connect, Fault::Refused), codes::MX_UNREACHABLE),
        open("3 no answer", ended(Connect, Fault::Timeout), codes::MX_UNREACHABLE),
        open("6 421", refused(Greeting, "421 too many connections\r\n"), codes::MX_REFUSED),
        open("6 450", refused(Greeting, "450 4.3.2 later\r\n"), codes::MX_REFUSED),
        open("7 554", refused(Greeting, "554 no SMTP here\r\n"), codes::MX_REFUSED),
        open("9 silence", ended(Greeting, Fault::Timeout), codes::MX_UNREACHABLE),
        open("9 reset before the greeting", ended(Greeting, Fault::Reset), codes::MX_UNREACHABLE),
        open("10 one octet a second", ended(Greeting, Fault::Tarpit), codes::MX_TARPIT),
        open("10 at EHLO", ended(Ehlo, Fault::Tarpit), codes::MX_TARPIT),
        open(
            "10 at EHLO, with an end",
            ended(Ehlo, Fault::Tarpit).with(|c| c.ehlo = Some(b"250 pleased to waste your time\r\n".to_vec())),
            codes::MX_TARPIT,
        ),
        open("5 in the network of the scanner", ended(Connect, Fault::Intercepted), codes::MX_INTERCEPTED),
        open(
            "11 a reply to EHLO twice",
            ended(Starttls, Fault::SmtpProtocol).with(|c| c.starttls = Some(EHLO.to_vec())),
            codes::MX_PROTOCOL_VIOLATION,
        ),
        open("10 no keyword after a minute", held_up, codes::MX_TARPIT),
        open("11 SSH", no_protocol(b"SSH-2.0-OpenSSH_9.2\r\n"), codes::MX_NOT_SMTP),
        open("11 HTTP", no_protocol(b"HTTP/1.1 400 Bad Request\r\n"), codes::MX_NOT_SMTP),
        open("11 200 lines", no_protocol(&b"220-x\r\n".repeat(101)), codes::MX_PROTOCOL_VIOLATION),
        open("13 504", refused(Ehlo, "504 need a name\r\n"), codes::MX_EHLO_REJECTED),
        open("13 550", refused(Ehlo, "550 denied\r\n"), codes::MX_EHLO_REJECTED),
        open("13 421", refused(Ehlo, "421 busy\r\n"), codes::MX_REFUSED),
        open("13 silence", ended(Ehlo, Fault::Timeout), codes::MX_UNREACHABLE),
        open("18 454, and not asked again", refused(Starttls, "454 later\r\n"), codes::MX_REFUSED),
        open(
            "18 421, asked twice",
            refused(Starttls, "421 bye\r\n").with(|c| c.refused_before = Some(b"421 bye\r\n".to_vec())),
            codes::MX_REFUSED,
        ),
        open(
            "20",
            conversation(v4()).with(|c| {
                (c.surplus, c.tls_version, c.certificate) = (Some(b"250 injected\r\n".to_vec()), None, None);
                c.chain.clear();
            }),
            codes::MX_STARTTLS_INJECTION,
        ),
        open("21 an alert alone means nothing", ended(Tls, Fault::TlsAlert).alert(40), codes::MX_TLS_UNVERIFIED),
        open("22 no time for the handshake", ended(Tls, Fault::Timeout), codes::MX_UNREACHABLE),
        open(
            "22 TLS 1.3 with other groups",
            ended(Tls, Fault::TlsAlert).alert(40).hello(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256"),
            codes::MX_TLS_UNVERIFIED,
        ),
        open("68", ended(Connect, Fault::NoRoute), codes::MX_NO_ROUTE),
        open("a neighbour of one that refused", ended(FetchStage::Address, Fault::NotTried), codes::MX_REFUSED),
        Vector("a fault of ours", says(ended(Connect, Fault::Local)), Q, Q, Valid, vec![]),
        Vector("on the opt-out list", says(ended(FetchStage::Address, Fault::Excluded)), Q, Q, Valid, vec![]),
        Vector("nobody asked", Scene::mail().host(|h| h.conversations.clear()), Q, Q, Valid, vec![]),
    ]);
}

#[test]
fn starttls_and_handshakes() {
    use DaneState::{Mismatch, Valid};
    use FetchFault as Fault;
    use FetchStage::{EhloInTls, Starttls, Tls};
    let ehlo = |text: &[u8]| {
        let before = ended(FetchStage::Ehlo, Fault::Other);
        before.with(|c| (c.ehlo, c.error, c.timings.ehlo_ms) = (Some(text.to_vec()), None, Some(9)))
    };
    let starttls = |text: &str| ended(Starttls, Fault::SmtpRefused).with(|c| c.starttls = Some(text.as_bytes().to_vec()));
    let fails = |name, conversation, codes| Vector(name, says(conversation), F, F, Mismatch, codes);
    let works = |name, conversation, codes| Vector(name, says(conversation), P, P, Valid, codes);
    let tls12 = |cipher| ended(Tls, Fault::TlsAlert).alert(40).hello(TlsVersion::Tls12, cipher);
    let plain = |text: &[u8]| conversation(v4()).with(|c| c.ehlo = Some(text.to_vec()));
    let in_tls_refused = || {
        ended(EhloInTls, Fault::SmtpRefused)
            .with(|c| c.ehlo_in_tls = Some(b"421 4.7.1 Error: No client certificate presented\r\n".to_vec()))
    };
    let settled = SecondHello { error: Some(FetchError::new(Tls, Fault::TlsAlert, "words")), ..SecondHello::default() };
    let none = codes::MX_NO_STARTTLS;
    let down = codes::MX_STARTTLS_DOWNGRADE;
    assert_right(&[
        works("1", conversation(v4()), vec![]),
        works("8", conversation(v4()).with(|c| c.timings.greeting_ms = Some(8_000)), vec![codes::MX_SLOW]),
        works("8 not slow", conversation(v4()).with(|c| c.timings.greeting_ms = Some(6_000)), vec![]),
        fails("12", ehlo(b"502 unknown command\r\n"), vec![none]),
        works("14 codes differ", plain(b"220-mx\r\n250 STARTTLS\r\n"), vec![codes::MX_PROTOCOL_VIOLATION]),
        works("14 LF alone", plain(b"250-mx\n250 STARTTLS\n"), vec![]),
        works("14 lower case", plain(b"250-mx\r\n250 starttls\r\n"), vec![]),
        works(
            "14 cut where it is kept",
            plain(
                &[b"250-mx\r\n250-STARTTLS\r\n".to_vec(), [b"250-".to_vec(), vec![b'X'; 200], b"\r\n".to_vec()].concat().repeat(50)]
                    .concat()[..8192],
            ),
            vec![],
        ),
        fails("15", ehlo(b"250-mx\r\n250 SIZE 1\r\n"), vec![none]),
        fails("15 in the first line", ehlo(b"250-STARTTLS\r\n250 SIZE 1\r\n"), vec![none]),
        fails("15 nothing else", ehlo(b"250 STARTTLS\r\n"), vec![none]),
        fails("16 keyword", ehlo(b"250-mx\r\n250 XXXXXXXA\r\n"), vec![none, codes::MX_STARTTLS_STRIPPED]),
        fails(
            "16 banner",
            ehlo(b"250-mx\r\n250 SIZE 1\r\n").with(|c| c.greeting = Some(b"220 ****************2******\r\n".to_vec())),
            vec![none, codes::MX_STARTTLS_STRIPPED],
        ),
        fails(
            "16 banner, and no ESMTP",
            ehlo(b"500 5.5.1 Error: unknown command\r\n").with(|c| c.greeting = Some(b"220 ********\r\n".to_vec())),
            vec![none, codes::MX_STARTTLS_STRIPPED],
        ),
        works("16 masked, but not STARTTLS", plain(b"250-mx\r\n250-XXXXXXXA\r\n250 STARTTLS\r\n"), vec![]),
        fails("17 454 twice", starttls("454 later\r\n").with(|c| c.refused_before = Some(b"454 later\r\n".to_vec())), vec![down]),
        fails("17 502", starttls("502 unknown\r\n"), vec![down]),
        fails("17 closed", ended(Starttls, Fault::Reset), vec![down]),
        works("18", conversation(v4()).with(|c| c.refused_before = Some(b"454 later\r\n".to_vec())), vec![codes::MX_FLAKY]),
        fails("19 reset", ended(Tls, Fault::Reset), vec![down]),
        fails("19 plain text", ended(Tls, Fault::TlsProtocol), vec![down]),
        fails("19 no to everything", ended(Tls, Fault::TlsAlert).alert(40).with(|c| c.second_hello = Some(settled)), vec![down]),
        Vector(
            "21",
            says(ended(Tls, Fault::TlsAlert).alert(70).hello(TlsVersion::Tls10, "TLS_RSA_WITH_AES_128_CBC_SHA")),
            F,
            Q,
            Valid,
            vec![codes::MX_TLS_OLD],
        ),
        Vector("21 by the server's hello", says(ended(Tls, Fault::TlsVersion)), F, Q, Valid, vec![codes::MX_TLS_OLD]),
        works("22", tls12("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"), vec![codes::MX_KEX_LEGACY]),
        works("23 RSA", tls12("TLS_RSA_WITH_AES_128_GCM_SHA256"), vec![codes::MX_TLS_WEAK, codes::MX_KEX_LEGACY]),
        works("23 CBC", tls12("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), vec![codes::MX_TLS_WEAK]),
        Vector(
            "23 and expired",
            says(tls12("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA").with(|c| {
                c.second_hello.as_mut().unwrap().certificate.as_mut().unwrap().faults = vec![CertificateFault::Expired];
            })),
            F,
            P,
            Valid,
            vec![codes::MX_TLS_WEAK, codes::MX_CERT_EXPIRED],
        ),
        fails("25", ended(Tls, Fault::TlsAlert).alert(112), vec![codes::MX_SNI_REJECTED]),
        works("29 asks", conversation(v4()).with(|c| c.client_auth = true), vec![]),
        fails("29 insists, TLS 1.3", ended(EhloInTls, Fault::TlsAlert).alert(116), vec![codes::MX_CLIENT_CERT_REQUIRED]),
        fails("29 insists, by a reply", in_tls_refused().with(|c| c.client_auth = true), vec![codes::MX_CLIENT_CERT_REQUIRED]),
        Vector(
            "refused twice within TLS, for a reason of its own",
            says(in_tls_refused().with(|c| c.refused_before = Some(b"421 bye\r\n".to_vec()))),
            Q,
            P,
            Valid,
            vec![codes::MX_REFUSED],
        ),
        fails(
            "29 insists, TLS 1.2",
            ended(Tls, Fault::TlsAlert).alert(40).with(|c| c.client_auth = true),
            vec![codes::MX_CLIENT_CERT_REQUIRED],
        ),
    ]);
}

#[test]
fn certificates() {
    use CertificateFault as Fault;
    use DaneState::{Mismatch, Valid};
    let sts = |name, faults: &[Fault], codes| Vector(name, shows(faults, ee()), F, P, Valid, codes);
    let both = |name, faults: &[Fault], codes| Vector(name, shows(faults, ta()), F, P, Valid, codes);
    let spoiled = |name, faults: &[Fault], mut codes: Vec<Code>| {
        codes.push(codes::DANE_MISMATCH);
        Vector(name, shows(faults, ta()), F, F, Mismatch, codes)
    };
    let sans = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let named = |names: &[&str], records| {
        shows(&[Fault::NameMismatch], records).host(|host| {
            host.conversations[0].certificate.as_mut().unwrap().sans = sans(names);
        })
    };
    let leaf =
        |scene: Scene, change: &dyn Fn(&mut Certificate)| scene.host(|host| change(host.conversations[0].certificate.as_mut().unwrap()));
    let name = codes::MX_CERT_NAME_MISMATCH;
    assert_right(&[
        sts("30 usage 3", &[Fault::Expired], vec![codes::MX_CERT_EXPIRED]),
        spoiled("30 usage 2", &[Fault::Expired], vec![codes::MX_CERT_EXPIRED]),
        sts("31 usage 3", &[Fault::NotYetValid], vec![codes::MX_CERT_NOT_YET_VALID]),
        spoiled("31 usage 2", &[Fault::NotYetValid], vec![codes::MX_CERT_NOT_YET_VALID]),
        Vector("32", leaf(Scene::mail(), &|c| c.not_after = Some(scanned_at() + 10 * DAY)), P, P, Valid, vec![codes::MX_CERT_EXPIRING]),
        Vector("32 not so soon", leaf(Scene::mail(), &|c| c.not_after = Some(scanned_at() + 15 * DAY)), P, P, Valid, vec![]),
        sts("33", &[Fault::SelfSigned], vec![codes::MX_CERT_SELF_SIGNED]),
        sts("34 usage 3", &[Fault::Untrusted], vec![codes::MX_CERT_UNTRUSTED]),
        both("34 usage 2", &[Fault::Untrusted], vec![codes::MX_CERT_UNTRUSTED]),
        Vector(
            "35 usage 3",
            says(conversation(v4()).faulty(&[Fault::IncompleteChain]).leaf_only()),
            F,
            P,
            Valid,
            vec![codes::MX_CERT_INCOMPLETE_CHAIN],
        ),
        Vector(
            "35 usage 2",
            says(conversation(v4()).faulty(&[Fault::IncompleteChain]).leaf_only()).tlsa(ta()),
            F,
            F,
            Mismatch,
            vec![codes::MX_CERT_INCOMPLETE_CHAIN, codes::DANE_MISMATCH, codes::DANE_TA_NOT_SENT],
        ),
        Vector("36 usage 3", named(&["www.example.net"], ee()), F, P, Valid, vec![name]),
        Vector(
            "36 usage 2",
            named(&["www.example.net"], ta()),
            F,
            F,
            Mismatch,
            vec![name, codes::DANE_MISMATCH, codes::DANE_TA_NAME_MISMATCH],
        ),
        Vector("37 usage 3", named(&["example.com"], ee()), F, P, Valid, vec![name]),
        Vector("37 usage 2", named(&["example.com"], ta()), F, P, Valid, vec![name]),
        Vector(
            "38",
            named(&["mail.example.com"], ee()).policy("enforce", &["*.example.com"]),
            F,
            P,
            Valid,
            vec![name, codes::MX_CERT_MATCHES_POLICY_ONLY, codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN],
        ),
        Vector("39 one label", leaf(Scene::mail(), &|c| c.sans = vec!["*.example.com".to_owned()]), P, P, Valid, vec![]),
        Vector("39 two labels deep", named(&["*.com"], ee()), F, P, Valid, vec![name]),
        sts("40", &[Fault::NoSan], vec![codes::MX_CERT_NO_SAN]),
        Vector(
            "41",
            leaf(shows(&[Fault::NoSan, Fault::Malformed], ee()), &|c| c.version = Some(1)),
            F,
            P,
            Valid,
            vec![codes::MX_CERT_NO_SAN, codes::MX_CERT_V1],
        ),
        Vector(
            "42 RSA 1024",
            leaf(shows(&[Fault::Unsupported], ee()), &|c| c.key_bits = Some(1024)),
            Q,
            Q,
            Valid,
            vec![codes::MX_CERT_WEAK],
        ),
        Vector(
            "42 SHA-1",
            leaf(shows(&[Fault::Malformed], ee()), &|c| c.signature_algorithm = Some("sha1WithRSAEncryption".to_owned())),
            F,
            P,
            Valid,
            vec![codes::MX_CERT_WEAK],
        ),
        Vector("43 usage 3", shows(&[Fault::WrongPurpose], ee()), F, P, Valid, vec![codes::MX_CERT_WRONG_PURPOSE]),
        spoiled("43 usage 2", &[Fault::WrongPurpose], vec![codes::MX_CERT_WRONG_PURPOSE]),
        Vector(
            "all faults",
            leaf(shows(&[Fault::NameMismatch, Fault::Expired, Fault::SelfSigned], ee()), &|c| c.sans = sans(&["www.example.net"])),
            F,
            P,
            Valid,
            vec![name, codes::MX_CERT_EXPIRED, codes::MX_CERT_SELF_SIGNED],
        ),
        Vector("a key that only we cannot verify", shows(&[Fault::Unsupported], ee()), Q, P, Valid, vec![codes::MX_TLS_UNVERIFIED]),
        Vector("revoked, or broken", shows(&[Fault::Malformed], ee()), F, P, Valid, vec![codes::MX_CERT_UNTRUSTED]),
    ]);
}

#[test]
fn records_of_dane() {
    use DaneState::{Mismatch, Unknown, Unusable, Valid};
    let records = |name, records, dane, state, codes| Vector(name, Scene::mail().tlsa(records), P, dane, state, codes);
    let private = |path| {
        says(conversation(v4()).faulty(&[CertificateFault::Untrusted]).with(|c| {
            c.given_anchors = vec![GivenAnchor { data_sha256: Sha256::digest(b"root").to_vec(), path }];
        }))
        .tlsa(vec![tlsa(2, 0, 0, b"root")])
    };
    let untrusted = codes::MX_CERT_UNTRUSTED;
    let short = Tlsa { data: vec![7; 20], ..tlsa(3, 1, 1, LEAF) };
    let other = b"other";
    let mismatch = codes::DANE_MISMATCH;
    let unusable = codes::DANE_UNUSABLE;
    let anchors = |path| says(conversation(v4()).with(|c| c.chain[1].path = path)).tlsa(ta());
    assert_right(&[
        records("44, 45", vec![tlsa(3, 1, 1, other)], F, Mismatch, vec![mismatch]),
        records("46", vec![tlsa(3, 1, 1, other), tlsa(3, 1, 1, LEAF)], P, Valid, vec![]),
        records("47", vec![tlsa(3, 0, 1, other)], F, Mismatch, vec![mismatch]),
        records("48", vec![tlsa(3, 0, 1, LEAF), tlsa(3, 0, 2, other)], P, Valid, vec![codes::DANE_DIGEST_SHADOWED]),
        records("48 another selector", vec![tlsa(3, 1, 1, LEAF), tlsa(3, 0, 2, other)], P, Valid, vec![]),
        records("48 both right", vec![tlsa(3, 0, 1, LEAF), tlsa(3, 0, 2, LEAF)], P, Valid, vec![]),
        records("49", ta(), P, Valid, vec![]),
        records("49 whole, and sent", vec![tlsa(2, 0, 0, ISSUER)], P, Valid, vec![]),
        records("49 key of the leaf, whole", vec![tlsa(3, 1, 0, LEAF)], P, Valid, vec![]),
        records("49 digest of 512 bits", vec![tlsa(2, 0, 2, ISSUER)], P, Valid, vec![]),
        Vector("49 out of date", anchors(Some(Path::OutOfDate)), P, F, Mismatch, vec![mismatch]),
        Vector("49 broken", anchors(Some(Path::Broken)), P, F, Mismatch, vec![mismatch]),
        Vector("49 beyond our library", anchors(Some(Path::Unsupported)), P, Q, Valid, vec![]),
        Vector("49 not looked at", anchors(None), P, Q, Valid, vec![]),
        Vector("50", private(Path::Valid), F, P, Valid, vec![untrusted]),
        Vector("50 another root", private(Path::Broken), F, F, Mismatch, vec![untrusted, mismatch]),
        records("51", vec![tlsa(1, 1, 1, LEAF), tlsa(0, 0, 1, ISSUER)], P, Unusable, vec![unusable, codes::DANE_PKIX_USAGE]),
        records("52 length", vec![short.clone()], P, Unusable, vec![unusable]),
        records("52 selector", vec![tlsa(3, 9, 1, LEAF)], P, Unusable, vec![unusable]),
        records("52 matching type", vec![tlsa(3, 1, 7, LEAF)], P, Unusable, vec![unusable]),
        records("53", vec![short, tlsa(3, 1, 1, LEAF)], P, Valid, vec![codes::DANE_PARTLY_UNUSABLE]),
        records(
            "53 usage 1",
            vec![tlsa(1, 1, 1, LEAF), tlsa(3, 1, 1, LEAF)],
            P,
            Valid,
            vec![codes::DANE_PARTLY_UNUSABLE, codes::DANE_PKIX_USAGE],
        ),
        Vector(
            "54",
            says(
                ended(FetchStage::Ehlo, FetchFault::Other).with(|c| (c.ehlo, c.error) = (Some(b"250-mx\r\n250 SIZE 1\r\n".to_vec()), None)),
            )
            .tlsa(vec![tlsa(3, 9, 1, LEAF)]),
            F,
            F,
            Unusable,
            vec![codes::MX_NO_STARTTLS, unusable],
        ),
        Vector(
            "records that were not kept",
            Scene::mail().tlsa_lookup(Lookup { left_out: Some(3), ..tlsa_at(MX, vec![tlsa(3, 1, 1, other)]) }),
            P,
            Q,
            Valid,
            vec![],
        ),
        Vector(
            "none was kept",
            Scene::mail().tlsa_lookup(Lookup { outcome: Outcome::Noerror, left_out: Some(1), ..tlsa_at(MX, Vec::new()) }),
            P,
            Q,
            Unknown,
            vec![],
        ),
        Vector("no chain was shown", says(conversation(v4()).with(|c| c.chain.clear())), P, Q, Valid, vec![]),
    ]);
}

#[test]
fn answers_of_dns() {
    use DaneState::{Absent, Bogus, Insecure, Partial, Unknown, Valid};
    use Outcome::{Nodata, Nxdomain, OtherRcode, Servfail, Timeout};
    let tlsa_name = format!("_25._tcp.{MX}");
    let lost = |outcome| Lookup::unsent(tlsa_name.clone(), outcome);
    let unsigned = |scene: Scene| scene.host(|h| (h.a.authenticated, h.aaaa.authenticated) = (Some(false), Some(false)));
    let not = |lookup: Lookup<Tlsa>| Lookup { authenticated: Some(false), ..lookup };
    let aliased = |to: &str| Scene::mail().host(|h| (h.a.cname_chain, h.aaaa.cname_chain) = (vec![to.to_owned()], vec![to.to_owned()]));
    let implicit = || {
        let scene = Scene::mail().mx(&[]).policy("enforce", &["example.com"]);
        scene.change(|e| {
            e.mx.authenticated = Some(true);
            e.mx_hosts = vec![host("example.com")];
        })
    };
    let two = |records: Vec<Tlsa>| {
        let scene = Scene::mail().mx(&[(10, MX), (20, "mx2.example.com")]).policy("enforce", &[MX, "mx2.example.com"]);
        scene.change(|e| {
            e.mx.authenticated = Some(true);
            let mut second = host("mx2.example.com");
            second.tlsa = vec![tlsa_at("mx2.example.com", records)];
            e.mx_hosts.push(second);
        })
    };
    let mx_lost = |lookup| Scene::mail().change(|e| (e.mx, e.mx_hosts) = (lookup, Vec::new()));
    let data = |lookup| Lookup { unchecked: Some(Outcome::Noerror), ..lookup };
    let failed = codes::DANE_LOOKUP_FAILED;
    assert_right(&[
        Vector("2", Scene::mail().tlsa(vec![]), P, P, Absent, vec![codes::DANE_NO_TLSA]),
        Vector("2 insecure", Scene::mail().tlsa_lookup(not(lost(Nxdomain))), P, P, Absent, vec![codes::DANE_NO_TLSA]),
        Vector("55", unsigned(Scene::mail()), P, P, Insecure, vec![codes::DANE_INSECURE]),
        Vector("55 nothing there", unsigned(Scene::mail()).tlsa_lookup(not(lost(Nodata))), P, P, Absent, vec![]),
        Vector("55 wrong records", unsigned(Scene::mail()).tlsa(vec![tlsa(3, 1, 1, b"other")]), P, P, Insecure, vec![codes::DANE_INSECURE]),
        Vector(
            "56 right",
            Scene::mail().change(|e| e.mx.authenticated = Some(false)),
            P,
            P,
            Insecure,
            vec![codes::DANE_MX_INSECURE, codes::DNSSEC_ABSENT],
        ),
        Vector(
            "56 wrong",
            Scene::mail().tlsa(vec![tlsa(3, 1, 1, b"other")]).change(|e| e.mx.authenticated = Some(false)),
            P,
            P,
            Insecure,
            vec![codes::DANE_MX_INSECURE, codes::DANE_MISMATCH, codes::DNSSEC_ABSENT],
        ),
        Vector("57 expired", Scene::mail().tlsa_lookup(bogus(&tlsa_name, 7)), P, Q, Bogus, vec![codes::DNSSEC_BOGUS]),
        Vector("57 without a word, but with data", Scene::mail().tlsa_lookup(data(lost(Servfail))), P, Q, Bogus, vec![codes::DNSSEC_BOGUS]),
        Vector("58", mx_lost(bogus("example.com", 6)), Q, Q, Bogus, vec![codes::DNSSEC_BOGUS]),
        Vector("58 lost", mx_lost(Lookup::unsent("example.com".to_owned(), Servfail)), Q, Q, Unknown, vec![]),
        Vector("59 dropped", Scene::mail().tlsa_lookup(lost(Timeout)), P, Q, Unknown, vec![failed]),
        Vector("59 NOTIMP", Scene::mail().tlsa_lookup(lost(OtherRcode)), P, Q, Unknown, vec![failed]),
        Vector(
            "59 SERVFAIL either way",
            Scene::mail().tlsa_lookup(Lookup { unchecked: Some(Servfail), ..bogus(&tlsa_name, 22) }),
            P,
            Q,
            Unknown,
            vec![failed],
        ),
        Vector("59 of an unsigned host", unsigned(Scene::mail()).tlsa_lookup(lost(Servfail)), P, P, Absent, vec![]),
        Vector("60", Scene::mail().host(|h| h.aaaa = bogus(MX, 12)), P, P, Valid, vec![codes::DNSSEC_PARTLY_BOGUS]),
        Vector(
            "60 all of it",
            Scene::mail().host(|h| {
                (h.a, h.aaaa) = (bogus(MX, 12), bogus(MX, 12));
                h.tlsa.clear();
                h.conversations.clear();
            }),
            Q,
            Q,
            Bogus,
            vec![codes::DNSSEC_BOGUS],
        ),
        Vector("61 secure", aliased("end.example.net").tlsa_lookup(tlsa_at("end.example.net", ee())), P, P, Valid, vec![codes::MX_CNAME]),
        Vector(
            "61 at the alias",
            unsigned(aliased("end.example.net")).host(|h| {
                h.alias = Some(signed(answer(MX, vec![Alias("end.example.net".to_owned())])));
            }),
            P,
            P,
            Valid,
            vec![codes::MX_CNAME],
        ),
        Vector(
            "61 nothing at the end, but at the alias",
            aliased("end.example.net").host(|h| {
                h.tlsa.insert(0, tlsa_at("end.example.net", Vec::new()));
            }),
            P,
            P,
            Valid,
            vec![codes::MX_CNAME],
        ),
        Vector("62 signed", Scene::mail().host(|h| h.tlsa[0].cname_chain = vec!["tlsa.example.net".to_owned()]), P, P, Valid, vec![]),
        Vector("62 unsigned", Scene::mail().host(|h| h.tlsa[0].authenticated = Some(false)), P, P, Insecure, vec![codes::DANE_INSECURE]),
        Vector("63", implicit(), P, P, Valid, vec![codes::MX_NONE, codes::MX_IMPLICIT]),
        Vector(
            "63 without proof",
            implicit().change(|e| e.mx.authenticated = Some(false)),
            P,
            P,
            Insecure,
            vec![codes::MX_NONE, codes::MX_IMPLICIT, codes::DANE_MX_INSECURE, codes::DNSSEC_ABSENT],
        ),
        Vector("64", two(Vec::new()), P, P, Partial, vec![codes::DANE_PARTIAL]),
        Vector("64 on both", two(ee()), P, P, Valid, vec![]),
        Vector(
            "67",
            Scene::mail().tlsa_lookup(Lookup { authenticated: Some(false), outcome: Nxdomain, ..bogus(&tlsa_name, 27) }),
            P,
            P,
            Absent,
            vec![codes::DNSSEC_NSEC3_ITERATIONS],
        ),
    ]);
    let island = unsigned(Scene::mail()).change(|e| e.mx.authenticated = Some(false)).tlsa_lookup(not(lost(Nxdomain)));
    assert_right(&[Vector("66", island, P, P, Absent, vec![codes::DNSSEC_ABSENT])]);
}

/// A second address of the same host.
fn and_from(change: impl FnOnce(&mut Conversation)) -> Scene {
    Scene::mail().host(|host| host.conversations.push(conversation(v6()).with(change)))
}

#[test]
fn senders_go_on_to_the_next_address() {
    use DaneState::{Mismatch, Valid};
    let differ = codes::MX_ADDRESSES_DIFFER;
    let expired = |c: &mut Conversation| c.certificate.as_mut().unwrap().faults = vec![CertificateFault::Expired];
    let unrouted = |c: &mut Conversation| *c = Conversation { address: v6(), ..ended(FetchStage::Connect, FetchFault::NoRoute) };
    let bad_and_unrouted = and_from(unrouted).host(|h| expired(&mut h.conversations[0]));
    assert_right(&[
        Vector("alike", and_from(|_| ()), P, P, Valid, vec![]),
        Vector("65 certificate", and_from(expired), P, P, Valid, vec![codes::MX_CERT_EXPIRED, differ]),
        Vector("65 key", and_from(|c| c.chain[0] = of_chain(b"old", None)), P, P, Mismatch, vec![codes::DANE_MISMATCH, differ]),
        Vector("one without a route", and_from(unrouted), P, P, Valid, vec![codes::MX_NO_ROUTE]),
        Vector("bad, and one without a route", bad_and_unrouted, F, P, Valid, vec![codes::MX_CERT_EXPIRED, codes::MX_NO_ROUTE]),
    ]);
}

/// Several hosts, by what was found: passes, fails, untested, without an address, not covered by the policy but passing.
fn hosts(found: &str) -> Scene {
    let names: Vec<String> = (1..=found.len()).map(|n| format!("mx{n}.example.com")).collect();
    let of = |word: char, name: &String| {
        let mut host = host(name);
        host.tlsa = vec![tlsa_at(name, Vec::new())];
        match word {
            'F' => host.conversations = vec![conversation(v4()).faulty(&[CertificateFault::Expired])],
            '?' => host.conversations = vec![ended(FetchStage::Greeting, FetchFault::SmtpRefused)],
            '0' => {
                (host.a, host.aaaa) = (Lookup::unsent(name.clone(), Outcome::Nxdomain), Lookup::unsent(name.clone(), Outcome::Nxdomain));
                (host.tlsa, host.conversations) = (Vec::new(), Vec::new());
            }
            _ => {}
        }
        host
    };
    let covered: Vec<&str> = names.iter().zip(found.chars()).filter(|(_, word)| *word != 'U').map(|(name, _)| name.as_str()).collect();
    let covered = if covered.is_empty() { vec!["other.example.com"] } else { covered };
    let mx: Vec<(u16, &str)> = names.iter().map(|name| (10, name.as_str())).collect();
    Scene::mail().mx(&mx).policy("enforce", &covered).change(|e| {
        e.mx.authenticated = Some(true);
        e.mx_hosts = found.chars().zip(&names).map(|(word, name)| of(word, name)).collect();
    })
}

#[test]
fn hosts_are_taken_together() {
    let judged = |found| {
        let judged = hosts(found).judge();
        (judged.mx_tls, judged.delivery, judged.delivery_lenient)
    };
    for (found, mx_tls, delivery) in [
        ("PP", Some(MxTls::All), Delivery::Protected),
        ("FF", Some(MxTls::None), Delivery::Refused),
        ("PF", Some(MxTls::Some), Delivery::Partial),
        ("P?", Some(MxTls::Unknown), Delivery::Unknown),
        ("F?", Some(MxTls::Unknown), Delivery::Unknown),
        ("??", Some(MxTls::Unknown), Delivery::Unknown),
        ("PF?", Some(MxTls::Some), Delivery::Partial),
        ("PU", Some(MxTls::All), Delivery::Partial),
        ("U", Some(MxTls::All), Delivery::Refused),
        ("FU", Some(MxTls::Some), Delivery::Refused),
        ("?U", Some(MxTls::Unknown), Delivery::Unknown),
        ("P0", Some(MxTls::All), Delivery::Protected),
        ("F0", Some(MxTls::None), Delivery::Refused),
        // Nobody to ask: by the policy.
        ("0", None, Delivery::Protected),
    ] {
        assert_eq!(judged(found), (mx_tls, delivery, delivery), "{found}");
    }
    let mut unasked = hosts("PP");
    unasked.0.mx_hosts.pop();
    assert_eq!(unasked.judge().mx_tls, Some(MxTls::Unknown), "one beyond those that were asked");
}

#[test]
fn dane_decides_host_by_host() {
    let two = |first: Vec<Tlsa>, second: Vec<Tlsa>| {
        hosts("PP").change(|e| {
            for (host, records) in e.mx_hosts.iter_mut().zip([first, second]) {
                host.tlsa = vec![tlsa_at(&host.host, records)];
            }
        })
    };
    let bad = || vec![tlsa(3, 1, 1, b"other")];
    let untested = |scene: Scene| scene.change(|e| e.mx_asked.as_mut().unwrap().smtp = false);
    for (name, scene, state, delivery) in [
        ("both", two(ee(), ee()), DaneState::Valid, Delivery::Protected),
        ("one, the other by MTA-STS", two(ee(), vec![]), DaneState::Partial, Delivery::Protected),
        ("one, the other by nothing", two(ee(), vec![]).no_sts(), DaneState::Partial, Delivery::Opportunistic),
        ("one, the other testing", two(ee(), vec![]).policy("testing", &["*.example.com"]), DaneState::Partial, Delivery::Reported),
        ("both without a record", two(ee(), ee()).no_sts(), DaneState::Valid, Delivery::Protected),
        ("one mismatch", two(ee(), bad()), DaneState::Mismatch, Delivery::Partial),
        ("two mismatches", two(bad(), bad()), DaneState::Mismatch, Delivery::Refused),
        ("two mismatches under testing", two(bad(), bad()).policy("testing", &["*.example.com"]), DaneState::Mismatch, Delivery::Refused),
        ("two mismatches without a record", two(bad(), bad()).no_sts(), DaneState::Mismatch, Delivery::Refused),
        ("mismatch beside nothing", two(bad(), vec![]).no_sts(), DaneState::Mismatch, Delivery::Partial),
        ("unusable", two(ee(), vec![tlsa(1, 1, 1, LEAF)]), DaneState::Partial, Delivery::Protected),
        ("unusable without a record", two(vec![tlsa(1, 1, 1, LEAF)], vec![]).no_sts(), DaneState::Unusable, Delivery::Opportunistic),
        ("published", untested(two(ee(), ee())), DaneState::Valid, Delivery::Protected),
        ("published, wrong, and not tested", untested(two(bad(), bad())), DaneState::Valid, Delivery::Protected),
        (
            "valid beats a bad certificate",
            hosts("F").change(|e| e.mx_hosts[0].tlsa = vec![tlsa_at(MX, ee())]),
            DaneState::Valid,
            Delivery::Protected,
        ),
    ] {
        let judged = scene.judge();
        assert_eq!((judged.dane_state, judged.delivery_dane), (Some(state), Some(delivery)), "{name}: {:?}", judged.findings);
    }
    let published = untested(two(ee(), ee())).judge();
    let detail = published.findings.iter().find(|finding| finding.code == codes::DANE_PRESENT).map(|finding| finding.detail.as_str());
    assert_eq!(detail, Some("MX hosts \"mx1.example.com\", \"mx2.example.com\"; published, not tested"));
    assert_eq!((published.mx_tls, published.delivery), (None, Delivery::Protected));
}

#[test]
fn what_was_not_asked_is_null_and_what_nobody_validates_unknown() {
    let asked = |smtp, dane, validates| {
        let judged = Scene::mail().change(|e| e.mx_asked = Some(MxAsked { smtp, dane, validates })).judge();
        let dnssec = judged.findings.iter().any(|finding| finding.code >= codes::DANE_PRESENT);
        (judged.mx_tls, judged.mx_dnssec, judged.dane_state, judged.delivery_dane, dnssec)
    };
    assert_eq!(asked(true, false, true), (Some(MxTls::All), None, None, None, false));
    assert_eq!(asked(false, false, true), (None, None, None, None, false));
    let unknown = (Some(DnssecState::Unknown), Some(DaneState::Unknown), Some(Delivery::Unknown));
    assert_eq!(asked(true, true, false), (Some(MxTls::All), unknown.0, unknown.1, unknown.2, false));
    let secure = (Some(DnssecState::Secure), Some(DaneState::Valid), Some(Delivery::Protected));
    assert_eq!(asked(false, true, true), (None, secure.0, secure.1, secure.2, true));
    let nobody = Scene::mail().change(|e| e.mx_asked = None).judge();
    assert_eq!((nobody.mx_tls, nobody.mx_dnssec, nobody.dane_state, nobody.delivery_dane), (None, None, None, None));
}

#[test]
fn severity_follows_the_policy_where_a_sender_stops() {
    let rated = |scene: Scene, code| scene.judge().findings.iter().find(|finding| finding.code == code).map(|finding| finding.severity);
    let modes = |scene: &Scene, code| {
        let of = |mode| rated(scene.clone().policy(mode, &[MX]), code);
        [of("enforce"), of("testing"), of("none"), rated(scene.clone().no_sts(), code)].map(Option::unwrap)
    };
    let expired = shows(&[CertificateFault::Expired], Vec::new());
    let by_mode = [Severity::High, Severity::Medium, Severity::Low, Severity::Low];
    assert_eq!(modes(&expired, codes::MX_CERT_EXPIRED), by_mode);
    let plain = ended(FetchStage::Ehlo, FetchFault::Other).with(|c| (c.ehlo, c.error) = (Some(b"250-mx\r\n250 SIZE 1\r\n".to_vec()), None));
    assert_eq!(modes(&says(plain.clone()).tlsa(Vec::new()), codes::MX_NO_STARTTLS), by_mode);
    assert_eq!(modes(&says(plain), codes::MX_NO_STARTTLS), [Severity::High; 4], "senders with DANE stop, too");
    let wrong = Scene::mail().tlsa(vec![tlsa(3, 1, 1, b"other")]);
    assert_eq!(modes(&wrong, codes::DANE_MISMATCH), [Severity::High; 4]);
    let bogus = Scene::mail().tlsa_lookup(bogus("_25._tcp.mx1.example.com", 7));
    assert_eq!(modes(&bogus, codes::DNSSEC_BOGUS), [Severity::High; 4]);
    let refused = says(ended(FetchStage::Greeting, FetchFault::SmtpRefused));
    assert_eq!(modes(&refused, codes::MX_REFUSED), [Severity::Info; 4]);
}

/// Pieces of replies, right and wrong.
fn reply() -> impl Strategy<Value = Option<Vec<u8>>> {
    let piece = select(
        &[
            "250-mx\r\n",
            "250 STARTTLS\r\n",
            "220 x\r\n",
            "421 busy\r\n",
            "454 no\n",
            "502 what\r\n",
            "250-XXXXXXXA\r\n",
            "550",
            "\0\x1b[2J",
            "250 SIZE 1\r\n",
        ][..],
    );
    prop::option::of(prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat().into_bytes()))
}

fn any_conversation() -> impl Strategy<Value = Conversation> {
    let error = (select(FetchStage::ALL), select(FetchFault::ALL), prop::option::of(select(vec![40_u8, 70, 71, 112, 116])));
    let hello = (
        prop::option::of(select(TlsVersion::ALL)),
        prop::option::of(select(vec!["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ""])),
        any::<bool>(),
    );
    let faults = prop::collection::vec(select(CertificateFault::ALL), 0..3);
    let chain = prop::collection::vec((select(vec![LEAF, ISSUER, b"other"]), prop::option::of(select(Path::ALL))), 0..4);
    let replies = (reply(), reply(), reply(), reply(), reply());
    let flags = any::<[bool; 4]>();
    (replies, prop::option::of(error), prop::option::of(hello), faults, chain, flags).prop_map(
        |((greeting, ehlo, starttls, surplus, refused_before), error, hello, faults, chain, [client_auth, complete, shown, slow])| {
            let certificate = Certificate { faults, ..certificate() };
            let hello = hello.map(|(version, cipher, shown)| SecondHello {
                version,
                cipher: cipher.map(str::to_owned),
                certificate: shown.then(|| certificate.clone()),
                ..SecondHello::default()
            });
            let mut conversation = Conversation { greeting, ehlo, starttls, surplus, refused_before, client_auth, ..conversation(v4()) };
            conversation.error = error.map(|(stage, fault, alert)| FetchError { alert, ..FetchError::new(stage, fault, "\u{1b}[31m") });
            conversation.tls_version = conversation.tls_version.filter(|_| complete);
            conversation.certificate = shown.then_some(certificate);
            conversation.second_hello = hello;
            conversation.chain = chain.into_iter().map(|(octets, path)| of_chain(octets, path)).collect();
            conversation.timings.ehlo_ms = slow.then_some(40_000);
            conversation
        },
    )
}

fn any_lookup<R: Clone + std::fmt::Debug + 'static>(name: &'static str, records: Vec<R>) -> impl Strategy<Value = Lookup<R>> {
    let unchecked = prop::option::weighted(0.2, select(Outcome::ALL));
    let code = prop::option::weighted(0.3, select(vec![6_u16, 12, 22, 27]));
    (select(Outcome::ALL), any::<bool>(), unchecked, code).prop_map(move |(outcome, authenticated, unchecked, code)| Lookup {
        records: if outcome == Outcome::Noerror { records.clone() } else { Vec::new() },
        authenticated: Some(authenticated),
        unchecked,
        extended_error: code.map(|code| Box::new(ExtendedError { code, text: "\u{7}".to_owned() })),
        ..Lookup::unsent(name.to_owned(), outcome)
    })
}

/// A domain with one MX host, of which anything may be the case.
fn any_scene() -> impl Strategy<Value = Scene> {
    let record = (0_u8..5, 0_u8..3, 0_u8..4, select(vec![LEAF, ISSUER, b"other"]));
    let records = prop::collection::vec(record.prop_map(|(usage, selector, matching, of)| tlsa(usage, selector, matching, of)), 1..4);
    let tlsa = records.prop_flat_map(|records| prop::collection::vec(any_lookup("_25._tcp.mx1.example.com", records), 0..3));
    let lookups = (any_lookup(MX, vec![Ipv4Addr::new(198, 51, 100, 25)]), any_lookup(MX, vec![Ipv6Addr::LOCALHOST]), tlsa);
    let mode = select(vec!["enforce", "testing", "none", "sometimes"]);
    let spoken = prop::collection::vec(any_conversation(), 0..3);
    (lookups, spoken, mode, any::<[bool; 5]>()).prop_map(
        |((a, aaaa, tlsa), conversations, mode, [smtp, dane, validates, signed, covered])| {
            Scene::mail().policy(mode, &[if covered { MX } else { "mx2.example.com" }]).change(|e| {
                e.mx.authenticated = Some(signed);
                e.mx_asked = Some(MxAsked { smtp, dane, validates });
                let mut host = HostLookup::new(MX.to_owned(), a, aaaa);
                (host.tlsa, host.conversations) = (tlsa, conversations);
                e.mx_hosts = vec![host];
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    /// Whatever was seen: unknown never becomes absent, and a refusal is no fault.
    #[test]
    fn the_judgement_of_any_mail_server_holds_together(scene in any_scene()) {
        let Scene(evidence) = &scene;
        let (asked, host) = (evidence.mx_asked.unwrap(), &evidence.mx_hosts[0]);
        let judged = scene.judge();
        prop_assert_eq!(&judged, &scene.judge());
        let printable = |text: &str| text.bytes().all(|b| (b' '..=b'~').contains(&b));
        prop_assert!(judged.findings.iter().all(|f| printable(&f.subject) && printable(&f.detail)));
        prop_assert!(judged.findings.iter().all(|finding| !finding.leaves_open() || finding.severity == Severity::Info));

        prop_assert!(judged.mx_tls.is_none() || asked.smtp);
        prop_assert_eq!(judged.dane_state.is_some(), asked.dane);
        prop_assert_eq!(judged.delivery_dane.is_some(), asked.dane);
        let has = |code: Code| judged.findings.iter().any(|finding| finding.code == code);
        if asked.dane && !asked.validates {
            prop_assert_eq!((judged.mx_dnssec, judged.dane_state), (Some(DnssecState::Unknown), Some(nothing_validated(host))));
            prop_assert!(!judged.findings.iter().any(|finding| finding.code >= codes::DANE_PRESENT && finding.code <= codes::DNSSEC_NSEC3_ITERATIONS));
        }

        // Absent only if that was said: of records, or of the host itself.
        let signed = (host.a.authenticated == Some(true) && !host.a.records.is_empty()) || (host.aaaa.authenticated == Some(true) && !host.aaaa.records.is_empty());
        let lost = host.tlsa.iter().any(|lookup| !lookup.outcome.is_conclusive());
        let has_address = !host.a.records.is_empty() || !host.aaaa.records.is_empty();
        if judged.dane_state == Some(DaneState::Absent) {
            prop_assert!(!(signed && lost && has_address), "{:?}", host.tlsa);
            prop_assert!(has_address || (host.a.outcome.is_conclusive() && host.aaaa.outcome.is_conclusive()));
        }
        prop_assert!(!has(codes::DNSSEC_ABSENT) || evidence.mx.authenticated != Some(true));

        // A conversation that never came to its EHLO is no fault of the host.
        use FetchStage::{Address, Connect, Greeting};
        let begun = |c: &Conversation| c.error.as_ref().is_none_or(|error| !matches!(error.stage, Address | Connect | Greeting));
        if !host.conversations.iter().any(begun) {
            let blames = |f: &&Finding| f.code >= codes::MX_UNREACHABLE && f.code <= codes::MX_CERT_EXPIRING && f.severity < Severity::Info;
            prop_assert_eq!(judged.findings.iter().find(blames), None);
            prop_assert!(!has(codes::DANE_MISMATCH) || host.conversations.iter().any(|c| !c.chain.is_empty()));
            prop_assert!(matches!(judged.mx_tls, None | Some(MxTls::Unknown)));
        }
    }
}

/// Of a host without any address nobody has to validate that it has no TLSA records.
fn nothing_validated(host: &HostLookup) -> DaneState {
    let nowhere =
        host.a.outcome.is_conclusive() && host.aaaa.outcome.is_conclusive() && host.a.records.is_empty() && host.aaaa.records.is_empty();
    if nowhere { DaneState::Absent } else { DaneState::Unknown }
}

/// Evidence as it is stored, and the judgement of it, so that a change of either is a readable diff. After one that is meant:
/// `STSCAN_REGENERATE=golden cargo test --lib golden`.
#[test]
fn golden_files_of_mail_servers_stand() {
    let incomplete = || says(conversation(v4()).faulty(&[CertificateFault::IncompleteChain]).leaf_only()).tlsa(ta());
    let legacy = ended(FetchStage::Tls, FetchFault::TlsAlert).alert(40).hello(TlsVersion::Tls12, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA");
    let scenes = [
        ("healthy", Scene::mail()),
        ("refused", says(ended(FetchStage::Greeting, FetchFault::SmtpRefused).with(|c| c.greeting = Some(b"421 busy\r\n".to_vec())))),
        ("legacy-suite", says(legacy)),
        ("authority-not-sent", incomplete()),
        ("addresses-differ", and_from(|c| c.certificate.as_mut().unwrap().faults = vec![CertificateFault::Expired])),
        ("bogus-tlsa", Scene::mail().tlsa_lookup(bogus("_25._tcp.mx1.example.com", 7))),
        ("mismatch-without-policy", Scene::mail().tlsa(vec![tlsa(3, 1, 1, b"other")]).no_sts()),
        ("published-not-tested", Scene::mail().change(|e| e.mx_asked.as_mut().unwrap().smtp = false)),
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_mail");
    let regenerate = std::env::var_os("STSCAN_REGENERATE").is_some_and(|what| what == "golden");
    let pretty = |value: serde_json::Value| serde_json::to_string_pretty(&value).unwrap() + "\n";
    let mut differing = Vec::new();
    for (name, scene) in scenes {
        let evidence = pretty(serde_json::to_value(&scene.0).unwrap());
        let assessment = pretty(serde_json::to_value(scene.judge()).unwrap());
        for (file, expected) in [(format!("{name}.json"), &evidence), (format!("{name}.assessment.json"), &assessment)] {
            if regenerate {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(&file), expected).unwrap();
            }
            if std::fs::read_to_string(folder.join(&file)).ok().as_ref() != Some(expected) {
                differing.push(file);
            }
        }
        let stored = serde_json::from_str(&evidence).unwrap();
        assert_eq!(super::classify(&stored), scene.judge(), "{name}");
    }
    assert!(differing.is_empty(), "{differing:?} of tests/golden_mail differ: STSCAN_REGENERATE=golden cargo test --lib golden, if meant");
}
