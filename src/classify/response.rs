//! What is to be said of the HTTP response of the policy host: its status, and the head of one with status 200 (RFC 8461 section 3.3).

use std::borrow::Cow;

use crate::evidence::{Fetch, status_may_pass};
use crate::parse::content_coding::{self, CodingFault, Decoded};
use crate::parse::filter::{Filter, filter_of};
use crate::parse::{http_head, media_type};

use super::families::{RESPONSE, RETRIEVED};
use super::faults::policy_text::declared::STS_FETCH_TOO_LARGE;
use super::findings::{Findings, quoted};
use super::rule::{Severity, codes};

/// Caches in front of the policy host should keep the policy no longer than this, in seconds (RFC 8461 section 8.2).
const LONGEST_CACHING: u64 = 60;

codes! {
    3190 STS_FETCH_NOT_FOUND = "sts-fetch-not-found" {
        clause: "RFC 8461 section 3.2",
        summary: "The policy host answers that there is no such file (404 or 410).",
        remedy: "Put the policy at exactly https://mta-sts.DOMAIN/.well-known/mta-sts.txt; some static hosts leave out folders whose name begins with a dot unless told otherwise.",
        example: Some(Seen("GET /.well-known/mta-sts.txt  404", "GET /.well-known/mta-sts.txt  200, a policy")),
        ..RESPONSE
    }
    3220 STS_FETCH_REDIRECT = "sts-fetch-redirect" {
        summary: "The policy host answers with a redirect, which senders must not follow.",
        remedy: "Serve the file itself with status 200 on mta-sts.DOMAIN, and exempt /.well-known/mta-sts.txt from rules that redirect to www or to another host.",
        example: Some(Seen(
            "GET /.well-known/mta-sts.txt  301, Location: https://www.example.com/.well-known/mta-sts.txt",
            "GET /.well-known/mta-sts.txt  200, a policy",
        )),
        ..RESPONSE
    }
    3230 STS_FETCH_STATUS_FORBIDDEN = "sts-fetch-status-forbidden" {
        summary: "The policy host forbids access to the policy (403).",
        remedy: "Allow anonymous GET requests for /.well-known/mta-sts.txt from any address and with any user agent; check file permissions and rules against robots.",
        example: Some(Seen("GET /.well-known/mta-sts.txt  403", "GET /.well-known/mta-sts.txt  200, a policy")),
        ..RESPONSE
    }
    3240 STS_FETCH_UA_FILTERED = "sts-fetch-ua-filtered" {
        severity: Info,
        leaves_open: true,
        summary: "A filter against robots in front of the policy host has answered in its place.",
        effect: "Whether senders get the policy is not known. Mail servers are no browsers either: the filter may keep them from it, too.",
        remedy: "Exempt mta-sts.DOMAIN from bot protection, browser checks and challenges.",
        example: Some(Seen(
            "GET /.well-known/mta-sts.txt  403, cf-mitigated: challenge",
            "GET /.well-known/mta-sts.txt  200, whoever asks",
        )),
        ..RESPONSE
    }
    3250 STS_FETCH_RATE_LIMITED = "sts-fetch-rate-limited" {
        severity: Info,
        leaves_open: true,
        summary: "The policy host answers that it gets too many requests (429).",
        effect: "A sender that meets the same answer cannot retrieve the policy: without a cached one it sends without MTA-STS.",
        remedy: "Exempt /.well-known/mta-sts.txt from rate limits: large senders ask from many addresses.",
        example: Some(Seen("GET /.well-known/mta-sts.txt  429", "GET /.well-known/mta-sts.txt  200, however often")),
        ..RESPONSE
    }
    3260 STS_FETCH_SERVER_ERROR = "sts-fetch-server-error" {
        severity: Info,
        leaves_open: true,
        summary: "The policy host answers with a server error (5xx).",
        effect: "A sender that meets the same answer cannot retrieve the policy: without a cached one it sends without MTA-STS.",
        remedy: "Look in the logs of the web server; serve the policy as a static file that needs no application behind it.",
        example: Some(Seen("GET /.well-known/mta-sts.txt  503", "GET /.well-known/mta-sts.txt  200, a policy")),
        ..RESPONSE
    }
    3270 STS_FETCH_STATUS = "sts-fetch-status" {
        summary: "The policy host answers with something other than a proper HTTP response of status 200.",
        remedy: "Answer GET requests for /.well-known/mta-sts.txt with status 200 and the policy as body, without authentication.",
        example: Some(Seen("GET /.well-known/mta-sts.txt  401", "GET /.well-known/mta-sts.txt  200, a policy")),
        ..RESPONSE
    }
    3350 STS_FETCH_CONTENT_TYPE_NOSNIFF = "sts-fetch-content-type-nosniff" {
        clause: "RFC 8461 section 3.2",
        summary: "The policy is served with X-Content-Type-Options: nosniff.",
        effect: "None: the header is meant for browsers.",
        remedy: "Nothing to fix.",
        example: Some(Seen("X-Content-Type-Options: nosniff", "no such header")),
        ..RETRIEVED
    }
    3360 STS_FETCH_CONTENT_ENCODING = "sts-fetch-content-encoding" {
        summary: "The policy is sent with a content coding (compression), although the request did not ask for it.",
        effect: "Senders that do not decompress read no valid policy; where the body is not what the header says, those that do get none either.",
        remedy: "Switch compression off for /.well-known/mta-sts.txt, or do it only where Accept-Encoding asks for it.",
        stage: Some(Stage::Http), // Where the body is not what the header says.
        example: Some(Seen("Content-Encoding: gzip, though Accept-Encoding was identity", "no Content-Encoding")),
        ..RETRIEVED
    }
    3370 STS_FETCH_HTTP10 = "sts-fetch-http10" {
        summary: "The policy host answers with HTTP/1.0.",
        remedy: "Nothing urgent; a current web server speaks HTTP/1.1.",
        example: Some(Seen("HTTP/1.0 200 OK", "HTTP/1.1 200 OK")),
        ..RETRIEVED
    }
    3375 STS_FETCH_HEADER_MALFORMED = "sts-fetch-header-malformed" {
        severity: Low,
        clause: "RFC 9112 section 5",
        summary: "A header of the response breaks the grammar of HTTP; it is read over here.",
        effect: "Senders whose HTTP library is strict refuse the whole response and cannot retrieve the policy; most read over it.",
        remedy: "Correct the header that is named, or leave it out for /.well-known/mta-sts.txt; look for the application or proxy that adds it.",
        example: Some(Seen("Set-Cookie: visitor=1<0x7f>", "Set-Cookie: visitor=1")),
        ..RETRIEVED
    }
    3380 STS_FETCH_SERVED_FROM_CACHE = "sts-fetch-served-from-cache" {
        summary: "The policy came from an HTTP cache in front of the policy host.",
        effect: "After a change some senders may for a while get the old policy with the new id.",
        remedy: "Purge the cache whenever the policy changes, and change the id of the record only after that.",
        example: Some(Seen("Age: 120", "no Age")),
        ..RETRIEVED
    }
    3390 STS_FETCH_CACHE_CONTROL_LONG = "sts-fetch-cache-control-long" {
        clause: "RFC 8461 section 8.2",
        summary: "Cache-Control allows caches to keep the policy for more than 60 seconds.",
        effect: "A proxy between policy host and sender may serve an old policy after a change.",
        remedy: "Send Cache-Control: max-age=60 or less for /.well-known/mta-sts.txt; how long senders keep the policy is said by its max_age, not by HTTP.",
        example: Some(Seen("Cache-Control: max-age=3600", "Cache-Control: max-age=60")),
        ..RETRIEVED
    }
}

