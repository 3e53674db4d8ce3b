//! The world's counts against the paper's, and the lay-out that the study's heuristic needs.

use std::collections::{BTreeSet, HashMap};

use super::hosts::{Host, Mail, addresses};
use super::segments::Segment;
use super::*;
use crate::classify::codes::{self, Code};
use crate::lab::site::{Place as Address, Site};
use crate::lab::truth::{Expected, Truth};

/// Who serves the policy, as Figure 5 divides them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entity {
    SelfManaged,
    ThirdParty,
    Unclassified,
}
use Entity::{SelfManaged, ThirdParty, Unclassified};

fn entity(host: Host) -> Entity {
    match host {
        Host::Own => SelfManaged,
        Host::Provider(_) | Host::Unnamed => ThirdParty,
        Host::Small => Unclassified,
    }
}

/// How many domains are so, by what one of each segment is.
fn count(so: impl Fn(Entity, &Segment, &Truth) -> bool) -> u64 {
    let segments = groups().flat_map(|group| group.segments.iter().map(move |segment| (group.host, segment)));
    let is_so = |(host, segment): &(Host, &Segment)| {
        let case = (segment.change)(host.of(segment.mail.of(case(segment.name, segment.about), 0), 0, segment.door));
        so(entity(*host), segment, &case.truth)
    };
    segments.filter(is_so).map(|(_, segment)| segment.count).sum()
}

fn has(code: Code) -> impl Fn(&Truth) -> bool {
    move |truth| truth.codes.contains(&code)
}

fn is_at(stage: &'static str) -> impl Fn(&Truth) -> bool {
    move |truth| truth.policy_stage == Expected::Is(stage)
}

#[test]
fn whatever_is_broken_has_a_code_to_fix_first() {
    let broken = count(|_, _, truth| truth.posture == Expected::Is("broken"));
    let named = |truth: &Truth| truth.codes.iter().any(|code| truth.cause == Expected::Is(code.as_str()));
    assert_eq!(count(|_, _, truth| named(truth)), broken);
    assert_eq!(count(|_, _, truth| truth.cause == Expected::Null), names::ADOPTERS - broken);
}

#[test]
fn errors_by_stage_and_managing_entity() {
    for (who, all, stages) in [
        (SelfManaged, 25_344, [42, 193, 8_871, 377, 55]),
        (ThirdParty, 28_591, [0, 34, 1_113, 215, 81]),
        (Unclassified, 14_095, [150, 300, 4_909, 744, 100]),
    ] {
        assert_eq!(count(|entity, _, _| entity == who), all, "{who:?}");
        for (stage, expected) in ["dns", "tcp", "tls", "http", "syntax"].into_iter().zip(stages) {
            assert_eq!(count(|entity, _, truth| entity == who && is_at(stage)(truth)), expected, "{who:?} {stage}");
        }
    }
    assert_eq!(count(|_, _, _| true), names::ADOPTERS);
    assert_eq!(count(|_, _, truth| !is_at("ok")(truth)), 17_184);
}

#[test]
fn causes() {
    let of = |who: Entity, code| count(|entity, _, truth| entity == who && has(code)(truth));
    let classified = |code| of(SelfManaged, code) + of(ThirdParty, code);
    assert_eq!(of(SelfManaged, codes::STS_FETCH_CERT_NAME_MISMATCH), 8_385);
    assert_eq!(of(ThirdParty, codes::STS_FETCH_SNI_UNPROVISIONED), 463);
    assert_eq!(classified(codes::STS_FETCH_NOT_FOUND), 387);
    let bad_mx = [codes::STS_POLICY_MX_EMAIL, codes::STS_POLICY_MX_TRAILING_DOT, codes::STS_POLICY_MX_EMPTY];
    assert_eq!(bad_mx.map(classified).iter().sum::<u64>(), 87);
    assert_eq!(of(ThirdParty, codes::STS_POLICY_EMPTY), 5);
    let records = [
        codes::STS_RECORD_ID_MISSING,
        codes::STS_RECORD_ID_INVALID,
        codes::STS_RECORD_NEAR_MISS,
        codes::STS_RECORD_POLICY_KEYS,
        codes::STS_RECORD_MULTIPLE,
    ];
    assert_eq!(records.map(classified), [65, 203, 52, 2, 9]);
    let porkbun = count(|_, segment, truth| segment.mail == Mail::Porkbun && is_at("tls")(truth));
    assert_eq!(porkbun, 7_237);
}

#[test]
fn inconsistencies() {
    let of = |class| count(|_, _, truth: &Truth| truth.mismatch == Expected::Is(class));
    assert_eq!(["different-domain", "policy-host", "same-domain", "typo", "tld"].map(of), [1_023, 597, 730 - 597, 63, 0]);
    let enforced = count(|_, segment, truth| truth.mx_coverage == Expected::Is("none") && segment.mode == Mode::Enforce);
    assert_eq!(enforced, 406);
    let third_party = |mail| !matches!(mail, Mail::Own | Mail::OwnTwo | Mail::Small | Mail::SmallOf(_));
    assert_eq!(count(|_, segment, _| matches!(segment.mail, Mail::Own | Mail::OwnTwo)), 23_512);
    assert_eq!(count(|_, segment, _| third_party(segment.mail)), 40_683);
    let outsourced = |entity, segment: &Segment| entity == ThirdParty && third_party(segment.mail);
    let same = |segment: &Segment| matches!(segment.mail, Mail::Tutanota | Mail::TutanotaTypo);
    let uncovered = |truth: &Truth| truth.mx_coverage == Expected::Is("none");
    assert_eq!(count(|entity, segment, _| outsourced(entity, segment)), 26_414);
    assert_eq!(count(|entity, segment, _| outsourced(entity, segment) && same(segment)), 7_492);
    assert_eq!(count(|entity, segment, truth| outsourced(entity, segment) && same(segment) && uncovered(truth)), 1);
    assert_eq!(count(|entity, segment, truth| outsourced(entity, segment) && !same(segment) && uncovered(truth)), 640);
}

