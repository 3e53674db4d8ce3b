//! Whole conversations with real sockets on loopback: what is recorded, where and why they end early, and how often anybody is bothered.

mod server;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use self::server::{HOST, LOOPBACK, Mail, Plain, Setup, host, mailer, on_loopback, trusting};
use super::{Mailer, SmtpConfig};
use crate::evidence::{CertificateFault, Conversation, FetchFault, FetchStage, HostLookup, Path, REPLY_LIMIT, TlsVersion, Tlsa};
use crate::exclusion::Exclusion;

#[track_caller]
fn assert_fault(seen: &Conversation, stage: FetchStage, fault: FetchFault) {
    let error = seen.error.as_ref().unwrap_or_else(|| panic!("{stage} should have failed: {seen:?}"));
    assert_eq!((error.stage, error.fault), (stage, fault), "{}", error.text);
    assert!(!error.text.is_empty() && error.text.len() <= 300);
}

async fn ask(mailer: &Mailer) -> Conversation {
    mailer.ask(&host(HOST, &[LOOPBACK])).await.remove(0)
}

/// What is seen of a server that does as scripted, and what it heard.
async fn seen_of(script: &[Plain]) -> (Conversation, String) {
    let server = server::scripted(script).await;
    let seen = ask(&mailer(server.port, |config| config.smtp_greeting_timeout = Duration::from_secs(3))).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    (seen, server.heard())
}

const GREETING: Plain = Plain::Say(b"220 mx.example.com ESMTP\r\n");
const OFFER: Plain = Plain::Say(b"250-mx.example.com\r\n250-SIZE 1000\r\n250 STARTTLS\r\n");
const GO: Plain = Plain::Say(b"220 go\r\n");

#[tokio::test]
async fn a_whole_conversation_is_recorded() {
    let mail = Mail::start(Setup::default()).await;
    let seen = ask(&mail.mailer(|_| {})).await;
    assert_eq!((&seen.error, seen.connections, seen.address), (&None, 1, LOOPBACK));
    assert_eq!(seen.greeting.as_deref(), Some(&b"220-wait\r\n220 mx.example.com ESMTP\r\n"[..]));
    assert_eq!(seen.ehlo.as_deref(), Some(&b"250-mx.example.com\r\n250-PIPELINING\r\n250 STARTTLS\r\n"[..]));
    assert_eq!(seen.starttls.as_deref(), Some(&b"220 go\r\n"[..]));
    assert_eq!(seen.ehlo_in_tls.as_deref(), Some(&b"250 mx.example.com\r\n"[..]));
    assert_eq!((seen.tls_version.as_deref(), seen.key_exchange.as_deref()), (Some("TLSv1.3"), Some("x25519")));
    assert!(seen.tls_cipher.as_deref().is_some_and(|cipher| cipher.starts_with("TLS_")));
    assert_eq!((seen.surplus, seen.refused_before, seen.shared_with, seen.second_hello), (None, None, None, None));
    assert!(!seen.client_auth);
    let certificate = seen.certificate.unwrap();
    assert_eq!(
        (certificate.faults.as_slice(), certificate.sans.as_slice(), certificate.version),
        (&[][..], &[HOST.to_owned()][..], Some(3))
    );
    assert_eq!((seen.chain.len(), seen.chain[0].path, seen.given_anchors.len()), (1, None, 0));
    assert_eq!(hex::encode(&seen.chain[0].certificate_sha256), certificate.sha256);
    let timings = seen.timings;
    assert!([timings.connect_ms, timings.greeting_ms, timings.ehlo_ms, timings.starttls_ms, timings.tls_ms].iter().all(Option::is_some));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(mail.server.heard(), "EHLO scanner.test\r\nSTARTTLS\r\n[TLS mx.example.com]EHLO scanner.test\r\nQUIT\r\n[closed]");
}

#[tokio::test]
async fn nothing_is_sent_before_the_greeting_has_ended() {
    let script: &[Plain] = &[
        Plain::Say(b"220-wait for "),
        Plain::Silence(Duration::from_millis(400)),
        Plain::Say(b"it\r\n"),
        Plain::Silence(Duration::from_millis(400)),
        Plain::Mark("[spoken]"),
        GREETING,
        Plain::Listen,
        Plain::Say(b"502 no\r\n"),
        Plain::Listen,
    ];
    let (seen, heard) = seen_of(script).await;
    assert_fault(&seen, FetchStage::Ehlo, FetchFault::SmtpRefused);
    assert_eq!(heard, "[spoken]EHLO scanner.test\r\nQUIT\r\n");
    assert!(seen.timings.greeting_ms.is_some_and(|ms| ms >= 800));
    assert!(!seen.may_pass(), "no ESMTP is said for good");
}

