//! Every kind of certificate fault, alone and together, judged without a connection.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints,
    date_time_ymd,
};

use super::CertificateFault::{Expired, IncompleteChain, Malformed, NameMismatch, NoSan, NotYetValid, SelfSigned, Untrusted};
use super::*;
use crate::observe::fetch::authority::{Authority, ca_issuers, self_signed};

const HOST: &str = "mta-sts.example.com";

fn judged(chain: &[&CertificateDer<'_>], roots: &RootCertStore) -> Certificate {
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| (*der).clone()).collect();
    examine(&chain, &ServerName::try_from(HOST).unwrap(), roots, UnixTime::now()).unwrap()
}

fn faults_of_leaf(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Vec<CertificateFault> {
    let root = Authority::root("Root");
    judged(&[&root.leaf(names, change).der], &root.trusted()).faults
}

fn expired(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
}

fn not_yet_valid(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(3000, 1, 1);
    params.not_after = date_time_ymd(3001, 1, 1);
}

fn as_ca(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

#[test]
fn names_match_as_dns_ids_only() {
    for (names, expected) in [
        (&[HOST][..], &[][..]),
        (&["other.example", "MTA-STS.example.com"], &[]),
        (&["*.example.com"], &[]),
        (&["*.com"], &[NameMismatch]),
        (&["*.sts.example.com"], &[NameMismatch]),
        (&["mta-*.example.com"], &[NameMismatch]),
        (&["example.com", "www.example.com"], &[NameMismatch]),
        (&["192.0.2.1"], &[NoSan]),
        (&[], &[NoSan]),
    ] {
        assert_eq!(faults_of_leaf(names, |_| {}), expected, "{names:?}");
    }
}

#[test]
fn dates_are_judged_beside_everything_else() {
    assert_eq!(faults_of_leaf(&[HOST], expired), [Expired]);
    assert_eq!(faults_of_leaf(&[HOST], not_yet_valid), [NotYetValid]);
    assert_eq!(faults_of_leaf(&["other.example"], expired), [NameMismatch, Expired]);
    let stranger = Authority::root("Nobody");
    let leaf = Authority::root("Root").leaf(&["other.example"], expired);
    assert_eq!(judged(&[&leaf.der], &stranger.trusted()).faults, [NameMismatch, Expired, Untrusted]);
    assert_eq!(judged(&[&self_signed(&[], expired).der], &stranger.trusted()).faults, [NoSan, Expired, SelfSigned]);
}

#[test]
fn an_expired_issuer_expires_the_chain() {
    let root = Authority::root("Root");
    let stranger = Authority::root("Nobody");
    let issuer = root.intermediate("Issuer", expired);
    let leaf = issuer.leaf(&[HOST], |params| params.not_before = date_time_ymd(2020, 6, 1));
    assert_eq!(judged(&[&leaf.der, &issuer.der], &root.trusted()).faults, [Expired]);
    assert_eq!(judged(&[&leaf.der, &issuer.der], &stranger.trusted()).faults, [Expired, Untrusted]);
}

#[test]
fn self_signed_whatever_it_says_of_being_a_ca() {
    let roots = Authority::root("Root").trusted();
    assert_eq!(judged(&[&self_signed(&[HOST], |_| {}).der], &roots).faults, [SelfSigned]);
    assert_eq!(judged(&[&self_signed(&[HOST], as_ca).der], &roots).faults, [SelfSigned]);
    let for_clients = self_signed(&[HOST], |params| params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth));
    assert_eq!(judged(&[&for_clients.der], &roots).faults, [SelfSigned, Malformed]);
    // Trusted explicitly, it is what it claims to be.
    let own = self_signed(&[HOST], |_| {});
    let mut trusting = RootCertStore::empty();
    trusting.add(own.der.clone()).unwrap();
    assert_eq!(judged(&[&own.der], &trusting).faults, []);
    let own_ca = self_signed(&[HOST], as_ca);
    trusting.add(own_ca.der.clone()).unwrap();
    assert_eq!(judged(&[&own_ca.der], &trusting).faults, [Malformed], "trusted, but a CA may not be the leaf");
}

#[test]
fn an_issuer_of_the_same_name_is_not_the_leaf_itself() {
    let roots = Authority::root("Root").trusted();
    let namesake = Authority::root("mta-sts.example.com");
    let leaf = namesake.leaf(&[HOST], |params| params.is_ca = IsCa::ExplicitNoCa);
    assert_eq!(judged(&[&leaf.der], &roots).faults, [Untrusted]);
}

#[test]
fn a_missing_issuer_is_incomplete_where_the_way_to_it_shows() {
    let root = Authority::root("Root");
    let issuer = root.intermediate("Issuer", |_| {});
    let plain = issuer.leaf(&[HOST], |_| {});
    let located = issuer.leaf(&[HOST], |params| params.custom_extensions.push(ca_issuers("http://ca.example/issuer.der")));
    let by_ldap = issuer.leaf(&[HOST], |params| params.custom_extensions.push(ca_issuers("ldap:///CN=Issuer")));
    for (name, chain, expected) in [
        ("complete", &[&plain.der, &issuer.der][..], &[][..]),
        ("complete with the root", &[&plain.der, &issuer.der, &root.der], &[]),
        ("in disorder", &[&plain.der, &root.der, &issuer.der], &[]),
        ("the leaf alone, with caIssuers", &[&located.der], &[IncompleteChain]),
        ("the leaf alone, caIssuers only by LDAP", &[&by_ldap.der], &[Untrusted]),
        ("the leaf alone, without caIssuers", &[&plain.der], &[Untrusted]),
        ("a gap below the root", &[&plain.der, &root.der], &[IncompleteChain]),
    ] {
        assert_eq!(judged(chain, &root.trusted()).faults, expected, "{name}");
    }
}

#[test]
fn a_chain_to_a_private_root_is_untrusted() {
    let root = Authority::root("Private");
    let issuer = root.intermediate("Issuer", |_| {});
    let leaf = issuer.leaf(&[HOST], |params| params.custom_extensions.push(ca_issuers("http://ca.example/issuer.der")));
    let public = Authority::root("Public").trusted();
    assert_eq!(judged(&[&leaf.der, &issuer.der], &public).faults, [Untrusted]);
    assert_eq!(judged(&[&leaf.der, &issuer.der, &root.der], &public).faults, [Untrusted]);
    // Another root of the same name: the names lead to a trusted root, the signature does not.
    assert_eq!(judged(&[&leaf.der, &issuer.der], &Authority::root("Private").trusted()).faults, [Untrusted]);
}

#[test]
fn what_breaks_rfc_5280_otherwise_is_malformed() {
    assert_eq!(faults_of_leaf(&[HOST], as_ca), [Malformed]);
    assert_eq!(faults_of_leaf(&[HOST], |params| params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth)), [Malformed]);
    let root = Authority::root("Root");
    let elsewhere = NameConstraints { permitted_subtrees: vec![GeneralSubtree::DnsName("example.net".into())], excluded_subtrees: vec![] };
    let issuer = root.intermediate("Issuer", |params| params.name_constraints = Some(elsewhere));
    assert_eq!(judged(&[&issuer.leaf(&[HOST], |_| {}).der, &issuer.der], &root.trusted()).faults, [Malformed]);
    let no_issuer = root.leaf(&["issuer.example"], |_| {});
    assert_eq!(judged(&[&root.leaf(&[HOST], |_| {}).der, &no_issuer.der], &root.trusted()).faults, [], "needless certificates do no harm");
}

