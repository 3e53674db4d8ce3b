//! Tests of the judgement, on evidence that is built by hand.

mod catalogue;
mod columns;
mod extra_requests;
mod findings;
mod mail_servers;
mod neighbours;
pub(crate) mod properties;
mod responses;
mod second_hello;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use crate::evidence::{
    Certificate, CertificateFault, Evidence, Fetch, FetchError, FetchFault, FetchStage, Lookup, Mx, Outcome, Timings, Txt,
};
use crate::name::Domain;

use super::{Assessment, Code, classify};

/// 2024-02-01 00:00:00 UTC.
fn scanned_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_706_745_600)
}

const DAY: Duration = Duration::from_secs(86_400);
pub(crate) const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\nmx: mx2.example.com\r\nmax_age: 2592000\r\n";

/// Evidence of a domain, at first of one where all is right; each method changes one thing.
#[derive(Clone, Debug)]
pub(crate) struct Scene(pub(crate) Evidence);

fn answer<R>(name: &str, records: Vec<R>) -> Lookup<R> {
    let outcome = if records.is_empty() { Outcome::Nodata } else { Outcome::Noerror };
    Lookup { ttl: Some(3_600), records, ..Lookup::unsent(name.to_owned(), outcome) }
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of("example.com")
    }

    pub(crate) fn of(name: &str) -> Self {
        let domain = Domain::from_a_labels(name).unwrap();
        let host = domain.policy_host();
        let scene = Self(Evidence {
            elapsed_ms: 100,
            mx: answer(name, Vec::new()),
            sts_txt: answer(&domain.sts_record_name(), Vec::new()),
            tlsrpt_txt: answer(&domain.tlsrpt_record_name(), Vec::new()),
            host_a: Some(answer(&host, vec![Ipv4Addr::new(192, 0, 2, 1)])),
            host_aaaa: Some(answer(&host, vec![Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)])),
            fetch: Some(Box::new(fetch(&host))),
            ..Evidence::nothing_seen(domain.clone(), scanned_at())
        });
        let tlsrpt = format!("v=TLSRPTv1; rua=mailto:tls@{name}");
        scene.mx(&[(10, "mx1.example.com"), (20, "mx2.example.com")]).sts(&["v=STSv1; id=20240115T120000;"]).tlsrpt(&[&tlsrpt])
    }

    pub(crate) fn change(mut self, change: impl FnOnce(&mut Evidence)) -> Self {
        change(&mut self.0);
        self
    }

    pub(crate) fn mx(self, hosts: &[(u16, &str)]) -> Self {
        let records = hosts.iter().map(|&(preference, host)| Mx { preference, exchange: host.to_owned() }).collect();
        self.change(|e| e.mx = answer("example.com", records))
    }

    pub(crate) fn mx_outcome(self, outcome: Outcome) -> Self {
        self.change(|e| e.mx = Lookup::unsent(e.mx.name.clone(), outcome))
    }

    pub(crate) fn sts(self, texts: &[&str]) -> Self {
        self.change(|e| e.sts_txt = answer(&e.sts_txt.name, txt(texts)))
    }

    pub(crate) fn sts_outcome(self, outcome: Outcome) -> Self {
        self.change(|e| e.sts_txt = Lookup::unsent(e.sts_txt.name.clone(), outcome))
    }

    /// No record, and so nothing fetched.
    pub(crate) fn no_sts(self) -> Self {
        self.sts_outcome(Outcome::Nxdomain).unfetched()
    }

    pub(crate) fn unfetched(self) -> Self {
        self.change(|e| (e.host_a, e.host_aaaa, e.fetch) = (None, None, None))
    }

    pub(crate) fn tlsrpt(self, texts: &[&str]) -> Self {
        self.change(|e| e.tlsrpt_txt = answer(&e.tlsrpt_txt.name, txt(texts)))
    }

    pub(crate) fn tlsrpt_outcome(self, outcome: Outcome) -> Self {
        self.change(|e| e.tlsrpt_txt = Lookup::unsent(e.tlsrpt_txt.name.clone(), outcome))
    }

    /// The policy host has no address.
    pub(crate) fn no_host(self, a: Outcome, aaaa: Outcome) -> Self {
        self.change(|e| {
            e.host_a = Some(Lookup::unsent(e.domain.policy_host(), a));
            e.host_aaaa = Some(Lookup::unsent(e.domain.policy_host(), aaaa));
            e.fetch = None;
        })
    }

    pub(crate) fn host_cname(self, target: &str) -> Self {
        self.change(|e| {
            e.host_a.as_mut().unwrap().cname_chain = vec![target.to_owned()];
            e.host_aaaa.as_mut().unwrap().cname_chain = vec![target.to_owned()];
        })
    }

    pub(crate) fn fetch(self, change: impl FnOnce(&mut Fetch)) -> Self {
        self.change(|e| change(e.fetch.as_mut().unwrap()))
    }

    pub(crate) fn body(self, body: impl AsRef<[u8]>) -> Self {
        self.fetch(|f| f.body = Some(body.as_ref().to_vec()))
    }

    /// A policy of this mode with these patterns.
    pub(crate) fn policy(self, mode: &str, patterns: &[&str]) -> Self {
        let mx: String = patterns.iter().map(|pattern| format!("mx: {pattern}\r\n")).collect();
        self.body(format!("version: STSv1\r\nmode: {mode}\r\n{mx}max_age: 2592000\r\n"))
    }

    pub(crate) fn status(self, status: u16) -> Self {
        self.fetch(|f| f.status = Some(status))
    }

    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.fetch(|f| f.headers.push((name.to_owned(), value.as_bytes().to_vec())))
    }

    pub(crate) fn content_type(self, value: &str) -> Self {
        self.fetch(|f| f.headers = vec![("content-type".to_owned(), value.as_bytes().to_vec())])
    }

    pub(crate) fn certificate(self, faults: &[CertificateFault]) -> Self {
        self.fetch(|f| f.certificate.as_mut().unwrap().faults = faults.to_vec())
    }

    /// The exchange ends early.
    pub(crate) fn error(self, stage: FetchStage, fault: FetchFault) -> Self {
        self.fetch(|f| {
            let reached = |needed: FetchStage| stage > needed;
            f.certificate = f.certificate.take().filter(|_| reached(FetchStage::Tls));
            f.tls_version = f.tls_version.take().filter(|_| reached(FetchStage::Tls));
            f.status = f.status.filter(|_| reached(FetchStage::Http));
            f.body = f.body.take().filter(|_| reached(FetchStage::Http));
            f.error = Some(FetchError::new(stage, fault, "the library's words"));
        })
    }

    pub(crate) fn judge(&self) -> Assessment {
        classify(&self.0)
    }

    /// The codes of the findings, in order, each once.
    pub(crate) fn codes(&self) -> Vec<Code> {
        let mut codes: Vec<_> = self.judge().findings.iter().map(|finding| finding.code).collect();
        codes.dedup();
        codes
    }
}

