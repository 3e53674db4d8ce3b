//! Whole exchanges with real sockets on loopback: what is recorded, and where and why an exchange ends early.

mod server;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use self::server::{HOST, Https, LOOPBACK, Server, Setup, test_config};
use super::{FetchConfig, Fetcher};
use crate::evidence::{BODY_LIMIT, CertificateFault, Fetch, FetchFault, FetchStage, TlsVersion};
use crate::exclusion::Exclusion;
use crate::observe::certificate::authority::Authority;

const POLICY: &str = "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n";

fn ok(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}")
}

fn fetcher(port: u16, change: impl FnOnce(&mut FetchConfig)) -> Fetcher {
    Fetcher::new(test_config(port, change), Authority::root("Test root").trusted(), Arc::default()).unwrap()
}

async fn fetch_from(server: &Server) -> Fetch {
    *fetcher(server.port, |_| {}).fetch(HOST, vec![LOOPBACK]).await
}

#[track_caller]
fn assert_fault(fetch: &Fetch, stage: FetchStage, fault: FetchFault) {
    let error = fetch.error.as_ref().unwrap_or_else(|| panic!("{stage} should have failed: {fetch:?}"));
    assert_eq!((error.stage, error.fault), (stage, fault), "{}", error.text);
    assert!(!error.text.is_empty() && error.text.len() <= 300);
}

/// Fails the connection at once instead of closing it.
fn reset(tcp: &TcpStream) {
    SockRef::from(tcp).set_linger(Some(Duration::ZERO)).unwrap();
}

#[tokio::test]
async fn a_whole_exchange_is_recorded() {
    let setup = Setup { alpn: vec![b"http/1.1".to_vec()], ..Setup::default() };
    let headers = format!("Content-Type: text/plain\r\nSet-Cookie: a=b\r\nServer: test\r\nContent-Length: {}\r\n", POLICY.len());
    let https = Https::with(setup, ok(&headers, POLICY)).await;
    let fetcher = https.fetcher(|config| config.contact = Some("scan@example.org".into()));
    let fetch = fetcher.fetch(HOST, vec![LOOPBACK]).await;

    assert_eq!(fetch.error, None);
    assert_eq!((fetch.addresses.as_slice(), fetch.tried.as_slice(), fetch.address), (&[LOOPBACK][..], &[LOOPBACK][..], Some(LOOPBACK)));
    assert_eq!((fetch.tls_version.as_deref(), fetch.alpn.as_deref()), (Some("TLSv1.3"), Some("http/1.1")));
    assert!(fetch.tls_cipher.as_deref().is_some_and(|cipher| cipher.starts_with("TLS_")), "{:?}", fetch.tls_cipher);
    let certificate = fetch.certificate.as_ref().unwrap();
    assert_eq!((certificate.faults.as_slice(), certificate.sans.as_slice()), (&[][..], &[HOST.to_owned()][..]));
    assert_eq!((fetch.http_version.as_deref(), fetch.status), (Some("HTTP/1.1"), Some(200)));
    let names: Vec<&str> = fetch.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-type", "set-cookie", "server", "content-length"]);
    assert_eq!(fetch.header("set-cookie"), Some(&b"a"[..]), "the cookie's name alone");
    assert_eq!(fetch.header("content-type"), Some(&b"text/plain"[..]));
    assert_eq!((fetch.body.as_deref(), fetch.body_cut), (Some(POLICY.as_bytes()), false));
    assert_eq!(fetch.body_sha256.as_deref(), Some("94815eb6141fb6e5526888bf66f98f7601f01c8cd79778e9e21493bdcaf38be8"));
    let timings = fetch.timings;
    assert!([timings.connect_ms, timings.tls_ms, timings.http_ms, timings.body_ms].iter().all(Option::is_some), "{timings:?}");

    let version = env!("CARGO_PKG_VERSION");
    let request = https.requests.lock().unwrap().join("");
    let port = https.server.port;
    assert_eq!(
        request,
        format!(
            "{HOST}\nGET /.well-known/mta-sts.txt HTTP/1.1\r\nhost: {HOST}:{port}\r\nuser-agent: stscan/{version} (+scan@example.org)\r\n\
             accept: text/plain, */*;q=0.5\r\naccept-encoding: identity\r\nconnection: close\r\n\r\n"
        )
    );
}