#[test]
fn a_leaf_that_the_path_builder_refuses_still_shows_its_fields() {
    let leaf = self_signed(&[], |params| {
        expired(params);
        let mut unknown = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions.push(unknown);
    });
    let certificate = judged(&[&leaf.der], &Authority::root("Root").trusted());
    assert_eq!(certificate.faults, [NoSan, Expired, SelfSigned, Malformed]);
    assert!(certificate.subject.starts_with("CN=mta-sts.example.com"), "{}", certificate.subject);
}

#[test]
fn octets_that_are_no_certificate_are_malformed_and_nothing_else() {
    let roots = Authority::root("Root").trusted();
    let certificate = judged(&[&CertificateDer::from(&b"no certificate"[..])], &roots);
    assert_eq!((certificate.faults.as_slice(), certificate.subject.as_str(), certificate.not_after), (&[Malformed][..], "", None));
    assert_eq!(certificate.sha256.len(), 64);
    assert!(examine(&[], &ServerName::try_from(HOST).unwrap(), &roots, UnixTime::now()).is_none());
}

#[test]
fn facts_of_the_leaf() {
    let root = Authority::root("Root, the");
    let leaf = root.leaf(&[HOST, "*.example.net", "192.0.2.1"], |params| {
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2100, 1, 1);
    });
    let certificate = judged(&[&leaf.der, &root.der], &root.trusted());
    assert_eq!((certificate.faults.as_slice(), certificate.reason), (&[][..], None));
    assert_eq!(certificate.subject, "O=Example,CN=mta-sts.example.com");
    assert_eq!(certificate.issuer, "CN=Root\\, the");
    assert_eq!(certificate.sans, [HOST, "*.example.net"]);
    assert_eq!(certificate.not_before, Some(UNIX_EPOCH + Duration::from_secs(1_704_067_200)));
    assert_eq!(certificate.not_after, Some(UNIX_EPOCH + Duration::from_secs(4_102_444_800)));
    assert_eq!(certificate.sha256, hex::encode(Sha256::digest(&leaf.der)));
    assert_eq!(certificate.chain_length, 2);
}

#[test]
fn long_lists_of_names_are_cut() {
    let names: Vec<String> = (0..150).map(|n| format!("host-{n}.example.net")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let root = Authority::root("Root");
    let certificate = judged(&[&root.leaf(&names, |_| {}).der], &root.trusted());
    assert_eq!((certificate.faults.as_slice(), certificate.sans.len()), (&[NameMismatch][..], MAX_SANS));
    assert_eq!(certificate.reason.as_deref(), Some("name-mismatch: none of its names is that of the host"));
}

proptest::proptest! {
    #[test]
    fn a_damaged_certificate_is_judged_without_panic(at in 0usize..400, octet: u8) {
        static CHAIN: std::sync::OnceLock<(CertificateDer<'static>, RootCertStore)> = std::sync::OnceLock::new();
        let (sound, roots) = CHAIN.get_or_init(|| {
            let root = Authority::root("Root");
            (root.leaf(&[HOST], |params| params.custom_extensions.push(ca_issuers("http://ca.example/i"))).der, root.trusted())
        });
        let mut octets = sound.to_vec();
        let at = at % octets.len();
        octets[at] ^= octet;
        let damaged = judged(&[&CertificateDer::from(octets)], roots);
        proptest::prop_assert!(octet == 0 || !damaged.faults.is_empty(), "{at}: {octet:#x}");
    }
}
