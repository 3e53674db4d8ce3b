//! Where a chain leads, as DANE asks: the hashes of what was presented, and whether the leaf leads to a certificate or key as its trust
//! anchor, whoever else trusts that (RFC 7671 section 5.2).

use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, Der, TrustAnchor, UnixTime};
use sha2::{Digest, Sha256, Sha512};
use webpki::{EndEntityCert, Error, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;
use x509_parser::prelude::X509Version;

use super::examination::{contents, is_our_limit, is_self_signed, time_fault};
use super::long_path::{self, Purpose, verify_signature};
use crate::evidence::{CHAIN_LIMIT, ChainCertificate, GivenAnchor, Path, Tlsa};
use crate::observe::tls::VERIFICATION_ALGORITHMS;
use crate::parse::tlsa::{Binds, Matching, Selector};

/// Trust anchors of TLSA records that are followed at most.
const MAX_GIVEN: usize = 8;

/// Whether a TLSA record asks where the chain leads.
pub(in crate::observe) fn asks_for_paths<'t>(mut records: impl Iterator<Item = &'t Tlsa>) -> bool {
    records.any(|record| record.usable().is_ok_and(|usable| usable.binds == Binds::Authority))
}

/// The chain as presented, and whether the leaf leads to each of it where that is asked.
pub(in crate::observe) fn described(chain: &[CertificateDer<'_>], with_paths: bool, now: UnixTime) -> Vec<ChainCertificate> {
    let path = |place: usize, der: &CertificateDer<'_>| match place {
        0 => own_anchor(der, now),
        _ => path_to_certificate(chain, der, now),
    };
    let hashed = |(place, der): (usize, &CertificateDer<'_>)| {
        let certificate = parse_x509_certificate(der).ok().map(|(_, certificate)| certificate);
        let key = certificate.as_ref().map(|certificate| certificate.public_key().raw);
        ChainCertificate {
            certificate_sha256: Sha256::digest(der).to_vec(),
            certificate_sha512: Sha512::digest(der).to_vec(),
            key_sha256: key.map(|key| Sha256::digest(key).to_vec()).unwrap_or_default(),
            key_sha512: key.map(|key| Sha512::digest(key).to_vec()).unwrap_or_default(),
            path: with_paths.then(|| path(place, der)),
        }
    };
    chain.iter().take(CHAIN_LIMIT).enumerate().map(hashed).collect()
}

/// What becomes of the trust anchors that TLSA records hold in full.
pub(in crate::observe) fn given_anchors<'t>(
    chain: &[CertificateDer<'_>],
    records: impl Iterator<Item = &'t Tlsa>,
    now: UnixTime,
) -> Vec<GivenAnchor> {
    if chain.is_empty() {
        return Vec::new();
    }
    let full = records
        .filter_map(|record| record.usable().ok())
        .filter(|usable| usable.binds == Binds::Authority && usable.matching == Matching::Full);
    let followed = full.take(MAX_GIVEN).map(|usable| GivenAnchor {
        data_sha256: Sha256::digest(usable.data).to_vec(),
        path: match usable.selector {
            Selector::Certificate => path_to_certificate(chain, &CertificateDer::from(usable.data), now),
            Selector::PublicKey => path_to_key(chain, usable.data, now),
        },
    });
    followed.collect()
}

/// A self-signed leaf may be its own anchor; no other leaf may.
fn own_anchor(leaf: &CertificateDer<'_>, now: UnixTime) -> Path {
    let Ok((_, fields)) = parse_x509_certificate(leaf) else { return Path::Broken };
    if !is_self_signed(&fields) {
        return Path::Broken;
    }
    match verify_signature(&fields.public_key().raw.into(), &fields) {
        Ok(()) if is_valid_at(&fields, now) => Path::Valid,
        Ok(()) => Path::OutOfDate,
        Err(error) => failed(&error, std::slice::from_ref(leaf)),
    }
}

