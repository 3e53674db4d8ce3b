//! T11, beside SMTP: TLSA records of MX hosts, DANE against MTA-STS at the domains, and DNSSEC.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::by_host::Facts;
use crate::analyse::stats::definition::{Definition, Figures, NOT_ASKED, Question, alone, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::mx_hosts::{CONVERSATIONS, MxHost};
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::Row;
use crate::classify::codes::{self, Code};
use crate::classify::{DaneState, Delivery, DnssecState};
use crate::evidence::Outcome;

use super::asked::{BY_POSTURE, add_by_posture, cells, rows_by_posture};

/// Whether an MX host is so, by the places of the facts; those of its codes follow.
pub(super) const ASKED: usize = 0;
const RECORDS: usize = 1;
const NO_RECORDS: usize = 2;
const LOST: usize = 3;
const MATCHING: usize = 4;
const UNTESTED: usize = 5;
const FIRST_CODE: usize = 6;

/// How many facts there are.
pub(super) const FACTS: usize = FIRST_CODE + CODES.len();

/// What is to be said of the TLSA records of a host, by its code: key, title.
const CODES: [(&str, &str, Code); 8] = [
    ("mismatch", "no record matches the certificate", codes::DANE_MISMATCH),
    ("unusable", "no usable record", codes::DANE_UNUSABLE),
    ("insecure", "not signed, or not to the root", codes::DANE_INSECURE),
    ("mx-insecure", "signed, but the MX records are not", codes::DANE_MX_INSECURE),
    ("also-pkix-usage", "also: usage 0 or 1", codes::DANE_PKIX_USAGE),
    ("also-partly-unusable", "also: some records unusable", codes::DANE_PARTLY_UNUSABLE),
    ("also-digest-shadowed", "also: only a weaker digest matches", codes::DANE_DIGEST_SHADOWED),
    ("also-ta-not-sent", "also: trust anchor not sent", codes::DANE_TA_NOT_SENT),
];
/// Codes that each exclude a match: the first of [`CODES`].
const VERDICTS: usize = 4;

/// Looks at the TLSA records of a host; `shown`: whether it showed a certificate.
pub(super) fn published(adopter: &Adopter<'_>, host: &MxHost<'_>, shown: bool, facts: &mut Facts) {
    facts.add(ASKED);
    let outcomes = || host.tlsa.iter().map(|answer| answer.outcome.and_then(Outcome::from_word));
    if !outcomes().any(|outcome| outcome == Some(Outcome::Noerror)) {
        let settled = outcomes().all(|outcome| outcome.is_some_and(Outcome::is_conclusive)) && !host.tlsa.is_empty();
        facts.add(if settled { NO_RECORDS } else { LOST });
        return;
    }
    facts.add(RECORDS);
    let mut judged = false;
    for (at, (_, _, code)) in CODES.iter().enumerate() {
        let has = adopter.has_of(*code, host.name);
        judged |= has && at < VERDICTS;
        facts.add_if(has, FIRST_CODE + at);
    }
    // What is authenticated, and not said to be wrong, is right.
    let authenticated = host.tlsa.iter().any(|answer| answer.is_authenticated && answer.outcome == Some(Outcome::Noerror.as_str()));
    let matches = shown && authenticated;
    facts.add_if(!judged && matches, MATCHING);
    facts.add_if(!judged && !matches, UNTESTED);
}

/// Usage, selector and matching type of the records of a host.
pub(super) fn parameters(host: &MxHost<'_>) -> Vec<String> {
    let records = host.tlsa.iter().flat_map(|answer| &answer.records);
    records.map(|[usage, selector, matching]| format!("{usage} {selector} {matching}")).collect()
}

pub(in crate::analyse::stats) const TLSA: Definition = Definition {
    title: "TLSA records of MX hosts, per host and weighted by domain",
    columns: &[("hosts", "MX hosts", ""), ("domains", "domains", "")],
    evidence: CONVERSATIONS,
    asked: Some(Question::Tlsa),
    counted_by: Some(TableId::T11),
    rows: tlsa_rows,
    notes: &[
        "MX hosts: each once, however many domains name it; domains: those with at least one such MX host",
        "one matching record is enough; a record that matches nothing beside one that does is a spare",
        "the rows of usage, selector and matching type are the most frequent ones; a host can have several",
    ],
    ..Definition::EMPTY
};

fn tlsa_rows(figures: &Figures<'_>) -> Vec<Row> {
    const OF_ASKED: &str = "MX hosts that were looked up, and domains of which they were";
    const OF_RECORDS: &str = "MX hosts with TLSA records, and domains with one";
    let counted = &figures.details.mx_hosts;
    let row = |key: &str, title: &str, fact, of| {
        Row::new(key, title, cells(figures, fact, Some(of))).of(if of == ASKED { OF_ASKED } else { OF_RECORDS })
    };
    let (all, asked) = (figures.survey.rows(), counted.domains(ASKED));
    let not_asked = alone(NOT_ASKED, "domains whose MX hosts were not looked up", share(all.saturating_sub(asked), all), 2, 1);
    let not_asked = not_asked.of("domains scanned");
    if asked == 0 {
        return vec![not_asked];
    }
    let mut rows = vec![
        Row::new("asked", "looked up", cells(figures, ASKED, None)).of("domains scanned"),
        row("no-records", "no TLSA records", NO_RECORDS, ASKED),
        row("records", "TLSA records", RECORDS, ASKED),
        row("lookup-failed", "lookup failed", LOST, ASKED),
        row("matching", "a record matches the certificate", MATCHING, RECORDS),
        row("untested", "published, not tested", UNTESTED, RECORDS),
    ];
    rows.extend(CODES.iter().enumerate().map(|(at, (key, title, _))| row(key, title, FIRST_CODE + at, RECORDS)));
    let (hosts, domains) = (counted.hosts(RECORDS), counted.domains(RECORDS));
    rows.extend(counted.parameters.sorted().into_iter().take(figures.top).map(|(words, [n, of_domains])| {
        Row::new(format!("record {words}"), format!("record {words}"), vec![share(n, hosts), share(of_domains, domains)]).of(OF_RECORDS)
    }));
    rows.push(not_asked);
    rows
}

pub(in crate::analyse::stats) const STATES: Definition = Definition {
    title: "DANE against MTA-STS: what TLSA records make of the MX hosts, by the MTA-STS posture",
    columns: BY_POSTURE,
    asked: Some(Question::Tlsa),
    protection: true,
    count: Some(count_states),
    rows: |figures| rows_by_posture(figures, TableId::T11Dane, STATE_ROWS),
    notes: &[
        "the rows of states exclude each other: column dane_state, the worst of a domain's MX hosts",
        "protected, refused in part or wholly: what senders do that follow MTA-STS (column delivery) and that validate DANE, too (delivery_dane)",
    ],
    ..Definition::EMPTY
};

const STATE_ROWS: &[(&str, &str)] = &[
    ("absent", "no TLSA records"),
    ("valid", "valid"),
    ("partial", "partial: not on all MX hosts"),
    ("mismatch", "mismatch"),
    ("unusable", "unusable records only"),
    ("insecure", "insecure: no signatures vouch for them"),
    ("bogus", "bogus"),
    ("unknown", "unknown"),
    ("protected-by-both", "protected under MTA-STS and under DANE"),
    ("protected-sts-only", "protected under MTA-STS only"),
    ("protected-dane-only", "protected under DANE only"),
    ("refused-sts", "refused (or in part) under MTA-STS"),
    ("refused-dane", "refused (or in part) under DANE"),
];

fn count_states(adopter: &Adopter<'_>, details: &mut Details) {
    let Some(word) = adopter.dane_state else { return };
    let mut rows = vec!["asked", DaneState::from_word(word).unwrap_or(DaneState::Unknown).as_str()];
    let is = |word: Option<&str>, delivery: Delivery| word == Some(delivery.as_str());
    let protected = [adopter.delivery, adopter.delivery_dane].map(|word| is(word, Delivery::Protected));
    rows.extend(match protected {
        [true, true] => Some("protected-by-both"),
        [true, false] => Some("protected-sts-only"),
        [false, true] => Some("protected-dane-only"),
        [false, false] => None,
    });
    for (word, row) in [(adopter.delivery, "refused-sts"), (adopter.delivery_dane, "refused-dane")] {
        rows.extend((is(word, Delivery::Refused) || is(word, Delivery::Partial)).then_some(row));
    }
    add_by_posture(TableId::T11Dane, &rows, adopter, details);
}

pub(in crate::analyse::stats) const DELIVERY: Definition = Definition {
    title: "What senders do that follow MTA-STS (rows), and that validate DANE, too (columns)",
    columns: &[
        ("opportunistic", "opportunistic", LOOKED_UP),
        ("reported", "reported", LOOKED_UP),
        ("protected", "protected", LOOKED_UP),
        ("partial", "partial", LOOKED_UP),
        ("refused", "refused", LOOKED_UP),
        ("unknown", "unknown", LOOKED_UP),
        ("all", "all", LOOKED_UP),
    ],
    asked: Some(Question::Tlsa),
    protection: true,
    count: Some(|adopter, details| {
        let Some(word) = adopter.delivery_dane else { return };
        let known = |word: Option<&str>| word.and_then(Delivery::from_word).unwrap_or(Delivery::Unknown);
        let (row, column) = (known(adopter.delivery).as_str(), known(Some(word)).as_str());
        let at = DELIVERY.columns.iter().position(|(key, ..)| *key == column);
        let sheet = details.sheet(TableId::T11Delivery);
        for row in [row, "all"] {
            at.into_iter().chain([ALL_DELIVERIES]).for_each(|column| sheet.add(row, column));
        }
    }),
    rows: |figures| {
        let at = |key: &str, column| figures.get(TableId::T11Delivery, key, column);
        let all = at("all", ALL_DELIVERIES);
        let row = |word: &str| Row::new(word, word, (0..=ALL_DELIVERIES).map(|column| share(at(word, column), all)).collect());
        let n = figures.survey.rows();
        let left = alone(NOT_ASKED, "not looked up", share(n.saturating_sub(all), n), ALL_DELIVERIES + 1, ALL_DELIVERIES);
        let rows = Delivery::ALL.iter().map(|word| word.as_str()).chain(["all"]).map(row).chain([left.of("domains scanned")]);
        if all == 0 { rows.skip_while(|row| row.key != NOT_ASKED).collect() } else { rows.collect() }
    },
    notes: &[
        "DANE takes precedence over MTA-STS: a valid TLSA record makes up for a certificate that MTA-STS refuses, a wrong one outweighs a good one",
    ],
    ..Definition::EMPTY
};

const LOOKED_UP: &str = "domains whose MX hosts were looked up";
const ALL_DELIVERIES: usize = Delivery::ALL.len();

pub(in crate::analyse::stats) const DNSSEC: Definition = Definition {
    title: "DNSSEC of the MX records, by the MTA-STS posture",
    columns: BY_POSTURE,
    asked: Some(Question::Tlsa),
    count: Some(|adopter, details| {
        let Some(word) = adopter.mx_dnssec else { return };
        let word = DnssecState::from_word(word).unwrap_or(DnssecState::Unknown).as_str();
        add_by_posture(TableId::T11Dnssec, &["asked", word], adopter, details);
    }),
    rows: |figures| rows_by_posture(figures, TableId::T11Dnssec, DNSSEC_ROWS),
    notes: &["column mx_dnssec, by the AD bit of a resolver that is trusted to validate; unknown without one"],
    ..Definition::EMPTY
};

const DNSSEC_ROWS: &[(&str, &str)] =
    &[("secure", "secure"), ("insecure", "insecure (not signed)"), ("bogus", "bogus"), ("unknown", "unknown")];
