//! An MX host: its addresses, its TLSA records and the conversations with it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dataset::column::{
    Bool, Bytes, Column, ColumnReader, Field, Group, Int16, Int32, List, Shape, Shown, Slot, Text, Validity, Word, columns, documented,
};
use crate::dataset::error::DatasetError;
use crate::evidence::{ChainCertificate, Conversation, GivenAnchor, HostLookup, MxAsked, Path, SmtpTimings};

use super::fetch::{CertificateBuilder, ErrorBuilder, SecondHelloBuilder};
use super::lookup::{AliasBuilder, Lookups, TlsaBuilder};

columns! {
    /// What the MX hosts were to be asked.
    MxAskedBuilder, MxAskedReader of MxAsked {
        /// Whether they were to be asked over SMTP.
        smtp: Bool,
        /// Whether TLSA records were to be looked up.
        dane: Bool,
        /// Whether the resolver was trusted to validate (DNSSEC); if not, every verdict that needs it is unknown.
        validates: Bool,
    }
}

columns! {
    /// An MX host.
    HostBuilder, HostReader of HostLookup {
        /// The host as it stands in the MX records, or the domain itself as its implicit MX.
        host: Text,
        /// A of the host; asked once as long as its TTL lasts, however many domains name it.
        a: Lookups<Shown<Ipv4Addr>>,
        /// AAAA of the host, likewise.
        aaaa: Lookups<Shown<Ipv6Addr>>,
        /// CNAME of the host, asked by itself where its alias leads out of what is signed (RFC 7672 section 2.2.2); else null.
        alias: Lookups<AliasBuilder>,
        /// TLSA at _25._tcp.BASE, in the order in which bases are tried: the end of a secure alias, then the host; empty without --dane.
        tlsa: List<Lookups<TlsaBuilder>>,
        /// One conversation for each address that was tried; empty without --smtp.
        conversations: List<ConversationBuilder>,
    }
}

columns! {
    /// A conversation over SMTP: greeting, EHLO, STARTTLS, handshake, EHLO, QUIT.
    ConversationBuilder, ConversationReader of Conversation as {
        Conversation {
            address,
            connections,
            shared_with,
            refused_before,
            greeting,
            ehlo,
            starttls,
            surplus,
            tls_version,
            tls_cipher,
            key_exchange,
            client_auth,
            ehlo_in_tls,
            certificate,
            chain,
            given_anchors,
            timings: SmtpTimings { connect_ms, greeting_ms, ehlo_ms, starttls_ms, tls_ms, total_ms },
            error,
            second_hello,
        }
    } {
        /// The address.
        address: Shown<IpAddr>,
        /// Connections made to the address for this name, a second hello and a retry included; 0 where it was not tried.
        #[range = "0..4"]
        connections: Int16<u8>,
        /// The host by whose name the conversation was held, where this host shares address and certificate with others that were asked.
        shared_with: Text,
        /// What an earlier conversation of this scan was refused with, before this one.
        refused_before: Bytes,
        /// The greeting as it came, at most 8192 octets; of one that is no reply, what came.
        greeting: Bytes,
        /// Reply to EHLO, likewise.
        ehlo: Bytes,
        /// Reply to STARTTLS, likewise; null where it was not sent.
        starttls: Bytes,
        /// What came unencrypted behind the go-ahead, before the handshake, at most 256 octets.
        surplus: Bytes,
        /// As `TLSv1.3`; null if the handshake was not completed.
        tls_version: Text,
        /// Cipher suite by its IANA name.
        tls_cipher: Text,
        /// Group of the key exchange by its IANA name.
        key_exchange: Text,
        /// Whether the server asked for a certificate of the scanner.
        client_auth: Bool,
        /// Reply to EHLO within TLS.
        ehlo_in_tls: Bytes,
        /// The certificate and the verdict on it for the MX host.
        certificate: CertificateBuilder,
        /// The chain as presented, the leaf first; at most 16.
        chain: List<ChainCertificateBuilder>,
        /// What became of trust anchors that TLSA records hold in full.
        given_anchors: List<GivenAnchorBuilder>,
        /// TCP connection.
        #[unit = "ms"]
        #[range = "0.."]
        connect_ms: Int32<u32>,
        /// From the connection to the last line of the greeting.
        #[unit = "ms"]
        #[range = "0.."]
        greeting_ms: Int32<u32>,
        /// EHLO and its reply.
        #[unit = "ms"]
        #[range = "0.."]
        ehlo_ms: Int32<u32>,
        /// STARTTLS and its reply.
        #[unit = "ms"]
        #[range = "0.."]
        starttls_ms: Int32<u32>,
        /// TLS handshake.
        #[unit = "ms"]
        #[range = "0.."]
        tls_ms: Int32<u32>,
        /// All of it, without waiting for a turn.
        #[unit = "ms"]
        #[range = "0.."]
        total_ms: Int32<u32>,
        /// What ended it early; null if it came to its QUIT.
        error: ErrorBuilder,
        /// What the host answered to a second, wide ClientHello; null unless the handshake failed in a way that may be due to the
        /// scanner's TLS library.
        second_hello: SecondHelloBuilder,
    }
}

columns! {
    /// A certificate that was presented, as TLSA records are compared with it.
    ChainCertificateBuilder, ChainCertificateReader of ChainCertificate {
        /// SHA-256 of the certificate in DER.
        certificate_sha256: Bytes,
        /// SHA-512 of the certificate in DER.
        certificate_sha512: Bytes,
        /// SHA-256 of its SubjectPublicKeyInfo; empty if it cannot be read.
        key_sha256: Bytes,
        /// SHA-512 of its SubjectPublicKeyInfo; empty if it cannot be read.
        key_sha512: Bytes,
        /// Whether the leaf leads to it as a trust anchor; null where no TLSA record asked for that.
        path: Word<Path>,
    }
}

columns! {
    /// A trust anchor that a TLSA record holds in full.
    GivenAnchorBuilder, GivenAnchorReader of GivenAnchor {
        /// SHA-256 of the record's data.
        data_sha256: Bytes,
        /// Whether the leaf leads to it.
        path: Word<Path>,
    }
}
