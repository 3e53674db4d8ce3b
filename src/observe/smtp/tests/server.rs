//! Mail servers on loopback that do whatever a test tells them to.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::evidence::{HostLookup, Lookup, Outcome, Tlsa};
use crate::exclusion::Exclusion;
use crate::observe::certificate::authority::{Authority, Leaf};
use crate::observe::smtp::{Mailer, SmtpConfig};

/// The name of the mail server.
pub(super) const HOST: &str = "mx.example.com";
/// Where it is.
pub(super) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A listening server; it goes when the test's runtime goes.
pub(super) struct Server {
    pub(super) port: u16,
    accepted: Arc<AtomicUsize>,
    heard: Heard,
}

type Heard = Arc<Mutex<String>>;

impl Server {
    /// Connections so far.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// What clients have said.
    pub(super) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

/// Serves every connection, on every address of loopback, with `serve`.
pub(super) async fn start<F: Future<Output = ()> + Send + 'static>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Server {
    start_hearing(move |tcp, _| serve(tcp)).await
}

async fn start_hearing<F: Future<Output = ()> + Send + 'static>(serve: impl Fn(TcpStream, Heard) -> F + Send + 'static) -> Server {
    let listener = TcpListener::bind(("0.0.0.0", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (accepted, heard) = (Arc::new(AtomicUsize::new(0)), Heard::default());
    let (count, ears) = (Arc::clone(&accepted), Arc::clone(&heard));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(tcp, Arc::clone(&ears)));
        }
    });
    Server { port, accepted, heard }
}

