//! What one domain of the lab publishes: DNS answers and the behaviour of its policy host, as templates over its name.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::packing::Packing;

/// Bytes in which `{d}` stands for the domain, `{-}` and `{_}` for the domain with its dots replaced, `{n}` for the domain without its last label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(Cow<'static, [u8]>);

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<&'static [u8]> for Text {
    fn from(text: &'static [u8]) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text.into_bytes()))
    }
}

impl From<Vec<u8>> for Text {
    fn from(text: Vec<u8>) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Text {
    /// Appends the text for a domain.
    pub(crate) fn write(&self, domain: &str, out: &mut Vec<u8>) {
        let mut rest: &[u8] = &self.0;
        while let Some(open) = rest.iter().position(|&byte| byte == b'{') {
            let (plain, from_brace) = rest.split_at(open);
            out.extend_from_slice(plain);
            rest = match from_brace {
                [b'{', b'd', b'}', tail @ ..] => append(out, domain.bytes(), tail),
                [b'{', b'n', b'}', tail @ ..] => append(out, domain.rsplit_once('.').map_or(domain, |(stem, _)| stem).bytes(), tail),
                [b'{', b'-', b'}', tail @ ..] => append(out, domain.bytes().map(|b| if b == b'.' { b'-' } else { b }), tail),
                [b'{', b'_', b'}', tail @ ..] => append(out, domain.bytes().map(|b| if b == b'.' { b'_' } else { b }), tail),
                [brace, tail @ ..] => append(out, std::iter::once(*brace), tail),
                [] => &[],
            };
        }
        out.extend_from_slice(rest);
    }

    /// The text for a domain.
    pub(crate) fn for_domain(&self, domain: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() + domain.len());
        self.write(domain, &mut out);
        out
    }
}

fn append<'a>(out: &mut Vec<u8>, bytes: impl Iterator<Item = u8>, tail: &'a [u8]) -> &'a [u8] {
    out.extend(bytes);
    tail
}

/// How the chain of an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// NOERROR with the records; without any it is NODATA.
    Answer,
    Nxdomain,
    Servfail,
    Refused,
    /// Another response code.
    Rcode(u8),
    /// No answer at all.
    Silent,
    /// NOERROR with two CNAMEs that lead to each other.
    Loop,
    /// NOERROR with a record whose length runs past the message.
    Malformed,
    /// NOERROR with the CNAMEs alone: whoever asks has to ask for what they lead to.
    Alias,
    /// NOERROR with a record of another type at the name.
    OtherType,
    /// NOERROR with the name servers of the zone in place of an answer, by a server that says it resolves.
    Referral,
    /// NOERROR with nothing at all, by a server that says it does not resolve.
    Unresolved,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply<R> {
    /// CNAME targets in order.
    pub(crate) cname: Vec<Text>,
    pub(crate) records: Vec<R>,
    pub(crate) end: End,
    /// Seconds.
    pub(crate) ttl: u32,
    /// Truncated over UDP whatever its size.
    pub(crate) tcp_only: bool,
    /// What a validating resolver makes of it; `None` for the same as of the rest of the domain.
    pub(crate) dnssec: Option<Dnssec>,
}

impl<R> Reply<R> {
    pub(crate) fn records(records: Vec<R>) -> Self {
        Self { cname: Vec::new(), records, end: End::Answer, ttl: 3600, tcp_only: false, dnssec: None }
    }

    pub(crate) fn end(end: End) -> Self {
        Self { end, ..Self::records(Vec::new()) }
    }

    /// The same, of which a validating resolver makes this.
    pub(crate) fn found(self, dnssec: Dnssec) -> Self {
        Self { dnssec: Some(dnssec), ..self }
    }
}

/// An MX record: preference and host (`.` for a null MX).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange(pub(crate) u16, pub(crate) Text);

/// A TXT record: its character-strings.
pub(crate) type Strings = Vec<Text>;

/// Where a policy host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One of the many addresses of those who host their own policy, chosen by the name.
    Own,
    /// This address.
    At(Ipv4Addr),
}

