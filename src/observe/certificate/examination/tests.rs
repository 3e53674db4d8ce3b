//! Every kind of certificate fault, alone and together, judged without a connection.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints,
    date_time_ymd,
};

use super::CertificateFault::{
    Expired, IncompleteChain, Malformed, NameMismatch, NoSan, NotYetValid, SelfSigned, Unsupported, Untrusted, WrongPurpose,
};
use super::*;
use crate::observe::certificate::authority::{Authority, ca_issuers, self_signed};

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
    assert_eq!(judged(&[&for_clients.der], &roots).faults, [SelfSigned, WrongPurpose]);
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
    assert_eq!(faults_of_leaf(&[HOST], |params| params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth)), [WrongPurpose]);
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

/// Authorities one below the other, the uppermost first, the parameters of each changed as wished by its number from 1.
fn line(root: &Authority, length: usize, change: impl Fn(usize, &mut CertificateParams)) -> Vec<Authority> {
    let mut line: Vec<Authority> = Vec::new();
    for number in 1..=length {
        let next = line.last().unwrap_or(root).intermediate(&format!("Issuer {number}"), |params| change(number, params));
        line.push(next);
    }
    line
}

fn below(root: &Authority, length: usize, change: impl Fn(usize, &mut CertificateParams)) -> Certificate {
    let line = line(root, length, change);
    let leaf = line.last().unwrap().leaf(&[HOST], |_| {});
    let chain: Vec<&CertificateDer<'_>> = std::iter::once(&leaf.der).chain(line.iter().rev().map(|issuer| &issuer.der)).collect();
    judged(&chain, &root.trusted())
}

#[test]
fn paths_of_up_to_sixteen_intermediates_are_followed() {
    let root = Authority::root("Root");
    for (length, expected) in [(1, &[][..]), (6, &[]), (7, &[]), (8, &[]), (16, &[]), (17, &[Unsupported])] {
        assert_eq!(below(&root, length, |_, _| {}).faults, expected, "{length} intermediates");
    }
}

#[test]
fn long_paths_keep_the_rules_of_short_ones() {
    type Change = fn(&mut CertificateParams);
    let constrain = |name: &str, permitted: bool| {
        let subtrees = vec![GeneralSubtree::DnsName(name.into())];
        if permitted {
            NameConstraints { permitted_subtrees: subtrees, excluded_subtrees: vec![] }
        } else {
            NameConstraints { permitted_subtrees: vec![], excluded_subtrees: subtrees }
        }
    };
    let changes: [(&str, Change, &[CertificateFault]); 6] = [
        ("expired", expired, &[Expired]),
        ("not yet valid", not_yet_valid, &[NotYetValid]),
        ("no CA", |params| params.is_ca = IsCa::ExplicitNoCa, &[Malformed]),
        ("for clients", |params| params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth), &[WrongPurpose]),
        ("for servers", |params| params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth), &[]),
        ("an alternative name", |params| params.subject_alt_names.push(rcgen::SanType::DnsName("ca.example".try_into().unwrap())), &[]),
    ];
    let root = Authority::root("Root");
    for length in [6, 9] {
        for at in [1, length / 2, length] {
            for (what, change, expected) in changes {
                let judged = below(&root, length, |number, params| {
                    if number == at {
                        change(params)
                    }
                });
                assert_eq!(judged.faults, expected, "{what}, {at} of {length}: {:?}", judged.reason);
            }
            for (name, permitted, expected) in [
                ("example.com", true, &[][..]),
                ("example.net", true, &[Malformed]),
                ("example.com", false, &[Malformed]),
                ("example.net", false, &[]),
            ] {
                let constraints = constrain(name, permitted);
                let judged = below(&root, length, |number, params| {
                    if number == at {
                        params.name_constraints = Some(constraints.clone());
                    }
                });
                assert_eq!(judged.faults, expected, "{name} {permitted}, {at} of {length}: {:?}", judged.reason);
            }
            let allowed = u8::try_from(length - at).unwrap();
            for (path_length, expected) in [(Some(allowed), &[][..]), (allowed.checked_sub(1), &[Malformed])] {
                let Some(path_length) = path_length else { continue };
                let judged = below(&root, length, |number, params| {
                    if number == at {
                        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
                    }
                });
                assert_eq!(judged.faults, expected, "{path_length} below {at} of {length}: {:?}", judged.reason);
            }
        }
    }
}

