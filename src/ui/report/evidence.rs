//! The evidence of a domain for a person: every question with its outcome, the HTTPS exchange step by step, the body.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

use crate::evidence::{Certificate, Connection, Evidence, Fetch, Lookup, Mx, Txt};
use crate::ui::text::safe_bytes;

use super::escape::{Html, Lines, clip};
use super::put;

/// Characters of a text that are shown.
const MOST_TEXT: usize = 500;
/// Octets of a body that are shown.
const MOST_BODY: usize = 2_000;
/// Names of a certificate, addresses and further requests that are shown.
const MOST_LISTED: usize = 20;

/// Writes the evidence, folded away.
pub(super) fn details(out: &mut String, evidence: &Evidence) {
    out.push_str("<details class=\"evidence\"><summary>Evidence</summary><dl class=\"facts\">");
    row(out, "probed", &format!("{}, {} ms", second(evidence.scanned_at), evidence.elapsed_ms));
    lookup(out, "MX", &evidence.mx, |mx: &Mx| format!("{} {}", mx.preference, mx.exchange));
    lookup(out, "TXT", &evidence.sts_txt, txt);
    lookup(out, "TXT", &evidence.tlsrpt_txt, txt);
    if let Some(a) = &evidence.host_a {
        lookup(out, "A", a, ToString::to_string);
    }
    if let Some(aaaa) = &evidence.host_aaaa {
        lookup(out, "AAAA", aaaa, ToString::to_string);
    }
    for stray in &evidence.stray_records {
        lookup(out, "TXT", stray, txt);
    }
    if let Some(fetch) = &evidence.fetch {
        exchange(out, fetch);
    }
    for request in evidence.extra_requests.iter().take(MOST_LISTED) {
        connection(out, request);
    }
    out.push_str("</dl>");
    if let Some(body) = evidence.fetch.as_ref().and_then(|fetch| fetch.body.as_deref()).filter(|body| !body.is_empty()) {
        self::body(out, body);
    }
    out.push_str("</details>");
}

fn row(out: &mut String, label: &str, text: &str) {
    put!(out, "<div><dt>{}</dt><dd>{}</dd></div>", Html(label), Html(text));
}

fn lookup<R>(out: &mut String, kind: &str, lookup: &Lookup<R>, show: impl Fn(&R) -> String) {
    let mut text = lookup.outcome.to_string();
    if !lookup.cname_chain.is_empty() {
        text += &format!(", by CNAME to {}", clip(&lookup.cname_chain.join(", "), MOST_TEXT));
    }
    let records: Vec<String> = lookup.records.iter().take(MOST_LISTED).map(|record| clip(&show(record), MOST_TEXT).into_owned()).collect();
    if !records.is_empty() {
        text += &format!(": {}", records.join(", "));
    }
    if lookup.records.len() > MOST_LISTED {
        text += &format!(" and {} more", lookup.records.len() - MOST_LISTED);
    }
    if let Some(ttl) = lookup.ttl {
        text += &format!("; TTL {ttl} s");
    }
    if lookup.authenticated {
        text += "; validated by the resolver (AD)";
    }
    row(out, &format!("{kind} {}", lookup.name), &text);
}

/// The strings of a record, each in quotes.
fn txt(record: &Txt) -> String {
    record.0.iter().map(|string| format!("\"{}\"", safe_bytes(string))).collect::<Vec<_>>().join(" ")
}

fn exchange(out: &mut String, fetch: &Fetch) {
    let address = fetch.address.or_else(|| fetch.tried.last().copied());
    if let Some(address) = address {
        row(out, "connected to", &format!("{address} of {} addresses", fetch.addresses.len()));
    }
    if let Some(version) = &fetch.tls_version {
        row(out, "TLS", &format!("{version}, {}", fetch.tls_cipher.as_deref().unwrap_or("unknown cipher")));
    }
    if let Some(certificate) = &fetch.certificate {
        self::certificate(out, certificate);
    }
    if let Some(status) = fetch.status {
        row(out, "HTTP", &format!("{} {status}", fetch.http_version.as_deref().unwrap_or_default()));
    }
    for (name, value) in &fetch.headers {
        row(out, name, &clip(&safe_bytes(value), MOST_TEXT));
    }
    if let Some(sum) = &fetch.body_sha256 {
        let length = fetch.body.as_ref().map_or(0, Vec::len);
        row(out, "body", &format!("{length} octets{}, SHA-256 {sum}", if fetch.body_cut { " kept of more" } else { "" }));
    }
    if let Some(error) = &fetch.error {
        row(out, "ended by", &format!("{} at {}: {}", error.fault, error.stage, clip(&error.text, MOST_TEXT)));
    }
}

fn certificate(out: &mut String, certificate: &Certificate) {
    let faults: Vec<&str> = certificate.faults.iter().map(|fault| fault.as_str()).collect();
    let verdict = if faults.is_empty() { "valid".to_owned() } else { faults.join(", ") };
    row(out, "certificate", &verdict);
    row(out, "subject", &clip(&certificate.subject, MOST_TEXT));
    let names = certificate.sans.iter().take(MOST_LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    row(out, "names", &clip(&names, MOST_TEXT));
    row(out, "issuer", &clip(&certificate.issuer, MOST_TEXT));
    let time = |time: Option<SystemTime>| time.map_or_else(|| "unknown".to_owned(), second);
    row(out, "valid", &format!("from {} to {}", time(certificate.not_before), time(certificate.not_after)));
}

/// A further request, in one line.
fn connection(out: &mut String, connection: &Connection) {
    let status = connection.status.map_or_else(String::new, |status| format!("status {status}"));
    let error = connection.error.as_ref().map_or_else(String::new, |error| format!("{} at {}", error.fault, error.stage));
    let said = [status, error].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    let at = connection.address.map_or_else(String::new, |address| format!(" at {address}"));
    row(out, &format!("{}{at}", connection.url), if said.is_empty() { "connected" } else { &said });
}

fn body(out: &mut String, body: &[u8]) {
    let kept = body.get(..MOST_BODY).unwrap_or(body);
    let text: String = kept.utf8_chunks().map(|chunk| chunk.valid().to_owned() + &chunk.invalid().escape_ascii().to_string()).collect();
    let rest = body.len() - kept.len();
    let more = if rest > 0 { format!(" (the first {MOST_BODY} octets of {})", body.len()) } else { String::new() };
    put!(out, "<figure><figcaption>Body as received{more}</figcaption><pre>{}</pre></figure>", Lines(&text));
}

/// A time in UTC, to the second.
pub(super) fn second(time: SystemTime) -> String {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    };
    let Ok(at) = OffsetDateTime::from_unix_timestamp(seconds) else { return "a time out of range".to_owned() };
    let (date, month) = (at.date(), u8::from(at.month()));
    format!("{:04}-{month:02}-{:02} {:02}:{:02}:{:02} UTC", date.year(), date.day(), at.hour(), at.minute(), at.second())
}
