//! A domain with MTA-STS: who hosts the policy, its mode and max_age, and what is wrong with it.

use super::names::Draws;
use crate::classify::codes::{self, Code};
use crate::lab::case::{Case, case};
use crate::lab::places;
use crate::lab::providers::{HOSTING, MAIL, with_hosting, with_mail};
use crate::lab::site::{End, Session, Shape};

/// Parts per million of adopters whose policy is with a provider (IMC 2025, Table 2: 36.4 %).
const HOSTED: u64 = 364_000;
/// Parts per million of adopters that ask for TLS reports, and of these that have them sent to somebody else.
const TLSRPT: u64 = 700_000;
const REPORTS_ELSEWHERE: u64 = 550_000;

/// A fault and its parts per million.
type Share = (u64, fn(Case) -> Case);

/// Faults of retrieval where the domain serves its own policy (IMC 2025, Figure 5: 37.8 %).
const SELF_FAULTS: &[Share] = &[
    (331_000, |case| tls(case, Shape::Names(vec!["www.{d}".into(), "{d}".into()]), codes::STS_FETCH_CERT_NAME_MISMATCH)),
    (8_000, |case| tls(case, Shape::SelfSigned, codes::STS_FETCH_CERT_SELF_SIGNED)),
    (8_000, |case| tls(case, Shape::Expired, codes::STS_FETCH_CERT_EXPIRED)),
    (2_000, |case| tls(case, Shape::Untrusted, codes::STS_FETCH_CERT_UNTRUSTED)),
    (1_000, |case| tls(case, Shape::Incomplete, codes::STS_FETCH_CERT_INCOMPLETE_CHAIN)),
    (9_700, |case| status(case, 404, codes::STS_FETCH_NOT_FOUND)),
    (2_000, |case| status(case.header("Location", "https://www.{d}/.well-known/mta-sts.txt"), 301, codes::STS_FETCH_REDIRECT)),
    (2_000, |case| status(case, 403, codes::STS_FETCH_STATUS_FORBIDDEN)),
    (1_300, |case| case.status(500).policy_not_now("http").code(codes::STS_FETCH_SERVER_ERROR)),
    (5_500, |case| case.host_at(places::REFUSED).no_policy("tcp").code(codes::STS_FETCH_CONNECT_REFUSED)),
    (1_500, |case| case.host_at(places::FULL).policy_not_now("tcp").code(codes::STS_FETCH_CONNECT_TIMEOUT).waits()),
    (1_700, |case| case.host_end(End::Nxdomain).no_policy("dns").code(codes::STS_HOST_NXDOMAIN)),
    (900, |case| {
        case.patterns(&["postmaster@{d}"]).bad_policy().codes(&[codes::STS_POLICY_MX_EMAIL, codes::STS_POLICY_ENFORCED_BY_LENIENT])
    }),
    (900, |case| {
        case.patterns(&["mail.{d}."]).bad_policy().codes(&[codes::STS_POLICY_MX_TRAILING_DOT, codes::STS_POLICY_ENFORCED_BY_LENIENT])
    }),
    (400, |case| case.patterns(&[]).bad_policy().code(codes::STS_POLICY_MX_MISSING)),
];

/// Faults of retrieval where a provider serves it (4.9 %).
const HOSTED_FAULTS: &[Share] = &[
    (16_000, |case| {
        case.session(Session::Unprovisioned).no_policy("tls").codes(&[codes::STS_FETCH_SNI_UNPROVISIONED, codes::STS_FETCH_TLS_ALERT])
    }),
    (17_000, |case| tls(case, Shape::Names(vec!["*.hosting.example".into()]), codes::STS_FETCH_CERT_NAME_MISMATCH)),
    (6_000, |case| tls(case, Shape::Expired, codes::STS_FETCH_CERT_EXPIRED)),
    (7_500, |case| status(case, 404, codes::STS_FETCH_NOT_FOUND)),
    (1_200, |case| case.host_at(places::REFUSED).no_policy("tcp").code(codes::STS_FETCH_CONNECT_REFUSED)),
    (2_800, |case| case.body("").bad_policy().code(codes::STS_POLICY_EMPTY)),
];

