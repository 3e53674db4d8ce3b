//! `tlsrpt-rua-*`: what is wrong with the destinations of reports (RFC 8460 section 3).

use super::super::families::{DESTINATION, TLSRPT, USABLE_TLSRPT};
use super::super::rule::codes;
use super::tlsrpt::GOOD;

codes! {
    13010 TLSRPT_RUA_MISSING = "tlsrpt-rua-missing" of TlsrptRuaMissing {
        summary: "The TLSRPT record has no rua.",
        remedy: "Add the destination of the reports: rua=mailto:tls-reports@DOMAIN.",
        example: Some(Text("v=TLSRPTv1;", GOOD)),
        ..TLSRPT
    }
    13020 TLSRPT_RUA_EMPTY = "tlsrpt-rua-empty" of TlsrptRuaEmpty {
        summary: "A destination of the rua is empty.",
        remedy: "Write an address such as mailto:tls-reports@DOMAIN after rua= and after every comma.",
        example: Some(Text("v=TLSRPTv1; rua=", GOOD)),
        ..DESTINATION
    }
    13030 TLSRPT_RUA_NO_SCHEME = "tlsrpt-rua-no-scheme" of TlsrptRuaNoScheme {
        summary: "A destination of the rua begins neither with mailto: nor with https:.",
        remedy: "Put mailto: in front of the mail address.",
        example: Some(Text("v=TLSRPTv1; rua=tls-reports@example.com", GOOD)),
        ..DESTINATION
    }
    13040 TLSRPT_RUA_SCHEME = "tlsrpt-rua-scheme" of TlsrptRuaScheme {
        summary: "A destination of the rua has a scheme other than mailto and https.",
        remedy: "Use mailto: with an address or https: with an endpoint that accepts reports; plain http is not allowed.",
        example: Some(Text("v=TLSRPTv1; rua=http://reports.example.com/tls", GOOD)),
        ..DESTINATION
    }
    13050 TLSRPT_RUA_URI_SYNTAX = "tlsrpt-rua-uri-syntax" of TlsrptRuaUriSyntax {
        summary: "A destination of the rua is no URI.",
        remedy: "Write it without spaces and special characters; commas, semicolons and exclamation marks inside a URI have to be percent-encoded.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:<tls-reports@example.com>", GOOD)),
        ..DESTINATION
    }
    13060 TLSRPT_RUA_MAILTO_SYNTAX = "tlsrpt-rua-mailto-syntax" of TlsrptRuaMailtoSyntax {
        summary: "A mailto destination of the rua is no mail address.",
        remedy: "Write exactly one address after mailto:, as in mailto:tls-reports@DOMAIN: no slashes, and no dot at the beginning or end of the local part or beside another dot.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:example.com", GOOD)),
        ..DESTINATION
    }
    13070 TLSRPT_RUA_OBFUSCATED = "tlsrpt-rua-obfuscated" of TlsrptRuaObfuscated {
        summary: "The mail address of the rua is hidden from robots, as on a web page.",
        remedy: "Write the address as it is, with an @ sign; text such as [email protected] was copied from a protected web page.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:tls-reports[at]example.com", GOOD)),
        ..DESTINATION
    }
    13080 TLSRPT_RUA_SIZE_SUFFIX = "tlsrpt-rua-size-suffix" of TlsrptRuaSizeSuffix {
        summary: "A destination of the rua ends with a size limit such as !10m.",
        remedy: "Remove the exclamation mark and what follows; only DMARC knows such limits.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:tls-reports@example.com!10m", GOOD)),
        ..DESTINATION
    }
    13090 TLSRPT_RUA_HTTPS_SYNTAX = "tlsrpt-rua-https-syntax" of TlsrptRuaHttpsSyntax {
        summary: "An https destination of the rua has no proper host or port.",
        remedy: "Write the full URL of the endpoint: https://reports.example.com/tls.",
        example: Some(Text("v=TLSRPTv1; rua=https:///tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..DESTINATION
    }
    13100 TLSRPT_RUA_USERINFO = "tlsrpt-rua-userinfo" of TlsrptRuaUserinfo {
        summary: "An https destination of the rua contains a user name or password.",
        effect: "Everybody can read the credentials in DNS, and senders may refuse the URL.",
        remedy: "Change the password at once, and use a secret path or no authentication for the endpoint instead.",
        example: Some(Text("v=TLSRPTv1; rua=https://user:secret@reports.example.com/tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..DESTINATION
    }
    13110 TLSRPT_RUA_IP_LITERAL = "tlsrpt-rua-ip-literal" of TlsrptRuaIpLiteral {
        severity: Low,
        summary: "A destination of the rua names its host by an IP address.",
        effect: "Some senders refuse such destinations, and certificates for addresses are rare.",
        remedy: "Use a host name.",
        example: Some(Text("v=TLSRPTv1; rua=https://192.0.2.1/tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..USABLE_TLSRPT
    }
    13120 TLSRPT_RUA_SINGLE_LABEL = "tlsrpt-rua-single-label" of TlsrptRuaSingleLabel {
        summary: "The host of a destination of the rua is a name without a dot.",
        effect: "Senders outside your network cannot find the host.",
        remedy: "Write the full name of the host.",
        example: Some(Text("v=TLSRPTv1; rua=https://reports/tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..USABLE_TLSRPT
    }
    13130 TLSRPT_RUA_NONSTANDARD_PORT = "tlsrpt-rua-nonstandard-port" of TlsrptRuaNonstandardPort {
        severity: Low,
        summary: "An https destination of the rua uses another port than 443.",
        effect: "Senders whose firewall allows only port 443 cannot deliver reports, and some refuse the URL.",
        remedy: "Serve the endpoint on port 443.",
        example: Some(Text("v=TLSRPTv1; rua=https://reports.example.com:8443/tls", "v=TLSRPTv1; rua=https://reports.example.com/tls")),
        ..USABLE_TLSRPT
    }
    13140 TLSRPT_RUA_MULTIPLE = "tlsrpt-rua-multiple" of TlsrptRuaMultiple {
        severity: Info,
        summary: "The rua lists more than one destination.",
        effect: "None: RFC 8460 allows it, though some senders report to one of them only.",
        remedy: "Nothing to fix; put the most important destination first.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:tls-reports@example.com,mailto:tls@example.net", GOOD)),
        ..USABLE_TLSRPT
    }
    13150 TLSRPT_RUA_REPEATED_FIELD = "tlsrpt-rua-repeated-field" of TlsrptRuaRepeatedField {
        summary: "The field rua stands more than once in the record.",
        effect: "RFC 8460 allows it, but some senders read only one of the fields or refuse the record.",
        remedy: "Write all destinations into one rua, separated by commas.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:tls-reports@example.com; rua=mailto:tls@example.net", GOOD)),
        ..USABLE_TLSRPT
    }
    13160 TLSRPT_RUA_DUPLICATE = "tlsrpt-rua-duplicate" of TlsrptRuaDuplicate {
        summary: "The same destination stands in the record more than once.",
        effect: "Some senders send every report twice.",
        remedy: "Remove the repetition.",
        example: Some(Text("v=TLSRPTv1; rua=mailto:tls-reports@example.com,mailto:tls-reports@example.com", GOOD)),
        ..USABLE_TLSRPT
    }
}
