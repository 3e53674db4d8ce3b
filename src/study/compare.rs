//! A dataset beside published figures: what a study printed, what a scan counts, and the difference.

use std::collections::BTreeSet;

use super::figure::{Block, Figure, Value};
use super::published;
use super::tables::{MX_ASKED, TABLES};
use crate::analyse::stats::{StatsOptions, TableId};
use crate::analyse::{Cell, Column, Row, Table};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A publication whose figures are known.
    pub enum Study {
        /// Ashiq, Fiebig and Chung, "Unraveling the Complexities of MTA-STS Deployment and Management in Securing Email".
        Imc2025 = "imc2025",
    }
}

/// The group of figures that the lab's world of the study fixes.
const FIXED: &str = "fixed";
/// The same where it takes a scan that asks MX hosts.
const SMTP: &str = "needs SMTP";

impl Study {
    const fn blocks(self) -> &'static [Block] {
        match self {
            Self::Imc2025 => published::BLOCKS,
        }
    }

    /// What is to be known of the comparison, a sentence each.
    pub fn notes(self) -> impl Iterator<Item = &'static str> {
        match self {
            Self::Imc2025 => published::NOTES,
        }
        .iter()
        .copied()
    }

    /// The options with the tables that the comparison reads, counted as it reads them.
    pub fn options(self, options: &StatsOptions) -> StatsOptions {
        let tables: BTreeSet<TableId> = self.blocks().iter().map(|block| block.table).collect();
        StatsOptions { tables: tables.into_iter().collect(), further: TABLES, by: None, ..options.clone() }
    }

    /// The published figures beside those of the tables that [`Study::options`] asks for: a table for each of the study's.
    ///
    /// Its rows are of the group `fixed` if a scan of the lab's world of that name has to show them again, else of a group that is
    /// named after what prevents it. Shares are in per cent, rounded to as many digits as are published.
    pub fn compare(self, tables: &[Table]) -> Vec<Table> {
        self.blocks().iter().map(|block| compared(block, tables, self)).collect()
    }
}

fn compared(block: &Block, tables: &[Table], study: Study) -> Table {
    let ours = tables.iter().find(|table| table.id == block.table.as_str());
    let rows = block.figures.iter().map(|figure| {
        let cells = cells(figure, ours);
        let fixed = if figure.smtp && !asked_over_smtp(ours) { SMTP } else { FIXED };
        Row { group: Some(figure.open.unwrap_or(fixed).to_owned()), ..Row::new(figure.key, figure.title, cells) }
    });
    let mut rows: Vec<Row> = rows.collect();
    // Rows of a group stand together, those that have to agree first.
    rows.sort_by_key(|row| (row.group.as_deref() != Some(FIXED), row.group.clone()));
    Table {
        id: format!("{study}-{}", block.table.as_str().trim_start_matches("study-")),
        title: format!("{}: published and counted", block.title),
        grouped_by: Some("world".to_owned()),
        columns: vec![
            Column::new("published", "published", ""),
            Column::new("counted", "counted", ""),
            Column::new("difference", "difference", ""),
        ],
        rows,
        notes: Vec::new(),
        unmade: None,
    }
}

/// Whether the MX hosts of some domain were asked.
fn asked_over_smtp(table: Option<&Table>) -> bool {
    table.and_then(|table| table.cell(None, MX_ASKED, "domains")).and_then(|cell| cell.n()).is_some_and(|asked| asked > 0)
}

/// Published, counted, and by how much more is counted.
fn cells(figure: &Figure, table: Option<&Table>) -> Vec<Cell> {
    let sums = table.and_then(|table| sums(figure, table));
    match figure.value {
        Value::Count(n) => match sums {
            Some((counted, _)) => vec![Cell::Count(n), Cell::Count(counted), Cell::Number(counted as f64 - n as f64)],
            None => vec![Cell::Count(n), Cell::Empty, Cell::Empty],
        },
        Value::Percent(units, digits) => percents(units, digits, sums),
        Value::PercentOf(units, digits, whole) => percents(units, digits, sums.map(|(counted, _)| (counted, whole))),
    }
}

/// The same of shares, in units of the last digit until the end, so that no rounding of binary fractions looks like a difference.
fn percents(units: u32, digits: u32, counted: Option<(u64, u64)>) -> Vec<Cell> {
    let unit = 10_f64.powi(digits.min(9) as i32);
    let number = |units: f64| Cell::Number(units / unit);
    match counted.filter(|(_, of)| *of > 0) {
        Some((n, of)) => {
            let counted = (n as f64 * 100.0 * unit / of as f64).round();
            vec![number(units.into()), number(counted), number(counted - f64::from(units))]
        }
        None => vec![number(units.into()), Cell::Empty, Cell::Empty],
    }
}

/// The sum of a figure's cells and of what they are of; `None` if the table has no such cell.
fn sums(figure: &Figure, table: &Table) -> Option<(u64, u64)> {
    let mut sums = None;
    for column in figure.columns {
        let cell = table.cell(figure.group, figure.row, column);
        let (n, of) = match cell {
            Some(cell) => (cell.n()?, cell.of().unwrap_or_default()),
            // A group without domains has no rows.
            None if figure.group.is_some() => (0, 0),
            None => return None,
        };
        let (sum, whole) = sums.unwrap_or_default();
        sums = Some((sum + n, whole + of));
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::figure;
    use super::*;

    fn table(cells: &[(&str, Cell)]) -> Table {
        let rows = cells.iter().map(|(key, cell)| Row::new(*key, *key, vec![*cell, Cell::Share { n: 1, of: 4 }])).collect();
        let columns = vec![Column::new("a", "a", ""), Column::new("b", "b", "")];
        Table {
            id: TableId::T2.as_str().to_owned(),
            title: String::new(),
            grouped_by: None,
            columns,
            rows,
            notes: Vec::new(),
            unmade: None,
        }
    }

    #[test]
    fn what_is_counted_stands_beside_what_is_published() {
        let table = table(&[("row", Cell::Share { n: 60, of: 96 })]);
        let beside = |figure: Figure| cells(&figure, Some(&table));
        assert_eq!(beside(figure::count("", "", 70, "row", &["a", "b"])), [Cell::Count(70), Cell::Count(61), Cell::Number(-9.0)]);
        assert_eq!(beside(figure::percent("", "", (62, 0), "row", &["a"])), [62.0, 63.0, 1.0].map(Cell::Number));
        assert_eq!(beside(figure::percent("", "", (78, 3), "row", &["a"]).of(76_923)), [0.078, 0.078, 0.0].map(Cell::Number));
        assert_eq!(beside(figure::count("", "", 7, "row", &["a"]).group("com"))[1], Cell::Count(0), "a group without domains");
        for lacking in [figure::count("", "", 7, "other", &["a"]), figure::absent("", "", 7, "needs SMTP")] {
            assert_eq!(beside(lacking), [Cell::Count(7), Cell::Empty, Cell::Empty]);
        }
    }

    #[test]
    fn figures_are_named_once() {
        for block in Study::Imc2025.blocks() {
            let keys: BTreeSet<&str> = block.figures.iter().map(|figure| figure.key).collect();
            assert_eq!(keys.len(), block.figures.len(), "{}", block.title);
            assert!(block.figures.iter().all(|figure| figure.title.chars().count() <= 48), "{}", block.title);
        }
    }
}
