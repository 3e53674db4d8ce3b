//! T11: what MX hosts said and showed over SMTP, per host and weighted by domain.

use std::borrow::Cow;

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::by_host::{Facts, MAX_FACTS};
use crate::analyse::stats::definition::{Definition, Figures, NOT_ASKED, Question, alone, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::mx_hosts::{CONVERSATIONS, Conversation, MxHost};
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::Row;
use crate::classify::MxTls;
use crate::classify::codes::{self, Code};
use crate::evidence::{CertificateFault, FetchFault, FetchStage, Outcome};
use crate::name::suffix;
use crate::parse::distinguished_name::organization_or_name;

use super::asked::{BY_POSTURE, add_by_posture, cells, rows_by_posture};
use super::dane;
use super::network::NO_NAME;

/// Whether a host, and a domain by its hosts, is so; the facts of [`dane`] stand before these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
enum Fact {
    Asked = dane::FACTS,
    Tested,
    Refused,
    EhloRejected,
    Tarpit,
    NotSmtp,
    Unreachable,
    NoRoute,
    NotTried,
    NoAddress,
    AddressUnknown,
    Excluded,
    SpecialUse,
    OtherReason,
    Starttls,
    NoStarttls,
    Stripped,
    Session,
    NoSession,
    Tls13,
    Tls12,
    OldTls,
    Weak,
    LegacyExchange,
    Shared,
    Certificate,
    Valid,
    Refusable,
    Unverified,
    PolicyOnly,
    Expiring,
    WeakKey,
    FirstFault,
}

const _: () = assert!(Fact::FirstFault as usize + CertificateFault::ALL.len() <= MAX_FACTS);

/// A row: key, title, fact, and the fact of which it is a part.
type Line = (&'static str, &'static str, Fact, Fact);

const HOST_ROWS: &[Line] = &[
    ("tested", "tested: STARTTLS offered or not", Fact::Tested, Fact::Asked),
    ("refused", "not tested: refused (4xx, 5xx)", Fact::Refused, Fact::Asked),
    ("ehlo-rejected", "not tested: EHLO name rejected", Fact::EhloRejected, Fact::Asked),
    ("tarpit", "not tested: tarpit", Fact::Tarpit, Fact::Asked),
    ("not-smtp", "not tested: no SMTP, or broken SMTP", Fact::NotSmtp, Fact::Asked),
    ("unreachable", "not tested: no connection, or silence", Fact::Unreachable, Fact::Asked),
    ("no-route", "not tested: no route (IPv6)", Fact::NoRoute, Fact::Asked),
    ("not-tried", "not tested: not tried after refusals", Fact::NotTried, Fact::Asked),
    ("no-address", "not tested: no address", Fact::NoAddress, Fact::Asked),
    ("address-unknown", "not tested: address lookup failed", Fact::AddressUnknown, Fact::Asked),
    ("excluded", "not tested: on the opt-out list", Fact::Excluded, Fact::Asked),
    ("special-use", "not tested: special-use address", Fact::SpecialUse, Fact::Asked),
    ("other", "not tested: another reason", Fact::OtherReason, Fact::Asked),
    ("starttls", "STARTTLS offered", Fact::Starttls, Fact::Tested),
    ("no-starttls", "STARTTLS not offered", Fact::NoStarttls, Fact::Tested),
    ("stripped", "of these stripped on the way", Fact::Stripped, Fact::NoStarttls),
    ("session", "TLS session, or an answer to the hello", Fact::Session, Fact::Starttls),
    ("no-session", "neither", Fact::NoSession, Fact::Starttls),
    ("TLSv1.3", "TLS 1.3", Fact::Tls13, Fact::Session),
    ("TLSv1.2", "TLS 1.2", Fact::Tls12, Fact::Session),
    ("tls-old", "TLS 1.1 or older", Fact::OldTls, Fact::Session),
    ("weak", "weak cipher suites only", Fact::Weak, Fact::Session),
    ("legacy-exchange", "legacy key exchange only", Fact::LegacyExchange, Fact::Session),
    ("certificate", "certificate shown", Fact::Certificate, Fact::Starttls),
    ("shared", "known from another name at the address", Fact::Shared, Fact::Asked),
];

const CERTIFICATE_ROWS: &[Line] = &[
    ("valid", "valid for the MX host", Fact::Valid, Fact::Certificate),
    ("refused", "not valid", Fact::Refusable, Fact::Certificate),
    ("unverified", "not verifiable by the scanner", Fact::Unverified, Fact::Certificate),
    ("policy-only", "of these valid for a name of the policy", Fact::PolicyOnly, Fact::Refusable),
    ("expiring", "expires soon", Fact::Expiring, Fact::Certificate),
    ("weak-key", "weak key or signature", Fact::WeakKey, Fact::Certificate),
];

/// What a fact is called where it is the whole of a row.
const fn whole(fact: Fact) -> &'static str {
    match fact {
        Fact::Tested => "MX hosts that were tested, and domains with one",
        Fact::NoStarttls => "MX hosts without STARTTLS, and domains with one",
        Fact::Starttls => "MX hosts with STARTTLS, and domains with one",
        Fact::Session => "MX hosts that answered the TLS hello, and domains with one",
        Fact::Certificate => "MX hosts that showed a certificate, and domains with one",
        Fact::Refusable => "MX hosts whose certificate is not valid, and domains with one",
        _ => ASKED,
    }
}

