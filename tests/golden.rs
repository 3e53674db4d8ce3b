//! Golden files: for each case of the zoo the evidence and the judgement of it, so that a change of judgement is a readable diff.
//!
//! `tests/golden/CASE.json` is what a probe saw, `CASE.assessment.json` what is to be said of it. After a change that is meant:
//! `STSCAN_REGENERATE=golden cargo test --test golden`, then read the diff. That probes the zoo again; what differs from one probe to
//! the next (times, keys, the resolver's address) is replaced by fixed values.

#![allow(clippy::unwrap_used)] // Helpers of tests; clippy.toml covers only the tests themselves.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use stscan::classify::{Posture, classify};
use stscan::evidence::{Certificate, ChainCertificate, Conversation, Evidence, HostLookup, Lookup, SmtpTimings};
use stscan::lab::{Internet, Lab, cases};
use stscan::name::Domain;
use stscan::observe::fetch::FetchConfig;
use stscan::observe::scope::Scope;
use stscan::observe::smtp::SmtpConfig;
use stscan::scan::{Network, NetworkPlan};
use stscan::trial::overrides;

/// 2024-02-01 00:00:00 UTC, the start of every probe.
const BEGUN: u64 = 1_706_745_600;
/// Bodies of more octets say no more than others and make large files.
const LARGEST_BODY: usize = 4096;
/// Cases whose bodies are larger.
const LEFT_OUT: &[&str] = &["chunked-endless", "head-endless", "interim-endless", "policy-64-kb", "policy-large", "policy-over-64-kb"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn the_judgement_of_every_case_is_as_stored() {
    if std::env::var_os("STSCAN_REGENERATE").is_some_and(|what| what == "golden") {
        regenerate();
    }
    let mut differences = String::new();
    for case in cases().iter().filter(|case| !LEFT_OUT.contains(&case.name)) {
        let read = |ending: &str| {
            let path = folder().join(format!("{}.{ending}", case.name));
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}; regenerate the golden files", path.display()))
        };
        let evidence: Evidence = serde_json::from_str(&read("json")).unwrap();
        assert_eq!(pretty(&evidence), read("json"), "{}: the evidence does not come back as it is stored", case.name);
        let (stored, found) = (read("assessment.json"), pretty(&classify(&evidence)));
        if stored != found {
            differences += &format!("{}\n{}", case.name, difference(&stored, &found));
        }
    }
    assert!(differences.is_empty(), "\n{differences}If that is meant: STSCAN_REGENERATE=golden cargo test --test golden");
}

