//! Decisions about domains that are built by hand, and about any evidence whatever: whoever follows one has nothing left to fix.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{Action, Decision, Ids, Known, PublishedBefore, Reports, Stage, Step, Wishes, decide, dns, plan};
use crate::classify::tests::Scene;
use crate::classify::tests::properties::scene;
use crate::classify::{Assessment, Code, Coverage, Delivery, Posture, RecordState, Severity, TestedHosts, classify, codes};
use crate::evidence::{CertificateFault, Evidence, Lookup, Outcome, Txt};
use crate::parse::policy::Mode;

const EXPIRED: &[CertificateFault] = &[CertificateFault::Expired];

fn decided(scene: &Scene) -> Decision {
    wished(scene, &Wishes::default())
}

fn wished(scene: &Scene, wishes: &Wishes) -> Decision {
    let known = Known { evidence: &scene.0, assessment: &scene.judge(), stated: false };
    decide(known, wishes, &Ids::at(scene.0.scanned_at))
}

fn central() -> Wishes {
    Wishes { rua: vec!["mailto:tls@corp.example".to_owned()], adds_rua: true, ..Wishes::default() }
}

fn policy(decision: &Decision) -> &str {
    &decision.now.as_ref().unwrap().policy
}

fn record(decision: &Decision) -> &str {
    &decision.now.as_ref().unwrap().record
}

fn later(decision: &Decision) -> &Stage {
    decision.later.as_ref().unwrap()
}

/// The evidence of a domain that does what a stage of the decision says.
fn followed(evidence: &Evidence, decision: &Decision, stage: &Stage) -> Evidence {
    let Scene(good) = Scene::of(evidence.domain.as_str()).body(&stage.policy);
    let answer = |name: String, text: &str| Lookup {
        records: vec![Txt(vec![text.as_bytes().to_vec()])],
        ttl: Some(3_600),
        ..Lookup::unsent(name, Outcome::Noerror)
    };
    let tlsrpt = decision.reports.record().map(|text| answer(evidence.domain.tlsrpt_record_name(), text));
    Evidence {
        sts_txt: answer(evidence.domain.sts_record_name(), &stage.record),
        tlsrpt_txt: tlsrpt.unwrap_or_else(|| evidence.tlsrpt_txt.clone()),
        host_a: good.host_a,
        host_aaaa: good.host_aaaa,
        fetch: good.fetch,
        stray_records: Vec::new(),
        extra_requests: Vec::new(),
        ..evidence.clone()
    }
}

#[test]
fn a_domain_without_anything_is_tested_and_then_enforced() {
    let decision = wished(&Scene::new().no_sts().tlsrpt(&[]), &central());
    assert_eq!((decision.action, record(&decision)), (Action::New, "v=STSv1; id=20240201000000;"));
    assert_eq!(policy(&decision), "version: STSv1\r\nmode: testing\r\nmx: mx1.example.com\r\nmx: mx2.example.com\r\nmax_age: 604800\r\n");
    assert_eq!(decision.reports, Reports::Set("v=TLSRPTv1; rua=mailto:tls@corp.example".to_owned()));
    let enforced = later(&decision);
    assert_eq!((enforced.mode, enforced.id.as_str()), (Mode::Enforce, "20240215000000"));
    assert_eq!(enforced.policy, policy(&decision).replace("testing", "enforce"));
    let day = decision.go_on().unwrap();
    assert_eq!(day.to_string(), "2024-02-15");
    assert_eq!(decision.steps, [Step::Report, Step::Serve, Step::Announce, Step::Advance(day)], "reports, policy, record, and then on");
    let unnamed = decided(&Scene::new().no_sts().tlsrpt(&[]));
    assert_eq!((&unnamed.reports, &unnamed.steps[0]), (&Reports::Unnamed, &Step::NameMailbox), "nobody reads a mailbox that is made up");
}

#[test]
fn what_is_right_is_kept() {
    let decision = decided(&Scene::new());
    assert_eq!((decision.action, record(&decision)), (Action::Keep, "v=STSv1; id=20240115T120000;"));
    assert_eq!((policy(&decision), decision.steps.len()), (crate::classify::tests::POLICY, 0));
    let decision = decided(&Scene::new().policy("testing", &["mx1.example.com", "mx2.example.com"]));
    assert_eq!((decision.action, decision.record_changes, decision.policy_changes), (Action::Advance, false, false));
    assert_ne!(later(&decision).id, decision.now.as_ref().unwrap().id);
    assert_eq!(decided(&Scene::new().policy("none", &[])).action, Action::Keep);
    assert_eq!(
        decided(&Scene::new().body(crate::classify::tests::POLICY.replace("\r\n", "\n"))).action,
        Action::Keep,
        "LF ends lines, too"
    );
}

