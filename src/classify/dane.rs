//! What DANE says of an MX host: its TLSA records, the signatures that vouch for them, and whether they match what the host shows
//! (RFC 7672, RFC 7671).

use sha2::{Digest, Sha256};

use crate::evidence::{Certificate, CertificateFault, ChainCertificate, Conversation, HostLookup, Lookup, Outcome, Path, Record, Tlsa};
use crate::parse::mx_pattern::matches_lenient;
use crate::parse::tlsa::{Binds, Matching, Selector, Unusable, Usable};

use super::assessment::{DaneState, DnssecState};
use super::certificate::{has_short_key, key_words};
use super::conversation::{Session, Spoken};
use super::dnssec;
use super::dnssec::declared::{DNSSEC_BOGUS, DNSSEC_NSEC3_ITERATIONS, DNSSEC_PARTLY_BOGUS};
use super::findings::quoted_list;
use super::rule::{Code, ResultType, Rule, Severity, codes};
use super::verdict::{Remark, Verdict};

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

/// What binds a sender with DANE when it delivers to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// Nothing: DANE does not apply, and MTA-STS does if there is any.
    None,
    /// The host has to be authenticated by its TLSA records.
    Authenticated(Verdict),
    /// There has to be TLS, with whatever certificate.
    Encrypted(Verdict),
    /// The mail waits, since something could not be looked up; or it is not known what binds.
    Deferred,
}

/// What DANE says of one MX host.
#[derive(Debug)]
pub(super) struct HostDane {
    /// Never [`DaneState::Partial`], which is of several hosts.
    pub state: DaneState,
    pub binding: Binding,
    /// Whether a signed host says, as far as it can be told, that it has no TLSA records.
    pub could_have: bool,
    /// Whether its addresses are authenticated alike.
    pub alike: bool,
    /// What is to be said: of which host or name, of which of its addresses (empty: of all), and what.
    pub remarks: Vec<(String, String, Remark)>,
}

/// What is asked of a host: where it stands.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// The mail domain.
    pub domain: &'a str,
    /// What DNSSEC says of the MX answer.
    pub mx: DnssecState,
    /// Whether the resolver is trusted to validate.
    pub validates: bool,
    /// The conversations with it; `None` if none were to be held.
    pub spoken: Option<&'a [Spoken<'a>]>,
}

/// Judges a host.
pub(super) fn judge(host: &HostLookup, question: Question<'_>) -> HostDane {
    let mut dane = HostDane::unknown();
    if question.validates {
        dane.remark_iterations(host);
        (dane.state, dane.binding) = match addresses(host, &mut dane) {
            Ok(secure) => dane.records(host, secure, question),
            Err(state) => (state, if state == DaneState::Absent { Binding::None } else { Binding::Deferred }),
        };
    }
    dane
}

/// Whether the addresses of a host are signed, or an alias that leads to them; else what that makes of the host.
fn addresses(host: &HostLookup, dane: &mut HostDane) -> Result<bool, DaneState> {
    let HostLookup { host: name, a, aaaa, alias, .. } = host;
    let states = (dnssec::state(a, true), dnssec::state(aaaa, true));
    let bogus = match states {
        (DnssecState::Bogus, _) => Some(dnssec::words(a)),
        (_, DnssecState::Bogus) => Some(dnssec::words(aaaa)),
        _ => None,
    };
    if a.records.is_empty() && aaaa.records.is_empty() {
        return match bogus {
            Some(words) => {
                dane.add(name, DNSSEC_BOGUS, words);
                Err(DaneState::Bogus)
            }
            None if a.outcome.is_conclusive() && aaaa.outcome.is_conclusive() => Err(DaneState::Absent),
            None => Err(DaneState::Unknown),
        };
    }
    if let Some(words) = bogus {
        dane.add(name, DNSSEC_PARTLY_BOGUS, words);
    }
    let signed_alias =
        alias.as_ref().is_some_and(|alias| alias.outcome == Outcome::Noerror && dnssec::state(alias, true) == DnssecState::Secure);
    let signed = |state, has_records: bool| state == DnssecState::Secure && has_records;
    Ok(signed(states.0, !a.records.is_empty()) || signed(states.1, !aaaa.records.is_empty()) || signed_alias)
}

impl HostDane {
    /// Of a host of which nothing is known.
    pub(super) const fn unknown() -> Self {
        Self { state: DaneState::Unknown, binding: Binding::Deferred, could_have: false, alike: true, remarks: Vec::new() }
    }