const ASKED: &str = "MX hosts that were asked, and domains of which they were";
const HOSTS_AND_DOMAINS: &[(&str, &str, &str)] = &[("hosts", "MX hosts", ""), ("domains", "domains", "")];
const EACH_ONCE: &str = "MX hosts: each once, however many domains name it; a host with several addresses has what any of them showed";
const AT_LEAST_ONE: &str = "domains: those with at least one such MX host, so that a domain can be in several rows";

pub(in crate::analyse::stats) const HOSTS: Definition = Definition {
    title: "MX hosts as they answered over SMTP, per host and weighted by domain",
    columns: HOSTS_AND_DOMAINS,
    evidence: CONVERSATIONS,
    asked: Some(Question::Smtp),
    count: Some(count),
    rows: |figures| {
        if nobody_was_asked(figures) {
            return vec![not_asked(figures)];
        }
        let first = Row::new("asked", "asked", cells(figures, Fact::Asked as usize, None)).of("domains scanned");
        std::iter::once(first).chain(HOST_ROWS.iter().map(|line| row(figures, line))).chain([not_asked(figures)]).collect()
    },
    notes: &[
        EACH_ONCE,
        AT_LEAST_ONE,
        "a host that was not tested is neither good nor bad; of several reasons the first that stands here counts",
    ],
    ..Definition::EMPTY
};

pub(in crate::analyse::stats) const CERTIFICATES: Definition = Definition {
    title: "Certificates of MX hosts, each fault by itself",
    columns: HOSTS_AND_DOMAINS,
    asked: Some(Question::Smtp),
    counted_by: Some(TableId::T11),
    rows: |figures| {
        if nobody_was_asked(figures) {
            return vec![not_asked(figures)];
        }
        let first = Row::new("certificates", "certificates shown", cells(figures, Fact::Certificate as usize, Some(Fact::Asked as usize)));
        let faults = CertificateFault::ALL.iter().enumerate().map(|(at, fault)| {
            let title = format!("fault: {fault}");
            let cells = cells(figures, Fact::FirstFault as usize + at, Some(Fact::Certificate as usize));
            Row::new(format!("fault-{fault}"), title, cells).of(whole(Fact::Certificate))
        });
        let rows = std::iter::once(first.of(ASKED)).chain(CERTIFICATE_ROWS.iter().map(|line| row(figures, line)));
        rows.chain(faults).chain([not_asked(figures)]).collect()
    },
    notes: &[EACH_ONCE, AT_LEAST_ONE, "faults overlap; names are compared with the MX host, as RFC 8461 section 4.2 has it"],
    ..Definition::EMPTY
};

fn row(figures: &Figures<'_>, (key, title, fact, of): &Line) -> Row {
    Row::new(*key, *title, cells(figures, *fact as usize, Some(*of as usize))).of(whole(*of))
}

fn nobody_was_asked(figures: &Figures<'_>) -> bool {
    figures.details.mx_hosts.domains(Fact::Asked as usize) == 0
}

fn not_asked(figures: &Figures<'_>) -> Row {
    let (domains, asked) = (figures.survey.rows(), figures.details.mx_hosts.domains(Fact::Asked as usize));
    alone(NOT_ASKED, "domains whose MX hosts were not asked", share(domains.saturating_sub(asked), domains), 2, 1).of("domains scanned")
}

