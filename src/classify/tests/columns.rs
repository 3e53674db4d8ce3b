//! Every value of every flat column.

use crate::evidence::{CertificateFault, FetchFault, FetchStage, Outcome};

use crate::parse::senders::Sender;

use super::super::codes::{self, Code};
use super::super::{Assessment, Coverage, Delivery, Mismatch, MxState, PolicyStage, Posture, RecordState};
use super::{POLICY, Scene};

/// Checks a column on a table of scenes, and that the table has every value of the column.
fn check<T: Copy + PartialEq + std::fmt::Debug>(all: &[T], column: impl Fn(&Assessment) -> Option<T>, table: &[(&str, Scene, Option<T>)]) {
    for (name, scene, expected) in table {
        assert_eq!(column(&scene.judge()), *expected, "{name}");
    }
    for value in all {
        assert!(table.iter().any(|(.., expected)| *expected == Some(*value)), "no scene gives {value:?}");
    }
}

#[test]
fn a_domain_where_all_is_right() {
    let judged = Scene::new().judge();
    assert_eq!(judged.findings, [], "{:?}", judged.findings);
    assert_eq!(judged.worst(), None);
    assert_eq!(judged.mx_hosts, ["mx1.example.com", "mx2.example.com"]);
    assert_eq!(judged.mx_provider.as_deref(), Some("example.com"));
    assert_eq!(judged.sts_id.as_deref(), Some("20240115T120000"));
    assert_eq!((judged.policy_mode.as_deref(), judged.policy_max_age), (Some("enforce"), Some(2_592_000)));
    assert_eq!(judged.policy_mx.as_deref(), Some(&["mx1.example.com".to_owned(), "mx2.example.com".to_owned()][..]));
    assert_eq!((judged.policy_provider, judged.tlsrpt_rua), (None, vec!["mailto:tls@example.com".to_owned()]));
}

#[test]
fn mx_state() {
    check(
        MxState::ALL,
        |a| Some(a.mx_state),
        &[
            ("hosts", Scene::new(), Some(MxState::Present)),
            ("null", Scene::new().mx(&[(0, ".")]), Some(MxState::Null)),
            ("null beside a host", Scene::new().mx(&[(0, "."), (10, "mx1.example.com")]), Some(MxState::Present)),
            ("no MX", Scene::new().mx(&[]), Some(MxState::None)),
            ("no domain", Scene::new().mx_outcome(Outcome::Nxdomain), Some(MxState::Nxdomain)),
            ("failure", Scene::new().mx_outcome(Outcome::Servfail), Some(MxState::Unknown)),
        ],
    );
}

#[test]
fn mx_hosts_are_in_order_of_preference_each_once() {
    let judged = Scene::new().mx(&[(20, "b.example.net"), (10, "d.example.org"), (10, "C.example.org."), (30, "b.example.net")]).judge();
    assert_eq!(judged.mx_hosts, ["c.example.org", "d.example.org", "b.example.net"]);
    assert_eq!(judged.mx_provider.as_deref(), Some("example.org"));
    assert!(Scene::new().mx(&[]).judge().mx_hosts.is_empty(), "an implicit MX is no MX record");
}

#[test]
fn sts_state() {
    let state = |text: &str| Scene::new().sts(&[text]);
    let mut table = vec![
        ("valid", Scene::new(), Some(RecordState::Valid)),
        ("valid beside another TXT", Scene::new().sts(&["v=spf1 -all", "v=STSv1; id=1;"]), Some(RecordState::Valid)),
        ("nxdomain", Scene::new().sts_outcome(Outcome::Nxdomain), Some(RecordState::Absent)),
        ("nodata", Scene::new().sts(&[]), Some(RecordState::Absent)),
        ("pruned", Scene::new().sts_outcome(Outcome::Pruned), Some(RecordState::Absent)),
        ("unrelated", Scene::new().sts(&["google-site-verification=abc"]), Some(RecordState::Absent)),
        ("CNAME to nowhere", dangling(), Some(RecordState::Absent)),
        ("two", Scene::new().sts(&["v=STSv1; id=1;", "v=STSv1; id=2;"]), Some(RecordState::Multiple)),
        ("wrong version", state("v=STSv2; id=1;"), Some(RecordState::Invalid)),
        ("wrong case", state("v=stsv1; id=1;"), Some(RecordState::Invalid)),
        ("version not first", state("id=1; v=STSv1;"), Some(RecordState::Invalid)),
        ("quotes", state("\"v=STSv1; id=1;\""), Some(RecordState::Invalid)),
        ("no id", state("v=STSv1;"), Some(RecordState::Invalid)),
        ("bad id", state("v=STSv1; id=2024-01-15;"), Some(RecordState::Invalid)),
        ("lost to the discard rule", Scene::new().sts(&["v=STSv1 ; id=1;", "other"]), Some(RecordState::Invalid)),
    ];
    for outcome in inconclusive() {
        table.push((outcome.as_str(), Scene::new().sts_outcome(outcome), Some(RecordState::Unknown)));
    }
    check(RecordState::ALL, |a| Some(a.sts_state), &table);
    assert_eq!(state("v=STSv1; id=2024-01-15;").judge().sts_id.as_deref(), Some("2024-01-15"), "the id is read as far as it can be");
}