#[tokio::test]
async fn tls_1_2_and_its_cipher_have_their_iana_names() {
    let https = Https::with(Setup { version: Some(&rustls::version::TLS12), ..Setup::default() }, ok("", "")).await;
    let fetch = https.fetch().await;
    assert_eq!((fetch.error, fetch.tls_version.as_deref(), fetch.alpn), (None, Some("TLSv1.2"), None));
    assert!(fetch.tls_cipher.is_some_and(|cipher| cipher.starts_with("TLS_ECDHE_ECDSA_WITH_")));
}

#[tokio::test]
async fn sessions_are_never_resumed() {
    let https = Https::start(Setup::default(), |mut tls| async move {
        let kind = format!("{:?}", tls.get_ref().1.handshake_kind());
        let _ = tls.write_all(ok("", &kind).as_bytes()).await;
        let _ = tls.shutdown().await;
    })
    .await;
    let fetcher = https.fetcher(|_| {});
    for _ in 0..2 {
        let fetch = fetcher.fetch(HOST, vec![LOOPBACK]).await;
        assert!(fetch.certificate.is_some());
        assert_eq!(fetch.body.as_deref(), Some(&b"Some(Full)"[..]));
    }
}

#[tokio::test]
async fn a_faulty_certificate_does_not_end_the_exchange() {
    let https = Https::with(Setup::default(), ok("", POLICY)).await;
    let stranger = fetcher(https.server.port, |_| {});
    let fetch = stranger.fetch("mta-sts.example.net", vec![LOOPBACK]).await;
    assert_eq!((fetch.error, fetch.body.as_deref()), (None, Some(POLICY.as_bytes())));
    let certificate = fetch.certificate.unwrap();
    // A root of the same name with another key is trusted, so the signature does not fit.
    assert_eq!(certificate.faults, [CertificateFault::NameMismatch, CertificateFault::Untrusted]);
    assert!(certificate.reason.is_some_and(|reason| reason.contains("none of its names is that of the host")));
}

#[tokio::test]
async fn a_peer_without_the_key_does_not_get_through() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let https = Https::with(Setup { foreign_key: true, version: Some(version), ..Setup::default() }, ok("", POLICY)).await;
        let fetch = https.fetch().await;
        assert_fault(&fetch, FetchStage::Tls, FetchFault::TlsProtocol);
        assert_eq!((fetch.certificate.unwrap().faults, fetch.body), (vec![], None));
    }
}

#[tokio::test]
async fn addresses_that_may_not_be_contacted_are_not() {
    let https = Https::with(Setup::default(), ok("", POLICY)).await;
    let public_only = https.fetcher(|config| config.allow_private = false).fetch(HOST, vec![LOOPBACK]).await;
    assert_fault(&public_only, FetchStage::Address, FetchFault::SpecialUseAddress);
    let exclusion = Arc::new(Exclusion::parse("127.0.0.0/8").unwrap());
    let polite = Fetcher::new(test_config(https.server.port, |_| {}), https.authority.trusted(), exclusion).unwrap();
    let fetch = polite.fetch(HOST, vec![LOOPBACK]).await;
    assert_fault(&fetch, FetchStage::Address, FetchFault::Excluded);
    assert_eq!((fetch.addresses, fetch.tried, fetch.address), (vec![LOOPBACK], vec![], None));
    assert_eq!(https.server.accepted(), 0);
}

#[tokio::test]
async fn the_next_address_is_tried_when_there_is_no_connection() {
    let https = Https::with(Setup::default(), ok("", POLICY)).await;
    let others: [IpAddr; 2] = [[127, 0, 0, 2].into(), [127, 0, 0, 3].into()];
    let fetch = https.fetcher(|_| {}).fetch(HOST, vec![others[0], LOOPBACK, others[1]]).await;
    assert_eq!((fetch.error, fetch.tried.as_slice(), fetch.address), (None, &[others[0], LOOPBACK][..], Some(LOOPBACK)));
    let fetch = https.fetcher(|_| {}).fetch(HOST, others.to_vec()).await;
    assert_fault(&fetch, FetchStage::Connect, FetchFault::Refused);
    assert_eq!((fetch.tried.as_slice(), fetch.address), (&others[..], None));
}

