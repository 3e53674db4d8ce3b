//! HTTP: status, headers, framing of the body (RFC 8461 sections 3.2 and 3.3).

use std::time::Duration;

use super::super::case::{Case, case};
use super::super::site::Framing;

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
        ("status-201", 201, "sts-fetch-status", "Another success than 200."),
        ("status-204", 204, "sts-fetch-status", "Success without content."),
        ("status-206", 206, "sts-fetch-status", "Partial content that nobody asked for."),
        ("status-304", 304, "sts-fetch-status", "Not modified, although nothing is cached."),
        ("status-400", 400, "sts-fetch-status", "Bad request."),
        ("status-401", 401, "sts-fetch-status", "Unauthorised."),
        ("status-403", 403, "sts-fetch-status-forbidden", "Forbidden."),
        ("status-404", 404, "sts-fetch-not-found", "Not found, with the right text as body."),
        ("status-410", 410, "sts-fetch-not-found", "Gone."),
        ("status-421", 421, "sts-fetch-status", "Misdirected request."),
    ];
    let not_now = [
        ("status-429", 429, "sts-fetch-rate-limited", "Too many requests."),
        ("status-500", 500, "sts-fetch-server-error", "Internal error."),
        ("status-503", 503, "sts-fetch-server-error", "Unavailable."),
        ("status-526", 526, "sts-fetch-server-error", "An error code of a content network."),
    ];
    let redirect = |(name, status, about)| {
        let case = case(name, about).status(status).header("Location", "https://www.{d}/.well-known/mta-sts.txt");
        case.no_policy("http").code("sts-fetch-redirect")
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
        odd("content-type-html", "text/html.", "text/html", "sts-fetch-content-type-wrong"),
        odd("content-type-octets", "application/octet-stream.", "application/octet-stream", "sts-fetch-content-type-wrong"),
        odd("content-type-prefix", "Begins with text/plain and goes on.", "text/plain2", "sts-fetch-content-type-wrong"),
        odd("content-type-latin-1", "With another charset.", "text/plain; charset=iso-8859-1", "sts-fetch-content-type-charset"),
        odd(
            "content-type-no-semicolon",
            "No semicolon before the charset.",
            "text/plain charset=utf-8",
            "sts-fetch-content-type-malformed",
        ),
        odd("content-type-list", "Two types in one field.", "text/html, text/plain", "sts-fetch-content-type-malformed"),
        case("content-type-missing", "None.")
            .site(|site| site.response.headers.clear())
            .code("sts-fetch-content-type-missing")
            .lenient_differs(),
    ]
}

fn headers_and_framing() -> Vec<Case> {
    vec![
        case("age", "The response comes from a cache.").header("Age", "120").code("sts-fetch-served-from-cache"),
        case("cache-control-long", "May be kept for an hour.").header("Cache-Control", "max-age=3600").code("sts-fetch-cache-control-long"),
        case("cache-control-short", "May be kept for a minute.").header("Cache-Control", "max-age=60"),
        case("http10", "HTTP/1.0.").site(|site| site.response.version = "HTTP/1.0").framing(Framing::Close).code("sts-fetch-http10"),
        case("chunked", "In small chunks.").framing(Framing::Chunked),
        case("to-the-end", "No declared length.").framing(Framing::Close),
        case("chunked-endless", "Chunks without end.").framing(Framing::Endless).no_policy("http").code("sts-fetch-too-large"),
        case("truncated", "100 octets less than declared.").framing(Framing::Short(100)).no_policy("http").code("sts-fetch-truncated"),
        case("not-http", "Something else than HTTP.")
            .body("220 mail.{d} ESMTP ready\r\n")
            .framing(Framing::Raw)
            .no_policy("http")
            .code("sts-fetch-status"),
        case("body-reset", "The connection is reset in the middle of the body.")
            .framing(Framing::Reset)
            .policy_not_now("http")
            .code("sts-fetch-connect-reset"),
        case("http-silence", "No response to the request.")
            .framing(Framing::Silent)
            .policy_not_now("http")
            .code("sts-fetch-timeout")
            .waits(),
        case("slow", "The body comes after eleven seconds.")
            .site(|site| site.response.delay = Duration::from_secs(11))
            .code("sts-fetch-slow")
            .waits(),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [statuses(), media_types(), headers_and_framing()].concat()
}
