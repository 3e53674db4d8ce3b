//! Scans by resolvers that are asked over TLS and over HTTPS: the same rows as over UDP, and no resolver that is not who it should be.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::{Row, Running, expect, rows, stderr};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use stscan::dataset::Reader;
use stscan::evidence::{Evidence, Outcome};
use stscan::lab::{Internet, Lab};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const NAME: &str = "resolver.example";

/// A lab, and in front of its resolver one that takes questions over TLS and one that takes them over HTTPS.
struct World {
    dir: tempfile::TempDir,
    lab: Lab,
    tls: SocketAddr,
    https: SocketAddr,
    connections: Arc<AtomicUsize>,
    state: Arc<AtomicUsize>,
    _runtime: Runtime,
}

/// What `state` can be: the resolvers answer, take questions and say nothing, end connections, or deny nothing.
const ALIVE: usize = 0;
const SILENT: usize = 1;
const CLOSED: usize = 2;
const LYING: usize = 3;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Tls,
    /// As `Tls`, but every connection ends after this many answers.
    Impatient(usize),
    Https,
}

impl World {
    fn start(kind: Kind) -> Self {
        let (dir, lab) = (tempfile::tempdir().unwrap(), Lab::start(Internet::zoo()).unwrap());
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
        parameters.subject_alt_names.push(rcgen::SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let certificate = parameters.self_signed(&key).unwrap();
        fs::write(dir.path().join("ca.pem"), [lab.ca_pem(), &certificate.pem()].concat()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let connections = Arc::<AtomicUsize>::default();
        let state = Arc::<AtomicUsize>::default();
        let start = |kind| {
            let (connections, state) = (Arc::clone(&connections), Arc::clone(&state));
            runtime.block_on(serve(kind, config.clone(), Upstream { address: lab.dns_addr(), state }, connections))
        };
        let (tls, https) = (start(kind), start(Kind::Https));
        Self { dir, lab, tls, https, connections, state, _runtime: runtime }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// Options for a scan of the lab by this resolver.
    fn options(&self, resolver: &str) -> Vec<String> {
        let port = self.lab.https_port().to_string();
        let pace = ["--host-rate", "0", "--fetch-rate", "0", "--retry-rounds", "none", "--connect-timeout", "1", "--fetch-timeout", "13"];
        let lab = ["--resolver", resolver, "--https-port", &port, "--ca-file", &self.path("ca.pem"), "--allow-private", "--look-around"];
        [&lab[..], &pace].concat().into_iter().map(str::to_owned).collect()
    }

    /// Scans names of the zoo.
    fn scan(&self, names: &[String], out: &str, resolver: &str, more: &[&str]) -> Vec<Row> {
        fs::write(self.path("list.txt"), names.iter().map(|name| format!("{name}\n")).collect::<String>()).unwrap();
        let (list, out, options) = (self.path("list.txt"), self.path(out), self.options(resolver));
        let mut arguments = vec!["scan", &list, "-o", &out, "--rate", "0"];
        arguments.extend(options.iter().map(String::as_str));
        arguments.extend(more);
        expect(0, &arguments);
        rows(Path::new(&out))
    }
}

/// The lab's resolver, and how those before it behave at present.
#[derive(Clone)]
struct Upstream {
    address: SocketAddr,
    state: Arc<AtomicUsize>,
}

impl Upstream {
    fn is(&self, state: usize) -> bool {
        self.state.load(Ordering::SeqCst) == state
    }
}

/// Serves on a free port for as long as the runtime lives.
async fn serve(kind: Kind, mut config: ServerConfig, upstream: Upstream, connections: Arc<AtomicUsize>) -> SocketAddr {
    if kind == Kind::Https {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            if upstream.is(CLOSED) {
                continue;
            }
            let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
            let connections = Arc::clone(&connections);
            tokio::spawn(async move {
                let Ok(tls) = acceptor.accept(tcp).await else { return };
                connections.fetch_add(1, Ordering::SeqCst);
                match kind {
                    Kind::Tls => converse(tls, upstream, usize::MAX).await,
                    Kind::Impatient(answers) => converse(tls, upstream, answers).await,
                    Kind::Https => converse_http(tls, upstream).await,
                };
            });
        }
    });
    address
}

/// DNS over TLS, one question after the other; ends after so many answers.
async fn converse(mut tls: TlsStream<TcpStream>, upstream: Upstream, answers: usize) -> Option<()> {
    for _ in 0..answers {
        let mut question = vec![0; usize::from(tls.read_u16().await.ok()?)];
        tls.read_exact(&mut question).await.ok()?;
        if upstream.is(CLOSED) {
            return None;
        }
        let Some(answer) = forward(&question, &upstream).await else { continue };
        tls.write_all(&[&(answer.len() as u16).to_be_bytes(), answer.as_slice()].concat()).await.ok()?;
    }
    tls.shutdown().await.ok()
}

/// DNS over HTTP/2.
async fn converse_http(tls: TlsStream<TcpStream>, upstream: Upstream) -> Option<()> {
    let mut connection = h2::server::handshake(tls).await.ok()?;
    while let Some(Ok((mut request, mut respond))) = connection.accept().await {
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/dns-query"));
        assert_eq!(request.headers()["content-type"], "application/dns-message");
        if upstream.is(CLOSED) {
            return None;
        }
        let upstream = upstream.clone();
        tokio::spawn(async move {
            let mut question = Vec::new();
            while let Some(Ok(part)) = request.body_mut().data().await {
                question.extend_from_slice(&part);
            }
            let answer = forward(&question, &upstream).await?;
            let head = hyper::Response::builder().header("content-type", "application/dns-message").body(()).unwrap();
            respond.send_response(head, false).ok()?.send_data(answer.into(), true).ok()
        });
    }
    Some(())
}

/// Asks the lab's resolver; over TCP, so that nothing is truncated.
async fn forward(question: &[u8], upstream: &Upstream) -> Option<Vec<u8>> {
    if upstream.is(SILENT) {
        return None;
    }
    let mut stream = TcpStream::connect(upstream.address).await.ok()?;
    stream.write_all(&[&(question.len() as u16).to_be_bytes(), question].concat()).await.ok()?;
    let mut answer = vec![0; usize::from(tokio::time::timeout(std::time::Duration::from_secs(2), stream.read_u16()).await.ok()?.ok()?)];
    stream.read_exact(&mut answer).await.ok()?;
    if upstream.is(LYING) {
        answer[3] &= 0xf0;
    }
    Some(answer)
}

/// Cases of the zoo, those left out that are about UDP or need a time-out to be seen.
fn names() -> Vec<String> {
    let waits = |name: &str| stscan::lab::cases().iter().any(|case| case.waits && name.strip_suffix(".test") == Some(case.name));
    let over_udp = |name: &str| name.contains("over-tcp") || name.contains("large");
    Lab::start(Internet::zoo()).unwrap().names().filter(|name| !waits(name) && !over_udp(name)).collect()
}

#[test]
fn rows_are_the_same_over_udp_tls_and_https() {
    let (world, names) = (World::start(Kind::Tls), names());
    let dane = ["--trust-resolvers", "--dane", "all"];
    let over_udp = world.scan(&names, "udp", &world.lab.dns_addr().to_string(), &dane);
    assert!(over_udp.len() > 250);
    let states = ["bogus", "insecure"].map(|state| over_udp.iter().filter(|row| row.column("mx_dnssec") == Some(state)).count());
    assert!(states.iter().all(|rows| *rows > 0), "what needs CD and the AD bit to be told: {states:?}");
    let tls = format!("tls://{}#{NAME}", world.tls);
    assert_eq!(world.scan(&names, "tls", &tls, &dane), over_udp);
    let https = format!("https://{}/dns-query#{NAME}", world.https);
    assert_eq!(world.scan(&names, "https", &https, &dane), over_udp);
    let manifest = |out: &str| Reader::open(Path::new(&world.path(out))).unwrap().manifest().clone();
    assert_eq!(manifest("tls").run.resolvers, [tls]);
    assert_eq!(manifest("https").run.resolvers, [https]);
    assert_eq!(
        (&manifest("https").run.configuration["encrypted"], &manifest("udp").run.configuration["encrypted"]),
        (&true.into(), &false.into())
    );
    assert!(["tls", "https"].iter().all(|out| manifest(out).activity.dns_queries > over_udp.len() as u64));
}

#[test]
fn a_resolver_that_closes_its_connections_loses_nothing() {
    let world = World::start(Kind::Impatient(7));
    let names: Vec<String> = (0..60).map(|number| format!("enforce-{number:06}.test")).collect();
    let rows = world.scan(&names, "out", &format!("tls://{}", world.tls), &["--dns-tries", "20", "--concurrency", "4"]);
    assert!(rows.iter().all(|row| row.column("posture") == Some("enforce")));
    assert!(world.connections.load(Ordering::SeqCst) > 10);
}

/// A scan in the midst of which the resolver stops for a while; without later rounds, which would hide what was missed.
fn outage(kind: Kind, state: usize) {
    let world = World::start(kind);
    let names: Vec<String> = (0..400).map(|number| format!("enforce-{number:06}.test")).collect();
    fs::write(world.path("list.txt"), names.iter().map(|name| format!("{name}\n")).collect::<String>()).unwrap();
    let resolver = match kind {
        Kind::Https => format!("https://{}/dns-query#{NAME}", world.https),
        _ => format!("tls://{}#{NAME}", world.tls),
    };
    let (list, out, status, options) = (world.path("list.txt"), world.path("out"), world.path("status.json"), world.options(&resolver));
    let mut arguments = vec!["scan", &list, "-o", &out, "--status-file", &status, "--rate", "1500", "--concurrency", "40"];
    arguments.extend(["--dns-timeout", "0.4"]);
    arguments.extend(options.iter().map(String::as_str));
    let scan = Running::start(&arguments);
    let says = |text: &str| fs::read_to_string(&status).unwrap_or_default().contains(text);
    let wait_for = |there: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !there() {
            assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain: {}", fs::read_to_string(&status).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait_for(&|| says("\"judged\":") && !says("\"judged\":0,"));
    world.state.store(state, Ordering::SeqCst);
    wait_for(&|| says("\"paused\":true"));
    std::thread::sleep(Duration::from_secs(2));
    assert!(says("\"paused\":true") && says("\"resolvers_benched\":1"), "it does not go on by itself");
    world.state.store(ALIVE, Ordering::SeqCst);
    scan.finish(0);
    let rows = rows(Path::new(&out));
    assert_eq!(rows.len(), names.len());
    assert!(rows.iter().all(|row| row.column("posture") == Some("enforce")));
    let dns = Reader::open(Path::new(&out)).unwrap().manifest().activity.dns;
    assert!(dns.pauses >= 1 && dns.paused_seconds >= 2.0, "{dns:?}");
}

