//! `sts-fetch-content-type-*` and the first half of `sts-policy-*`: the media type of the policy, and its body as a text of lines (RFC 8461
//! section 3.2).

use super::super::families::{GOOD_POLICY as GOOD, POLICY, RESPONSE, RETRIEVED, VALID_POLICY, policy};
use super::super::rule::{Rule, Severity, codes};

const MEDIA: Rule = Rule {
    severity: Severity::Medium,
    clause: "RFC 8461 section 3.2",
    effect: "Senders should check for text/plain: several widely used ones refuse the policy, others ignore the media type.",
    stage: None,
    ..RESPONSE
};

/// The text is not as it should be, yet valid.
const VALID: Rule = Rule { severity: Severity::Info, ..VALID_POLICY };

codes! {
    3280 STS_FETCH_TOO_LARGE = "sts-fetch-too-large" of StsFetchTooLarge {
        summary: "The file is larger than the 64 KB that senders read.",
        remedy: "Reduce the policy to its few lines; if the file is a web page, the path is served by the wrong application.",
        example: Some(Seen("a body of 65537 octets", "a body of 120 octets")),
        ..RESPONSE
    }
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
        effect: "Senders ignore the parameter, except for a few that decode the text by it.",
        remedy: "Send Content-Type: text/plain; charset=utf-8.",
        example: Some(Text("text/plain; charset=iso-8859-1", "text/plain; charset=utf-8")),
        ..RETRIEVED
    }
    4030 STS_POLICY_EMPTY = "sts-policy-empty" of StsPolicyEmpty {
        summary: "The policy is empty.",
        remedy: "Serve a complete policy; some providers answer with an empty file once a customer has left, and then the DNS records should go as well.",
        example: Some(Text("", GOOD)),
        ..POLICY
    }
    4040 STS_POLICY_HTML_BODY = "sts-policy-html-body" of StsPolicyHtmlBody {
        summary: "Instead of a policy the policy host serves a web page.",
        remedy: "Put the text file at /.well-known/mta-sts.txt of the virtual host mta-sts.DOMAIN; a start page or error page with status 200 is being served instead.",
        example: Some(Text("<!DOCTYPE html>\n<html><body>Welcome</body></html>\n", GOOD)),
        ..POLICY
    }
    4050 STS_POLICY_JSON_BODY = "sts-policy-json-body" of StsPolicyJsonBody {
        summary: "The policy is written in JSON.",
        remedy: "Write the policy as lines of the form key: value, as RFC 8461 has it; JSON was the format of an early draft.",
        example: Some(Text("{\"version\": \"STSv1\", \"mode\": \"enforce\"}", GOOD)),
        ..POLICY
    }
    4060 STS_POLICY_LARGE = "sts-policy-large" of StsPolicyLarge {
        severity: Low,
        clause: "RFC 8461 section 3.3",
        summary: "The policy is larger than 4 KB.",
        effect: "Most senders read up to 64 KB, a few cut a longer text off without notice.",
        remedy: "Cover many MX hosts by one wildcard pattern, and remove what is not needed.",
        tlsrpt_result: None,
        example: Some(Seen("a policy of 4097 octets", "a policy of 120 octets")),
        stage: None,
        ..POLICY
    }
    4070 STS_POLICY_BOM = "sts-policy-bom" of StsPolicyBom {
        summary: "The policy begins with a byte order mark.",
        remedy: "Save the file as UTF-8 without a byte order mark (BOM), or as plain ASCII.",
        example: Some(Text(policy!["\u{feff}version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4080 STS_POLICY_NOT_UTF8 = "sts-policy-not-utf8" of StsPolicyNotUtf8 {
        summary: "The policy contains bytes that are no UTF-8.",
        remedy: "Save the file as plain ASCII; nothing in a policy needs more.",
        example: Some(Seen("note: caf\\xe9 (ISO 8859-1)", "note: caf\\xc3\\xa9 (UTF-8)")),
        ..POLICY
    }
    4090 STS_POLICY_CONTROL_CHAR = "sts-policy-control-char" of StsPolicyControlChar {
        summary: "The policy contains control characters.",
        remedy: "Type the file again in a plain text editor.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce\u{7}", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4100 STS_POLICY_NBSP = "sts-policy-nbsp" of StsPolicyNbsp {
        summary: "The policy contains no-break spaces or other white space outside ASCII.",
        remedy: "Replace them by plain spaces; they come with text that is pasted from web pages.",
        example: Some(Text(policy!["version: STSv1", "mode:\u{a0}enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4110 STS_POLICY_BARE_CR = "sts-policy-bare-cr" of StsPolicyBareCr {
        summary: "The policy has a carriage return that is not followed by a line feed.",
        remedy: "End every line with CR LF, or with LF alone, and nothing else.",
        example: Some(Text("version: STSv1\rmode: enforce\rmx: mail.example.com\rmax_age: 604800\r", GOOD)),
        ..POLICY
    }
    4120 STS_POLICY_LINE_SEPARATOR = "sts-policy-line-separator" of StsPolicyLineSeparator {
        summary: "Lines of the policy are separated by a character that is no line end.",
        remedy: "End every line with CR LF, not with a vertical tab, form feed, or the Unicode characters for next line, line separator or paragraph separator.",
        example: Some(Text(policy!["version: STSv1\u{2028}mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4130 STS_POLICY_ESCAPED_NEWLINE = "sts-policy-escaped-newline" of StsPolicyEscapedNewline {
        summary: "Line ends of the policy are written as the two characters backslash and n.",
        remedy: "Store real line ends: the text went through a template or shell that did not expand the escape.",
        example: Some(Text("version: STSv1\\nmode: enforce\\nmx: mail.example.com\\nmax_age: 604800\\n", GOOD)),
        ..POLICY
    }
    4140 STS_POLICY_SINGLE_LINE = "sts-policy-single-line" of StsPolicySingleLine {
        summary: "All fields of the policy stand on one line.",
        remedy: "Give every field its own line.",
        example: Some(Text("version: STSv1 mode: enforce mx: mail.example.com max_age: 604800", GOOD)),
        ..POLICY
    }
    4150 STS_POLICY_EOL_MIXED = "sts-policy-eol-mixed" of StsPolicyEolMixed {
        summary: "Some lines of the policy end with CR LF, others with LF alone.",
        remedy: "End every line with CR LF.",
        example: Some(Text("version: STSv1\r\nmode: enforce\nmx: mail.example.com\r\nmax_age: 604800\r\n", GOOD)),
        ..VALID
    }
    4160 STS_POLICY_EOL_LF = "sts-policy-eol-lf" of StsPolicyEolLf {
        summary: "The lines of the policy end with LF alone.",
        effect: "None: the grammar of RFC 8461 allows it, though its prose says CR LF and some checkers insist on that.",
        remedy: "Nothing urgent. End every line with CR LF to satisfy every reader.",
        example: Some(Text("version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n", GOOD)),
        ..VALID
    }
    4170 STS_POLICY_BLANK_LINE = "sts-policy-blank-line" of StsPolicyBlankLine {
        severity: Medium,
        summary: "The policy has a blank line between its fields.",
        effect: "Strict senders must not use the policy, or read it only as far as the blank line; most others skip the line.",
        remedy: "Remove the blank line.",
        example: Some(Text(policy!["version: STSv1", "", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4180 STS_POLICY_TRAILING_BLANK_LINE = "sts-policy-trailing-blank-line" of StsPolicyTrailingBlankLine {
        severity: Medium,
        summary: "The policy ends with blank lines.",
        effect: "Strict senders must not use the policy; most others skip the blank lines.",
        remedy: "Let the file end right after the line end of its last field.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800", ""], GOOD)),
        ..POLICY
    }
    4190 STS_POLICY_LEADING_SPACE = "sts-policy-leading-space" of StsPolicyLeadingSpace {
        summary: "A line of the policy begins with white space.",
        remedy: "Let every line begin with its key; indentation from a configuration file is a common cause.",
        example: Some(Text(policy!["version: STSv1", "  mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4200 STS_POLICY_TRAILING_SPACE = "sts-policy-trailing-space" of StsPolicyTrailingSpace {
        summary: "A line of the policy ends with white space.",
        remedy: "Nothing urgent; remove the white space when the file is next edited.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce ", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..VALID
    }
    4210 STS_POLICY_LINE_SYNTAX = "sts-policy-line-syntax" of StsPolicyLineSyntax {
        summary: "A line of the policy is not of the form key: value.",
        remedy: "Remove the line or write it as key: value; every line of the file has to be a field.",
        example: Some(Text(policy!["version: STSv1", "mode enforce", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4220 STS_POLICY_SPACE_BEFORE_COLON = "sts-policy-space-before-colon" of StsPolicySpaceBeforeColon {
        summary: "There is white space between a key and its colon.",
        remedy: "Remove the white space in front of the colon.",
        example: Some(Text(policy!["version: STSv1", "mode : enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4230 STS_POLICY_COMMENT = "sts-policy-comment" of StsPolicyComment {
        summary: "The policy contains a comment, which its grammar does not know.",
        remedy: "Remove the comment; keep notes outside the file.",
        example: Some(Text(policy!["# our policy", "version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    4240 STS_POLICY_PLACEHOLDER = "sts-policy-placeholder" of StsPolicyPlaceholder {
        severity: Low,
        summary: "The policy contains a placeholder of a template.",
        effect: "The field has no useful value; as an mx pattern it matches no host.",
        remedy: "Replace the placeholder by the name of your MX host, or remove its line.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.yourdomain.tld", "max_age: 604800"], GOOD)),
        stage: None,
        ..POLICY
    }
}
