//! The HTTPS exchange: the fetch, its headers, its certificate, its error; and connections in short.

use std::net::IpAddr;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::dataset::column::{
    Bool, Bytes, Column, ColumnReader, Field, Group, Int16, Int32, List, Shape, Shown, Slot, Text, Time, Validity, Vocabularies, Word,
    columns, documented,
};
use crate::dataset::error::DatasetError;
use crate::evidence::{
    Certificate, CertificateFault, Connection, Fetch, FetchError, FetchFault, FetchStage, SecondHello, Timings, TlsVersion,
};
use crate::vocabulary::{Meaning, Vocabulary};

columns! {
    /// The GET of a policy.
    FetchBuilder, FetchReader of Fetch as {
        Fetch {
            addresses,
            tried,
            address,
            tls_version,
            tls_cipher,
            alpn,
            certificate,
            head,
            http_version,
            status,
            headers,
            body,
            body_cut,
            body_sha256,
            timings: Timings { connect_ms, tls_ms, http_ms, body_ms, total_ms },
            error,
            second_hello,
        }
    } {
        /// Addresses of the policy host, in the order in which they would be tried.
        addresses: List<Shown<IpAddr>>,
        /// Addresses to which a connection was attempted.
        tried: List<Shown<IpAddr>>,
        /// The address that answered.
        address: Shown<IpAddr>,
        /// As `TLSv1.3`.
        tls_version: Text,
        /// Cipher suite by its IANA name.
        tls_cipher: Text,
        /// Application protocol that ALPN settled on.
        alpn: Text,
        /// What the policy host presented; null if the handshake did not get that far.
        certificate: CertificateBuilder,
        /// The response head as sent, where it breaks HTTP's grammar; what came in its place, where none could be read.
        head: Bytes,
        /// As `HTTP/1.1`.
        http_version: Text,
        /// HTTP status.
        #[range = "100..999"]
        status: Int16<u16>,
        /// Kept response headers in the order received.
        headers: List<HeaderBuilder>,
        /// Where a Location header points, bytes that are no UTF-8 replaced; never followed.
        location: Text = location(headers),
        /// The first 65536 bytes of the body as it was sent, compressed or not; null if no response head arrived.
        body: Bytes,
        /// Whether there was more body than is kept.
        body_cut: Bool,
        /// SHA-256 of the kept body, lower-case hex.
        body_sha256: Text,
        /// TCP connection (the last one tried).
        #[unit = "ms"]
        #[range = "0.."]
        connect_ms: Int32<u32>,
        /// TLS handshake.
        #[unit = "ms"]
        #[range = "0.."]
        tls_ms: Int32<u32>,
        /// From the request to the end of the response head.
        #[unit = "ms"]
        #[range = "0.."]
        http_ms: Int32<u32>,
        /// Body.
        #[unit = "ms"]
        #[range = "0.."]
        body_ms: Int32<u32>,
        /// All of the exchange.
        #[unit = "ms"]
        #[range = "0.."]
        total_ms: Int32<u32>,
        /// What ended the exchange early; null if a whole response, or the kept part of it, arrived.
        error: ErrorBuilder,
        /// What the host answered to a second, wide ClientHello; null unless the handshake failed in a way that may be due to the
        /// scanner's TLS library.
        second_hello: SecondHelloBuilder,
    }
}

columns! {
    /// The answer to a ClientHello that offers TLS 1.0 to 1.3 with all suites and groups.
    SecondHelloBuilder, SecondHelloReader of SecondHello {
        /// The version that the server chose; null if it sent no ServerHello.
        version: Word<TlsVersion>,
        /// Cipher suite by its IANA name, or its number.
        cipher: Text,
        /// Key exchange: the IANA name of its group, or its number, dh-N for a group of N bits, or rsa.
        key_exchange: Text,
        /// Application protocol that ALPN settled on, below TLS 1.3.
        alpn: Text,
        /// What the server presented; null where that is encrypted (TLS 1.3).
        certificate: CertificateBuilder,
        /// All of it.
        #[unit = "ms"]
        #[range = "0.."]
        elapsed_ms: Int32<u32>,
        /// Why it told nothing more.
        error: ErrorBuilder,
    }
}

