//! What holds for any evidence whatever.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use proptest::sample::select;

use crate::evidence::{CertificateFault, Evidence, FetchError, FetchFault, FetchStage, Lookup, Mx, Outcome, Txt};

use super::super::codes::{self, Code};
use super::super::findings::Finding;
use super::super::{Coverage, Delivery, MxState, PolicyStage, Posture, RecordState, Severity, classify};
use super::{POLICY, Scene};

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![3 => Just(Outcome::Noerror), 1 => select(Outcome::ALL)]
}

/// Text near a valid one: pieces that matter, in any order, and noise.
fn text(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![4 => select(pieces).prop_map(|p| p.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..8)];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn lookup<R: std::fmt::Debug + Clone + 'static>(
    name: &'static str,
    record: impl Strategy<Value = R> + 'static,
) -> impl Strategy<Value = Lookup<R>> {
    let chain = prop::collection::vec(select(vec!["a.example", "b.provider.example", name, "x..", ""]), 0..3);
    (outcome(), prop::collection::vec(record, 0..4), chain, any::<Option<u32>>()).prop_map(move |(outcome, records, chain, ttl)| Lookup {
        records,
        ttl,
        cname_chain: chain.into_iter().map(str::to_owned).collect(),
        ..Lookup::unsent(name.to_owned(), outcome)
    })
}

fn txt(name: &'static str) -> impl Strategy<Value = Lookup<Txt>> {
    let whole = select(&["v=STSv1; id=20240101;", "v=TLSRPTv1; rua=mailto:a@example.com", "v=STSv1; id=1;"][..]);
    let pieces = text(&["v=STSv1", "v=TLSRPTv1", ";", "; ", "id=", "20240115", "rua=mailto:", "a@example.com", ",", " "]);
    lookup(name, prop_oneof![whole.prop_map(|text| Txt(vec![text.as_bytes().to_vec()])), pieces.prop_map(|text| Txt(vec![text]))])
}

fn mx() -> impl Strategy<Value = Lookup<Mx>> {
    let host = prop_oneof![4 => select(&["mx1.example.com", "mx2.example.com", ".", "192.0.2.1", "a..b", ""][..]).prop_map(str::to_owned), 1 => ".{0,20}"];
    lookup("example.com", (any::<u16>(), host).prop_map(|(preference, exchange)| Mx { preference, exchange }))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let lines = text(&[
        "version: STSv1\r\n",
        "mode: enforce\r\n",
        "mode: testing\n",
        "mode: none\n",
        "mx: mx1.example.com\r\n",
        "mx: *.example.com\n",
        "max_age: 604800\r\n",
    ]);
    prop_oneof![Just(POLICY.as_bytes().to_vec()), lines]
}

fn time() -> impl Strategy<Value = SystemTime> {
    any::<u32>().prop_map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into()))
}

/// The exchange of the good scene with parts of it replaced.
pub(crate) fn scene() -> impl Strategy<Value = Evidence> {
    let error = (select(FetchStage::ALL), select(FetchFault::ALL)).prop_map(|(stage, fault)| FetchError::new(stage, fault, ""));
    let faults = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(select(CertificateFault::ALL), 1..3)];
    let status = prop_oneof![3 => Just(Some(200)), 1 => any::<Option<u16>>()];
    let exchange = (body(), prop::option::weighted(0.2, error), faults, status, any::<[bool; 3]>());
    let hosts = (lookup("mta-sts.example.com", any::<std::net::Ipv4Addr>()), lookup("mta-sts.example.com", any::<std::net::Ipv6Addr>()));
    let records = (mx(), txt("_mta-sts.example.com"), txt("_smtp._tls.example.com"));
    (records, hosts, exchange, time(), any::<[bool; 2]>()).prop_map(|((mx, sts, tlsrpt), (a, aaaa), exchange, at, [resolved, fetched])| {
        let (body, error, faults, status, [cut, certified, whole]) = exchange;
        let good = Scene::new().fetch(|f| {
            (f.body, f.error, f.status, f.body_cut) = (whole.then_some(body), error, status, cut && certified);
            f.certificate.as_mut().unwrap().faults = faults;
            f.certificate = f.certificate.take().filter(|_| certified || cut);
        });
        let Scene(good) = good;
        Evidence {
            scanned_at: at,
            mx,
            sts_txt: sts,
            tlsrpt_txt: tlsrpt,
            host_a: resolved.then_some(a),
            host_aaaa: resolved.then_some(aaaa),
            fetch: good.fetch.clone().filter(|_| fetched),
            ..good
        }
    })
}