#[tokio::test]
async fn refusals_are_kept_with_stage_and_reply() {
    for (script, stage, reply, may_pass) in [
        (&[Plain::Say(b"421 too many connections\r\n"), Plain::Listen][..], FetchStage::Greeting, "421 too many connections\r\n", true),
        (&[Plain::Say(b"554-no\r\n554 blocked\r\n"), Plain::Listen], FetchStage::Greeting, "554-no\r\n554 blocked\r\n", true),
        (&[GREETING, Plain::Listen, Plain::Say(b"504 name\r\n"), Plain::Listen], FetchStage::Ehlo, "504 name\r\n", true),
        (&[GREETING, Plain::Listen, Plain::Say(b"500 what\r\n"), Plain::Listen], FetchStage::Ehlo, "500 what\r\n", false),
        (
            &[GREETING, Plain::Listen, OFFER, Plain::Listen, Plain::Say(b"454 no\r\n"), Plain::Listen],
            FetchStage::Starttls,
            "454 no\r\n",
            true,
        ),
        (
            &[GREETING, Plain::Listen, OFFER, Plain::Listen, Plain::Say(b"502 no\r\n"), Plain::Listen],
            FetchStage::Starttls,
            "502 no\r\n",
            false,
        ),
        (&[Plain::Say(b"220 hi\r\n421 no, busy\r\n"), Plain::Listen], FetchStage::Ehlo, "421 no, busy\r\n", true),
    ] {
        let (seen, heard) = seen_of(script).await;
        assert_fault(&seen, stage, FetchFault::SmtpRefused);
        assert_eq!(seen.refusal(), Some(reply.as_bytes()));
        assert_eq!((seen.may_pass(), seen.connections, &seen.tls_version), (may_pass, 1, &None), "{reply}");
        assert!(heard.ends_with("QUIT\r\n"), "{heard}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_is_left_in_good_order() {
    for ehlo in [&b"250 STARTTLS\r\n"[..], b"250-hello STARTTLS\r\n250 SIZE\r\n", b"250-hello\n250 XXXXXXXA\n", b"250\r\n"] {
        let script: &[Plain] = &[GREETING, Plain::Listen, Plain::Say(ehlo), Plain::Listen, Plain::Say(b"221 bye\r\n")];
        let (seen, heard) = seen_of(script).await;
        assert_eq!((&seen.error, seen.ehlo.as_deref(), &seen.starttls), (&None, Some(ehlo), &None));
        assert_eq!(heard, "EHLO scanner.test\r\nQUIT\r\n");
    }
}

#[tokio::test]
async fn what_is_no_smtp_is_kept_and_not_answered() {
    let long: &'static [u8] = vec![b'x'; 5000].leak();
    let lines: &'static [u8] = b"220-line\r\n".repeat(200).leak();
    for (greeting, kept) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], &b"SSH-2.0-OpenSSH_9.2\r\n"[..]),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (b"\x15\x03\x01\x00\x02\x02\x28\n", b"\x15\x03\x01\x00\x02\x02\x28\n"),
        (b"220\x00\x1b[31m red\r\n", b"220\x00\x1b[31m red\r\n"),
        (b"300 more\r\n", b"300 more\r\n"),
        (long, long),
        (lines, lines),
    ] {
        let script: &[Plain] = &[Plain::Say(greeting), Plain::Listen];
        let (seen, heard) = seen_of(script).await;
        assert_fault(&seen, FetchStage::Greeting, FetchFault::SmtpProtocol);
        assert_eq!((seen.greeting.as_deref(), heard.as_str(), seen.may_pass()), (Some(kept), "", false));
    }
    let (seen, _) = seen_of(&[Plain::Say(b"220 \x00\x1b[31m\xff red\r\n"), Plain::Listen]).await;
    assert_eq!(seen.greeting.as_deref(), Some(&b"220 \x00\x1b[31m\xff red\r\n"[..]), "strange octets in a reply are no fault");
}

