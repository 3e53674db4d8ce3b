//! What follows from the hosts that a domain names and from the names around its records.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::evidence::{HostLookup, Lookup, Outcome, ReceiverLookup};
use crate::name::Domain;

use super::super::codes;
use super::{Row, Scene, answer, check, txt};

const PUBLIC: Ipv4Addr = Ipv4Addr::new(44, 0, 0, 1);
const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// mx1 of the scene with these addresses, beside an mx2 with which all is well.
fn mx1(a: Lookup<Ipv4Addr>, aaaa: Lookup<Ipv6Addr>) -> Scene {
    let mx2 = HostLookup::new("mx2.example.com".to_owned(), answer("mx2.example.com", vec![PUBLIC]), answer("mx2.example.com", Vec::new()));
    Scene::new().change(|e| e.mx_hosts = vec![HostLookup::new("mx1.example.com".to_owned(), a, aaaa), mx2])
}

fn failed<R>(outcome: Outcome) -> Lookup<R> {
    Lookup::unsent("mx1.example.com".to_owned(), outcome)
}

fn aliased<R>(lookup: Lookup<R>) -> Lookup<R> {
    Lookup { cname_chain: vec!["mx.provider.example".to_owned()], ..lookup }
}

pub(super) fn mx_hosts() -> Vec<Row> {
    let a = |addresses: &[Ipv4Addr]| answer("mx1.example.com", addresses.to_vec());
    let aaaa = |addresses: &[Ipv6Addr]| answer("mx1.example.com", addresses.to_vec());
    vec![
        ("public", mx1(a(&[PUBLIC]), aaaa(&[])), &[]),
        ("no address", mx1(a(&[]), aaaa(&[])), &[codes::MX_NO_ADDRESS]),
        ("no such host", mx1(failed(Outcome::Nxdomain), failed(Outcome::Nxdomain)), &[codes::MX_NO_ADDRESS]),
        ("IPv6 only", mx1(a(&[]), aaaa(&["2a00::1".parse().unwrap()])), &[]),
        ("A not known", mx1(failed(Outcome::Servfail), aaaa(&[])), &[]),
        ("AAAA not known", mx1(a(&[PRIVATE]), failed(Outcome::Timeout)), &[]),
        ("opted out", mx1(failed(Outcome::Excluded), failed(Outcome::Excluded)), &[]),
        ("private", mx1(a(&[PRIVATE]), aaaa(&["fd00::1".parse().unwrap()])), &[codes::MX_PRIVATE_ADDRESS]),
        ("private beside public", mx1(a(&[PRIVATE, PUBLIC]), aaaa(&[])), &[]),
        ("documentation is not private", mx1(a(&[Ipv4Addr::new(192, 0, 2, 1)]), aaaa(&[])), &[]),
        ("alias", mx1(aliased(a(&[PUBLIC])), aliased(aaaa(&[]))), &[codes::MX_CNAME]),
        (
            "alias to nothing",
            mx1(aliased(failed(Outcome::Nxdomain)), aliased(failed(Outcome::Nxdomain))),
            &[codes::MX_CNAME, codes::MX_NO_ADDRESS],
        ),
        ("alias in a circle", mx1(aliased(failed(Outcome::Malformed)), aliased(failed(Outcome::Malformed))), &[]),
        ("not an MX host any more", mx1(a(&[]), aaaa(&[])).mx(&[(10, "mx2.example.com")]).policy("enforce", &["mx2.example.com"]), &[]),
    ]
}

/// Reports go to a mail domain of which this is known.
fn receiver(mx: Lookup<crate::evidence::Mx>, addresses: Option<(Outcome, Outcome)>) -> Scene {
    let host = "reports.example.com".to_owned();
    let (a, aaaa) = addresses.map(|(a, aaaa)| (failed(a), failed(aaaa))).unzip();
    let scene = Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@reports.example.com"]);
    scene.change(|e| e.rua_hosts = vec![ReceiverLookup { host, mx: Some(mx), a, aaaa, connection: None }])
}