/// What the policy host does with a connection, up to the end of the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Session {
    /// TLS 1.2 and 1.3.
    Modern,
    /// TLS 1.2 only.
    Tls12,
    /// Answers the ClientHello with the alert protocol_version.
    OldByAlert,
    /// Answers the ClientHello with a TLS 1.0 ServerHello.
    OldByHello,
    /// Answers a ClientHello without a suite of old with the alert handshake_failure, any other with a TLS 1.0 ServerHello.
    OldByFailure,
    /// The same with the alert protocol_version.
    OldByVersion,
    /// TLS 1.2 with this cipher suite alone. The handshake gets no further than the server's first words, which are by hand.
    Suite(u16),
    /// TLS 1.3 with this group alone, as far.
    Group(u16),
    /// Ends with the alert unrecognized_name.
    Unprovisioned,
    /// Ends with the alert internal_error.
    Refusal,
    /// HTTP without TLS.
    Plain,
    /// Never says a word.
    Silent,
    /// Resets the connection.
    Reset,
}

/// The certificate that the policy host presents.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Valid,
    /// `*.DOMAIN`, which covers the policy host.
    Wildcard,
    /// For these names instead of the policy host.
    Names(Vec<Text>),
    /// For the policy host, and this is the common name.
    Called(Text),
    /// The policy host is the common name only.
    NoSan,
    Expired,
    /// Expired, and for another name.
    ExpiredMismatch,
    NotYetValid,
    /// Five days left.
    Expiring,
    /// Fifteen days left.
    FifteenDays,
    SelfSigned,
    /// Issued by a root that nobody trusts, which is sent along.
    Untrusted,
    /// The same, and the root is not sent.
    UntrustedAlone,
    /// Issued by an intermediate that is not sent.
    Incomplete,
    /// With an RSA key of 1024 bits.
    ShortKey,
    /// With an RSA key of 16384 bits, which few libraries verify.
    LongKey,
    /// With an RSA key of 2048 bits, the shortest that is not weak.
    RsaKey,
    /// With a key of P-521.
    P521Key,
    /// For clients alone, by its extended key usage.
    WrongPurpose,
    /// X.509 version 1, which has no extensions.
    Version1,
    /// Signed with SHA-1.
    Sha1,
    /// The policy host and so many other names.
    ManyNames(usize),
    /// Behind so many intermediates.
    Chain(usize),
    /// Behind eight intermediates, the uppermost of which allows for no more than three below it.
    TooLongForItsIssuer,
    /// Behind eight intermediates, one in the middle of which has expired.
    ExpiredIssuer,
}

/// How the body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Content-Length.
    Length,
    /// A Content-Length that is so much more than the body.
    Short(usize),
    Chunked,
    /// The body repeated without end, as chunks.
    Endless,
    /// To the end of the connection.
    Close,
    /// This text instead of a response.
    Raw,
    /// The head, half the body, then a reset.
    Reset,
    /// No response.
    Silent,
    /// Interim responses without end in place of one.
    EndlessInterim,
    /// A head whose headers do not end.
    EndlessHead,
}

/// What the policy host answers to a GET of the well-known path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Response {
    pub(crate) version: &'static str,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, Text)>,
    pub(crate) body: Text,
    /// What is done to the body, in this order.
    pub(crate) packing: Vec<Packing>,
    pub(crate) framing: Framing,
    /// Before the first byte of the body.
    pub(crate) delay: Duration,
}

/// Another name of a domain, that of a mail server or one at which nothing should be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Neighbour {
    /// The labels in front of the domain, `@` for the domain itself, `*` for all that begin with an underscore
    /// and have no entry of their own.
    pub(crate) labels: &'static str,
    pub(crate) a: Reply<Ipv4Addr>,
    pub(crate) aaaa: Reply<Ipv6Addr>,
    pub(crate) mx: Reply<Exchange>,
    pub(crate) txt: Reply<Strings>,
    pub(crate) tlsa: Reply<Pin>,
    /// What a validating resolver makes of the alias by itself, where there is one; `None` for the same as of the rest of the domain.
    pub(crate) alias: Option<Dnssec>,
    /// The mail servers there, one for each address; those that are declared have addresses of their own. None for one like any other.
    pub(crate) mail: Vec<Mail>,
    /// What an HTTPS server there does with a connection; `None` where there is none.
    pub(crate) web: Option<(Session, Shape)>,
}