fn path_to_certificate(chain: &[CertificateDer<'_>], anchor: &CertificateDer<'_>, now: UnixTime) -> Path {
    let fields = parse_x509_certificate(anchor).ok().map(|(_, fields)| fields);
    let (Some(fields), Ok(trusted)) = (fields, anchor_from_trusted_cert(anchor)) else {
        return Path::Broken;
    };
    // Certificates of version 1 do not say whether they may issue.
    if fields.version() == X509Version::V3 && !fields.is_ca() {
        return Path::Broken;
    }
    match path_to(chain, &trusted, now) {
        Path::Valid if !is_valid_at(&fields, now) => Path::OutOfDate,
        path => path,
    }
}

/// A key has no name, so it is tried under the name of every issuer.
fn path_to_key(chain: &[CertificateDer<'_>], key: &[u8], now: UnixTime) -> Path {
    let Some(key) = contents(key) else { return Path::Broken };
    let issuers = chain.iter().take(CHAIN_LIMIT).filter_map(|der| Some(EndEntityCert::try_from(der).ok()?.issuer().to_vec()));
    let mut best = Path::Broken;
    for subject in issuers {
        let anchor = TrustAnchor { subject: Der::from(subject), subject_public_key_info: Der::from_slice(key), name_constraints: None };
        match path_to(chain, &anchor, now) {
            Path::Valid => return Path::Valid,
            Path::Broken => {}
            path => best = path,
        }
    }
    best
}

fn path_to(chain: &[CertificateDer<'_>], anchor: &TrustAnchor<'_>, now: UnixTime) -> Path {
    let Some((leaf, others)) = chain.split_first() else { return Path::Broken };
    let end_entity = match EndEntityCert::try_from(leaf) {
        Ok(end_entity) => end_entity,
        Err(Error::UnsupportedCertVersion) => return Path::Unsupported,
        Err(_) => return Path::Broken,
    };
    let others = others.get(..others.len().min(CHAIN_LIMIT)).unwrap_or_default();
    let path_at = |time| {
        let anchors = std::slice::from_ref(anchor);
        let path = end_entity.verify_for_usage(VERIFICATION_ALGORITHMS.all, anchors, others, time, Purpose::Servers, None, None);
        match path.map(|_| ()) {
            Err(Error::MaximumPathDepthExceeded) => {
                let roots = RootCertStore { roots: vec![anchor.to_owned()] };
                long_path::verify(&end_entity, others, &roots, time, Purpose::Servers)
            }
            path => path,
        }
    };
    let Err(error) = path_at(now) else { return Path::Valid };
    if time_fault(&error).is_none() {
        return failed(&error, others);
    }
    // The moment at which every certificate of a sound chain was valid.
    let issued = parse_x509_certificate(leaf).ok().and_then(|(_, leaf)| u64::try_from(leaf.validity().not_before.timestamp()).ok());
    match path_at(UnixTime::since_unix_epoch(Duration::from_secs(issued.unwrap_or_default()))) {
        Ok(()) => Path::OutOfDate,
        Err(error) if time_fault(&error).is_some() => Path::OutOfDate,
        Err(error) => failed(&error, others),
    }
}

fn failed(error: &Error, others: &[CertificateDer<'_>]) -> Path {
    if is_our_limit(error, others) { Path::Unsupported } else { Path::Broken }
}

fn is_valid_at(certificate: &X509Certificate<'_>, now: UnixTime) -> bool {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&now)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};

    use super::*;
    use crate::observe::certificate::authority::{Authority, self_signed};

    const HOST: &str = "mx.example.com";

    fn tlsa(usage: u8, selector: u8, matching: u8, data: &[u8]) -> Tlsa {
        Tlsa { usage, selector, matching, data: data.to_vec() }
    }

    fn expired(params: &mut CertificateParams) {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    }

    fn paths(chain: &[&CertificateDer<'static>]) -> Vec<Path> {
        let chain: Vec<_> = chain.iter().map(|der| (*der).clone()).collect();
        described(&chain, true, UnixTime::now()).into_iter().filter_map(|certificate| certificate.path).collect()
    }

    fn given(chain: &[&CertificateDer<'static>], record: Tlsa) -> Vec<Path> {
        let chain: Vec<_> = chain.iter().map(|der| (*der).clone()).collect();
        given_anchors(&chain, [record].iter(), UnixTime::now()).into_iter().map(|anchor| anchor.path).collect()
    }

    fn key(der: &CertificateDer<'_>) -> Vec<u8> {
        parse_x509_certificate(der).unwrap().1.public_key().raw.to_vec()
    }

    #[test]
    fn every_certificate_has_its_hashes() {
        let root = Authority::root("Root");
        let leaf = root.leaf(&[HOST], |_| {});
        let chain = described(&[leaf.der.clone(), root.der.clone(), CertificateDer::from(&b"none"[..])], false, UnixTime::now());
        assert_eq!(chain[1].certificate_sha256, Sha256::digest(&root.der).to_vec());
        assert_eq!(chain[1].certificate_sha512, Sha512::digest(&root.der).to_vec());
        assert_eq!(chain[1].key_sha256, Sha256::digest(key(&root.der)).to_vec());
        assert_eq!(chain[0].key_sha512, Sha512::digest(key(&leaf.der)).to_vec());
        assert_eq!((chain[2].key_sha256.len(), chain[2].certificate_sha256.len()), (0, 32));
        assert!(chain.iter().all(|certificate| certificate.path.is_none()));
        let many = vec![leaf.der; 200];
        assert_eq!(described(&many, true, UnixTime::now()).len(), CHAIN_LIMIT);
    }

    #[test]
    fn the_leaf_leads_to_whatever_issued_it() {
        let root = Authority::root("Private");
        let issuer = root.intermediate("Issuer", |_| {});
        let leaf = issuer.leaf(&[HOST], |_| {});
        assert_eq!(paths(&[&leaf.der, &issuer.der, &root.der]), [Path::Broken, Path::Valid, Path::Valid]);
        assert_eq!(paths(&[&leaf.der, &root.der]), [Path::Broken, Path::Broken], "what is between is missing");
        let stranger = Authority::root("Private");
        assert_eq!(paths(&[&leaf.der, &issuer.der, &stranger.der]), [Path::Broken, Path::Valid, Path::Broken]);
        let no_ca = root.leaf(&["other.example"], |params| params.is_ca = IsCa::ExplicitNoCa);
        assert_eq!(paths(&[&root.leaf(&[HOST], |_| {}).der, &no_ca.der]), [Path::Broken, Path::Broken]);
    }

    #[test]
    fn dates_and_purpose_count_on_the_way() {
        let root = Authority::root("Private");
        let late = root.leaf(&[HOST], expired);
        assert_eq!(paths(&[&late.der, &root.der]), [Path::Broken, Path::OutOfDate]);
        let issuer = root.intermediate("Issuer", expired);
        let leaf = issuer.leaf(&[HOST], |_| {});
        assert_eq!(paths(&[&leaf.der, &issuer.der, &root.der])[1..], [Path::OutOfDate, Path::OutOfDate]);
        let for_clients = root.leaf(&[HOST], |params| params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth));
        assert_eq!(paths(&[&for_clients.der, &root.der])[1], Path::Broken);
    }

    #[test]
    fn a_self_signed_leaf_is_its_own_anchor() {
        assert_eq!(paths(&[&self_signed(&[HOST], |_| {}).der]), [Path::Valid]);
        assert_eq!(paths(&[&self_signed(&[HOST], expired).der]), [Path::OutOfDate]);
    }

    #[test]
    fn an_anchor_in_full_need_not_be_sent() {
        let root = Authority::root("Private");
        let issuer = root.intermediate("Issuer", |_| {});
        let leaf = issuer.leaf(&[HOST], |_| {});
        let chain = [&leaf.der, &issuer.der];
        assert_eq!(given(&chain, tlsa(2, 0, 0, &root.der)), [Path::Valid]);
        assert_eq!(given(&chain, tlsa(2, 1, 0, &key(&root.der))), [Path::Valid]);
        assert_eq!(given(&chain, tlsa(2, 1, 0, &key(&issuer.der))), [Path::Valid]);
        assert_eq!(given(&[&leaf.der], tlsa(2, 0, 0, &root.der)), [Path::Broken]);
        let stranger = Authority::root("Private");
        assert_eq!(given(&chain, tlsa(2, 0, 0, &stranger.der)), [Path::Broken]);
        assert_eq!(given(&chain, tlsa(2, 1, 0, &key(&stranger.der))), [Path::Broken]);
        assert_eq!(given(&chain, tlsa(2, 1, 0, b"no key")), [Path::Broken]);
        assert_eq!(given(&chain, tlsa(2, 0, 0, b"no certificate")), [Path::Broken]);
        for other in [tlsa(3, 0, 0, &root.der), tlsa(2, 0, 1, &[0; 32]), tlsa(0, 0, 0, &root.der)] {
            assert_eq!(given(&chain, other), []);
        }
    }

    #[test]
    fn long_chains_lead_as_far_as_others() {
        let mut line = vec![Authority::root("Private")];
        for number in 0..9 {
            line.push(line.last().unwrap().intermediate(&format!("Issuer {number}"), |_| {}));
        }
        let leaf = line.last().unwrap().leaf(&[HOST], |_| {});
        let chain: Vec<_> = std::iter::once(&leaf.der).chain(line.iter().rev().map(|issuer| &issuer.der)).collect();
        assert!(paths(&chain)[1..].iter().all(|path| *path == Path::Valid), "{:?}", paths(&chain));
    }
}
