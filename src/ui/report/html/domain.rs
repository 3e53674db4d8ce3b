//! The section of a domain: what senders do, what is wrong and how to fix it, what to publish, and what was seen.

use maud::{Markup, html};

use crate::analyse::report::{Entry, Report, Summary, Urgency};
use crate::analyse::senders::Testimony;
use crate::classify::{Asked, Code, Finding, Severity};
use crate::publish::{Decision, plan};
use crate::ui::waived::reason;
use crate::ui::{facts, mail_servers};

use super::markup::{Lines, Safe, clip, facts as facts_list};
use super::{evidence, senders};

/// Characters of a detail that are shown.
const MAX_DETAIL: usize = 1_000;

/// Findings of one code that are shown.
const MAX_ALIKE: usize = 10;

/// How much of a section is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// Without the explanation of the findings, which the script copies from the glossary.
    Packed,
    /// Without the evidence, too.
    Short,
}

/// What to call an urgency, on a domain.
pub(super) const fn urgency_label(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Refused => "mail is refused",
        Urgency::Partial => "mail is partly refused",
        Urgency::LenientRefused => "refused by some senders",
        Urgency::High => "serious fault",
        Urgency::Medium => "fault",
        Urgency::Unknown => "could not be determined",
        Urgency::Unprotected => "no protection by MTA-STS",
        Urgency::Low => "small things to fix",
        Urgency::Fine => "nothing to fix",
    }
}

/// The style of an urgency.
pub(super) const fn urgency_class(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Refused | Urgency::Partial | Urgency::LenientRefused | Urgency::High => "high",
        Urgency::Medium => "medium",
        Urgency::Unprotected | Urgency::Unknown => "plain",
        Urgency::Low => "low",
        Urgency::Fine => "good",
    }
}

/// The section.
pub(super) fn section(report: &Report, line: &Summary, entry: &Entry, extent: Extent) -> Markup {
    let (name, assessment) = (Safe(&line.domain), &entry.assessment);
    let testimony = senders::testimony(report, entry);
    let cells = line.carried.iter().filter_map(|cell| report.names.get(usize::try_from((*cell)?).ok()?));
    html! {
        details.domain.work[line.urgency.is_work()] id={ "d-" (name) } {
            summary {
                h3 { (name) } " "
                span class={ "chip " (urgency_class(line.urgency)) } { (urgency_label(line.urgency)) } " "
                span.chip.plain { (assessment.posture.as_str()) }
                @for cell in cells {
                    " " span.carried { (Safe(cell)) }
                }
            }
            div.body {
                p.verdict { (facts::verdict(assessment)) }
                @if !entry.target.carried.is_empty() {
                    (facts_list(entry.target.carried.iter().map(|cell| (&cell.name, cell.value.as_deref().unwrap_or("–")))))
                }
                (findings(entry, extent, testimony.as_ref()))
                (senders::of_domain(report, testimony.as_ref(), entry))
                (undetermined(entry, testimony.as_ref()))
                (waived(entry))
                (next_steps(entry))
                @if let Some(decision) = facts::to_publish(&entry.evidence, assessment, &report.wishes) {
                    (publish(&line.domain, &decision))
                }
                (remarks(entry))
                h4 { "What was seen" }
                (facts_list(facts::facts(&entry.evidence, assessment).into_iter().map(|(label, text)| (label, clip(&text, MAX_DETAIL).into_owned()))))
                @if extent != Extent::Short {
                    (evidence::details(&entry.evidence))
                }
            }
        }
    }
}

/// What has to be fixed: of a broken domain the cause by itself, then what senders have met, then the worst first.
fn findings(entry: &Entry, extent: Extent, testimony: Option<&Testimony>) -> Markup {
    let mut wrong: Vec<&Finding> = entry.assessment.findings.iter().filter(|finding| finding.severity != Severity::Info).collect();
    let is_met = |finding: &Finding| testimony.is_some_and(|said| said.of_code(finding.code.as_str()).is_some());
    wrong.sort_by_key(|finding| (!is_met(finding), finding.severity));
    let cause = entry.assessment.cause();
    let (first, others): (Vec<&Finding>, Vec<&Finding>) = wrong.into_iter().partition(|finding| Some(finding.code) == cause);
    let others_are = if first.is_empty() { "What is wrong" } else { "What else is wrong" };
    html! {
        @for (heading, findings) in [("What to fix first", first), (others_are, others)] {
            @if !findings.is_empty() {
                h4 { (heading) }
                @for alike in findings.chunk_by(|a, b| (a.code, a.severity) == (b.code, b.severity)) {
                    (article(alike, extent, Asked::of(&entry.assessment), testimony))
                }
            }
        }
    }
}

