//! What the owner of some domains sees first: how they stand, and which faults they have.

use crate::analyse::report::Report;
use crate::classify::{Code, Delivery, Rule, Severity};
use crate::ui::tables::grouped;

use super::escape::Html;
use super::put;

/// Findings that are shown above the list.
const MOST_FINDINGS: usize = 12;

/// The order and the words of the bar: what senders do with mail.
const DELIVERIES: [(Delivery, &str); 6] = [
    (Delivery::Refused, "mail is refused"),
    (Delivery::Partial, "mail is partly refused"),
    (Delivery::Opportunistic, "delivered without protection"),
    (Delivery::Reported, "testing: delivered without protection, failures reported"),
    (Delivery::Protected, "delivered over authenticated TLS only"),
    (Delivery::Unknown, "could not be told"),
];

/// Writes the parts above the list of domains.
pub(super) fn sections(out: &mut String, report: &Report) {
    out.push_str("<section id=\"state\" aria-labelledby=\"state-h\"><h2 id=\"state-h\">Where things stand</h2>\n");
    lead(out, report);
    delivery(out, report);
    out.push_str("</section>\n<section id=\"findings\" aria-labelledby=\"findings-h\"><h2 id=\"findings-h\">What to mend</h2>\n");
    findings(out, report, |rule, _| (rule.severity, 0), MOST_FINDINGS);
    out.push_str("</section>\n");
}

fn lead(out: &mut String, report: &Report) {
    let counts = &report.scan.manifest().counts;
    let of = |delivery: Delivery| counts.delivery.get(delivery.as_str()).copied().unwrap_or_default();
    let lost = of(Delivery::Refused) + of(Delivery::Partial);
    let protected = of(Delivery::Protected);
    let loss = match lost {
        0 => "Senders that follow MTA-STS refuse mail to none of the domains.".to_owned(),
        1 => "Senders that follow MTA-STS refuse mail to 1 domain, wholly or in part.".to_owned(),
        lost => format!("Senders that follow MTA-STS refuse mail to {} domains, wholly or in part.", grouped(lost)),
    };
    let protection = match protected {
        1 => format!("1 of {} is protected.", grouped(report.rows)),
        protected => format!("{} of {} are protected.", grouped(protected), grouped(report.rows)),
    };
    put!(out, "<p class=\"lead\">{loss} {protection}</p>\n");
}

/// What senders that follow the RFC do today, as a bar with its legend.
fn delivery(out: &mut String, report: &Report) {
    let counts = &report.scan.manifest().counts;
    let known = DELIVERIES.iter().filter_map(|(delivery, label)| {
        let rows = counts.delivery.get(delivery.as_str()).copied().filter(|rows| *rows > 0)?;
        Some((delivery, label, rows))
    });
    let known: Vec<_> = known.collect();
    let mut at = 0.0;
    out.push_str("<svg class=\"stack\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    for (delivery, _, rows) in &known {
        let width = *rows as f64 * 100.0 / report.rows.max(1) as f64;
        put!(out, "<rect class=\"{delivery}\" x=\"{at:.3}\" width=\"{width:.3}\" height=\"4\"/>");
        at += width;
    }
    out.push_str("</svg>\n<ul class=\"legend\">");
    for (delivery, label, rows) in &known {
        put!(out, "<li><span class=\"swatch {delivery}\" aria-hidden=\"true\"></span><b>{}</b> {label}</li>", grouped(*rows));
    }
    out.push_str("</ul>\n");
}

/// Writes the table of findings but those of severity info: by `key`, then the most frequent first.
pub(super) fn findings<K: Ord>(out: &mut String, report: &Report, key: impl Fn(&Rule, u64) -> K, most: usize) {
    let counts = &report.scan.manifest().counts;
    let known = counts.findings.iter().filter_map(|(code, rows)| Some((Code::from_word(code)?, *rows)));
    let mut sorted: Vec<(Code, u64)> = known.filter(|(code, _)| code.rule().severity != Severity::Info).collect();
    sorted.sort_by_key(|(code, rows)| (key(code.rule(), *rows), std::cmp::Reverse(*rows), code.as_str()));
    if sorted.is_empty() {
        out.push_str("<p>Nothing: no domain has a finding that has to be mended.</p>\n");
        return;
    }
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Findings\"><table class=\"findings\"><caption>Findings and how many domains have them</caption>\
        <thead><tr><th scope=\"col\">severity</th><th scope=\"col\">finding</th><th scope=\"col\">domains</th><th scope=\"col\">what it means</th></tr></thead><tbody>\n",
    );
    for (code, rows) in sorted.iter().take(most) {
        put!(
            out,
            "<tr><td><span class=\"chip {0}\">{0}</span></td><th scope=\"row\"><a href=\"#c-{1}\"><code>{1}</code></a></th>\
            <td><a href=\"#domains\" data-show=\"{1}\" aria-label=\"{2} domains: show them\">{2}</a></td><td>{3}</td></tr>\n",
            code.rule().severity,
            code,
            grouped(*rows),
            Html(code.rule().summary)
        );
    }
    out.push_str("</tbody></table></div>\n");
    if let more @ 1.. = sorted.len().saturating_sub(most) {
        let s = if more == 1 { "" } else { "s" };
        put!(out, "<p>And {more} more finding{s}: see <a href=\"#codes\">what the findings mean</a>.</p>\n");
    }
}
