//! What the owner of some domains sees first: how they stand, and which faults they have.

use maud::{Markup, html};

use crate::analyse::report::Report;
use crate::classify::{Asked, Code, DaneState, Delivery, MxTls, Severity};
use crate::dataset::{Counts, Tally};
use crate::ui::tables::grouped;

use super::markup::chapter;

/// The parts above the list, by their ids.
pub(super) const CONTENTS: &[(&str, &str)] = &[("state", "State"), ("findings", "Findings")];

/// Findings that are shown above the list.
const MAX_FINDINGS: usize = 12;

/// The order and the words of the bar: what senders do with mail.
const DELIVERIES: [Delivery; 6] =
    [Delivery::Refused, Delivery::Partial, Delivery::Opportunistic, Delivery::Reported, Delivery::Protected, Delivery::Unknown];

fn label(delivery: Delivery, asked: Asked) -> String {
    match delivery {
        Delivery::Refused => "mail is refused".to_owned(),
        Delivery::Partial => format!("mail is partly refused ({})", asked.basis()),
        Delivery::Opportunistic => format!("delivered without protection, {}", asked.exception()),
        Delivery::Reported => format!("testing: failures reported, delivered without protection, {}", asked.exception()),
        Delivery::Protected => format!("delivered over authenticated TLS only ({})", asked.basis()),
        Delivery::Unknown => "could not be determined".to_owned(),
    }
}

/// The parts above the list of domains.
pub(super) fn chapters(report: &Report) -> Markup {
    html! {
        (chapter("state", "Where things stand", &html! { (lead(report)) (delivery(report)) }))
        (chapter("findings", "What to fix", &findings(report, |code, _| (code.rule().severity, 0), MAX_FINDINGS)))
    }
}

fn lead(report: &Report) -> Markup {
    let counts = report.scan.counts();
    let of = |delivery: Delivery| counts.delivery.get(delivery.as_str()).copied().unwrap_or_default();
    let lost = of(Delivery::Refused) + of(Delivery::Partial);
    let protected = of(Delivery::Protected);
    let loss = match lost {
        0 if counts.mx_tls.is_empty() => {
            "By the names in the policies, senders that follow MTA-STS refuse mail to none of the domains.".to_owned()
        }
        0 => "Senders that follow MTA-STS refuse mail to none of the domains whose MX hosts could be tested.".to_owned(),
        1 => "Senders that follow MTA-STS refuse mail to 1 domain, wholly or in part.".to_owned(),
        lost => format!("Senders that follow MTA-STS refuse mail to {} domains, wholly or in part.", grouped(lost)),
    };
    let (is, asked) = (if protected == 1 { "is" } else { "are" }, counts.asked());
    let protection = format!("{} of {} {is} protected ({}).", grouped(protected), grouped(report.rows), asked.basis());
    html! {
        p.lead { (loss) " " (protection) }
        @for sentence in mail_servers(report.scan.counts()) {
            p { (sentence) }
        }
    }
}

/// How the MX hosts stand, over SMTP and by DANE; nothing where they were not asked.
fn mail_servers(counts: &Counts) -> Vec<String> {
    let rows = |tally: &Tally, word: &str| grouped(tally.get(word).copied().unwrap_or_default());
    let all = |tally: &Tally| grouped(tally.values().sum());
    let mut sentences = Vec::new();
    if !counts.mx_tls.is_empty() {
        let of = |word: MxTls| rows(&counts.mx_tls, word.as_str());
        sentences.push(format!(
            "Of {} domains the MX hosts were asked: all pass for {}, some for {}, none for {}; for {} it could not be tested.",
            all(&counts.mx_tls),
            of(MxTls::All),
            of(MxTls::Some),
            of(MxTls::None),
            of(MxTls::Unknown)
        ));
    }
    if !counts.dane_state.is_empty() {
        let of = |word: DaneState| rows(&counts.dane_state, word.as_str());
        let tested = if counts.mx_tls.is_empty() { " (published, not tested)" } else { "" };
        sentences.push(format!(
            "DANE was looked up for {}: TLSA records on all MX hosts of {}{tested}, on some of {}, not matching of {}, none of {}.",
            all(&counts.dane_state),
            of(DaneState::Valid),
            of(DaneState::Partial),
            of(DaneState::Mismatch),
            of(DaneState::Absent)
        ));
    }
    sentences
}

/// What senders that follow the RFC do today, as a bar with its legend.
fn delivery(report: &Report) -> Markup {
    let counts = report.scan.counts();
    let asked = counts.asked();
    let mut at = 0.0;
    let known = DELIVERIES.iter().filter_map(|delivery| {
        let rows = counts.delivery.get(delivery.as_str()).copied().filter(|rows| *rows > 0)?;
        let width = rows as f64 * 100.0 / report.rows.max(1) as f64;
        at += width;
        Some((delivery.as_str(), label(*delivery, asked), rows, format!("{:.3}", at - width), format!("{width:.3}")))
    });
    let known: Vec<_> = known.collect();
    html! {
        svg.stack viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            @for (delivery, _, _, at, width) in &known {
                rect class=(delivery) x=(at) width=(width) height="4" {}
            }
        }
        ul.legend {
            @for (delivery, label, rows, _, _) in &known {
                li { span class={ "swatch " (delivery) } aria-hidden="true" {} b { (grouped(*rows)) } " " (label) }
            }
        }
    }
}

/// The table of findings but those of severity info: by `key`, then the most frequent first.
pub(super) fn findings<K: Ord>(report: &Report, key: impl Fn(Code, u64) -> K, limit: usize) -> Markup {
    let counts = report.scan.counts();
    let verdicts = |code: Code, rows: u64| rows.saturating_sub(report.left_open.get(&code).copied().unwrap_or_default());
    let known = counts.findings.iter().filter_map(|(code, rows)| Code::from_word(code).map(|code| (code, verdicts(code, *rows))));
    let mut sorted: Vec<(Code, u64)> = known.filter(|(code, rows)| code.rule().severity != Severity::Info && *rows > 0).collect();
    sorted.sort_by_key(|(code, rows)| (key(*code, *rows), std::cmp::Reverse(*rows), code.as_str()));
    if sorted.is_empty() {
        return html! { p { "Nothing: no domain has a finding that has to be fixed." } };
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Findings" {
            table.findings {
                caption { "Findings and how many domains have them" }
                thead {
                    tr {
                        @for title in ["severity", "finding", "domains", "what it means"] {
                            th scope="col" { (title) }
                        }
                    }
                }
                tbody {
                    @for (code, rows) in sorted.iter().take(limit) {
                        (finding(*code, &grouped(*rows)))
                    }
                }
            }
        }
        @if let more @ 1.. = sorted.len().saturating_sub(limit) {
            p { "And " (more) " more " @if more == 1 { "kind" } @else { "kinds" } " of finding: see " a href="#codes" { "what the findings mean" } "." }
        }
    }
}

fn finding(code: Code, rows: &str) -> Markup {
    let rule = code.rule();
    html! {
        tr {
            td { span class={ "chip " (rule.severity.as_str()) } { (rule.severity.as_str()) } }
            th scope="row" { a href={ "#c-" (code) } { code { (code) } } }
            td { a href="#domains" data-show={ "finding=" (code) } aria-label={ (rows) " domains: show them" } { (rows) } }
            td { (rule.summary) }
        }
        "\n"
    }
}
