//! The evidence of a domain for a person: every question with its outcome, the HTTPS exchange step by step, the body.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::evidence::{AnyLookup, AnyRecord, Certificate, Connection, Conversation, Evidence, Fetch, HostLookup};
use crate::parse::content_coding;
use crate::ui::text::safe_bytes;

use super::markup::{Lines, clip, facts};

/// Characters of a text that are shown.
const MAX_TEXT: usize = 500;
/// Octets of a body that are shown.
const MAX_BODY: usize = 2_000;
/// Names of a certificate, addresses and further requests that are shown.
const MAX_LISTED: usize = 20;

/// What is shown, with its label.
type Rows = Vec<(String, String)>;

/// The evidence, folded away.
pub(super) fn details(evidence: &Evidence) -> Markup {
    let text = |fetch: &'_ Fetch| -> Option<Vec<u8>> {
        let body = fetch.body.as_deref().filter(|body| !body.is_empty())?;
        Some(content_coding::of_response(&fetch.headers, body).text.map_or_else(|| body.to_vec(), Cow::into_owned))
    };
    let body = evidence.fetch.as_deref().and_then(text);
    html! {
        details.evidence {
            summary { "Evidence" }
            (facts(rows(evidence)))
            @if let Some(body) = body {
                (self::body(&body))
            }
        }
    }
}

fn rows(evidence: &Evidence) -> Rows {
    let mut rows = Rows::new();
    row(&mut rows, "probed", format!("{}, {} ms", second(evidence.scanned_at), evidence.elapsed_ms));
    evidence.lookups().for_each(|made| lookup(&mut rows, made));
    evidence.mx_hosts.iter().take(MAX_LISTED).for_each(|host| mail_server(&mut rows, evidence, host));
    evidence.stray_records.iter().for_each(|stray| lookup(&mut rows, stray));
    if let Some(fetch) = &evidence.fetch {
        exchange(&mut rows, fetch);
    }
    for request in evidence.extra_requests.iter().take(MAX_LISTED) {
        connection(&mut rows, request);
    }
    rows
}

fn row(rows: &mut Rows, label: impl Into<String>, text: impl Into<String>) {
    rows.push((label.into(), text.into()));
}

fn lookup(rows: &mut Rows, lookup: &dyn AnyLookup) {
    let mut text = lookup.outcome().to_string();
    if !lookup.cname_chain().is_empty() {
        text += &format!(", by CNAME to {}", clip(&lookup.cname_chain().join(", "), MAX_TEXT));
    }
    let records = lookup.records();
    let shown: Vec<String> = records.iter().take(MAX_LISTED).map(|record| clip(&show(*record), MAX_TEXT).into_owned()).collect();
    if !shown.is_empty() {
        text += &format!(": {}", shown.join(", "));
    }
    if records.len() > MAX_LISTED {
        text += &format!(" and {} more", records.len() - MAX_LISTED);
    }
    if let Some(ttl) = lookup.ttl() {
        text += &format!("; TTL {ttl} s");
    }
    if lookup.is_authenticated() {
        text += "; validated by the resolver (AD)";
    }
    row(rows, format!("{} {}", lookup.record_type(), lookup.name()), text);
}

/// A record; the strings of a TXT record each in quotes.
fn show(record: AnyRecord<'_>) -> String {
    match record {
        AnyRecord::Mx(mx) => format!("{} {}", mx.preference, mx.exchange),
        AnyRecord::Txt(txt) => txt.0.iter().map(|string| format!("\"{}\"", safe_bytes(string))).collect::<Vec<_>>().join(" "),
        AnyRecord::Address(address) => address.to_string(),
        AnyRecord::Tlsa(tlsa) => format!("{} {} {} {}", tlsa.usage, tlsa.selector, tlsa.matching, hex::encode(&tlsa.data)),
        AnyRecord::Alias(alias) => alias.0.clone(),
    }
}

fn exchange(rows: &mut Rows, fetch: &Fetch) {
    let address = fetch.address.or_else(|| fetch.tried.last().copied());
    if let Some(address) = address {
        row(rows, "connected to", format!("{address} of {} addresses", fetch.addresses.len()));
    }
    if let Some(version) = &fetch.tls_version {
        row(rows, "TLS", format!("{version}, {}", fetch.tls_cipher.as_deref().unwrap_or("unknown cipher")));
    }
    if let Some(certificate) = &fetch.certificate {
        self::certificate(rows, certificate);
    }
    if let Some(status) = fetch.status {
        row(rows, "HTTP", format!("{} {status}", fetch.http_version.as_deref().unwrap_or_default()));
    }
    for (name, value) in &fetch.headers {
        row(rows, name.as_str(), clip(&safe_bytes(value), MAX_TEXT));
    }
    if let Some(sum) = &fetch.body_sha256 {
        let length = fetch.body.as_ref().map_or(0, Vec::len);
        row(rows, "body", format!("{length} octets{}, SHA-256 {sum}", if fetch.body_cut { " kept of more" } else { "" }));
    }
    if let Some(error) = &fetch.error {
        row(rows, "ended by", format!("{} at {}: {}", error.fault, error.stage, clip(&error.text, MAX_TEXT)));
    }
}