#[test]
fn a_resolver_that_falls_silent_is_waited_for() {
    outage(Kind::Tls, SILENT);
    outage(Kind::Https, SILENT);
}

#[test]
fn a_resolver_that_is_stopped_is_waited_for() {
    outage(Kind::Tls, CLOSED);
    outage(Kind::Https, CLOSED);
}

#[test]
fn a_dead_resolver_is_left_alone_while_another_lives() {
    let world = World::start(Kind::Tls);
    let names: Vec<String> = (0..100).map(|number| format!("enforce-{number:06}.test")).collect();
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (dead, alive) = (format!("tls://{dead}#{NAME}"), format!("tls://{}#{NAME}", world.tls));
    let rows = world.scan(&names, "out", &alive, &["--resolver", &dead, "--trust-resolvers", "--dns-tries", "1"]);
    assert!(rows.iter().all(|row| row.column("posture") == Some("enforce")), "no attempt was lost on the dead one");
    let dns = Reader::open(Path::new(&world.path("out"))).unwrap().manifest().activity.dns;
    assert_eq!(dns.pauses, 0, "{dns:?}");
}

#[test]
fn a_resolver_that_denies_nothing_is_refused() {
    let world = World::start(Kind::Tls);
    world.state.store(LYING, Ordering::SeqCst);
    let (port, ca) = (world.lab.https_port().to_string(), world.path("ca.pem"));
    for resolver in [format!("tls://{}#{NAME}", world.tls), format!("https://{}/dns-query#{NAME}", world.https)] {
        let output =
            expect(8, &["check", "enforce.test", "--smtp", "none", "--https-port", &port, "--ca-file", &ca, "--resolver", &resolver]);
        assert!(stderr(&output).contains("lies: it says that a name exists which does not"), "{}", stderr(&output));
    }
}