fn location(headers: &[(String, Vec<u8>)]) -> Option<String> {
    let location = headers.iter().find(|(name, _)| name == "location");
    location.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

columns! {
    /// A header.
    HeaderBuilder, HeaderReader of (String, Vec<u8>) as { (name, value) } {
        /// Lower case.
        name: Text,
        /// Exact bytes.
        value: Bytes,
    }
}

columns! {
    /// What ended an exchange early.
    ErrorBuilder, ErrorReader of FetchError {
        /// The step that failed.
        stage: Word<FetchStage>,
        /// Why.
        code (fault): Word<FetchFault>,
        /// The TLS alert that the peer sent, by its number (RFC 8446 section 6).
        #[range = "0..255"]
        alert: Int16<u8>,
        /// Why, in words.
        text: Text,
    }
}

columns! {
    /// A certificate and the verdict on it.
    CertificateBuilder, CertificateReader of Certificate as {
        Certificate {
            faults,
            reason,
            subject,
            sans,
            issuer,
            not_before,
            not_after,
            key_type,
            key_bits,
            signature_algorithm,
            sha256,
            version,
            chain_length,
        }
    } {
        /// valid for the host, or the first fault.
        verdict: Verdict = faults.first().map_or(VALID, |fault| fault.as_str()).to_owned(),
        /// Everything that is wrong with it; empty if it is valid.
        faults: List<Word<CertificateFault>>,
        /// Each fault in words; null where there is none.
        reason: Text,
        /// Subject of the leaf (RFC 4514).
        subject: Text,
        /// SAN dNSNames of the leaf, at most 100.
        sans: List<Text>,
        /// Issuer of the leaf (RFC 4514).
        issuer: Text,
        /// notBefore of the leaf; null if it cannot be read.
        not_before: Time,
        /// notAfter of the leaf; null if it cannot be read.
        not_after: Time,
        /// Algorithm of the leaf's key: RSA, EC, Ed25519, DSA, or the object identifier of another.
        key_type: Text,
        /// Length of that key.
        #[unit = "bit"]
        #[range = "0..65535"]
        key_bits: Int32<u16>,
        /// How the leaf is signed, as sha256WithRSAEncryption, or an object identifier.
        signature_algorithm: Text,
        /// SHA-256 of the leaf in DER, lower-case hex.
        sha256: Text,
        /// X.509 version of the leaf; null if it cannot be read, and in older datasets.
        #[range = "1..3"]
        version: Int16<u8>,
        /// Certificates presented, the leaf included.
        #[range = "0..65535"]
        chain_length: Int32<u16>,
    }
}

/// The verdict on a certificate without fault.
const VALID: &str = "valid";

/// The word of a verdict: [`VALID`], or that of a fault.
#[derive(Debug, Default)]
pub(super) struct Verdict(Text);

impl Verdict {
    fn meanings() -> impl Iterator<Item = Meaning> {
        let valid = Meaning::new(VALID, "Nothing is wrong with it: a trusted root vouches for it, and it is valid for the host.");
        std::iter::once(valid).chain(CertificateFault::MEANINGS.iter().copied())
    }
}

impl Column for Verdict {
    type Value = String;
    type Reader = <Text as Column>::Reader;

    fn data_type() -> DataType {
        Text::<String>::data_type()
    }

    fn range() -> Option<String> {
        Some(Self::meanings().map(|meaning| meaning.word).collect::<Vec<_>>().join(", "))
    }

    fn words(path: &str, found: &mut Vocabularies) {
        found.add(path, Self::meanings());
    }

    fn append_times(&mut self, value: Option<&String>, rows: usize) {
        self.0.append_times(value, rows);
    }

    fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        self.0.finish(data_type)
    }
}

columns! {
    /// A connection that only a scan which looks around makes.
    ConnectionBuilder, ConnectionReader of Connection {
        /// What was asked for; of a receiver of reports, which is sent no request, scheme and host.
        url: Text,
        /// The address that answered, or was tried last.
        address: Shown<IpAddr>,
        /// What is wrong with the certificate; empty if nothing, null if none was presented.
        certificate_faults: List<Word<CertificateFault>>,
        /// HTTP status.
        #[range = "100..999"]
        status: Int16<u16>,
        /// Kept response headers in the order received; empty in older datasets.
        headers: List<HeaderBuilder>,
        /// The first 4096 bytes of the body.
        body: Bytes,
        /// SHA-256 of the first 65536 bytes of the body, lower-case hex.
        body_sha256: Text,
        /// All of it.
        #[unit = "ms"]
        #[range = "0.."]
        total_ms: Int32<u32>,
        /// What ended it early.
        error: ErrorBuilder,
        /// What the host answered to a second, wide ClientHello; null unless the handshake failed in a way that may be due to the
        /// scanner's TLS library.
        second_hello: SecondHelloBuilder,
    }
}
