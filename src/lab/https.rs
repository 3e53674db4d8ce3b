//! The web servers: one listener for each address, certificates by SNI, and every way in which a server can misbehave.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;

use super::certificate::{Authority, slot};
use super::handshake::{Start, farewell, reset};
use super::http;
use super::internet::Internet;
use super::journal::{Journal, Request};
use super::site::{Elsewhere, Response, Session, Shape, Site};
use super::world::Role;

/// A connection that takes longer is given up, so that no scan leaves tasks behind.
const LONGEST: Duration = Duration::from_secs(120);
/// Most octets of a request head.
const HEAD_OCTETS: usize = 16_384;

/// Where every policy is (RFC 8461 section 3.2).
const POLICY_PATH: &str = "/.well-known/mta-sts.txt";
/// The first label of the domains' receivers of reports.
pub(super) const RECEIVER: &str = "reports";

/// What all connections share.
#[derive(Debug)]
pub(super) struct PolicyHosts {
    internet: Arc<Internet>,
    journal: Arc<Journal>,
    authority: Arc<Authority>,
    modern: Arc<ServerConfig>,
    tls12: Arc<ServerConfig>,
}

/// Chooses the certificate by the name that the client asks for.
#[derive(Debug)]
struct BySni {
    internet: Arc<Internet>,
    authority: Arc<Authority>,
}

impl ResolvesServerCert for BySni {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let host = hello.server_name()?;
        let server = Server::find(&self.internet, host)?;
        self.authority.leaf(host, server.domain, slot::WEB, &server.certificate)
    }
}

/// Who is at home at a name.
struct Server<'n> {
    domain: &'n str,
    role: Role<'n>,
    site: Arc<Site>,
    session: Session,
    certificate: Shape,
}

impl<'n> Server<'n> {
    fn find(internet: &Internet, host: &'n str) -> Option<Self> {
        let (domain, role, site) = internet.find(host)?;
        let (session, certificate) = match role {
            Role::PolicyHost => (site.session, site.certificate.clone()),
            Role::Apex => site.elsewhere(Elsewhere::Domain).map(|_| (Session::Modern, Shape::Valid))?,
            Role::Neighbour(labels) => match site.neighbour(labels) {
                Some(neighbour) => neighbour.web.clone()?,
                None if labels == RECEIVER => (Session::Modern, Shape::Valid),
                None => return None,
            },
            Role::StsRecord | Role::TlsrptRecord => return None,
        };
        Some(Self { domain, role, site, session, certificate })
    }

    /// What is served to a GET of a path over HTTPS at an address.
    fn response(&self, path: &str, address: IpAddr) -> Option<&Response> {
        match self.role {
            Role::PolicyHost if path == POLICY_PATH => {
                Some(self.site.elsewhere(Elsewhere::Address(address)).unwrap_or(&self.site.response))
            }
            Role::PolicyHost => self.site.elsewhere.iter().find_map(|(place, response)| match place {
                Elsewhere::Path(known) if *known == path => Some(response),
                _ => None,
            }),
            Role::Apex if path == POLICY_PATH => self.site.elsewhere(Elsewhere::Domain),
            _ => None,
        }
    }
}

impl PolicyHosts {
    pub(super) fn new(internet: Arc<Internet>, journal: Arc<Journal>, authority: Arc<Authority>) -> io::Result<Self> {
        let config = |versions: &[&'static rustls::SupportedProtocolVersion]| -> io::Result<Arc<ServerConfig>> {
            let resolver = Arc::new(BySni { internet: Arc::clone(&internet), authority: Arc::clone(&authority) });
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let mut config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(versions)
                .map_err(io::Error::other)?
                .with_no_client_auth()
                .with_cert_resolver(resolver);
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Ok(Arc::new(config))
        };
        let (modern, tls12) = (config(rustls::DEFAULT_VERSIONS)?, config(&[&rustls::version::TLS12])?);
        Ok(Self { internet, journal, authority, modern, tls12 })
    }

    /// Accepts connections until it is stopped, for HTTPS or for plain HTTP.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener, tls: bool) {
        let Ok(address) = listener.local_addr().map(|address| address.ip()) else { return };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    self.journal.connection(address);
                    let hosts = Arc::clone(&self);
                    tokio::spawn(async move {
                        // A client that breaks off is no fault of the lab.
                        let _ = if tls {
                            tokio::time::timeout(LONGEST, hosts.converse(stream, address)).await
                        } else {
                            tokio::time::timeout(LONGEST, hosts.converse_plainly(stream, address)).await
                        };
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    async fn converse(&self, stream: TcpStream, address: IpAddr) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let host = start.client_hello().server_name().unwrap_or_default().to_owned();
        let found = Server::find(&self.internet, &host);
        let session = found.as_ref().map_or(Session::Modern, |server| server.session);
        let leaf = || found.as_ref().and_then(|server| self.authority.leaf(&host, server.domain, slot::WEB, &server.certificate));
        let begin = Start::of(session, &start.client_hello(), leaf);
        let mut raw = start.io;
        let config = match begin {
            Start::Handshake { tls12 } => {
                if tls12 {
                    &self.tls12
                } else {
                    &self.modern
                }
            }
            Start::Words(words) => return farewell(&mut raw, &words).await,
            Start::Silence => std::future::pending().await,
            Start::Reset => return reset(&raw),
        };
        let mut tls = tokio_rustls::StartHandshake::from_parts(start.accepted, raw).into_stream(Arc::clone(config)).await?;
        self.journal.handshake();
        let Some(request) = read_request(&mut tls, address, host.clone()).await? else { return Ok(()) };
        let served = found.as_ref().filter(|_| request.method == "GET").and_then(|server| {
            let response = server.response(&request.path, address)?;
            Some((server.domain, response))
        });
        self.journal.request(request);
        match served {
            Some((domain, response)) if http::respond(response, domain, &mut tls).await? == http::End::Reset => reset(tls.get_ref().0),
            Some(_) => tls.shutdown().await,
            None => {
                tls.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
                tls.shutdown().await
            }
        }
    }

    /// Plain HTTP: a redirect to HTTPS, as nearly everywhere, unless a case says otherwise.
    async fn converse_plainly(&self, mut stream: TcpStream, address: IpAddr) -> io::Result<()> {
        let Some(mut request) = read_request(&mut stream, address, String::new()).await? else { return Ok(()) };
        let authority = request.header("host").unwrap_or_default();
        let host = authority.split(':').next().unwrap_or_default().to_owned();
        let right = request.method == "GET" && request.path == POLICY_PATH;
        request.host.clone_from(&host);
        let location = format!("https://{host}{}", request.path);
        self.journal.request(request);
        let found = self.internet.find(&host).filter(|(_, role, _)| right && *role == Role::PolicyHost);
        match found.as_ref().and_then(|(domain, _, site)| Some((domain, site.elsewhere(Elsewhere::Plain)?))) {
            Some((domain, response)) => drop(http::respond(response, domain, &mut stream).await?),
            None => {
                let head =
                    format!("HTTP/1.1 301 Moved Permanently\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
            }
        }
        stream.shutdown().await
    }
}

/// Reads the head of a request; `None` if the client closes before it is complete.
async fn read_request(stream: &mut (impl AsyncReadExt + Unpin), address: IpAddr, host: String) -> io::Result<Option<Request>> {
    let mut head = Vec::with_capacity(1024);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > HEAD_OCTETS || stream.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    let text = String::from_utf8_lossy(&head);
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Ok(Some(Request { at: Instant::now(), address, host, method, path, headers }))
}
