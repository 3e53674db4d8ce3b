//! What an MX host is to senders, as it was asked: whether one under MTA-STS could deliver to it, and what DANE says of it.

use super::rule::{Rule, Severity, codes};

/// What stops a sender under MTA-STS. The severity is that of mode enforce.
const STOPS: Rule = Rule { severity: Severity::High, clause: "RFC 8461 section 4.2", ..Rule::BASE };

/// What keeps a host from being tested.
const UNTESTED: Rule = Rule {
    clause: "RFC 3207 section 4",
    effect: "Unknown: a refusal says nothing of STARTTLS and certificate, which other senders may well get to see.",
    leaves_open: true,
    ..Rule::BASE
};

codes! {
    10120 MX_UNREACHABLE = "mx-unreachable" {
        clause: "RFC 5321 section 4.5.3.2",
        summary: "No conversation with an MX host came about: its port 25 is closed, does not answer, or breaks off.",
        effect: "Unknown: networks often block port 25 for everything but mail servers, and some hosts are down by design.",
        remedy: "Test from a network that may send mail; if the host is out of service, remove its MX record.",
        example: Some(Seen("mail.example.com port 25: no answer to SYN", "mail.example.com port 25: 220 mail.example.com ESMTP")),
        ..UNTESTED
    }
    10121 MX_NO_ROUTE = "mx-no-route" {
        clause: "RFC 5321 section 5.1",
        summary: "The scanning machine has no route to an address of an MX host, as one without IPv6 has none to IPv6 addresses.",
        effect: "Unknown: it says nothing of the host.",
        remedy: "Test from a network that has IPv6; a host with IPv6 addresses alone is out of reach of many senders, too.",
        example: Some(Seen(
            "mail.example.com. AAAA 2001:db8::25, scanned from a machine without IPv6",
            "mail.example.com. AAAA 2001:db8::25, scanned from a machine with IPv6",
        )),
        ..UNTESTED
    }
    10122 MX_INTERCEPTED = "mx-intercepted" {
        summary: "Connections to an MX host are answered by something in the network of the scanner, in place of the host.",
        effect: "Unknown: it says nothing of the host.",
        remedy: "Test from a network that does not redirect port 25.",
        example: Some(Seen(
            "192.0.2.1 port 25 (where nobody is): 220 proxy.isp.example ESMTP",
            "192.0.2.1 port 25 (where nobody is): no answer",
        )),
        ..UNTESTED
    }
    10123 MX_REFUSED = "mx-refused" {
        clause: "RFC 5321 section 3.1",
        summary: "An MX host refuses to talk to the scanner.",
        remedy: "Nothing to fix: hosts refuse peers that they do not know or that connect too often. Test from a network with a reputation for mail.",
        example: Some(Seen("421 mail.example.com too many connections", "220 mail.example.com ESMTP")),
        ..UNTESTED
    }
    10124 MX_TARPIT = "mx-tarpit" {
        clause: "RFC 5321 section 4.5.3.2",
        summary: "An MX host answers the scanner too slowly to come to an end.",
        remedy: "Nothing to fix: hosts hold up peers that they take for senders of spam.",
        example: Some(Seen("220 mail.example.com, one octet per second, and no keyword", "220 mail.example.com ESMTP at once")),
        ..UNTESTED
    }
    10125 MX_NOT_SMTP = "mx-not-smtp" {
        clause: "RFC 5321 section 4.2",
        summary: "Port 25 of an MX host speaks something that is not SMTP.",
        effect: "Unknown: senders that get the same cannot deliver to the host.",
        remedy: "Look up what listens on port 25 of the host, and point the MX record to the mail server.",
        example: Some(Seen("SSH-2.0-OpenSSH_9.2", "220 mail.example.com ESMTP")),
        ..UNTESTED
    }
    10126 MX_PROTOCOL_VIOLATION = "mx-protocol-violation" {
        severity: Low,
        clause: "RFC 5321 section 4.2.1",
        summary: "A reply of an MX host breaks the rules of SMTP.",
        effect: "Strict senders break off; most read the reply as it was meant.",
        remedy: "Update the mail server, or whatever stands in front of it and rewrites its replies.",
        example: Some(Seen("250-mail.example.com\n220 STARTTLS", "250-mail.example.com\n250 STARTTLS")),
        ..Rule::BASE
    }
    10127 MX_EHLO_REJECTED = "mx-ehlo-rejected" {
        clause: "RFC 5321 section 4.1.1.1",
        summary: "An MX host rejects the scanner's EHLO.",
        effect: "Unknown: the host dislikes the name or the address of the scanner.",
        remedy: "Nothing to fix; a scanner whose --ehlo name resolves to its address and back is rejected less often.",
        example: Some(Seen("EHLO scanner.example\n550 access denied", "EHLO scanner.example\n250-mail.example.com\n250 STARTTLS")),
        ..UNTESTED
    }
    10128 MX_SLOW = "mx-slow" {
        clause: "RFC 5321 section 4.5.3.2.1",
        summary: "An MX host takes more than six seconds to greet.",
        effect: "None: senders wait up to five minutes. Many hosts hold back on purpose, since senders of spam do not wait.",
        remedy: "Nothing to fix if that is meant; otherwise look for lookups that time out before the greeting.",
        example: Some(Seen("connected, greeting after eight seconds", "connected, greeting after 90 ms")),
        ..Rule::BASE
    }
    10129 MX_FLAKY = "mx-flaky" {
        clause: "RFC 3207 section 4",
        summary: "An MX host refused the first attempt and took a later one.",
        effect: "Mail is delayed at most: senders try again.",
        remedy: "Look in the mail server's log for limits that were reached, or for a certificate that could not be read.",
        example: Some(Seen("STARTTLS\n454 TLS not available, and 220 a minute later", "STARTTLS\n220 go ahead")),
        ..Rule::BASE
    }
    10130 MX_NO_STARTTLS = "mx-no-starttls" {
        clause: "RFC 8461 section 5",
        summary: "An MX host does not offer STARTTLS.",
        effect: "With mode enforce, and with DANE, senders do not deliver to the host; all others send mail in the clear.",
        remedy: "Set up TLS with a certificate for the host's name on the mail server.",
        tlsrpt_result: Some(ResultType::StarttlsNotSupported),
        example: Some(Seen(
            "250-mail.example.com\n250-SIZE 10240000\n250 8BITMIME",
            "250-mail.example.com\n250-SIZE 10240000\n250 STARTTLS",
        )),
        ..STOPS
    }
    10135 MX_STARTTLS_STRIPPED = "mx-starttls-stripped" {
        clause: "RFC 8461 section 5",
        summary: "Something in front of an MX host paints over the keyword STARTTLS.",
        effect: "With mode enforce, and with DANE, senders do not deliver to the host; all others send mail in the clear.",
        remedy: "Have the firewall let TLS pass (Cisco ASA: allow-tls in the policy of ESMTP inspection), or switch its inspection of SMTP off.",
        tlsrpt_result: Some(ResultType::StarttlsNotSupported),
        example: Some(Seen("250-mail.example.com\n250 XXXXXXXA", "250-mail.example.com\n250 STARTTLS")),
        ..STOPS
    }
    10140 MX_STARTTLS_DOWNGRADE = "mx-starttls-downgrade" {
        clause: "RFC 8461 section 5",
        summary: "An MX host offers STARTTLS, but the TLS session then fails.",
        effect: "With mode enforce, and with DANE, senders do not deliver to the host; others may fall back to mail in the clear.",
        remedy: "Look in the mail server's log for the failing handshake, and for a firewall that rewrites SMTP on the way.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        example: Some(Seen("STARTTLS\n454 TLS not available due to local problem", "STARTTLS\n220 go ahead")),
        ..STOPS
    }
    10145 MX_STARTTLS_INJECTION = "mx-starttls-injection" {
        clause: "RFC 3207 section 4.2",
        summary: "An MX host sends more than its reply to STARTTLS before the TLS session begins.",
        effect: "Unknown: careful senders break off, careless ones take the plain text for part of the protected session.",
        remedy: "Update the mail server; if it is current, look for who injects text on the way.",
        example: Some(Seen("STARTTLS\n220 go ahead\n250 injected", "STARTTLS\n220 go ahead")),
        ..UNTESTED
    }
    10150 MX_TLS_OLD = "mx-tls-old" {
        clause: "RFC 8461 section 7.2",
        summary: "An MX host offers no TLS version from 1.2 on.",
        effect: "Senders that follow the RFC do not deliver to the host with mode enforce.",
        remedy: "Enable TLS 1.2 and TLS 1.3 on the mail server.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        example: Some(Seen("TLS handshake: the server offers TLS 1.0 at most", "TLS handshake: TLS 1.2")),
        ..STOPS
    }
    10160 MX_TLS_WEAK = "mx-tls-weak" {
        severity: Low,
        clause: "RFC 9325 section 4.2",
        summary: "An MX host has only weak cipher suites: without forward secrecy or without authenticated encryption.",
        effect: "Mail is delivered by most senders, but the session is easier to break than it need be.",
        remedy: "Configure the mail server by RFC 9325: ephemeral key exchange and authenticated encryption first.",
        example: Some(Seen("TLS 1.2, TLS_RSA_WITH_AES_128_CBC_SHA as the best suite", "TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")),
        ..Rule::BASE
    }
    10162 MX_KEX_LEGACY = "mx-kex-legacy" {
        severity: Medium,
        clause: "RFC 9325 section 4.1",
        summary: "An MX host exchanges keys in legacy ways only: by RSA, or by Diffie-Hellman over a finite field.",
        effect: "Senders whose library no longer has these (those written in Go or Rust) cannot deliver over TLS; those with OpenSSL can.",
        remedy: "Enable ECDHE with X25519 and P-256 on the mail server.",
        example: Some(Seen("TLS 1.2, TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 as the best suite", "TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")),
        ..Rule::BASE
    }
    10164 MX_TLS_UNVERIFIED = "mx-tls-unverified" {
        clause: "RFC 8461 section 4.2",
        summary: "The scanner's TLS library cannot complete or verify the session with an MX host, which says nothing of the host.",
        effect: "Unknown: senders whose library has what the host asks for (a group, a key, a size) deliver.",
        remedy: "Nothing has to be fixed; a mail server that also offers X25519 or P-256 and a certificate of common type and size is reached by everyone.",
        example: Some(Seen("TLS 1.3 with secp521r1 as the only group", "TLS 1.3 with X25519")),
        ..UNTESTED
    }
    10175 MX_SNI_REJECTED = "mx-sni-rejected" {
        clause: "RFC 8461 section 7.1",
        summary: "An MX host ends the TLS session because it does not know its own name.",
        effect: "Senders under MTA-STS or DANE, which send the name, cannot deliver.",
        remedy: "Configure a default certificate for sessions with a name that the mail server does not know, or one for the name in the MX record.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        example: Some(Seen(
            "TLS handshake with server name mail.example.com: alert unrecognized_name",
            "TLS handshake with server name mail.example.com: certificate for that name",
        )),
        ..STOPS
    }
    10180 MX_CLIENT_CERT_REQUIRED = "mx-client-cert-required" {
        clause: "RFC 8446 section 4.4.2.4",
        summary: "An MX host ends TLS sessions with senders that show no certificate of their own.",
        effect: "Senders, which hardly ever have one, cannot deliver over TLS.",
        remedy: "Ask for client certificates without requiring them, or not at all.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        example: Some(Seen("TLS handshake: alert certificate_required", "TLS handshake: complete without a certificate of the sender")),
        ..STOPS
    }
    10190 MX_ADDRESSES_DIFFER = "mx-addresses-differ" {
        severity: Medium,
        clause: "RFC 8461 section 4.2",
        summary: "Senders can deliver to one address of an MX host and not to another.",
        effect: "Mail is delayed until a sender tries the right address; senders that try one only fail.",
        remedy: "Install the same certificate and TLS configuration on all machines behind the name.",
        example: Some(Seen(
            "192.0.2.25: certificate expired\n192.0.2.26: certificate valid",
            "192.0.2.25: certificate valid\n192.0.2.26: certificate valid",
        )),
        ..Rule::BASE
    }
}