pub(super) fn receivers() -> Vec<Row> {
    let mx = |hosts: &[&str]| {
        let records = hosts.iter().map(|host| crate::evidence::Mx { preference: 0, exchange: (*host).to_owned() });
        answer("reports.example.com", records.collect())
    };
    vec![
        ("mail", receiver(mx(&["mx.example.com"]), None), &[]),
        ("null MX", receiver(mx(&["."]), None), &[codes::TLSRPT_RUA_DOMAIN_NULL_MX]),
        ("null MX with others", receiver(mx(&[".", "mx.example.com"]), None), &[]),
        ("no MX, no address", receiver(mx(&[]), Some((Outcome::Nodata, Outcome::Nodata))), &[codes::TLSRPT_RUA_DOMAIN_NO_MX]),
        ("no MX, addresses not known", receiver(mx(&[]), Some((Outcome::Nodata, Outcome::Servfail))), &[]),
        ("no such domain", receiver(failed(Outcome::Nxdomain), None), &[codes::TLSRPT_RUA_DOMAIN_NXDOMAIN]),
        ("not known", receiver(failed(Outcome::Timeout), None), &[]),
        ("opted out", receiver(failed(Outcome::Excluded), None), &[]),
    ]
}

#[test]
fn an_implicit_mx_takes_reports() {
    let host = "reports.example.com".to_owned();
    let mx = Some(answer("reports.example.com", Vec::new()));
    let (a, aaaa) = (Some(answer("reports.example.com", vec![PUBLIC])), Some(failed(Outcome::Nodata)));
    let scene = Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@reports.example.com"]);
    let scene = scene.change(|e| e.rua_hosts = vec![ReceiverLookup { host, mx, a, aaaa, connection: None }]);
    assert!(scene.codes().is_empty(), "{:?}", scene.codes());
}

fn around(scene: Scene, found: &[(&str, &[&str])]) -> Scene {
    let lookups = found.iter().map(|(name, texts)| answer(name, txt(texts))).collect();
    scene.change(|e| e.stray_records = lookups)
}

pub(super) fn strays() -> Vec<Row> {
    let random: &'static str = Box::leak(Domain::from_a_labels("example.com").unwrap().wildcard_probe_name().into_boxed_str());
    let spf: &[&str] = &["v=spf1 -all"];
    let unrelated = || Scene::new().sts(spf).tlsrpt(spf).unfetched();
    vec![
        ("at the apex", around(Scene::new(), &[("example.com", &["v=STSv1; id=1;", "v=spf1 -all"])]), &[codes::STS_RECORD_WRONG_NAME]),
        ("with an underscore", around(Scene::new(), &[("_mta_sts.example.com", &["v=stsv1; id=1;"])]), &[codes::STS_RECORD_WRONG_NAME]),
        ("reports", around(Scene::new(), &[("_tlsrpt.example.com", &["v=TLSRPTv1; rua=mailto:a@b"])]), &[codes::STS_RECORD_WRONG_NAME]),
        ("unrelated", around(Scene::new(), &[("example.com", spf), ("_tlsrpt.example.com", spf)]), &[]),
        ("a copy", around(Scene::new(), &[("mta-sts.example.com", &["v=STSv1; id=20240115T120000;"])]), &[]),
        (
            "a wildcard with a record",
            around(Scene::new(), &[("_mta_sts.example.com", &["v=STSv1; id=1;"]), (random, &["v=STSv1; id=1;"])]),
            &[],
        ),
        (
            "wildcard proven",
            around(Scene::new().sts(spf).unfetched(), &[(random, spf)]),
            &[codes::STS_RECORD_ABSENT, codes::STS_RECORD_WILDCARD_TXT, codes::STS_RECORD_UNRELATED_TXT, codes::TLSRPT_WITHOUT_STS_OR_DANE],
        ),
        (
            "wildcard disproven",
            around(unrelated(), &[(random, &[])]),
            &[codes::STS_RECORD_ABSENT, codes::STS_RECORD_UNRELATED_TXT, codes::TLSRPT_ABSENT, codes::TLSRPT_UNRELATED_TXT],
        ),
        ("wildcard that the records hide", around(Scene::new(), &[(random, spf)]), &[]),
    ]
}

#[test]
fn neighbours_and_strays() {
    check(&mx_hosts());
    check(&receivers());
    check(&strays());
}

#[test]
fn a_lookup_that_failed_says_nothing_of_wildcards_or_strays() {
    let name = Domain::from_a_labels("example.com").unwrap().wildcard_probe_name();
    let scene = Scene::new().sts(&["v=spf1 -all"]).tlsrpt(&["v=spf1 -all"]).unfetched();
    let scene = scene.change(|e| {
        e.stray_records = vec![Lookup::unsent(name, Outcome::Servfail), Lookup::unsent("example.com".to_owned(), Outcome::Timeout)]
    });
    assert!(scene.codes().contains(&codes::STS_RECORD_WILDCARD_TXT), "the likely sign still counts");
    assert!(!scene.codes().contains(&codes::STS_RECORD_WRONG_NAME));
}
