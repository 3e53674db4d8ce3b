//! A policy host on loopback that does whatever a test tells it to.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::evidence::Fetch;
use crate::exclusion::Exclusion;
use crate::observe::certificate::authority::{Authority, Leaf};
use crate::observe::fetch::{FetchConfig, Fetcher};

/// The name of the policy host.
pub(super) const HOST: &str = "mta-sts.example.com";
/// Where it is.
pub(super) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A listening server; it goes when the test's runtime goes.
pub(super) struct Server {
    pub(super) port: u16,
    accepted: Arc<AtomicUsize>,
}

impl Server {
    /// Serves every connection with `serve`.
    pub(super) async fn start<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(tcp));
            }
        });
        Self { port, accepted }
    }

    /// Answers with these octets below TLS, then closes.
    pub(super) async fn plain(octets: &'static [u8]) -> Self {
        Self::start(move |mut tcp| async move {
            let _ = tcp.read(&mut [0; 4096]).await;
            let _ = tcp.write_all(octets).await;
            let _ = tcp.shutdown().await;
        })
        .await
    }

    /// Connections so far.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// An HTTPS server and the authority behind its certificate.
pub(super) struct Https {
    pub(super) server: Server,
    pub(super) authority: Authority,
    /// What clients sent, request after request.
    pub(super) requests: Arc<Mutex<Vec<String>>>,
}

impl Https {
    /// After the request head, does what the test says.
    pub(super) async fn start<F>(setup: Setup, respond: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let authority = Authority::root("Test root");
        let acceptor = TlsAcceptor::from(Arc::new(setup.config(authority.leaf(&[HOST], |_| {}))));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&requests);
        let server = Server::start(move |tcp| {
            let (acceptor, respond, heard) = (acceptor.clone(), respond.clone(), Arc::clone(&heard));
            async move {
                let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                let name = tls.get_ref().1.server_name().unwrap_or_default().to_owned();
                let head = read_head(&mut tls).await;
                heard.lock().unwrap().push(format!("{name}\n{head}"));
                respond(tls).await;
            }
        })
        .await;
        Self { server, authority, requests }
    }

    /// Answers every request with these octets, then closes properly.
    pub(super) async fn with(setup: Setup, response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(setup, move |mut tls| {
            let response = response.clone();
            async move {
                let _ = tls.write_all(&response).await;
                let _ = tls.shutdown().await;
                let _ = tls.read(&mut [0; 16]).await; // Until the client is gone: closing earlier may cut what is under way.
            }
        })
        .await
    }

    /// Fetches from it.
    pub(super) async fn fetch(&self) -> Fetch {
        *self.fetcher(|_| {}).fetch(HOST, vec![LOOPBACK]).await
    }

    /// A fetcher that trusts its authority.
    pub(super) fn fetcher(&self, change: impl FnOnce(&mut FetchConfig)) -> Fetcher {
        let config = test_config(self.server.port, change);
        Fetcher::new(config, self.authority.trusted(), Arc::new(Exclusion::default())).unwrap()
    }
}

async fn read_head(tls: &mut TlsStream<TcpStream>) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match tls.read_u8().await {
            Ok(octet) => head.push(octet),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Settings for loopback, without waiting.
pub(super) fn test_config(port: u16, change: impl FnOnce(&mut FetchConfig)) -> FetchConfig {
    let mut config = FetchConfig { https_port: port, allow_private: true, fetch_rate: 0, host_rate: 0, ..FetchConfig::default() };
    config.total_timeout = Duration::from_secs(20); // Long enough for a busy machine; tests of time-outs set their own.
    change(&mut config);
    config
}

/// How the server does TLS.
#[derive(Clone, Default)]
pub(super) struct Setup {
    /// Only this version.
    pub(super) version: Option<&'static SupportedProtocolVersion>,
    /// Only these protocols.
    pub(super) alpn: Vec<Vec<u8>>,
    /// A key that is not the certificate's.
    pub(super) foreign_key: bool,
    /// Asks for a certificate of the client.
    pub(super) client_certificate: bool,
}

impl Setup {
    fn config(self, leaf: Leaf) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions: Vec<&SupportedProtocolVersion> = self.version.map_or(rustls::ALL_VERSIONS.to_vec(), |version| vec![version]);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&versions).unwrap();
        let builder = if self.client_certificate {
            builder.with_client_cert_verifier(
                rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(Authority::root("Clients").trusted()), provider)
                    .build()
                    .unwrap(),
            )
        } else {
            builder.with_no_client_auth()
        };
        let key = if self.foreign_key { Authority::root("Other").leaf(&[HOST], |_| {}).key } else { leaf.key };
        let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
        let mut config = builder.with_cert_resolver(Arc::new(Always(Arc::new(CertifiedKey::new(vec![leaf.der], key)))));
        config.alpn_protocols = self.alpn;
        config
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
