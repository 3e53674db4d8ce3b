//! `sts-policy-*`, first half: the body of the policy as a text of lines (RFC 8461 section 3.2).

use super::super::Severity::{Info, Low, Medium};
use super::super::rule::{Rule, Status};
use super::policy_fields::{FINE, GOOD, POLICY, policy};

/// The text is not as it should be, yet valid.
const VALID: Rule = Rule { severity: Info, effect: FINE, tlsrpt_result: None, ..POLICY };

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "sts-policy-without-record",
        severity: Medium,
        clause: "RFC 8461 section 3.1",
        summary: "A policy is served, but there is no record to announce it.",
        effect: "Senders do not look for the policy, so mail travels without MTA-STS.",
        remedy: "Publish the TXT record v=STSv1; id=20240115T120000; (with an id of your own) at _mta-sts.DOMAIN, or remove the policy if MTA-STS is no longer wanted.",
        tlsrpt_result: None,
        ..POLICY
    },
    Rule {
        code: "sts-policy-shared",
        summary: "The same policy text is served for many domains.",
        effect: "None: it shows the template of a provider.",
        remedy: "Nothing to mend, and never reported of a domain: it takes the whole of a scan to see it. Count evidence.fetch.body_sha256 over the rows of the dataset.",
        status: Status::Aggregate,
        ..VALID
    },
    Rule {
        code: "sts-policy-empty",
        summary: "The policy is empty.",
        remedy: "Serve a complete policy; some providers answer with an empty file once a customer has left, and then the DNS records should go as well.",
        example: Some(("", GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-html-body",
        summary: "Instead of a policy the policy host serves a web page.",
        remedy: "Put the text file at /.well-known/mta-sts.txt of the virtual host mta-sts.DOMAIN; a start page or error page with status 200 is being served instead.",
        example: Some(("<!DOCTYPE html>\n<html><body>Welcome</body></html>\n", GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-json-body",
        summary: "The policy is written in JSON.",
        remedy: "Write the policy as lines of the form key: value, as RFC 8461 has it; JSON was the format of an early draft.",
        example: Some(("{\"version\": \"STSv1\", \"mode\": \"enforce\"}", GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-large",
        severity: Low,
        clause: "RFC 8461 section 3.3",
        summary: "The policy is larger than 4 KB.",
        effect: "Most senders read up to 64 KB, a few cut a longer text off without notice.",
        remedy: "Cover many MX hosts by one wildcard pattern, and remove what is not needed.",
        tlsrpt_result: None,
        ..POLICY
    },
    Rule {
        code: "sts-policy-bom",
        summary: "The policy begins with a byte order mark.",
        remedy: "Save the file as UTF-8 without a byte order mark (BOM), or as plain ASCII.",
        example: Some((policy!["\u{feff}version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-not-utf8",
        summary: "The policy contains bytes that are no UTF-8.",
        remedy: "Save the file as plain ASCII; nothing in a policy needs more.",
        ..POLICY
    },
    Rule {
        code: "sts-policy-control-char",
        summary: "The policy contains control characters.",
        remedy: "Type the file again in a plain text editor.",
        example: Some((policy!["version: STSv1", "mode: enforce\u{7}", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-nbsp",
        summary: "The policy contains no-break spaces or other white space outside ASCII.",
        remedy: "Replace them by plain spaces; they come with text that is pasted from web pages.",
        example: Some((policy!["version: STSv1", "mode:\u{a0}enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-bare-cr",
        summary: "The policy has a carriage return that is not followed by a line feed.",
        remedy: "End every line with CR LF, or with LF alone, and nothing else.",
        example: Some(("version: STSv1\rmode: enforce\rmx: mail.example.com\rmax_age: 604800\r", GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-line-separator",
        summary: "Lines of the policy are separated by a character that is no line end.",
        remedy: "End every line with CR LF, not with a vertical tab, form feed, or the Unicode characters for next line, line separator or paragraph separator.",
        example: Some((policy!["version: STSv1\u{2028}mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-escaped-newline",
        summary: "Line ends of the policy are written as the two characters backslash and n.",
        remedy: "Store real line ends: the text went through a template or shell that did not expand the escape.",
        example: Some(("version: STSv1\\nmode: enforce\\nmx: mail.example.com\\nmax_age: 604800\\n", GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-single-line",
        summary: "All fields of the policy stand on one line.",
        remedy: "Give every field its own line.",
        example: Some(("version: STSv1 mode: enforce mx: mail.example.com max_age: 604800", GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-eol-mixed",
        summary: "Some lines of the policy end with CR LF, others with LF alone.",
        remedy: "End every line with CR LF.",
        example: Some(("version: STSv1\r\nmode: enforce\nmx: mail.example.com\r\nmax_age: 604800\r\n", GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-eol-lf",
        summary: "The lines of the policy end with LF alone.",
        effect: "None: the grammar of RFC 8461 allows it, though its prose says CR LF and some checkers insist on that.",
        remedy: "Nothing urgent. End every line with CR LF to satisfy every reader.",
        example: Some(("version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n", GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-blank-line",
        severity: Medium,
        summary: "The policy has a blank line between its fields.",
        effect: "Strict senders must not use the policy, or read it only as far as the blank line; most others skip the line.",
        remedy: "Remove the blank line.",
        example: Some((policy!["version: STSv1", "", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-trailing-blank-line",
        severity: Medium,
        summary: "The policy ends with blank lines.",
        effect: "Strict senders must not use the policy; most others skip the blank lines.",
        remedy: "Let the file end right after the line end of its last field.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800", ""], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-leading-space",
        summary: "A line of the policy begins with white space.",
        remedy: "Let every line begin with its key; indentation from a configuration file is a common cause.",
        example: Some((policy!["version: STSv1", "  mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-trailing-space",
        summary: "A line of the policy ends with white space.",
        remedy: "Nothing urgent; remove the white space when the file is next edited.",
        example: Some((policy!["version: STSv1", "mode: enforce ", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-line-syntax",
        summary: "A line of the policy is not of the form key: value.",
        remedy: "Remove the line or write it as key: value; every line of the file has to be a field.",
        example: Some((policy!["version: STSv1", "mode enforce", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-space-before-colon",
        summary: "There is white space between a key and its colon.",
        remedy: "Remove the white space in front of the colon.",
        example: Some((policy!["version: STSv1", "mode : enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-comment",
        summary: "The policy contains a comment, which its grammar does not know.",
        remedy: "Remove the comment; keep notes outside the file.",
        example: Some((policy!["# our policy", "version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-placeholder",
        severity: Low,
        summary: "The policy contains a placeholder of a template.",
        effect: "The field has no useful value; as an mx pattern it matches no host.",
        remedy: "Replace the placeholder by the name of your MX host, or remove its line.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.yourdomain.tld", "max_age: 604800"], GOOD)),
        ..POLICY
    },
];