fn inconclusive() -> impl Iterator<Item = Outcome> {
    Outcome::ALL.iter().copied().filter(|outcome| !outcome.is_conclusive())
}

fn dangling() -> Scene {
    Scene::new().no_sts().change(|e| e.sts_txt.cname_chain = vec!["gone.provider.example".to_owned()])
}

#[test]
fn tlsrpt_state() {
    let mut table = vec![
        ("valid", Scene::new(), Some(RecordState::Valid)),
        ("nodata", Scene::new().tlsrpt(&[]), Some(RecordState::Absent)),
        ("unrelated", Scene::new().tlsrpt(&["v=spf1 -all"]), Some(RecordState::Absent)),
        ("no rua", Scene::new().tlsrpt(&["v=TLSRPTv1;"]), Some(RecordState::Invalid)),
        ("no usable rua", Scene::new().tlsrpt(&["v=TLSRPTv1; rua=ftp://a.example/b"]), Some(RecordState::Invalid)),
        ("near miss", Scene::new().tlsrpt(&["v=tlsrptv1; rua=mailto:a@example.com"]), Some(RecordState::Invalid)),
        (
            "two",
            Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:b@b.example"]),
            Some(RecordState::Multiple),
        ),
        (
            "one, twice",
            Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:a@b.example"]),
            Some(RecordState::Valid),
        ),
    ];
    for outcome in inconclusive() {
        table.push((outcome.as_str(), Scene::new().tlsrpt_outcome(outcome), Some(RecordState::Unknown)));
    }
    check(RecordState::ALL, |a| Some(a.tlsrpt_state), &table);
}

/// How the retrieval can fail: the stage, and whether that is the domain's fault or may pass.
fn retrievals() -> Vec<(&'static str, Scene, Option<PolicyStage>, Posture)> {
    use CertificateFault as Bad;
    use FetchFault as Fault;
    use FetchStage as At;
    let error = |stage, fault| Scene::new().error(stage, fault);
    let (dns, tcp, tls, http, syntax) =
        (Some(PolicyStage::Dns), Some(PolicyStage::Tcp), Some(PolicyStage::Tls), Some(PolicyStage::Http), Some(PolicyStage::Syntax));
    let (broken, unknown) = (Posture::Broken, Posture::Unknown);
    vec![
        ("all right", Scene::new(), Some(PolicyStage::Ok), Posture::Enforce),
        ("nothing fetched", Scene::new().unfetched(), None, unknown),
        ("host nxdomain", Scene::new().no_host(Outcome::Nxdomain, Outcome::Nxdomain), dns, broken),
        ("host nodata", Scene::new().no_host(Outcome::Nodata, Outcome::Nodata), dns, broken),
        ("host servfail", Scene::new().no_host(Outcome::Servfail, Outcome::Nodata), dns, unknown),
        ("host timeout", Scene::new().no_host(Outcome::Nodata, Outcome::Timeout), dns, unknown),
        ("host excluded", Scene::new().no_host(Outcome::Excluded, Outcome::Excluded), None, unknown),
        ("host local error", Scene::new().no_host(Outcome::LocalError, Outcome::LocalError), dns, unknown),
        ("private address", error(At::Address, Fault::SpecialUseAddress), dns, broken),
        ("address excluded", error(At::Address, Fault::Excluded), None, unknown),
        ("refused", error(At::Connect, Fault::Refused), tcp, broken),
        ("reset", error(At::Connect, Fault::Reset), tcp, broken),
        ("connect timeout", error(At::Connect, Fault::Timeout), tcp, unknown),
        ("unreachable", error(At::Connect, Fault::Unreachable), tcp, unknown),
        ("no socket of ours", error(At::Connect, Fault::Local), tcp, unknown),
        ("refused, the other family unknown", refused_on_one_family(), tcp, unknown),
        ("alert", error(At::Tls, Fault::TlsAlert), tls, broken),
        ("old TLS", error(At::Tls, Fault::TlsVersion), tls, broken),
        ("no TLS", error(At::Tls, Fault::TlsProtocol), tls, broken),
        ("handshake timeout", error(At::Tls, Fault::Timeout), tls, unknown),
        ("name mismatch", Scene::new().certificate(&[Bad::NameMismatch]), tls, broken),
        ("expired before a 404", Scene::new().certificate(&[Bad::Expired]).status(404), tls, broken),
        ("expired before a 503", Scene::new().certificate(&[Bad::Expired]).status(503), tls, broken),
        ("no verdict", Scene::new().fetch(|f| f.certificate = None), tls, unknown),
        ("404", Scene::new().status(404), http, broken),
        ("301", Scene::new().status(301), http, broken),
        ("204", Scene::new().status(204), http, broken),
        ("403", Scene::new().status(403), http, broken),
        ("429", Scene::new().status(429), http, unknown),
        ("503", Scene::new().status(503), http, unknown),
        ("too large", Scene::new().fetch(|f| f.body_cut = true), http, broken),
        ("truncated", error(At::Body, Fault::Truncated), http, broken),
        ("body timeout", error(At::Body, Fault::Timeout), http, unknown),
        ("not HTTP", error(At::Http, Fault::HttpProtocol), http, broken),
        ("empty", Scene::new().body(""), syntax, broken),
        ("no mode", Scene::new().body("version: STSv1\r\nmx: mx1.example.com\r\nmax_age: 604800\r\n"), syntax, broken),
        ("wrong content type", Scene::new().content_type("text/html"), Some(PolicyStage::Ok), Posture::Enforce),
        ("no content type", Scene::new().fetch(|f| f.headers.clear()), Some(PolicyStage::Ok), Posture::Enforce),
        ("max_age over the maximum", Scene::new().body(POLICY.replace("2592000", "99999999")), Some(PolicyStage::Ok), Posture::Enforce),
    ]
}