/// Adds what another status than 200 says. `transient`: another request may be answered otherwise, so that nothing is settled.
pub(super) fn remark_status(status: u16, fetch: &Fetch, host: &str, transient: bool, findings: &mut Findings) {
    let code = match status {
        200 => return,
        300..=303 | 305..=308 => STS_FETCH_REDIRECT,
        403 => STS_FETCH_STATUS_FORBIDDEN,
        404 | 410 => STS_FETCH_NOT_FOUND,
        429 => STS_FETCH_RATE_LIMITED,
        500..=599 => STS_FETCH_SERVER_ERROR,
        _ => STS_FETCH_STATUS,
    };
    let target = fetch.header("location").filter(|_| code == STS_FETCH_REDIRECT);
    let mut add = |code, detail: String| if transient { findings.add_open(code, host, detail) } else { findings.add(code, host, detail) };
    add(code, target.map_or_else(|| format!("status {status}"), |to| format!("status {status} to {}", quoted(to))));
}

/// Adds that a filter against robots has answered; nothing is said of a host that did not answer.
pub(super) fn remark_filter(filter: &Filter, status: u16, host: &str, findings: &mut Findings) {
    let header = filter.header.as_ref().map(|header| format!(", header {}", quoted(header)));
    let page = filter.page.map(|page| format!(", page with {}", quoted(page)));
    let told = [header, page].into_iter().flatten().collect::<String>();
    findings.add(STS_FETCH_UA_FILTERED, host, format!("{}: status {status}{told}", filter.name));
}

/// A response as its reader takes it: whose it is, and what it says without content codings.
pub(super) struct Answer<'a> {
    /// The filter against robots that has answered in place of the host.
    pub filter: Option<Filter>,
    /// What became of the content codings.
    pub coding: Decoded<'a>,
}

impl<'a> Answer<'a> {
    pub(super) fn of(fetch: &'a Fetch) -> Self {
        let body = fetch.body.as_deref().unwrap_or_default();
        Self {
            filter: filter_of(fetch.status, &fetch.headers, fetch.body.as_deref()),
            coding: content_coding::of_response(&fetch.headers, body),
        }
    }