#[test]
fn a_resolver_with_a_wrong_certificate_is_not_asked() {
    let world = World::start(Kind::Tls);
    let port = world.lab.https_port().to_string();
    for (resolver, authority, said) in [
        (format!("tls://{}#other.example", world.tls), true, "certificate is not accepted"),
        (format!("https://{}#other.example", world.https), true, "certificate is not accepted"),
        (format!("tls://{}#{NAME}", world.tls), false, "certificate is not accepted"),
        (format!("tls://{}#{NAME}", world.lab.dns_addr()), true, "no resolver can be used"),
    ] {
        let (ca, mut arguments) =
            (world.path("ca.pem"), vec!["check", "enforce.test", "--smtp", "none", "--https-port", &port, "--resolver", &resolver]);
        arguments.extend(authority.then_some(["--ca-file", &ca]).into_iter().flatten());
        let output = expect(8, &arguments);
        assert!(stderr(&output).contains("no resolver can be used") && stderr(&output).contains(said), "{resolver}: {}", stderr(&output));
    }
    assert_eq!(world.lab.journal().counts().txt, 0, "nothing of the domain was asked");

    // Unchecked, it fails; it says nothing of a domain.
    let resolver = format!("tls://{}#other.example", world.tls);
    let output = stscan(&["check", "enforce.test", "--smtp", "none", "--json", "--trust-resolvers", "--resolver", &resolver]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let evidence: Evidence = serde_json::from_value(value["evidence"].clone()).unwrap();
    assert_eq!((evidence.mx.outcome, evidence.sts_txt.outcome), (Outcome::Timeout, Outcome::Timeout));
    assert!(evidence.mx.detail.unwrap().contains("certificate"));
}

fn stscan(arguments: &[&str]) -> std::process::Output {
    harness::run(&[arguments, &["--retry-rounds", "none"]].concat())
}