#[test]
fn certificates_of_mx_hosts() {
    let third_party = |mail| !matches!(mail, Mail::Own | Mail::OwnTwo | Mail::Small | Mail::SmallOf(_));
    let own = |mail| matches!(mail, Mail::Own | Mail::OwnTwo);
    let all = |segment: &Segment| matches!(segment.mx, MxCertificates::Invalid(_));
    let any = |segment: &Segment| segment.mx != MxCertificates::Valid;
    assert_eq!(count(|_, segment, _| all(segment)), 1_326);
    assert_eq!((count(|_, segment, _| any(segment)) * 1000).div_ceil(names::ADOPTERS), 47);
    assert_eq!([all, any].map(|so| count(|_, segment, _| so(segment) && own(segment.mail))), [993, 1_046]);
    assert_eq!([all, any].map(|so| count(|_, segment, _| so(segment) && third_party(segment.mail))), [149, 397]);
    assert_eq!(count(|_, segment, _| matches!(segment.mail, Mail::Mxrouting | Mail::MxroutingBoth)), 122);
    let enforced = |segment: &Segment, truth: &Truth| any(segment) && segment.mode == Mode::Enforce && is_at("ok")(truth);
    assert_eq!(count(|_, segment, truth| enforced(segment, truth)), 269);
    let inconsistent = |segment: &Segment, truth: &Truth| truth.mx_coverage == Expected::Is("none") && segment.mode == Mode::Enforce;
    assert_eq!(count(|_, segment, truth| enforced(segment, truth) || inconsistent(segment, truth)), 640, "those that lose mail");
    let only = |segment: &Segment, truth: &Truth| {
        any(segment) && is_at("ok")(truth) && truth.sts_state == Expected::Is("valid") && truth.mx_coverage != Expected::Is("none")
    };
    assert_eq!(count(|_, segment, truth| only(segment, truth)), 20_144 - 19_331, "that have no other fault");
}

#[test]
fn providers_of_table_2() {
    let domains: Vec<u64> = groups::THIRD_PARTY.iter().map(|group| group.segments.iter().map(|segment| segment.count).sum()).collect();
    assert_eq!(domains, [7_614, 7_293, 3_753, 2_222, 1_558, 1_100, 805, 451, 3_795]);
}

fn sites() -> impl Iterator<Item = (String, Case)> {
    (0..names::ADOPTERS).filter_map(|index| find(&names::name(index)).map(|case| (names::name(index), case)))
}

/// The registrable domain of a name of this world: its last two labels.
fn registrable(name: &str) -> String {
    name.rsplit('.').take(2).collect()
}

#[test]
fn every_adopter_has_a_place_of_its_own() {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for (_, case) in sites() {
        *counts.entry(case.name).or_default() += 1;
    }
    let mut expected: HashMap<&str, u64> = HashMap::new();
    for segment in groups().flat_map(|group| group.segments) {
        *expected.entry(segment.name).or_default() += segment.count;
    }
    assert_eq!(counts, expected);
}

#[test]
fn hosts_serve_as_many_domains_as_the_heuristic_needs() {
    let (mut addresses, mut aliases, mut mail): (HashMap<_, u64>, HashMap<_, u64>, HashMap<_, u64>) = Default::default();
    let facts = |domain: &str, site: &Site| {
        let text = |text: &crate::lab::site::Text| registrable(&String::from_utf8(text.for_domain(domain)).unwrap());
        let address = site.host_a.records.first().copied();
        (address, site.host_a.cname.last().map(text), site.mx.records.first().map(|exchange| text(&exchange.1)))
    };
    let all: Vec<_> = sites().map(|(domain, case)| (registrable(&domain), facts(&domain, &case.site))).collect();
    for (_, (address, alias, exchange)) in &all {
        if let Some(Address::At(address)) = address {
            *addresses.entry(*address).or_default() += 1;
        }
        *aliases.entry(alias.clone()).or_default() += 1;
        *mail.entry(exchange.clone()).or_default() += 1;
    }
    let (mut by_policy, mut by_mail) = ([0; 3], [0; 3]);
    for (domain, (address, alias, exchange)) in &all {
        let at_address = match address {
            Some(Address::At(address)) => addresses[address],
            _ => 0,
        };
        by_policy[match (alias.as_ref().map(|_| aliases[alias]), at_address) {
            (None, 0..=5) => 0,
            (Some(50..), _) => 1,
            (Some(6..=49), 0 | 6..=49) => 2,
            other => panic!("{domain}: {other:?}"),
        }] += 1;
        by_mail[match mail[exchange] {
            _ if exchange.as_ref() == Some(domain) => 0,
            50.. => 1,
            6..=49 => 2,
            few => panic!("{domain}: {few}"),
        }] += 1;
    }
    assert_eq!((by_policy, by_mail), ([25_344, 28_591, 14_095], [23_512, 40_683, 3_835]));
}

#[test]
fn every_address_has_a_listener_or_is_closed_on_purpose() {
    let listening: BTreeSet<_> = crate::lab::places::all().chain(addresses()).collect();
    for (domain, case) in sites() {
        if let Some(Address::At(address)) = case.site.host_a.records.first() {
            assert_eq!(listening.contains(address), case.truth.policy_stage != Expected::Is("tcp"), "{domain}: {address}");
        }
    }
}
