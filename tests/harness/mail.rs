//! Domains whose mail servers were asked, made by hand: what was said is evidence, what it means is put beside it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use stscan::classify::codes::{self, Code};
use stscan::classify::{Assessment, DaneState, Delivery, DnssecState, Finding, MxTls, Severity, classify};
use stscan::dataset::{Activity, Dataset, List, Options, Record, RunDescription, Tool, record_batch};
use stscan::evidence::{
    Certificate, CertificateFault, Conversation, Evidence, FetchError, FetchFault, FetchStage, HostLookup, Lookup, Mx, MxAsked, Outcome,
    Tlsa,
};
use stscan::input::{Accounting, Target};
use stscan::name::Domain;

/// Text that acts on a terminal, a page, a spreadsheet or a reader's eyes.
pub const HOSTILE: &[u8] = b"220 mx.hostile.example <script>alert(1)</script>\x1b[2J\0\xe2\x80\xae=1+1\xff\r\n";

/// A domain with a policy of this mode, or without a record, and no mail server yet.
pub fn domain(name: &str, mode: Option<&str>) -> Record {
    let template = include_str!("../golden/enforce.json").replace("enforce.test", name);
    let mut evidence: Evidence = serde_json::from_str(&template).unwrap();
    evidence.scanned_at = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    evidence.mx.records.clear();
    evidence.mx_hosts.clear();
    evidence.rua_hosts.clear();
    match mode {
        Some(mode) => {
            let fetch = evidence.fetch.as_mut().unwrap();
            let body = format!("version: STSv1\nmode: {mode}\nmx: HOSTS\nmax_age: 604800\n");
            fetch.body = Some(body.into_bytes());
        }
        None => {
            evidence.sts_txt = Lookup { rcode: Some(3), ..Lookup::unsent(format!("_mta-sts.{name}"), Outcome::Nxdomain) };
            (evidence.host_a, evidence.host_aaaa, evidence.fetch) = (None, None, None);
        }
    }
    let target = Target {
        ordinal: 0,
        domain: Domain::from_a_labels(name).unwrap(),
        rank: None,
        list: "made.csv".into(),
        file: None,
        line: None,
        carried: Vec::new(),
    };
    Record { target, evidence, assessment: Assessment::default() }
}

/// An MX host with an address and what was said there.
pub fn host(name: &str, conversation: impl FnOnce(&mut Conversation)) -> HostLookup {
    let address = Ipv4Addr::new(44, 0, 0, name.len() as u8);
    let a =
        Lookup { records: vec![address], rcode: Some(0), authenticated: Some(true), ..Lookup::unsent(name.to_owned(), Outcome::Noerror) };
    let aaaa = Lookup { rcode: Some(0), authenticated: Some(true), ..Lookup::unsent(name.to_owned(), Outcome::Nodata) };
    let mut host = HostLookup::new(name.to_owned(), a, aaaa);
    let mut held = Conversation::new(IpAddr::from(address));
    held.connections = 1;
    (held.timings.connect_ms, held.timings.greeting_ms, held.timings.total_ms) = (Some(3), Some(12), 40);
    held.greeting = Some(format!("220 {name} ESMTP ready\r\n").into_bytes());
    held.ehlo = Some(format!("250-{name} Hello scanner.example [192.0.2.7]\r\n250-SIZE 10240000\r\n250 STARTTLS\r\n").into_bytes());
    held.starttls = Some(b"220 2.0.0 go ahead\r\n".to_vec());
    conversation(&mut held);
    host.conversations = vec![held];
    host
}

/// A TLS session with a certificate that has these faults.
pub fn session(
    version: &'static str,
    name: &'static str,
    issuer: &'static str,
    faults: &'static [CertificateFault],
) -> impl Fn(&mut Conversation) {
    move |held| {
        held.tls_version = Some(version.to_owned());
        held.tls_cipher = Some("TLS13_AES_128_GCM_SHA256".to_owned());
        held.ehlo_in_tls = held.ehlo.clone();
        held.certificate = Some(certificate(name, issuer, faults));
    }
}

fn certificate(name: &str, issuer: &str, faults: &[CertificateFault]) -> Certificate {
    let template = include_str!("../golden/enforce.json");
    let mut evidence: Evidence = serde_json::from_str(template).unwrap();
    let mut certificate = evidence.fetch.as_mut().unwrap().certificate.take().unwrap();
    certificate.faults = faults.to_vec();
    certificate.reason = (!faults.is_empty()).then(|| "as made up".to_owned());
    certificate.subject = format!("CN={name}");
    certificate.sans = vec![name.to_owned()];
    certificate.issuer = format!("CN=R11,O={issuer},C=US");
    (certificate.not_before, certificate.not_after) =
        (Some(UNIX_EPOCH + Duration::from_secs(1_790_000_000)), Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000)));
    certificate
}

