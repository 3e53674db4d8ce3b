//! `sts-policy-mx-*`: the mx patterns of the policy (RFC 8461 sections 3.2 and 4.1).

use super::super::Severity::{Info, Low, Medium};
use super::super::rule::{ResultType, Rule, Status};
use super::policy_fields::{FINE, GOOD, POLICY, policy};

/// A pattern that the grammar refuses.
const PATTERN: Rule = Rule {
    effect: "Senders that follow the RFC must not use the policy. Forgiving senders keep the pattern, which matches no MX, and with mode enforce then refuse to deliver.",
    ..POLICY
};

/// A pattern that the grammar allows.
const VALID: Rule = Rule { severity: Low, effect: FINE, tlsrpt_result: None, ..POLICY };

const NEVER_MATCHES: &str = "The pattern can match no MX host; the policy stays valid, and its other patterns count.";

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "sts-policy-mx-missing",
        summary: "The policy has no mx line, although its mode is not none.",
        remedy: "Add one line mx: HOST for every MX host of the domain.",
        example: Some((policy!["version: STSv1", "mode: enforce", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-mx-empty",
        summary: "An mx line of the policy has no value.",
        remedy: "Write the name of an MX host after mx:, or remove the line.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx:", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    },
    Rule {
        code: "sts-policy-mx-invalid",
        summary: "An mx pattern is neither a host name nor a wildcard such as *.example.com.",
        remedy: "Write the name of the MX host as it stands in DNS, without a trailing dot: letters, digits, hyphens and dots.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail_1.example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-list-on-one-line",
        summary: "Several MX hosts stand on one mx line.",
        remedy: "Give every host its own line: mx: HOST.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mx1.example.com, mx2.example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-bare-wildcard",
        summary: "An mx pattern is a lone asterisk.",
        remedy: "Name the MX hosts, or use *.DOMAIN for all hosts directly below a domain; there is no pattern for any host at all.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: *", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-wildcard-position",
        summary: "The asterisk of an mx pattern is not the whole of its first label.",
        remedy: "Use an asterisk only in front, followed by a dot, as in *.example.com; otherwise name the host in full.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mx*.example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-leading-dot",
        summary: "An mx pattern begins with a dot.",
        remedy: "Write *.example.com instead of .example.com, which is the notation of an early draft.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: .example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-trailing-dot",
        summary: "An mx pattern ends with a dot.",
        remedy: "Remove the dot at the end: unlike in a zone file, names in the policy have none.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com.", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-u-label",
        summary: "An mx pattern contains characters outside ASCII.",
        remedy: "Write internationalised names as A-labels, which begin with xn--.",
        example: Some((
            policy!["version: STSv1", "mode: enforce", "mx: mail.b\u{fc}cher.example", "max_age: 604800"],
            policy!["version: STSv1", "mode: enforce", "mx: mail.xn--bcher-kva.example", "max_age: 604800"],
        )),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-ip-literal",
        summary: "An mx pattern is an IP address.",
        remedy: "Write the name of the MX host; certificates and patterns go by names only.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: 192.0.2.25", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-port",
        summary: "An mx pattern contains a port number.",
        remedy: "Remove the colon and the port: mail between servers always uses port 25.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail.example.com:25", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-priority",
        summary: "An mx pattern contains the preference of an MX record.",
        remedy: "Write only the name of the host; the preference stays in DNS.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: 10 mail.example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-email",
        summary: "An mx pattern is a mail address.",
        remedy: "Write the name of the MX host; an address for reports belongs into the TXT record at _smtp._tls.DOMAIN.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: postmaster@example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-url",
        summary: "An mx pattern is a URL.",
        remedy: "Write only the name of the MX host, without https:// and without a path.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: https://mail.example.com/", "max_age: 604800"], GOOD)),
        ..PATTERN
    },
    Rule {
        code: "sts-policy-mx-uppercase",
        summary: "An mx pattern contains capital letters.",
        effect: "None: names are compared without regard to case.",
        remedy: "Nothing urgent; write names in small letters.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: MAIL.example.com", "max_age: 604800"], GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-mx-duplicate",
        summary: "The same mx pattern stands in the policy more than once.",
        remedy: "Nothing urgent; remove the repetition.",
        example: Some((
            policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "mx: mail.example.com", "max_age: 604800"],
            GOOD,
        )),
        ..VALID
    },
    Rule {
        code: "sts-policy-mx-single-label",
        summary: "An mx pattern is a name without a dot.",
        effect: NEVER_MATCHES,
        remedy: "Write the full name of the MX host as it stands in DNS.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mail", "max_age: 604800"], GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-mx-is-policy-host",
        severity: Medium,
        clause: "RFC 8461 section 4.1",
        summary: "An mx pattern names the policy host, which is a web server.",
        effect: "The pattern matches no MX host unless mail really goes to the policy host, so with mode enforce senders may refuse to deliver.",
        remedy: "List the hosts of the MX records instead of mta-sts.DOMAIN.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: mta-sts.example.com", "max_age: 604800"], GOOD)),
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..POLICY
    },
    Rule {
        code: "sts-policy-mx-many",
        summary: "The policy has more than 30 mx patterns.",
        effect: "Mail is not affected, but long lists go out of date.",
        remedy: "Cover hosts of one domain by a wildcard such as *.example.com.",
        ..VALID
    },
    Rule {
        code: "sts-policy-mx-wildcard-own-domain",
        severity: Info,
        clause: "RFC 8461 section 10.4",
        summary: "An mx pattern allows every host directly below the domain itself.",
        effect: "Mail is not affected; a machine below the domain with a certificate of its own could pose as an MX host.",
        remedy: "Name the MX hosts if other parties run machines below the domain.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: *.example.com", "max_age: 604800"], GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-mx-wildcard-public-suffix",
        severity: Medium,
        clause: "RFC 8461 section 10.4",
        summary: "An mx pattern allows every domain below a public suffix.",
        effect: "Anybody who registers a domain there can pose as an MX host, so the policy protects against next to nothing.",
        remedy: "Name the MX hosts, or let the asterisk stand for one label below a domain of your own or of your mail provider.",
        example: Some((policy!["version: STSv1", "mode: enforce", "mx: *.co.uk", "max_age: 604800"], GOOD)),
        ..VALID
    },
    Rule {
        code: "sts-policy-mx-removed-too-early",
        severity: Medium,
        clause: "RFC 8461 section 8.1",
        summary: "An MX host was changed before the policies that senders may have cached allowed the new one.",
        effect: "Senders with the old policy refuse to deliver to the new host until they fetch the policy again.",
        remedy: "Add the new host to the policy first and change the id, wait until the TTL of the record has passed, and only then change the MX records.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        status: Status::History,
        ..POLICY
    },
];