/// Where only the server is at fault, the text and so the id stay.
#[test]
fn an_id_stays_as_long_as_the_text_does() {
    let decision = decided(&Scene::new().certificate(EXPIRED));
    assert_eq!((decision.action, record(&decision), decision.record_changes), (Action::Repair, "v=STSv1; id=20240115T120000;", false));
    assert_eq!((policy(&decision), &decision.steps[..]), (crate::classify::tests::POLICY, &[Step::Serve][..]));
    let lines = decided(&Scene::new().body(crate::classify::tests::POLICY.replace("\r\n", "\n")).certificate(EXPIRED));
    assert_eq!((policy(&lines), lines.record_changes), (crate::classify::tests::POLICY, true), "what diff takes for another text is one");
    let changed = decided(&Scene::new().policy("enforce", &["mx1.example.com"]));
    assert_eq!((changed.action, record(&changed)), (Action::Repair, "v=STSv1; id=20240201000000;"));
    assert!(
        policy(&changed).contains("mode: enforce\r\n") && policy(&changed).contains("mx: mx2.example.com\r\n"),
        "a repair keeps the mode"
    );
}

#[test]
fn an_id_of_an_earlier_publication_stays_with_its_text() {
    let scene = Scene::new().no_sts();
    let (assessment, at) = (scene.judge(), scene.0.scanned_at);
    let known = Known { evidence: &scene.0, assessment: &assessment, stated: false };
    let first = decide(known, &Wishes::default(), &Ids::at(at));
    let before = |stage: &Stage| Some(PublishedBefore { policy: stage.policy.clone(), id: stage.id.clone() });
    let next = at + Duration::from_secs(86_400);
    let ids = Ids { at: next, now: before(first.now.as_ref().unwrap()), later: before(later(&first)) };
    let again = decide(known, &Wishes::default(), &ids);
    assert_eq!((&again.now, &again.later, again.go_on()), (&first.now, &first.later, first.go_on()));
    let other = decide(known, &Wishes { max_age: Some(1_209_600), ..Wishes::default() }, &ids);
    assert_eq!(record(&other), "v=STSv1; id=20240202000000;", "another text, another id");
}

#[test]
fn a_record_that_does_not_work_is_made_anew() {
    for texts in [&["v=STSv1; id=a-b;"][..], &["v=STSv1; id=1;", "v=STSv1; id=2;"], &["v=stsv1; id=1;"], &["\"v=STSv1; id=1;\""]] {
        let decision = decided(&Scene::new().sts(texts));
        assert!(decision.action == Action::Repair && decision.record_changes, "{texts:?}");
        let judged = classify(&followed(&Scene::new().0, &decision, decision.now.as_ref().unwrap()));
        assert_eq!((judged.sts_state, judged.delivery), (RecordState::Valid, Delivery::Protected), "{texts:?}");
    }
}

#[test]
fn nothing_is_enforced_that_is_known_to_fail_or_cannot_be_named() {
    let mut hosts = asked(Scene::new(), "mx1.example.com", true);
    hosts = asked(hosts, "mx2.example.com", false);
    assert_eq!(TestedHosts::of(&hosts.0).failing, ["mx2.example.com"]);
    for scene in [hosts.clone(), hosts.clone().no_sts()] {
        let decision = wished(&scene, &Wishes { mode: Some(Mode::Enforce), ..Wishes::default() });
        assert_eq!((decision.now.as_ref().unwrap().mode, &decision.later), (Mode::Testing, &None), "{:?}", decision.why);
        assert!(decision.steps.contains(&Step::FixHosts) && decision.why.iter().any(|why| why.contains("mx2.example.com")));
    }
    for host in ["mail_1.example.com", "192.0.2.1", "m\\195\\188ller.example", "-a.example.com", "mta-sts.example.com", "*.example.com"] {
        let decision = decided(&Scene::new().mx(&[(10, "mx1.example.com"), (20, host)]));
        assert_eq!((decision.now.as_ref().unwrap().mode, &decision.later), (Mode::Testing, &None), "{host}");
        assert!(!policy(&decision).contains(host) && decision.steps.contains(&Step::RenameHosts), "{host}");
        let alone = Scene::new().mx(&[(10, host)]);
        assert_eq!((decided(&alone).action, decided(&alone).now.unwrap().mode), (Action::Withdraw, Mode::None), "{host}");
        assert_eq!(decided(&alone.no_sts()).action, Action::Skip, "{host}");
    }
}

