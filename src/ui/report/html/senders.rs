//! What senders report in their TLS reports: over all domains, and beside the findings of one.

use maud::{Markup, html};

use crate::analyse::report::{Entry, Report};
use crate::analyse::senders::{Confirmation, Testimony};
use crate::ui::tables::{counted, grouped};

use super::markup::{Safe, chapter as part, clip};
use super::tables::{View, table};

/// Characters of a reason that are shown, and how many of them.
const MAX_REASON: usize = 200;
const MAX_REASONS: usize = 5;
/// Hosts that are named.
const MAX_HOSTS: usize = 10;

/// The part above the list; nothing without TLS reports.
pub(super) fn chapter(report: &Report) -> Markup {
    let Some(senders) = &report.senders else { return html! {} };
    let confirmed = report.lines.iter().filter(|line| line.is_confirmed).count() as u64;
    let body = html! {
        p.lead {
            @match confirmed {
                0 => "In the days that were reported last, no sender has met a fault that was found here.",
                1 => "Of 1 domain senders have met a fault that was found here; it stands first in the list.",
                many => { "Of " (grouped(many)) " domains senders have met a fault that was found here; they stand first in the list." }
            }
        }
        p {
            @if !senders.tables.is_empty() {
                (counted(senders.seen.report_count(), "TLS report")) " of " (counted(senders.seen.reporter_count() as u64, "reporter"))
                @if let Some((first, last)) = senders.seen.days() { ", days " (first) " to " (last) }
                ". "
            }
            "TLS reports are unauthenticated: nothing proves who sent them. No report is no proof that nothing fails."
        }
        @for made in &senders.tables {
            details.figure {
                summary { span.id { (Safe(&made.id)) } " " (Safe(&made.title)) }
                (table(made, &View::WHOLE))
            }
            "\n"
        }
    };
    part("senders", "Seen by senders", &body)
}

/// What senders say of a domain; `None` without TLS reports, and where there is none of it.
pub(super) fn testimony(report: &Report, entry: &Entry) -> Option<Testimony> {
    let senders = report.senders.as_ref()?;
    senders.seen.testimony(entry.target.domain.as_str(), &entry.assessment.mx_hosts)
}

/// What they say of a finding: confirmed, or not met in so many sessions.
pub(super) fn of_finding(testimony: &Testimony, code: &str) -> Markup {
    html! {
        @if let Some(confirmation) = testimony.of_code(code) {
            p.senders { b { "Seen by senders: " } (Safe(&confirmation.sentence(testimony, grouped))) (particulars(&confirmation)) }
        } @else if testimony.has_not_met(code) {
            p.senders.unmet { "Not seen by senders: " (counted(testimony.all(), "session")) " without it " (testimony.window()) }
        }
    }
}

/// What they say of the domain that no finding explains, and the sums.
pub(super) fn of_domain(report: &Report, testimony: Option<&Testimony>, entry: &Entry) -> Markup {
    if report.senders.is_none() {
        return html! {};
    }
    let Some(testimony) = testimony else {
        return html! { h4 { "What senders report" } p.senders.unmet { "There is no TLS report about this domain, which proves nothing." } };
    };
    let codes = entry.assessment.findings.iter().map(|finding| finding.code.as_str());
    let unexplained = testimony.unexplained(codes);
    html! {
        @if !unexplained.is_empty() {
            h4 { "Reported by senders, not seen by the scan" }
            @for confirmation in &unexplained {
                p.senders { (Safe(&confirmation.sentence(testimony, grouped))) (particulars(confirmation)) }
            }
        }
        h4 { "What senders report" }
        @if testimony.sessions.is_empty() {
            p.senders.unmet {
                "No session " (testimony.window())
                @if let Some(day) = testimony.last_day { "; the last report covers " (crate::analyse::senders::day_text(day)) }
            }
        } @else {
            ul.remarks {
                @for (kind, sessions) in &testimony.sessions {
                    li {
                        (label(kind)) ": " (grouped(sessions.failed)) " of " (counted(sessions.all(), "session")) " failed "
                        (testimony.window()) ", by " (counted(testimony.reporters as u64, "reporter"))
                    }
                }
            }
        }
    }
}

fn label(kind: &str) -> &'static str {
    match kind {
        "sts" => "under an MTA-STS policy",
        "tlsa" => "under TLSA records (DANE)",
        _ => "without a policy",
    }
}

/// Hosts and reasons, which come from anybody.
fn particulars(confirmation: &Confirmation) -> Markup {
    let (hosts, reasons) = (&confirmation.hosts, &confirmation.reasons);
    html! {
        @if !hosts.is_empty() {
            ". MX: "
            @for (at, host) in hosts.iter().take(MAX_HOSTS).enumerate() { @if at > 0 { ", " } code { (Safe(&clip(host, MAX_REASON))) } }
            @if hosts.len() > MAX_HOSTS { " and " (hosts.len() - MAX_HOSTS) " more" }
        }
        @if !reasons.is_empty() {
            ". Reason: "
            @for (at, reason) in reasons.iter().take(MAX_REASONS).enumerate() {
                @if at > 0 { "; " } code { (Safe(&clip(reason, MAX_REASON))) }
            }
            @if reasons.len() > MAX_REASONS { " and " (reasons.len() - MAX_REASONS) " more" }
        }
    }
}
