//! `stscan codes` and `stscan explain`: the catalogue of findings for a person.

use std::fmt::Write as _;
use std::io::Write;

use anstyle::Style;
use serde_json::json;

use super::args::{ExplainArguments, FormatArguments};
use super::exit::{Exit, Failure};
use crate::analyse::gate::unknown_code;
use crate::classify::{Code, Example, Status, catalogue};
use crate::ui::text;

/// Columns of prose.
const WIDTH: usize = 100;

/// Prints all codes.
pub(super) fn list(arguments: &FormatArguments) -> Result<Exit, Failure> {
    let mut out = anstream::stdout().lock();
    if arguments.json {
        let rows: Vec<_> = catalogue().iter().copied().map(as_json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows).unwrap_or_default())?;
    } else if arguments.markdown {
        write!(out, "{}", markdown())?;
    } else {
        for code in catalogue() {
            let rule = code.rule();
            let style = text::severity_style(rule.severity);
            writeln!(out, "{:<40} {style}{:<6}{style:#} {}", code, rule.severity, rule.summary)?;
        }
    }
    Ok(Exit::Done)
}

/// The catalogue as a Markdown table, as it stands in the documentation.
fn markdown() -> String {
    let mut table = "| code | severity | clause | meaning | status |\n|---|---|---|---|---|\n".to_owned();
    for code in catalogue() {
        let rule = code.rule();
        let summary = rule.summary.replace('|', "\\|");
        let _ = writeln!(table, "| `{}` | {} | {} | {summary} | {} |", code, rule.severity, rule.clause, rule.status);
    }
    table
}

fn as_json(code: Code) -> serde_json::Value {
    let rule = code.rule();
    let (text, seen) = match rule.example {
        Some(Example::Text(with, without)) => (Some((with, without)), None),
        Some(Example::Seen(with, without)) => (None, Some((with, without))),
        None => (None, None),
    };
    json!({
        "code": code,
        "severity": rule.severity.as_str(),
        "clause": rule.clause,
        "summary": rule.summary,
        "effect": rule.effect,
        "remedy": rule.remedy,
        "tlsrpt_result": rule.tlsrpt_result.map(|result| result.as_str()),
        "status": rule.status.as_str(),
        "example_with_fault": text.map(|(with, _)| with),
        "example_without_fault": text.map(|(_, without)| without),
        "seen_with_fault": seen.map(|(with, _)| with),
        "seen_without_fault": seen.map(|(_, without)| without),
    })
}

/// Prints one code as a page.
pub(super) fn explain(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    let code = Code::from_word(&arguments.code).ok_or_else(|| Failure::usage(unknown_code(&arguments.code)))?;
    let rule = code.rule();
    let mut out = anstream::stdout().lock();
    let (bold, severity) = (Style::new().bold(), text::severity_style(rule.severity));
    writeln!(out, "{bold}{}{bold:#}  {severity}{}{severity:#}  {}\n", code, rule.severity, rule.clause)?;
    writeln!(out, "{}\n", text::fold(rule.summary, WIDTH, 0))?;
    for (heading, prose) in [("What it does to mail", rule.effect), ("How to fix it", rule.remedy)] {
        writeln!(out, "{bold}{heading}{bold:#}\n{}\n", text::fold(prose, WIDTH, 2))?;
    }
    if let Some(result) = rule.tlsrpt_result {
        writeln!(out, "{bold}In TLS reports{bold:#}\n  {result} (RFC 8460 section 4.3)\n")?;
    }
    if let Some((with, without)) = rule.example.map(Example::pair) {
        writeln!(out, "{bold}With the fault{bold:#}\n{}\n", example(with))?;
        writeln!(out, "{bold}Without it{bold:#}\n{}\n", example(without))?;
    }
    match rule.status {
        Status::Active => {}
        Status::Aggregate => writeln!(out, "This code is never reported for a domain: it takes a query over the whole dataset.")?,
        Status::Diff => writeln!(out, "This code is never reported by one scan: `stscan diff OLD NEW` reports it.")?,
        Status::Expectation => {
            writeln!(out, "This code is never reported by a scan: `--expect FILE` of check, report and diff reports it.")?
        }
        reserved => writeln!(out, "This code is reserved ({reserved}): a scan does not report it yet.")?,
    }
    Ok(Exit::Done)
}

/// An example, indented, with what cannot be seen made visible; but where every line ends with CRLF that is not the point.
fn example(example: &str) -> String {
    let crlf = example.lines().count() == example.matches("\r\n").count();
    let plain = if crlf { example.replace("\r\n", "\n") } else { example.to_owned() };
    plain.trim_end_matches('\n').split('\n').map(|line| format!("  | {}", text::safe(line))).collect::<Vec<_>>().join("\n")
}
