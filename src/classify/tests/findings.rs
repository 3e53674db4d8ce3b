//! Which findings follow from what, and that every active code can come about.

use std::collections::HashSet;
use std::time::Duration;

use crate::evidence::{CertificateFault, FetchFault, FetchStage, Lookup, Outcome, Txt};

use super::super::codes::{self, Code};
use super::super::{Severity, Status};
use super::{DAY, POLICY, Row, Scene, check, extra_requests, neighbours, scanned_at};

fn records() -> Vec<Row> {
    let sts = |change: fn(&mut Lookup<Txt>)| Scene::new().change(|e| change(&mut e.sts_txt));
    vec![
        ("absent", Scene::new().no_sts(), &[codes::STS_RECORD_ABSENT, codes::TLSRPT_WITHOUT_STS_OR_DANE]),
        ("servfail", Scene::new().sts_outcome(Outcome::Servfail).unfetched(), &[codes::STS_RECORD_DNS_ERROR]),
        ("our own fault", Scene::new().sts_outcome(Outcome::LocalError).unfetched(), &[]),
        ("opted out", Scene::new().sts_outcome(Outcome::Excluded).unfetched(), &[]),
        (
            "alias",
            sts(|l| l.cname_chain = vec!["_mta-sts.example.com.provider.example".to_owned()]),
            &[codes::STS_RECORD_CNAME, codes::STS_DELEGATION_PARTIAL],
        ),
        (
            "alias to nowhere",
            Scene::new().no_sts().change(|e| e.sts_txt.cname_chain = vec!["gone.example".to_owned()]),
            &[codes::STS_RECORD_ABSENT, codes::STS_RECORD_CNAME, codes::STS_RECORD_CNAME_DANGLING, codes::TLSRPT_WITHOUT_STS_OR_DANE],
        ),
        (
            "alias in a circle",
            Scene::new().sts_outcome(Outcome::Malformed).unfetched().change(|e| {
                e.sts_txt.cname_chain = vec!["a.example".to_owned(), "b.example".to_owned(), "a.example".to_owned()];
            }),
            &[codes::STS_RECORD_DNS_ERROR, codes::STS_RECORD_CNAME_LOOP],
        ),
        ("the other record", Scene::new().tlsrpt(&["v=STSv1; id=1;"]), &[codes::STS_RECORD_WRONG_NAME]),
        (
            "wildcard",
            Scene::new().sts(&["v=spf1 -all"]).tlsrpt(&["v=spf1 -all"]).unfetched(),
            &[
                codes::STS_RECORD_ABSENT,
                codes::STS_RECORD_WILDCARD_TXT,
                codes::STS_RECORD_UNRELATED_TXT,
                codes::TLSRPT_ABSENT,
                codes::TLSRPT_UNRELATED_TXT,
            ],
        ),
        ("two", Scene::new().sts(&["v=STSv1; id=1;", "v=STSv1; id=2;"]), &[codes::STS_RECORD_MULTIPLE]),
        ("bad id", Scene::new().sts(&["v=STSv1; id=a-b;"]), &[codes::STS_RECORD_ID_INVALID]),
        ("short TTL", sts(|l| l.ttl = Some(3_599)), &[codes::STS_RECORD_TTL_SHORT]),
        ("long TTL", sts(|l| l.ttl = Some(86_401)), &[codes::STS_RECORD_TTL_LONG]),
        ("TTL of a day", sts(|l| l.ttl = Some(86_400)), &[]),
        ("TTL not known", sts(|l| l.ttl = None), &[]),
    ]
}