#[tokio::test]
async fn floods_come_to_an_end() {
    let banner = server::start(|mut tcp| async move { while tcp.write_all(&[b'2'; 65_536]).await.is_ok() {} }).await;
    let seen = ask(&mailer(banner.port, |_| {})).await;
    assert_fault(&seen, FetchStage::Greeting, FetchFault::SmtpProtocol);
    assert_eq!(seen.greeting.as_ref().map(|greeting| greeting.len() <= REPLY_LIMIT), Some(true));
    let lines = server::start(|mut tcp| async move {
        let _ = tcp.write_all(b"220 hi\r\n").await;
        let _ = tcp.read(&mut [0; 100]).await;
        for _ in 0..100_000 {
            if tcp.write_all(b"250-KEYWORD\r\n").await.is_err() {
                break;
            }
        }
    })
    .await;
    let seen = ask(&mailer(lines.port, |_| {})).await;
    assert_fault(&seen, FetchStage::Ehlo, FetchFault::SmtpProtocol);
    assert!(seen.ehlo.is_some_and(|ehlo| (1000..=REPLY_LIMIT).contains(&ehlo.len())));
}

#[tokio::test]
async fn silence_and_drips_are_told_apart() {
    let short = |config: &mut SmtpConfig| config.smtp_greeting_timeout = Duration::from_millis(1900);
    let silent = server::scripted(&[Plain::Silence(Duration::from_secs(60))]).await;
    let seen = ask(&mailer(silent.port, short)).await;
    assert_fault(&seen, FetchStage::Greeting, FetchFault::Timeout);
    assert_eq!((seen.greeting.as_deref(), seen.may_pass()), (None, true));
    let teaser = server::scripted(&[Plain::Say(b"220-wait\r\n"), Plain::Silence(Duration::from_secs(60))]).await;
    let seen = ask(&mailer(teaser.port, short)).await;
    assert_fault(&seen, FetchStage::Greeting, FetchFault::Timeout);
    assert_eq!(seen.greeting.as_deref(), Some(&b"220-wait\r\n"[..]));
    let drip = server::scripted(&[Plain::Drip(b"220 a server without end", Duration::from_millis(250))]).await;
    let seen = ask(&mailer(drip.port, short)).await;
    assert_fault(&seen, FetchStage::Greeting, FetchFault::Tarpit);
    assert!(seen.greeting.is_some_and(|greeting| greeting.starts_with(b"220 a")));
    // As spamd does: a stutter, and then nothing on offer.
    let stutter = server::scripted(&[
        Plain::Drip(b"220 ok\r\n", Duration::from_millis(220)),
        Plain::Listen,
        Plain::Say(b"250 pleased to be wasting your time\r\n"),
    ])
    .await;
    let seen = ask(&mailer(stutter.port, |_| {})).await;
    assert_fault(&seen, FetchStage::Ehlo, FetchFault::Tarpit);
}

#[tokio::test]
async fn whoever_answers_twice_is_not_tested() {
    for script in [
        &[Plain::Say(b"220 a\r\n220 a\r\n"), Plain::Listen, Plain::Say(b"250 STARTTLS\r\n")][..],
        &[GREETING, Plain::Listen, Plain::Say(b"250-a\r\n250 STARTTLS\r\n250-a\r\n250 STARTTLS\r\n"), Plain::Listen],
        &[
            GREETING,
            Plain::Silence(Duration::from_millis(50)),
            GREETING,
            Plain::Listen,
            OFFER,
            Plain::Silence(Duration::from_millis(50)),
            OFFER,
            Plain::Listen,
            GO,
        ],
        &[GREETING, Plain::Listen, OFFER, Plain::Silence(Duration::from_millis(50)), OFFER, Plain::Listen, GO, Plain::Listen],
    ] {
        let (seen, heard) = seen_of(script).await;
        let error = seen.error.as_ref().unwrap();
        assert_eq!((error.fault, &seen.certificate), (FetchFault::SmtpProtocol, &None), "{error:?}");
        assert!(!heard.contains("[TLS"), "{heard}");
    }
}

