//! Hellos to servers that a test plays: what is read of an answer, and where reading ends.

use std::sync::Arc;

use proptest::prelude::*;
use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsAcceptor;
use webpki::RawPublicKeyEntity;

use super::*;
use crate::evidence::TlsVersion;

const HOST: &str = "mta-sts.example.com";

/// The answer of a server that reads a hello and does what the test says.
async fn asked<F: Future<Output = ()> + Send + 'static>(
    serve: impl FnOnce(DuplexStream) -> F + Send + 'static,
) -> (Answer, Result<(), HelloError>) {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let serving = tokio::spawn(serve(server));
    let mut answer = Answer::default();
    let result = wide_hello(&mut client, HOST, &["h2", "http/1.1"], &mut answer).await;
    serving.abort();
    (answer, result)
}

async fn told(octets: Vec<u8>) -> (Answer, Result<(), HelloError>) {
    asked(move |mut server| async move {
        let _ = server.read(&mut [0; 4096]).await;
        let _ = server.write_all(&octets).await;
    })
    .await
}

fn counted(octets: usize, data: &[u8]) -> Vec<u8> {
    let length = data.len().to_be_bytes();
    [&length[length.len() - octets..], data].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &counted(3, body)].concat()
}

/// Handshake records of so many octets each.
fn records(handshake: &[u8], octets: usize) -> Vec<u8> {
    handshake.chunks(octets).flat_map(|part| [&[22, 3, 3][..], &counted(2, part)].concat()).collect()
}

fn server_hello(version: u16, suite: u16, extensions: &[u8]) -> Vec<u8> {
    let body = [&version.to_be_bytes()[..], &[7; 32], &counted(1, &[9; 32]), &suite.to_be_bytes(), &[0]].concat();
    message(2, &[body, if extensions.is_empty() { Vec::new() } else { counted(2, extensions) }].concat())
}

fn certificate(ders: &[&[u8]]) -> Vec<u8> {
    let list: Vec<u8> = ders.iter().flat_map(|der| counted(3, der)).collect();
    message(11, &counted(3, &list))
}

