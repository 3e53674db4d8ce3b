//! Compressed bodies and answers of filters against robots: judged as what they are.

use super::super::codes::{self, Code};
use super::super::{Delivery, PolicyStage, Posture, Severity};
use super::{POLICY, Row, Scene, check};
use crate::parse::content_coding::{Coding, encode};

fn packed(coding: Coding, declared: &str) -> Scene {
    Scene::new().header("content-encoding", declared).body(encode(coding, POLICY.as_bytes()).unwrap())
}

fn severity(scene: &Scene, code: Code) -> Option<Severity> {
    scene.judge().findings.iter().find(|finding| finding.code == code).map(|finding| finding.severity)
}

#[test]
fn a_compressed_policy_is_judged_as_if_plain() {
    let plain = Scene::new().judge();
    for (coding, declared) in
        [(Coding::Gzip, "gzip"), (Coding::Gzip, "x-gzip"), (Coding::Deflate, "deflate"), (Coding::Brotli, "BR"), (Coding::Zstd, "zstd")]
    {
        let scene = packed(coding, declared);
        let mut judged = scene.judge();
        let coding: Vec<_> = judged.findings.extract_if(.., |finding| finding.code == codes::STS_FETCH_CONTENT_ENCODING).collect();
        assert_eq!(coding.len(), 1, "{declared}");
        assert_eq!((coding[0].severity, coding[0].detail.as_str()), (Severity::Info, format!("\"{declared}\"").as_str()));
        assert_eq!(judged, plain, "{declared}");
    }
}

#[test]
fn what_is_not_what_it_is_declared_to_be() {
    let cut = |scene: Scene, by: usize| scene.fetch(|f| f.body.as_mut().unwrap().truncate(by));
    let gzip = || packed(Coding::Gzip, "gzip");
    let damaged = gzip().fetch(|f| *f.body.as_mut().unwrap().iter_mut().rev().nth(5).unwrap() ^= 1);
    let lost: &[_] = &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_CONTENT_ENCODING];
    let big = encode(Coding::Gzip, &[POLICY.as_bytes(), &[b'a'; 70_000]].concat()).unwrap();
    let rows: &[Row] = &[
        ("declared and plain", Scene::new().header("content-encoding", "gzip"), &[codes::STS_FETCH_CONTENT_ENCODING]),
        ("no such coding", Scene::new().header("content-encoding", "none"), &[codes::STS_FETCH_CONTENT_ENCODING]),
        (
            "declared and empty",
            Scene::new().header("content-encoding", "gzip").body(""),
            &[codes::STS_FETCH_CONTENT_ENCODING, codes::STS_POLICY_EMPTY],
        ),
        ("identity", Scene::new().header("content-encoding", "identity"), &[]),
        ("cut", cut(gzip(), 40), lost),
        ("damaged", damaged.clone(), lost),
        ("followed", gzip().fetch(|f| f.body.as_mut().unwrap().extend([0; 9])), &[codes::STS_FETCH_CONTENT_ENCODING]),
        (
            "too large",
            Scene::new().header("content-encoding", "gzip").body(big),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_TOO_LARGE, codes::STS_FETCH_CONTENT_ENCODING],
        ),
        (
            "more than was kept",
            cut(gzip(), 40).fetch(|f| f.body_cut = true),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_TOO_LARGE, codes::STS_FETCH_CONTENT_ENCODING],
        ),
    ];
    check(rows);
    let plain = Scene::new().header("content-encoding", "gzip");
    assert_eq!(severity(&plain, codes::STS_FETCH_CONTENT_ENCODING), Some(Severity::Medium));
    assert_eq!(plain.judge().delivery, Delivery::Protected);
    assert_eq!(severity(&damaged, codes::STS_FETCH_CONTENT_ENCODING), Some(Severity::High));
    let judged = damaged.judge();
    assert_eq!((judged.policy_stage, judged.posture, judged.delivery), (Some(PolicyStage::Http), Posture::Broken, Delivery::Opportunistic));
}