/// A conversation that ended early, with what had come until then.
pub fn ended(stage: FetchStage, fault: FetchFault, said: &'static str) -> impl Fn(&mut Conversation) {
    move |held| {
        let said = (!said.is_empty()).then(|| said.as_bytes().to_vec());
        match stage {
            FetchStage::Ehlo => held.ehlo = said,
            _ => (held.greeting, held.ehlo) = (said, None),
        }
        held.starttls = None;
        held.error = Some(FetchError::new(stage, fault, "it replies with the code 421"));
    }
}

/// TLSA records of a host, as usage, selector and matching type.
pub fn tlsa(mut host: HostLookup, records: &[[u8; 3]], authenticated: bool) -> HostLookup {
    let name = format!("_25._tcp.{}", host.host);
    let record =
        |[usage, selector, matching]: &[u8; 3]| Tlsa { usage: *usage, selector: *selector, matching: *matching, data: vec![7; 32] };
    let outcome = if records.is_empty() { Outcome::Nxdomain } else { Outcome::Noerror };
    host.tlsa = vec![Lookup {
        records: records.iter().map(record).collect(),
        rcode: Some(0),
        authenticated: Some(authenticated),
        ..Lookup::unsent(name, outcome)
    }];
    host
}

/// What the columns say of a domain whose MX hosts were asked.
pub struct Said {
    pub mx_tls: Option<MxTls>,
    pub dane: Option<DaneState>,
    pub delivery: Delivery,
    pub delivery_dane: Option<Delivery>,
    pub mx_dnssec: Option<DnssecState>,
    /// Codes about MX hosts, each with its subject.
    pub codes: Vec<(Code, &'static str)>,
}

/// Gives a domain its mail servers, and says what they mean.
pub fn with(mut record: Record, hosts: Vec<HostLookup>, said: Said) -> Record {
    let evidence = &mut record.evidence;
    evidence.mx_asked = (said.mx_tls.is_some() || said.dane.is_some()).then_some(MxAsked {
        smtp: said.mx_tls.is_some(),
        dane: said.dane.is_some(),
        validates: said.dane.is_some(),
    });
    let mx = |(place, host): (usize, &HostLookup)| Mx { preference: 10 * (place as u16 + 1), exchange: host.host.clone() };
    evidence.mx.records = hosts.iter().enumerate().map(mx).collect();
    evidence.mx.outcome = Outcome::Noerror;
    if let Some(body) = evidence.fetch.as_mut().and_then(|fetch| fetch.body.as_mut()) {
        let patterns: String = hosts.iter().map(|host| format!("mx: {}\n", host.host)).collect();
        *body = String::from_utf8(body.clone()).unwrap().replace("mx: HOSTS\n", &patterns).into_bytes();
    }
    evidence.mx_hosts = hosts;
    let mut assessment = classify(evidence);
    (assessment.mx_tls, assessment.dane_state, assessment.mx_dnssec) = (said.mx_tls, said.dane, said.mx_dnssec);
    (assessment.delivery, assessment.delivery_dane) = (said.delivery, said.delivery_dane);
    assessment.findings.retain(|finding| !["mx-", "dane-", "dnssec-"].iter().any(|family| finding.code.as_str().starts_with(family)));
    for (code, subject) in said.codes {
        let severity = if code == codes::MX_REFUSED { Severity::Info } else { code.rule().severity };
        assessment.findings.push(Finding { code, severity, subject: subject.to_owned(), detail: String::new(), count: 1 });
    }
    assessment.findings.sort_by_key(|finding| finding.code);
    record.assessment = assessment;
    record
}

/// Eight domains: two at one provider, protected by both; an expired certificate; no STARTTLS; a refusal; a record that matches nothing;
/// one that says hostile things; and one that nobody was asked about.
pub fn domains() -> Vec<Record> {
    use stscan::evidence::CertificateFault::{Expired, NameMismatch};
    let good = || tlsa(host("mx.big.example", session("TLSv1.3", "mx.big.example", "Let's Encrypt", &[])), &[[3, 1, 1], [2, 1, 1]], true);
    let expired = || tlsa(host("mx.old.example", session("TLSv1.2", "mx.old.example", "Sectigo", &[Expired, NameMismatch])), &[], true);
    let plain = tlsa(
        host("mx.plain.example", |held| {
            held.ehlo = Some(b"250 mx.plain.example\r\n".to_vec());
            held.starttls = None;
        }),
        &[],
        true,
    );
    let busy =
        tlsa(host("mx.busy.example", ended(FetchStage::Greeting, FetchFault::SmtpRefused, "421 too many connections\r\n")), &[], true);
    let stale = tlsa(host("mx.stale.example", session("TLSv1.3", "mx.stale.example", "Let's Encrypt", &[])), &[[3, 1, 1]], true);
    let hostile = host("mx.hostile.example", |held| {
        session("TLSv1.3", "mx.hostile.example", "=1\\+1\u{1b}[2J", &[])(held);
        held.greeting = Some(HOSTILE.to_vec());
        held.ehlo = Some([b"250-".to_vec(), HOSTILE.to_vec(), b"250 STARTTLS\r\n".to_vec()].concat());
    });
    let said = |mx_tls, dane, delivery, delivery_dane, codes: &[(Code, &'static str)]| Said {
        mx_tls: Some(mx_tls),
        dane: Some(dane),
        delivery,
        delivery_dane: Some(delivery_dane),
        mx_dnssec: Some(DnssecState::Secure),
        codes: codes.to_vec(),
    };
    use stscan::classify::Delivery::{Opportunistic, Protected, Refused, Reported, Unknown};
    let both = [(codes::DANE_AND_STS, ""), (codes::DANE_PRESENT, "mx.big.example")];
    let mut records = vec![
        with(domain("one.example", Some("enforce")), vec![good()], said(MxTls::All, DaneState::Valid, Protected, Protected, &both)),
        with(
            domain("two.example", Some("testing")),
            vec![good(), expired()],
            said(MxTls::Some, DaneState::Partial, Reported, Reported, &[(codes::MX_CERT_EXPIRED, "mx.old.example")]),
        ),
        with(
            domain("three.example", Some("enforce")),
            vec![expired()],
            said(
                MxTls::None,
                DaneState::Absent,
                Refused,
                Refused,
                &[(codes::MX_CERT_EXPIRED, "mx.old.example"), (codes::MX_CERT_NAME_MISMATCH, "mx.old.example")],
            ),
        ),
        with(
            domain("four.example", None),
            vec![plain],
            said(MxTls::None, DaneState::Absent, Opportunistic, Opportunistic, &[(codes::MX_NO_STARTTLS, "mx.plain.example")]),
        ),
        with(
            domain("five.example", Some("enforce")),
            vec![busy],
            said(MxTls::Unknown, DaneState::Absent, Unknown, Unknown, &[(codes::MX_REFUSED, "mx.busy.example")]),
        ),
        with(
            domain("six.example", Some("enforce")),
            vec![stale],
            said(MxTls::All, DaneState::Mismatch, Protected, Refused, &[(codes::DANE_MISMATCH, "mx.stale.example")]),
        ),
        with(
            domain("seven.example", Some("enforce")),
            vec![hostile],
            Said { mx_tls: Some(MxTls::All), dane: None, delivery: Protected, delivery_dane: None, mx_dnssec: None, codes: Vec::new() },
        ),
        with(
            domain("eight.example", None),
            vec![],
            Said { mx_tls: None, dane: None, delivery: Opportunistic, delivery_dane: None, mx_dnssec: None, codes: Vec::new() },
        ),
    ];
    for (ordinal, record) in (0_u64..).zip(&mut records) {
        record.target.ordinal = ordinal;
    }
    records
}

/// The same domains where nobody was asked anything of their MX hosts.
pub fn unasked(mut records: Vec<Record>) -> Vec<Record> {
    for record in &mut records {
        record.evidence.mx_asked = None;
        for host in &mut record.evidence.mx_hosts {
            (host.tlsa, host.conversations) = (Vec::new(), Vec::new());
        }
        record.assessment = classify(&record.evidence);
    }
    records
}

/// Writes a finished dataset that was begun on a day of January 2026.
pub fn write(dir: &Path, day: u64, options: &[(&str, &str)], records: &[Record]) {
    let run = RunDescription {
        run_id: format!("day-{day}"),
        tool: Tool::of_this_build(),
        catalogue_version: stscan::classify::CATALOGUE_VERSION.to_owned(),
        configuration: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect::<Options>(),
        pace: Options::from([("ehlo".to_owned(), "scanner.example".into())]),
        shard_rows: 1000,
        list: List { name: "made.csv".to_owned(), ..List::default() },
        public_suffix_list: String::new(),
        root_store: String::new(),
        resolvers: Vec::new(),
        user_agent: String::new(),
        resolver_validates: None,
        asn_db: Vec::new(),
    };
    let mut dataset = Dataset::create_or_resume(dir, &run).unwrap();
    dataset.commit_part(0, &[record_batch(records).unwrap()], &Activity::default()).unwrap();
    let rows = records.len() as u64;
    dataset.finish(Accounting { lines: rows, rows, ..Accounting::default() }, run.list, &Activity::default()).unwrap();
    let path = dir.join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    manifest["started_at"] = format!("2026-01-{day:02}T00:00:00Z").into();
    manifest["seal"] = "".into();
    std::fs::write(&path, manifest.to_string()).unwrap();
}
