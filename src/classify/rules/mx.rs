//! `mx-*`: the MX records and what the MX hosts do (RFC 5321 section 5.1, RFC 8461 section 4.2).

use super::super::Severity::{High, Info, Low, Medium};
use super::super::rule::{ResultType, Rule, Status};

const MX: Rule = Rule { clause: "RFC 5321 section 5.1", ..Rule::BASE };

/// Found out by talking to the MX host.
const SMTP: Rule = Rule { severity: High, clause: "RFC 8461 section 4.2", status: Status::Smtp, ..Rule::BASE };

const CERT: Rule = Rule {
    effect: "With mode enforce senders do not deliver to the host; with mode testing they report a failure.",
    tlsrpt_result: Some(ResultType::CertificateNotTrusted),
    ..SMTP
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "mx-null",
        clause: "RFC 7505 section 3",
        summary: "The domain says with a null MX that it takes no mail.",
        effect: "Senders return mail to the domain at once.",
        remedy: "Nothing to mend, unless the domain is meant to receive mail.",
        ..MX
    },
    Rule {
        code: "mx-null-not-alone",
        severity: Medium,
        clause: "RFC 7505 section 3",
        summary: "A null MX stands beside other MX records, which RFC 7505 forbids.",
        effect: "Senders disagree: some deliver to the other hosts, some return the mail at once.",
        remedy: "Remove the null MX (preference 0, host .) if the domain receives mail, and all other MX records if it does not.",
        ..MX
    },
    Rule {
        code: "mx-none",
        summary: "The domain has no MX record.",
        effect: "Senders try to deliver to the addresses of the domain itself, if it has any.",
        remedy: "Publish the MX records if the domain receives mail, or a null MX (preference 0, host .) if it does not.",
        ..MX
    },
    Rule {
        code: "mx-implicit",
        severity: Low,
        summary: "The domain uses MTA-STS without an MX record, so that it counts as its own MX host.",
        effect: "The policy has to match the name of the domain itself.",
        remedy: "Publish an MX record with the name of the mail server and list that name in the policy.",
        ..MX
    },
    Rule {
        code: "mx-duplicate",
        severity: Low,
        summary: "The same host stands in more than one MX record.",
        effect: "None beyond a needless second attempt.",
        remedy: "Keep one MX record for each host.",
        ..MX
    },
    Rule {
        code: "mx-ip-literal",
        severity: High,
        summary: "An MX record holds an IP address where a host name belongs.",
        effect: "Senders look the address up as a name, find nothing, and cannot deliver to this host.",
        remedy: "Give the mail server a host name with an A or AAAA record, and put that name into the MX record.",
        ..MX
    },
    Rule {
        code: "mx-u-label",
        severity: Medium,
        clause: "RFC 5890 section 2.3.2.1",
        summary: "An MX record holds a name with characters outside ASCII.",
        effect: "Many senders cannot look such a name up, and it matches no pattern of a policy.",
        remedy: "Write the name in A-labels, which begin with xn--.",
        ..MX
    },
    Rule {
        code: "mx-underscore",
        severity: Low,
        clause: "RFC 5321 section 2.3.5",
        summary: "The name of an MX host contains an underscore.",
        effect: "No certificate authority issues certificates for such a name and no valid pattern matches it, so MTA-STS cannot protect the host.",
        remedy: "Rename the host with letters, digits and hyphens only.",
        ..MX
    },
    Rule {
        code: "mx-cname",
        severity: Low,
        summary: "The name of an MX host is a CNAME, which RFC 5321 forbids.",
        effect: "Most senders cope; which of the two names they hold against policy and certificate differs.",
        remedy: "Put the name at the end of the alias into the MX record.",
        ..MX
    },
    Rule {
        code: "mx-no-address",
        severity: High,
        summary: "An MX host has no address.",
        effect: "Senders cannot deliver to this host.",
        remedy: "Add an A or AAAA record for the host or remove its MX record.",
        ..MX
    },
    Rule {
        code: "mx-private-address",
        severity: Medium,
        summary: "An MX host has only addresses that are not of the public Internet.",
        effect: "Senders cannot deliver to this host.",
        remedy: "Publish its public address or remove its MX record.",
        ..MX
    },
    Rule {
        code: "mx-unreachable",
        severity: Info,
        summary: "No connection to port 25 of an MX host came about.",
        effect: "Unknown: networks often block port 25 for everything but mail servers.",
        remedy: "Test from a network that may send mail.",
        ..SMTP
    },
    Rule {
        code: "mx-no-starttls",
        clause: "RFC 8461 section 5",
        summary: "An MX host does not offer STARTTLS.",
        effect: "With mode enforce senders do not deliver to the host; without MTA-STS mail travels in the clear.",
        remedy: "Set up TLS with a certificate for the host's name on the mail server.",
        tlsrpt_result: Some(ResultType::StarttlsNotSupported),
        ..SMTP
    },
    Rule {
        code: "mx-starttls-downgrade",
        clause: "RFC 8461 section 5",
        summary: "An MX host offers STARTTLS, but the TLS session then fails.",
        effect: "With mode enforce senders do not deliver to the host.",
        remedy: "Look in the mail server's log for the failing handshake, and for a firewall that rewrites SMTP on the way.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..SMTP
    },
    Rule {
        code: "mx-tls-old",
        clause: "RFC 8461 section 7.2",
        summary: "An MX host offers no TLS version from 1.2 on.",
        effect: "Senders that follow the RFC do not deliver to the host with mode enforce.",
        remedy: "Enable TLS 1.2 and TLS 1.3 on the mail server.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..SMTP
    },
    Rule {
        code: "mx-tls-weak",
        severity: Low,
        clause: "RFC 9325 section 4",
        summary: "An MX host negotiates a weak cipher suite or key.",
        effect: "Mail is delivered, but the session is easier to break than it need be.",
        remedy: "Configure the mail server by RFC 9325: ephemeral key exchange and authenticated encryption first.",
        ..SMTP
    },
    Rule {
        code: "mx-sni-required",
        severity: Medium,
        clause: "RFC 8461 section 7.1",
        summary: "An MX host breaks off TLS sessions without server name indication.",
        effect: "Senders that do not send the host's name cannot deliver with mode enforce.",
        remedy: "Configure a default certificate on the mail server for sessions without a known name.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..SMTP
    },
];