#[test]
fn compressed_without_a_word_is_one_finding_and_no_text() {
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Zstd] {
        let scene = Scene::new().body(encode(coding, POLICY.as_bytes()).unwrap());
        let judged = scene.judge();
        assert_eq!((judged.policy_stage, judged.posture), (Some(PolicyStage::Syntax), Posture::Broken), "{coding}");
        assert_eq!(severity(&scene, codes::STS_FETCH_CONTENT_ENCODING), Some(Severity::High), "{coding}");
        let mut seen = judged.findings.iter().map(|finding| finding.code).collect::<Vec<_>>();
        let all = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), all, "each code once: {:?}", judged.findings);
    }
}

#[test]
fn of_one_code_about_one_text_there_is_one_finding_with_the_first_place_and_a_count() {
    let picture: Vec<u8> = (0..4_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let texts: Vec<String> = (0..40).map(|number| format!("v=spf1 ip4:192.0.2.{number} -all")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let patterns = ["mx1.example.com", "mx2.example.com", "old1.example.net", "old2.example.net", "old3.example.net"];
    for scene in [
        Scene::new().body(picture),
        Scene::new().body("version: STSv1 \nmode: enforce \nmx: a@b \nmx: c@d \n\n\nmax_age: 9\n".repeat(60)),
        Scene::new().sts(&texts).tlsrpt(&texts),
        Scene::new().policy("enforce", &patterns),
    ] {
        let judged = scene.judge();
        let mut told: Vec<(Code, String)> = judged.findings.iter().map(|finding| (finding.code, finding.subject.clone())).collect();
        let codes = told.iter().filter(|(code, _)| !code.as_str().starts_with("sts-mx-uncovered")).count();
        told.dedup_by_key(|(code, _)| *code);
        assert_eq!(told.len(), codes, "{:?}", judged.findings);
    }
    let stale = Scene::new().policy("enforce", &patterns).judge();
    let stale = stale.findings.iter().find(|finding| finding.code == codes::STS_MX_STALE_PATTERN).unwrap();
    assert_eq!((stale.subject.as_str(), stale.count, stale.detail.as_str()), ("old1.example.net", 3, "the first of 3"));
    let unrelated = Scene::new().sts(&texts).unfetched().judge();
    let unrelated = unrelated.findings.iter().find(|finding| finding.code == codes::STS_RECORD_UNRELATED_TXT).unwrap();
    assert!(unrelated.count == 40 && unrelated.detail.starts_with("TXT record 1 of 40: "), "{unrelated:?}");
    let spaces = Scene::new().body(POLICY.replace("\r\n", " \r\n").replace("mx: mx2.example.com", &"mx: mx2.example.com \r\n".repeat(70)));
    let spaces = spaces.judge();
    let spaces = spaces.findings.iter().find(|finding| finding.code == codes::STS_POLICY_TRAILING_SPACE).unwrap();
    assert!(spaces.count > 70 && spaces.detail.starts_with("line 1"), "beyond what the parser lists: {spaces:?}");
}

#[test]
fn who_is_filtered_knows_nothing() {
    let challenge = |status| Scene::new().status(status).header("cf-mitigated", "challenge").body("<html>");
    for status in [200, 202, 401, 403, 404, 406, 429, 503] {
        let scene = challenge(status);
        let judged = scene.judge();
        assert_eq!(scene.codes(), [codes::STS_FETCH_UA_FILTERED], "{status}");
        assert_eq!((judged.policy_stage, judged.posture), (Some(PolicyStage::Http), Posture::Unknown), "{status}");
        assert_eq!((judged.delivery, judged.delivery_lenient), (Delivery::Unknown, Delivery::Unknown), "{status}");
        let detail = &judged.findings[0].detail;
        assert_eq!(*detail, format!("Cloudflare: status {status}, header \"cf-mitigated: challenge\""));
    }
    // The certificate is the host's own, whoever answers behind it.
    let expired = challenge(403).certificate(&[crate::evidence::CertificateFault::Expired]).judge();
    assert_eq!((expired.policy_stage, expired.posture), (Some(PolicyStage::Tls), Posture::Broken));
    // Without a mark it is the host's word.
    let forbidden = Scene::new().status(403).header("server", "nginx").judge();
    assert_eq!((forbidden.posture, forbidden.delivery), (Posture::Broken, Delivery::Opportunistic));
}