/// The scene with a mail server that was asked: its certificate would do, or it offers no TLS.
fn asked(scene: Scene, host: &str, passes: bool) -> Scene {
    use crate::evidence::{Conversation, HostLookup, MxAsked};
    let address = std::net::Ipv4Addr::new(192, 0, 2, 25);
    let a = Lookup { records: vec![address], ..Lookup::unsent(host.to_owned(), Outcome::Noerror) };
    let mut lookup = HostLookup::new(host.to_owned(), a, Lookup::unsent(host.to_owned(), Outcome::Nodata));
    let mut held = Conversation::new(address.into());
    held.greeting = Some(b"220 mx ESMTP\r\n".to_vec());
    held.ehlo = Some(if passes { b"250-mx\r\n250 STARTTLS\r\n".to_vec() } else { b"250 mx\r\n".to_vec() });
    if passes {
        held.starttls = Some(b"220 go\r\n".to_vec());
        held.tls_version = Some("TLSv1.3".to_owned());
        held.ehlo_in_tls = held.ehlo.clone();
        held.certificate = Scene::new().0.fetch.and_then(|fetch| fetch.certificate);
    }
    lookup.conversations = vec![held];
    scene.change(|evidence| {
        evidence.mx_asked = Some(MxAsked { smtp: true, dane: false, validates: false });
        evidence.mx_hosts.retain(|known| known.host != host);
        evidence.mx_hosts.push(lookup);
    })
}

#[test]
fn providers_patterns_are_used_where_they_allow_nothing_else() {
    let decision = decided(&Scene::new().no_sts().mx(&[(10, "example-com.mail.protection.outlook.com")]));
    assert!(policy(&decision).contains("mx: *.mail.protection.outlook.com\r\n"));
    assert!(decision.why.iter().any(|why| why.contains("Microsoft 365") && why.contains("https://")), "{:?}", decision.why);
    // Microsoft documents no pattern for hosts with DNSSEC, whose second label is drawn for each customer; nor for those of consumers.
    for host in ["example-com.o-v1.mx.microsoft", "outlook-com.olc.protection.outlook.com"] {
        let named = decided(&Scene::new().no_sts().mx(&[(0, host)]));
        assert!(policy(&named).contains(&format!("mx: {host}\r\n")) && named.hosts.documented.is_empty(), "{}", policy(&named));
    }
    let google = decided(&Scene::new().no_sts().mx(&[(1, "ASPMX.L.GOOGLE.COM."), (5, "alt1.aspmx.l.google.com")]));
    assert!(policy(&google).contains("mx: aspmx.l.google.com\r\nmx: alt1.aspmx.l.google.com\r\n") && !google.hosts.documented.is_empty());
    let mixed = decided(&Scene::new().no_sts().mx(&[(10, "a.mail.protection.outlook.com"), (20, "a_b.mail.protection.outlook.com")]));
    assert!(!policy(&mixed).contains('*'), "a wildcard would allow the host that no policy may name");
}

#[test]
fn a_withdrawal_waits_for_the_policies_that_senders_hold() {
    let decision = wished(&Scene::new(), &Wishes { mode: Some(Mode::None), ..Wishes::default() });
    assert_eq!(policy(&decision), "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n");
    assert_eq!(decision.steps, [Step::Serve, Step::Announce, Step::Wait(2_592_000), Step::Remove]);
    assert_eq!(decision.action, Action::Withdraw);
    let nobody = decided(&Scene::new().mx(&[(0, ".")]));
    assert_eq!((nobody.action, nobody.now.unwrap().mode), (Action::Withdraw, Mode::None), "a domain that takes no mail");
    let lost = decided(&Scene::new().mx(&[(0, ".")]).no_host(Outcome::Nxdomain, Outcome::Nxdomain));
    assert!(lost.steps.contains(&Step::Wait(super::text::YEAR)), "a policy that cannot be read may be held for a year: {:?}", lost.steps);
}