fn refused_on_one_family() -> Scene {
    Scene::new().error(FetchStage::Connect, FetchFault::Refused).change(|e| {
        e.host_aaaa = Some(crate::evidence::Lookup::unsent(e.domain.policy_host(), Outcome::Servfail));
    })
}

#[test]
fn policy_stage_and_what_a_failure_means() {
    let table: Vec<_> = retrievals().into_iter().map(|(name, scene, stage, _)| (name, scene, stage)).collect();
    check(PolicyStage::ALL, |a| a.policy_stage, &table);
    for (name, scene, _, posture) in retrievals() {
        let judged = scene.judge();
        let delivery = match posture {
            Posture::Broken => Delivery::Opportunistic,
            Posture::Unknown => Delivery::Unknown,
            _ => Delivery::Protected,
        };
        assert_eq!((judged.posture, judged.delivery), (posture, delivery), "{name}");
    }
}

#[test]
fn what_is_behind_a_bad_certificate_is_read_but_does_not_count() {
    let judged = Scene::new().certificate(&[CertificateFault::NameMismatch]).judge();
    assert_eq!((judged.policy_mode.as_deref(), judged.mx_coverage), (Some("enforce"), None));
    assert_eq!(judged.delivery_lenient, Delivery::Opportunistic, "forgiving senders insist on a certificate, too");
    assert_eq!(Scene::new().status(404).judge().policy_mx, None, "the text of an error page is no policy");
}

#[test]
fn posture() {
    let near_miss = Scene::new().sts(&["v=stsv1; id=1;"]);
    assert_eq!(near_miss.judge().policy_stage, Some(PolicyStage::Ok), "the stage says what became of the retrieval, whatever the record");
    check(
        Posture::ALL,
        |a| Some(a.posture),
        &[
            ("no record", Scene::new().no_sts(), Some(Posture::Absent)),
            ("record unknown", Scene::new().sts_outcome(Outcome::Timeout).unfetched(), Some(Posture::Unknown)),
            ("near miss", near_miss, Some(Posture::Broken)),
            ("two records", Scene::new().sts(&["v=STSv1; id=1;", "v=STSv1; id=2;"]), Some(Posture::Broken)),
            ("near miss, retrieval unknown", Scene::new().sts(&["v=stsv1; id=1;"]).status(503), Some(Posture::Broken)),
            ("none", Scene::new().policy("none", &[]), Some(Posture::None)),
            ("testing", Scene::new().policy("testing", &["mx1.example.com"]), Some(Posture::Testing)),
            ("enforce", Scene::new(), Some(Posture::Enforce)),
        ],
    );
}

