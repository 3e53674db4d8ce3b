//! What servers say first, by hand: TLS that no library of ours speaks, up to the point at which the client would have to compute.

use rustls::pki_types::CertificateDer;

/// A handshake record holds so much at most (RFC 8446 section 5.1).
const RECORD_OCTETS: usize = 16_384;
/// The random of a ServerHello that asks for another key share (RFC 8446 section 4.1.3): the SHA-256 of "HelloRetryRequest".
const RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB,
    0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

/// ServerHello of TLS 1.0 with TLS_RSA_WITH_AES_128_CBC_SHA (RFC 2246 section 7.4.1.3).
pub(super) fn old_server_hello() -> Vec<u8> {
    records(&server_hello([3, 1], [0x5A; 32], 0x002F, &[]))
}

/// HelloRetryRequest of TLS 1.3 for a share of this group (RFC 8446 section 4.1.4).
pub(super) fn hello_retry_request(group: u16) -> Vec<u8> {
    let [high, low] = group.to_be_bytes();
    records(&server_hello([3, 3], RETRY, 0x1301, &[0, 43, 0, 2, 3, 4, 0, 51, 0, 2, high, low]))
}

/// ServerHello, Certificate, ServerKeyExchange where the suite has one, and ServerHelloDone of TLS 1.2 (RFC 5246 section 7.4). The
/// signature is none: nobody who cannot speak the suite looks at it.
pub(super) fn first_flight(suite: u16, chain: &[CertificateDer<'_>]) -> Vec<u8> {
    let certificates: Vec<u8> = chain.iter().flat_map(|der| counted(der, 3)).collect();
    let mut flight = server_hello([3, 3], [0x5A; 32], suite, &[]);
    flight.extend(message(11, &counted(&certificates, 3)));
    let signature = [&[4, 3][..], &counted(&[0x5A; 70], 2)].concat();
    match suite {
        // ECDHE: a point of secp256r1 (RFC 8422 section 5.4).
        0xC000..=0xC09B | 0xC0AC..=0xC0AF => {
            flight.extend(message(12, &[&[3, 0, 23][..], &counted(&[4; 65], 1), &signature].concat()));
        }
        // DHE: a prime of 2048 bits, the generator 2, a number.
        0x009E | 0x009F | 0x0033 | 0x0039 | 0x0067 | 0x006B => {
            let numbers = [counted(&[0xFF; 256], 2), counted(&[2], 2), counted(&[0x5A; 256], 2)].concat();
            flight.extend(message(12, &[numbers, signature].concat()));
        }
        _ => {}
    }
    flight.extend(message(14, &[]));
    records(&flight)
}

fn server_hello(version: [u8; 2], random: [u8; 32], suite: u16, extensions: &[u8]) -> Vec<u8> {
    let mut body = [&version[..], &random, &[0], &suite.to_be_bytes(), &[0]].concat();
    if !extensions.is_empty() {
        body.extend(counted(extensions, 2));
    }
    message(2, &body)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &counted(body, 3)].concat()
}

/// Data with its length in so many octets before it.
fn counted(data: &[u8], octets: usize) -> Vec<u8> {
    let length = data.len().to_be_bytes();
    [&length[length.len() - octets..], data].concat()
}

fn records(handshake: &[u8]) -> Vec<u8> {
    handshake.chunks(RECORD_OCTETS).flat_map(|part| [&[22, 3, 3][..], &counted(part, 2)].concat()).collect()
}