impl Neighbour {
    /// A name that exists without any record.
    pub(crate) fn new(labels: &'static str) -> Self {
        Self::end(labels, End::Answer)
    }

    /// A name of which every question ends so.
    pub(crate) fn end(labels: &'static str, end: End) -> Self {
        Self {
            labels,
            a: Reply::end(end),
            aaaa: Reply::end(end),
            mx: Reply::end(end),
            txt: Reply::end(end),
            tlsa: Reply::end(end),
            alias: None,
            mail: Vec::new(),
            web: None,
        }
    }

    /// A mail server that does this.
    pub(crate) fn mail(labels: &'static str, mail: Mail) -> Self {
        Self { mail: vec![mail], ..Self::new(labels) }
    }

    /// TLSA records.
    pub(crate) fn tlsa(labels: &'static str, records: Vec<Pin>) -> Self {
        Self { tlsa: Reply::records(records), ..Self::new(labels) }
    }

    /// A server at this address.
    pub(crate) fn at(labels: &'static str, address: Ipv4Addr) -> Self {
        Self { a: Reply::records(vec![address]), ..Self::new(labels) }
    }

    /// An HTTPS server at this address.
    pub(crate) fn web(labels: &'static str, address: Ipv4Addr, session: Session, certificate: Shape) -> Self {
        Self { web: Some((session, certificate)), ..Self::at(labels, address) }
    }

    /// A name with one TXT record.
    pub(crate) fn txt(labels: &'static str, text: &'static str) -> Self {
        Self { txt: Reply::records(vec![vec![text.into()]]), ..Self::new(labels) }
    }

    /// The name behind an alias.
    pub(crate) fn cname(mut self, target: &'static str) -> Self {
        self.a.cname = vec![target.into()];
        self.aaaa.cname = vec![target.into()];
        self
    }
}

/// Where a response is served other than at the policy host's well-known path over HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// At another path of the policy host.
    Path(&'static str),
    /// At the well-known path over plain HTTP.
    Plain,
    /// At the well-known path of the domain itself, over HTTPS.
    Domain,
    /// At the well-known path over HTTPS, at this one of the policy host's addresses.
    Address(IpAddr),
}

/// All that a domain publishes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Site {
    /// What a validating resolver makes of every answer that does not say otherwise.
    pub(crate) zone: Dnssec,
    pub(crate) mx: Reply<Exchange>,
    pub(crate) sts: Reply<Strings>,
    pub(crate) tlsrpt: Reply<Strings>,
    pub(crate) host_a: Reply<Place>,
    pub(crate) host_aaaa: Reply<Ipv6Addr>,
    pub(crate) session: Session,
    pub(crate) certificate: Shape,
    pub(crate) response: Response,
    /// Responses in other places.
    pub(crate) elsewhere: Vec<(Elsewhere, Response)>,
    /// Names of which it says more than that they are servers like any others.
    pub(crate) neighbours: Vec<Neighbour>,
}

impl Site {
    /// The response in another place.
    pub(crate) fn elsewhere(&self, place: Elsewhere) -> Option<&Response> {
        self.elsewhere.iter().find(|(known, _)| *known == place).map(|(_, response)| response)
    }

    /// What is said of a name by its labels in front of the domain.
    pub(crate) fn neighbour(&self, labels: &str) -> Option<&Neighbour> {
        let named = |wanted: &str| self.neighbours.iter().find(|neighbour| neighbour.labels == wanted);
        named(labels).or_else(|| named("*").filter(|_| labels.starts_with('_')))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_the_domain() {
        let text = Text::from("a {d} {-} {_} {n} {x} {");
        assert_eq!(text.for_domain("example.co.uk"), b"a example.co.uk example-co-uk example_co_uk example.co {x} {");
    }
}