#[tokio::test]
async fn data_behind_the_go_ahead_ends_it_before_the_handshake() {
    for script in [
        &[GREETING, Plain::Listen, OFFER, Plain::Listen, Plain::Say(b"220 go\r\n250 injected\r\n"), Plain::Listen][..],
        &[GREETING, Plain::Listen, OFFER, Plain::Listen, Plain::Say(b"220 go\r\nx"), Plain::Listen],
    ] {
        let (seen, heard) = seen_of(script).await;
        assert_fault(&seen, FetchStage::Starttls, FetchFault::SmtpProtocol);
        assert!(seen.surplus.is_some_and(|surplus| surplus == b"250 injected\r\n" || surplus == b"x"));
        assert_eq!(heard, "EHLO scanner.test\r\nSTARTTLS\r\n", "no handshake");
    }
}

/// OpenSMTPD whose OpenSSL has no version that it is to speak: the alert stands in the packet of the go-ahead.
#[tokio::test]
async fn an_alert_behind_the_go_ahead_is_no_injection() {
    let script: &[Plain] = &[GREETING, Plain::Listen, OFFER, Plain::Listen, Plain::Say(b"220 go\r\n\x15\x03\x01\x00\x02\x02\x46")];
    let (seen, heard) = seen_of(script).await;
    assert_fault(&seen, FetchStage::Tls, FetchFault::TlsVersion);
    assert_eq!((seen.surplus, seen.error.and_then(|error| error.alert)), (None, Some(70)));
    assert!(!heard.contains("[TLS"), "{heard}");
}

/// Ready for TLS, and then these octets.
async fn in_place_of_tls(octets: &'static [u8]) -> (Conversation, usize) {
    let script: &[Plain] = &[GREETING, Plain::Listen, OFFER, Plain::Listen, GO, Plain::Listen, Plain::Say(octets)];
    let server = server::scripted(script).await;
    let seen = ask(&mailer(server.port, |_| {})).await;
    (seen, server.accepted())
}

#[tokio::test]
async fn what_comes_in_place_of_tls_is_told_apart() {
    const OLD_SERVER_HELLO: &[u8] = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01\
        0123456789abcdef0123456789abcdef\x00\x00\x2f\x00";
    for (octets, fault, connections) in [
        (&b"250 mx.example.com\r\n"[..], FetchFault::TlsProtocol, 2),
        (&[0; 600], FetchFault::TlsProtocol, 2),
        (b"\x15\x03\x03\x00\x02\x02\x28", FetchFault::TlsAlert, 2),
        (b"\x15\x03\x03\x00\x02\x02\x70", FetchFault::TlsAlert, 1),
        (b"\x15\x03\x01\x00\x02\x02\x46", FetchFault::TlsVersion, 2),
        (OLD_SERVER_HELLO, FetchFault::TlsVersion, 2),
        (b"", FetchFault::Reset, 2),
    ] {
        let (seen, accepted) = in_place_of_tls(octets).await;
        assert_fault(&seen, FetchStage::Tls, fault);
        assert_eq!((accepted, usize::from(seen.connections)), (connections, connections), "{octets:?}");
        assert_eq!((seen.second_hello.is_some(), seen.may_pass(), &seen.tls_version), (connections == 2, false, &None));
        let version = seen.second_hello.as_ref().and_then(|hello| hello.version);
        assert_eq!(version, (octets == OLD_SERVER_HELLO).then_some(TlsVersion::Tls10));
    }
}

#[tokio::test]
async fn the_second_hello_shows_certificate_and_chain() {
    let mail = Mail::start(Setup { only_cbc: true, ..Setup::default() }).await;
    let seen = ask(&mail.mailer(|_| {})).await;
    assert_fault(&seen, FetchStage::Tls, FetchFault::TlsAlert);
    let hello = seen.second_hello.as_ref().unwrap();
    assert_eq!((hello.version, hello.cipher.as_deref()), (Some(TlsVersion::Tls12), Some("TLS_RSA_WITH_AES_128_CBC_SHA")));
    assert_eq!(hello.certificate.as_ref().unwrap().faults, []);
    assert_eq!((seen.connections, seen.chain.len(), &seen.certificate), (2, 1, &None));
}

