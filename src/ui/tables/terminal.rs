//! Tables for a terminal: aligned, and without anything that could act on it.

use std::fmt::Write;

use anstyle::Style;

use crate::analyse::Table;
use crate::ui::text::safe;

use super::figures::{parts, unmade, wholes};

/// Longest name that is shown in full; longer ones are cut.
const LONGEST: usize = 48;

/// The tables as text. Written through `anstream`, which drops the styles where they are not wanted.
pub fn terminal(tables: &[Table], notes: &[String]) -> String {
    let (bold, dimmed) = (Style::new().bold(), Style::new().dimmed());
    let mut out = String::new();
    for note in notes {
        let _ = writeln!(out, "Note: {}", safe(note));
    }
    for (index, table) in tables.iter().filter(|table| table.unmade.is_none()).enumerate() {
        if index > 0 || !notes.is_empty() {
            out.push('\n');
        }
        let by = table.grouped_by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
        let _ = writeln!(out, "{bold}{}  {}{by}{bold:#}", safe(&table.id), safe(&table.title));
        grid(&mut out, table);
        for sentence in wholes(table).iter().chain(&table.notes) {
            let _ = writeln!(out, "{dimmed}  {}{dimmed:#}", safe(sentence));
        }
    }
    for (index, sentence) in unmade(tables).iter().enumerate() {
        let gap = if index == 0 && !out.is_empty() { "\n" } else { "" };
        let _ = writeln!(out, "{gap}{dimmed}{}{dimmed:#}", safe(sentence));
    }
    out
}

fn grid(out: &mut String, table: &Table) {
    let grouped = table.grouped_by.is_some();
    let mut head = vec![String::new()];
    if grouped {
        head.insert(0, table.grouped_by.clone().unwrap_or_default());
    }
    head.extend(table.columns.iter().flat_map(|column| [column.title.clone(), String::new(), String::new()]));
    let mut lines = vec![head];
    for row in &table.rows {
        let mut line = vec![name(&row.title)];
        if grouped {
            line.insert(0, name(row.group.as_deref().unwrap_or("all")));
        }
        line.extend(row.cells.iter().flat_map(parts));
        lines.push(line);
    }
    let names = if grouped { 2 } else { 1 };
    // With one row per group its name says nothing.
    let hidden = grouped && table.rows.iter().all(|row| row.title == "all");
    let widths = widths(&lines, names);
    for line in &lines {
        let mut text = String::new();
        for (at, cell) in line.iter().enumerate().filter(|(at, _)| !(hidden && *at == 1)) {
            let width = widths.get(at).copied().unwrap_or_default();
            if width == 0 {
                continue;
            }
            let is_head = std::ptr::eq(line, &lines[0]);
            match (at < names, is_head) {
                (true, _) => _ = write!(text, "  {cell:<width$}"),
                // A heading stands over count, share and interval.
                (false, true) if (at - names) % 3 == 0 => {
                    let all: usize = widths.iter().skip(at).take(3).filter(|width| **width > 0).map(|width| width + 2).sum();
                    _ = write!(text, "  {cell:<width$}", width = all - 2);
                }
                (false, true) => {}
                (false, false) => _ = write!(text, "  {cell:>width$}"),
            }
        }
        let _ = writeln!(out, "{}", text.trim_end());
    }
}

/// The width of every column; a heading that is wider than what stands below it widens the interval's column.
fn widths(lines: &[Vec<String>], names: usize) -> Vec<usize> {
    let columns = lines.first().map_or(0, Vec::len);
    let length = |line: &Vec<String>, at: usize| line.get(at).map_or(0, |cell| cell.chars().count());
    let below = |at: usize| lines.iter().skip(1).map(|line| length(line, at)).max().unwrap_or_default();
    let mut widths: Vec<usize> = (0..columns).map(|at| if at < names { below(at).max(length(&lines[0], at)) } else { below(at) }).collect();
    for at in (names..columns).step_by(3) {
        let all: usize = widths.iter().skip(at).take(3).filter(|width| **width > 0).map(|width| width + 2).sum();
        let heading = length(&lines[0], at) + 2;
        if let Some(first) = widths.get_mut(at).filter(|_| heading > all) {
            *first += heading - all;
        }
    }
    widths
}

fn name(text: &str) -> String {
    let safe = safe(text);
    if safe.chars().count() > LONGEST { safe.chars().take(LONGEST - 3).chain("...".chars()).collect() } else { safe }
}
