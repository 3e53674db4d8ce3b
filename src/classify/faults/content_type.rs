//! `sts-fetch-content-type-*`: what is wrong with the media type of the policy (RFC 8461 section 3.2).

use super::super::families::{FETCH, RETRIEVED};
use super::super::rule::{Rule, Severity, codes};

const MEDIA: Rule = Rule {
    severity: Severity::Medium,
    clause: "RFC 8461 section 3.2",
    effect: "Senders should check for text/plain: several widely used ones refuse the policy, others ignore the media type.",
    ..FETCH
};

codes! {
    3310 STS_FETCH_CONTENT_TYPE_WRONG = "sts-fetch-content-type-wrong" of StsFetchContentTypeWrong {
        summary: "The policy is not served as text/plain.",
        remedy: "Configure the web server to send Content-Type: text/plain for /.well-known/mta-sts.txt.",
        example: Some(Text("text/html", "text/plain")),
        ..MEDIA
    }
    3320 STS_FETCH_CONTENT_TYPE_MISSING = "sts-fetch-content-type-missing" of StsFetchContentTypeMissing {
        summary: "The policy is served without a Content-Type.",
        remedy: "Configure the web server to send Content-Type: text/plain for /.well-known/mta-sts.txt.",
        example: Some(Seen("200, no Content-Type", "200, Content-Type: text/plain")),
        ..MEDIA
    }
    3330 STS_FETCH_CONTENT_TYPE_MALFORMED = "sts-fetch-content-type-malformed" of StsFetchContentTypeMalformed {
        summary: "The Content-Type of the policy breaks the grammar of media types.",
        remedy: "Configure the web server to send exactly Content-Type: text/plain or text/plain; charset=utf-8.",
        example: Some(Text("text/plain; charset", "text/plain; charset=utf-8")),
        ..MEDIA
    }
    3340 STS_FETCH_CONTENT_TYPE_CHARSET = "sts-fetch-content-type-charset" of StsFetchContentTypeCharset {
        severity: Low,
        clause: "RFC 8461 section 3.2",
        summary: "The Content-Type of the policy has a parameter other than charset=utf-8 or charset=us-ascii.",
        effect: "Senders ignore the parameter, save for a few that decode the text by it.",
        remedy: "Send Content-Type: text/plain; charset=utf-8.",
        example: Some(Text("text/plain; charset=iso-8859-1", "text/plain; charset=utf-8")),
        ..RETRIEVED
    }
}