/// Counts a domain, with all that its MX hosts showed over SMTP and have in TLSA records.
fn count(adopter: &Adopter<'_>, details: &mut Details) {
    if adopter.mx_tls.is_none() && adopter.dane_state.is_none() {
        return;
    }
    let counted = &mut details.mx_hosts;
    let mut of_domain = Facts::default();
    of_domain.add_if(adopter.mx_tls.is_some(), Fact::Asked as usize);
    of_domain.add_if(adopter.dane_state.is_some(), dane::ASKED);
    let (mut providers, mut issuers, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
    for host in &adopter.evidence.mx_hosts {
        let mut facts = Facts::default();
        if adopter.mx_tls.is_some() {
            spoken(adopter, host, &mut facts);
            for issuer in host.conversations.iter().filter_map(issuer) {
                counted.issuers.add_host(host.name, &issuer);
                issuers.push(issuer);
            }
        }
        if adopter.dane_state.is_some() {
            dane::published(adopter, host, facts.has(Fact::Certificate as usize), &mut facts);
            for words in dane::parameters(host) {
                counted.parameters.add_host(host.name, &words);
                parameters.push(words);
            }
        }
        let provider = suffix::registrable(host.name).unwrap_or(NO_PROVIDER);
        providers.push(provider);
        counted.add_host(host.name, provider, facts);
        of_domain.add_all(facts);
    }
    counted.add_domain(of_domain, once(providers).into_iter());
    once(issuers).iter().for_each(|issuer| counted.issuers.add_domain(issuer));
    once(parameters).iter().for_each(|words| counted.parameters.add_domain(words));
}

fn once<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// What the conversations with a host say.
fn spoken(adopter: &Adopter<'_>, host: &MxHost<'_>, facts: &mut Facts) {
    let talks = &host.conversations;
    let has = |code: Code| adopter.has_of(code, host.name);
    let any = |so: fn(&Conversation<'_>) -> bool| talks.iter().any(so);
    let mut add = |is_so: bool, fact: Fact| facts.add_if(is_so, fact as usize);
    let (offered, session) = (any(|talk| talk.has_starttls), any(|talk| talk.version.is_some()));
    let none = !offered && has(codes::MX_NO_STARTTLS);
    add(true, Fact::Asked);
    add(offered || none, Fact::Tested);
    if !(offered || none) {
        add(true, reason(host, has(codes::MX_EHLO_REJECTED)));
    }
    add(offered, Fact::Starttls);
    add(none, Fact::NoStarttls);
    add(none && has(codes::MX_STARTTLS_STRIPPED), Fact::Stripped);
    add(offered && !session, Fact::NoSession);
    add(!talks.is_empty() && talks.iter().all(|talk| talk.is_shared), Fact::Shared);
    if !offered {
        return;
    }
    add(session, Fact::Session);
    add(any(|talk| talk.version == Some("TLSv1.3")), Fact::Tls13);
    add(any(|talk| talk.version == Some("TLSv1.2")), Fact::Tls12);
    add(any(|talk| talk.version.is_some_and(|version| !matches!(version, "TLSv1.3" | "TLSv1.2"))), Fact::OldTls);
    add(session && has(codes::MX_TLS_WEAK), Fact::Weak);
    add(session && has(codes::MX_KEX_LEGACY), Fact::LegacyExchange);
    let faults: Vec<&[&str]> = talks.iter().filter_map(|talk| Some(talk.certificate.as_ref()?.faults.as_slice())).collect();
    if faults.is_empty() {
        return;
    }
    let unsupported = CertificateFault::Unsupported.as_str();
    let refused = faults.iter().any(|faults| faults.iter().any(|fault| *fault != unsupported));
    let unverified = faults.iter().any(|faults| faults.contains(&unsupported));
    add(true, Fact::Certificate);
    add(refused, Fact::Refusable);
    add(!refused && unverified, Fact::Unverified);
    add(!refused && !unverified, Fact::Valid);
    add(refused && has(codes::MX_CERT_MATCHES_POLICY_ONLY), Fact::PolicyOnly);
    add(has(codes::MX_CERT_EXPIRING), Fact::Expiring);
    add(has(codes::MX_CERT_WEAK), Fact::WeakKey);
    for (at, fault) in CertificateFault::ALL.iter().enumerate() {
        facts.add_if(faults.iter().any(|faults| faults.contains(&fault.as_str())), Fact::FirstFault as usize + at);
    }
}

/// Why a host was not tested.
fn reason(host: &MxHost<'_>, ehlo_rejected: bool) -> Fact {
    const EXCLUDED: Option<&str> = Some(Outcome::Excluded.as_str());
    let settled = |outcome: &Option<&str>| outcome.and_then(Outcome::from_word).is_some_and(Outcome::is_conclusive);
    let of_error = |(stage, code): (&str, &str)| match FetchFault::from_word(code) {
        Some(FetchFault::SmtpRefused) if ehlo_rejected && stage == FetchStage::Ehlo.as_str() => Fact::EhloRejected,
        Some(FetchFault::SmtpRefused) => Fact::Refused,
        Some(FetchFault::Tarpit) => Fact::Tarpit,
        Some(FetchFault::SmtpProtocol) => Fact::NotSmtp,
        Some(FetchFault::Refused | FetchFault::Reset | FetchFault::Timeout | FetchFault::Unreachable) => Fact::Unreachable,
        Some(FetchFault::NoRoute) => Fact::NoRoute,
        Some(FetchFault::NotTried | FetchFault::Intercepted) => Fact::NotTried,
        Some(FetchFault::Excluded) => Fact::Excluded,
        Some(FetchFault::SpecialUseAddress) => Fact::SpecialUse,
        _ => Fact::OtherReason,
    };
    match host.conversations.iter().map(|talk| talk.error.map_or(Fact::OtherReason, of_error)).min_by_key(|fact| *fact as usize) {
        Some(fact) => fact,
        None if host.addresses.contains(&EXCLUDED) => Fact::Excluded,
        None if host.addresses.iter().all(settled) => Fact::NoAddress,
        None => Fact::AddressUnknown,
    }
}

/// Who issued the certificate of a conversation.
fn issuer<'a>(talk: &Conversation<'a>) -> Option<Cow<'a, str>> {
    let name = talk.certificate.as_ref().filter(|_| talk.has_starttls)?.issuer;
    Some(organization_or_name(name).unwrap_or(NO_NAME.into()))
}

