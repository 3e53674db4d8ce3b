//! Paths that are longer than the library builds them, verified link by link under the same rules.
//!
//! webpki builds paths of at most six intermediates; OpenSSL and Go, which senders use, know no such limit. Here each link is checked
//! as webpki checks it: the issuer's name, its signature, that it is a CA of so long a path, the time, the purpose, and the constraints
//! on names. For the leaf webpki itself is asked, as if its issuer were trusted.

use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, RawPublicKeyEntity, RequiredEkuNotFoundContext,
    anchor_from_trusted_cert, spki_for_anchor,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::parse_x509_certificate;

use crate::observe::tls::VERIFICATION_ALGORITHMS;

/// Intermediates of a path at most.
const MAX_INTERMEDIATES: usize = 16;
/// Links that are checked for one chain at most: bounded as in webpki, since the chain comes from a stranger.
const MAX_LINKS: usize = 100;

/// Whether a path of at most [`MAX_INTERMEDIATES`] leads from the leaf to a root.
///
/// # Errors
/// The fault that ended the last attempt; `UnknownIssuer` where there is no way at all.
pub(super) fn verify(
    leaf: &EndEntityCert<'_>,
    others: &[CertificateDer<'_>],
    roots: &RootCertStore,
    now: UnixTime,
    purpose: Purpose,
) -> Result<(), Error> {
    let issuers: Vec<Issuer<'_>> = others.iter().filter_map(Issuer::read).collect();
    Search { leaf, issuers: &issuers, roots, now, purpose, links: MAX_LINKS }.climb(&[])
}

/// What the certificates of a path have to be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// TLS servers.
    Servers,
    /// Whatever they are for.
    Any,
}

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, mut purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        match self {
            Self::Servers => KeyUsage::server_auth().validate(purposes),
            Self::Any => purposes.try_for_each(|purpose| purpose.map(|_| ())),
        }
    }
}

/// A certificate that may be an issuer of the path.
struct Issuer<'c> {
    fields: X509Certificate<'c>,
    /// Its name, by which it was itself issued, without the outer header.
    issued_by: Vec<u8>,
    anchor: TrustAnchor<'c>,
}

impl<'c> Issuer<'c> {
    /// `None` for what webpki takes for no certificate, one with an unknown critical extension included.
    fn read(der: &'c CertificateDer<'c>) -> Option<Self> {
        let issued_by = EndEntityCert::try_from(der).ok()?.issuer().to_vec();
        let (_, fields) = parse_x509_certificate(der).ok()?;
        Some(Self { fields, issued_by, anchor: anchor_from_trusted_cert(der).ok()? })
    }

    /// Whether it may issue certificates for servers now, so many issuers below it.
    fn check(&self, now: UnixTime, purpose: Purpose, below: usize) -> Result<(), Error> {
        let seconds = |time: i64| UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(time).unwrap_or_default()));
        let validity = self.fields.validity();
        let (not_before, not_after) = (seconds(validity.not_before.timestamp()), seconds(validity.not_after.timestamp()));
        if now < not_before {
            return Err(Error::CertNotValidYet { time: now, not_before });
        }
        if now > not_after {
            return Err(Error::CertExpired { time: now, not_after });
        }
        let constraints = self.fields.basic_constraints().map_err(|_| Error::BadDer)?.map(|extension| extension.value);
        match constraints {
            Some(constraints) if constraints.ca => {
                if constraints.path_len_constraint.is_some_and(|length| usize::try_from(length).is_ok_and(|length| below > length)) {
                    return Err(Error::PathLenConstraintViolated);
                }
            }
            _ => return Err(Error::EndEntityUsedAsCa),
        }
        match self.fields.extended_key_usage().map_err(|_| Error::BadDer)? {
            Some(usage) if purpose == Purpose::Servers && !usage.value.server_auth => {
                let required = KeyUsage::server_auth();
                Err(Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext { required, present: Vec::new() }))
            }
            _ => Ok(()),
        }
    }

    fn has_alternative_names(&self) -> bool {
        self.fields.iter_extensions().any(|extension| matches!(extension.parsed_extension(), ParsedExtension::SubjectAlternativeName(_)))
    }
}

