//! The proposed texts are right for what was seen.

use crate::evidence::Outcome;

use super::super::remedy::{Publication, publish};
use super::super::{Coverage, Posture, RecordState, codes};
use super::Scene;

fn published(scene: &Scene) -> Publication {
    publish(&scene.0, &scene.judge())
}

#[test]
fn a_domain_without_anything_begins_with_testing() {
    let texts = published(&Scene::new().no_sts().tlsrpt(&[]));
    assert_eq!(texts.sts_record, "v=STSv1; id=20240201000000;");
    assert_eq!(texts.tlsrpt_record, "v=TLSRPTv1; rua=mailto:tls-reports@example.com");
    assert_eq!(texts.policy, "version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\nmx: mx2.example.com\r\nmax_age: 604800\r\n");
}

#[test]
fn what_is_sensible_is_kept() {
    let texts = published(&Scene::new().tlsrpt(&["v=TLSRPTv1; rua=https://reports.example/tls"]));
    assert!(texts.policy.contains("mode: enforce\r\n") && texts.policy.contains("max_age: 2592000\r\n"));
    assert!(texts.tlsrpt_record.contains("rua=https://reports.example/tls"), "{}", texts.tlsrpt_record);
    let age = |seconds: &str| published(&Scene::new().body(super::POLICY.replace("2592000", seconds))).policy;
    assert!(age("300").contains("max_age: 604800\r\n") && age("9999999999").contains("max_age: 31557600\r\n"));
}

#[test]
fn without_a_host_to_name_the_mode_is_none() {
    for scene in [Scene::new().mx(&[(0, ".")]), Scene::new().no_sts().mx_outcome(Outcome::Timeout), Scene::new().mx(&[(10, "192.0.2.1")])] {
        assert_eq!(published(&scene).policy.lines().nth(1), Some("mode: none"));
    }
    let unknown = Scene::new().mx_outcome(Outcome::Timeout);
    assert!(published(&unknown).policy.contains("mx: mx1.example.com\r\n"), "the present patterns stay");
    assert!(published(&Scene::new().mx(&[])).policy.contains("mx: example.com\r\n"), "an implicit MX is the domain itself");
}

/// Whoever follows the proposal has nothing left to fix.
#[test]
fn the_proposal_is_judged_valid() {
    for scene in [
        Scene::new(),
        Scene::new().no_sts().tlsrpt(&[]),
        Scene::new().sts(&["v=STSv1; id=a-b;"]).policy("enforce", &["*"]),
        Scene::new().mx(&[(10, "MX9.example.org.")]),
        Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@example.com!10m, https://reports.example/tls"]),
    ] {
        let texts = published(&scene);
        let fixed = Scene::new().sts(&[&texts.sts_record]).tlsrpt(&[&texts.tlsrpt_record]).body(&texts.policy);
        let fixed = fixed.change(|e| e.mx = scene.0.mx.clone()).judge();
        assert_eq!((fixed.sts_state, fixed.tlsrpt_state), (RecordState::Valid, RecordState::Valid), "{texts:?}");
        assert!(matches!(fixed.posture, Posture::Testing | Posture::Enforce), "{texts:?}");
        assert_eq!(fixed.mx_coverage, Some(Coverage::All), "{texts:?}");
        let fine = [codes::STS_MODE_TESTING, codes::TLSRPT_RUA_EXTERNAL, codes::TLSRPT_RUA_MULTIPLE];
        assert!(fixed.findings.iter().all(|f| fine.contains(&f.code)), "{:?}", fixed.findings);
    }
}