#[test]
fn every_broken_case_has_the_cause_that_was_written_by_hand() {
    let mut wrong = String::new();
    let mut broken = 0;
    for case in cases().iter().filter(|case| !LEFT_OUT.contains(&case.name)) {
        let text = fs::read_to_string(folder().join(format!("{}.json", case.name))).unwrap();
        let assessment = classify(&serde_json::from_str(&text).unwrap());
        let cause = assessment.cause();
        broken += usize::from(assessment.posture == Posture::Broken);
        assert_eq!(cause.is_some(), assessment.posture == Posture::Broken, "{}", case.name);
        let written = case.truth.columns().find(|(column, _)| *column == "cause").map(|(_, word)| word);
        if written != Some(cause.map(|code| code.as_str())) {
            wrong += &format!("{}: {cause:?}, but by hand {written:?}\n", case.name);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(broken > 100, "{broken}");
}

#[test]
fn every_golden_file_is_of_a_case() {
    let known: BTreeSet<&str> = cases().iter().map(|case| case.name).filter(|name| !LEFT_OUT.contains(name)).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let case = name.strip_suffix(".assessment.json").or_else(|| name.strip_suffix(".json"));
        assert!(case.is_some_and(|case| known.contains(case)), "tests/golden/{name} is of no case: remove it");
    }
}

/// The lines that are only in one of two texts.
fn difference(stored: &str, found: &str) -> String {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (stored.lines().collect(), found.lines().collect());
    let gone = stored.lines().filter(|line| !new.contains(line)).map(|line| format!("  - {line}\n"));
    let come = found.lines().filter(|line| !old.contains(line)).map(|line| format!("  + {line}\n"));
    gone.chain(come).collect()
}

/// JSON with a line for whatever fits into one, so that a difference is seen with what belongs to it.
fn pretty(value: &impl serde::Serialize) -> String {
    let mut out = String::new();
    write(&serde_json::to_value(value).unwrap(), "\n", &mut out);
    out + "\n"
}

fn write(value: &Value, line: &str, out: &mut String) {
    const WIDEST: usize = 320;
    let short = value.to_string();
    let inner = format!("{line}  ");
    match value {
        Value::Object(fields) if short.len() > WIDEST || line == "\n" => {
            for (place, (name, value)) in fields.iter().enumerate() {
                *out += &format!("{}{inner}{}: ", if place == 0 { "{" } else { "," }, json!(name));
                write(value, &inner, out);
            }
            *out += &format!("{line}}}");
        }
        Value::Array(items) if items.first().is_some_and(Value::is_object) && short.len() > WIDEST / 4 => {
            for (place, value) in items.iter().enumerate() {
                *out += &format!("{}{inner}", if place == 0 { "[" } else { "," });
                write(value, &inner, out);
            }
            *out += &format!("{line}]");
        }
        _ => *out += &short,
    }
}

fn regenerate() {
    fs::create_dir_all(folder()).unwrap();
    for mut evidence in observe() {
        let case = evidence.domain.as_str().strip_suffix(".test").unwrap().to_owned();
        let large = evidence.fetch.as_ref().and_then(|fetch| fetch.body.as_ref()).is_some_and(|body| body.len() > LARGEST_BODY);
        let left_out = LEFT_OUT.contains(&case.as_str());
        assert!(!large || left_out, "{case}: LEFT_OUT has to name the cases with large bodies");
        if left_out {
            continue;
        }
        make_stable(&mut evidence);
        fs::write(folder().join(format!("{case}.json")), pretty(&evidence)).unwrap();
        fs::write(folder().join(format!("{case}.assessment.json")), pretty(&classify(&evidence))).unwrap();
    }
}

/// Probes every case of the zoo, all at once; mail servers are asked for the cases that are about them.
fn observe() -> Vec<Evidence> {
    let lab = Lab::start(Internet::zoo()).unwrap();
    let of_mail: BTreeSet<String> =
        cases().iter().filter(|case| case.is_of_mail_servers()).map(|case| format!("{}.test", case.name)).collect();
    let (asked, unasked): (Vec<String>, Vec<String>) = lab.names().partition(|name| of_mail.contains(name));
    [probed(&lab, &unasked, Scope::None), probed(&lab, &asked, Scope::All)].into_iter().flatten().collect()
}

/// Probes these names of a lab, all at once.
fn probed(lab: &Lab, names: &[String], scope: Scope) -> Vec<Evidence> {
    let fetch = FetchConfig {
        connect_timeout: Duration::from_secs(3),
        total_timeout: Duration::from_secs(20),
        fetch_rate: 0,
        host_rate: 0,
        allow_private: true,
        ..FetchConfig::default()
    };
    let plan = NetworkPlan {
        look_around: true,
        smtp: scope,
        dane: Some(scope),
        mail: SmtpConfig {
            smtp_rate: 0.0,
            smtp_greeting_timeout: Duration::from_secs(12),
            ehlo: Some("scanner.example".to_owned()),
            ..SmtpConfig::default()
        },
        trust_resolvers: true,
        retry_rounds: Vec::new(),
        rate: Some(0),
        resolver_rate: Some(0),
        fetch,
        overrides: overrides(lab),
        ..NetworkPlan::default()
    };
    let network = Network::prepare(&plan).unwrap();
    let domains: Vec<Domain> = names.iter().map(|name| Domain::from_a_labels(name).unwrap()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let probe = network.probe().unwrap();
        futures_util::future::join_all(domains.iter().map(async |domain| *probe.observe(domain).await)).await
    })
}