#[tokio::test]
async fn the_next_address_is_not_tried_once_there_was_a_connection() {
    let garbage = Server::plain(b"garbage").await;
    let fetch = fetcher(garbage.port, |_| {}).fetch(HOST, vec![LOOPBACK, [127, 0, 0, 2].into()]).await;
    assert_fault(&fetch, FetchStage::Tls, FetchFault::TlsProtocol);
    assert_eq!(fetch.tried, [LOOPBACK]);
}

#[tokio::test]
async fn a_connection_that_nobody_accepts_times_out() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::new(LOOPBACK, 0).into()).unwrap();
    socket.listen(0).unwrap();
    let peer = socket.local_addr().unwrap();
    let filling: Vec<Socket> = std::iter::repeat_with(|| Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()).take(4).collect();
    for client in &filling {
        client.set_nonblocking(true).unwrap();
        let _ = client.connect(&peer);
    }
    let short = |config: &mut FetchConfig| config.connect_timeout = Duration::from_millis(50);
    let fetch = fetcher(peer.as_socket().unwrap().port(), short).fetch(HOST, vec![LOOPBACK]).await;
    assert_fault(&fetch, FetchStage::Connect, FetchFault::Timeout);
    assert!(fetch.timings.connect_ms.is_some_and(|ms| ms >= 50) && fetch.timings.tls_ms.is_none());
}

#[tokio::test]
async fn what_is_no_tls_is_told_apart() {
    const OLD_SERVER_HELLO: &[u8] = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01\
        0123456789abcdef0123456789abcdef\x00\xc0\x13\x00";
    for (octets, fault) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], FetchFault::TlsProtocol),
        (b"220 mail.example ESMTP\r\n", FetchFault::TlsProtocol),
        (&[0; 600], FetchFault::TlsProtocol),
        (b"\x15\x03\x03\x00\x02\x02\x28", FetchFault::TlsAlert),
        (b"\x15\x03\x03\x00\x02\x02\x70", FetchFault::TlsAlert),
        (b"\x15\x03\x01\x00\x02\x02\x46", FetchFault::TlsVersion),
        (OLD_SERVER_HELLO, FetchFault::TlsVersion),
        (b"", FetchFault::Reset),
    ] {
        let fetch = fetch_from(&Server::plain(octets).await).await;
        assert_fault(&fetch, FetchStage::Tls, fault);
        assert_eq!((fetch.certificate, fetch.tls_version, fetch.address), (None, None, Some(LOOPBACK)));
    }
}

#[tokio::test]
async fn a_second_hello_is_sent_where_the_first_leaves_a_question() {
    let alert = |number: u8| [0x15, 3, 3, 0, 2, 2, number];
    for (number, connections) in [(40, 2), (70, 2), (71, 2), (80, 2), (112, 1)] {
        let server = Server::start(move |mut tcp| async move {
            let _ = tcp.read(&mut [0; 4096]).await;
            let _ = tcp.write_all(&alert(number)).await;
        })
        .await;
        let fetch = fetch_from(&server).await;
        assert_eq!((server.accepted(), fetch.second_hello.is_some()), (connections, connections == 2), "alert {number}");
        if let Some(hello) = &fetch.second_hello {
            let error = hello.error.as_ref().unwrap();
            assert_eq!((error.stage, error.alert, hello.version), (FetchStage::Tls, Some(number), None));
            assert!(!hello.leaves_open(), "it says no to everything");
        }
    }
    let stranger = Https::with(Setup { foreign_key: true, ..Setup::default() }, ok("", POLICY)).await;
    assert_eq!((stranger.fetch().await.second_hello, stranger.server.accepted()), (None, 1), "it has shown its certificate");
    let good = Https::with(Setup::default(), ok("", POLICY)).await;
    assert_eq!((good.fetch().await.second_hello, good.server.accepted()), (None, 1));
}

#[tokio::test]
async fn a_server_that_insists_on_http_2_is_no_refusal() {
    let https = Https::with(Setup { alpn: vec![b"h2".to_vec()], ..Setup::default() }, "").await;
    let hello = https.fetch().await.second_hello.unwrap();
    assert_eq!((hello.version, hello.error.as_ref()), (Some(TlsVersion::Tls13), None));
    assert!(hello.leaves_open());
}