/// Faults of the record (0.5 %).
const RECORD_FAULTS: &[Share] = &[
    (3_000, |case| case.sts("v=STSv1; id=2024-01-01;").bad_record().code(codes::STS_RECORD_ID_INVALID)),
    (1_000, |case| case.sts("v=STSv1;").bad_record().code(codes::STS_RECORD_ID_MISSING)),
    (800, |case| case.sts("v=STSV1; id=1;").bad_record().codes(&[codes::STS_RECORD_VERSION_CASE, codes::STS_RECORD_NEAR_MISS])),
    (200, |case| {
        let records = vec![vec!["v=STSv1; id=1;".into()], vec!["v=STSv1; id=2;".into()]];
        case.sts_set(records).multiple_records().code(codes::STS_RECORD_MULTIPLE)
    }),
];

/// Policies that match no MX host (2.8 %).
const MISMATCHES: &[Share] = &[
    (15_500, |case| case.patterns(&["*.mail.former-provider.example"]).coverage("none", "different-domain").delivery("refused")),
    (8_800, |case| {
        let case = case.patterns(&["mta-sts.{d}"]).coverage("none", "policy-host").delivery("refused");
        case.code(codes::STS_POLICY_MX_IS_POLICY_HOST)
    }),
];

/// Weights and modes.
const MODES: &[(u64, &str)] = &[(500, "enforce"), (440, "testing"), (60, "none")];
/// Weights, values of max_age and the codes that follow.
const MAX_AGES: &[(u64, &str, &[Code])] = &[
    (200, "86400", &[codes::STS_POLICY_MAX_AGE_SHORT]),
    (400, "604800", &[]),
    (100, "1209600", &[]),
    (100, "2592000", &[]),
    (200, "31557600", &[]),
];

/// A domain that has MTA-STS, its mail with a provider.
pub(super) fn compose(draws: &mut Draws, provider: usize) -> Case {
    let patterns = MAIL.get(provider).map_or(&[][..], |mail| mail.patterns);
    let hosted = draws.one_of(&[(HOSTED, ())]).map(|()| draws.weighted(HOSTING.iter().map(|hosting| hosting.weight)));
    let healthy = |name, about| {
        let case = with_mail(case(name, about), provider).patterns(patterns);
        match hosted {
            Some(place) => with_hosting(case, place),
            None => case,
        }
    };
    let case = if let Some(fault) = draws.one_of(RECORD_FAULTS) {
        fault(healthy("record-fault", "A record that is none."))
    } else if let Some(fault) = draws.one_of(if hosted.is_some() { HOSTED_FAULTS } else { SELF_FAULTS }) {
        fault(healthy("retrieval-fault", "The policy cannot be retrieved."))
    } else {
        served(draws, healthy("adopter", "MTA-STS, and the policy is retrieved."))
    };
    reports(draws, case)
}

/// A policy that is retrieved: its mode, its max_age, its line ends, and whether it matches the MX hosts.
fn served(draws: &mut Draws, case: Case) -> Case {
    let mode = MODES.get(draws.weighted(MODES.iter().map(|choice| choice.0))).map_or("enforce", |choice| choice.1);
    let case = match MAX_AGES.get(draws.weighted(MAX_AGES.iter().map(|choice| choice.0))) {
        // A policy of mode none keeps nothing that a short time could endanger.
        Some(&(_, value, _)) if mode == "none" => case.max_age(value),
        Some(&(_, value, codes)) => case.max_age(value).codes(codes),
        None => case,
    };
    let case = if draws.next().is_multiple_of(2) { case.lf() } else { case };
    match draws.one_of(MISMATCHES) {
        // Mode none asks for nothing that an MX host could fall short of.
        Some(mismatch) if mode == "none" => mismatch(case).mode(mode),
        Some(mismatch) => mismatch(case).mode(mode).code(codes::STS_MX_NONE_COVERED),
        None => case.mode(mode),
    }
}

fn reports(draws: &mut Draws, case: Case) -> Case {
    match draws.one_of(&[(TLSRPT, ())]).map(|()| draws.one_of(&[(REPORTS_ELSEWHERE, ())])) {
        None => case.no_tlsrpt(),
        Some(None) => case,
        Some(Some(())) => case.tlsrpt("v=TLSRPTv1; rua=mailto:{-}@reports.example;").code(codes::TLSRPT_RUA_EXTERNAL),
    }
}

fn tls(case: Case, shape: Shape, code: Code) -> Case {
    case.certificate(shape).no_policy("tls").code(code)
}

fn status(case: Case, status: u16, code: Code) -> Case {
    case.status(status).no_policy("http").code(code)
}