#[test]
fn delivery() {
    let enforce = |patterns| Scene::new().policy("enforce", patterns);
    check(
        Delivery::ALL,
        |a| Some(a.delivery),
        &[
            ("no record", Scene::new().no_sts(), Some(Delivery::Opportunistic)),
            ("no record, MX unknown", Scene::new().no_sts().mx_outcome(Outcome::Timeout), Some(Delivery::Opportunistic)),
            ("mode none", Scene::new().policy("none", &["mx1.example.com"]), Some(Delivery::Opportunistic)),
            ("testing, nothing covered", Scene::new().policy("testing", &["a.example.org"]), Some(Delivery::Reported)),
            ("enforce", Scene::new(), Some(Delivery::Protected)),
            ("one of two", enforce(&["mx1.example.com"]), Some(Delivery::Partial)),
            ("none of two", enforce(&["a.example.org"]), Some(Delivery::Refused)),
            ("MX unknown", Scene::new().mx_outcome(Outcome::Servfail), Some(Delivery::Unknown)),
            ("record unknown", Scene::new().sts_outcome(Outcome::Servfail).unfetched(), Some(Delivery::Unknown)),
            ("null MX", Scene::new().mx(&[(0, ".")]), Some(Delivery::Opportunistic)),
            ("implicit MX, covered", enforce(&["example.com"]).mx(&[]), Some(Delivery::Protected)),
            ("implicit MX, not covered", enforce(&["mx1.example.com"]).mx(&[]), Some(Delivery::Refused)),
        ],
    );
}

#[test]
fn delivery_lenient() {
    let body = |text: &str| Scene::new().body(text.replace("\\r\\n", "\r\n"));
    check(
        Delivery::ALL,
        |a| Some(a.delivery_lenient),
        &[
            ("enforce", Scene::new(), Some(Delivery::Protected)),
            ("testing", Scene::new().policy("testing", &["mx1.example.com"]), Some(Delivery::Reported)),
            ("one of two", Scene::new().policy("enforce", &["mx1.example.com"]), Some(Delivery::Partial)),
            ("bad id", Scene::new().sts(&["v=STSv1; id=2024-01-15;"]), Some(Delivery::Protected)),
            ("bad id, no policy", Scene::new().sts(&["v=STSv1; id=2024-01-15;"]).status(404), Some(Delivery::Opportunistic)),
            ("two records", Scene::new().sts(&["v=STSv1; id=1;", "v=STSv1; id=2;"]), Some(Delivery::Protected)),
            ("no record", Scene::new().no_sts(), Some(Delivery::Opportunistic)),
            ("blank line", body(&POLICY.replace("mode", "\r\nmode")), Some(Delivery::Protected)),
            ("bare wildcard", Scene::new().policy("enforce", &["*"]), Some(Delivery::Refused)),
            ("a web page", body("<html></html>"), Some(Delivery::Opportunistic)),
            ("503", Scene::new().status(503), Some(Delivery::Unknown)),
        ],
    );
    let judged = Scene::new().policy("enforce", &["*"]).judge();
    assert_eq!((judged.posture, judged.delivery), (Posture::Broken, Delivery::Opportunistic), "strict senders ignore such a policy");
}

#[test]
fn mx_coverage() {
    let enforce = |patterns| Scene::new().policy("enforce", patterns);
    check(
        Coverage::ALL,
        |a| a.mx_coverage,
        &[
            ("all", Scene::new(), Some(Coverage::All)),
            ("wildcard", enforce(&["*.example.com"]), Some(Coverage::All)),
            ("any case", enforce(&["MX1.Example.COM", "mx2.example.com"]), Some(Coverage::All)),
            ("some", enforce(&["mx2.example.com"]), Some(Coverage::Some)),
            ("none", enforce(&["mx3.example.com"]), Some(Coverage::None)),
            ("too deep for the wildcard", enforce(&["*.com"]), Some(Coverage::None)),
            ("null MX", Scene::new().mx(&[(0, ".")]), None),
            ("MX unknown", Scene::new().mx_outcome(Outcome::Timeout), None),
            ("no policy", Scene::new().status(404), None),
            ("no pattern", Scene::new().policy("none", &[]), None),
        ],
    );
}