#[tokio::test]
async fn a_second_hello_keeps_the_deadline_and_what_it_saw() {
    let server = Server::start(|mut tcp| async move {
        let mut hello = [0; 4096];
        let read = tcp.read(&mut hello).await.unwrap_or_default();
        // The wide hello alone offers TLS_RSA_WITH_AES_128_CBC_SHA.
        if hello[..read].windows(4).any(|suites| suites == [0x00, 0x3D, 0x00, 0x2F]) {
            let _ = tcp.write_all(b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef\x00\x00\x2f\x00").await;
            std::future::pending::<()>().await;
        } else {
            let _ = tcp.write_all(&[0x15, 3, 3, 0, 2, 2, 40]).await;
        }
    })
    .await;
    let fetch = fetcher(server.port, |config| config.total_timeout = Duration::from_millis(500)).fetch(HOST, vec![LOOPBACK]).await;
    let hello = fetch.second_hello.unwrap();
    assert_eq!((hello.version, hello.cipher.as_deref()), (Some(TlsVersion::Tls12), Some("TLS_RSA_WITH_AES_128_CBC_SHA")));
    assert_eq!(hello.error.as_ref().map(|error| error.fault), Some(FetchFault::Timeout));
    assert!((400..5000).contains(&fetch.timings.total_ms), "{:?}", fetch.timings);
    assert!(hello.leaves_open());
}

#[tokio::test]
async fn refusals_inside_tls_are_alerts() {
    let h2_only = Https::with(Setup { alpn: vec![b"h2".to_vec()], ..Setup::default() }, "").await.fetch().await;
    assert_fault(&h2_only, FetchStage::Tls, FetchFault::TlsAlert);
    assert!(h2_only.error.unwrap().text.contains("no_application_protocol (120)"));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let setup = Setup { client_certificate: true, version: Some(version), ..Setup::default() };
        let fetch = Https::with(setup, "").await.fetch().await;
        assert_fault(&fetch, FetchStage::Tls, FetchFault::TlsAlert);
        assert!(fetch.certificate.is_some());
    }
}

#[tokio::test]
async fn resets_are_resets_at_every_stage() {
    let at_once = Server::start(|tcp| async move { reset(&tcp) }).await;
    assert_fault(&fetch_from(&at_once).await, FetchStage::Tls, FetchFault::Reset);
    let before_head = Https::start(Setup::default(), |tls| async move { reset(tls.get_ref().0) }).await;
    assert_fault(&before_head.fetch().await, FetchStage::Http, FetchFault::Reset);
    let silent_close = Https::with(Setup::default(), "").await;
    assert_fault(&silent_close.fetch().await, FetchStage::Http, FetchFault::Reset);
}

#[tokio::test]
async fn silence_times_out_at_its_stage() {
    let short = |config: &mut FetchConfig| config.total_timeout = Duration::from_millis(400);
    let below_tls = Server::start(|tcp| async move {
        std::future::pending::<()>().await;
        drop(tcp);
    })
    .await;
    let fetch = fetcher(below_tls.port, short).fetch(HOST, vec![LOOPBACK]).await;
    assert_fault(&fetch, FetchStage::Tls, FetchFault::Timeout);
    assert!(fetch.timings.tls_ms.is_some() && fetch.timings.http_ms.is_none());
    let above_tls = Https::start(Setup::default(), |tls| async move {
        std::future::pending::<()>().await;
        drop(tls);
    })
    .await;
    let fetch = above_tls.fetcher(short).fetch(HOST, vec![LOOPBACK]).await;
    assert_fault(&fetch, FetchStage::Http, FetchFault::Timeout);
    assert!(fetch.certificate.is_some() && fetch.timings.http_ms.is_some() && fetch.timings.body_ms.is_none());
}