struct Search<'s, 'c> {
    leaf: &'s EndEntityCert<'s>,
    issuers: &'s [Issuer<'c>],
    roots: &'s RootCertStore,
    now: UnixTime,
    purpose: Purpose,
    links: usize,
}

impl<'s, 'c> Search<'s, 'c> {
    /// Goes up from the end of a path that is sound so far: issuers from the leaf's on.
    fn climb(&mut self, path: &[&'s Issuer<'c>]) -> Result<(), Error> {
        let wanted: &[u8] = path.last().map_or(self.leaf.issuer(), |below| &below.issued_by);
        let mut fault = Error::UnknownIssuer;
        for root in self.roots.roots.iter().filter(|root| root.subject.as_ref() == wanted) {
            match self.link(path, root) {
                Ok(()) => return Ok(()),
                Err(error) => fault = error,
            }
        }
        let issuers = self.issuers;
        for issuer in issuers.iter().filter(|issuer| issuer.anchor.subject.as_ref() == wanted) {
            if path.iter().any(|below| below.anchor == issuer.anchor) {
                continue; // RFC 4158 section 5.2: no loops.
            }
            if path.len() == MAX_INTERMEDIATES {
                return Err(Error::MaximumPathDepthExceeded);
            }
            let longer: Vec<&Issuer<'c>> = path.iter().copied().chain([issuer]).collect();
            let sound = issuer.check(self.now, self.purpose, path.len()).and_then(|()| self.link(path, &issuer.anchor));
            match sound.and_then(|()| self.climb(&longer)) {
                Ok(()) => return Ok(()),
                Err(error @ Error::MaximumSignatureChecksExceeded) => return Err(error),
                Err(error) => fault = error,
            }
        }
        Err(fault)
    }

    /// Whether the end of a path, or the leaf where there is none yet, is issued by this, and all of the path keeps its constraints.
    fn link(&mut self, path: &[&Issuer<'c>], above: &TrustAnchor<'_>) -> Result<(), Error> {
        self.links = self.links.checked_sub(1).ok_or(Error::MaximumSignatureChecksExceeded)?;
        if let Some(below) = path.last() {
            verify_signature(&spki_for_anchor(above), &below.fields)?;
        }
        if above.name_constraints.is_some() && path.iter().any(|below| below.has_alternative_names()) {
            return Err(Error::NameConstraintViolation);
        }
        // Without constraints there is nothing above its issuer that the leaf could break.
        if !path.is_empty() && above.name_constraints.is_none() {
            return Ok(());
        }
        let issuer = path.first().map_or(above, |first| &first.anchor);
        let trusted = [TrustAnchor { name_constraints: above.name_constraints.clone(), ..issuer.clone() }];
        let algorithms = VERIFICATION_ALGORITHMS.all;
        self.leaf.verify_for_usage(algorithms, &trusted, &[], self.now, self.purpose, None, None).map(|_| ())
    }
}

pub(super) fn verify_signature(issuer: &SubjectPublicKeyInfoDer<'_>, certificate: &X509Certificate<'_>) -> Result<(), Error> {
    let key = RawPublicKeyEntity::try_from(issuer)?;
    let algorithm = certificate.signature_algorithm.algorithm.as_bytes();
    let (message, signature) = (certificate.tbs_certificate.as_ref(), certificate.signature_value.data.as_ref());
    // An algorithm's identifier begins with its OID; where that leaves several, they differ in the hash.
    let named = |id: &[u8]| id.get(2..2 + algorithm.len()) == Some(algorithm);
    let mut fault = Error::InvalidSignatureForPublicKey;
    for known in VERIFICATION_ALGORITHMS.all.iter().filter(|known| named(&known.signature_alg_id())) {
        match key.verify_signature(*known, message, signature) {
            Ok(()) => return Ok(()),
            Err(Error::InvalidSignatureForPublicKey) => return Err(Error::InvalidSignatureForPublicKey),
            Err(error) => fault = error,
        }
    }
    Err(fault)
}
