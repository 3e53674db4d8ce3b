//! The section of a domain: what senders do, what is wrong and how to mend it, what to publish, and what was seen.

use crate::analyse::report::{Entry, Line, Report, Urgency};
use crate::classify::remedy::Publication;
use crate::classify::{Code, Finding, Severity};
use crate::ui::facts;

use super::escape::{Html, Lines, clip};
use super::{evidence, put};

/// Characters of a detail that are shown.
const MOST_DETAIL: usize = 1_000;

/// Findings of one code that are shown.
const MOST_ALIKE: usize = 10;

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
        Urgency::Unknown => "could not be told",
        Urgency::Unprotected => "no protection",
        Urgency::Low => "small things to mend",
        Urgency::Fine => "nothing to mend",
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

/// Writes the section.
pub(super) fn section(out: &mut String, report: &Report, line: &Line, entry: &Entry, extent: Extent) {
    let (name, assessment) = (Html(&line.domain), &entry.assessment);
    put!(
        out,
        "<details class=\"domain\" id=\"d-{name}\"><summary><h3>{name}</h3> <span class=\"chip {}\">{}</span> \
        <span class=\"chip plain\">{}</span>",
        urgency_class(line.urgency),
        urgency_label(line.urgency),
        assessment.posture,
    );
    let cells = line.carried.iter().filter_map(|cell| report.names.get(usize::try_from((*cell)?).ok()?));
    for cell in cells {
        put!(out, " <span class=\"carried\">{}</span>", Html(cell));
    }
    put!(out, "</summary><div class=\"body\"><p class=\"verdict\">{}</p>", facts::verdict(assessment));
    carried(out, entry);
    let (mut wrong, remarks): (Vec<&Finding>, Vec<&Finding>) =
        assessment.findings.iter().partition(|finding| finding.severity != Severity::Info);
    wrong.sort_by_key(|finding| finding.severity);
    if !wrong.is_empty() {
        out.push_str("<h4>What is wrong</h4>");
        let same = |a: &&Finding, b: &&Finding| (a.code, a.severity) == (b.code, b.severity);
        wrong.chunk_by(same).for_each(|alike| findings(out, alike, extent));
    }
    if let Some(publication) = facts::to_publish(&entry.evidence, assessment) {
        publish(out, &line.domain, &publication);
    }
    if !remarks.is_empty() || !entry.unknown_codes.is_empty() {
        out.push_str("<h4>Remarks</h4><ul class=\"remarks\">");
        remarks.iter().for_each(|finding| remark(out, finding));
        for code in &entry.unknown_codes {
            put!(out, "<li><code>{}</code> (a code that this version of stscan does not know)</li>", Html(code));
        }
        out.push_str("</ul>");
    }
    out.push_str("<h4>What was seen</h4><dl class=\"facts\">");
    for (label, text) in facts::facts(&entry.evidence, assessment) {
        put!(out, "<div><dt>{label}</dt><dd>{}</dd></div>", Html(&clip(&text, MOST_DETAIL)));
    }
    out.push_str("</dl>");
    if extent != Extent::Short {
        evidence::details(out, &entry.evidence);
    }
    out.push_str("</div></details>");
}

fn carried(out: &mut String, entry: &Entry) {
    let cells = &entry.target.carried;
    if !cells.is_empty() {
        out.push_str("<dl class=\"facts\">");
        for cell in cells {
            put!(out, "<div><dt>{}</dt><dd>{}</dd></div>", Html(&cell.name), Html(cell.value.as_deref().unwrap_or("–")));
        }
        out.push_str("</dl>");
    }
}

/// Findings of one code and severity: each subject with its particulars, and what they mean once.
fn findings(out: &mut String, alike: &[&Finding], extent: Extent) {
    let Some(first) = alike.first() else { return };
    let (severity, code) = (first.severity, first.code);
    put!(
        out,
        "<article class=\"finding {severity}\" data-code=\"{code}\"><h5><span class=\"chip {severity}\">{severity}</span> \
        <a href=\"#c-{code}\"><code>{code}</code></a></h5><ul class=\"cases\">",
    );
    for finding in alike.iter().take(MOST_ALIKE) {
        out.push_str("<li>");
        particulars(out, finding);
        out.push_str("</li>");
    }
    if let more @ 1.. = alike.len().saturating_sub(MOST_ALIKE) {
        put!(out, "<li>and {more} more in the dataset</li>");
    }
    out.push_str("</ul>");
    if extent == Extent::Whole {
        prose(out, code);
    }
    out.push_str("</article>");
}

/// What a finding is about, and its details.
fn particulars(out: &mut String, finding: &Finding) {
    for (class, text) in [("subject", &finding.subject), ("detail", &finding.detail)] {
        if !text.is_empty() {
            put!(out, "<span class=\"{class}\">{}</span> ", Html(&clip(text, MOST_DETAIL)));
        }
    }
}

/// What a code means, what it does to mail, how to mend it.
pub(super) fn prose(out: &mut String, code: Code) {
    let rule = code.rule();
    put!(
        out,
        "<div class=\"prose\"><p>{}</p><dl><div><dt>What it does to mail</dt><dd>{}</dd></div><div><dt>How to mend it</dt><dd>{}</dd></div></dl></div>",
        Html(rule.summary),
        Html(rule.effect),
        Html(rule.remedy)
    );
}

fn remark(out: &mut String, finding: &Finding) {
    let code = finding.code;
    put!(out, "<li><a href=\"#c-{code}\"><code>{code}</code></a> ");
    particulars(out, finding);
    out.push_str("</li>");
}

/// The texts that would be right, each with a button that copies it. The policy's lines end with CRLF when it is copied.
fn publish(out: &mut String, domain: &str, publication: &Publication) {
    out.push_str("<h4>What to publish</h4><p>For the MX hosts that were seen. The policy first, then the record; with every change of the policy the record gets another id.</p>");
    let url = format!("https://mta-sts.{domain}/.well-known/mta-sts.txt");
    put!(
        out,
        "<figure class=\"copyable\"><figcaption>Policy at <code>{}</code>, as <code>text/plain</code></figcaption>\
        <pre class=\"text\" data-crlf>{}</pre>{}</figure>",
        Html(&url),
        Lines(&publication.policy),
        copy_button("policy", domain)
    );
    for (owner, value, what) in
        [("_mta-sts", &publication.sts_record, "MTA-STS record"), ("_smtp._tls", &publication.tlsrpt_record, "TLSRPT record")]
    {
        put!(
            out,
            "<figure class=\"copyable\"><figcaption>TXT at <code>{owner}.{}</code></figcaption><pre class=\"text\">{}</pre>{}</figure>",
            Html(domain),
            Lines(value),
            copy_button(what, domain)
        );
    }
}

fn copy_button(what: &str, domain: &str) -> String {
    format!("<button type=\"button\" class=\"copy js-only\">Copy<span class=\"hidden\"> the {what} of {}</span></button>", Html(domain))
}