fn hosts() -> Vec<Row> {
    let lost: &[_] = &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_HOST_NXDOMAIN];
    vec![
        ("nxdomain", Scene::new().no_host(Outcome::Nxdomain, Outcome::Nxdomain), lost),
        ("nodata", Scene::new().no_host(Outcome::Nodata, Outcome::Nodata), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_HOST_NO_ADDRESS]),
        ("servfail", Scene::new().no_host(Outcome::Servfail, Outcome::Servfail), &[codes::STS_HOST_DNS_ERROR]),
        ("our own fault", Scene::new().no_host(Outcome::LocalError, Outcome::Nodata), &[]),
        (
            "alias to nowhere",
            Scene::new().no_host(Outcome::Nxdomain, Outcome::Nxdomain).host_cname("gone.provider.example"),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_HOST_CNAME, codes::STS_HOST_CNAME_DANGLING, codes::STS_DELEGATION_PARTIAL],
        ),
        (
            "both delegated to one",
            Scene::new().host_cname("a.provider.example").change(|e| e.sts_txt.cname_chain = vec!["b.provider.example".to_owned()]),
            &[codes::STS_RECORD_CNAME, codes::STS_HOST_CNAME],
        ),
        ("host delegated", Scene::new().host_cname("a.provider.example"), &[codes::STS_HOST_CNAME, codes::STS_DELEGATION_PARTIAL]),
        ("own alias", Scene::new().host_cname("www.example.com"), &[codes::STS_HOST_CNAME]),
        (
            "no IPv6",
            Scene::new().change(|e| e.host_aaaa = Some(Lookup::unsent(String::new(), Outcome::Nodata))),
            &[codes::STS_HOST_NO_IPV6],
        ),
        ("IPv6 not known", Scene::new().change(|e| e.host_aaaa = Some(Lookup::unsent(String::new(), Outcome::Timeout))), &[]),
        ("no IPv4", Scene::new().change(|e| e.host_a = Some(Lookup::unsent(String::new(), Outcome::Nodata))), &[codes::STS_HOST_IPV6_ONLY]),
        (
            "private",
            Scene::new().error(FetchStage::Address, FetchFault::SpecialUseAddress),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_HOST_PRIVATE_ADDRESS],
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
        (error.alert, error.text) = (Some(40), "it sends the TLS alert unrecognized_name (112)".to_owned());
    });
    vec![
        ("refused", error(At::Connect, Fault::Refused), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_CONNECT_REFUSED]),
        ("reset", error(At::Tls, Fault::Reset), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_CONNECT_RESET]),
        ("connect timeout", error(At::Connect, Fault::Timeout), &[codes::STS_FETCH_CONNECT_TIMEOUT]),
        ("unreachable", error(At::Connect, Fault::Unreachable), &[codes::STS_FETCH_CONNECT_TIMEOUT]),
        ("our own fault", error(At::Connect, Fault::Local), &[]),
        ("timeout", error(At::Http, Fault::Timeout), &[codes::STS_FETCH_TIMEOUT]),
        ("alert", error(At::Tls, Fault::TlsAlert), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_TLS_ALERT]),
        ("another alert, whatever the words", handshake_failure, &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_TLS_ALERT]),
        ("unknown name", unrecognised, &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_TLS_ALERT, codes::STS_FETCH_SNI_UNPROVISIONED]),
        ("old TLS", error(At::Tls, Fault::TlsVersion), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_TLS_OLD]),
        ("not HTTP", error(At::Http, Fault::HttpProtocol), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_STATUS]),
        ("truncated", error(At::Body, Fault::Truncated), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_TRUNCATED]),
        ("TLS 1.2", Scene::new().fetch(|f| f.tls_version = Some("TLSv1.2".to_owned())), &[codes::STS_FETCH_TLS12_ONLY]),
        ("slow", Scene::new().fetch(|f| f.timings.total_ms = 10_001), &[codes::STS_FETCH_SLOW]),
        ("404", Scene::new().status(404), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_NOT_FOUND]),
        ("410", Scene::new().status(410), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_NOT_FOUND]),
        (
            "301",
            Scene::new().status(301).header("location", "https://www.example.com/"),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_REDIRECT],
        ),
        ("304", Scene::new().status(304), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_STATUS]),
        ("403", Scene::new().status(403), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_STATUS_FORBIDDEN]),
        ("403 of a filter", Scene::new().status(403).header("server", "cloudflare"), &[codes::STS_FETCH_UA_FILTERED]),
        ("429", Scene::new().status(429), &[codes::STS_FETCH_RATE_LIMITED]),
        ("503", Scene::new().status(503), &[codes::STS_FETCH_SERVER_ERROR]),
        ("401", Scene::new().status(401), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_STATUS]),
        ("too large", Scene::new().fetch(|f| f.body_cut = true), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_TOO_LARGE]),
        ("no type", Scene::new().fetch(|f| f.headers.clear()), &[codes::STS_FETCH_CONTENT_TYPE_MISSING]),
        ("wrong type", Scene::new().content_type("text/html"), &[codes::STS_FETCH_CONTENT_TYPE_WRONG]),
        ("nosniff", Scene::new().header("x-content-type-options", "nosniff"), &[codes::STS_FETCH_CONTENT_TYPE_NOSNIFF]),
        ("identity", Scene::new().header("content-encoding", "identity"), &[]),
        ("gzip", Scene::new().header("content-encoding", "gzip"), &[codes::STS_FETCH_CONTENT_ENCODING]),
        ("HTTP/1.0", Scene::new().fetch(|f| f.http_version = Some("HTTP/1.0".to_owned())), &[codes::STS_FETCH_HTTP10]),
        ("cached", Scene::new().header("age", "7"), &[codes::STS_FETCH_SERVED_FROM_CACHE]),
        ("hit", Scene::new().header("x-cache", "HIT from edge"), &[codes::STS_FETCH_SERVED_FROM_CACHE]),
        ("fresh", Scene::new().header("age", "0").header("x-cache", "MISS").header("cache-control", "public, max-age=60"), &[]),
        ("long caching", Scene::new().header("cache-control", "public, max-age=61"), &[codes::STS_FETCH_CACHE_CONTROL_LONG]),
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
                codes::STS_RECORD_WITHOUT_POLICY,
                codes::STS_FETCH_CERT_NO_SAN,
                codes::STS_FETCH_CERT_EXPIRED,
                codes::STS_FETCH_CERT_NOT_YET_VALID,
                codes::STS_FETCH_CERT_SELF_SIGNED,
                codes::STS_FETCH_CERT_INCOMPLETE_CHAIN,
                codes::STS_FETCH_CERT_UNTRUSTED,
                codes::STS_FETCH_CERT_REVOKED,
            ],
        ),
        (
            "name mismatch",
            Scene::new().certificate(&[Bad::NameMismatch]),
            &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_CERT_NAME_MISMATCH],
        ),
        ("malformed", Scene::new().certificate(&[Bad::Malformed]), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_CERT_UNTRUSTED]),
        ("14 days left", days(14, 90), &[codes::STS_FETCH_CERT_EXPIRING]),
        ("15 days left", days(15, 90), &[]),
        ("a tenth of a year left", days(30, 365), &[codes::STS_FETCH_CERT_EXPIRING]),
        ("a certificate for a week", days(5, 7), &[]),
        ("expired", days(0, 90).certificate(&[Bad::Expired]), &[codes::STS_RECORD_WITHOUT_POLICY, codes::STS_FETCH_CERT_EXPIRED]),
    ]
}