fn txt(texts: &[&str]) -> Vec<Txt> {
    texts.iter().map(|text| Txt(vec![text.as_bytes().to_vec()])).collect()
}

fn fetch(host: &str) -> Fetch {
    let address = Ipv4Addr::new(192, 0, 2, 1).into();
    Fetch {
        tried: vec![address],
        address: Some(address),
        tls_version: Some("TLSv1.3".to_owned()),
        certificate: Some(Certificate {
            faults: Vec::new(),
            reason: None,
            subject: format!("CN={host}"),
            sans: vec![host.to_owned()],
            issuer: "CN=Example CA".to_owned(),
            not_before: Some(scanned_at() - 30 * DAY),
            not_after: Some(scanned_at() + 60 * DAY),
            key_type: Some("RSA".to_owned()),
            key_bits: Some(2048),
            signature_algorithm: Some("sha256WithRSAEncryption".to_owned()),
            sha256: "00".repeat(32),
            version: Some(3),
            chain_length: 2,
        }),
        http_version: Some("HTTP/1.1".to_owned()),
        status: Some(200),
        headers: vec![("content-type".to_owned(), b"text/plain".to_vec())],
        body: Some(POLICY.as_bytes().to_vec()),
        timings: Timings { total_ms: 90, ..Timings::default() },
        ..Fetch::new(vec![address])
    }
}

type Row = (&'static str, Scene, &'static [Code]);

/// Scenes and exactly the codes that follow, in the catalogue's order.
fn check(table: &[Row]) {
    let wrong: Vec<String> = table
        .iter()
        .filter(|(_, scene, expected)| scene.codes() != *expected)
        .map(|(name, scene, expected)| format!("{name}: expected {expected:?}, found {:?}", scene.codes()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
