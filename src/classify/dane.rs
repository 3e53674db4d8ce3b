//! What DANE says of an MX host: its TLSA records, the signatures that vouch for them, and whether they match what the host shows
//! (RFC 7672, RFC 7671).

use super::rule::{ResultType, Rule, Severity, codes};

/// What stands beside MTA-STS.
const DANE: Rule = Rule { clause: "RFC 7672 section 2.2", ..Rule::BASE };

/// Senders that validate DANE do not deliver.
const FAILS: Rule = Rule {
    severity: Severity::High,
    clause: "RFC 7672 section 3.1",
    effect: "Senders that validate DANE do not deliver to the host, whatever the MTA-STS policy says.",
    tlsrpt_result: Some(ResultType::TlsaInvalid),
    ..DANE
};

codes! {
    14010 DANE_PRESENT = "dane-present" {
        summary: "The MX hosts have TLSA records, so senders with DANE authenticate them.",
        effect: "Mail from senders with DANE is protected without MTA-STS.",
        remedy: "Nothing to fix; renew the TLSA records before the keys change.",
        example: Some(Seen(
            "_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...  AD",
            "_25._tcp.mail.example.com. TLSA  NXDOMAIN",
        )),
        ..DANE
    }
    14020 DANE_AND_STS = "dane-and-sts" {
        clause: "RFC 8461 section 2",
        summary: "The domain uses both DANE and MTA-STS.",
        effect: "Senders that know both must not let MTA-STS override a failure of DANE.",
        remedy: "Nothing to fix; keep the certificates valid for both.",
        example: Some(Seen(
            "_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...  AD\nmode: enforce",
            "_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...  AD\n_mta-sts.example.com. TXT  NXDOMAIN",
        )),
        ..DANE
    }
    14030 DANE_NO_TLSA = "dane-no-tlsa" {
        summary: "The MX records and an MX host are signed with DNSSEC, but the host has no TLSA record.",
        effect: "None: DANE does not apply to the host.",
        remedy: "Nothing to fix; the domain is ready for DANE if the operator of the host publishes TLSA records.",
        example: Some(Seen(
            "mail.example.com. A 192.0.2.25  AD\n_25._tcp.mail.example.com. TLSA  NXDOMAIN",
            "mail.example.com. A 192.0.2.25  AD\n_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...  AD",
        )),
        ..DANE
    }
    14040 DANE_MISMATCH = "dane-mismatch" {
        summary: "No TLSA record of an MX host authenticates the certificate that it shows.",
        remedy: "Publish TLSA records for the present certificate, or its key, and from now on before every change of it; a host with an RSA and an ECDSA certificate needs records for both.",
        example: Some(Seen(
            "_25._tcp.mail.example.com. TLSA 3 1 1 (digest of last year's key)",
            "_25._tcp.mail.example.com. TLSA 3 1 1 (digest of last year's key)\n_25._tcp.mail.example.com. TLSA 3 1 1 (digest of the present key)",
        )),
        ..FAILS
    }
    14050 DANE_TA_NOT_SENT = "dane-ta-not-sent" {
        clause: "RFC 7671 section 5.2.2",
        summary: "The TLSA records of an MX host name an authority, by a digest, whose certificate the host does not send.",
        remedy: "Have the mail server send the certificate of the authority with its chain, or publish TLSA records of usage 3 for its own key.",
        example: Some(Seen(
            "_25._tcp.mail.example.com. TLSA 2 1 1 (digest of the issuer's key), sent: the host's certificate alone",
            "_25._tcp.mail.example.com. TLSA 2 1 1 (digest of the issuer's key), sent: the host's certificate and the issuer's",
        )),
        ..FAILS
    }
    14060 DANE_TA_NAME_MISMATCH = "dane-ta-name-mismatch" {
        clause: "RFC 7672 section 3.2.3",
        summary: "The authority that the TLSA records of an MX host name has issued its certificate, but for other names.",
        remedy: "Obtain a certificate for the host's name, or publish TLSA records of usage 3, for which names do not count.",
        tlsrpt_result: Some(ResultType::CertificateHostMismatch),
        example: Some(Seen(
            "_25._tcp.mail.example.com. TLSA 2 1 1 (digest of the issuer's key), certificate for www.example.net",
            "_25._tcp.mail.example.com. TLSA 2 1 1 (digest of the issuer's key), certificate for mail.example.com",
        )),
        ..FAILS
    }
    14070 DANE_DIGEST_SHADOWED = "dane-digest-shadowed" {
        severity: Medium,
        clause: "RFC 7671 section 9",
        summary: "Of the TLSA records of an MX host only those with the weaker digest match.",
        effect: "Senders that consider the strongest published digest alone (those with OpenSSL, Postfix among them) do not deliver to the host.",
        remedy: "Publish the same set of certificates or keys with every digest that is used; SHA-256 alone is enough.",
        tlsrpt_result: Some(ResultType::TlsaInvalid),
        example: Some(Seen(
            "TLSA 3 0 1 (SHA-256 of the present certificate)\nTLSA 3 0 2 (SHA-512 of the former one)",
            "TLSA 3 0 1 (SHA-256 of the present certificate)\nTLSA 3 0 2 (SHA-512 of the present one)",
        )),
        ..DANE
    }
    14080 DANE_UNUSABLE = "dane-unusable" {
        severity: Medium,
        clause: "RFC 7672 section 2.2",
        summary: "None of the TLSA records of an MX host can be used by senders of mail.",
        effect: "Senders that validate DANE insist on TLS, but do not authenticate the host.",
        remedy: "Publish TLSA records of usage 3 (or 2), selector 1 and matching type 1, for example 3 1 1 with the SHA-256 of the host's key.",
        tlsrpt_result: Some(ResultType::TlsaInvalid),
        example: Some(Seen("_25._tcp.mail.example.com. TLSA 3 1 7 8d02536c...", "_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...")),
        ..DANE
    }
    14090 DANE_PKIX_USAGE = "dane-pkix-usage" {
        severity: Low,
        clause: "RFC 7672 section 3.1.3",
        summary: "A TLSA record of an MX host has usage 0 or 1, which are not defined for mail.",
        effect: "Senders leave the record out.",
        remedy: "Publish usage 3 in place of 1, and usage 2 in place of 0.",
        example: Some(Seen("_25._tcp.mail.example.com. TLSA 1 1 1 8d02536c...", "_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...")),
        ..DANE
    }
    14100 DANE_PARTLY_UNUSABLE = "dane-partly-unusable" {
        severity: Low,
        clause: "RFC 7672 section 2.2",
        summary: "Some of the TLSA records of an MX host cannot be used by senders of mail.",
        effect: "None: senders go by the others.",
        remedy: "Remove the records that do not have usage 2 or 3, selector 0 or 1, matching type 0 to 2 and a digest of full length.",
        example: Some(Seen("TLSA 3 1 1 8d02536c...\nTLSA 3 9 1 8d02536c...", "TLSA 3 1 1 8d02536c...\nTLSA 3 1 1 70b4dc4e...")),
        ..DANE
    }
    14110 DANE_INSECURE = "dane-insecure" {
        severity: Low,
        clause: "RFC 7672 section 2.2.1",
        summary: "An MX host has TLSA records, but no chain of DNSSEC signatures vouches for them.",
        effect: "Senders leave the records out: DANE does not apply to the host.",
        remedy: "Sign the zone of the host and have its DS record published by the registry, or remove the records.",
        example: Some(Seen(
            "_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...  without AD",
            "_25._tcp.mail.example.com. TLSA 3 1 1 8d02536c...  AD",
        )),
        ..DANE
    }
    14120 DANE_MX_INSECURE = "dane-mx-insecure" {
        severity: Low,
        clause: "RFC 7672 section 2.2.1",
        summary: "The TLSA records of an MX host are signed, but the MX records that lead to it are not.",
        effect: "Strict senders leave DANE out; others, Postfix by default among them, authenticate the host by it, but an attacker can forge the MX records.",
        remedy: "Sign the zone of the domain and have its DS record published by the registry.",
        example: Some(Seen(
            "example.com. MX 10 mail.example.net.  without AD\n_25._tcp.mail.example.net. TLSA 3 1 1 8d02536c...  AD",
            "example.com. MX 10 mail.example.net.  AD\n_25._tcp.mail.example.net. TLSA 3 1 1 8d02536c...  AD",
        )),
        ..DANE
    }
    14130 DANE_PARTIAL = "dane-partial" {
        severity: Low,
        clause: "RFC 7672 section 2.1",
        summary: "Some MX hosts of the domain have usable TLSA records, others have none.",
        effect: "Senders authenticate by DANE only those that have them; an attacker can lead mail to the others.",
        remedy: "Publish TLSA records for every MX host.",
        example: Some(Seen(
            "_25._tcp.mx1.example.com. TLSA 3 1 1 8d02536c...\n_25._tcp.mx2.example.com. TLSA  NXDOMAIN",
            "_25._tcp.mx1.example.com. TLSA 3 1 1 8d02536c...\n_25._tcp.mx2.example.com. TLSA 3 1 1 70b4dc4e...",
        )),
        ..DANE
    }
    14140 DANE_LOOKUP_FAILED = "dane-lookup-failed" {
        leaves_open: true,
        clause: "RFC 7672 section 2.1.1",
        summary: "The zone of an MX host is signed, but the lookup of its TLSA records failed.",
        effect: "Senders that validate DANE put mail for the host off for as long as the lookup fails.",
        remedy: "Have the name servers of the zone answer questions for TLSA at _25._tcp.HOST, with NXDOMAIN or no data if there are none.",
        tlsrpt_result: Some(ResultType::DnssecInvalid),
        example: Some(Seen(
            "mail.example.com. A 192.0.2.25  AD\n_25._tcp.mail.example.com. TLSA  NOTIMP",
            "mail.example.com. A 192.0.2.25  AD\n_25._tcp.mail.example.com. TLSA  NXDOMAIN",
        )),
        ..DANE
    }
}
