//! What the findings of the page mean: every code that occurs, from the catalogue.

use crate::analyse::report::Report;
use crate::classify::{Example, catalogue};

use super::domain::prose;
use super::escape::{Html, Lines};
use super::put;

/// Writes the glossary.
pub(super) fn glossary(out: &mut String, report: &Report) {
    out.push_str(
        "<section id=\"codes\" aria-labelledby=\"codes-h\"><h2 id=\"codes-h\">What the findings mean</h2>\n\
        <p>High: mail may fail or the protection is void. Medium: some senders are affected. Low: hygiene. Info: a fact.</p>\n",
    );
    for code in catalogue().iter().copied().filter(|code| report.codes.iter().any(|found| found == code.as_str())) {
        let rule = code.rule();
        put!(
            out,
            "<details class=\"code\" id=\"c-{0}\"><summary><h3><code>{0}</code></h3> <span class=\"chip {1}\">{1}</span> <span class=\"clause\">{2}</span></summary>",
            code,
            rule.severity,
            Html(rule.clause),
        );
        prose(out, code);
        if let Some((with, without)) = rule.example.map(Example::pair) {
            put!(
                out,
                "<div class=\"pair\"><figure><figcaption>With the fault</figcaption><pre>{}</pre></figure>\
                <figure><figcaption>Without it</figcaption><pre>{}</pre></figure></div>",
                Lines(with),
                Lines(without)
            );
        }
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}