/// An MX host: its lookups, and what was said at each address.
fn mail_server(rows: &mut Rows, evidence: &Evidence, host: &HostLookup) {
    lookup(rows, &host.a);
    lookup(rows, &host.aaaa);
    host.alias.iter().for_each(|alias| lookup(rows, alias));
    host.tlsa.iter().take(MAX_LISTED).for_each(|tlsa| lookup(rows, tlsa));
    match evidence.mx_asked {
        Some(asked) if asked.smtp => host.conversations.iter().take(MAX_LISTED).for_each(|held| conversation(rows, host, held)),
        _ => row(rows, format!("SMTP {}", host.host), "not tested"),
    }
}

/// A conversation, reply by reply.
fn conversation(rows: &mut Rows, host: &HostLookup, held: &Conversation) {
    let shared = held.shared_with.as_ref().map_or_else(String::new, |other| format!(", as seen under the name {other}"));
    row(rows, format!("SMTP {} at {}", host.host, held.address), format!("{} connections{shared}", held.connections));
    let replies = [
        ("refused before", &held.refused_before),
        ("greeting", &held.greeting),
        ("EHLO", &held.ehlo),
        ("STARTTLS", &held.starttls),
        ("before TLS", &held.surplus),
    ];
    let reply = |rows: &mut Rows, (label, octets): (&str, &Option<Vec<u8>>)| {
        if let Some(octets) = octets {
            row(rows, label, clip(&safe_bytes(octets.trim_ascii_end()), MAX_TEXT));
        }
    };
    replies.into_iter().for_each(|one| reply(rows, one));
    if let Some(version) = &held.tls_version {
        let cipher = held.tls_cipher.as_deref().unwrap_or("unknown cipher");
        let group = held.key_exchange.as_deref().map_or_else(String::new, |group| format!(", {group}"));
        row(rows, "TLS", format!("{version}, {cipher}{group}"));
    }
    held.certificate.iter().for_each(|shown| certificate(rows, shown));
    if !held.chain.is_empty() {
        row(rows, "chain", format!("{} certificates", held.chain.len()));
    }
    reply(rows, ("EHLO in TLS", &held.ehlo_in_tls));
    if let Some(hello) = &held.second_hello {
        let version = hello.version.map_or("no answer", |version| version.as_str());
        let said = [hello.cipher.as_deref(), hello.key_exchange.as_deref()].into_iter().flatten().map(|word| format!(", {word}"));
        row(rows, "second hello", clip(&format!("{version}{}", said.collect::<String>()), MAX_TEXT));
        hello.certificate.iter().for_each(|shown| certificate(rows, shown));
    }
    if let Some(error) = &held.error {
        row(rows, "ended by", format!("{} at {}: {}", error.fault, error.stage, clip(&error.text, MAX_TEXT)));
    }
    row(rows, "took", format!("{} ms", held.timings.total_ms));
}

fn certificate(rows: &mut Rows, certificate: &Certificate) {
    let faults: Vec<&str> = certificate.faults.iter().map(|fault| fault.as_str()).collect();
    let verdict = if faults.is_empty() { "valid".to_owned() } else { faults.join(", ") };
    row(rows, "certificate", verdict);
    row(rows, "subject", clip(&certificate.subject, MAX_TEXT));
    let names = certificate.sans.iter().take(MAX_LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    row(rows, "names", clip(&names, MAX_TEXT));
    row(rows, "issuer", clip(&certificate.issuer, MAX_TEXT));
    let time = |time: Option<SystemTime>| time.map_or_else(|| "unknown".to_owned(), second);
    row(rows, "valid", format!("from {} to {}", time(certificate.not_before), time(certificate.not_after)));
}

/// A further request, in one line.
fn connection(rows: &mut Rows, connection: &Connection) {
    let status = connection.status.map_or_else(String::new, |status| format!("status {status}"));
    let error = connection.error.as_ref().map_or_else(String::new, |error| format!("{} at {}", error.fault, error.stage));
    let said = [status, error].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    let at = connection.address.map_or_else(String::new, |address| format!(" at {address}"));
    row(rows, format!("{}{at}", connection.url), if said.is_empty() { "connected" } else { &said });
}

fn body(body: &[u8]) -> Markup {
    let kept = body.get(..MAX_BODY).unwrap_or(body);
    let text: String = kept.utf8_chunks().map(|chunk| chunk.valid().to_owned() + &chunk.invalid().escape_ascii().to_string()).collect();
    html! {
        figure {
            figcaption {
                "Body as received"
                @if kept.len() < body.len() { " (the first " (MAX_BODY) " octets of " (body.len()) ")" }
            }
            pre { (Lines(&text)) }
        }
    }
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
