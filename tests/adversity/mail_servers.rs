//! Mail servers that flood, garble, repeat themselves and show too much, among healthy ones: each is told for what it is, costs the scan
//! little, acts on nobody's terminal, and the healthy are judged as if they were alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use stscan::lab::Internet;

use super::Scene;
use super::floods::by_domain;
use super::harness::zone::{A, MX, TLSA, name};
use super::harness::{self, Row, rows, stderr, stdout, zone};

/// Domains of which nothing is to differ.
const HEALTHY: usize = 150;
/// Names below which the hostile domains are.
const HOSTILE: &str = "-hostile.example";
/// What acts on terminals, spreadsheets and pages: NUL, an escape, one of eight bits, a bell, an override of the reading direction.
const ACTS: &[u8] = b"\0\x1b[31m\x1b]0;owned\x07\x9b2J\xc2\x9b2J\xe2\x80\xae=cmd|'/C calc'!A0<script>alert(1)</script>\x7f\x08\xff";
/// Memory that the hostile servers may cost, over what the same scan takes without them: far less than a flood sends.
const MEMORY: u64 = 150 << 20;
/// Octets of a flood.
const GIGABYTE: usize = 1 << 30;

/// A server that listens to itself alone.
type Serve = fn(&Servers, TcpStream) -> io::Result<()>;

/// The hostile servers by the name of their domain, and what a scan has to say: `mx_tls` and the codes of mail servers and DANE.
const SERVERS: [(&str, Serve, &str, &[&str]); 15] = [
    ("banner-flood", |servers, tcp| servers.flood(tcp, &[b'2'; 65_536]), "unknown", &["mx-not-smtp"]),
    ("banner-lines", |servers, tcp| servers.flood(tcp, &b"220-x\r\n".repeat(9000)), "unknown", &["mx-protocol-violation"]),
    ("ehlo-lines", ehlo_lines, "unknown", &["mx-protocol-violation"]),
    ("acting-banner", |_, tcp| say_and_listen(tcp, &[ACTS, b"\r\n"]), "unknown", &["mx-not-smtp"]),
    ("acting-refusal", |_, tcp| say_and_listen(tcp, &[b"554-", ACTS, b"\r\n554 ", ACTS, b"\r\n"]), "unknown", &["mx-refused"]),
    ("acting-ehlo", acting_ehlo, "none", &["mx-no-starttls"]),
    ("great-certificate", |servers, tcp| converse(tcp, &servers.great, 1), "unknown", &["mx-tls-unverified"]),
    ("long-chain", |servers, tcp| converse(tcp, &servers.chain, 1), "none", &["mx-cert-self-signed"]),
    ("garbage", |servers, tcp| servers.garbage(tcp, b""), "none", &["mx-starttls-downgrade"]),
    ("garbage-records", |servers, tcp| servers.garbage(tcp, &[22, 3, 3, 0x40, 0]), "none", &["mx-starttls-downgrade"]),
    ("garbage-application", |servers, tcp| servers.garbage(tcp, &[23, 3, 3, 0x40, 0]), "none", &["mx-starttls-downgrade"]),
    ("twice", |servers, tcp| converse(tcp, &servers.plain, 2), "unknown", &["mx-protocol-violation"]),
    ("tlsa-one", |servers, tcp| converse(tcp, &servers.plain, 1), "none", &["mx-cert-self-signed"]),
    ("tlsa-alone", |servers, tcp| converse(tcp, &servers.plain, 1), "none", &["mx-cert-self-signed"]),
    ("tlsa-many", |servers, tcp| converse(tcp, &servers.plain, 1), "none", &["mx-cert-self-signed"]),
];

/// Hosts of the domain that has many, and addresses of each.
const MANY: (u8, u8) = (100, 100);

/// How the hostile servers do TLS, and what they have sent.
struct Servers {
    plain: Arc<ServerConfig>,
    great: Arc<ServerConfig>,
    chain: Arc<ServerConfig>,
    /// SHA-256 of the plain one's leaf.
    digest: Vec<u8>,
    flooded: AtomicU64,
    many: AtomicU64,
}

