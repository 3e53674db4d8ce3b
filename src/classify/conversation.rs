//! One conversation with a mail server: how far it came, and whether a sender under MTA-STS could deliver. What ends it for another reason
//! than the server's TLS is no fault: it was not tested.

use std::time::SystemTime;

use crate::evidence::{Conversation, FetchError, FetchFault, FetchStage, REPLY_LIMIT, SecondHello, TlsVersion, UNRECOGNIZED_NAME};
use crate::parse::smtp_reply::{Keyword, Reply, ReplyReader};

use super::findings::quoted;
use super::mx_certificate::declared::MX_TLS_UNVERIFIED;
use super::rule::{Rule, Severity, codes};
use super::verdict::{Remark, Verdict};
use super::{mx_certificate, second_hello};

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

/// A greeting that took longer, in milliseconds, is slow.
const SLOW_MS: u32 = 6_000;
/// The TLS alert of a server that insists on a certificate of its peer: certificate_required (RFC 8446 section 6.2).
const CERTIFICATE_REQUIRED: u8 = 116;
/// The TLS alert of a server that wants stronger suites than it was offered (RFC 8446 section 6.2); says nothing of versions.
const INSUFFICIENT_SECURITY: u8 = 71;

/// How far a conversation came towards a TLS session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// It is not known whether there is one.
    Untested,
    /// Senders get none.
    None,
    /// Senders get one, of TLS 1.2 or newer.
    Current,
    /// Senders get one of an older version, if they take it.
    Old,
}

/// A conversation, judged.
#[derive(Debug)]
pub(super) struct Spoken<'a> {
    pub conversation: &'a Conversation,
    /// Whether a sender under MTA-STS could deliver.
    pub verdict: Verdict,
    pub session: Session,
    pub remarks: Vec<Remark>,
}

/// Judges a conversation, step by step.
pub(super) fn judge(conversation: &Conversation, scanned_at: SystemTime) -> Spoken<'_> {
    let mut remarks = Vec::new();
    let (session, verdict) = match before_tls(conversation, &mut remarks) {
        Err(session) => (session, if session == Session::None { Verdict::Fails } else { Verdict::Untested }),
        Ok(()) => within_tls(conversation, scanned_at, &mut remarks),
    };
    remark_manners(conversation, session, &mut remarks);
    Spoken { conversation, verdict, session, remarks }
}

/// What is worth a word, however it ended: odd replies, a late greeting, a refusal at first.
fn remark_manners(conversation: &Conversation, session: Session, remarks: &mut Vec<Remark>) {
    let Conversation { greeting, ehlo, starttls, ehlo_in_tls, refused_before, timings, error, .. } = conversation;
    let differ = [greeting, ehlo, starttls, ehlo_in_tls].into_iter().flatten().find(|octets| read(octets).is_some_and(|r| r.codes_differ));
    if let Some(octets) = differ {
        let detail = format!("the lines of a reply have different codes: {}", quoted(octets));
        let tested = session != Session::Untested;
        remarks.push(if tested { Remark::fact(MX_PROTOCOL_VIOLATION, detail) } else { Remark::open(MX_PROTOCOL_VIOLATION, detail) });
    }
    if let Some(ms) = timings.greeting_ms.filter(|ms| *ms > SLOW_MS && is_positive(greeting.as_deref())) {
        remarks.push(Remark::fact(MX_SLOW, format!("greeting after {ms} ms")));
    }
    let is_refused = error.as_ref().is_some_and(|error| error.fault == FetchFault::SmtpRefused);
    if let Some(refusal) = refused_before.as_ref().filter(|_| matches!(session, Session::Current | Session::Old) && !is_refused) {
        remarks.push(Remark::fact(MX_FLAKY, format!("at first {}", quoted(refusal))));
    }
}

/// Whether a handshake was begun; else what that says of the session that a sender gets.
fn before_tls(conversation: &Conversation, remarks: &mut Vec<Remark>) -> Result<(), Session> {
    let error = conversation.error.as_ref();
    if let Some(error) = error.filter(|error| matches!(error.stage, FetchStage::Address | FetchStage::Connect | FetchStage::Greeting)) {
        remarks.extend(untested(error, conversation.greeting.as_deref()));
        return Err(Session::Untested);
    }
    offers_starttls(conversation, remarks)?;
    go_ahead(conversation, remarks)
}

