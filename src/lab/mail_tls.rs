//! TLS of the mail servers: certificates by SNI or by the address that was connected to, sessions that fail in every way, and clients
//! that are asked for a certificate.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use rustls::server::{Acceptor, ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::{Authority, slot};
use super::handshake::{ALERT_UNRECOGNISED_NAME, Start, farewell, reset};
use super::internet::Internet;
use super::site::Shape;
use super::site::{ClientCertificate, Unnamed};
use super::world::Occupant;

/// What all handshakes share.
#[derive(Debug)]
pub(super) struct MailTls {
    internet: Arc<Internet>,
    authority: Arc<Authority>,
    /// Servers of which nothing is known but the name that the client says.
    by_name: Arc<ServerConfig>,
    by_name_tls12: Arc<ServerConfig>,
    /// How a client is asked for its certificate.
    asking: HashMap<ClientCertificate, Arc<dyn rustls::server::danger::ClientCertVerifier>>,
}

/// Chooses the certificate by the name that the client asks for.
#[derive(Debug)]
struct ByName {
    internet: Arc<Internet>,
    authority: Arc<Authority>,
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Some(host) = hello.server_name() else {
            return self.authority.leaf("nobody.invalid", "invalid", slot::UNNAMED, &Shape::SelfSigned);
        };
        let (domain, server) = self.internet.mail_server(host);
        self.authority.leaf(host, domain, slot::MAIL, &server.mail.certificate)
    }
}

/// The certificates of one server: the first, and one for an RSA key for those who take no other.
#[derive(Debug)]
struct Fixed(Arc<CertifiedKey>, Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Fixed {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let takes_ecdsa = hello.signature_schemes().contains(&SignatureScheme::ECDSA_NISTP256_SHA256);
        Some(Arc::clone(self.1.as_ref().filter(|_| !takes_ecdsa).unwrap_or(&self.0)))
    }
}

fn config(
    tls12: bool,
    verifier: Option<&Arc<dyn rustls::server::danger::ClientCertVerifier>>,
    resolver: Arc<dyn ResolvesServerCert>,
) -> io::Result<Arc<ServerConfig>> {
    let versions = if tls12 { &[&rustls::version::TLS12][..] } else { rustls::DEFAULT_VERSIONS };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).map_err(io::Error::other)?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier)),
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(builder.with_cert_resolver(resolver)))
}

impl MailTls {
    pub(super) fn new(internet: &Arc<Internet>, authority: Arc<Authority>) -> io::Result<Self> {
        let by_name = |tls12| {
            let resolver = ByName { internet: Arc::clone(internet), authority: Arc::clone(&authority) };
            config(tls12, None, Arc::new(resolver))
        };
        let (by_name, by_name_tls12) = (by_name(false)?, by_name(true)?);
        let mut roots = RootCertStore::empty();
        roots.add(authority.root_der().clone()).map_err(io::Error::other)?;
        let builder = || {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots.clone()), provider)
        };
        let asked = builder().allow_unauthenticated().build().map_err(io::Error::other)?;
        let required = builder().build().map_err(io::Error::other)?;
        let asking = HashMap::from([(ClientCertificate::Asked, asked), (ClientCertificate::Required, required)]);
        Ok(Self { internet: Arc::clone(internet), authority, by_name, by_name_tls12, asking })
    }

    /// The handshake, up to where it goes on inside TLS; `None` where it does not. The name that the client asked for goes to `asked`.
    pub(super) async fn shake_hands(
        &self,
        stream: TcpStream,
        occupant: Option<&Occupant>,
        asked: &mut Option<String>,
    ) -> io::Result<Option<TlsStream<TcpStream>>> {
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = start.client_hello();
        let name = hello.server_name().map(str::to_owned);
        *asked = Some(name.clone().unwrap_or_default());
        let (begin, config) = match occupant {
            Some(occupant) => self.begin(occupant, name.as_deref(), &hello)?,
            None => {
                let (domain, server) = self.internet.mail_server(name.as_deref().unwrap_or("nobody.invalid"));
                let leaf = || self.authority.leaf(name.as_deref()?, domain, slot::MAIL, &server.mail.certificate);
                let begin = Start::of(server.mail.session, &hello, leaf);
                let tls12 = matches!(begin, Start::Handshake { tls12: true });
                (begin, Arc::clone(if tls12 { &self.by_name_tls12 } else { &self.by_name }))
            }
        };
        let mut raw = start.io;
        match begin {
            Start::Handshake { .. } => tokio_rustls::StartHandshake::from_parts(start.accepted, raw).into_stream(config).await.map(Some),
            Start::Words(words) => farewell(&mut raw, &words).await.map(|()| None),
            Start::Silence => std::future::pending().await,
            Start::Reset => reset(&raw).map(|()| None),
        }
    }

    /// What a server does that is told apart by its address.
    fn begin(&self, occupant: &Occupant, name: Option<&str>, hello: &ClientHello<'_>) -> io::Result<(Start, Arc<ServerConfig>)> {
        let Occupant { mail, place, .. } = occupant;
        let (host, domain) = match name {
            Some(name) => (name, self.internet.mail_server(name).0),
            None => (occupant.host.as_str(), occupant.domain.as_str()),
        };
        let certificate = |slot: u8, shape: &Shape| {
            let leaf = self.authority.leaf(host, domain, slot + place * slot::NEXT, shape);
            leaf.ok_or_else(|| io::Error::other("a name that cannot be in a certificate"))
        };
        let leaf = match (&mail.unnamed, name) {
            (Unnamed::Certificate(shape), None) => certificate(slot::UNNAMED, shape)?,
            _ => certificate(slot::MAIL, &mail.certificate)?,
        };
        let refused = match (&mail.unnamed, name) {
            (Unnamed::Alert, None) | (Unnamed::Only, Some(_)) => Some(Start::Words(ALERT_UNRECOGNISED_NAME.to_vec())),
            _ => None,
        };
        let begin = refused.unwrap_or_else(|| Start::of(mail.session, hello, || Some(Arc::clone(&leaf))));
        let rsa = mail.rsa_certificate.as_ref().map(|shape| certificate(slot::RSA, shape)).transpose()?;
        let tls12 = matches!(begin, Start::Handshake { tls12: true });
        Ok((begin, config(tls12, self.asking.get(&mail.client_certificate), Arc::new(Fixed(leaf, rsa)))?))
    }
}