/// The names of a certificate, and how many others follow it in the chain.
fn tls(names: usize, others: usize) -> (Arc<ServerConfig>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = (0..names).map(|number| format!("mx-{number:05}.a-name-of-some-length.example")).collect();
    let leaf = CertificateParams::new(names).unwrap().self_signed(&key).unwrap().der().clone();
    // As small as it can be: two hundred are to fit into what a handshake may hold.
    let mut small = CertificateParams::new(Vec::new()).unwrap();
    small.distinguished_name = DistinguishedName::new();
    let follow: CertificateDer<'static> = small.self_signed(&key).unwrap().der().clone();
    let chain: Vec<CertificateDer<'static>> = std::iter::once(leaf.clone()).chain(std::iter::repeat_n(follow, others)).collect();
    println!("a chain of {} with {} octets", chain.len(), chain.iter().map(|der| der.len()).sum::<usize>());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    // Not by the constructor that looks whether a certificate can be read.
    let certified = CertifiedKey::new(chain, rustls::crypto::ring::sign::any_supported_type(&key).unwrap());
    let resolver = Arc::new(SingleCertAndKey::from(certified));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth().with_cert_resolver(resolver);
    (Arc::new(config), <sha2::Sha256 as sha2::Digest>::digest(&leaf).to_vec())
}

impl Servers {
    /// Every hostile server on an address of its own, at this port.
    fn start(port: u16) -> Arc<Self> {
        let ((plain, digest), (great, _), (chain, _)) = (tls(1, 0), tls(25_000, 0), tls(1, 199));
        let servers = Arc::new(Self { plain, great, chain, digest, flooded: AtomicU64::new(0), many: AtomicU64::new(0) });
        for (number, (_, serve, ..)) in (1..).zip(SERVERS) {
            listen(&servers, Ipv4Addr::new(127, 5, 0, number), port, serve);
        }
        for host in 0..MANY.0 {
            let serve: Serve = |servers, tcp| {
                servers.many.fetch_add(1, Relaxed);
                converse(tcp, &servers.plain, 1)
            };
            listen(&servers, Ipv4Addr::new(127, 6, host, 1), port, serve);
        }
        servers
    }

    /// The same again and again, up to a gigabyte or until nobody listens.
    fn flood(&self, mut tcp: TcpStream, octets: &[u8]) -> io::Result<()> {
        for _ in 0..GIGABYTE / octets.len() {
            tcp.write_all(octets)?;
            self.flooded.fetch_add(octets.len() as u64, Relaxed);
        }
        Ok(())
    }

    /// Whatever comes in place of TLS, each piece behind this header.
    fn garbage(&self, mut tcp: TcpStream, header: &[u8]) -> io::Result<()> {
        until_tls(&mut tcp, 1)?;
        hear(&mut tcp)?;
        let mut chance = 1_u64;
        let noise = std::iter::repeat_with(|| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (chance >> 56) as u8
        });
        let record: Vec<u8> = header.iter().copied().chain(noise.take(0x4000)).collect();
        self.flood(tcp, &record)
    }

    /// The records of the hostile domains.
    fn records(&self, asked: &str, kind: u16) -> Option<Vec<Vec<u8>>> {
        let domain = asked.strip_suffix(HOSTILE)?;
        let mx = |host: String| [&[0, 10], &name(&host)[..]].concat();
        if let Some(number) = SERVERS.iter().position(|(kind, ..)| *kind == domain || domain.strip_prefix("mx.") == Some(kind)) {
            return Some(match (kind, domain.starts_with("mx.")) {
                (MX, false) => vec![mx(format!("mx.{domain}{HOSTILE}"))],
                (A, true) => vec![vec![127, 5, 0, number as u8 + 1]],
                _ => Vec::new(),
            });
        }
        let right = || [&[3, 0, 1], &self.digest[..]].concat();
        Some(match (kind, domain) {
            (TLSA, "_25._tcp.mx.tlsa-one") => vec![[&[3, 0, 0][..], &[7; 60_000]].concat(), right()],
            (TLSA, "_25._tcp.mx.tlsa-alone") => vec![[&[3, 0, 0][..], &[7; 60_000]].concat()],
            (TLSA, "_25._tcp.mx.tlsa-many") => {
                (0..1360_u16).map(|number| [&[3, 1, 1], &number.to_be_bytes()[..], &[7; 30]].concat()).collect()
            }
            (MX, "many") => (0..MANY.0).map(|host| mx(format!("mx{host}.many{HOSTILE}"))).collect(),
            (A, domain) => match domain.strip_suffix(".many").and_then(|host| host.strip_prefix("mx")?.parse().ok()) {
                Some(host) => (1..=MANY.1).map(|last| vec![127, 6, host, last]).collect(),
                None => Vec::new(),
            },
            _ => Vec::new(),
        })
    }
}

fn listen(servers: &Arc<Servers>, address: Ipv4Addr, port: u16, serve: Serve) {
    let listener = TcpListener::bind((IpAddr::from(address), port)).unwrap();
    let servers = Arc::clone(servers);
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            let servers = Arc::clone(&servers);
            // A client that breaks off is what is expected.
            thread::spawn(move || drop(serve(&servers, tcp)));
        }
    });
}