/// Reads the reply to EHLO.
fn offers_starttls(conversation: &Conversation, remarks: &mut Vec<Remark>) -> Result<(), Session> {
    let error = conversation.error.as_ref().filter(|error| error.stage == FetchStage::Ehlo);
    let octets = conversation.ehlo.as_deref();
    // What is refused is seen from the reply; whatever else ended it here leaves open what a patient sender gets to read.
    let ended = error.is_some_and(|error| error.fault != FetchFault::SmtpRefused);
    let Some((reply, octets)) = octets.filter(|_| !ended).and_then(|octets| Some((read(octets)?, octets))) else {
        remarks.extend(error.and_then(|error| untested(error, octets)));
        return Err(Session::Untested);
    };
    let words = || quoted(octets);
    match reply.code {
        // No ESMTP, and so no STARTTLS; a firewall that paints over the greeting lets none through.
        500 | 502 => {
            if let Some(what) = masked_banner(conversation) {
                remarks.push(Remark::bars(MX_STARTTLS_STRIPPED, what));
            }
            remarks.push(Remark::bars(MX_NO_STARTTLS, format!("no ESMTP: {}", words())));
            return Err(Session::None);
        }
        _ if reply.is_positive() => {}
        _ if reply.is_transient() => {
            remarks.push(Remark::open(MX_REFUSED, format!("to EHLO: {}", words())));
            return Err(Session::Untested);
        }
        _ => {
            remarks.push(Remark::open(MX_EHLO_REJECTED, words()));
            return Err(Session::Untested);
        }
    }
    if reply.keywords().any(|keyword| keyword.is("STARTTLS")) {
        return Ok(());
    }
    let timings = &conversation.timings;
    let is_held_up = [timings.greeting_ms, timings.ehlo_ms].into_iter().flatten().any(|ms| ms > SLOW_MS);
    if reply.keywords().next().is_none() && is_held_up {
        remarks.push(Remark::open(MX_TARPIT, format!("no keyword: {}", words())));
        return Err(Session::Untested);
    }
    let masked = reply.keywords().find(Keyword::is_masked).map(|keyword| format!("keyword {}", quoted(keyword.name)));
    if let Some(what) = masked.or_else(|| masked_banner(conversation)) {
        remarks.push(Remark::bars(MX_STARTTLS_STRIPPED, what));
    }
    remarks.push(Remark::bars(MX_NO_STARTTLS, words()));
    Err(Session::None)
}

/// A greeting painted over by a firewall with stars, and perhaps the digits 2 and 0 left.
fn masked_banner(conversation: &Conversation) -> Option<String> {
    let octets = conversation.greeting.as_deref()?;
    let greeting = read(octets)?;
    let text: Vec<u8> = greeting.lines.concat().into_iter().filter(|octet| !octet.is_ascii_whitespace()).collect();
    let stars = text.iter().filter(|octet| **octet == b'*').count();
    let masked = stars >= 4 && text.iter().all(|octet| matches!(octet, b'*' | b'2' | b'0'));
    masked.then(|| format!("greeting {}", quoted(octets)))
}

/// Reads the reply to STARTTLS, and whatever came behind it.
fn go_ahead(conversation: &Conversation, remarks: &mut Vec<Remark>) -> Result<(), Session> {
    let error = conversation.error.as_ref().filter(|error| error.stage == FetchStage::Starttls);
    let octets = conversation.starttls.as_deref();
    if let Some(surplus) = conversation.surplus.as_ref().filter(|surplus| !surplus.is_empty()) {
        remarks.push(Remark::open(MX_STARTTLS_INJECTION, format!("behind the reply: {}", quoted(surplus))));
        return Err(Session::Untested);
    }
    let ended = error.is_some_and(|error| error.fault != FetchFault::SmtpRefused);
    let Some((reply, octets)) = octets.filter(|_| !ended).and_then(|octets| Some((read(octets)?, octets))) else {
        return Err(match error {
            // Offered, and then taken back.
            Some(error) if error.fault == FetchFault::Reset => {
                remarks.push(Remark::bars(MX_STARTTLS_DOWNGRADE, words(error)));
                Session::None
            }
            error => {
                remarks.extend(error.and_then(|error| untested(error, octets)));
                Session::Untested
            }
        });
    };
    match reply.code {
        // The go-ahead, and the end of the connection before there was any TLS.
        _ if reply.is_positive() && error.is_some_and(|error| error.fault == FetchFault::Reset) => {
            remarks.extend(error.map(|error| Remark::bars(MX_STARTTLS_DOWNGRADE, words(error))));
            Err(Session::None)
        }
        _ if reply.is_positive() => Ok(()),
        // The server is going down (RFC 5321 section 3.8), or may agree another time and was not asked again.
        400..=499 if reply.code == 421 || conversation.refused_before.is_none() => {
            remarks.push(Remark::open(MX_REFUSED, format!("to STARTTLS: {}", quoted(octets))));
            Err(Session::Untested)
        }
        _ => {
            remarks.push(Remark::bars(MX_STARTTLS_DOWNGRADE, format!("to STARTTLS: {}", quoted(octets))));
            Err(Session::None)
        }
    }
}

