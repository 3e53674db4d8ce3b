//! `sts-policy-mx-*`: the mx patterns of the policy (RFC 8461 sections 3.2 and 4.1).

use super::super::families::{GOOD_POLICY as GOOD, POLICY, VALID_POLICY as VALID, policy};
use super::super::rule::{Rule, codes};

/// A pattern that the grammar refuses.
const PATTERN: Rule = Rule {
    effect: "Senders that follow the RFC must not use the policy. Less strict mail systems keep the pattern, which matches no MX, and with mode enforce then refuse to deliver.",
    ..POLICY
};

const NEVER_MATCHES: &str = "The pattern can match no MX host; the policy stays valid, and its other patterns count.";

codes! {
    6010 STS_POLICY_MX_MISSING = "sts-policy-mx-missing" of StsPolicyMxMissing {
        summary: "The policy has no mx line, although its mode is not none.",
        remedy: "Add one line mx: HOST for every MX host of the domain.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    6020 STS_POLICY_MX_EMPTY = "sts-policy-mx-empty" of StsPolicyMxEmpty {
        summary: "An mx line of the policy has no value.",
        remedy: "Write the name of an MX host after mx:, or remove the line.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx:", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..POLICY
    }
    6030 STS_POLICY_MX_INVALID = "sts-policy-mx-invalid" of StsPolicyMxInvalid {
        summary: "An mx pattern is neither a host name nor a wildcard such as *.example.com.",
        remedy: "Write the name of the MX host as it stands in DNS, without a trailing dot: letters, digits, hyphens and dots, labels of 63 octets at most and 253 in all.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail_1.example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6040 STS_POLICY_MX_LIST_ON_ONE_LINE = "sts-policy-mx-list-on-one-line" of StsPolicyMxListOnOneLine {
        summary: "Several MX hosts stand on one mx line.",
        remedy: "Give every host its own line: mx: HOST.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mx1.example.com, mx2.example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6050 STS_POLICY_MX_BARE_WILDCARD = "sts-policy-mx-bare-wildcard" of StsPolicyMxBareWildcard {
        summary: "An mx pattern is a lone asterisk.",
        remedy: "Name the MX hosts, or use *.DOMAIN for all hosts directly below a domain; there is no pattern for any host at all.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: *", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6060 STS_POLICY_MX_WILDCARD_POSITION = "sts-policy-mx-wildcard-position" of StsPolicyMxWildcardPosition {
        summary: "The asterisk of an mx pattern is not the whole of its first label.",
        remedy: "Use an asterisk only in front, followed by a dot, as in *.example.com; otherwise name the host in full.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mx*.example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6070 STS_POLICY_MX_LEADING_DOT = "sts-policy-mx-leading-dot" of StsPolicyMxLeadingDot {
        summary: "An mx pattern begins with a dot.",
        remedy: "Write *.example.com instead of .example.com, which is the notation of an early draft.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: .example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6080 STS_POLICY_MX_TRAILING_DOT = "sts-policy-mx-trailing-dot" of StsPolicyMxTrailingDot {
        summary: "An mx pattern ends with a dot.",
        remedy: "Remove the dot at the end: unlike in a zone file, names in the policy have none.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com.", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6090 STS_POLICY_MX_U_LABEL = "sts-policy-mx-u-label" of StsPolicyMxULabel {
        summary: "An mx pattern contains characters outside ASCII.",
        remedy: "Write internationalised names as A-labels, which begin with xn--.",
        example: Some(Text(
            policy!["version: STSv1", "mode: enforce", "mx: mail.b\u{fc}cher.example", "max_age: 604800"],
            policy!["version: STSv1", "mode: enforce", "mx: mail.xn--bcher-kva.example", "max_age: 604800"],
        )),
        ..PATTERN
    }
    6100 STS_POLICY_MX_IP_LITERAL = "sts-policy-mx-ip-literal" of StsPolicyMxIpLiteral {
        summary: "An mx pattern is an IP address.",
        remedy: "Write the name of the MX host; certificates and patterns go by names only.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: 192.0.2.25", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6110 STS_POLICY_MX_PORT = "sts-policy-mx-port" of StsPolicyMxPort {
        summary: "An mx pattern contains a port number.",
        remedy: "Remove the colon and the port: mail between servers always uses port 25.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail.example.com:25", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6120 STS_POLICY_MX_PRIORITY = "sts-policy-mx-priority" of StsPolicyMxPriority {
        summary: "An mx pattern contains the preference of an MX record.",
        remedy: "Write only the name of the host; the preference stays in DNS.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: 10 mail.example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6130 STS_POLICY_MX_EMAIL = "sts-policy-mx-email" of StsPolicyMxEmail {
        summary: "An mx pattern is a mail address.",
        remedy: "Write the name of the MX host; an address for reports belongs into the TXT record at _smtp._tls.DOMAIN.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: postmaster@example.com", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6140 STS_POLICY_MX_URL = "sts-policy-mx-url" of StsPolicyMxUrl {
        summary: "An mx pattern is a URL.",
        remedy: "Write only the name of the MX host, without https:// and without a path.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: https://mail.example.com/", "max_age: 604800"], GOOD)),
        ..PATTERN
    }
    6150 STS_POLICY_MX_UPPERCASE = "sts-policy-mx-uppercase" of StsPolicyMxUppercase {
        summary: "An mx pattern contains capital letters.",
        effect: "None: names are compared without regard to case.",
        remedy: "Nothing urgent; write names in small letters.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: MAIL.example.com", "max_age: 604800"], GOOD)),
        ..VALID
    }
    6160 STS_POLICY_MX_DUPLICATE = "sts-policy-mx-duplicate" of StsPolicyMxDuplicate {
        summary: "The same mx pattern stands in the policy more than once.",
        remedy: "Nothing urgent; remove the repetition.",
        example: Some(Text(
            policy!["version: STSv1", "mode: enforce", "mx: mail.example.com", "mx: mail.example.com", "max_age: 604800"],
            GOOD,
        )),
        ..VALID
    }
    6170 STS_POLICY_MX_SINGLE_LABEL = "sts-policy-mx-single-label" of StsPolicyMxSingleLabel {
        summary: "An mx pattern is a name without a dot.",
        effect: NEVER_MATCHES,
        remedy: "Write the full name of the MX host as it stands in DNS.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mail", "max_age: 604800"], GOOD)),
        ..VALID
    }
    6180 STS_POLICY_MX_IS_POLICY_HOST = "sts-policy-mx-is-policy-host" of StsPolicyMxIsPolicyHost {
        severity: Medium,
        clause: "RFC 8461 section 4.1",
        summary: "An mx pattern names the policy host, which is a web server.",
        effect: "The pattern matches no MX host unless mail really goes to the policy host, so with mode enforce senders may refuse to deliver.",
        remedy: "List the hosts of the MX records instead of mta-sts.DOMAIN.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: mta-sts.example.com", "max_age: 604800"], GOOD)),
        tlsrpt_result: Some(ResultType::ValidationFailure),
        stage: None,
        ..POLICY
    }
    6190 STS_POLICY_MX_MANY = "sts-policy-mx-many" of StsPolicyMxMany {
        summary: "The policy has more than 30 mx patterns.",
        effect: "Mail is not affected, but long lists go out of date.",
        remedy: "Cover hosts of one domain by a wildcard such as *.example.com.",
        example: Some(Seen("31 lines that begin with mx:", "one line: mx: *.mail.example.com")),
        ..VALID
    }
    6210 STS_POLICY_MX_WILDCARD_PUBLIC_SUFFIX = "sts-policy-mx-wildcard-public-suffix" of StsPolicyMxWildcardPublicSuffix {
        severity: Medium,
        clause: "RFC 8461 section 10.4",
        summary: "An mx pattern allows every domain below a public suffix.",
        effect: "Anybody who registers a domain there can pose as an MX host, so the policy stops next to no attacker.",
        remedy: "Name the MX hosts, or let the asterisk stand for one label below a domain of your own or of your mail provider.",
        example: Some(Text(policy!["version: STSv1", "mode: enforce", "mx: *.co.uk", "max_age: 604800"], GOOD)),
        ..VALID
    }
}
