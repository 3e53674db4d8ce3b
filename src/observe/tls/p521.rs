//! The signatures that can be verified: those of the ring provider, and ECDSA with P-521, which it lacks and senders have.

use std::fmt;

use p521::ecdsa::signature::hazmat::PrehashVerifier;
use p521::ecdsa::{DerSignature, VerifyingKey};
use rustls::SignatureScheme;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use sha2::{Digest, Sha256, Sha384, Sha512};
use webpki::ring;

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

/// Octets of a coordinate. A shorter hash stands for the same number with zeros before it.
const FIELD_OCTETS: usize = 66;

/// ECDSA over P-521 with one of the hashes.
struct EcdsaP521 {
    signature: AlgorithmIdentifier,
    hash: fn(&[u8]) -> Vec<u8>,
}

const P521_SHA256: Algorithm = &EcdsaP521 { signature: alg_id::ECDSA_SHA256, hash: |message| Sha256::digest(message).to_vec() };
const P521_SHA384: Algorithm = &EcdsaP521 { signature: alg_id::ECDSA_SHA384, hash: |message| Sha384::digest(message).to_vec() };
const P521_SHA512: Algorithm = &EcdsaP521 { signature: alg_id::ECDSA_SHA512, hash: |message| Sha512::digest(message).to_vec() };

impl SignatureVerificationAlgorithm for EcdsaP521 {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = DerSignature::from_bytes(signature).map_err(|_| InvalidSignature)?;
        let hash = (self.hash)(message);
        let mut number = vec![0; FIELD_OCTETS.saturating_sub(hash.len())];
        number.extend(hash);
        key.verify_prehash(&number, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

impl fmt::Debug for EcdsaP521 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcdsaP521").field("signature", &self.signature).finish()
    }
}

/// Every signature that can be verified. In TLS 1.2 a scheme does not fix the curve, in TLS 1.3 the first of a line counts.
pub(in crate::observe) const VERIFICATION_ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        ring::ECDSA_P256_SHA256,
        ring::ECDSA_P256_SHA384,
        ring::ECDSA_P384_SHA256,
        ring::ECDSA_P384_SHA384,
        P521_SHA256,
        P521_SHA384,
        P521_SHA512,
        ring::ED25519,
        ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        ring::RSA_PKCS1_2048_8192_SHA256,
        ring::RSA_PKCS1_2048_8192_SHA384,
        ring::RSA_PKCS1_2048_8192_SHA512,
        ring::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        ring::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        ring::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    mapping: &[
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[ring::ECDSA_P384_SHA384, ring::ECDSA_P256_SHA384, P521_SHA384]),
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[ring::ECDSA_P256_SHA256, ring::ECDSA_P384_SHA256, P521_SHA256]),
        (SignatureScheme::ECDSA_NISTP521_SHA512, &[P521_SHA512]),
        (SignatureScheme::ED25519, &[ring::ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[ring::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[ring::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[ring::RSA_PKCS1_2048_8192_SHA256]),
    ],
};

/// The provider for handshakes: ring, which is asked to verify as much as [`VERIFICATION_ALGORITHMS`] can.
pub(in crate::observe) fn provider() -> CryptoProvider {
    CryptoProvider { signature_verification_algorithms: VERIFICATION_ALGORITHMS, ..rustls::crypto::ring::default_provider() }
}