/// Codes that say why no policy was retrieved, but for those of the certificate, which settle it.
const ENDS_A_RETRIEVAL: &[Code] = &[
    codes::STS_HOST_DNS_ERROR,
    codes::STS_HOST_PRIVATE_ADDRESS,
    codes::STS_FETCH_CONNECT_REFUSED,
    codes::STS_FETCH_CONNECT_RESET,
    codes::STS_FETCH_CONNECT_TIMEOUT,
    codes::STS_FETCH_TIMEOUT,
    codes::STS_FETCH_TLS_ALERT,
    codes::STS_FETCH_TLS_OLD,
    codes::STS_FETCH_NOT_FOUND,
    codes::STS_FETCH_REDIRECT,
    codes::STS_FETCH_STATUS_FORBIDDEN,
    codes::STS_FETCH_UA_FILTERED,
    codes::STS_FETCH_RATE_LIMITED,
    codes::STS_FETCH_SERVER_ERROR,
    codes::STS_FETCH_STATUS,
    codes::STS_FETCH_TRUNCATED,
    codes::STS_RECORD_WITHOUT_POLICY,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_judgement_of_any_evidence_holds_together(evidence in scene()) {
        let judged = classify(&evidence);
        prop_assert_eq!(&judged, &classify(&evidence.clone()));

        prop_assert!(judged.findings.is_sorted_by_key(|finding| finding.code));
        let printable = |text: &str| text.bytes().all(|b| (b' '..=b'~').contains(&b));
        prop_assert!(judged.findings.iter().all(|f| printable(&f.subject) && printable(&f.detail)));

        // What is not known is never absent, and nothing else is unknown.
        prop_assert_eq!(evidence.mx.outcome.is_conclusive(), judged.mx_state != MxState::Unknown);
        prop_assert_eq!(evidence.sts_txt.outcome.is_conclusive(), judged.sts_state != RecordState::Unknown);
        prop_assert_eq!(evidence.tlsrpt_txt.outcome.is_conclusive(), judged.tlsrpt_state != RecordState::Unknown);
        prop_assert_eq!(judged.posture == Posture::Absent, judged.sts_state == RecordState::Absent);
        let cause = judged.cause();
        prop_assert_eq!(cause.is_some(), judged.posture == Posture::Broken);
        prop_assert!(cause.is_none_or(|cause| judged.findings.iter().any(|finding| finding.code == cause)), "{cause:?}");

        // A policy is in force exactly where record, retrieval and text are valid.
        let in_force = matches!(judged.posture, Posture::None | Posture::Testing | Posture::Enforce);
        prop_assert_eq!(in_force, judged.sts_state == RecordState::Valid && judged.policy_stage == Some(PolicyStage::Ok));
        prop_assert_eq!(judged.delivery == Delivery::Unknown, judged.posture == Posture::Unknown || (judged.posture == Posture::Enforce && judged.mx_state == MxState::Unknown));
        let refusing = matches!(judged.delivery, Delivery::Protected | Delivery::Partial | Delivery::Refused);
        prop_assert!(!refusing || judged.posture == Posture::Enforce);
        prop_assert_eq!(judged.mismatch.is_some(), matches!(judged.mx_coverage, Some(Coverage::Some | Coverage::None)));
        prop_assert!(judged.mx_coverage.is_none() || judged.policy_stage == Some(PolicyStage::Ok));
        prop_assert!(judged.mx_provider.is_none() || !judged.mx_hosts.is_empty());

        // Unknown is no verdict: what ended a retrieval that may go otherwise another time is of severity info.
        prop_assert!(judged.findings.iter().all(|finding| !finding.leaves_open() || finding.severity == Severity::Info));
        if judged.sts_state == RecordState::Valid && judged.posture == Posture::Unknown {
            let blames = |finding: &Finding| finding.severity < Severity::Info && ENDS_A_RETRIEVAL.contains(&finding.code);
            prop_assert!(!judged.findings.iter().any(blames), "{:?}", judged.findings);
        }
    }
}

/// A policy of thousands of patterns against an answer of thousands of hosts is judged in a moment.
#[test]
fn hostile_sizes_are_borne() {
    let patterns: Vec<String> = (0..2_800).map(|n| format!("m{n}.example.com")).collect();
    let hosts: Vec<String> = (0..3_000).map(|n| format!("n{n}.example.com")).collect();
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let hosts: Vec<(u16, &str)> = hosts.iter().map(|host| (1, host.as_str())).collect();
    let judged = Scene::new().policy("enforce", &patterns).mx(&hosts).judge();
    assert!(judged.findings.len() < 200);
    assert_eq!(judged.mx_coverage, Some(Coverage::None));
}