    fn add(&mut self, subject: &str, code: Code, detail: String) {
        self.remarks.push((subject.to_owned(), String::new(), Remark::fact(code, detail)));
    }

    fn remark_iterations(&mut self, host: &HostLookup) {
        fn words<R: Record>(lookup: &Lookup<R>) -> Option<(String, String)> {
            dnssec::has_too_many_iterations(lookup).then(|| (lookup.name.clone(), dnssec::words(lookup)))
        }
        let found = words(&host.a).or_else(|| words(&host.aaaa)).or_else(|| host.tlsa.iter().find_map(words));
        if let Some((name, words)) = found {
            self.add(&name, DNSSEC_NSEC3_ITERATIONS, words);
        }
    }

    /// Looks for TLSA records, base by base. `secure`: whether the addresses of the host are signed; without, a failure is no fault.
    fn records(&mut self, host: &HostLookup, secure: bool, question: Question<'_>) -> (DaneState, Binding) {
        let mut insecure = None;
        for lookup in &host.tlsa {
            match (lookup.outcome, dnssec::state(lookup, true)) {
                (Outcome::Noerror, DnssecState::Secure) if secure => return self.published(host, lookup, question),
                (Outcome::Noerror, _) => insecure = insecure.or(Some(lookup)),
                (Outcome::Nodata | Outcome::Nxdomain | Outcome::Pruned, _) => {}
                _ if !secure => {}
                (_, DnssecState::Bogus) => {
                    self.add(&lookup.name, DNSSEC_BOGUS, dnssec::words(lookup));
                    return (DaneState::Bogus, Binding::Deferred);
                }
                (Outcome::Excluded | Outcome::LocalError, _) => return (DaneState::Unknown, Binding::Deferred),
                _ => {
                    self.remarks.push((host.host.clone(), String::new(), Remark::open(DANE_LOOKUP_FAILED, dnssec::words(lookup))));
                    return (DaneState::Unknown, Binding::Deferred);
                }
            }
        }
        if let Some(lookup) = insecure {
            self.add(&host.host, DANE_INSECURE, words(&lookup.records));
            return (DaneState::Insecure, Binding::None);
        }
        if host.tlsa.is_empty() {
            return (DaneState::Unknown, Binding::Deferred); // It was not asked.
        }
        self.could_have = secure && question.mx == DnssecState::Secure && !host.tlsa.iter().any(dnssec::has_too_many_iterations);
        (DaneState::Absent, Binding::None)
    }

    /// Judges records that a chain of signatures vouches for.
    fn published(&mut self, host: &HostLookup, lookup: &Lookup<Tlsa>, question: Question<'_>) -> (DaneState, Binding) {
        let (usable, unusable): (Vec<_>, Vec<_>) = lookup.records.iter().map(Tlsa::usable).partition(Result::is_ok);
        let usable: Vec<Usable<'_>> = usable.into_iter().flatten().collect();
        let pkix: Vec<&Tlsa> = lookup.records.iter().filter(|record| record.usable() == Err(Unusable::PkixUsage)).collect();
        if !pkix.is_empty() {
            self.add(&host.host, DANE_PKIX_USAGE, words(pkix));
        }
        let (state, binding) = if usable.is_empty() && lookup.left_out.is_some() {
            (DaneState::Unknown, Binding::Deferred) // One that was not kept might be usable.
        } else if usable.is_empty() {
            self.add(&host.host, DANE_UNUSABLE, words(&lookup.records));
            (DaneState::Unusable, Binding::Encrypted(question.spoken.map_or(Verdict::Passes, encrypted)))
        } else {
            if !unusable.is_empty() {
                let records = lookup.records.iter().filter(|record| record.usable().is_err());
                self.add(&host.host, DANE_PARTLY_UNUSABLE, words(records));
            }
            let names = [host.host.as_str(), question.domain, base(lookup)];
            let tests = question.spoken.unwrap_or_default().iter().map(|spoken| self.test(spoken, &usable, lookup, names));
            let verdicts: Vec<Verdict> = tests.collect();
            let fails = verdicts.contains(&Verdict::Fails);
            self.alike = !(fails && verdicts.contains(&Verdict::Passes));
            let state = if fails { DaneState::Mismatch } else { DaneState::Valid };
            let delivered = Verdict::of_addresses(verdicts.into_iter());
            // What nobody was to test counts as it is published.
            (state, Binding::Authenticated(if question.spoken.is_some() { delivered } else { Verdict::Passes }))
        };
        if question.mx == DnssecState::Secure {
            return (state, binding);
        }
        self.add(&host.host, DANE_MX_INSECURE, words(&lookup.records));
        (DaneState::Insecure, Binding::None)
    }

