//! HTTP: status, headers, framing of the body (RFC 8461 sections 3.2 and 3.3).

use std::time::Duration;

use crate::classify::codes;

use super::super::case::{Case, case};
use super::super::site::Framing;
use super::super::truth::Expected;

fn statuses() -> Vec<Case> {
    let redirects = [
        ("redirect-300", 300, "Multiple choices."),
        ("redirect-301", 301, "Moved to another host."),
        ("redirect-302", 302, "Found on another host."),
        ("redirect-303", 303, "See another host."),
        ("redirect-307", 307, "Temporarily on another host."),
        ("redirect-308", 308, "Permanently on another host."),
    ];
    let others = [
        ("status-201", 201, codes::STS_FETCH_STATUS, "Another success than 200."),
        ("status-204", 204, codes::STS_FETCH_STATUS, "Success without content."),
        ("status-206", 206, codes::STS_FETCH_STATUS, "Partial content that nobody asked for."),
        ("status-304", 304, codes::STS_FETCH_STATUS, "Not modified, although nothing is cached."),
        ("status-400", 400, codes::STS_FETCH_STATUS, "Bad request."),
        ("status-401", 401, codes::STS_FETCH_STATUS, "Unauthorised."),
        ("status-403", 403, codes::STS_FETCH_STATUS_FORBIDDEN, "Forbidden."),
        ("status-404", 404, codes::STS_FETCH_NOT_FOUND, "Not found, with the right text as body."),
        ("status-410", 410, codes::STS_FETCH_NOT_FOUND, "Gone."),
        ("status-421", 421, codes::STS_FETCH_STATUS, "Misdirected request."),
    ];
    let not_now = [
        ("status-429", 429, codes::STS_FETCH_RATE_LIMITED, "Too many requests."),
        ("status-500", 500, codes::STS_FETCH_SERVER_ERROR, "Internal error."),
        ("status-503", 503, codes::STS_FETCH_SERVER_ERROR, "Unavailable."),
        ("status-526", 526, codes::STS_FETCH_SERVER_ERROR, "An error code of a content network."),
    ];
    let redirect = |(name, status, about)| {
        let case = case(name, about).status(status).header("Location", "https://www.{d}/.well-known/mta-sts.txt");
        case.no_policy("http").code(codes::STS_FETCH_REDIRECT)
    };
    let redirects = redirects.into_iter().map(redirect);
    let others = others.into_iter().map(|(name, status, code, about)| case(name, about).status(status).no_policy("http").code(code));
    let not_now = not_now.into_iter().map(|(name, status, code, about)| case(name, about).status(status).policy_not_now("http").code(code));
    redirects.chain(others).chain(not_now).collect()
}

fn media_types() -> Vec<Case> {
    let fine = |name, about, value| case(name, about).content_type(value);
    let odd = |name, about, value, code| case(name, about).content_type(value).code(code).lenient_differs();
    vec![
        fine("content-type-with-charset", "With charset=utf-8.", "text/plain; charset=utf-8"),
        fine("content-type-quoted-charset", "With a quoted charset and no space.", "text/plain;charset=\"UTF-8\""),
        fine("content-type-us-ascii", "With charset=us-ascii.", "text/plain; charset=us-ascii"),
        fine("content-type-capitals", "In capitals.", "TEXT/Plain"),
        odd("content-type-html", "text/html.", "text/html", codes::STS_FETCH_CONTENT_TYPE_WRONG),
        odd("content-type-octets", "application/octet-stream.", "application/octet-stream", codes::STS_FETCH_CONTENT_TYPE_WRONG),
        odd("content-type-prefix", "Begins with text/plain and goes on.", "text/plain2", codes::STS_FETCH_CONTENT_TYPE_WRONG),
        odd("content-type-latin-1", "With another charset.", "text/plain; charset=iso-8859-1", codes::STS_FETCH_CONTENT_TYPE_CHARSET),
        odd(
            "content-type-no-semicolon",
            "No semicolon before the charset.",
            "text/plain charset=utf-8",
            codes::STS_FETCH_CONTENT_TYPE_MALFORMED,
        ),
        odd("content-type-list", "Two types in one field.", "text/html, text/plain", codes::STS_FETCH_CONTENT_TYPE_MALFORMED),
        case("content-type-missing", "None.")
            .site(|site| site.response.headers.clear())
            .code(codes::STS_FETCH_CONTENT_TYPE_MISSING)
            .lenient_differs(),
    ]
}

