//! Which findings follow from what, and that every active code can come about.

use std::collections::HashSet;
use std::time::Duration;

use crate::evidence::{CertificateFault, FetchFault, FetchStage, Lookup, Outcome, Txt};

use super::super::{Severity, Status, catalogue};
use super::{DAY, POLICY, Row, Scene, check, extra_requests, neighbours, scanned_at};

fn records() -> Vec<Row> {
    let sts = |change: fn(&mut Lookup<Txt>)| Scene::new().change(|e| change(&mut e.sts_txt));
    vec![
        ("absent", Scene::new().no_sts(), &["sts-record-absent", "tlsrpt-without-sts-or-dane"]),
        ("servfail", Scene::new().sts_outcome(Outcome::Servfail).unfetched(), &["sts-record-dns-error"]),
        ("our own fault", Scene::new().sts_outcome(Outcome::LocalError).unfetched(), &[]),
        ("opted out", Scene::new().sts_outcome(Outcome::Excluded).unfetched(), &[]),
        (
            "alias",
            sts(|l| l.cname_chain = vec!["_mta-sts.example.com.provider.example".to_owned()]),
            &["sts-record-cname", "sts-delegation-partial"],
        ),
        (
            "alias to nowhere",
            Scene::new().no_sts().change(|e| e.sts_txt.cname_chain = vec!["gone.example".to_owned()]),
            &["sts-record-absent", "sts-record-cname", "sts-record-cname-dangling", "tlsrpt-without-sts-or-dane"],
        ),
        (
            "alias in a circle",
            Scene::new().sts_outcome(Outcome::Malformed).unfetched().change(|e| {
                e.sts_txt.cname_chain = vec!["a.example".to_owned(), "b.example".to_owned(), "a.example".to_owned()];
            }),
            &["sts-record-dns-error", "sts-record-cname-loop"],
        ),
        ("the other record", Scene::new().tlsrpt(&["v=STSv1; id=1;"]), &["sts-record-wrong-name"]),
        (
            "wildcard",
            Scene::new().sts(&["v=spf1 -all"]).tlsrpt(&["v=spf1 -all"]).unfetched(),
            &["sts-record-absent", "sts-record-wildcard-txt", "sts-record-unrelated-txt", "tlsrpt-absent", "tlsrpt-unrelated-txt"],
        ),
        ("two", Scene::new().sts(&["v=STSv1; id=1;", "v=STSv1; id=2;"]), &["sts-record-multiple"]),
        ("bad id", Scene::new().sts(&["v=STSv1; id=a-b;"]), &["sts-record-id-invalid"]),
        ("short TTL", sts(|l| l.ttl = Some(3_599)), &["sts-record-ttl-short"]),
        ("long TTL", sts(|l| l.ttl = Some(86_401)), &["sts-record-ttl-long"]),
        ("TTL of a day", sts(|l| l.ttl = Some(86_400)), &[]),
        ("TTL not known", sts(|l| l.ttl = None), &[]),
    ]
}

fn hosts() -> Vec<Row> {
    let lost: &[_] = &["sts-record-without-policy", "sts-host-nxdomain"];
    vec![
        ("nxdomain", Scene::new().no_host(Outcome::Nxdomain, Outcome::Nxdomain), lost),
        ("nodata", Scene::new().no_host(Outcome::Nodata, Outcome::Nodata), &["sts-record-without-policy", "sts-host-no-address"]),
        ("servfail", Scene::new().no_host(Outcome::Servfail, Outcome::Servfail), &["sts-host-dns-error"]),
        ("our own fault", Scene::new().no_host(Outcome::LocalError, Outcome::Nodata), &[]),
        (
            "alias to nowhere",
            Scene::new().no_host(Outcome::Nxdomain, Outcome::Nxdomain).host_cname("gone.provider.example"),
            &["sts-record-without-policy", "sts-host-cname", "sts-host-cname-dangling", "sts-delegation-partial"],
        ),
        (
            "both delegated to one",
            Scene::new().host_cname("a.provider.example").change(|e| e.sts_txt.cname_chain = vec!["b.provider.example".to_owned()]),
            &["sts-record-cname", "sts-host-cname"],
        ),
        ("host delegated", Scene::new().host_cname("a.provider.example"), &["sts-host-cname", "sts-delegation-partial"]),
        ("own alias", Scene::new().host_cname("www.example.com"), &["sts-host-cname"]),
        ("no IPv6", Scene::new().change(|e| e.host_aaaa = Some(Lookup::unsent(String::new(), Outcome::Nodata))), &["sts-host-no-ipv6"]),
        ("IPv6 not known", Scene::new().change(|e| e.host_aaaa = Some(Lookup::unsent(String::new(), Outcome::Timeout))), &[]),
        ("no IPv4", Scene::new().change(|e| e.host_a = Some(Lookup::unsent(String::new(), Outcome::Nodata))), &["sts-host-ipv6-only"]),
        (
            "private",
            Scene::new().error(FetchStage::Address, FetchFault::SpecialUseAddress),
            &["sts-record-without-policy", "sts-host-private-address"],
        ),
    ]
}