    /// Holds what a server showed against its records.
    fn test(&mut self, spoken: &Spoken<'_>, usable: &[Usable<'_>], lookup: &Lookup<Tlsa>, names: [&str; 3]) -> Verdict {
        let conversation = spoken.conversation;
        let certificate = shown(conversation);
        if spoken.session == Session::None {
            return Verdict::Fails; // Why, the conversation says.
        }
        let held = Shown { conversation, certificate, names }.held(usable);
        let host = names[0].to_owned();
        let mut add = |remark| self.remarks.push((host.clone(), conversation.address.to_string(), remark));
        match held {
            Held::Yes { shadowed } => {
                if shadowed {
                    add(Remark::fact(DANE_DIGEST_SHADOWED, words(&lookup.records)));
                }
                // Whether a sender takes an old version or a short key depends on its library.
                let taken = spoken.session == Session::Current && !certificate.is_some_and(has_short_key);
                if taken { Verdict::Passes } else { Verdict::Untested }
            }
            Held::Unknown => Verdict::Untested,
            // One that was not kept might match.
            Held::No(_) if lookup.left_out.is_some() => Verdict::Untested,
            Held::No(why) => {
                let shown = leaf_words(conversation, certificate);
                let stale = if why.contains(&Why::OutOfDate) { "; the chain to the authority is out of date" } else { "" };
                add(Remark::fact(DANE_MISMATCH, format!("records {}; shown {shown}{stale}", words(&lookup.records))));
                if why.contains(&Why::NotSent) {
                    add(Remark::fact(DANE_TA_NOT_SENT, format!("certificates sent: {}", conversation.chain.len())));
                }
                if why.contains(&Why::Name) {
                    let sans = certificate.map_or(&[][..], |certificate| &certificate.sans);
                    add(Remark::fact(DANE_TA_NAME_MISMATCH, format!("valid for {}", quoted_list(sans))));
                }
                Verdict::Fails
            }
        }
    }
}

/// Whether a sender that insists on TLS gets it.
fn encrypted(spoken: &[Spoken<'_>]) -> Verdict {
    Verdict::of_addresses(spoken.iter().map(|spoken| match spoken.session {
        Session::Current | Session::Old => Verdict::Passes,
        Session::None => Verdict::Fails,
        Session::Untested => Verdict::Untested,
    }))
}

/// The name below which the records of a lookup stand.
fn base(lookup: &Lookup<Tlsa>) -> &str {
    lookup.name.strip_prefix("_25._tcp.").unwrap_or(&lookup.name)
}

/// The certificate that was shown, in the handshake or in answer to a second hello.
pub(super) fn shown(conversation: &Conversation) -> Option<&Certificate> {
    let hello = conversation.second_hello.as_ref().and_then(|hello| hello.certificate.as_ref());
    hello.or(conversation.certificate.as_ref())
}

/// What came of holding a server against its records: one that holds is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    /// `shadowed`: only by records that some senders leave out for stronger digests (RFC 7671 section 9).
    Yes {
        shadowed: bool,
    },
    /// Why each of them does not.
    No(Vec<Why>),
    Unknown,
}

/// Why a record does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It is of another certificate.
    Other,
    /// The authority is not among the certificates sent.
    NotSent,
    /// The certificate that it issued is for other names.
    Name,
    /// A certificate on the way to it is not valid now.
    OutOfDate,
}

/// What a server showed, and the names that may stand in it.
struct Shown<'a> {
    conversation: &'a Conversation,
    certificate: Option<&'a Certificate>,
    names: [&'a str; 3],
}

