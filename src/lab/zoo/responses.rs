//! HTTP: status, headers, framing of the body (RFC 8461 sections 3.2 and 3.3).

use std::time::Duration;

use crate::classify::codes;

use super::super::case::{Case, case};
use super::super::packing::Packing;
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

/// Compressed although nobody asked for it, as it is declared and otherwise.
fn codings() -> Vec<Case> {
    use Packing::{Brotli, Cut, Damaged, Deflate, Followed, Gzip, GzipInTwo, Zeros, Zlib, Zstd};
    let fine = |name, about, declared, packing: &[Packing]| case(name, about).packed(declared, packing);
    let lost = |name, about, declared, packing: &[Packing]| {
        let case = case(name, about).packed(declared, packing).no_policy("http");
        case.cause(codes::STS_FETCH_CONTENT_ENCODING)
    };
    vec![
        fine("coding-gzip", "Compressed with gzip.", "gzip", &[Gzip]),
        fine("coding-x-gzip", "With gzip under its old name.", "x-gzip", &[Gzip]),
        fine("coding-gzip-members", "With gzip in two members.", "gzip", &[GzipInTwo]),
        fine("coding-deflate", "With zlib, which HTTP calls deflate.", "deflate", &[Zlib]),
        fine("coding-deflate-raw", "With deflate itself, which HTTP calls nothing.", "deflate", &[Deflate]),
        fine("coding-brotli", "With brotli.", "br", &[Brotli]),
        fine("coding-zstd", "With zstd.", "zstd", &[Zstd]),
        fine("coding-two", "First with zstd, then with gzip.", "zstd, gzip", &[Zstd, Gzip]),
        fine("coding-two-fields", "First with brotli, then with gzip, in two header fields.", "br", &[Brotli, Gzip])
            .header("Content-Encoding", "gzip"),
        fine("coding-chunked", "Compressed with gzip, in small chunks.", "gzip", &[Gzip]).framing(Framing::Chunked),
        fine("coding-followed", "Compressed with gzip, zeros after the end.", "gzip", &[Gzip, Followed(&[0; 8])]),
        fine("coding-mailbox", "Compressed with brotli and then with gzip, a mailbox in it.", "br, gzip", &[Brotli, Gzip])
            .body("version: STSv1\r\nmode: enforce\r\nmx: mx1.{d}\r\nmx: mx2.{d}\r\ncontact: tls-reports@{d}\r\nmax_age: 2592000\r\n")
            .code(codes::STS_POLICY_UNKNOWN_FIELD),
        fine("coding-unknown", "A coding that there is not.", "utf-8", &[]),
        lost("coding-cut", "Compressed with gzip, the last half is missing.", "gzip", &[Gzip, Cut(60)]),
        lost("coding-damaged", "Compressed with gzip, the checksum is another.", "gzip", &[Gzip, Damaged(5)]),
        lost("coding-bomb", "A policy and four megabytes of zeros, compressed twice.", "gzip, gzip", &[Zeros(4_000_000), Gzip, Gzip])
            .code(codes::STS_FETCH_TOO_LARGE)
            .cause(codes::STS_FETCH_TOO_LARGE),
        lost("coding-ten", "Compressed ten times.", "gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip", &[Gzip; 10]),
    ]
}

/// Filters against robots that answer in place of the policy host, and hosts behind them that answer themselves.
fn filters() -> Vec<Case> {
    let behind = |name, about, status, code| case(name, about).status(status).no_policy("http").code(code);
    vec![
        case("robot-filter", "Forbidden by a network that filters robots.").filtered(403, "").header("Server", "cloudflare"),
        case("filter-challenge", "A browser check that a network marks as such.")
            .filtered(403, "<html><title>Just a moment...</title></html>")
            .header("cf-mitigated", "challenge"),
        case("filter-modsecurity", "ModSecurity on shared hosting.").filtered(
            406,
            "<h1>Not Acceptable!</h1><p>An appropriate representation of the requested resource could not be found on this server. \
             This error was generated by Mod_Security.</p>",
        ),
        case("filter-aws", "A challenge of AWS WAF.").filtered(202, "").header("x-amzn-waf-action", "challenge"),
        case("filter-aws-captcha", "A captcha of AWS WAF.").filtered(405, "<html>").header("x-amzn-waf-action", "captcha"),
        case("filter-siteground", "SiteGround's captcha.")
            .filtered(202, "<html><head><meta http-equiv=\"refresh\" content=\"0;/.well-known/sgcaptcha/?r=%2F\"></meta></head></html>"),
        case("filter-vercel", "Vercel's firewall.").filtered(403, "Forbidden").header("x-vercel-mitigated", "deny"),
        case("filter-f5", "F5 BIG-IP, which rejects with status 200.").filtered(
            200,
            "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Please consult with your \
             administrator.<br><br>Your support ID is: 1234567890</body></html>",
        ),
        case("filter-imunify360", "imunify360, which denies with status 200.")
            .filtered(200, "{\"message\": \"Access denied by Imunify360 bot-protection. IPs used for automation should be whitelisted\"}"),
        case("filter-anubis", "A proof of work by Anubis, compressed.")
            .filtered(200, "<html><script async src=\"/.within.website/x/cmd/anubis/static/js/main.mjs\"></script></html>")
            .site(|site| site.response.packing = vec![Packing::Gzip])
            .header("Content-Encoding", "gzip"),
        case("filter-qrator", "QRATOR's challenge.").filtered(401, "").header("Server", "QRATOR"),
        case("filter-imperva", "Imperva's block page.")
            .filtered(403, "<html><iframe>Request unsuccessful. Incapsula incident ID: 1234-5678</iframe></html>"),
        behind("behind-filter-404", "Not found at a host behind a network that filters robots.", 404, codes::STS_FETCH_NOT_FOUND)
            .header("CF-RAY", "8a1b2c3d4e5f-FRA"),
        behind("behind-filter-401", "A password is asked for, behind QRATOR.", 401, codes::STS_FETCH_STATUS)
            .header("Server", "QRATOR")
            .header("WWW-Authenticate", "Basic realm=\"staging\""),
        behind("status-406", "Not acceptable, and nobody says why.", 406, codes::STS_FETCH_STATUS),
        behind("status-405", "Method not allowed, and nobody says why.", 405, codes::STS_FETCH_STATUS),
        behind("status-202", "Accepted, and nobody says why.", 202, codes::STS_FETCH_STATUS),
        case("behind-filter", "A policy from behind filters against robots.")
            .header("Server", "imunify360-webshield/1.21")
            .header("X-Iinfo", "1-2-3 NNNN"),
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
    [statuses(), media_types(), headers_and_framing(), codings(), filters(), heads()].concat()
}
