//! What a mail server of the lab does at each stage of a conversation, and what its TLSA records hold: data, so that a case declares it.

use std::time::Duration;

use super::site::{Session, Shape};

/// A mail server. Every field is one stage; [`Mail::healthy`] is one where all is right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mail {
    pub(crate) greeting: Greeting,
    pub(crate) ehlo: Ehlo,
    pub(crate) starttls: Starttls,
    pub(crate) session: Session,
    pub(crate) certificate: Shape,
    /// A second certificate, for an RSA key, beside the first, which is for an ECDSA key: the client's offer decides.
    pub(crate) rsa_certificate: Option<Shape>,
    pub(crate) unnamed: Unnamed,
    pub(crate) client_certificate: ClientCertificate,
    /// Every reply is sent twice.
    pub(crate) twice: bool,
}

impl Mail {
    /// STARTTLS, TLS 1.2 and 1.3, a certificate for the host's name.
    pub(crate) const fn healthy() -> Self {
        Self {
            greeting: Greeting::Usual,
            ehlo: Ehlo::Usual,
            starttls: Starttls::Usual,
            session: Session::Modern,
            certificate: Shape::Valid,
            rsa_certificate: None,
            unnamed: Unnamed::Alike,
            client_certificate: ClientCertificate::Unwanted,
            twice: false,
        }
    }

    /// One with this greeting.
    pub(crate) fn greeting(greeting: Greeting) -> Self {
        Self { greeting, ..Self::healthy() }
    }

    /// One with this reply to EHLO.
    pub(crate) fn ehlo(ehlo: Ehlo) -> Self {
        Self { ehlo, ..Self::healthy() }
    }

    /// One with this reply to STARTTLS.
    pub(crate) fn starttls(starttls: Starttls) -> Self {
        Self { starttls, ..Self::healthy() }
    }

    /// One with this way to begin TLS.
    pub(crate) fn session(session: Session) -> Self {
        Self { session, ..Self::healthy() }
    }

    /// One with this certificate.
    pub(crate) fn certificate(certificate: Shape) -> Self {
        Self { certificate, ..Self::healthy() }
    }
}

/// What comes before the client may speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    Usual,
    /// After so long.
    Delayed(Duration),
    /// A first line at once, the last one after so long, as postscreen does it.
    Teaser(Duration),
    /// This, and then the usual conversation.
    Says(&'static [u8]),
    /// So many lines.
    Lines(usize),
    /// A line of so many octets.
    Long(usize),
    /// This, and the connection is closed.
    Refuses(&'static [u8]),
    /// This the first time, as above; after that all is as usual.
    RefusesOnce(&'static [u8]),
    /// A byte a second, without end.
    Drips,
    /// Nothing.
    Silent,
    /// The connection is reset.
    Reset,
}

/// The reply to EHLO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ehlo {
    /// Several keywords, STARTTLS among them.
    Usual,
    /// These lines.
    Says(&'static [u8]),
    /// This, and the connection is closed.
    Refuses(&'static [u8]),
    /// This the first time, as above; after that as usual.
    RefusesOnce(&'static [u8]),
    /// The usual reply a byte at a time, with so long between two.
    Drips(Duration),
}

/// The reply to STARTTLS, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Starttls {
    /// 220, then TLS.
    Usual,
    /// This, and no TLS.
    Says(&'static [u8]),
    /// This the first time; after that as usual.
    SaysOnce(&'static [u8]),
    /// 220 and this behind it, in one piece.
    Surplus(&'static [u8]),
    /// 220, then a reset.
    Reset,
    /// 220, then the end of the connection.
    Close,
    /// 220, and this in place of a ServerHello.
    Plain(&'static [u8]),
}

/// What becomes of a handshake without server name indication.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unnamed {
    /// The same as with it.
    Alike,
    /// Another certificate.
    Certificate(Shape),
    /// An alert.
    Alert,
    /// All is right without a name; with one there is the alert unrecognized_name.
    Only,
}

/// Whether the server asks for a certificate of the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientCertificate {
    Unwanted,
    /// It asks, and does without.
    Asked,
    /// It asks, and ends the session without one.
    Required,
}

/// A TLSA record, as a case declares it: what is compared with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin(pub(crate) u8, pub(crate) u8, pub(crate) u8, pub(crate) Pinned);

/// What the data of a TLSA record are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pinned {
    /// The certificate that the host presents.
    Leaf,
    /// The one for its RSA key.
    RsaLeaf,
    /// The intermediate below which most certificates of the lab are, presented or not.
    Issuer,
    /// The root below which nobody trusts anything, which is presented or not.
    Stranger,
    /// The root that the lab's scans trust, which nobody presents.
    Root,
    /// A certificate for the same key that is not presented.
    Reissued,
    /// A key that is not presented.
    Other,
    /// Nothing that could be a digest: so many octets.
    Octets(usize),
}

/// `3 1 1` of the certificate that is presented.
pub(crate) const RIGHT: Pin = Pin(3, 1, 1, Pinned::Leaf);

/// What a validating resolver finds out about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dnssec {
    /// Nothing above it is signed, so nothing is to be validated.
    Unsigned,
    /// The same, for a reason of which an extended error (RFC 8914) tells.
    Ignored(u16),
    /// It validates.
    Secure,
    /// It does not, and this extended error says why. Who does not want it checked gets the data.
    Bogus(u16),
    /// It does not, and nothing says why.
    BogusUnexplained,
}

/// Extended errors: signature expired, RRSIGs missing, NSEC missing, NSEC3 iterations (RFC 8914 section 4, RFC 9276 section 3.2).
pub(crate) const SIGNATURE_EXPIRED: u16 = 7;
pub(crate) const SIGNATURES_MISSING: u16 = 10;
pub(crate) const DENIAL_MISSING: u16 = 12;
pub(crate) const TOO_MANY_ITERATIONS: u16 = 27;