/// Waits for something.
fn hear(stream: &mut impl Read) -> io::Result<()> {
    match stream.read(&mut [0; 4096])? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn say_and_listen(mut tcp: TcpStream, pieces: &[&[u8]]) -> io::Result<()> {
    tcp.write_all(&pieces.concat())?;
    while hear(&mut tcp).is_ok() {}
    Ok(())
}

fn ehlo_lines(servers: &Servers, mut tcp: TcpStream) -> io::Result<()> {
    tcp.write_all(b"220 mx ESMTP\r\n")?;
    hear(&mut tcp)?;
    for _ in 0..100_000 {
        tcp.write_all(b"250-KEYWORD\r\n")?;
        servers.flooded.fetch_add(13, Relaxed);
    }
    say_and_listen(tcp, &[b"250 STARTTLS\r\n"])
}

/// No STARTTLS, and everything else that a reply can hold.
fn acting_ehlo(_: &Servers, mut tcp: TcpStream) -> io::Result<()> {
    tcp.write_all(&[b"220 ", ACTS, b"\r\n"].concat())?;
    hear(&mut tcp)?;
    say_and_listen(tcp, &[b"250-", ACTS, b"\r\n250-", ACTS, b"\r\n250 XXXX\x1b[2J\r\n"])
}

/// Everything before the handshake, each reply so many times.
fn until_tls(tcp: &mut TcpStream, times: usize) -> io::Result<()> {
    tcp.write_all(b"220 mx ESMTP\r\n")?;
    for reply in [&b"250-mx\r\n250 STARTTLS\r\n"[..], b"220 go\r\n"] {
        hear(tcp)?;
        tcp.write_all(&reply.repeat(times))?;
    }
    Ok(())
}

/// A whole conversation.
fn converse(mut tcp: TcpStream, config: &Arc<ServerConfig>, times: usize) -> io::Result<()> {
    until_tls(&mut tcp, times)?;
    let mut connection = rustls::ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut tls = rustls::Stream::new(&mut connection, &mut tcp);
    for reply in [&b"250 mx\r\n"[..], b"221 bye\r\n"] {
        hear(&mut tls)?;
        tls.write_all(reply)?;
    }
    while hear(&mut tls).is_ok() {}
    Ok(())
}

/// A scan in which mail servers are asked, to its end; with the most memory that it had, where the system says so.
fn scanned(scene: &Scene, out: &str, network: &[String]) -> (BTreeMap<String, Row>, u64) {
    let begun = Instant::now();
    let network: Vec<&str> = network.iter().map(String::as_str).collect();
    let scan = scene.spawn(&scene.arguments_by(out, &network, &["--retry-rounds", "300ms", "--dns-timeout", "2"]));
    let status = format!("/proc/{}/status", scan.id());
    let watch = thread::spawn(move || {
        let mut most = 0;
        while let Some(kilobytes) = peak(&fs::read_to_string(&status).unwrap_or_default()) {
            most = most.max(kilobytes * 1024);
            thread::sleep(Duration::from_millis(10));
        }
        most
    });
    scan.finish(0);
    let most = watch.join().unwrap();
    println!("{out}: {:?}, at most {} MiB", begun.elapsed(), most >> 20);
    let mut rows = by_domain(rows(&scene.path(out)));
    // How fast a busy machine answers says nothing of servers.
    rows.values_mut().for_each(|row| row.codes.retain(|code| !["sts-fetch-slow", "mx-slow"].contains(&code.as_str())));
    (rows, most)
}

/// The most memory of a process, in kilobytes; `None` once it has ended.
fn peak(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

#[test]
fn hostile_mail_servers_are_told_for_what_they_are_and_change_nothing_else() {
    let healthy: Vec<String> = (0..HEALTHY).map(|number| format!("enforce-{number:06}.test")).collect();
    let scene = Scene::new(Internet::zoo().with_mail_on_loopback(), healthy.iter().cloned());
    let port = scene.lab.smtp_port();
    let servers = Servers::start(port);
    let known = Arc::clone(&servers);
    let resolver = zone::start(scene.lab.dns_addr(), Arc::new(move |name, kind| known.records(name, kind))).to_string();
    let port = port.to_string();
    let network: Vec<String> = ["--resolver", &resolver, "--trust-resolvers", "--smtp", "all", "--dane", "all", "--smtp-port", &port]
        .into_iter()
        .chain(["--ehlo", "scanner.example", "--smtp-rate", "0", "--smtp-greeting-timeout", "5"])
        .map(str::to_owned)
        .collect();
    let (alone, before) = scanned(&scene, "alone", &network);
    assert!(alone.values().all(|row| row.column("mx_tls") == Some("all")), "a good world, or nothing can be seen");

    let hostile: Vec<String> = SERVERS.iter().map(|(kind, ..)| *kind).chain(["many"]).map(|kind| format!("{kind}{HOSTILE}")).collect();
    let list: String = hostile.iter().chain(&healthy).map(|name| format!("{name}\n")).collect();
    fs::write(scene.path("list.txt"), list).unwrap();
    let (mut mixed, after) = scanned(&scene, "mixed", &network);
    println!(
        "{} MiB were sent by those who flood, {} connections to the hosts of one domain",
        servers.flooded.load(Relaxed) >> 20,
        servers.many.load(Relaxed)
    );
    assert!(after < before + MEMORY, "{before} octets of memory without hostile servers, {after} with them");

    let mut wrong = String::new();
    for (kind, _, mx_tls, codes) in SERVERS {
        let row = mixed.remove(&format!("{kind}{HOSTILE}")).unwrap();
        let found: Vec<&str> =
            row.codes.iter().map(|code| code.as_str()).filter(|code| code.starts_with("mx-") || code.starts_with("dane-")).collect();
        let found: Vec<&str> = found.into_iter().filter(|code| *code != "mx-private-address").collect();
        println!("{kind}: mx_tls {:?}, dane {:?}, {found:?}", row.column("mx_tls"), row.column("dane_state"));
        // A record that is too long hides no other, and what was not kept might be the right one: no mismatch, and nothing unusable.
        let dane = match kind {
            "tlsa-one" | "tlsa-many" => "valid",
            "tlsa-alone" => "unknown",
            _ => "absent",
        };
        if row.column("dane_state") != Some(dane) {
            wrong += &format!("{kind}: {:?}, expected {dane}\n", row.column("dane_state"));
        }
        if row.column("mx_tls") != Some(mx_tls) || !codes.iter().all(|code| found.contains(code)) {
            wrong += &format!("{kind}: {:?} {found:?}, expected {mx_tls} {codes:?}\n", row.column("mx_tls"));
        }
    }
    println!("many: {:?}", mixed.remove(&format!("many{HOSTILE}")).unwrap());
    wrong += &mixed
        .iter()
        .filter(|(domain, row)| alone.get(*domain) != Some(row))
        .map(|(domain, row)| format!("{domain} differs: {row:?}, alone {:?}\n", alone.get(domain)))
        .collect::<String>();
    assert!(wrong.is_empty() && mixed.len() == HEALTHY, "{wrong}");
    shown_as_text(&scene, &network, &hostile);
}

/// Whatever shows what was said shows text, and nothing else.
fn shown_as_text(scene: &Scene, network: &[String], hostile: &[String]) {
    let (mixed, page) = (scene.path("mixed"), scene.path("page"));
    let https = scene.lab.https_port().to_string();
    let authority = scene.path("ca.pem");
    let more = ["--https-port", &https, "--ca-file", authority.to_str().unwrap(), "--allow-private", "--retry-rounds", "none"];
    let arguments = |more: &[&str]| {
        let words = ["check"].into_iter().chain(hostile.iter().map(String::as_str)).chain(network.iter().map(String::as_str));
        words.chain(more.iter().copied()).map(str::to_owned).collect::<Vec<_>>()
    };
    for output in [&more[..], &[&more[..], &["--json"]].concat()] {
        let arguments = arguments(output);
        let output = harness::run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let text = stdout(&output) + &stderr(&output);
        assert!(text.contains("acting-refusal") && text.contains("554"), "{text}");
        assert_text("check", &text);
    }
    for format in ["html", "csv", "json", "sarif", "junit"] {
        harness::expect(0, &["report", mixed.to_str().unwrap(), "--format", format, "-o", page.to_str().unwrap()]);
        let text = fs::read_to_string(&page).unwrap();
        assert!(text.contains("acting-refusal"), "{format}: nothing is shown");
        assert_text(format, &text.replace("\r\n", "\n"));
        if format == "html" {
            assert!(!text.contains("<script>alert"), "a script of a mail server");
        }
    }
}

#[track_caller]
fn assert_text(what: &str, text: &str) {
    let acting = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
    let at = text.find(acting);
    assert!(at.is_none(), "{what} acts: {:?}", at.map(|at| text[..at].chars().rev().take(80).collect::<String>()));
}
