//! `tlsrpt-rua-*`: the destinations of reports (RFC 8460 section 3).

use super::super::Severity::{Info, Low, Medium};
use super::super::rule::Rule;
use super::tlsrpt::{GOOD, RECORD, USABLE};

/// One destination is not usable.
const DESTINATION: Rule =
    Rule { severity: Medium, effect: "No reports reach this destination; without another one there are no reports at all.", ..RECORD };

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "tlsrpt-rua-missing",
        summary: "The TLSRPT record has no rua.",
        remedy: "Add the destination of the reports: rua=mailto:tls-reports@DOMAIN.",
        example: Some(("v=TLSRPTv1;", GOOD)),
        ..RECORD
    },
    Rule {
        code: "tlsrpt-rua-empty",
        summary: "A destination of the rua is empty.",
        remedy: "Write an address such as mailto:tls-reports@DOMAIN after rua= and after every comma.",
        example: Some(("v=TLSRPTv1; rua=", GOOD)),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-no-scheme",
        summary: "A destination of the rua begins neither with mailto: nor with https:.",
        remedy: "Put mailto: in front of the mail address.",
        example: Some(("v=TLSRPTv1; rua=tls-reports@example.com", GOOD)),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-scheme",
        summary: "A destination of the rua has a scheme other than mailto and https.",
        remedy: "Use mailto: with an address or https: with an endpoint that accepts reports; plain http is not allowed.",
        example: Some(("v=TLSRPTv1; rua=http://reports.example.com/tls", GOOD)),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-uri-syntax",
        summary: "A destination of the rua is no URI.",
        remedy: "Write it without spaces and special characters; commas, semicolons and exclamation marks inside a URI have to be percent-encoded.",
        example: Some(("v=TLSRPTv1; rua=mailto:<tls-reports@example.com>", GOOD)),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-mailto-syntax",
        summary: "A mailto destination of the rua is no mail address.",
        remedy: "Write exactly one address after mailto:, as in mailto:tls-reports@DOMAIN, without slashes.",
        example: Some(("v=TLSRPTv1; rua=mailto:example.com", GOOD)),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-obfuscated",
        summary: "The mail address of the rua is hidden from robots, as on a web page.",
        remedy: "Write the address as it is, with an @ sign; text such as [email protected] was copied from a protected web page.",
        example: Some(("v=TLSRPTv1; rua=mailto:tls-reports[at]example.com", GOOD)),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-size-suffix",
        summary: "A destination of the rua ends with a size limit such as !10m.",
        remedy: "Remove the exclamation mark and what follows; only DMARC knows such limits.",
        example: Some(("v=TLSRPTv1; rua=mailto:tls-reports@example.com!10m", GOOD)),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-https-syntax",
        summary: "An https destination of the rua has no proper host or port.",
        remedy: "Write the full URL of the endpoint: https://reports.example.com/tls.",
        example: Some(("v=TLSRPTv1; rua=https:///tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-userinfo",
        summary: "An https destination of the rua contains a user name or password.",
        effect: "Everybody can read the credentials in DNS, and senders may refuse the URL.",
        remedy: "Change the password at once, and use a secret path or no authentication for the endpoint instead.",
        example: Some(("v=TLSRPTv1; rua=https://user:secret@reports.example.com/tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-ip-literal",
        severity: Low,
        summary: "A destination of the rua names its host by an IP address.",
        effect: "Some senders refuse such destinations, and certificates for addresses are rare.",
        remedy: "Use a host name.",
        example: Some(("v=TLSRPTv1; rua=https://192.0.2.1/tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..USABLE
    },
    Rule {
        code: "tlsrpt-rua-single-label",
        summary: "The host of a destination of the rua is a name without a dot.",
        effect: "Senders outside your network cannot find the host.",
        remedy: "Write the full name of the host.",
        example: Some(("v=TLSRPTv1; rua=https://reports/tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..USABLE
    },
    Rule {
        code: "tlsrpt-rua-nonstandard-port",
        severity: Low,
        summary: "An https destination of the rua uses another port than 443.",
        effect: "Senders whose firewall allows only port 443 cannot deliver reports, and some refuse the URL.",
        remedy: "Serve the endpoint on port 443.",
        example: Some(("v=TLSRPTv1; rua=https://reports.example.com:8443/tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..USABLE
    },
    Rule {
        code: "tlsrpt-rua-multiple",
        severity: Info,
        summary: "The rua lists more than one destination.",
        effect: "None: RFC 8460 allows it, though some senders report to one of them only.",
        remedy: "Nothing to mend; put the most important destination first.",
        example: Some(("v=TLSRPTv1; rua=mailto:tls-reports@example.com,mailto:tls@example.net", GOOD)),
        ..USABLE
    },
    Rule {
        code: "tlsrpt-rua-repeated-field",
        summary: "The field rua stands more than once in the record.",
        effect: "RFC 8460 allows it, but some senders read only one of the fields or refuse the record.",
        remedy: "Write all destinations into one rua, separated by commas.",
        example: Some(("v=TLSRPTv1; rua=mailto:tls-reports@example.com; rua=mailto:tls@example.net", GOOD)),
        ..USABLE
    },
    Rule {
        code: "tlsrpt-rua-duplicate",
        summary: "The same destination stands in the record more than once.",
        effect: "Some senders send every report twice.",
        remedy: "Remove the repetition.",
        example: Some(("v=TLSRPTv1; rua=mailto:tls-reports@example.com,mailto:tls-reports@example.com", GOOD)),
        ..USABLE
    },
    Rule {
        code: "tlsrpt-rua-external",
        severity: Info,
        clause: "RFC 8460 section 7",
        summary: "Reports go to another registrable domain than the one reported on.",
        effect: "None: no permission is needed, and the other party learns who sends mail to the domain.",
        remedy: "Nothing to mend, provided that you know the receiver and its contract still runs.",
        ..USABLE
    },
    Rule {
        code: "tlsrpt-rua-domain-null-mx",
        clause: "RFC 7505 section 3",
        summary: "Reports go to a mail domain that takes no mail.",
        remedy: "Use an address in a domain that receives mail, or an https endpoint.",
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-domain-no-mx",
        clause: "RFC 8460 section 5.3",
        summary: "Reports go to a mail domain that has neither MX records nor an address.",
        remedy: "Use an address in a domain that receives mail, or an https endpoint.",
        ..DESTINATION
    },
    Rule {
        code: "tlsrpt-rua-domain-nxdomain",
        clause: "RFC 8460 section 5.3",
        summary: "Reports go to a mail domain that does not exist.",
        effect: "Reports are lost, and whoever registers the domain receives them.",
        remedy: "Correct the domain of the address.",
        ..DESTINATION
    },
];