    /// The text behind status 200, if all of it arrived.
    pub(super) fn into_text(self, fetch: &Fetch) -> Option<Cow<'a, [u8]>> {
        let whole = fetch.status == Some(200) && fetch.body.is_some() && fetch.error.is_none() && !fetch.body_cut;
        self.coding.text.filter(|_| whole && self.filter.is_none())
    }
}

/// Whether a status says something of the host for good, and was not the word of a filter against robots.
pub(super) fn is_settled(status: Option<u16>, headers: &[(String, Vec<u8>)], body: Option<&[u8]>) -> bool {
    !status.is_some_and(status_may_pass) && filter_of(status, headers, body).is_none()
}

/// What is to be said of the content codings of a policy.
fn remark_coding(coding: &Decoded<'_>, fetch: &Fetch, host: &str, findings: &mut Findings) {
    let declared = || quoted(content_coding::declared(&fetch.headers));
    let trailing = || format!("{}, followed by {} bytes that belong to nothing", declared(), coding.trailing);
    let (severity, detail) = match coding.fault {
        Some(CodingFault::TooLarge) => {
            findings.add(STS_FETCH_TOO_LARGE, host, format!("{}, more when decompressed", declared()));
            (Severity::Info, declared())
        }
        // A body that was cut here ends too early by our own doing.
        Some(_) if fetch.body_cut || fetch.error.is_some() => (Severity::Info, declared()),
        Some(fault) => (Severity::High, format!("{}, and the body {fault}", declared())),
        None if coding.trailing > 0 => (Severity::Medium, trailing()),
        None if !coding.undone.is_empty() => (Severity::Info, declared()),
        None if coding.known_left() && fetch.body.as_ref().is_some_and(|body| !body.is_empty()) => {
            (Severity::Medium, format!("{}, but the body is not compressed", declared()))
        }
        None if !coding.left.is_empty() => (Severity::Info, declared()),
        None => match content_coding::undeclared(fetch.body.as_deref().unwrap_or_default()) {
            Some(coding) => (Severity::High, format!("the body is compressed with {coding}, and no Content-Encoding says so")),
            None => return,
        },
    };
    findings.add_rated(STS_FETCH_CONTENT_ENCODING, severity, host, detail);
}

/// What the head of a response with status 200 says.
pub(super) fn remark_head(fetch: &Fetch, coding: &Decoded<'_>, host: &str, findings: &mut Findings) {
    findings.add_faults(&media_type::parse(fetch.header("content-type")), host, |_| String::new());
    if fetch.body_cut {
        findings.add(STS_FETCH_TOO_LARGE, host, "");
    }
    if fetch.http_version.as_deref() == Some("HTTP/1.0") {
        findings.add(STS_FETCH_HTTP10, host, "");
    }
    if let Some(broken) = fetch.head.as_deref().and_then(broken_headers) {
        findings.add(STS_FETCH_HEADER_MALFORMED, host, broken);
    }
    let has = |name: &str, what: &str| {
        fetch.header(name).map(|value| String::from_utf8_lossy(value).to_ascii_lowercase()).filter(|value| value.contains(what))
    };
    remark_coding(coding, fetch, host, findings);
    if has("x-content-type-options", "nosniff").is_some() {
        findings.add(STS_FETCH_CONTENT_TYPE_NOSNIFF, host, "");
    }
    let age = fetch.header("age").and_then(decimal).filter(|age| *age > 0);
    if let Some(age) = age {
        findings.add(STS_FETCH_SERVED_FROM_CACHE, host, format!("age {age} seconds"));
    } else if let Some(cache) = has("x-cache", "hit") {
        findings.add(STS_FETCH_SERVED_FROM_CACHE, host, format!("x-cache: {}", quoted(cache)));
    }
    if let Some(seconds) = fetch.header("cache-control").and_then(max_age).filter(|seconds| *seconds > LONGEST_CACHING) {
        findings.add(STS_FETCH_CACHE_CONTROL_LONG, host, format!("max-age {seconds} seconds"));
    }
}

/// Where a head breaks the grammar: the first places, and how many more there are.
fn broken_headers(head: &[u8]) -> Option<String> {
    const SHOWN: usize = 3;
    let head = http_head::parse(head).ok().filter(|head| head.deviation_count > 0)?;
    let shown: Vec<String> = head.deviations.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = head.deviation_count.saturating_sub(shown.len());
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    Some(shown.join("; ") + &more)
}

fn decimal(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// `max-age` of a Cache-Control header (RFC 9111 section 5.2.2.1).
fn max_age(value: &[u8]) -> Option<u64> {
    let value = std::str::from_utf8(value).ok()?.to_ascii_lowercase();
    value.split(',').find_map(|directive| directive.trim().strip_prefix("max-age=")?.trim_matches('"').parse().ok())
}