#[test]
fn every_link_of_a_long_path_is_signed() {
    let root = Authority::root("Root");
    let genuine = line(&root, 9, |_, _| {});
    let leaf = genuine[8].leaf(&[HOST], |_| {});
    for forged in 0..9 {
        // Of the same name, with another key.
        let other = if forged == 0 { &root } else { &genuine[forged - 1] };
        let forgery = other.intermediate(&format!("Issuer {}", forged + 1), |_| {});
        let mut chain: Vec<&CertificateDer<'_>> = genuine.iter().map(|issuer| &issuer.der).collect();
        chain[forged] = &forgery.der;
        chain.push(&leaf.der);
        chain.reverse();
        assert_eq!(judged(&chain, &root.trusted()).faults, [Untrusted], "{forged}");
        // Beside the genuine one it does no harm, whatever the order.
        chain.insert(1, &genuine[forged].der);
        assert_eq!(judged(&chain, &root.trusted()).faults, [], "{forged}");
        chain[1..].reverse();
        assert_eq!(judged(&chain, &root.trusted()).faults, [], "{forged}");
    }
    let stranger = Authority::root("Root");
    let chain: Vec<&CertificateDer<'_>> = std::iter::once(&leaf.der).chain(genuine.iter().rev().map(|issuer| &issuer.der)).collect();
    assert_eq!(judged(&chain, &stranger.trusted()).faults, [Untrusted]);
    assert_eq!(judged(&chain[..9], &root.trusted()).faults, [Untrusted], "the uppermost is missing");
}

#[test]
fn a_maze_of_issuers_is_given_up() {
    let root = Authority::root("Root");
    let stranger = Authority::root("Nobody");
    let names: Vec<String> = (0..8).map(|level| format!("Level {level}")).collect();
    let mut certificates = Vec::new();
    let mut above: Vec<Authority> = vec![stranger];
    for name in &names {
        let level: Vec<Authority> = (0..3).map(|_| above[0].intermediate(name, |_| {})).collect();
        certificates.extend(level.iter().map(|issuer| issuer.der.clone()));
        above = level;
    }
    let leaf = above[0].leaf(&[HOST], |_| {});
    let chain: Vec<&CertificateDer<'_>> = std::iter::once(&leaf.der).chain(&certificates).collect();
    let begun = std::time::Instant::now();
    assert!(!judged(&chain, &root.trusted()).faults.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn what_our_library_lacks_is_told_from_what_is_wrong() {
    let root = Authority::root("Root");
    // webpki refuses every constraint on directory names; senders' libraries read them.
    let mut directory = rcgen::DistinguishedName::new();
    directory.push(DnType::OrganizationName, "Example");
    let constraints = NameConstraints { permitted_subtrees: vec![GeneralSubtree::DirectoryName(directory)], excluded_subtrees: vec![] };
    let judged = below(&root, 2, |_, params| params.name_constraints = Some(constraints.clone()));
    assert_eq!(judged.faults, [Unsupported]);
    assert!(judged.is_unverified() && !judged.is_refused());
    let many: Vec<String> = (0..1500).map(|number| format!("customer-number-{number:05}.hosting-of-many-names.example")).collect();
    let large = |host: &str, change: fn(&mut CertificateParams)| {
        let names: Vec<&str> = std::iter::once(host).chain(many.iter().map(String::as_str)).collect();
        let leaf = root.leaf(&names, change).der;
        assert!(leaf.len() > MAX_WEBPKI_OCTETS);
        self::judged(&[&leaf], &root.trusted()).faults
    };
    assert_eq!(large(HOST, |_| {}), [Unsupported]);
    assert_eq!(large("*.example.com", |_| {}), [Unsupported]);
    assert_eq!(large("www.example.com", |_| {}), [NameMismatch, Unsupported]);
    assert_eq!(large("*.com", expired), [NameMismatch, Expired, Unsupported]);
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
