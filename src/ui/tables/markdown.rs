//! Tables in Markdown, names escaped so that they are neither markup nor links.

use std::fmt::Write;

use crate::analyse::Table;
use crate::ui::text::safe;

use super::figures::{parts, unmade, wholes};

/// The tables with a heading each.
pub fn markdown(tables: &[Table], notes: &[String]) -> String {
    let mut out: String = notes.iter().map(|note| format!("> {}\n", escaped(note))).collect();
    for (index, table) in tables.iter().filter(|table| table.unmade.is_none()).enumerate() {
        if index > 0 || !notes.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(out, "### {} {}\n", escaped(&table.id), escaped(&table.title));
        grid(&mut out, table);
        let remarks: Vec<String> = wholes(table).iter().chain(&table.notes).map(|remark| format!("* {}\n", escaped(remark))).collect();
        let _ = write!(out, "\n{}", remarks.concat());
    }
    for (index, sentence) in unmade(tables).iter().enumerate() {
        let gap = if index == 0 && !out.is_empty() { "\n" } else { "" };
        let _ = writeln!(out, "{gap}* {}", escaped(sentence));
    }
    out
}

fn grid(out: &mut String, table: &Table) {
    let names = if table.grouped_by.is_some() { 2 } else { 1 };
    let group = table.grouped_by.iter().map(|by| format!(" {} |", escaped(by)));
    let head: String =
        group.chain([" |".to_owned()]).chain(table.columns.iter().map(|column| format!(" {} |", escaped(&column.title)))).collect();
    let _ = writeln!(out, "|{head}\n|{}{}", "---|".repeat(names), "--:|".repeat(table.columns.len()));
    for row in &table.rows {
        out.push('|');
        if names == 2 {
            let _ = write!(out, " {} |", escaped(row.group.as_deref().unwrap_or("all")));
        }
        let _ = write!(out, " {} |", escaped(&row.title));
        for cell in &row.cells {
            let [count, share, interval] = parts(cell);
            let inner = [share, interval].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            let _ = if inner.is_empty() { write!(out, " {count} |") } else { write!(out, " {count} ({inner}) |") };
        }
        out.push('\n');
    }
}

/// Text without meaning to Markdown or HTML.
fn escaped(text: &str) -> String {
    let safe = safe(text);
    let mut out = String::with_capacity(safe.len());
    let mut rest = safe.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => out.extend(['\\', c]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // What some forges make links of by themselves: addresses, https://..., www....
            '@' => out.push_str("&#64;"),
            ':' if rest.peek().is_some_and(|next| *next != ' ') => out.push_str("&#58;"),
            c => out.push(c),
        }
    }
    out.replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escaped("a|b<script>[x](y)\n"), "a\\|b&lt;script&gt;\\[x\\](y)\\\\n");
        assert_eq!(escaped("https://www.x"), "https&#58;//www&#46;x");
    }
}