/// The handshake, the certificate, and what came behind.
fn within_tls(conversation: &Conversation, scanned_at: SystemTime, remarks: &mut Vec<Remark>) -> (Session, Verdict) {
    match &conversation.error {
        Some(error) if error.stage == FetchStage::Tls => failed_handshake(conversation, error, scanned_at, remarks),
        // TLS 1.3 lets a server say only now that it insists on a certificate.
        Some(error) if error.stage == FetchStage::EhloInTls && insists_on_certificate(conversation, error) => {
            remarks.push(Remark::bars(MX_CLIENT_CERT_REQUIRED, words(error)));
            accept(conversation, scanned_at, remarks);
            (Session::None, Verdict::Fails)
        }
        _ if conversation.tls_version.is_none() => (Session::Untested, Verdict::Untested),
        Some(error) if error.stage == FetchStage::EhloInTls => {
            let verdict = accept(conversation, scanned_at, remarks);
            if verdict == Verdict::Passes {
                remarks.extend(untested(error, conversation.ehlo_in_tls.as_deref()));
            }
            (Session::Current, if verdict == Verdict::Fails { verdict } else { Verdict::Untested })
        }
        _ => (Session::Current, accept(conversation, scanned_at, remarks)),
    }
}

/// Whether a session ends because we have no certificate: by alert, by closing the connection, or (Postfix) by refusing within TLS the EHLO
/// that it took before.
fn insists_on_certificate(conversation: &Conversation, error: &FetchError) -> bool {
    error.alert == Some(CERTIFICATE_REQUIRED)
        || (conversation.client_auth && matches!(error.fault, FetchFault::TlsAlert | FetchFault::Reset | FetchFault::SmtpRefused))
}

/// Judges the certificate that was shown last; without one nothing is known.
fn accept(conversation: &Conversation, scanned_at: SystemTime, remarks: &mut Vec<Remark>) -> Verdict {
    let hello = conversation.second_hello.as_ref().and_then(|hello| hello.certificate.as_ref());
    let certificate = hello.or(conversation.certificate.as_ref());
    certificate.map_or(Verdict::Untested, |certificate| mx_certificate::judge(certificate, scanned_at, remarks))
}

/// What a handshake that failed says: a second hello tells what senders with another library than ours get.
fn failed_handshake(
    conversation: &Conversation,
    error: &FetchError,
    scanned_at: SystemTime,
    remarks: &mut Vec<Remark>,
) -> (Session, Verdict) {
    let none = (Session::None, Verdict::Fails);
    if error.alert == Some(UNRECOGNIZED_NAME) {
        remarks.push(Remark::bars(MX_SNI_REJECTED, words(error)));
        return none;
    }
    if insists_on_certificate(conversation, error) {
        remarks.push(Remark::bars(MX_CLIENT_CERT_REQUIRED, words(error)));
        accept(conversation, scanned_at, remarks);
        return none;
    }
    if let Some(hello) = &conversation.second_hello {
        return second_hello(conversation, error, hello, scanned_at, remarks);
    }
    let open = matches!(error.fault, FetchFault::TlsAlert | FetchFault::TlsUnsupported) || error.alert == Some(INSUFFICIENT_SECURITY);
    match error.fault {
        // Says nothing by itself: who has suites of yesterday only answers a hello of today like that.
        _ if open => {
            let weak = remarks.len();
            let verdict = accept(conversation, scanned_at, remarks);
            if remarks.len() == weak {
                remarks.push(Remark::open(MX_TLS_UNVERIFIED, words(error)));
            }
            (Session::Untested, if verdict == Verdict::Fails { verdict } else { Verdict::Untested })
        }
        FetchFault::TlsVersion => {
            remarks.push(Remark::stops(MX_TLS_OLD, words(error)));
            (Session::Old, Verdict::Fails)
        }
        FetchFault::Reset | FetchFault::TlsProtocol => {
            remarks.push(Remark::bars(MX_STARTTLS_DOWNGRADE, words(error)));
            none
        }
        _ => {
            remarks.extend(untested(error, None));
            (Session::Untested, Verdict::Untested)
        }
    }
}

