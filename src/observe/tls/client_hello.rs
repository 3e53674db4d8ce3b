//! The wide ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2), octet by octet.
//!
//! It offers what no single library has: TLS 1.0 to 1.3, every suite and every group of the [`registry`](super::registry). Its one key
//! share is random octets, which is what a public key of X25519 looks like: nobody has the private key, since the handshake is never
//! finished.

use super::registry::{GROUPS, SIGNATURE_SCHEMES, SUITES, VERSIONS, X25519};

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 section 3.3): some servers insist on secure renegotiation.
const RENEGOTIATION_SCSV: u16 = 0x00FF;
/// Hellos of 256 to 511 octets hang some old load balancers; this one is padded beyond them (RFC 7685 section 4).
const MIN_OCTETS: usize = 512;

/// The record with the hello. `alpn` are the application protocols on offer; none for SMTP.
pub(super) fn record(host: &str, alpn: &[&str]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend(rand::random::<[u8; 32]>());
    counted8(&mut body, |session| session.extend(rand::random::<[u8; 32]>()));
    counted16(&mut body, |suites| {
        SUITES.iter().for_each(|(suite, _)| put16(suites, *suite));
        put16(suites, RENEGOTIATION_SCSV);
    });
    counted8(&mut body, |compression| compression.push(0));
    counted16(&mut body, |out| extensions(out, host, alpn));
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let mut record = vec![22, 3, 1];
    counted16(&mut record, |handshake| {
        handshake.push(1);
        handshake.extend(length.get(1..).unwrap_or_default());
        handshake.extend(body);
    });
    record
}

fn extensions(out: &mut Vec<u8>, host: &str, alpn: &[&str]) {
    extension(out, 0, |data| {
        counted16(data, |names| {
            names.push(0);
            counted16(names, |name| name.extend(host.as_bytes()));
        });
    });
    extension(out, 10, |data| counted16(data, |groups| GROUPS.iter().for_each(|(group, _)| put16(groups, *group))));
    extension(out, 11, |data| counted8(data, |formats| formats.push(0))); // Points uncompressed.
    extension(out, 13, |data| counted16(data, |schemes| SIGNATURE_SCHEMES.iter().for_each(|scheme| put16(schemes, *scheme))));
    if !alpn.is_empty() {
        extension(out, 16, |data| {
            counted16(data, |names| alpn.iter().for_each(|name| counted8(names, |out| out.extend(name.as_bytes()))));
        });
    }
    extension(out, 23, |_| {}); // Extended master secret, on which some servers insist.
    extension(out, 43, |data| counted8(data, |versions| VERSIONS.iter().for_each(|version| put16(versions, *version))));
    extension(out, 45, |data| counted8(data, |modes| modes.push(1)));
    extension(out, 51, |data| {
        counted16(data, |shares| {
            put16(shares, X25519);
            counted16(shares, |key| key.extend(rand::random::<[u8; 32]>()));
        });
    });
    let lacking = MIN_OCTETS.saturating_sub(out.len());
    extension(out, 21, |padding| padding.resize(lacking, 0));
}

fn extension(out: &mut Vec<u8>, kind: u16, data: impl FnOnce(&mut Vec<u8>)) {
    put16(out, kind);
    counted16(out, data);
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_be_bytes());
}

/// What `fill` appends, its length in one octet before it.
fn counted8(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut data = Vec::new();
    fill(&mut data);
    out.push(u8::try_from(data.len()).unwrap_or_default());
    out.extend(data);
}

/// What `fill` appends, its length in two octets before it.
fn counted16(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut data = Vec::new();
    fill(&mut data);
    put16(out, u16::try_from(data.len()).unwrap_or_default());
    out.extend(data);
}

#[cfg(test)]
mod tests {
    use rustls::server::Acceptor;

    use super::*;

    /// rustls reads it as a server would.
    #[test]
    fn a_server_reads_what_is_offered() {
        for alpn in [&["h2", "http/1.1"][..], &[]] {
            let octets = record("mta-sts.example.com", alpn);
            let mut acceptor = Acceptor::default();
            acceptor.read_tls(&mut octets.as_slice()).unwrap();
            let accepted = acceptor.accept().ok().flatten().expect("a whole hello");
            let hello = accepted.client_hello();
            assert_eq!(hello.server_name(), Some("mta-sts.example.com"));
            assert_eq!(hello.cipher_suites().len(), SUITES.len() + 1);
            assert_eq!(hello.named_groups().map(<[_]>::len), Some(GROUPS.len()));
            assert_eq!(hello.signature_schemes().len(), SIGNATURE_SCHEMES.len());
            let protocols = hello.alpn().map(|protocols| protocols.map(<[u8]>::to_vec).collect::<Vec<_>>()).unwrap_or_default();
            assert_eq!(protocols, alpn.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>());
            assert!(octets.len() > 5 + MIN_OCTETS && octets.len() < 2048, "{}", octets.len());
        }
    }
}
