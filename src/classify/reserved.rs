//! Codes that no judgement of one scan uses: those of `stscan diff`, of the whole of a scan, and those reserved for what is not looked up yet.

use super::families::{DEPLOYMENT, POLICY};
use super::rule::{ResultType, Rule, Severity, Status, codes};

/// Needs a connection to the MX host.
const SMTP: Rule = Rule { severity: Severity::High, clause: "RFC 8461 section 4.2", status: Status::Smtp, ..Rule::BASE };

const SMTP_CERTIFICATE: Rule = Rule {
    effect: "With mode enforce senders do not deliver to the host; with mode testing they report a failure.",
    tlsrpt_result: Some(ResultType::CertificateNotTrusted),
    ..SMTP
};

/// What stands beside MTA-STS.
const DANE: Rule = Rule { clause: "RFC 7672 section 2", status: Status::Dane, ..Rule::BASE };
const DNSSEC: Rule = Rule { clause: "RFC 4035 section 3.2.3", status: Status::Planned, ..Rule::BASE };

codes! {
    4020 STS_POLICY_SHARED = "sts-policy-shared" {
        clause: "RFC 8461 section 3.2",
        summary: "The same policy text is served for many domains.",
        effect: "None: it shows the template of a provider.",
        remedy: "Nothing to fix, and never reported of a domain: it takes the whole of a scan to see it. Count evidence.fetch.body_sha256 over the rows of the dataset.",
        status: Status::Aggregate,
        ..Rule::BASE
    }
    6220 STS_POLICY_MX_REMOVED_TOO_EARLY = "sts-policy-mx-removed-too-early" {
        severity: Medium,
        clause: "RFC 8461 section 8.1",
        summary: "An MX host was changed before the policies that senders may have cached allowed the new one.",
        effect: "Senders with the old policy refuse to deliver to the new host until they fetch the policy again.",
        remedy: "Add the new host to the policy first and change the id, wait until the TTL of the record has passed, and only then change the MX records.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        status: Status::History,
        ..POLICY
    }
    9070 STS_ID_REUSED_BODY_CHANGED = "sts-id-reused-body-changed" {
        severity: High,
        clause: "RFC 8461 section 3.1",
        summary: "The policy has changed, but the id of the record has not.",
        effect: "Senders that have the old policy cached do not learn of the new one until it expires.",
        remedy: "Change the id of the record after every change of the policy.",
        status: Status::Diff,
        ..DEPLOYMENT
    }
    9080 STS_ID_CHANGED_BODY_SAME = "sts-id-changed-body-same" {
        severity: Info,
        clause: "RFC 8461 section 3.1",
        summary: "The id of the record has changed, but the policy has not.",
        effect: "None: senders fetch the policy once more.",
        remedy: "Nothing to fix.",
        status: Status::Diff,
        ..DEPLOYMENT
    }
    9090 STS_ID_BEFORE_BODY = "sts-id-before-body" {
        clause: "RFC 8461 section 8.1",
        summary: "The id of the record was changed before the policy was.",
        effect: "Senders that fetched in between keep the old policy with the new id until it expires.",
        remedy: "Update the policy first and the id after it; now change the id once more.",
        status: Status::History,
        ..DEPLOYMENT
    }
    9100 STS_REMOVED_ABRUPTLY = "sts-removed-abruptly" {
        severity: Medium,
        clause: "RFC 8461 section 8.3",
        summary: "An enforced policy was removed without mode none in between.",
        effect: "Senders keep to the cached policy until it expires, and refuse MX hosts that it does not allow.",
        remedy: "Serve a policy with mode: none and a new id for as long as the former max_age, and only then remove record and policy.",
        status: Status::Diff,
        ..DEPLOYMENT
    }
    10120 MX_UNREACHABLE = "mx-unreachable" {
        severity: Info,
        summary: "No connection to port 25 of an MX host came about.",
        effect: "Unknown: networks often block port 25 for everything but mail servers.",
        remedy: "Test from a network that may send mail.",
        ..SMTP
    }
    10130 MX_NO_STARTTLS = "mx-no-starttls" {
        clause: "RFC 8461 section 5",
        summary: "An MX host does not offer STARTTLS.",
        effect: "With mode enforce senders do not deliver to the host; without MTA-STS mail travels in the clear.",
        remedy: "Set up TLS with a certificate for the host's name on the mail server.",
        tlsrpt_result: Some(ResultType::StarttlsNotSupported),
        ..SMTP
    }
    10140 MX_STARTTLS_DOWNGRADE = "mx-starttls-downgrade" {
        clause: "RFC 8461 section 5",
        summary: "An MX host offers STARTTLS, but the TLS session then fails.",
        effect: "With mode enforce senders do not deliver to the host.",
        remedy: "Look in the mail server's log for the failing handshake, and for a firewall that rewrites SMTP on the way.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..SMTP
    }
    10150 MX_TLS_OLD = "mx-tls-old" {
        clause: "RFC 8461 section 7.2",
        summary: "An MX host offers no TLS version from 1.2 on.",
        effect: "Senders that follow the RFC do not deliver to the host with mode enforce.",
        remedy: "Enable TLS 1.2 and TLS 1.3 on the mail server.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..SMTP
    }
    10160 MX_TLS_WEAK = "mx-tls-weak" {
        severity: Low,
        clause: "RFC 9325 section 4",
        summary: "An MX host negotiates a weak cipher suite or key.",
        effect: "Mail is delivered, but the session is easier to break than it need be.",
        remedy: "Configure the mail server by RFC 9325: ephemeral key exchange and authenticated encryption first.",
        ..SMTP
    }
    10170 MX_SNI_REQUIRED = "mx-sni-required" {
        severity: Medium,
        clause: "RFC 8461 section 7.1",
        summary: "An MX host breaks off TLS sessions without server name indication.",
        effect: "Senders that do not send the host's name cannot deliver with mode enforce.",
        remedy: "Configure a default certificate on the mail server for sessions without a known name.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..SMTP
    }
    11010 MX_CERT_NAME_MISMATCH = "mx-cert-name-mismatch" {
        summary: "The certificate of an MX host is not valid for its name.",
        remedy: "Obtain a certificate with the name that stands in the MX record as a subject alternative name.",
        tlsrpt_result: Some(ResultType::CertificateHostMismatch),
        ..SMTP_CERTIFICATE
    }
    11020 MX_CERT_NO_SAN = "mx-cert-no-san" {
        summary: "The certificate of an MX host has no subject alternative name of type DNS.",
        remedy: "Obtain a certificate that carries the host's name as a subject alternative name; the common name is not looked at.",
        tlsrpt_result: Some(ResultType::CertificateHostMismatch),
        ..SMTP_CERTIFICATE
    }
    11030 MX_CERT_EXPIRED = "mx-cert-expired" {
        summary: "The certificate of an MX host has expired.",
        remedy: "Renew the certificate and reload the mail server, which many forget after an automatic renewal.",
        tlsrpt_result: Some(ResultType::CertificateExpired),
        ..SMTP_CERTIFICATE
    }
    11040 MX_CERT_SELF_SIGNED = "mx-cert-self-signed" {
        summary: "The certificate of an MX host is self-signed.",
        remedy: "Obtain a certificate for the host's name from a public certification authority.",
        ..SMTP_CERTIFICATE
    }
    11050 MX_CERT_UNTRUSTED = "mx-cert-untrusted" {
        summary: "The certificate of an MX host does not lead to a publicly trusted root.",
        remedy: "Install a certificate of a public certification authority together with its intermediate certificates.",
        ..SMTP_CERTIFICATE
    }
    11060 MX_CERT_EXPIRING = "mx-cert-expiring" {
        severity: Low,
        summary: "The certificate of an MX host expires soon.",
        effect: "None yet; once it has expired, senders with an enforced policy no longer deliver to the host.",
        remedy: "Check that automatic renewal works and that the mail server loads the new certificate.",
        tlsrpt_result: None,
        ..SMTP_CERTIFICATE
    }
    14010 DANE_PRESENT = "dane-present" {
        summary: "The MX hosts have TLSA records, so senders with DANE authenticate them.",
        effect: "Mail from senders with DANE is protected without MTA-STS.",
        remedy: "Nothing to fix; renew the TLSA records before the keys change.",
        ..DANE
    }
    14020 DANE_AND_STS = "dane-and-sts" {
        clause: "RFC 8461 section 2",
        summary: "The domain uses both DANE and MTA-STS.",
        effect: "Senders that know both must not let MTA-STS override a failure of DANE.",
        remedy: "Nothing to fix; keep the certificates valid for both.",
        ..DANE
    }
    15010 DNSSEC_ABSENT = "dnssec-absent" {
        clause: "RFC 8460 section 7",
        summary: "The zone of the domain is not signed with DNSSEC.",
        effect: "An attacker who can forge DNS answers can suppress the record where no policy is cached.",
        remedy: "Sign the zone if the registrar and the DNS provider support it.",
        ..DNSSEC
    }
    15020 DNSSEC_BOGUS = "dnssec-bogus" {
        summary: "The DNSSEC signatures of the domain do not validate.",
        effect: "Senders behind validating resolvers get no answer at all for the domain.",
        remedy: "Compare the DS record at the registrar with the keys of the zone, and renew expired signatures.",
        tlsrpt_result: Some(ResultType::DnssecInvalid),
        ..DNSSEC
    }
}