/// What the answer to a second hello says.
fn second_hello(
    conversation: &Conversation,
    error: &FetchError,
    hello: &SecondHello,
    scanned_at: SystemTime,
    remarks: &mut Vec<Remark>,
) -> (Session, Verdict) {
    let detail = || format!("{}; a hello that offers everything: {}", words(error), second_hello::words(hello));
    let cipher = hello.cipher.as_deref().unwrap_or_default();
    match hello.version {
        Some(version) if !version.suffices() => {
            remarks.push(Remark::stops(MX_TLS_OLD, detail()));
            accept(conversation, scanned_at, remarks);
            (Session::Old, Verdict::Fails)
        }
        Some(TlsVersion::Tls12) if second_hello::has_legacy_exchange(cipher) || second_hello::is_weak(cipher) => {
            if second_hello::is_weak(cipher) {
                remarks.push(Remark::fact(MX_TLS_WEAK, detail()));
            }
            if second_hello::has_legacy_exchange(cipher) {
                remarks.push(Remark::fact(MX_KEX_LEGACY, detail()));
            }
            (Session::Current, accept(conversation, scanned_at, remarks))
        }
        None if !hello.leaves_open() => {
            let old = error.fault == FetchFault::TlsVersion && error.alert != Some(INSUFFICIENT_SECURITY);
            remarks.push(if old { Remark::stops(MX_TLS_OLD, detail()) } else { Remark::bars(MX_STARTTLS_DOWNGRADE, detail()) });
            (Session::None, Verdict::Fails)
        }
        // Somebody with another library gets through, or would have been told why not.
        _ => {
            let verdict = accept(conversation, scanned_at, remarks);
            remarks.push(Remark::open(MX_TLS_UNVERIFIED, detail()));
            (Session::Untested, if verdict == Verdict::Fails { verdict } else { Verdict::Untested })
        }
    }
}

/// What kept a server from being tested; nothing to say where the fault is ours, or the opt-out list's.
fn untested(error: &FetchError, octets: Option<&[u8]>) -> Option<Remark> {
    let code = match error.fault {
        FetchFault::Local | FetchFault::Excluded | FetchFault::SpecialUseAddress => return None,
        FetchFault::NoRoute => MX_NO_ROUTE,
        FetchFault::Intercepted => MX_INTERCEPTED,
        FetchFault::SmtpRefused | FetchFault::NotTried => MX_REFUSED,
        FetchFault::Tarpit => MX_TARPIT,
        FetchFault::SmtpProtocol if octets.is_some_and(|octets| !begins_as_reply(octets)) => MX_NOT_SMTP,
        FetchFault::SmtpProtocol => MX_PROTOCOL_VIOLATION,
        _ => MX_UNREACHABLE,
    };
    let said = octets.filter(|octets| !octets.is_empty()).map(|octets| format!(", after {}", quoted(octets)));
    Some(Remark::open(code, format!("{}{}", words(error), said.unwrap_or_default())))
}

fn words(error: &FetchError) -> String {
    format!("{} at stage {}: {}", error.fault, error.stage, quoted(&error.text))
}

/// Whether what came begins with a reply code, as no other protocol does.
fn begins_as_reply(octets: &[u8]) -> bool {
    matches!(octets, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-' | b'\r' | b'\n', ..])
}

fn is_positive(octets: Option<&[u8]>) -> bool {
    octets.and_then(read).is_some_and(|reply| reply.is_positive())
}

/// A reply that was kept. Of one that was cut the whole lines count.
fn read(octets: &[u8]) -> Option<Reply> {
    let whole = ReplyReader::default().push(octets).ok()?;
    if whole.is_some() || octets.len() < REPLY_LIMIT {
        return whole;
    }
    let end = octets.iter().rposition(|octet| *octet == b'\n')?;
    let last = [octets.get(..=end)?, octets.get(..3)?, b"\n"].concat();
    ReplyReader::default().push(&last).ok()?
}