/// A step of a server without TLS.
#[derive(Clone, Copy)]
pub(super) enum Plain {
    Say(&'static [u8]),
    /// Octet by octet, with a pause before each.
    Drip(&'static [u8], Duration),
    Silence(Duration),
    /// Until something comes.
    Listen,
    /// Something between the lines of what was heard.
    Mark(&'static str),
}

/// Follows the script, then closes.
pub(super) async fn scripted(script: &[Plain]) -> Server {
    let script = script.to_vec();
    start_hearing(move |tcp, heard| follow(script.clone(), tcp, heard)).await
}

async fn follow(script: Vec<Plain>, mut tcp: TcpStream, heard: Heard) {
    for step in script {
        match step {
            Plain::Say(octets) => drop(tcp.write_all(octets).await),
            Plain::Drip(octets, pause) => {
                let _ = tcp.set_nodelay(true);
                for octet in octets {
                    tokio::time::sleep(pause).await;
                    let _ = tcp.write_all(&[*octet]).await;
                }
            }
            Plain::Silence(pause) => tokio::time::sleep(pause).await,
            Plain::Listen => listen(&mut tcp, &heard).await,
            Plain::Mark(mark) => heard.lock().unwrap().push_str(mark),
        }
    }
}

async fn listen(stream: &mut (impl AsyncRead + Unpin), heard: &Heard) {
    let mut octets = [0; 4096];
    let read = stream.read(&mut octets).await.unwrap_or_default();
    let text = if octets[0] == 0x16 { "[TLS]".into() } else { String::from_utf8_lossy(&octets[..read]).into_owned() };
    heard.lock().unwrap().push_str(&text);
}

/// A mail server with STARTTLS and the authority behind its certificate.
pub(super) struct Mail {
    pub(super) server: Server,
    pub(super) authority: Authority,
}

/// How the server does TLS.
#[derive(Clone, Default)]
pub(super) struct Setup {
    /// Only this version.
    pub(super) version: Option<&'static SupportedProtocolVersion>,
    /// Asks for a certificate of the client.
    pub(super) client_certificate: bool,
    /// A leaf of X.509 version 1.
    pub(super) version_1: bool,
    /// The root is sent, too.
    pub(super) with_root: bool,
    /// So many copies of the leaf are sent behind it.
    pub(super) copies: usize,
    /// So many other names stand in the leaf.
    pub(super) names: usize,
    /// The leaf is for every name below mail.example.com, too.
    pub(super) wildcard: bool,
    /// No handshake but by a suite that our library does not have.
    pub(super) only_cbc: bool,
    /// STARTTLS is refused at first.
    pub(super) busy_once: bool,
}

impl Mail {
    pub(super) async fn start(setup: Setup) -> Self {
        let authority = Authority::root("Test root");
        let names: Vec<String> = (0..setup.names).map(|number| format!("customer-number-{number:05}.example.net")).collect();
        let wildcard = setup.wildcard.then_some("*.mail.example.com");
        let names: Vec<&str> = std::iter::once(HOST).chain(wildcard).chain(names.iter().map(String::as_str)).collect();
        let leaf = if setup.version_1 { version_1() } else { authority.leaf(&names, |_| {}) };
        let flight = setup.only_cbc.then(|| first_flight(&leaf.der));
        let acceptor = TlsAcceptor::from(Arc::new(setup.config(leaf, &authority)));
        let busy = Arc::new(AtomicBool::new(setup.busy_once));
        let server = start_hearing(move |tcp, heard| serve(tcp, acceptor.clone(), heard, flight.clone(), Arc::clone(&busy))).await;
        Self { server, authority }
    }

    /// A mailer that trusts its authority.
    pub(super) fn mailer(&self, change: impl FnOnce(&mut SmtpConfig)) -> Mailer {
        trusting(self.server.port, change, self.authority.trusted(), Arc::default(), None)
    }
}

async fn serve(mut tcp: TcpStream, acceptor: TlsAcceptor, heard: Heard, flight: Option<Vec<u8>>, busy: Arc<AtomicBool>) {
    let _ = tcp.write_all(b"220-wait\r\n").await;
    let _ = tcp.write_all(b"220 mx.example.com ESMTP\r\n").await;
    listen(&mut tcp, &heard).await;
    let _ = tcp.write_all(b"250-mx.example.com\r\n250-PIPELINING\r\n250 STARTTLS\r\n").await;
    listen(&mut tcp, &heard).await;
    if busy.swap(false, Ordering::SeqCst) {
        let _ = tcp.write_all(b"454 later\r\n").await;
        return listen(&mut tcp, &heard).await;
    }
    let _ = tcp.write_all(b"220 go\r\n").await;
    if let Some(flight) = flight {
        let mut hello = [0; 4096];
        let read = tcp.read(&mut hello).await.unwrap_or_default();
        // The wide hello alone offers TLS_RSA_WITH_AES_128_CBC_SHA.
        let wide = hello[..read].windows(4).any(|suites| suites == [0x00, 0x3D, 0x00, 0x2F]);
        let _ = tcp.write_all(if wide { &flight } else { &[0x15, 3, 3, 0, 2, 2, 40] }).await;
        return listen(&mut tcp, &heard).await;
    }
    let Ok(mut tls) = acceptor.accept(tcp).await else { return };
    let name = tls.get_ref().1.server_name().unwrap_or_default().to_owned();
    heard.lock().unwrap().push_str(&format!("[TLS {name}]"));
    listen(&mut tls, &heard).await;
    let _ = tls.write_all(b"250 mx.example.com\r\n").await;
    listen(&mut tls, &heard).await;
    let _ = tls.write_all(b"221 bye\r\n").await;
    if tls.read(&mut [0; 16]).await.is_ok_and(|read| read == 0) {
        heard.lock().unwrap().push_str("[closed]");
    }
}

/// ServerHello of TLS 1.2 with RSA key exchange and CBC, Certificate and ServerHelloDone.
fn first_flight(leaf: &[u8]) -> Vec<u8> {
    let counted = |octets: usize, data: &[u8]| [&data.len().to_be_bytes()[8 - octets..], data].concat();
    let message = |kind: u8, body: &[u8]| [&[kind][..], &counted(3, body)].concat();
    let hello = [&[3, 3][..], &[7; 32], &[0, 0x00, 0x2F, 0]].concat();
    let flight = [message(2, &hello), message(11, &counted(3, &counted(3, leaf))), message(14, b"")].concat();
    [&[22, 3, 3][..], &counted(2, &flight)].concat()
}

/// A self-signed certificate of version 1, as old tools make them: without extensions.
fn version_1() -> Leaf {
    let key = rcgen::KeyPair::generate().unwrap();
    let tagged = |tag: u8, parts: &[&[u8]]| {
        let contents = parts.concat();
        match u8::try_from(contents.len()) {
            Ok(length @ ..0x80) => [&[tag, length], contents.as_slice()].concat(),
            _ => [&[tag, 0x82][..], &u16::try_from(contents.len()).unwrap().to_be_bytes(), &contents].concat(),
        }
    };
    let algorithm = tagged(0x30, &[&[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]]);
    let common_name = tagged(0x30, &[&[0x06, 3, 0x55, 4, 3], &tagged(0x0C, &[HOST.as_bytes()])]);
    let name = tagged(0x30, &[&tagged(0x31, &[&common_name])]);
    let validity = tagged(0x30, &[&tagged(0x17, &[b"200101000000Z"]), &tagged(0x17, &[b"400101000000Z"])]);
    let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
    let signed = tagged(0x30, &[&[2, 1, 7], &algorithm, &name, &validity, &name, &spki]);
    let signature = rcgen::SigningKey::sign(&key, &signed).unwrap();
    let der = tagged(0x30, &[&signed, &algorithm, &tagged(0x03, &[&[0], &signature])]);
    Leaf { der: CertificateDer::from(der), key: rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
}

impl Setup {
    fn config(&self, leaf: Leaf, authority: &Authority) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions: Vec<&SupportedProtocolVersion> = self.version.map_or(rustls::ALL_VERSIONS.to_vec(), |version| vec![version]);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&versions).unwrap();
        let builder = if self.client_certificate {
            let clients = Arc::new(Authority::root("Clients").trusted());
            builder
                .with_client_cert_verifier(rustls::server::WebPkiClientVerifier::builder_with_provider(clients, provider).build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = rustls::crypto::ring::sign::any_supported_type(&leaf.key).unwrap();
        let root = self.with_root.then(|| authority.der.clone());
        let chain = std::iter::once(leaf.der.clone()).chain(root).chain(std::iter::repeat_n(leaf.der, self.copies)).collect();
        builder.with_cert_resolver(Arc::new(Always(Arc::new(CertifiedKey::new(chain, key)))))
    }
}

/// The same certificate for every name, whether or not the key fits it.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// A mailer that trusts nobody of these tests.
pub(super) fn mailer(port: u16, change: impl FnOnce(&mut SmtpConfig)) -> Mailer {
    trusting(port, change, Authority::root("Nobody").trusted(), Arc::default(), None)
}

/// A mailer for loopback.
pub(super) fn trusting(
    port: u16,
    change: impl FnOnce(&mut SmtpConfig),
    roots: RootCertStore,
    exclusion: Arc<Exclusion>,
    relocate: Option<fn(IpAddr) -> IpAddr>,
) -> Mailer {
    let mut config = SmtpConfig { smtp_port: port, allow_private: true, smtp_rate: 0.0, ..SmtpConfig::default() };
    config.smtp_greeting_timeout = Duration::from_secs(20); // Long enough for a busy machine.
    change(&mut config);
    Mailer::new(config, "scanner.test".to_owned(), Arc::new(roots), exclusion, relocate).unwrap()
}

/// A host at these addresses.
pub(super) fn host(name: &str, addresses: &[IpAddr]) -> HostLookup {
    let outcome = |any: bool| if any { Outcome::Noerror } else { Outcome::Nodata };
    let v4: Vec<_> = addresses.iter().filter_map(|address| if let IpAddr::V4(v4) = address { Some(*v4) } else { None }).collect();
    let v6: Vec<_> = addresses.iter().filter_map(|address| if let IpAddr::V6(v6) = address { Some(*v6) } else { None }).collect();
    let mut a = Lookup::unsent(name.to_owned(), outcome(!v4.is_empty()));
    let mut aaaa = Lookup::unsent(name.to_owned(), outcome(!v6.is_empty()));
    (a.records, aaaa.records) = (v4, v6);
    HostLookup::new(name.to_owned(), a, aaaa)
}

/// Greets with the address that was called, or with the same everywhere.
pub(super) async fn greeting(own: bool) -> Server {
    start(move |mut tcp| async move {
        let address = tcp.local_addr().map(|address| address.ip().to_string()).unwrap_or_default();
        let greeting = format!("220 {} ESMTP\r\n", if own { address.as_str() } else { "mail.isp.example" });
        for answer in [greeting.as_bytes(), b"250 nothing on offer\r\n", b"221 bye\r\n"] {
            let _ = tcp.write_all(answer).await;
            let _ = tcp.read(&mut [0; 4096]).await;
        }
    })
    .await
}

/// Loopback in place of 44.0.0.0/8.
pub(super) fn on_loopback(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(v4) if v4.octets().starts_with(&[44]) => {
            let [_, b, c, d] = v4.octets();
            [127, b, c, d].into()
        }
        other => other,
    }
}

/// A lookup of these TLSA records.
pub(super) fn tlsa(records: Vec<Tlsa>) -> Lookup<Tlsa> {
    let mut lookup = Lookup::unsent(format!("_25._tcp.{HOST}"), Outcome::Noerror);
    lookup.records = records;
    lookup
}