#[tokio::test]
async fn below_tls_1_3_the_certificate_and_the_group_are_read() {
    let curve = message(12, &[&[3, 0, 0x19][..], &counted(1, &[4; 133]), &[4, 3], &counted(2, &[1; 70])].concat());
    let prime = message(12, &[counted(2, &[&[0, 0x7F][..], &[0xFF; 127]].concat()), counted(2, &[2]), counted(2, &[3; 128])].concat());
    let alpn = [&[0, 16][..], &counted(2, &counted(2, &counted(1, b"h2")))].concat();
    for (version, suite, exchange, expected) in [
        (0x0303, 0xC028, curve, (TlsVersion::Tls12, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", Some("secp521r1"))),
        (0x0303, 0x009F, prime, (TlsVersion::Tls12, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", Some("dh-1023"))),
        (0x0301, 0x002F, Vec::new(), (TlsVersion::Tls10, "TLS_RSA_WITH_AES_128_CBC_SHA", Some("rsa"))),
        (0x0300, 0x0005, Vec::new(), (TlsVersion::Ssl3, "TLS_RSA_WITH_RC4_128_SHA", Some("rsa"))),
    ] {
        let hello = server_hello(version, suite, &alpn);
        let flight =
            [hello, certificate(&[b"leaf", b"issuer"]), message(22, b"status"), exchange, message(13, b"ask"), message(14, b"")].concat();
        for octets in [1, 7, 16_384] {
            // A warning about the name is no refusal (RFC 6066 section 3).
            let (answer, result) = told([&[21, 3, 3, 0, 2, 1, 112][..], &records(&flight, octets)].concat()).await;
            assert!(result.is_ok(), "{result:?}");
            let seen = (answer.version.unwrap(), answer.cipher.as_deref().unwrap(), answer.key_exchange.as_deref());
            assert_eq!(seen, expected);
            assert_eq!((answer.chain.as_slice(), answer.alpn.as_deref()), (&[b"leaf"[..].into(), b"issuer"[..].into()][..], Some("h2")));
        }
    }
}

#[tokio::test]
async fn of_tls_1_3_the_group_that_is_wanted_is_read() {
    let retry: Vec<u8> = vec![0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0x00, 0x19];
    let share = [&[0, 43, 0, 2, 3, 4, 0, 51][..], &counted(2, &[&[0x11, 0xEC][..], &counted(2, &[1; 32])].concat())].concat();
    for (extensions, group) in [(retry, "secp521r1"), (share, "X25519MLKEM768")] {
        let (answer, result) = told(records(&server_hello(0x0303, 0x1302, &extensions), 16_384)).await;
        assert!(result.is_ok(), "{result:?}");
        assert_eq!((answer.version, answer.key_exchange.as_deref()), (Some(TlsVersion::Tls13), Some(group)));
        assert!(answer.chain.is_empty());
    }
}

#[tokio::test]
async fn what_is_no_answer_says_so() {
    let hello = |suite| records(&server_hello(0x0303, suite, &[]), 16_384);
    let protocol = |octets: Vec<u8>| async {
        let (answer, result) = told(octets).await;
        assert!(matches!(result, Err(HelloError::Protocol(_))), "{result:?}");
        answer
    };
    for octets in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        b"220 mail.example ESMTP\r\n".to_vec(),
        vec![0; 600],
        vec![23, 3, 3, 0, 1, 0],
        vec![22, 3, 3, 0xFF, 0xFF],
        records(&message(14, b""), 16_384),
        records(&message(2, &[3, 3]), 16_384),
        hello(0x0000), // TLS_NULL_WITH_NULL_NULL, which was not offered.
        records(&server_hello(0x0305, 0xC02F, &[]), 16_384),
        records(&server_hello(0x0303, 0x1301, &[0, 43, 0, 2, 3, 4]), 16_384), // TLS 1.3 without a group.
    ] {
        assert_eq!(protocol(octets.clone()).await.version, None, "{octets:?}");
    }
    // What came before the end stays.
    let cut = protocol([hello(0xC02F), records(&message(99, b""), 16_384)].concat()).await;
    assert_eq!(cut.version, Some(TlsVersion::Tls12));
    for (alert, expected) in [([2, 40], 40), ([1, 0], 0), ([2, 70], 70)] {
        let (_, result) = told([&[21, 3, 3, 0, 2][..], &alert].concat()).await;
        assert!(matches!(result, Err(HelloError::Alert(found)) if found == expected), "{result:?}");
    }
    let (answer, result) = told(hello(0xC02F)).await;
    assert!(matches!(result, Err(HelloError::Io(_))) && answer.version.is_some(), "{result:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    // Empty records and warnings; messages that announce more than they may.
    for part in [vec![22, 3, 3, 0, 0], vec![21, 3, 3, 0, 2, 1, 112], records(&[&[11, 4, 0xFF, 0xFF][..], &[0; 16_380]].concat(), 16_384)] {
        let (_, result) = asked(move |mut server| async move {
            let _ = server.write_all(&records(&server_hello(0x0303, 0xC02F, &[]), 100)).await;
            while server.write_all(&part).await.is_ok() {}
        })
        .await;
        assert!(matches!(result, Err(HelloError::Protocol(why)) if why.contains("too large")), "{result:?}");
    }
}

#[tokio::test]
async fn a_server_of_our_library_answers_as_it_would_to_anyone() {
    let key = KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec![HOST.to_owned()]).unwrap().self_signed(&key).unwrap().der().clone();
    let versions: [(&[&SupportedProtocolVersion], TlsVersion, &[CertificateDer<'static>]); 2] =
        [(&[&rustls::version::TLS12], TlsVersion::Tls12, std::slice::from_ref(&leaf)), (rustls::DEFAULT_VERSIONS, TlsVersion::Tls13, &[])];
    for (versions, chosen, chain) in versions {
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (answer, result) = asked(move |server| async move { drop(acceptor.accept(server).await) }).await;
        assert!(result.is_ok(), "{result:?}");
        assert_eq!((answer.version, answer.chain.as_slice()), (Some(chosen), chain));
        assert_eq!(answer.key_exchange.as_deref(), Some("x25519"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_damaged_answer_is_read_without_panic(at in 0_usize..400, octet: u8, cut in 0_usize..400) {
        let share = [&[0, 43, 0, 2, 3, 4, 0, 51][..], &counted(2, &[&[0, 0x1D][..], &counted(2, &[1; 32])].concat())].concat();
        let flights = [
            server_hello(0x0303, 0x1302, &share),
            [server_hello(0x0303, 0xC02F, &[]), certificate(&[&[1; 60]]), message(12, &[3, 0, 29, 1, 1]), message(14, b"")].concat(),
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for flight in flights {
            let mut octets = records(&flight, 50);
            let at = at % octets.len();
            octets[at] ^= octet;
            octets.truncate(octets.len().saturating_sub(cut % 20));
            let (_, result) = runtime.block_on(told(octets));
            prop_assert!(result.is_ok() || !result.unwrap_err().to_string().is_empty());
        }
    }
}

/// Made by OpenSSL 3.0 with one key: `attack at dawn` under SHA-256, SHA-384 and SHA-512.
#[test]
fn signatures_of_p_521_are_verified() {
    const PUBLIC: &str = "0400f9b3b3982de2c69e2855b92943554a40e4aa203c2bd5e4d64695dde0ab6c0024c6270fb2e2f4037805d8597423993cbc8a78cd090ef88f3c47a8\
        f64170dff4720000472715fae34ee1a648b3a16631114dfe925ebc9079757c41c9bb09a7992c8241d8cfa78b8e88e977a35387ee8fa4eba77c4f2ade\
        102dbdb6819fbfbf8b1687053c";
    const SIGNATURES: [&str; 3] = [
        "308188024200db4cfaed2f1928ffae0d0868da4f9d6547ae09d94a12a948943bf2f6effeac1eaef102303951d1360d0a8c99f83fab333369c229eafbcecb\
         8d2f1dbc7423374a8c02420080b8c129bcea6e276f79c4c9c6c06bfdb0539c3eb063f7a13321feb0c35e85ff1bf4b1e965026c16d57ff59e9ade897bb9\
         c80dbabb8ca28d0958460340850ddf43",
        "308186024144a6c76891a93c1f9296e48ad49cab1f8d23db46e8e960629cdc96feeaedf18e24b24f6974d9e29eb5bc7209a00f8295785896ae5272cfa1\
         02fd0c05eecd3bf43302411ae80fd83ab707d0d2fac08a232c5ebe8a490dad9fd8cb64727fb2dc0fbaf26898f31e666a2ac1d387f79e8912b23cb67a5d\
         435ee50adf947ae513eafa845315d2",
        "308187024201bc9d92a11c93caca2c5b07e2c56ecbb96cdb4f63c06a91a2acc5890ec1138022b08088cd3cee2606637060bf77944892b9b310f789f9c9\
         3754738d50c74097f271024164dab56967794ac9cc5426e63e3a5de851519b62eccfde9a9348aee6182029e6b97259108df0c91041c00f0aa7b0086178\
         ae383a153f5308e38a297cf634450028",
    ];
    const ALGORITHM: [u8; 18] =
        [0x30, 0x10, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23];
    let bits = [&[0x03, 0x81, 134, 0][..], &hex::decode(PUBLIC).unwrap()].concat();
    let public = [&[0x30, 0x81, u8::try_from(bits.len() + ALGORITHM.len()).unwrap()][..], &ALGORITHM, &bits].concat();
    let public = SubjectPublicKeyInfoDer::from(public);
    let key = RawPublicKeyEntity::try_from(&public).unwrap();
    let verified = |message: &[u8], signature: &str| {
        let signature = hex::decode(signature).unwrap();
        VERIFICATION_ALGORITHMS.all.iter().filter(|algorithm| key.verify_signature(**algorithm, message, &signature).is_ok()).count()
    };
    for signature in SIGNATURES {
        assert_eq!(verified(b"attack at dawn", signature), 1, "under its own hash and no other");
        assert_eq!(verified(b"attack at noon", signature), 0);
    }
}