#[tokio::test]
async fn a_slow_drip_meets_the_deadline_and_what_came_is_kept() {
    let https = Https::start(Setup::default(), |mut tls| async move {
        let _ = tls.write_all(ok("Content-Length: 100000\r\n", "").as_bytes()).await;
        while tls.write_all(b"x").await.is_ok() && tls.flush().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let fetch = https.fetcher(|config| config.total_timeout = Duration::from_millis(500)).fetch(HOST, vec![LOOPBACK]).await;
    assert_fault(&fetch, FetchStage::Body, FetchFault::Timeout);
    assert!(fetch.body.is_some_and(|body| !body.is_empty() && body.len() < 100) && fetch.timings.total_ms >= 500);
}

#[tokio::test]
async fn responses_are_kept_as_they_are() {
    for (response, status, body) in [
        (ok("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), 200, "abcde"),
        (ok("Content-Encoding: gzip\r\n", "\x1f\x08 not unpacked"), 200, "\x1f\x08 not unpacked"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope".to_owned(), 404, "nope"),
        ("HTTP/1.0 200 OK\r\n\r\nold".to_owned(), 200, "old"),
        ("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n".to_owned(), 101, ""),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), 204, ""),
        ("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 999 Denied\r\n\r\nx".to_owned(), 999, "x"),
        (ok("Transfer-Encoding: chunked\r\n", "3 ;x\nabc\n0\r\nX: trailer\r\n\r\n"), 200, "abc"),
        (ok("Content-Length: 3\r\n", "abc and more"), 200, "abc"),
    ] {
        let version = response.get(..8).unwrap().to_owned();
        let fetch = Https::with(Setup::default(), response).await.fetch().await;
        assert_eq!((fetch.error, fetch.status, fetch.http_version), (None, Some(status), Some(version)));
        assert_eq!(fetch.body.as_deref(), Some(body.as_bytes()));
    }
}

#[tokio::test]
async fn redirects_are_kept_and_not_followed() {
    let https =
        Https::with(Setup::default(), "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.example.com/x\r\nContent-Length: 0\r\n\r\n").await;
    let fetch = https.fetch().await;
    assert_eq!((fetch.error.as_ref(), fetch.status), (None, Some(301)));
    assert_eq!(fetch.header("location"), Some(&b"https://mta-sts.example.com/x"[..]));
    assert_eq!(https.requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn bodies_are_read_up_to_the_limit() {
    let body = |octets: usize| "x".repeat(octets);
    let exact = Https::with(Setup::default(), ok(&format!("Content-Length: {BODY_LIMIT}\r\n"), &body(BODY_LIMIT))).await.fetch().await;
    assert_eq!((exact.error, exact.body.map(|body| body.len()), exact.body_cut), (None, Some(BODY_LIMIT), false));
    let more = BODY_LIMIT + 1;
    let over = Https::with(Setup::default(), ok(&format!("Content-Length: {more}\r\n"), &body(more))).await.fetch().await;
    assert_eq!((over.error, over.body.map(|body| body.len()), over.body_cut), (None, Some(BODY_LIMIT), true));
    let endless = Https::start(Setup::default(), |mut tls| async move {
        let _ = tls.write_all(ok("Transfer-Encoding: chunked\r\n", "").as_bytes()).await;
        let chunk = format!("1000\r\n{}\r\n", "y".repeat(0x1000));
        while tls.write_all(chunk.as_bytes()).await.is_ok() {}
    })
    .await;
    let fetch = endless.fetch().await;
    assert_eq!((fetch.error, fetch.body.map(|body| body.len()), fetch.body_cut), (None, Some(BODY_LIMIT), true));
}

#[tokio::test]
async fn bodies_that_end_early_are_truncated() {
    for (response, words) in [
        (ok("Content-Length: 50\r\n", POLICY), "the connection ended after 44 of 50 octets of the body"),
        (ok("Transfer-Encoding: chunked\r\n", &format!("ff\r\n{POLICY}")), "the connection ended before the last chunk of the body"),
        (
            ok("Transfer-Encoding: chunked\r\n", &format!("2c\r\n{POLICY}\r\n0\r\n")),
            "the connection ended before the last chunk of the body",
        ),
    ] {
        let fetch = Https::with(Setup::default(), response).await.fetch().await;
        assert_fault(&fetch, FetchStage::Body, FetchFault::Truncated);
        assert_eq!(fetch.error.map(|error| error.text).as_deref(), Some(words));
        assert_eq!(fetch.body.as_deref(), Some(POLICY.as_bytes()));
    }
    // A body that ends with the connection, and a connection that ends without TLS's own goodbye: anybody may have cut it.
    let cut_off = Https::start(Setup::default(), |mut tls| async move {
        let _ = tls.write_all(ok("", POLICY).as_bytes()).await;
        let _ = tls.flush().await;
        let _ = tls.get_mut().0.shutdown().await;
        let _ = tls.read(&mut [0; 16]).await;
    })
    .await;
    let fetch = cut_off.fetch().await;
    assert_fault(&fetch, FetchStage::Body, FetchFault::Truncated);
    assert_eq!(fetch.body.as_deref(), Some(POLICY.as_bytes()));
    assert!(fetch.error.is_some_and(|error| error.text.contains("without the end of TLS (close_notify)")));
}

#[tokio::test]
async fn what_is_no_http_is_told() {
    for (response, stage) in [
        ("garbage\r\n\r\n".to_owned(), FetchStage::Http),
        ("HTTP/3.0 200 OK\r\n\r\n".to_owned(), FetchStage::Http),
        (ok(&format!("X-Large: {}\r\n", "x".repeat(70_000)), ""), FetchStage::Http),
        (ok("no colon\r\n", ""), FetchStage::Http),
        (ok("X: \0\r\n", ""), FetchStage::Http),
        (ok("Content-Length: x\r\n", ""), FetchStage::Http),
        (ok("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), FetchStage::Http),
        (ok("Transfer-Encoding: chunked\r\n", "zz\r\n"), FetchStage::Body),
        (ok("Transfer-Encoding: chunked\r\n", "1\r\nab\r\n0\r\n\r\n"), FetchStage::Body),
    ] {
        let fetch = Https::with(Setup::default(), response.as_str()).await.fetch().await;
        assert_fault(&fetch, stage, FetchFault::HttpProtocol);
        assert_eq!(fetch.status.is_some(), stage == FetchStage::Body);
        // What came in place of a head is evidence.
        assert_eq!(fetch.head.as_ref().is_some_and(|head| response.as_bytes().starts_with(head)), stage == FetchStage::Http);
    }
}

#[tokio::test]
async fn another_protocol_is_not_waited_for() {
    let https = Https::start(Setup::default(), |mut tls| async move {
        let _ = tls.write_all(b"220 mail.example.com ESMTP\r\n").await;
        let _ = tls.flush().await;
        let _ = tls.read(&mut [0; 16]).await;
    })
    .await;
    let fetch = https.fetch().await;
    assert_fault(&fetch, FetchStage::Http, FetchFault::HttpProtocol);
    assert!(fetch.timings.total_ms < 5000 && fetch.error.is_some_and(|error| error.text.contains("220 mail.example.com ESMTP")));
}

#[tokio::test]
async fn heads_that_mail_software_reads_are_read() {
    let many_headers: String = (0..2000).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (headers, noted) in [
        ("Content-Type: text/plain;\r\n charset=utf-8\r\n", true),
        ("Content-Type: text/plain; charset=utf-8\r\nSet-Cookie: a=\x7f\x01\r\n", true),
        ("Content-Type : text/plain; charset=utf-8\r\n", true),
        ("Content-Type: text/plain; charset=utf-8\r\nX A: 1\r\n: 2\r\n", true),
        ("Content-Type: text/plain; charset=utf-8\n", true),
        (&format!("Content-Type: text/plain; charset=utf-8\r\n{many_headers}"), false),
    ] {
        let response = ok(headers, POLICY);
        let fetch = Https::with(Setup::default(), response.as_str()).await.fetch().await;
        assert_eq!((fetch.error.as_ref(), fetch.status, fetch.body.as_deref()), (None, Some(200), Some(POLICY.as_bytes())), "{headers}");
        assert_eq!(fetch.header("content-type"), Some(&b"text/plain; charset=utf-8"[..]));
        let head = response.strip_suffix(POLICY).unwrap().as_bytes();
        assert_eq!(fetch.head.as_deref(), Some(head).filter(|_| noted), "the head as sent, where it is not as it should be");
    }
}

/// What a server repeats until the client has gone.
async fn flood(first: &'static str, again: &'static str) -> Fetch {
    let https = Https::start(Setup::default(), move |mut tls| async move {
        let _ = tls.write_all(first.as_bytes()).await;
        let again = again.repeat(1000);
        while tls.write_all(again.as_bytes()).await.is_ok() {}
    })
    .await;
    https.fetch().await
}

#[tokio::test]
async fn floods_come_to_an_end() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (first, again, stage, words) in [
        ("", "HTTP/1.1 100 Continue\r\n\r\n", FetchStage::Http, "more than 16 interim responses"),
        ("", "HTTP/1.1 103 Early Hints\r\nLink: <https://example.com/>\r\n\r\n", FetchStage::Http, "more than 16 interim responses"),
        ("", "\r\n", FetchStage::Http, "more than 64 KiB of response head"),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n", FetchStage::Http, "more than 64 KiB of response head"),
        ("HTTP/1.1 200 OK\r\nX: ", "yyyy", FetchStage::Http, "more than 64 KiB of response head"),
        ("HTTP/1.1 200 OK\r\nX: ", "\r\n yyy", FetchStage::Http, "more than 64 KiB of response head"),
        (CHUNKED, "1;x=y", FetchStage::Body, "more than 16 KiB between two chunks"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", FetchStage::Body, "more than 1024 KiB in one exchange"),
    ] {
        let fetch = flood(first, again).await;
        assert_fault(&fetch, stage, FetchFault::HttpProtocol);
        assert!(fetch.error.as_ref().is_some_and(|error| error.text.contains(words)), "{:?}", fetch.error);
        assert!(fetch.head.is_none_or(|head| head.len() <= 64 * 1024) && fetch.timings.total_ms < 5000);
    }
    // One octet a chunk, and as many octets of an extension as there may be.
    let extension: &'static str = Box::leak(format!("1;{}\r\nx\r\n", "e".repeat(10_000)).into_boxed_str());
    assert_fault(&flood(CHUNKED, extension).await, FetchStage::Body, FetchFault::HttpProtocol);
}

#[tokio::test]
async fn a_drip_meets_the_deadline_in_the_head_too() {
    let https = Https::start(Setup::default(), |mut tls| async move {
        for octet in ok("X: ", "").bytes().chain(std::iter::repeat(b'y')) {
            if tls.write_all(&[octet]).await.is_err() || tls.flush().await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let fetch = https.fetcher(|config| config.total_timeout = Duration::from_millis(500)).fetch(HOST, vec![LOOPBACK]).await;
    assert_fault(&fetch, FetchStage::Http, FetchFault::Timeout);
    assert!(fetch.head.is_some_and(|head| head.starts_with(b"HTTP/1.1 ") && head.len() < 100));
}

#[tokio::test]
async fn long_header_values_are_cut() {
    let fetch = Https::with(Setup::default(), ok(&format!("Server: {}\r\n", "x".repeat(5000)), "")).await.fetch().await;
    assert_eq!(fetch.header("server").map(<[u8]>::len), Some(1024));
}

#[tokio::test]
async fn a_host_that_tls_cannot_name_is_recorded() {
    let server = Server::plain(b"").await;
    let fetch = fetcher(server.port, |_| {}).fetch("mta-sts.example.1", vec![LOOPBACK]).await;
    assert_fault(&fetch, FetchStage::Tls, FetchFault::Other);
}

#[tokio::test]
async fn counters_follow() {
    let https = Https::with(Setup::default(), ok("", POLICY)).await;
    let fetcher = https.fetcher(|_| {});
    fetcher.fetch(HOST, vec![LOOPBACK]).await;
    fetcher.fetch(HOST, vec![]).await;
    let totals = fetcher.counters().totals();
    assert_eq!((totals.started, totals.done, totals.in_flight), (2, 2, 0));
    assert_eq!((totals.bytes, totals.failed_at(FetchStage::Address)), (POLICY.len() as u64, 1));
}

#[tokio::test]
async fn waiting_for_a_permit_is_not_counted_as_time_of_the_host() {
    let https = Https::start(Setup::default(), |mut tls| async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let _ = tls.write_all(ok("Content-Length: 0\r\n", "").as_bytes()).await;
        let _ = tls.shutdown().await;
    })
    .await;
    let fetcher = https.fetcher(|config| {
        config.fetch_concurrency = 1;
        config.total_timeout = Duration::from_secs(2);
    });
    let begun = std::time::Instant::now();
    let fetches = futures_util::future::join_all((0..4).map(|_| fetcher.fetch(HOST, vec![LOOPBACK]))).await;
    let whole = begun.elapsed().as_millis();
    assert!(whole >= 600 && fetches.iter().all(|fetch| fetch.error.is_none() && u128::from(fetch.timings.total_ms) < whole / 2), "{whole}");
}

#[test]
fn one_fetcher_serves_all_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    fn sendable<T: Send>(_: &T) {}
    let fetcher = fetcher(1, |_| {});
    shared(&fetcher);
    sendable(&fetcher.fetch(HOST, vec![]));
}