impl Shown<'_> {
    fn held(&self, records: &[Usable<'_>]) -> Held {
        if self.conversation.chain.is_empty() {
            return Held::Unknown;
        }
        let holds: Vec<Option<Result<(), Why>>> = records.iter().map(|record| self.holds(record)).collect();
        let holding = records.iter().zip(&holds).filter(|(_, holds)| **holds == Some(Ok(()))).map(|(record, _)| record);
        let mut holding = holding.peekable();
        if holding.peek().is_some() {
            return Held::Yes { shadowed: holding.all(|record| is_shadowed(record, records)) };
        }
        let why: Option<Vec<Why>> = holds.into_iter().map(|holds| holds.and_then(Result::err)).collect();
        why.map_or(Held::Unknown, Held::No)
    }

    /// Whether a record holds; `None` where that cannot be told.
    fn holds(&self, record: &Usable<'_>) -> Option<Result<(), Why>> {
        let chain = &self.conversation.chain;
        if record.binds == Binds::Server {
            return compare(record, chain.first()?).map(|same| if same { Ok(()) } else { Err(Why::Other) });
        }
        let sent = chain.iter().find(|certificate| compare(record, certificate) == Some(true));
        let path = match (sent, record.matching) {
            (Some(anchor), _) => anchor.path?,
            (None, Matching::Full) => {
                let data = Sha256::digest(record.data);
                self.conversation.given_anchors.iter().find(|anchor| anchor.data_sha256[..] == data[..])?.path
            }
            (None, _) if usize::from(self.certificate?.chain_length) > chain.len() => return None, // Perhaps behind those that were kept.
            (None, _) => return Some(Err(Why::NotSent)),
        };
        match path {
            Path::Unsupported => None,
            Path::Broken => Some(Err(Why::Other)),
            Path::OutOfDate => Some(Err(Why::OutOfDate)),
            Path::Valid => Some(self.leaf_is_acceptable(self.certificate?)),
        }
    }

    /// Dates, purpose and names, which count for usage 2 (RFC 7671 section 5.2, RFC 7672 section 3.2).
    fn leaf_is_acceptable(&self, leaf: &Certificate) -> Result<(), Why> {
        use CertificateFault::{Expired, NotYetValid, WrongPurpose};
        if leaf.faults.iter().any(|fault| matches!(fault, Expired | NotYetValid)) {
            return Err(Why::OutOfDate);
        }
        if leaf.faults.contains(&WrongPurpose) {
            return Err(Why::Other);
        }
        let named = leaf.sans.iter().any(|san| self.names.iter().any(|name| matches_lenient(san, name)));
        if named { Ok(()) } else { Err(Why::Name) }
    }
}

/// Whether a certificate is the one of a record; `None` where its key cannot be read.
fn compare(record: &Usable<'_>, certificate: &ChainCertificate) -> Option<bool> {
    let ChainCertificate { certificate_sha256, certificate_sha512, key_sha256, key_sha512, .. } = certificate;
    let (sha256, sha512) = match record.selector {
        Selector::Certificate => (certificate_sha256, certificate_sha512),
        Selector::PublicKey => (key_sha256, key_sha512),
    };
    let same = match record.matching {
        Matching::Full => sha256[..] == Sha256::digest(record.data)[..],
        Matching::Sha256 => sha256[..] == *record.data,
        Matching::Sha512 => sha512[..] == *record.data,
    };
    (!sha256.is_empty()).then_some(same)
}

/// Whether there is a record with a stronger digest for the same, so that senders may leave this one out.
fn is_shadowed(record: &Usable<'_>, records: &[Usable<'_>]) -> bool {
    let stronger =
        |other: &Usable<'_>| other.matching > record.matching && other.binds == record.binds && other.selector == record.selector;
    record.matching != Matching::Full && records.iter().any(stronger)
}

/// The first few records, with the beginning of their data.
fn words<'t>(records: impl IntoIterator<Item = &'t Tlsa>) -> String {
    const SHOWN: usize = 4;
    let mut shown = Vec::new();
    let mut count = 0_usize;
    for Tlsa { usage, selector, matching, data } in records {
        if count < SHOWN {
            shown.push(format!("{usage} {selector} {matching} {}", beginning(data)));
        }
        count += 1;
    }
    let more = if count > SHOWN { format!(" and {} more", count - SHOWN) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn beginning(octets: &[u8]) -> String {
    const SHOWN: usize = 8;
    let cut = if octets.len() > SHOWN { "..." } else { "" };
    format!("{}{cut}", hex::encode(octets.get(..SHOWN).unwrap_or(octets)))
}

fn leaf_words(conversation: &Conversation, certificate: Option<&Certificate>) -> String {
    let hashes = conversation
        .chain
        .first()
        .map(|leaf| format!("certificate {}, key {}", beginning(&leaf.certificate_sha256), beginning(&leaf.key_sha256)));
    let key = certificate.map(|certificate| format!(" ({})", key_words(certificate)));
    format!("{}{}", hashes.unwrap_or_default(), key.unwrap_or_default())
}