#[tokio::test]
async fn a_hello_that_is_not_reached_settles_nothing() {
    let server = server::start(|mut tcp| async move {
        static TIMES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        if TIMES.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0 {
            let _ = tcp.write_all(b"421 again so soon\r\n").await;
            return;
        }
        for answer in [&b"220 hi\r\n"[..], b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n", b"\x15\x03\x03\x00\x02\x02\x28"] {
            let _ = tcp.write_all(answer).await;
            let _ = tcp.read(&mut [0; 4096]).await;
        }
    })
    .await;
    let seen = ask(&mailer(server.port, |_| {})).await;
    let hello = seen.second_hello.unwrap();
    assert_eq!(hello.error.as_ref().map(|error| (error.stage, error.fault)), Some((FetchStage::Greeting, FetchFault::SmtpRefused)));
    assert!(hello.leaves_open());
}

#[tokio::test]
async fn who_insists_on_a_certificate_of_ours_says_so_late() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mail = Mail::start(Setup { client_certificate: true, version: Some(version), ..Setup::default() }).await;
        let seen = ask(&mail.mailer(|_| {})).await;
        assert_fault(&seen, FetchStage::Tls, FetchFault::TlsAlert);
        assert!(seen.client_auth && seen.certificate.is_some() && seen.second_hello.is_none());
    }
}

#[tokio::test]
async fn every_certificate_fault_is_seen_and_the_conversation_goes_on() {
    let mail = Mail::start(Setup::default()).await;
    let other = mail.mailer(|_| {}).ask(&host("mx.example.net", &[LOOPBACK])).await.remove(0);
    assert_eq!((&other.error, other.certificate.unwrap().faults), (&None, vec![CertificateFault::NameMismatch]));
    let stranger = ask(&mailer(mail.server.port, |_| {})).await;
    assert_eq!((&stranger.error, stranger.certificate.unwrap().faults), (&None, vec![CertificateFault::Untrusted]));
    let v1 = Mail::start(Setup { version_1: true, ..Setup::default() }).await;
    let seen = ask(&v1.mailer(|_| {})).await;
    let certificate = seen.certificate.unwrap();
    assert_eq!((&seen.error, certificate.version), (&None, Some(1)), "the handshake is possible all the same");
    assert!(certificate.faults.contains(&CertificateFault::NoSan), "{certificate:?}");
    assert!(!seen.chain[0].key_sha256.is_empty());
}

#[tokio::test]
async fn tlsa_records_of_authorities_are_followed() {
    let mail = Mail::start(Setup { with_root: true, ..Setup::default() }).await;
    let mut host = host(HOST, &[LOOPBACK]);
    let record = |matching, data: Vec<u8>| Tlsa { usage: 2, selector: 0, matching, data };
    host.tlsa = vec![server::tlsa(vec![record(1, vec![7; 32]), record(0, mail.authority.der.to_vec())])];
    let seen = mailer(mail.server.port, |_| {}).ask(&host).await.remove(0);
    assert_eq!(seen.chain.iter().map(|certificate| certificate.path).collect::<Vec<_>>(), [Some(Path::Broken), Some(Path::Valid)]);
    assert_eq!(seen.given_anchors.iter().map(|anchor| anchor.path).collect::<Vec<_>>(), [Path::Valid]);
}

#[tokio::test]
async fn a_huge_certificate_and_a_long_chain_do_no_harm() {
    for setup in [Setup { copies: 200, ..Setup::default() }, Setup { names: 40_000, ..Setup::default() }] {
        let mail = Mail::start(setup).await;
        let seen = ask(&mail.mailer(|_| {})).await;
        assert!(seen.chain.len() <= crate::evidence::CHAIN_LIMIT);
        if let Some(error) = &seen.error {
            assert_eq!(error.stage, FetchStage::Tls, "{error:?}");
        }
        assert!(seen.timings.total_ms < 20_000);
    }
}

#[tokio::test]
async fn addresses_that_may_not_be_contacted_are_not() {
    let mail = Mail::start(Setup::default()).await;
    let public_only = ask(&mail.mailer(|config| config.allow_private = false)).await;
    assert_fault(&public_only, FetchStage::Address, FetchFault::SpecialUseAddress);
    let excluded = Arc::new(Exclusion::parse("127.0.0.0/8").unwrap());
    let polite = trusting(mail.server.port, |_| {}, mail.authority.trusted(), excluded, None);
    let seen = ask(&polite).await;
    assert_fault(&seen, FetchStage::Address, FetchFault::Excluded);
    assert_eq!((seen.connections, seen.may_pass()), (0, false));
    // What counts is where an address really leads.
    let relocate: fn(IpAddr) -> IpAddr = |_| LOOPBACK;
    let excluded = Arc::new(Exclusion::parse("44.0.0.0/8").unwrap());
    let lab = trusting(mail.server.port, |_| {}, mail.authority.trusted(), excluded, Some(relocate));
    let seen = lab.ask(&host(HOST, &[[44, 0, 0, 1].into()])).await.remove(0);
    assert_eq!((&seen.error, seen.address), (&None, [44, 0, 0, 1].into()));
    assert_eq!(mail.server.accepted(), 1);
}