/// Replaces what differs from one probe to the next.
fn make_stable(evidence: &mut Evidence) {
    let begun = std::mem::replace(&mut evidence.scanned_at, SystemTime::UNIX_EPOCH + Duration::from_secs(BEGUN));
    evidence.elapsed_ms = 100;
    make_lookup_stable(&mut evidence.mx);
    make_lookup_stable(&mut evidence.sts_txt);
    make_lookup_stable(&mut evidence.tlsrpt_txt);
    evidence.host_a.iter_mut().for_each(make_lookup_stable);
    evidence.host_aaaa.iter_mut().for_each(make_lookup_stable);
    make_mail_servers_stable(&mut evidence.mx_hosts, begun);
    for receiver in &mut evidence.rua_hosts {
        receiver.mx.iter_mut().for_each(make_lookup_stable);
        receiver.a.iter_mut().for_each(make_lookup_stable);
        receiver.aaaa.iter_mut().for_each(make_lookup_stable);
    }
    let receivers = evidence.rua_hosts.iter_mut().filter_map(|receiver| receiver.connection.as_mut());
    for connection in receivers.chain(&mut evidence.extra_requests) {
        connection.total_ms = rounded(connection.total_ms);
        connection.second_hello.iter_mut().for_each(|hello| hello.elapsed_ms = rounded(hello.elapsed_ms));
    }
    // Nothing at a name around says nothing; the files stay small without it.
    evidence.stray_records.retain(|lookup| !lookup.records.is_empty());
    evidence.stray_records.iter_mut().for_each(make_lookup_stable);
    let Some(fetch) = &mut evidence.fetch else { return };
    let timings = &mut fetch.timings;
    for time in [&mut timings.connect_ms, &mut timings.tls_ms, &mut timings.http_ms, &mut timings.body_ms].into_iter().flatten() {
        *time = rounded(*time);
    }
    timings.total_ms = rounded(timings.total_ms);
    fetch.headers.retain(|(name, _)| name != "date");
    fetch.second_hello.iter_mut().for_each(|hello| hello.elapsed_ms = rounded(hello.elapsed_ms));
    let shown = fetch.certificate.iter_mut().chain(fetch.second_hello.iter_mut().filter_map(|hello| hello.certificate.as_mut()));
    shown.for_each(|certificate| make_certificate_stable(certificate, begun));
}

fn make_certificate_stable(certificate: &mut Certificate, begun: SystemTime) {
    certificate.sha256 = "00".repeat(32);
    certificate.not_before = certificate.not_before.map(|time| moved(time, begun));
    certificate.not_after = certificate.not_after.map(|time| moved(time, begun));
    // The verifier adds times to some of its words, always at their end.
    certificate.reason = certificate.reason.take().map(|reason| reason.split(" { time: ").next().unwrap().to_owned());
}

/// The same of MX hosts: numbers in place of what hashes and TLSA records hold, equal where they were equal, and one address of each family in
/// place of those that the lab numbers by its cases.
fn make_mail_servers_stable(hosts: &mut [HostLookup], begun: SystemTime) {
    let mut numbers = Numbers::default();
    for host in hosts {
        make_lookup_stable(&mut host.a);
        make_lookup_stable(&mut host.aaaa);
        host.alias.iter_mut().for_each(make_lookup_stable);
        host.tlsa.iter_mut().for_each(make_lookup_stable);
        host.a
            .records
            .iter_mut()
            .filter(|address| address.octets()[..2] == [44, 0])
            .for_each(|address| *address = Ipv4Addr::new(44, 0, 0, 1));
        let numbered = |address: &&mut Ipv6Addr| matches!(address.segments(), [0x2a10, ..=0xfffe, 0, ..]);
        host.aaaa.records.iter_mut().filter(numbered).for_each(|address| *address = Ipv6Addr::new(0x2a10, 1, 0, 0, 0, 0, 0, 0x25));
        // Whole certificates first: their hashes follow from what stands in their place.
        let records = || host.tlsa.iter().flat_map(|lookup| &lookup.records);
        records().filter(|record| record.matching == 0).for_each(|record| numbers.add_whole(&record.data));
        for record in host.tlsa.iter_mut().flat_map(|lookup| &mut lookup.records) {
            record.data = numbers.of(&record.data);
        }
        for conversation in &mut host.conversations {
            make_conversation_stable(conversation, &mut numbers, begun);
        }
    }
}