fn exchanges() -> Vec<Row> {
    use FetchFault as Fault;
    use FetchStage as At;
    let error = |stage, fault| Scene::new().error(stage, fault);
    let unrecognised = error(At::Tls, Fault::TlsAlert).fetch(|f| f.error.as_mut().unwrap().alert = Some(112));
    let handshake_failure = error(At::Tls, Fault::TlsAlert).fetch(|f| {
        let error = f.error.as_mut().unwrap();
        (error.alert, error.text) = (Some(40), "received fatal alert: UnrecognisedName".to_owned());
    });
    vec![
        ("refused", error(At::Connect, Fault::Refused), &["sts-record-without-policy", "sts-fetch-connect-refused"]),
        ("reset", error(At::Tls, Fault::Reset), &["sts-record-without-policy", "sts-fetch-connect-reset"]),
        ("connect timeout", error(At::Connect, Fault::Timeout), &["sts-fetch-connect-timeout"]),
        ("unreachable", error(At::Connect, Fault::Unreachable), &["sts-fetch-connect-timeout"]),
        ("our own fault", error(At::Connect, Fault::Local), &[]),
        ("timeout", error(At::Http, Fault::Timeout), &["sts-fetch-timeout"]),
        ("alert", error(At::Tls, Fault::TlsAlert), &["sts-record-without-policy", "sts-fetch-tls-alert"]),
        ("another alert, whatever the words", handshake_failure, &["sts-record-without-policy", "sts-fetch-tls-alert"]),
        ("unknown name", unrecognised, &["sts-record-without-policy", "sts-fetch-tls-alert", "sts-fetch-sni-unprovisioned"]),
        ("old TLS", error(At::Tls, Fault::TlsVersion), &["sts-record-without-policy", "sts-fetch-tls-old"]),
        ("not HTTP", error(At::Http, Fault::HttpProtocol), &["sts-record-without-policy", "sts-fetch-status"]),
        ("truncated", error(At::Body, Fault::Truncated), &["sts-record-without-policy", "sts-fetch-truncated"]),
        ("TLS 1.2", Scene::new().fetch(|f| f.tls_version = Some("TLSv1.2".to_owned())), &["sts-fetch-tls12-only"]),
        ("slow", Scene::new().fetch(|f| f.timings.total_ms = 10_001), &["sts-fetch-slow"]),
        ("404", Scene::new().status(404), &["sts-record-without-policy", "sts-fetch-not-found"]),
        ("410", Scene::new().status(410), &["sts-record-without-policy", "sts-fetch-not-found"]),
        (
            "301",
            Scene::new().status(301).header("location", "https://www.example.com/"),
            &["sts-record-without-policy", "sts-fetch-redirect"],
        ),
        ("304", Scene::new().status(304), &["sts-record-without-policy", "sts-fetch-status"]),
        ("403", Scene::new().status(403), &["sts-record-without-policy", "sts-fetch-status-forbidden"]),
        (
            "403 of a filter",
            Scene::new().status(403).header("server", "cloudflare"),
            &["sts-record-without-policy", "sts-fetch-status-forbidden", "sts-fetch-ua-filtered"],
        ),
        ("429", Scene::new().status(429), &["sts-fetch-rate-limited"]),
        ("503", Scene::new().status(503), &["sts-fetch-server-error"]),
        ("401", Scene::new().status(401), &["sts-record-without-policy", "sts-fetch-status"]),
        ("too large", Scene::new().fetch(|f| f.body_cut = true), &["sts-record-without-policy", "sts-fetch-too-large"]),
        ("no type", Scene::new().fetch(|f| f.headers.clear()), &["sts-fetch-content-type-missing"]),
        ("wrong type", Scene::new().content_type("text/html"), &["sts-fetch-content-type-wrong"]),
        ("nosniff", Scene::new().header("x-content-type-options", "nosniff"), &["sts-fetch-content-type-nosniff"]),
        ("identity", Scene::new().header("content-encoding", "identity"), &[]),
        ("gzip", Scene::new().header("content-encoding", "gzip"), &["sts-fetch-content-encoding"]),
        ("HTTP/1.0", Scene::new().fetch(|f| f.http_version = Some("HTTP/1.0".to_owned())), &["sts-fetch-http10"]),
        ("cached", Scene::new().header("age", "7"), &["sts-fetch-served-from-cache"]),
        ("hit", Scene::new().header("x-cache", "HIT from edge"), &["sts-fetch-served-from-cache"]),
        ("fresh", Scene::new().header("age", "0").header("x-cache", "MISS").header("cache-control", "public, max-age=60"), &[]),
        ("long caching", Scene::new().header("cache-control", "public, max-age=61"), &["sts-fetch-cache-control-long"]),
    ]
}