#[tokio::test]
async fn one_address_of_each_family_unless_all_are_wanted() {
    let mail = Mail::start(Setup::default()).await;
    let many: Vec<IpAddr> = (1..=40).map(|last| [127, 0, 9, last].into()).chain([LOOPBACK, LOOPBACK]).collect();
    let one = mail.mailer(|_| {}).ask(&host(HOST, &many)).await;
    assert_eq!(one.iter().map(|seen| seen.address).collect::<Vec<_>>(), [many[0]]);
    let all = mail.mailer(|config| config.smtp_all_addresses = true).ask(&host(HOST, &many)).await;
    assert_eq!(all.len(), 16);
}

#[tokio::test]
async fn a_host_is_asked_once_however_many_domains_name_it() {
    let mail = Mail::start(Setup::default()).await;
    let mailer = mail.mailer(|_| {});
    let all = futures_util::future::join_all((0..50).map(|_| ask(&mailer))).await;
    assert!(all.iter().all(|seen| *seen == all[0]));
    assert_eq!(mail.server.accepted(), 1);
    let totals = mailer.totals();
    assert_eq!((totals.conversations, totals.connections, totals.known, totals.refused), (1, 1, 49, 0));
}

#[tokio::test]
async fn who_refused_is_asked_once_more_and_not_again() {
    let server = server::start(|mut tcp: TcpStream| async move {
        let _ = tcp.write_all(b"421 busy\r\n").await;
        let _ = tcp.read(&mut [0; 100]).await;
    })
    .await;
    let mailer = mailer(server.port, |_| {});
    let mut host = host(HOST, &[LOOPBACK]);
    host.conversations = mailer.ask(&host).await;
    assert!(host.is_worth_another_round());
    mailer.ask(&host).await;
    assert_eq!(server.accepted(), 1, "nobody else asks meanwhile");
    let mut others = host.clone();
    tokio::join!(mailer.ask_again(&mut host), mailer.ask_again(&mut others));
    let seen = &host.conversations[0];
    assert_eq!((server.accepted(), seen.connections, seen.refused_before.as_deref()), (2, 2, Some(&b"421 busy\r\n"[..])));
    assert!(!host.is_worth_another_round() && others == host);
    mailer.ask_again(&mut host).await;
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn a_refusal_that_passes_leaves_its_trace() {
    let mail = Mail::start(Setup { busy_once: true, ..Setup::default() }).await;
    let mailer = mail.mailer(|_| {});
    let mut host = host(HOST, &[LOOPBACK]);
    host.conversations = mailer.ask(&host).await;
    assert_fault(&host.conversations[0], FetchStage::Starttls, FetchFault::SmtpRefused);
    mailer.ask_again(&mut host).await;
    let seen = &host.conversations[0];
    assert_eq!((&seen.error, seen.refused_before.as_deref(), seen.connections), (&None, Some(&b"454 later\r\n"[..]), 2));
}

#[tokio::test]
async fn an_address_is_connected_to_four_times_for_a_name_at_most() {
    let server = server::start(|mut tcp: TcpStream| async move {
        for answer in [&b"220 hi\r\n"[..], b"250-mx\r\n250 STARTTLS\r\n", b"454 no\r\n"] {
            let _ = tcp.write_all(answer).await;
            let _ = tcp.read(&mut [0; 4096]).await;
        }
    })
    .await;
    let mailer = mailer(server.port, |_| {});
    for _ in 0..10 {
        mailer.forget();
        let mut host = host(HOST, &[LOOPBACK]);
        host.conversations = mailer.ask(&host).await;
        mailer.ask_again(&mut host).await;
    }
    assert_eq!(server.accepted(), 4);
}

#[tokio::test]
async fn whoever_refuses_every_name_is_left_alone() {
    let server = server::start(|mut tcp: TcpStream| async move {
        let _ = tcp.write_all(b"554 go away\r\n").await;
        let _ = tcp.read(&mut [0; 100]).await;
    })
    .await;
    let mailer = mailer(server.port, |_| {});
    let names: Vec<String> = (0..20).map(|number| format!("mx.customer{number}.example")).collect();
    let seen = futures_util::future::join_all(names.iter().map(async |name| mailer.ask(&host(name, &[LOOPBACK])).await.remove(0))).await;
    let refused = seen.iter().filter(|seen| seen.connections == 1).count();
    assert_eq!((server.accepted(), refused), (3, 3));
    assert_fault(&seen[19], FetchStage::Address, FetchFault::NotTried);
    assert!(seen[19].error.as_ref().unwrap().text.contains("shortly before"));
    assert_eq!(mailer.totals().not_tried, 17);
}

/// A mailer in whose network there is a doubt, mail servers of 44.0.0.0/8 being on loopback.
fn doubting(port: u16, change: impl FnOnce(&mut SmtpConfig)) -> Mailer {
    let change = |config: &mut SmtpConfig| {
        config.smtp_canary = vec!["named.example".to_owned()];
        config.smtp_canary_dead = Some([127, 0, 0, 1].into()); // A port at which nobody listens makes nobody of it.
        change(config);
    };
    trusting(port, change, crate::observe::certificate::authority::Authority::root("Nobody").trusted(), Arc::default(), Some(on_loopback))
}

/// Canaries of different owners in different networks.
fn canaries(number: u8) -> Vec<HostLookup> {
    (1..=number).map(|b| host(&format!("mx.owner{b}.example"), &[[44, b, 0, 1].into()])).collect()
}

/// Nobody listens there.
const CLOSED: u16 = 1;

#[tokio::test]
async fn canaries_that_answer_let_the_scan_begin_and_are_not_asked_twice() {
    let server = server::greeting(true).await;
    let mailer = doubting(server.port, |config| config.smtp_canary_dead = Some([192, 0, 2, 1].into()));
    mailer.ask_canaries(&canaries(3), false).await.unwrap();
    assert_eq!((server.accepted(), mailer.blocked()), (3, None));
    let seen = mailer.ask(&canaries(1)[0]).await.remove(0);
    assert_eq!((&seen.error, server.accepted()), (&None, 3));
}

#[tokio::test]
async fn the_same_server_everywhere_is_somebody_on_the_way() {
    let server = server::greeting(false).await;
    let mailer = || doubting(server.port, |config| config.smtp_canary_dead = Some([192, 0, 2, 1].into()));
    let blocked = mailer();
    let why = blocked.ask_canaries(&canaries(3), false).await.unwrap_err();
    assert!(why.contains("the same greeting"), "{why}");
    let before = server.accepted();
    let seen = blocked.ask(&host("mx.later.example", &[[44, 9, 0, 1].into()])).await.remove(0);
    assert_fault(&seen, FetchStage::Address, FetchFault::Intercepted);
    assert!(seen.error.unwrap().text.contains("the same greeting"));
    assert_eq!(server.accepted(), before);
    // Two of a list may be one server of one provider; and so may the names of one owner.
    mailer().ask_canaries(&canaries(2), false).await.unwrap();
    mailer().ask_canaries(&canaries(2), true).await.unwrap_err();
    let one_owner: Vec<HostLookup> = (1..=3).map(|b| host(&format!("mx{b}.owner.example"), &[[44, b, 0, 1].into()])).collect();
    mailer().ask_canaries(&one_owner, true).await.unwrap();
}

#[tokio::test]
async fn canaries_that_do_not_answer_are_a_blocked_port() {
    let why = doubting(CLOSED, |_| {}).ask_canaries(&canaries(3), false).await.unwrap_err();
    assert!(why.contains("none of mx.owner1.example (44.1.0.1), mx.owner2"), "{why}");
    doubting(CLOSED, |_| {}).ask_canaries(&canaries(2), false).await.unwrap();
    doubting(CLOSED, |_| {}).ask_canaries(&canaries(1), true).await.unwrap_err();
}

#[tokio::test]
async fn nobody_is_unreachable_where_nobody_else_answers() {
    let mailer = doubting(CLOSED, |_| {});
    let seen = mailer.ask(&canaries(1)[0]).await.remove(0);
    assert_fault(&seen, FetchStage::Connect, FetchFault::NotTried);
    assert!(seen.error.unwrap().text.contains("it may be this network: connection refused"));
    let certain = trusting(CLOSED, |_| {}, rustls::RootCertStore::empty(), Arc::default(), Some(on_loopback));
    assert_fault(&certain.ask(&canaries(1)[0]).await[0], FetchStage::Connect, FetchFault::Refused);
}

#[tokio::test]
async fn who_answers_where_nobody_is_answers_for_others() {
    let server = server::greeting(true).await;
    let mailer = doubting(server.port, |config| config.smtp_canary_dead = Some([127, 0, 0, 77].into()));
    let seen = mailer.ask(&canaries(1)[0]).await.remove(0);
    assert_fault(&seen, FetchStage::Address, FetchFault::Intercepted);
    assert!(mailer.blocked().is_some_and(|why| why.contains("127.0.0.77, where nobody is, answers")));
    mailer.ask_canaries(&canaries(3), false).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.accepted(), 1, "only where nobody is");
}