fn make_conversation_stable(conversation: &mut Conversation, numbers: &mut Numbers, begun: SystemTime) {
    conversation.address = match conversation.address {
        IpAddr::V4(address) if address.octets()[..2] == [44, 0] => Ipv4Addr::new(44, 0, 0, 1).into(),
        IpAddr::V6(address) if matches!(address.segments(), [0x2a10, ..=0xfffe, 0, ..]) => {
            Ipv6Addr::new(0x2a10, 1, 0, 0, 0, 0, 0, 0x25).into()
        }
        address => address,
    };
    let SmtpTimings { connect_ms, greeting_ms, ehlo_ms, starttls_ms, tls_ms, total_ms } = &mut conversation.timings;
    for time in [connect_ms, greeting_ms, ehlo_ms, starttls_ms, tls_ms].into_iter().flatten().chain([total_ms]) {
        *time = rounded(*time);
    }
    for certificate in &mut conversation.chain {
        let ChainCertificate { certificate_sha256, certificate_sha512, key_sha256, key_sha512, .. } = certificate;
        for hash in [certificate_sha256, certificate_sha512, key_sha256, key_sha512] {
            *hash = numbers.of(hash);
        }
    }
    for anchor in &mut conversation.given_anchors {
        anchor.data_sha256 = numbers.of(&anchor.data_sha256);
    }
    conversation.second_hello.iter_mut().for_each(|hello| hello.elapsed_ms = rounded(hello.elapsed_ms));
    let hello = conversation.second_hello.iter_mut().filter_map(|hello| hello.certificate.as_mut());
    conversation.certificate.iter_mut().chain(hello).for_each(|certificate| make_certificate_stable(certificate, begun));
}

/// What stands in place of hashes, and of what is hashed.
#[derive(Default)]
struct Numbers(HashMap<Vec<u8>, Vec<u8>>);

impl Numbers {
    /// A certificate or a key itself.
    fn add_whole(&mut self, whole: &[u8]) {
        let number = format!("whole {}", self.0.len()).into_bytes();
        self.0.insert(Sha256::digest(whole).to_vec(), Sha256::digest(&number).to_vec());
        self.0.insert(Sha512::digest(whole).to_vec(), Sha512::digest(&number).to_vec());
        self.0.insert(whole.to_vec(), number);
    }

    /// As long as what it stands for, so that it is as usable.
    fn of(&mut self, bytes: &[u8]) -> Vec<u8> {
        let number = self.0.len() as u8;
        self.0.entry(bytes.to_vec()).or_insert_with(|| vec![number; bytes.len()]).clone()
    }
}

fn make_lookup_stable<R>(lookup: &mut Lookup<R>) {
    lookup.resolver = lookup.resolver.map(|_| SocketAddr::from((Ipv4Addr::new(192, 0, 2, 53), 53)));
    lookup.rtt_us = lookup.rtt_us.map(|_| 1000);
    // Whose question brought an answer that is shared depends on chance.
    lookup.attempts = u16::from(lookup.resolver.is_some());
}

/// Milliseconds, so coarse that only a deliberate wait shows.
fn rounded(ms: u32) -> u32 {
    match ms {
        0..5000 => 1,
        5000..10_000 => 7000,
        _ => 12_000,
    }
}

/// A time of a certificate, as far from the fixed start as it was from the real one, to the hour.
fn moved(time: SystemTime, begun: SystemTime) -> SystemTime {
    const HOUR: u64 = 3600;
    let hours = |distance: Duration| Duration::from_secs((distance.as_secs() + HOUR / 2) / HOUR * HOUR);
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(BEGUN);
    match time.duration_since(begun) {
        Ok(after) => start + hours(after),
        Err(before) => start - hours(before.duration()),
    }
}
