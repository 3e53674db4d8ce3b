//! Where figures come from, at the head of text, Markdown and CSV.

use anstyle::Style;

use super::text::safe;
use crate::analyse::Provenance;

/// Datasets of which each has lines of its own for a person; of more each has one line.
const FEW: usize = 3;

/// The lines of a dataset, or all of it in one.
fn said(one: &Provenance, of: usize) -> Vec<(&'static str, String)> {
    let lines = one.lines();
    if of <= FEW {
        return lines;
    }
    let all: Vec<String> = lines.iter().map(|(label, text)| format!("{label} {text}")).collect();
    vec![("scan", all.join("; "))]
}

/// For a terminal: a heading for each dataset, and its lines.
pub fn terminal(all: &[Provenance]) -> String {
    let dimmed = Style::new().dimmed();
    let of_one = |one: &Provenance| {
        let lines = said(one, all.len()).into_iter();
        let lines = lines.map(|(label, text)| format!("{dimmed}  {label:<8} {}{dimmed:#}\n", safe(&text)));
        format!("{dimmed}Source {}{dimmed:#}\n{}", safe(&one.dataset), lines.collect::<String>())
    };
    let head: String = all.iter().map(of_one).collect();
    if head.is_empty() { head } else { head + "\n" }
}

/// In Markdown: a line of a quotation for each line, as code, in which nothing is markup.
pub fn markdown(all: &[Provenance]) -> String {
    let code = |text: &str| safe(text).replace('`', "'");
    let of_one = |one: &Provenance| {
        let lines = said(one, all.len()).into_iter().map(|(label, text)| format!("> * {label}: `{}`\n", code(&text)));
        format!("> source `{}`\n>\n{}", code(&one.dataset), lines.collect::<String>())
    };
    let head = all.iter().map(of_one).collect::<Vec<_>>().join(">\n");
    if head.is_empty() { head } else { head + "\n" }
}

/// Above a table of CSV: lines that begin with `#`, which readers are told to leave out (`comment="#"`); whole, for machines.
pub fn csv_head(all: &[Provenance]) -> String {
    let of_one = |one: &Provenance| {
        let lines = one.whole_lines().into_iter().map(|(label, text)| format!("# {label}: {}\n", safe(&text)));
        format!("# source: {}\n{}", safe(&one.dataset), lines.collect::<String>())
    };
    all.iter().map(of_one).collect()
}