#[tokio::test]
async fn canaries_are_of_different_networks_and_owners() {
    let hosts = [
        host("mx.a.example", &[[44, 1, 0, 1].into()]),
        host("mx.b.example", &[[44, 1, 9, 9].into()]),
        host("mx2.a.example", &[[44, 2, 0, 1].into()]),
        host("mx.nowhere.example", &[]),
        host("mx.c.example", &["2a10:1::1".parse().unwrap()]),
        host("mx.d.example", &["2a10:1:5::1".parse().unwrap()]),
        host("mx.e.example", &[[44, 5, 0, 1].into()]),
        host("mx.f.example", &[[44, 6, 0, 1].into()]),
    ];
    let mut chosen = Vec::new();
    super::choose_canaries(&mut chosen, hosts);
    let names: Vec<&str> = chosen.iter().map(|host| host.host.as_str()).collect();
    assert_eq!(names, ["mx.a.example", "mx.c.example", "mx.e.example"]);
}

#[tokio::test]
async fn what_three_names_saw_alike_answers_for_others() {
    let mail = Mail::start(Setup { wildcard: true, ..Setup::default() }).await;
    let mailer = mail.mailer(|_| {});
    let name = |number: u32| format!("customer{number}.mail.example.com");
    let all = futures_util::future::join_all((0..20).map(async |number| mailer.ask(&host(&name(number), &[LOOPBACK])).await.remove(0)));
    let all = all.await;
    let shared: Vec<&Conversation> = all.iter().filter(|seen| seen.shared_with.is_some()).collect();
    assert_eq!((mail.server.accepted(), shared.len(), mailer.totals().shared), (3, 17, 17));
    for seen in shared {
        assert_eq!((&seen.error, seen.connections, seen.shared_with.as_deref()), (&None, 0, Some("customer0.mail.example.com")));
        assert_eq!((seen.certificate.as_ref().unwrap().faults.as_slice(), seen.chain.len()), (&[][..], 1));
        assert_eq!(seen.ehlo, all[0].ehlo);
    }
    // A name that the certificate is not for may get another one.
    let other = mailer.ask(&host("mx.example.net", &[LOOPBACK])).await.remove(0);
    assert_eq!((other.shared_with, other.connections, mail.server.accepted()), (None, 1, 4));
    let elsewhere = mailer.ask(&host(&name(99), &[[127, 0, 0, 9].into()])).await.remove(0);
    assert_eq!((elsewhere.shared_with, elsewhere.connections), (None, 1), "another address");
    let every = mail.mailer(|config| config.smtp_every_name = true);
    let before = mail.server.accepted();
    futures_util::future::join_all((0..6).map(async |number| every.ask(&host(&name(number), &[LOOPBACK])).await)).await;
    assert_eq!(mail.server.accepted() - before, 6);
}

/// Thousands are in flight. What TLS takes besides is on the heap: some 20 KB while it shakes hands.
#[tokio::test]
async fn a_conversation_in_flight_is_small() {
    let mailer = mailer(CLOSED, |_| {});
    let host = host(HOST, &[LOOPBACK]);
    let waiting = std::mem::size_of_val(&mailer.ask(&host));
    let talking = mailer.future_size(&host);
    assert!(waiting <= 2048 && talking <= 16 * 1024, "{waiting} and {talking} octets");
}