pub(in crate::analyse::stats) const ISSUERS: Definition = Definition {
    title: "Issuers of the certificates of MX hosts, by organisation",
    columns: &[
        ("hosts", "MX hosts", "MX hosts that showed a certificate"),
        ("domains", "domains", "domains with an MX host that showed a certificate"),
    ],
    asked: Some(Question::Smtp),
    counted_by: Some(TableId::T11),
    rows: |figures| {
        let counted = &figures.details.mx_hosts;
        let (hosts, domains) = (counted.hosts(Fact::Certificate as usize), counted.domains(Fact::Certificate as usize));
        let row = |(name, [n, of_domains]): (&str, [u64; 2])| Row::new(name, name, vec![share(n, hosts), share(of_domains, domains)]);
        counted.issuers.sorted().into_iter().take(figures.top).map(row).chain([not_asked(figures)]).collect()
    },
    notes: &["the organisation (O) of the issuer's name, or its whole name where it has none; certificates that are not valid count, too"],
    ..Definition::EMPTY
};

/// The row of hosts whose name is no registrable domain's.
const NO_PROVIDER: &str = "(no registrable domain)";

pub(in crate::analyse::stats) const PROVIDERS: Definition = Definition {
    title: "Who runs MX hosts, by their registrable domain",
    columns: &[
        ("domains", "domains", "domains whose MX hosts were asked"),
        ("hosts", "MX hosts", "MX hosts that were asked"),
        ("tested", "tested", "MX hosts of the row"),
        ("starttls", "STARTTLS", "MX hosts of the row that were tested"),
        ("valid", "valid certificate", "MX hosts of the row that showed a certificate"),
    ],
    asked: Some(Question::Smtp),
    counted_by: Some(TableId::T11),
    rows: |figures| {
        let counted = &figures.details.mx_hosts;
        let facts = [Fact::Asked, Fact::Tested, Fact::Starttls, Fact::Certificate, Fact::Valid].map(|fact| fact as usize);
        let (all_domains, all_hosts) = (counted.domains(Fact::Asked as usize), counted.hosts(Fact::Asked as usize));
        let row = |(name, domains, [hosts, tested, starttls, certificate, valid]): (&str, u64, [u64; 5])| {
            let of_hosts = [share(hosts, all_hosts), share(tested, hosts), share(starttls, tested), share(valid, certificate)];
            Row::new(name, name, [vec![share(domains, all_domains)], of_hosts.to_vec()].concat())
        };
        let spoken_with = counted.providers(facts).into_iter().filter(|(_, _, [hosts, ..])| *hosts > 0);
        let (n, asked) = (figures.survey.rows(), counted.domains(Fact::Asked as usize));
        let not_asked = alone(NOT_ASKED, "domains whose MX hosts were not asked", share(n.saturating_sub(asked), n), 5, 0);
        spoken_with.take(figures.top).map(row).chain([not_asked.of("domains scanned")]).collect()
    },
    notes: &[AT_LEAST_ONE],
    ..Definition::EMPTY
};

pub(in crate::analyse::stats) const DOMAINS: Definition = Definition {
    title: "Domains by the MX hosts that a sender under MTA-STS could deliver to, by mode",
    columns: BY_POSTURE,
    asked: Some(Question::Smtp),
    count: Some(|adopter, details| {
        let Some(word) = adopter.mx_tls else { return };
        let word = MxTls::from_word(word).unwrap_or(MxTls::Unknown).as_str();
        add_by_posture(TableId::T11Domains, &["asked", word], adopter, details);
    }),
    rows: |figures| rows_by_posture(figures, TableId::T11Domains, DOMAIN_ROWS),
    notes: &[
        "column mx_tls: STARTTLS, TLS 1.2 or newer, a certificate valid for the MX host, whatever names the policy has",
        "unknown: a host that could not be tested leaves it open",
    ],
    ..Definition::EMPTY
};

const DOMAIN_ROWS: &[(&str, &str)] =
    &[("all", "all MX hosts pass"), ("some", "some pass, some fail"), ("none", "none passes"), ("unknown", "unknown (not all tested)")];