/// Findings of one code and severity: each subject with its particulars, and what they mean once.
fn article(alike: &[&Finding], extent: Extent, asked: Asked, testimony: Option<&Testimony>) -> Markup {
    let Some(first) = alike.first() else { return html! {} };
    let (severity, code) = (first.severity.as_str(), first.code);
    html! {
        article class={ "finding " (severity) } data-code=(code) {
            h5 {
                span class={ "chip " (severity) } { (severity) } " "
                a href={ "#c-" (code) } { code { (code) } }
            }
            ul.cases {
                @for finding in alike.iter().take(MAX_ALIKE) {
                    li { (particulars(finding)) }
                }
                @if let more @ 1.. = alike.len().saturating_sub(MAX_ALIKE) {
                    li { "and " (more) " more in the dataset" }
                }
            }
            @if let Some(testimony) = testimony {
                (senders::of_finding(testimony, code.as_str()))
            }
            @if extent == Extent::Whole {
                (prose(code, asked))
            }
        }
    }
}

/// What a finding is about, and its details.
fn particulars(finding: &Finding) -> Markup {
    html! {
        @for (class, text) in [("subject", &finding.subject), ("detail", &finding.detail)] {
            @if !text.is_empty() {
                span class=(class) { (Safe(&clip(text, MAX_DETAIL))) } " "
            }
        }
    }
}

/// What a code means, what it does to mail, how to fix it.
pub(super) fn prose(code: Code, asked: Asked) -> Markup {
    let rule = code.rule();
    html! {
        div.prose {
            p { (rule.summary) }
            dl {
                div { dt { "What it does to mail" } dd { (asked.specify(rule.effect)) } }
                div { dt { "How to fix it" } dd { (rule.remedy) } }
            }
        }
    }
}

/// What is left aside until a day.
fn waived(entry: &Entry) -> Markup {
    html! {
        @if !entry.waived.is_empty() {
            h4 { "Waived" }
            ul.remarks {
                @for one in &entry.waived {
                    li {
                        (one.finding.code.rule().summary) " " code { (one.finding.code) } " " (particulars(&one.finding))
                        "– " (Safe(&clip(&reason(one), MAX_DETAIL)))
                    }
                }
            }
        }
    }
}

/// What kept something from being determined: no verdict, but worth a look if it stays.
fn undetermined(entry: &Entry, testimony: Option<&Testimony>) -> Markup {
    let open: Vec<&Finding> = entry.assessment.findings.iter().filter(|finding| finding.leaves_open()).collect();
    html! {
        @if !open.is_empty() {
            h4 { "What could not be determined" }
            ul.remarks {
                @for finding in open {
                    li {
                        (finding.code.rule().summary) " " a href={ "#c-" (finding.code) } { code { (finding.code) } } " " (particulars(finding))
                        @if let Some(testimony) = testimony { (senders::of_finding(testimony, finding.code.as_str())) }
                    }
                }
            }
        }
    }
}

/// What to do about the mail servers, in order.
fn next_steps(entry: &Entry) -> Markup {
    let steps = mail_servers::next_steps(&entry.assessment);
    html! {
        @if !steps.is_empty() {
            h4 { "Next steps for the mail servers" }
            ol.steps {
                @for step in &steps {
                    li { (Safe(step)) }
                }
            }
        }
    }
}

/// Findings that are facts, and codes of another version.
fn remarks(entry: &Entry) -> Markup {
    let is_fact = |finding: &&Finding| finding.severity == Severity::Info && !finding.leaves_open();
    let remarks: Vec<&Finding> = entry.assessment.findings.iter().filter(is_fact).collect();
    html! {
        @if !remarks.is_empty() || !entry.unknown_codes.is_empty() {
            h4 { "Remarks" }
            ul.remarks {
                @for finding in remarks {
                    li { a href={ "#c-" (finding.code) } { code { (finding.code) } } " " (particulars(finding)) }
                }
                @for code in &entry.unknown_codes {
                    li { code { (Safe(code)) } " (a code that this version of stscan does not know)" }
                }
            }
        }
    }
}

/// The texts that would be right, each with a button that copies it. The policy's lines end with CRLF when it is copied.
fn publish(domain: &str, decision: &Decision) -> Markup {
    let Some(now) = &decision.now else { return html! {} };
    let records = [("_mta-sts", Some(now.record.as_str()), "MTA-STS record"), ("_smtp._tls", decision.reports.record(), "TLSRPT record")];
    html! {
        h4 { "What to publish" }
        p { "In this order; with every change of the policy the record gets another id." }
        ol { @for step in plan::steps(decision) { li { (Safe(&step)) } } }
        figure.copyable {
            figcaption {
                "Policy at " code { "https://mta-sts." (Safe(domain)) "/.well-known/mta-sts.txt" } ", as " code { "text/plain" }
            }
            pre.text data-crlf { (Lines(&now.policy)) }
            (copy_button("policy", domain))
        }
        @for (owner, value, what) in records {
            @if let Some(value) = value {
                figure.copyable {
                    figcaption { "TXT at " code { (owner) "." (Safe(domain)) } }
                    pre.text { (Lines(value)) }
                    (copy_button(what, domain))
                }
            }
        }
    }
}

fn copy_button(what: &str, domain: &str) -> Markup {
    html! { button.copy.js-only type="button" { "Copy" span.hidden { " the " (what) " of " (Safe(domain)) } } }
}