fn certificates() -> Vec<Row> {
    use CertificateFault as Bad;
    let days = |left: u32, lifetime: u32| {
        Scene::new().fetch(|f| {
            let certificate = f.certificate.as_mut().unwrap();
            certificate.not_after = Some(scanned_at() + left * DAY);
            certificate.not_before = Some(scanned_at() + left * DAY - lifetime * DAY);
        })
    };
    vec![
        (
            "all at once, in the catalogue's order",
            Scene::new().certificate(&[
                Bad::Revoked,
                Bad::Untrusted,
                Bad::IncompleteChain,
                Bad::SelfSigned,
                Bad::NotYetValid,
                Bad::Expired,
                Bad::NoSan,
            ]),
            &[
                "sts-record-without-policy",
                "sts-fetch-cert-no-san",
                "sts-fetch-cert-expired",
                "sts-fetch-cert-not-yet-valid",
                "sts-fetch-cert-self-signed",
                "sts-fetch-cert-incomplete-chain",
                "sts-fetch-cert-untrusted",
                "sts-fetch-cert-revoked",
            ],
        ),
        ("name mismatch", Scene::new().certificate(&[Bad::NameMismatch]), &["sts-record-without-policy", "sts-fetch-cert-name-mismatch"]),
        ("malformed", Scene::new().certificate(&[Bad::Malformed]), &["sts-record-without-policy", "sts-fetch-cert-untrusted"]),
        ("14 days left", days(14, 90), &["sts-fetch-cert-expiring"]),
        ("15 days left", days(15, 90), &[]),
        ("a tenth of a year left", days(30, 365), &["sts-fetch-cert-expiring"]),
        ("a certificate for a week", days(5, 7), &[]),
        ("expired", days(0, 90).certificate(&[Bad::Expired]), &["sts-record-without-policy", "sts-fetch-cert-expired"]),
    ]
}