#[test]
fn what_is_not_known_is_not_decided() {
    for scene in [
        Scene::new().sts_outcome(Outcome::Timeout).unfetched(),
        Scene::new().no_sts().mx_outcome(Outcome::Timeout),
        Scene::new().status(503),
        Scene::new().no_sts().mx(&[(0, ".")]),
        Scene::new().no_sts().mx_outcome(Outcome::Nxdomain),
    ] {
        let decision = decided(&scene);
        assert_eq!((decision.action, decision.now, decision.why.len()), (Action::Skip, None, 1));
    }
    let unknown = decided(&Scene::new().mx_outcome(Outcome::Timeout).certificate(EXPIRED));
    assert!(unknown.action == Action::Repair && policy(&unknown).contains("mx: mx1.example.com\r\n"), "the present patterns stay");
    assert!(policy(&decided(&Scene::new().no_sts().mx(&[]))).contains("mx: example.com\r\n"), "an implicit MX is the domain itself");
    let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(51)].join(".");
    assert_eq!(decided(&Scene::of(&long).no_sts()).action, Action::Skip, "_smtp._tls does not fit before it");
}

#[test]
fn reports_go_to_the_central_mailbox_and_to_whom_they_went() {
    let kept = |text: &str| wished(&Scene::new().tlsrpt(&[text]), &Wishes::default()).reports;
    assert!(matches!(kept("v=TLSRPTv1; rua=https://reports.example/tls"), Reports::Kept(text) if text.ends_with("reports.example/tls")));
    let repaired = Reports::Set("v=TLSRPTv1; rua=mailto:a@example.com".to_owned());
    assert_eq!(kept("v=TLSRPTv1; rua=mailto:a@example.com!10m"), repaired);
    assert_eq!(
        kept("v=TLSRPTv1; rua=https://user:secret@reports.example/tls,mailto:a@example.com"),
        repaired,
        "a secret is not published again"
    );
    assert_eq!(kept("v=TLSRPTv1; rua=https://user:secret@reports.example/tls"), Reports::Unnamed);
    assert_eq!(kept("v=TLSRPTv1; rua=ftp://x"), Reports::Unnamed);
    let added = wished(&Scene::new(), &central());
    assert_eq!(added.reports, Reports::Set("v=TLSRPTv1; rua=mailto:tls@example.com,mailto:tls@corp.example".to_owned()));
    assert_eq!((added.action, added.policy_changes, added.record_changes), (Action::Repair, false, false));
    let left = wished(&Scene::new(), &Wishes { adds_rua: false, ..central() });
    assert_eq!((left.action, left.reports), (Action::Keep, Reports::Kept("v=TLSRPTv1; rua=mailto:tls@example.com".to_owned())));
    let there = Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:tls@corp.example"]);
    assert_eq!(wished(&there, &central()).action, Action::Keep);
    assert_eq!(wished(&Scene::new().tlsrpt_outcome(Outcome::Timeout), &central()).reports, Reports::Unknown);
}