pub(super) const CERT_RULES: &[Rule] = &[
    Rule {
        code: "mx-cert-name-mismatch",
        summary: "The certificate of an MX host is not valid for its name.",
        remedy: "Obtain a certificate with the name that stands in the MX record as a subject alternative name.",
        tlsrpt_result: Some(ResultType::CertificateHostMismatch),
        ..CERT
    },
    Rule {
        code: "mx-cert-no-san",
        summary: "The certificate of an MX host has no subject alternative name of type DNS.",
        remedy: "Obtain a certificate that carries the host's name as a subject alternative name; the common name is not looked at.",
        tlsrpt_result: Some(ResultType::CertificateHostMismatch),
        ..CERT
    },
    Rule {
        code: "mx-cert-expired",
        summary: "The certificate of an MX host has expired.",
        remedy: "Renew the certificate and reload the mail server, which many forget after an automatic renewal.",
        tlsrpt_result: Some(ResultType::CertificateExpired),
        ..CERT
    },
    Rule {
        code: "mx-cert-self-signed",
        summary: "The certificate of an MX host is self-signed.",
        remedy: "Obtain a certificate for the host's name from a public certification authority.",
        ..CERT
    },
    Rule {
        code: "mx-cert-untrusted",
        summary: "The certificate of an MX host does not lead to a publicly trusted root.",
        remedy: "Install a certificate of a public certification authority together with its intermediate certificates.",
        ..CERT
    },
    Rule {
        code: "mx-cert-expiring",
        severity: Low,
        summary: "The certificate of an MX host expires soon.",
        effect: "None yet; once it has expired, senders with an enforced policy no longer deliver to the host.",
        remedy: "Check that automatic renewal works and that the mail server loads the new certificate.",
        tlsrpt_result: None,
        ..CERT
    },
];