fn policies() -> Vec<Row> {
    let many: Vec<String> = (1..=31).map(|n| format!("mx{n}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many_hosts: Vec<(u16, &str)> = many.iter().map(|host| (10, *host)).collect();
    vec![
        ("empty", Scene::new().body(""), &["sts-policy-empty"]),
        ("LF", Scene::new().body(POLICY.replace('\r', "")), &["sts-policy-eol-lf"]),
        ("not UTF-8", Scene::new().body([POLICY.as_bytes(), b"note: \xff\r\n"].concat()), &["sts-policy-not-utf8"]),
        ("testing", Scene::new().policy("testing", &["mx1.example.com", "mx2.example.com"]), &["sts-mode-testing"]),
        ("none", Scene::new().policy("none", &[]), &["sts-mode-none"]),
        (
            "testing for long",
            Scene::new().sts(&["v=STSv1; id=20231231;"]).policy("testing", &["mx1.example.com", "mx2.example.com"]),
            &["sts-mode-testing", "sts-mode-testing-long"],
        ),
        (
            "an id that is no date",
            Scene::new().sts(&["v=STSv1; id=1672531200;"]).policy("testing", &["mx1.example.com", "mx2.example.com"]),
            &["sts-mode-testing"],
        ),
        ("own wildcard", Scene::new().policy("enforce", &["*.example.com"]), &["sts-policy-mx-wildcard-own-domain"]),
        ("31 patterns", Scene::new().policy("enforce", &many).mx(&many_hosts), &["sts-policy-mx-many"]),
        (
            "a policy without a record",
            Scene::new().sts_outcome(Outcome::Nxdomain),
            &["sts-record-absent", "sts-policy-without-record", "tlsrpt-without-sts-or-dane"],
        ),
    ]
}

fn coverage() -> Vec<Row> {
    let enforce = |patterns| Scene::new().policy("enforce", patterns);
    vec![
        ("a spare", enforce(&["mx1.example.com", "mx2.example.com", "spare.example.org"]), &["sts-mx-stale-pattern"]),
        ("the preferred one", enforce(&["mx2.example.com"]), &["sts-mx-uncovered"]),
        ("the backup", enforce(&["mx1.example.com"]), &["sts-mx-uncovered", "sts-mx-backup-uncovered"]),
        ("all of them", enforce(&["mail.provider.example"]), &["sts-mx-none-covered"]),
        (
            "all of them, by a provider",
            enforce(&["mail.provider.example"]).host_cname("a.provider.example"),
            &["sts-host-cname", "sts-mx-none-covered", "sts-delegation-partial", "sts-provider-stale-policy"],
        ),
        ("typo", enforce(&["mx1.exmaple.com", "mx2.example.com"]), &["sts-mx-uncovered", "sts-mx-typo", "sts-mx-stale-pattern"]),
        (
            "top-level domain",
            enforce(&["mx1.example.net", "mx2.example.com"]),
            &["sts-mx-uncovered", "sts-mx-tld-mismatch", "sts-mx-stale-pattern"],
        ),
        ("policy host", enforce(&["mta-sts.example.com"]), &["sts-policy-mx-is-policy-host", "sts-mx-none-covered"]),
        ("too deep", enforce(&["*.example.net"]).mx(&[(10, "a.b.example.net")]), &["sts-mx-none-covered", "sts-mx-uncovered-depth"]),
        ("mode none asks for nothing", Scene::new().policy("none", &["mail.provider.example"]), &["sts-mode-none"]),
    ]
}

fn mail() -> Vec<Row> {
    vec![
        (
            "null MX",
            Scene::new().no_sts().mx(&[(0, ".")]),
            &["sts-record-absent", "mx-null", "tlsrpt-without-sts-or-dane", "tlsrpt-rua-domain-null-mx"],
        ),
        ("null MX and a policy", Scene::new().mx(&[(0, ".")]), &["sts-on-nonmail-domain", "mx-null", "tlsrpt-rua-domain-null-mx"]),
        ("no MX", Scene::new().no_sts().mx(&[]), &["sts-record-absent", "mx-none", "tlsrpt-without-sts-or-dane"]),
        ("null MX with others", Scene::new().mx(&[(0, "."), (10, "mx1.example.com"), (20, "mx2.example.com")]), &["mx-null-not-alone"]),
        ("implicit MX", Scene::new().mx(&[]).policy("enforce", &["example.com"]), &["mx-none", "mx-implicit"]),
        ("twice", Scene::new().mx(&[(10, "mx1.example.com"), (20, "mx1.example.com"), (30, "mx2.example.com")]), &["mx-duplicate"]),
        ("address", Scene::new().no_sts().mx(&[(10, "192.0.2.1")]), &["sts-record-absent", "mx-ip-literal", "tlsrpt-without-sts-or-dane"]),
        (
            "U-label",
            Scene::new().no_sts().mx(&[(10, "b\\195\\188cher.example")]),
            &["sts-record-absent", "mx-u-label", "tlsrpt-without-sts-or-dane"],
        ),
        (
            "underscore",
            Scene::new().no_sts().mx(&[(10, "mx_1.example")]),
            &["sts-record-absent", "mx-underscore", "tlsrpt-without-sts-or-dane"],
        ),
    ]
}

fn reports() -> Vec<Row> {
    vec![
        ("absent", Scene::new().tlsrpt(&[]), &["sts-enforce-without-tlsrpt", "tlsrpt-absent"]),
        (
            "absent, testing",
            Scene::new().tlsrpt(&[]).policy("testing", &["*.example.com"]),
            &["sts-policy-mx-wildcard-own-domain", "sts-mode-testing", "sts-without-tlsrpt", "tlsrpt-absent"],
        ),
        ("neither", Scene::new().no_sts().tlsrpt(&[]), &["sts-record-absent", "tlsrpt-absent"]),
        ("failure", Scene::new().tlsrpt_outcome(Outcome::Timeout), &["tlsrpt-dns-error"]),
        ("alias", Scene::new().change(|e| e.tlsrpt_txt.cname_chain = vec!["a.provider.example".to_owned()]), &["tlsrpt-cname"]),
        ("short TTL", Scene::new().change(|e| e.tlsrpt_txt.ttl = Some(60)), &["tlsrpt-ttl-short"]),
        ("external", Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@reports.example.net"]), &["tlsrpt-rua-external"]),
        ("own, below", Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@reports.example.com"]), &[]),
        ("of another kind", Scene::new().tlsrpt(&["v=TLSRPTv1;"]), &["tlsrpt-rua-missing"]),
    ]
}

#[test]
fn record_findings() {
    // A record of the other kind at _smtp._tls is also no TLSRPT record; what the parser adds to that is its own business.
    let (misplaced, rest): (Vec<Row>, Vec<Row>) = records().into_iter().partition(|(name, ..)| *name == "the other record");
    check(&rest);
    assert!(misplaced.iter().all(|(_, scene, _)| scene.codes().contains(&"sts-record-wrong-name")));
}

#[test]
fn host_findings() {
    check(&hosts());
}

#[test]
fn fetch_findings() {
    check(&exchanges());
    check(&certificates());
}

#[test]
fn policy_findings() {
    check(&policies());
    check(&coverage());
}

#[test]
fn mail_and_report_findings() {
    check(&mail());
    check(&reports());
}

#[test]
fn every_active_code_can_come_about() {
    let tables = [records(), hosts(), exchanges(), certificates(), policies(), coverage(), mail(), reports()];
    let neighbours = [neighbours::mx_hosts(), neighbours::receivers(), neighbours::strays()];
    let requests = [
        extra_requests::places(),
        extra_requests::addresses(),
        extra_requests::keys(),
        extra_requests::receivers(),
        extra_requests::parents(),
    ];
    let mut seen: HashSet<&str> =
        tables.iter().chain(&neighbours).chain(&requests).flatten().flat_map(|(_, scene, _)| scene.codes()).collect();
    let split = Scene::new().change(|e| e.sts_txt.records = vec![Txt(vec![b"v=STSv1; ".to_vec(), b"id=1;".to_vec()])]);
    let large = Scene::new().body(format!("{POLICY}note: {}\r\n", "x".repeat(4_096)));
    let two = Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@example.com", "v=TLSRPTv1; rua=mailto:b@example.com"]);
    seen.extend([split, large, two].iter().flat_map(Scene::codes));
    let by_example = catalogue().iter().filter(|rule| rule.example.is_some()); // Shown by the test of the examples.
    seen.extend(by_example.map(|rule| rule.code));
    let missing: Vec<&str> =
        catalogue().iter().filter(|rule| rule.status == Status::Active).map(|rule| rule.code).filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let reserved: Vec<&str> =
        catalogue().iter().filter(|rule| rule.status != Status::Active).map(|rule| rule.code).filter(|code| seen.contains(code)).collect();
    assert!(reserved.is_empty(), "{reserved:?}");
}

#[test]
fn an_uncovered_host_is_worse_where_the_policy_is_enforced() {
    let severity = |mode| {
        let findings = Scene::new().policy(mode, &["mx2.example.com"]).judge().findings;
        findings.iter().find(|f| f.code == "sts-mx-uncovered").map(|f| (f.severity, f.subject.clone()))
    };
    assert_eq!(severity("enforce"), Some((Severity::High, "mx1.example.com".to_owned())));
    assert_eq!(severity("testing"), Some((Severity::Medium, "mx1.example.com".to_owned())));
}

#[test]
fn dates_are_judged_by_the_time_of_the_scan() {
    let later = |days: u64| Scene::new().change(|e| e.scanned_at += Duration::from_secs(days * 86_400));
    assert!(!later(40).codes().contains(&"sts-fetch-cert-expiring"));
    assert!(later(50).codes().contains(&"sts-fetch-cert-expiring"));
}

#[test]
fn details_name_the_line_and_quote_what_is_hostile() {
    let judged = Scene::new().body(POLICY.replace("mode: enforce", "mode: \u{1b}[31m\u{e9}")).judge();
    assert!(judged.findings.iter().any(|f| f.detail.starts_with("line 2")), "{:?}", judged.findings);
    assert!(judged.findings.iter().all(|f| f.detail.bytes().all(|b| (b' '..=b'~').contains(&b))), "{:?}", judged.findings);
}
