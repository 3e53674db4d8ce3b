//! What mail servers said, for a person: a line for each MX host, and what DANE makes of them. Texts are safe for a terminal.

use std::time::UNIX_EPOCH;

use time::OffsetDateTime;

use crate::classify::codes::{self, Code};
use crate::classify::{Assessment, Coverage, DaneState, Delivery, DnssecState, MxState, MxTls, Posture};
use crate::evidence::{Certificate, Conversation, Evidence, FetchError, FetchFault, FetchStage, HostLookup, Lookup, Outcome};

use super::text;

/// MX hosts, and addresses of one, that are shown.
const MAX_SHOWN: usize = 10;
/// Characters of a reply that are shown.
const MAX_REPLY: usize = 160;

/// A line for each MX host, if they were asked; else that they were not.
pub(super) fn lines(evidence: &Evidence, assessment: &Assessment) -> Vec<String> {
    if !matches!(assessment.mx_state, MxState::Present | MxState::None) {
        return Vec::new();
    }
    if assessment.mx_tls.is_none() && assessment.dane_state.is_none() {
        return vec!["not tested".to_owned()];
    }
    let hosts = &evidence.mx_hosts;
    let mut lines: Vec<String> = hosts.iter().take(MAX_SHOWN).map(|host| line(host, assessment)).collect();
    if let more @ 1.. = hosts.len().saturating_sub(MAX_SHOWN) {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn line(host: &HostLookup, assessment: &Assessment) -> String {
    let smtp = match assessment.mx_tls {
        Some(_) => spoken(host, assessment),
        None => "not tested".to_owned(),
    };
    let dane = dane(host, assessment).map_or_else(String::new, |words| format!("; {words}"));
    format!("{}: {smtp}{dane}", text::safe(&host.host))
}

/// Whether a domain has a finding about a host.
fn has(assessment: &Assessment, code: Code, host: &HostLookup) -> bool {
    assessment.findings.iter().any(|finding| finding.code == code && finding.subject == host.host)
}

/// What was said at each address.
fn spoken(host: &HostLookup, assessment: &Assessment) -> String {
    let settled = |outcome: Outcome| outcome.is_conclusive();
    let no_starttls = has(assessment, codes::MX_NO_STARTTLS, host);
    match host.conversations.as_slice() {
        [] if settled(host.a.outcome) && settled(host.aaaa.outcome) => "not tested: it has no address".to_owned(),
        [] => format!("not tested: its address could not be looked up ({})", unsettled(host)),
        [one] => words(one, no_starttls),
        several => {
            let said = several.iter().take(MAX_SHOWN).map(|one| format!("{}: {}", one.address, words(one, no_starttls)));
            said.collect::<Vec<_>>().join(" | ")
        }
    }
}

fn unsettled(host: &HostLookup) -> Outcome {
    if host.a.outcome.is_conclusive() { host.aaaa.outcome } else { host.a.outcome }
}

/// What one conversation came to. `no_starttls`: whether the judgement says that the host offers none.
fn words(conversation: &Conversation, no_starttls: bool) -> String {
    let Conversation { tls_version, certificate, second_hello, error, shared_with, .. } = conversation;
    let shown = second_hello.as_ref().and_then(|hello| hello.certificate.as_ref()).or(certificate.as_ref());
    let certificate = shown.map_or_else(String::new, |certificate| format!(", certificate {}", verdict(certificate)));
    let shared = shared_with.as_ref().map_or_else(String::new, |host| format!(" (as seen under the name {})", text::safe(host)));
    let version = second_hello.as_ref().and_then(|hello| hello.version);
    let said = match (tls_version, version, error) {
        (Some(version), _, None) => format!("{}{certificate}", text::safe(version)),
        (Some(version), _, Some(error)) => format!("{}{certificate}; then {}", text::safe(version), why(conversation, error)),
        (None, Some(version), _) => format!("{version} by a second hello{certificate}"),
        (None, None, None) => "no STARTTLS".to_owned(),
        (None, None, Some(error)) if no_starttls && matches!(error.stage, FetchStage::Ehlo) => "no STARTTLS".to_owned(),
        (None, None, Some(error)) if matches!(error.stage, FetchStage::Starttls | FetchStage::Tls) => {
            format!("STARTTLS offered, no TLS session{certificate}: {}", why(conversation, error))
        }
        (None, None, Some(error)) => format!("not tested: {}", why(conversation, error)),
    };
    said + &shared
}

/// Why a conversation ended early, with what the server said to that.
fn why(conversation: &Conversation, error: &FetchError) -> String {
    let reply = match error.stage {
        FetchStage::Greeting => &conversation.greeting,
        FetchStage::Ehlo => &conversation.ehlo,
        FetchStage::Starttls => &conversation.starttls,
        FetchStage::EhloInTls => &conversation.ehlo_in_tls,
        _ => &None,
    };
    let said = reply.as_deref().filter(|reply| !reply.is_empty()).map(|reply| format!(": \"{}\"", shortened(reply)));
    match error.fault {
        // Why nobody tried says the text alone: a refusal before, or that port 25 is blocked here.
        FetchFault::NotTried | FetchFault::Intercepted | FetchFault::NoRoute | FetchFault::Local => text::safe(&error.text),
        FetchFault::Excluded => "on the opt-out list".to_owned(),
        FetchFault::SpecialUseAddress => format!("{} is a special-use address", conversation.address),
        FetchFault::SmtpRefused => format!("refused at {}{}", error.stage, said.unwrap_or_default()),
        fault => format!("{fault} at {}{}", error.stage, said.unwrap_or_default()),
    }
}

/// A reply in one line.
fn shortened(reply: &[u8]) -> String {
    let shown = text::safe_bytes(reply.trim_ascii_end());
    match shown.char_indices().nth(MAX_REPLY) {
        Some((end, _)) => format!("{}...", shown.get(..end).unwrap_or_default()),
        None => shown,
    }
}

fn verdict(certificate: &Certificate) -> String {
    let faults = || certificate.faults.iter().map(|fault| fault.as_str()).collect::<Vec<_>>().join(", ");
    if certificate.is_refused() {
        return format!("not valid ({})", faults());
    }
    if certificate.is_unverified() {
        return "not verifiable here".to_owned();
    }
    let seconds = certificate.not_after.and_then(|end| i64::try_from(end.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok());
    match seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()) {
        Some(end) => format!("valid until {}", end.date()),
        None => "valid".to_owned(),
    }
}

/// What the TLSA records of a host come to; `None` where they were not looked up.
fn dane(host: &HostLookup, assessment: &Assessment) -> Option<String> {
    assessment.dane_state?;
    let found: Vec<&Lookup<_>> = host.tlsa.iter().filter(|lookup| lookup.outcome == Outcome::Noerror).collect();
    if host.tlsa.is_empty() {
        return Some("TLSA not looked up".to_owned());
    }
    if found.is_empty() {
        let failed = host.tlsa.iter().find(|lookup| !lookup.outcome.is_conclusive());
        return Some(failed.map_or_else(|| "no TLSA".to_owned(), |lookup| format!("TLSA unknown ({})", lookup.outcome)));
    }
    let records = found.iter().flat_map(|lookup| &lookup.records);
    let mut records: Vec<String> = records.map(|one| format!("{} {} {}", one.usage, one.selector, one.matching)).collect();
    records.dedup();
    records.truncate(MAX_SHOWN);
    let is_shown = host
        .conversations
        .iter()
        .any(|one| one.certificate.is_some() || one.second_hello.as_ref().is_some_and(|hello| hello.certificate.is_some()));
    let is_authenticated = found.iter().any(|lookup| lookup.authenticated == Some(true));
    let judged = [
        (codes::MX_NO_STARTTLS, "and no TLS"),
        (codes::MX_STARTTLS_DOWNGRADE, "and no TLS"),
        (codes::DANE_MISMATCH, "does not match"),
        (codes::DANE_UNUSABLE, "unusable"),
        (codes::DANE_INSECURE, "not signed"),
        (codes::DANE_MX_INSECURE, "signed, but the MX records are not"),
    ];
    let words = judged.into_iter().find(|(code, _)| has(assessment, *code, host)).map(|(_, words)| words);
    let words = words.unwrap_or(match (is_shown, is_authenticated) {
        (true, true) => "matches",
        (false, _) => "published, not tested",
        (true, false) => "not judged",
    });
    Some(format!("TLSA {} {words}", records.join(", ")))
}

/// DANE and DNSSEC of a domain in a few words; `None` where there is nothing to ask.
pub(super) fn summary(assessment: &Assessment) -> Option<String> {
    if !matches!(assessment.mx_state, MxState::Present | MxState::None) {
        return None;
    }
    let Some(state) = assessment.dane_state else { return Some("not looked up".to_owned()) };
    let untested = if is_tested(assessment) { "" } else { ", published, not tested" };
    let words = match state {
        DaneState::Absent => "no TLSA records".to_owned(),
        DaneState::Valid | DaneState::Partial => format!("{state}{untested}"),
        state => state.to_string(),
    };
    let dnssec = assessment.mx_dnssec.filter(|dnssec| *dnssec != DnssecState::Unknown);
    Some(words + &dnssec.map_or_else(String::new, |dnssec| format!("; MX records {dnssec} (DNSSEC)")))
}

/// Whether TLSA records were held against what all hosts show.
fn is_tested(assessment: &Assessment) -> bool {
    assessment.mx_tls.is_some_and(|seen| seen != MxTls::Unknown)
}

/// What has to be said of DANE behind what MTA-STS does; `None` where it changes nothing.
pub(super) fn sentence(assessment: &Assessment) -> Option<String> {
    use DaneState::{Bogus, Insecure, Unusable};
    // Where nothing is protected by MTA-STS the verdict says itself what DANE leaves of that.
    let is_said = matches!(assessment.delivery, Delivery::Opportunistic | Delivery::Reported);
    if is_said && !matches!(assessment.dane_state, Some(Bogus | Insecure | Unusable)) {
        return None;
    }
    let tested = if is_tested(assessment) { "as tested with the MX hosts" } else { "published, not tested" };
    Some(match (assessment.dane_state?, assessment.delivery_dane) {
        (DaneState::Absent, _) => return None,
        (DaneState::Valid, Some(Delivery::Protected)) => {
            format!("DANE protects it ({tested}): senders that validate DANE deliver only to a host for which a TLSA record vouches.")
        }
        (DaneState::Valid, _) => format!("Every MX host has TLSA records ({tested})."),
        (DaneState::Partial, _) => {
            format!("Some MX hosts have TLSA records ({tested}): senders that validate DANE authenticate these by them, and no other.")
        }
        (DaneState::Mismatch, Some(Delivery::Refused)) => {
            "DANE stops mail: the MX hosts do not show what their TLSA records vouch for, so senders that validate DANE do not deliver.".to_owned()
        }
        (DaneState::Mismatch, _) => {
            "DANE stops some mail: an MX host does not show what its TLSA records vouch for, so senders that validate DANE do not deliver to it."
                .to_owned()
        }
        (DaneState::Unusable, _) => {
            "The TLSA records cannot be used for mail: senders that validate DANE insist on TLS, but accept any certificate.".to_owned()
        }
        (DaneState::Insecure, _) => {
            "There are TLSA records, but no chain of DNSSEC signatures vouches for them, so DANE does not apply.".to_owned()
        }
        (DaneState::Bogus, _) => {
            "DNSSEC signatures do not validate: senders behind validating resolvers cannot deliver until they are fixed.".to_owned()
        }
        (DaneState::Unknown, _) => "Whether DANE protects it could not be determined.".to_owned(),
    })
}

/// What stops a sender under MTA-STS at an MX host.
const STOPS: &[Code] = &[
    codes::MX_NO_STARTTLS,
    codes::MX_STARTTLS_DOWNGRADE,
    codes::MX_TLS_OLD,
    codes::MX_SNI_REJECTED,
    codes::MX_CLIENT_CERT_REQUIRED,
    codes::MX_CERT_NAME_MISMATCH,
    codes::MX_CERT_NO_SAN,
    codes::MX_CERT_V1,
    codes::MX_CERT_EXPIRED,
    codes::MX_CERT_NOT_YET_VALID,
    codes::MX_CERT_SELF_SIGNED,
    codes::MX_CERT_INCOMPLETE_CHAIN,
    codes::MX_CERT_UNTRUSTED,
    codes::MX_CERT_WRONG_PURPOSE,
];

/// What to do about the mail servers, in the order in which it helps; empty where they were not asked or nothing is left to do.
pub fn next_steps(assessment: &Assessment) -> Vec<String> {
    let about = |codes: &[Code]| -> Vec<String> {
        let found = assessment.findings.iter().filter(|finding| codes.contains(&finding.code) && !finding.leaves_open());
        let mut subjects: Vec<String> = found.map(|finding| text::safe(&finding.subject)).filter(|subject| !subject.is_empty()).collect();
        subjects.sort_unstable();
        subjects.dedup();
        subjects
    };
    let (bogus, mismatched, failing) = (about(&[codes::DNSSEC_BOGUS]), about(&[codes::DANE_MISMATCH]), about(STOPS));
    let mut steps = Vec::new();
    if !bogus.is_empty() {
        steps.push(format!("Fix the DNSSEC signatures of {}: until then validating resolvers give senders no answer.", listed(&bogus)));
    }
    if !mismatched.is_empty() {
        steps.push(format!(
            "Publish TLSA records for the certificate that {} in use, or install the one that the records name. At the next change publish the new record first.",
            if mismatched.len() == 1 { format!("{} has", listed(&mismatched)) } else { format!("{} have", listed(&mismatched)) }
        ));
    }
    if !failing.is_empty() {
        let policy = match assessment.posture {
            Posture::Enforce => " Mode testing, with another id, lets mail through until then.",
            Posture::Testing => " Leave the policy in testing until then.",
            _ => " Until then a policy with mode enforce would stop mail.",
        };
        steps.push(format!("Fix TLS and certificate of {}.{policy}", listed(&failing)));
    }
    if assessment.mx_tls == Some(MxTls::Unknown) {
        steps.push("Test the MX hosts again later, or from another network: of those that were not tested nothing is known.".to_owned());
    }
    let covered = assessment.mx_coverage == Some(Coverage::All);
    if assessment.mx_tls == Some(MxTls::All) && steps.is_empty() {
        steps.extend(
            match assessment.posture {
                Posture::Testing if covered => Some(
                    "Every MX host passes: once the TLS reports of some weeks show no failure, change the mode to enforce, and the id.",
                ),
                Posture::Absent => Some("Every MX host passes: nothing stands against a policy, in mode testing at first."),
                _ => None,
            }
            .map(str::to_owned),
        );
    }
    steps
}

/// A few names, and how many more.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MAX_SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::classify::{Finding, Severity};
    use crate::evidence::{SecondHello, TlsVersion, Tlsa};

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 25);

    fn host(name: &str, said: impl FnOnce(&mut Conversation)) -> HostLookup {
        let a = Lookup { records: vec![ADDRESS], ..Lookup::unsent(name.to_owned(), Outcome::Noerror) };
        let mut host = HostLookup::new(name.to_owned(), a, Lookup::unsent(name.to_owned(), Outcome::Nodata));
        let mut conversation = Conversation::new(IpAddr::from(ADDRESS));
        said(&mut conversation);
        host.conversations = vec![conversation];
        host
    }

    fn with_tlsa(mut host: HostLookup, authenticated: bool) -> HostLookup {
        let records = vec![Tlsa { usage: 3, selector: 1, matching: 1, data: vec![0; 32] }];
        host.tlsa = vec![Lookup {
            records,
            authenticated: Some(authenticated),
            ..Lookup::unsent(format!("_25._tcp.{}", host.host), Outcome::Noerror)
        }];
        host
    }

    fn ended(stage: FetchStage, fault: FetchFault, text: &str) -> impl FnOnce(&mut Conversation) {
        let error = FetchError::new(stage, fault, text);
        move |held| held.error = Some(error)
    }

    fn judged(mx_tls: Option<MxTls>, dane_state: Option<DaneState>, codes: &[(Code, &str)]) -> Assessment {
        let finding = |(code, subject): &(Code, &str)| Finding {
            code: *code,
            severity: Severity::High,
            subject: (*subject).to_owned(),
            detail: String::new(),
            count: 1,
        };
        let findings = codes.iter().map(finding).collect();
        Assessment { mx_state: MxState::Present, mx_tls, dane_state, findings, ..Assessment::default() }
    }

    #[test]
    fn each_host_gets_a_line_that_is_safe() {
        let tested = judged(Some(MxTls::Unknown), None, &[(codes::MX_NO_STARTTLS, "old.example")]);
        let said = |host: &HostLookup| line(host, &tested);
        assert_eq!(said(&host("mx.example", |_| {})), "mx.example: no STARTTLS");
        let refused = host("mx.example", |held| {
            held.greeting = Some(b"421 too many \x1b[31mconnections\xe2\x80\xae\0\r\n".to_vec());
            ended(FetchStage::Greeting, FetchFault::SmtpRefused, "it replies with the code 421")(held);
        });
        assert_eq!(said(&refused), "mx.example: not tested: refused at greeting: \"421 too many \\u{1b}[31mconnections\\u{202e}\\u{0}\"");
        let blocked = host("mx.example", ended(FetchStage::Connect, FetchFault::NotTried, "port 25 is blocked here"));
        assert_eq!(said(&blocked), "mx.example: not tested: port 25 is blocked here");
        let silent = host("mx.example", ended(FetchStage::Greeting, FetchFault::Timeout, "no answer in time"));
        assert_eq!(said(&silent), "mx.example: not tested: timeout at greeting");
        let no_esmtp = host("old.example", ended(FetchStage::Ehlo, FetchFault::SmtpRefused, "it replies with the code 502"));
        assert_eq!(said(&no_esmtp), "old.example: no STARTTLS");
        let old = host("mx.example", |held| {
            ended(FetchStage::Tls, FetchFault::TlsVersion, "no version in common")(held);
            held.second_hello = Some(SecondHello { version: Some(TlsVersion::Tls10), ..SecondHello::default() });
        });
        assert_eq!(said(&old), "mx.example: TLSv1.0 by a second hello");
        let mut nowhere = host("mx.example", |_| {});
        nowhere.conversations.clear();
        assert_eq!(said(&nowhere), "mx.example: not tested: it has no address");
        nowhere.a.outcome = Outcome::Servfail;
        assert_eq!(said(&nowhere), "mx.example: not tested: its address could not be looked up (servfail)");
        let long = host("mx.example", |held| {
            held.greeting = Some(vec![b'x'; 5000]);
            ended(FetchStage::Greeting, FetchFault::SmtpProtocol, "no reply")(held);
        });
        assert!(said(&long).len() < 300, "{}", said(&long).len());
    }

    #[test]
    fn dane_without_a_conversation_is_published_and_not_tested() {
        let unasked = host("mx.example", |_| {});
        let published = judged(None, Some(DaneState::Valid), &[]);
        let mut host = with_tlsa(unasked, true);
        host.conversations.clear();
        assert_eq!(line(&host, &published), "mx.example: not tested; TLSA 3 1 1 published, not tested");
        assert_eq!(summary(&published).unwrap(), "valid, published, not tested");
        let mismatch = judged(Some(MxTls::All), Some(DaneState::Mismatch), &[(codes::DANE_MISMATCH, "mx.example")]);
        assert!(line(&host, &mismatch).ends_with("TLSA 3 1 1 does not match"));
        host.tlsa.iter_mut().for_each(|lookup| lookup.outcome = Outcome::Nxdomain);
        assert!(line(&host, &judged(None, Some(DaneState::Absent), &[])).ends_with("; no TLSA"));
        let nobody = judged(None, None, &[]);
        assert_eq!((line(&host, &nobody), summary(&nobody).unwrap()), ("mx.example: not tested".to_owned(), "not looked up".to_owned()));
    }

    #[test]
    fn what_to_do_comes_in_the_order_in_which_it_helps() {
        let mut broken = judged(
            Some(MxTls::None),
            Some(DaneState::Mismatch),
            &[(codes::MX_CERT_EXPIRED, "mx.example"), (codes::DANE_MISMATCH, "mx.example"), (codes::DNSSEC_BOGUS, "example")],
        );
        broken.posture = Posture::Enforce;
        let steps = next_steps(&broken);
        let order = ["DNSSEC", "TLSA records", "Fix TLS and certificate of mx.example. Mode testing"];
        assert!(steps.len() == 3 && steps.iter().zip(order).all(|(step, words)| step.contains(words)), "{steps:?}");
        let mut fine = judged(Some(MxTls::All), None, &[]);
        (fine.posture, fine.mx_coverage) = (Posture::Testing, Some(Coverage::All));
        assert!(next_steps(&fine)[0].contains("change the mode to enforce"));
        fine.posture = Posture::Enforce;
        assert_eq!(next_steps(&fine), Vec::<String>::new(), "nothing is left to do");
        assert!(next_steps(&judged(Some(MxTls::Unknown), None, &[]))[0].contains("again later"));
        assert_eq!(next_steps(&judged(None, None, &[])), Vec::<String>::new(), "nobody was asked");
    }
}