#[test]
fn wishes_are_checked_by_the_rules_of_lint() {
    assert_eq!(Wishes::destination("tls@corp.example").unwrap(), "mailto:tls@corp.example");
    assert_eq!(Wishes::destination("https://reports.example/tls").unwrap(), "https://reports.example/tls");
    for wrong in ["tls", "ftp://x.example", "mailto:a b@example.com", "mailto:a@example.com!10m", "a@b,c@d", "mailto:a@b\n", "", "a@x;v=y"]
    {
        assert!(Wishes::destination(wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(
        Wishes::destination("nobody").unwrap_err().to_string(),
        "a destination of the rua begins neither with mailto: nor with https:; put mailto: in front of the mail address (tlsrpt-rua-no-scheme)"
    );
    assert_eq!((Wishes::max_age(604_800), Wishes::max_age(31_557_600)), (Ok(604_800), Ok(31_557_600)));
    assert!([0, 300, 31_557_601, u64::MAX].into_iter().all(|seconds| Wishes::max_age(seconds).is_err()));
    assert_eq!(Wishes::mx("MX1.B\u{fc}cher.example.").unwrap(), "mx1.xn--bcher-kva.example");
    for wrong in ["mail_1.example.com", "192.0.2.1", "*", "*.example.com x", "a\r\nmx: b.example", "", "mta-sts.example.com", "*.co.uk"] {
        assert!(Wishes::mx(wrong).is_err(), "{wrong:?}");
    }
}

/// Codes about what no text can repair: of the MX records, of their names in DNS, and of what is left to the reader of reports.
fn is_elsewhere(code: Code) -> bool {
    let word = code.as_str();
    word.starts_with("mx-") || word.starts_with("dns") || word.starts_with("dane-") || word.starts_with("tlsrpt-")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Nothing is proposed that is not right, whatever was seen.
    #[test]
    fn a_decision_about_any_evidence_can_be_followed(evidence in scene(), named in any::<bool>()) {
        let assessment = classify(&evidence);
        let wishes = if named { central() } else { Wishes::default() };
        let known = Known { evidence: &evidence, assessment: &assessment, stated: false };
        let decision = decide(known, &wishes, &Ids::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)));
        prop_assert_eq!(decision.action == Action::Skip, decision.now.is_none());
        prop_assert!(!decision.why.is_empty());
        // Whoever is at fault gets a policy, unless what is at fault is not known.
        let at_fault = assessment.posture == Posture::Broken || matches!(assessment.delivery, Delivery::Partial | Delivery::Refused);
        prop_assert!(!at_fault || decision.action.changes() || assessment.mx_state == crate::classify::MxState::Nxdomain, "{:?}", decision);
        for stage in decision.now.iter().chain(&decision.later) {
            let judged = classify(&followed(&evidence, &decision, stage));
            prop_assert_eq!(judged.sts_state, RecordState::Valid);
            prop_assert_eq!(judged.posture.as_str(), stage.mode.as_str());
            prop_assert!(!matches!(judged.delivery, Delivery::Partial | Delivery::Refused), "{:?} {:?}", stage, judged);
            prop_assert!(stage.mode == Mode::None || decision.hosts.unnameable.len() + usize::from(!decision.hosts.known) > 0 || judged.mx_coverage == Some(Coverage::All));
            let wrong = judged.findings.iter().find(|finding| finding.severity <= Severity::Medium && !is_elsewhere(finding.code) && finding.code.as_str().contains("policy"));
            prop_assert!(wrong.is_none(), "{:?} {:?}", stage, wrong);
            texts_are_harmless(&decision, stage)?;
        }
        if let (Some(now), Some(later)) = (&decision.now, &decision.later) {
            prop_assert_ne!(&now.id, &later.id);
            prop_assert_eq!(classify(&followed(&evidence, &decision, later)).delivery, Delivery::Protected);
        }
        let row = plan::row(&decision);
        let section = plan::section(&decision);
        prop_assert!(!row.chars().any(char::is_control) && !section.contains(|c: char| c.is_control() && c != '\n'));
    }
}

/// Every line of a file is one that we meant to write.
fn texts_are_harmless(decision: &Decision, stage: &Stage) -> Result<(), TestCaseError> {
    let domain = &decision.domain;
    for line in dns::bind(decision, stage, false, &[]).lines() {
        let ours = line.starts_with("; ")
            || [domain.sts_record_name(), domain.tlsrpt_record_name()].iter().any(|name| line.starts_with(name.as_str()));
        prop_assert!(ours && line.is_ascii() && !line.chars().any(char::is_control), "{}", line);
    }
    for line in dns::csv(decision, stage, false, &[]).lines() {
        let ours = line.split(',').next() == Some(domain.as_str());
        prop_assert!(ours && line.is_ascii(), "{}", line);
    }
    let keys = ["version: ", "mode: ", "mx: ", "max_age: "];
    prop_assert!(
        stage
            .policy
            .split_terminator("\r\n")
            .all(|line| keys.iter().any(|key| line.starts_with(key)) || line.contains(": ") || line.contains(':')),
        "{}",
        stage.policy
    );
    Ok(())
}

#[test]
fn every_finding_that_asks_for_a_text_leads_to_one() {
    let fine = [codes::STS_MODE_TESTING, codes::TLSRPT_RUA_EXTERNAL, codes::TLSRPT_RUA_MULTIPLE];
    for scene in [
        Scene::new(),
        Scene::new().no_sts().tlsrpt(&[]),
        Scene::new().sts(&["v=STSv1; id=a-b;"]).policy("enforce", &["*"]),
        Scene::new().mx(&[(10, "MX9.example.org.")]),
        Scene::new().body(crate::classify::tests::POLICY.replace("2592000", "300")),
        Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@example.com!10m, https://reports.example/tls"]),
    ] {
        let decision = wished(&scene, &central());
        for stage in decision.now.iter().chain(&decision.later) {
            let fixed: Assessment = classify(&followed(&scene.0, &decision, stage));
            assert_eq!((fixed.sts_state, fixed.tlsrpt_state), (RecordState::Valid, RecordState::Valid), "{decision:?}");
            assert!(fixed.findings.iter().all(|finding| fine.contains(&finding.code)), "{:?}", fixed.findings);
        }
    }
}