fn policies() -> Vec<Row> {
    let many: Vec<String> = (1..=31).map(|n| format!("mx{n}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let many_hosts: Vec<(u16, &str)> = many.iter().map(|host| (10, *host)).collect();
    vec![
        ("empty", Scene::new().body(""), &[codes::STS_POLICY_EMPTY]),
        ("LF", Scene::new().body(POLICY.replace('\r', "")), &[codes::STS_POLICY_EOL_LF]),
        ("not UTF-8", Scene::new().body([POLICY.as_bytes(), b"note: \xff\r\n"].concat()), &[codes::STS_POLICY_NOT_UTF8]),
        ("testing", Scene::new().policy("testing", &["mx1.example.com", "mx2.example.com"]), &[codes::STS_MODE_TESTING]),
        ("none", Scene::new().policy("none", &[]), &[codes::STS_MODE_NONE]),
        (
            "testing for long",
            Scene::new().sts(&["v=STSv1; id=20231231;"]).policy("testing", &["mx1.example.com", "mx2.example.com"]),
            &[codes::STS_MODE_TESTING, codes::STS_MODE_TESTING_LONG],
        ),
        (
            "an id that is no date",
            Scene::new().sts(&["v=STSv1; id=1672531200;"]).policy("testing", &["mx1.example.com", "mx2.example.com"]),
            &[codes::STS_MODE_TESTING],
        ),
        ("own wildcard", Scene::new().policy("enforce", &["*.example.com"]), &[codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN]),
        ("31 patterns", Scene::new().policy("enforce", &many).mx(&many_hosts), &[codes::STS_POLICY_MX_MANY]),
        (
            "a policy without a record",
            Scene::new().sts_outcome(Outcome::Nxdomain),
            &[codes::STS_RECORD_ABSENT, codes::STS_POLICY_WITHOUT_RECORD, codes::TLSRPT_WITHOUT_STS_OR_DANE],
        ),
    ]
}

fn coverage() -> Vec<Row> {
    let enforce = |patterns| Scene::new().policy("enforce", patterns);
    vec![
        ("a spare", enforce(&["mx1.example.com", "mx2.example.com", "spare.example.org"]), &[codes::STS_MX_STALE_PATTERN]),
        ("the preferred one", enforce(&["mx2.example.com"]), &[codes::STS_MX_UNCOVERED]),
        ("the backup", enforce(&["mx1.example.com"]), &[codes::STS_MX_UNCOVERED, codes::STS_MX_BACKUP_UNCOVERED]),
        ("all of them", enforce(&["mail.provider.example"]), &[codes::STS_MX_NONE_COVERED]),
        (
            "all of them, by a provider",
            enforce(&["mail.provider.example"]).host_cname("a.provider.example"),
            &[codes::STS_HOST_CNAME, codes::STS_MX_NONE_COVERED, codes::STS_DELEGATION_PARTIAL, codes::STS_PROVIDER_STALE_POLICY],
        ),
        (
            "typo",
            enforce(&["mx1.exmaple.com", "mx2.example.com"]),
            &[codes::STS_MX_UNCOVERED, codes::STS_MX_TYPO, codes::STS_MX_STALE_PATTERN],
        ),
        (
            "top-level domain",
            enforce(&["mx1.example.net", "mx2.example.com"]),
            &[codes::STS_MX_UNCOVERED, codes::STS_MX_TLD_MISMATCH, codes::STS_MX_STALE_PATTERN],
        ),
        ("policy host", enforce(&["mta-sts.example.com"]), &[codes::STS_POLICY_MX_IS_POLICY_HOST, codes::STS_MX_NONE_COVERED]),
        (
            "too deep",
            enforce(&["*.example.net"]).mx(&[(10, "a.b.example.net")]),
            &[codes::STS_MX_NONE_COVERED, codes::STS_MX_UNCOVERED_DEPTH],
        ),
        ("mode none asks for nothing", Scene::new().policy("none", &["mail.provider.example"]), &[codes::STS_MODE_NONE]),
    ]
}

fn mail() -> Vec<Row> {
    vec![
        (
            "null MX",
            Scene::new().no_sts().mx(&[(0, ".")]),
            &[codes::STS_RECORD_ABSENT, codes::MX_NULL, codes::TLSRPT_WITHOUT_STS_OR_DANE, codes::TLSRPT_RUA_DOMAIN_NULL_MX],
        ),
        (
            "null MX and a policy",
            Scene::new().mx(&[(0, ".")]),
            &[codes::STS_ON_NONMAIL_DOMAIN, codes::MX_NULL, codes::TLSRPT_RUA_DOMAIN_NULL_MX],
        ),
        ("no MX", Scene::new().no_sts().mx(&[]), &[codes::STS_RECORD_ABSENT, codes::MX_NONE, codes::TLSRPT_WITHOUT_STS_OR_DANE]),
        (
            "null MX with others",
            Scene::new().mx(&[(0, "."), (10, "mx1.example.com"), (20, "mx2.example.com")]),
            &[codes::MX_NULL_NOT_ALONE],
        ),
        ("implicit MX", Scene::new().mx(&[]).policy("enforce", &["example.com"]), &[codes::MX_NONE, codes::MX_IMPLICIT]),
        ("twice", Scene::new().mx(&[(10, "mx1.example.com"), (20, "mx1.example.com"), (30, "mx2.example.com")]), &[codes::MX_DUPLICATE]),
        (
            "address",
            Scene::new().no_sts().mx(&[(10, "192.0.2.1")]),
            &[codes::STS_RECORD_ABSENT, codes::MX_IP_LITERAL, codes::TLSRPT_WITHOUT_STS_OR_DANE],
        ),
        (
            "U-label",
            Scene::new().no_sts().mx(&[(10, "b\\195\\188cher.example")]),
            &[codes::STS_RECORD_ABSENT, codes::MX_U_LABEL, codes::TLSRPT_WITHOUT_STS_OR_DANE],
        ),
        (
            "underscore",
            Scene::new().no_sts().mx(&[(10, "mx_1.example")]),
            &[codes::STS_RECORD_ABSENT, codes::MX_UNDERSCORE, codes::TLSRPT_WITHOUT_STS_OR_DANE],
        ),
    ]
}

fn reports() -> Vec<Row> {
    vec![
        ("absent", Scene::new().tlsrpt(&[]), &[codes::STS_ENFORCE_WITHOUT_TLSRPT, codes::TLSRPT_ABSENT]),
        (
            "absent, testing",
            Scene::new().tlsrpt(&[]).policy("testing", &["*.example.com"]),
            &[codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN, codes::STS_MODE_TESTING, codes::STS_WITHOUT_TLSRPT, codes::TLSRPT_ABSENT],
        ),
        ("neither", Scene::new().no_sts().tlsrpt(&[]), &[codes::STS_RECORD_ABSENT, codes::TLSRPT_ABSENT]),
        ("failure", Scene::new().tlsrpt_outcome(Outcome::Timeout), &[codes::TLSRPT_DNS_ERROR]),
        ("alias", Scene::new().change(|e| e.tlsrpt_txt.cname_chain = vec!["a.provider.example".to_owned()]), &[codes::TLSRPT_CNAME]),
        ("short TTL", Scene::new().change(|e| e.tlsrpt_txt.ttl = Some(60)), &[codes::TLSRPT_TTL_SHORT]),
        ("external", Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@reports.example.net"]), &[codes::TLSRPT_RUA_EXTERNAL]),
        ("own, below", Scene::new().tlsrpt(&["v=TLSRPTv1; rua=mailto:a@reports.example.com"]), &[]),
        ("of another kind", Scene::new().tlsrpt(&["v=TLSRPTv1;"]), &[codes::TLSRPT_RUA_MISSING]),
    ]
}

#[test]
fn record_findings() {
    // A record of the other kind at _smtp._tls is also no TLSRPT record; what the parser adds to that is its own business.
    let (misplaced, rest): (Vec<Row>, Vec<Row>) = records().into_iter().partition(|(name, ..)| *name == "the other record");
    check(&rest);
    assert!(misplaced.iter().all(|(_, scene, _)| scene.codes().contains(&codes::STS_RECORD_WRONG_NAME)));
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

/// Active codes that no case of the lab shows, so that they have to come about here. The lab's tests look after all others.
const BEYOND_THE_LAB: &[Code] = &[codes::STS_HOST_PRIVATE_ADDRESS, codes::STS_FETCH_CERT_REVOKED];

#[test]
fn only_active_codes_come_about() {
    let tables = [records(), hosts(), exchanges(), certificates(), policies(), coverage(), mail(), reports()];
    let neighbours = [neighbours::mx_hosts(), neighbours::receivers(), neighbours::strays()];
    use extra_requests::{addresses, keys, parents, places, receivers};
    let further = [places(), addresses(), keys(), receivers(), parents()];
    let seen: HashSet<Code> = tables.iter().chain(&neighbours).chain(&further).flatten().flat_map(|(_, scene, _)| scene.codes()).collect();
    let reserved: Vec<&Code> = seen.iter().filter(|code| code.rule().status != Status::Active).collect();
    assert!(reserved.is_empty(), "{reserved:?}");
    assert!(BEYOND_THE_LAB.iter().all(|code| seen.contains(code)));
}

#[test]
fn an_uncovered_host_is_worse_where_the_policy_is_enforced() {
    let severity = |mode| {
        let findings = Scene::new().policy(mode, &["mx2.example.com"]).judge().findings;
        findings.iter().find(|f| f.code == codes::STS_MX_UNCOVERED).map(|f| (f.severity, f.subject.clone()))
    };
    assert_eq!(severity("enforce"), Some((Severity::High, "mx1.example.com".to_owned())));
    assert_eq!(severity("testing"), Some((Severity::Medium, "mx1.example.com".to_owned())));
}

#[test]
fn dates_are_judged_by_the_time_of_the_scan() {
    let later = |days: u64| Scene::new().change(|e| e.scanned_at += Duration::from_secs(days * 86_400));
    assert!(!later(40).codes().contains(&codes::STS_FETCH_CERT_EXPIRING));
    assert!(later(50).codes().contains(&codes::STS_FETCH_CERT_EXPIRING));
}

#[test]
fn details_name_the_line_and_quote_what_is_hostile() {
    let judged = Scene::new().body(POLICY.replace("mode: enforce", "mode: \u{1b}[31m\u{e9}")).judge();
    assert!(judged.findings.iter().any(|f| f.detail.starts_with("line 2")), "{:?}", judged.findings);
    assert!(judged.findings.iter().all(|f| f.detail.bytes().all(|b| (b' '..=b'~').contains(&b))), "{:?}", judged.findings);
}