#[test]
fn mismatch() {
    let enforce = |pattern| Scene::new().policy("enforce", &[pattern, "mx2.example.com"]);
    check(
        Mismatch::ALL,
        |a| a.mismatch,
        &[
            ("all covered", Scene::new(), None),
            ("policy host", enforce("mta-sts.example.com"), Some(Mismatch::PolicyHost)),
            ("typo", enforce("mx1.exmaple.com"), Some(Mismatch::Typo)),
            ("top-level domain", enforce("mx1.example.net"), Some(Mismatch::Tld)),
            ("same domain", enforce("mailserver.example.com"), Some(Mismatch::SameDomain)),
            ("another host is covered", Scene::new().policy("enforce", &["mx2.example.com"]), Some(Mismatch::SameDomain)),
            ("different domain", Scene::new().policy("enforce", &["mail.provider.example"]), Some(Mismatch::DifferentDomain)),
            (
                "the most telling wins",
                Scene::new().policy("enforce", &["mail.provider.example", "mta-sts.example.com"]),
                Some(Mismatch::PolicyHost),
            ),
        ],
    );
}

#[test]
fn the_provider_is_the_first_foreign_target() {
    let provider = |target| Scene::new().host_cname(target).judge().policy_provider;
    assert_eq!(provider("example-com._mta.mta-sts.tech").as_deref(), Some("mta-sts.tech"));
    assert_eq!(provider("www.example.com").as_deref(), Some("example.com"));
    let twice = Scene::new().change(|e| {
        e.host_a.as_mut().unwrap().cname_chain = vec!["sts.example.com".to_owned(), "a.easydmarc.pro".to_owned()];
    });
    assert_eq!(twice.judge().policy_provider.as_deref(), Some("easydmarc.pro"));
}

#[test]
fn accepted_by() {
    let accepted = |scene: Scene| scene.judge().accepted_by;
    assert_eq!(accepted(Scene::new()).as_deref(), Some(Sender::ALL));
    let strict = [Sender::Mox, Sender::PostfixTlspol];
    let forgiving = accepted(Scene::new().policy("enforce", &["*"])).unwrap();
    assert!(forgiving.len() == 6 && !strict.iter().any(|sender| forgiving.contains(sender)), "{forgiving:?}");
    let by_record = accepted(Scene::new().sts(&["v=STSv1; id=2024-01-15;"])).unwrap();
    assert_eq!(by_record, forgiving, "the record counts, too");
    let unchecked = [Sender::Mailauth, Sender::Mox, Sender::Stalwart];
    assert_eq!(accepted(Scene::new().content_type("text/html")).as_deref(), Some(&unchecked[..]));
    assert_eq!(accepted(Scene::new().certificate(&[CertificateFault::Expired])), Some(Vec::new()), "no sender goes on");
    assert_eq!((accepted(Scene::new().status(404)), accepted(Scene::new().no_sts())), (None, None));
}

#[test]
fn who_enforces_an_invalid_policy() {
    const CODE: Code = codes::STS_POLICY_ENFORCED_BY_LENIENT;
    let detail = |scene: Scene| scene.judge().findings.into_iter().find(|finding| finding.code == CODE).map(|finding| finding.detail);
    let by = |names: &str| Some(format!("enforced, with no MX host allowed, by {names}"));
    let all = "chasquid, go-mtasts, kumomta, mailauth, postfix-mta-sts-resolver, stalwart";
    let enforce = |patterns: &[&str]| Scene::new().policy("enforce", patterns);
    assert_eq!(detail(enforce(&["*"])), by(all));
    let dot = "kumomta, mailauth, postfix-mta-sts-resolver, stalwart";
    assert_eq!(detail(enforce(&["mx1.example.com."])), by(dot), "some take the dot for the root's");
    assert_eq!(detail(enforce(&["mx1.example.com:25"])), by(&all.replace("go-mtasts, ", "")), "a second colon spoils it for one");
    assert_eq!(detail(enforce(&[""])), by(&all.replace(", stalwart", "")), "an empty pattern is one to most");
    for (why, scene) in [
        ("one MX is allowed", enforce(&["*", "mx2.example.com"])),
        ("valid, if wrong", enforce(&["mx1.example.net"])),
        ("testing", Scene::new().policy("testing", &["*"])),
        ("null MX", enforce(&["*"]).mx(&[(0, ".")])),
        ("MX unknown", enforce(&["*"]).mx_outcome(Outcome::Servfail)),
        ("no sender accepts the certificate", enforce(&["*"]).certificate(&[CertificateFault::Expired])),
        ("nobody reads it", Scene::new().body("<html></html>")),
    ] {
        assert_eq!(detail(scene), None, "{why}");
    }
    let hostile: Vec<&str> = vec!["*"; 7_000];
    let hosts: Vec<(u16, &str)> = (0..4).map(|at| (at, ["a.example", "b.example", "c.example", "d.example"][usize::from(at)])).collect();
    assert_eq!(detail(enforce(&hostile).mx(&hosts)), None, "too many pairs to compare");
}
