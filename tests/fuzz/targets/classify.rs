//! The judgement of any evidence: JSON as `check --json` prints it, or the texts of a domain, one after each `0xff`.
#![no_main]

use std::net::Ipv4Addr;
use std::time::SystemTime;

use stscan::classify::{Assessment, Posture, RecordState, catalogue, classify};
use stscan::evidence::{CertificateFault, Connection, Evidence, Fetch, FetchError, FetchFault, FetchStage, Lookup, Mx, Outcome, Txt};
use stscan::name::Domain;
use stscan::publish::{Ids, Known, Wishes, decide, dns};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let evidence = match data.first() {
        Some(b'{') => serde_json::from_slice(data).ok(),
        _ => composed(data),
    };
    if let Some(evidence) = evidence {
        check(&evidence, &classify(&evidence));
    }
});

fn check(evidence: &Evidence, judged: &Assessment) {
    let places: Vec<_> = judged.findings.iter().map(|finding| catalogue().iter().position(|code| *code == finding.code)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some));
    let printable = |text: &str| text.bytes().all(|b| (b' '..=b'~').contains(&b));
    assert!(judged.findings.iter().all(|finding| printable(&finding.subject) && printable(&finding.detail)));
    assert_eq!(judged.posture == Posture::Absent, judged.sts_state == RecordState::Absent);
    let known = Known { evidence, assessment: judged, stated: false };
    let decision = decide(known, &Wishes::default(), &Ids::at(SystemTime::UNIX_EPOCH));
    for stage in decision.now.iter().chain(&decision.later) {
        assert!(stage.policy.ends_with("\r\n"));
        assert!(dns::bind(&decision, stage, false, &[]).lines().all(|line| line.is_ascii() && line.starts_with([';', '_', 'm'])));
    }
}

/// Flags, then texts: MX hosts (a line each), MTA-STS records, TLSRPT records, media type, policy, alias of the policy host.
fn composed(data: &[u8]) -> Option<Evidence> {
    let (flags, texts) = data.split_at_checked(6)?;
    let mut texts = texts.split(|&b| b == 0xff);
    let mut next = || texts.next().unwrap_or_default();
    let domain = Domain::from_a_labels("example.com")?;
    let outcome = |flag: u8| *Outcome::ALL.get(usize::from(flag)).unwrap_or(&Outcome::Noerror);
    let mx =
        lines(next()).zip(0..).map(|(host, place)| Mx { preference: place / 2, exchange: String::from_utf8_lossy(host).into() }).collect();
    let records =
        |text: &[u8]| -> Vec<Txt> { lines(text).map(|line| Txt(line.split(|&b| b == b'\t').map(<[u8]>::to_vec).collect())).collect() };
    let host = domain.policy_host();
    let (sts, tlsrpt, media_type, body) = (records(next()), records(next()), next().to_vec(), next().to_vec());
    let chain: Vec<String> = lines(next()).map(|name| String::from_utf8_lossy(name).into()).collect();
    let error = (flags[3] > 0).then(|| {
        let stage = FetchStage::ALL[usize::from(flags[3]) % FetchStage::ALL.len()];
        FetchError::new(stage, FetchFault::ALL[usize::from(flags[4]) % FetchFault::ALL.len()], "")
    });
    let address = Ipv4Addr::new(192, 0, 2, 1);
    let fetch = Fetch {
        status: Some(if flags[5] < 200 { 200 } else { u16::from(flags[5]) * 2 }),
        headers: vec![("content-type".to_owned(), media_type)],
        body: Some(body),
        error,
        certificate: CertificateFault::ALL.get(usize::from(flags[4])).map(|fault| certificate(*fault)),
        ..Fetch::new(vec![address.into()])
    };
    let sts_copy = sts.clone();
    let mut evidence = Evidence::nothing_seen(domain.clone(), SystemTime::UNIX_EPOCH);
    evidence.elapsed_ms = 1;
    evidence.mx = Lookup { records: mx, ..Lookup::unsent("example.com".to_owned(), outcome(flags[0])) };
    evidence.sts_txt = Lookup { records: sts, ..Lookup::unsent(domain.sts_record_name(), outcome(flags[1])) };
    evidence.tlsrpt_txt = Lookup { records: tlsrpt, ..Lookup::unsent(domain.tlsrpt_record_name(), outcome(flags[2])) };
    evidence.host_a = Some(Lookup { records: vec![address], cname_chain: chain, ..Lookup::unsent(host.clone(), Outcome::Noerror) });
    evidence.host_aaaa = Some(Lookup::unsent(host, Outcome::Nodata));
    evidence.extra_requests =
        ["http://mta-sts.example.com/.well-known/mta-sts.txt", "https://mta-sts.example.com/.well-known/mta-sts.txt"]
            .map(|url| Connection::new(url.to_owned(), fetch.clone()))
            .into();
    evidence.fetch = Some(Box::new(fetch));
    evidence.stray_records = vec![Lookup { records: sts_copy, ..Lookup::unsent(domain.wildcard_probe_name(), Outcome::Noerror) }];
    Some(evidence)
}

fn certificate(fault: CertificateFault) -> stscan::evidence::Certificate {
    stscan::evidence::Certificate {
        faults: vec![fault],
        reason: None,
        subject: String::new(),
        sans: vec!["www.example.com".to_owned()],
        issuer: String::new(),
        not_before: None,
        not_after: None,
        key_type: None,
        key_bits: None,
        signature_algorithm: None,
        sha256: String::new(),
        chain_length: 1,
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n').filter(|line| !line.is_empty())
}
