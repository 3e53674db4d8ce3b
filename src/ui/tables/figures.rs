//! Counts, shares and intervals as text, and what the shares are shares of.

use crate::analyse::senders::day_text;
use crate::analyse::{Cell, Interval, Table};
use crate::input::Accounting;

/// A number with a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun: `1 line`, `60,000 lines`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// What became of the lines of a list in one line, as a sum that everybody can check.
pub fn accounting_line(accounting: Accounting) -> String {
    let Accounting { lines, rows, rejected, duplicates, excluded, not_selected, blank } = accounting;
    let [rejected, excluded, not_selected, blank] = [rejected, excluded, not_selected, blank].map(grouped);
    format!(
        "{} = {} + {rejected} rejected + {} + {excluded} excluded + {not_selected} not selected + {blank} not a name (blank, comment, \
         header or other zone record)",
        counted(lines, "line"),
        counted(rows, "row"),
        counted(duplicates, "duplicate")
    )
}

/// A measure, or a difference, with as many digits as are worth reading.
fn measure(number: f64) -> String {
    match number.abs() {
        whole if whole.fract() == 0.0 && whole < 1e15 => format!("{}{}", if number < 0.0 { "-" } else { "" }, grouped(whole as u64)),
        large if large >= 100.0 => format!("{number:.1}"),
        _ => format!("{number:.2}").trim_end_matches('0').to_owned(),
    }
}

/// A share in per cent, with as many digits as tell it from nothing.
fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0%".to_owned(),
        percent if percent < 0.1 => format!("{percent:.3}%"),
        percent if percent < 10.0 => format!("{percent:.2}%"),
        percent => format!("{percent:.1}%"),
    }
}

/// An interval in per cent, as `1.20-1.45`, to the digits of [`percent`].
fn range(interval: Interval) -> String {
    let digits = match interval.high * 100.0 {
        high if high < 0.1 => 3,
        high if high < 10.0 => 2,
        _ => 1,
    };
    format!("{:.digits$}-{:.digits$}", interval.low * 100.0, interval.high * 100.0)
}

/// The parts of a cell for a person: the count, the share, the interval.
pub(in crate::ui) fn parts(cell: &Cell) -> [String; 3] {
    let none = String::new;
    match cell {
        Cell::Empty => ["-".to_owned(), none(), none()],
        Cell::Number(number) => [measure(*number), none(), none()],
        Cell::Day(day) => [day_text(*day), none(), none()],
        Cell::Count(n) => [grouped(*n), none(), none()],
        Cell::Share { n, .. } => {
            let share = cell.share().map_or_else(|| "-".to_owned(), percent);
            [grouped(*n), share, cell.interval().map_or_else(none, range)]
        }
    }
}

/// What the shares of a table are shares of, a sentence for each different whole.
pub(in crate::ui) fn wholes(table: &Table) -> Vec<String> {
    let columns = table.columns.iter().map(|column| (column.of.as_str(), column.title.as_str()));
    let rows = table.rows.iter().map(|row| (row.of.as_deref().unwrap_or_default(), row.title.as_str()));
    let sentence = |kind: &'static str| move |(of, titles): (&str, Vec<&str>)| format!("{kind}{}: share of {of}", titles.join(", "));
    gathered(columns).into_iter().map(sentence("")).chain(gathered(rows).into_iter().map(sentence("in row "))).collect()
}

/// The titles of each whole, in the order in which they come; titles without a whole are left out.
fn gathered<'t>(pairs: impl Iterator<Item = (&'t str, &'t str)>) -> Vec<(&'t str, Vec<&'t str>)> {
    let mut gathered: Vec<(&str, Vec<&str>)> = Vec::new();
    for (of, title) in pairs.filter(|(of, _)| !of.is_empty()) {
        match gathered.iter_mut().find(|(known, _)| *known == of) {
            Some((_, titles)) if titles.contains(&title) => {}
            Some((_, titles)) => titles.push(title),
            None => gathered.push((of, vec![title])),
        }
    }
    gathered
}

/// The tables that could not be made, those for one reason together, and why: a sentence each.
pub fn unmade(tables: &[Table]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (table, reason) in tables.iter().filter_map(|table| Some((table, table.unmade.as_deref()?))) {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(&table.id),
            None => reasons.push((reason, vec![&table.id])),
        }
    }
    reasons.into_iter().map(|(reason, ids)| format!("{}: {reason}", ids.join(", "))).collect()
}