fn headers_and_framing() -> Vec<Case> {
    vec![
        case("content-encoding", "Said to be compressed, which nobody asked for; whether senders then decode it is open.")
            .header("Content-Encoding", "gzip")
            .code(codes::STS_FETCH_CONTENT_ENCODING)
            .no_comparison()
            .delivery_open()
            .truth(|truth| (truth.policy_stage, truth.posture) = (Expected::Anything, Expected::Anything)),
        case("age", "The response comes from a cache.").header("Age", "120").code(codes::STS_FETCH_SERVED_FROM_CACHE),
        case("cache-control-long", "May be kept for an hour.")
            .header("Cache-Control", "max-age=3600")
            .code(codes::STS_FETCH_CACHE_CONTROL_LONG),
        case("cache-control-short", "May be kept for a minute.").header("Cache-Control", "max-age=60"),
        case("http10", "HTTP/1.0.").site(|site| site.response.version = "HTTP/1.0").framing(Framing::Close).code(codes::STS_FETCH_HTTP10),
        case("chunked", "In small chunks.").framing(Framing::Chunked),
        case("to-the-end", "No declared length.").framing(Framing::Close),
        case("chunked-endless", "Chunks without end.").framing(Framing::Endless).no_policy("http").code(codes::STS_FETCH_TOO_LARGE),
        case("truncated", "100 octets less than declared.").framing(Framing::Short(100)).no_policy("http").code(codes::STS_FETCH_TRUNCATED),
        case("not-http", "Something else than HTTP.")
            .body("220 mail.{d} ESMTP ready\r\n")
            .framing(Framing::Raw)
            .no_policy("http")
            .code(codes::STS_FETCH_STATUS),
        case("body-reset", "The connection is reset in the middle of the body.")
            .framing(Framing::Reset)
            .no_policy("http")
            .code(codes::STS_FETCH_CONNECT_RESET),
        case("http-silence", "No response to the request.")
            .framing(Framing::Silent)
            .policy_not_now("http")
            .code(codes::STS_FETCH_TIMEOUT)
            .waits(),
        case("slow", "The body comes after eleven seconds.")
            .site(|site| site.response.delay = Duration::from_secs(11))
            .code(codes::STS_FETCH_SLOW)
            .waits(),
    ]
}

/// Heads that break the grammar of HTTP; mail software reads most of them.
fn heads() -> Vec<Case> {
    const MANY: usize = 150;
    let read = |name, about, header, value: &'static str| case(name, about).header(header, value).code(codes::STS_FETCH_HEADER_MALFORMED);
    let refused = |name, about, header, value| case(name, about).header(header, value).no_policy("http").code(codes::STS_FETCH_STATUS);
    let raw = |name, about, head: &str| {
        let body = "version: STSv1\r\nmode: enforce\r\nmx: mx1.{d}\r\nmx: mx2.{d}\r\nmax_age: 2592000\r\n";
        case(name, about).body(format!("{head}{body}")).framing(Framing::Raw)
    };
    vec![
        read("head-folded", "A header that goes on in the next line.", "X-Note", "one\r\n and two"),
        read("head-folded-type", "The media type goes on in the next line, and is right.", "X-Note", "a\r\n\tb").site(|site| {
            site.response.headers = vec![("Content-Type", "text/plain;\r\n charset=utf-8".into())];
        }),
        read("head-control", "A cookie with a control character.", "Set-Cookie", "visitor=\u{1}1"),
        read("head-delete", "A cookie with DEL at its end.", "Set-Cookie", "visitor=1\u{7f}"),
        read("head-blank", "White space before the colon.", "X-Note ", "1"),
        read("head-name", "A name of two words.", "X Note", "1"),
        case("head-many", "More headers than many libraries count, each as it should be.")
            .site(|site| site.response.headers.extend(std::iter::repeat_n(("X-Note", "1".into()), MANY))),
        case("head-tabs", "Values with tabs, and with letters that are not ASCII.").header("X-Note", "\ta\tb\u{fc}"),
        refused("head-nul", "A NUL in a header, which no HTTP library reads.", "X-Note", "a\0b"),
        refused("head-lengths-differ", "Two lengths that differ.", "Content-Length", "3"),
        raw(
            "interim-two",
            "100 Continue and 103 Early Hints before the response.",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
        ),
        raw("head-line-feeds", "LF alone ends the lines of the head.", "HTTP/1.1 200 OK\nContent-Type: text/plain\n\n")
            .code(codes::STS_FETCH_HEADER_MALFORMED),
        case("head-endless", "Headers without end.").framing(Framing::EndlessHead).no_policy("http").code(codes::STS_FETCH_STATUS),
        case("interim-endless", "100 Continue without end.")
            .framing(Framing::EndlessInterim)
            .no_policy("http")
            .code(codes::STS_FETCH_STATUS),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [statuses(), media_types(), headers_and_framing(), heads()].concat()
}
