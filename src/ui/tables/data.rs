//! Tables as data: CSV with one line per figure, so that every cell is found by its names, and JSON with stable keys.

use serde_json::{Value, json};

use crate::analyse::senders::day_text;
use crate::analyse::{Cell, Provenance, Table};
use crate::ui::text::safe_json;

/// The heading of a column that every CSV has whose results are invented, with the comma before it.
pub(in crate::ui) const INVENTED: &str = ",invented";

/// What stands in that column.
pub(in crate::ui) fn invented_cell(invented: Option<&str>) -> String {
    invented.map_or_else(String::new, |invented| format!(",{}", field(invented)))
}

/// The heading, and a line for each cell that is not empty. `invented` says so of all of it.
pub fn csv(tables: &[Table], invented: Option<&str>) -> String {
    let heading = "table,group_by,group,row,column,n,of,share,low,high,value,denominator";
    let mut out = format!("{heading}{}\n", invented.map_or("", |_| INVENTED));
    let last = invented_cell(invented);
    for table in tables {
        for row in &table.rows {
            for (column, cell) in table.columns.iter().zip(&row.cells).filter(|(_, cell)| **cell != Cell::Empty) {
                let whole = row.of.as_deref().unwrap_or(&column.of);
                let number = |number: Option<f64>| number.map(|number| format!("{number:.6}")).unwrap_or_default();
                let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
                let value = match cell {
                    Cell::Number(value) => number(Some(*value)),
                    Cell::Day(day) => day_text(*day),
                    _ => String::new(),
                };
                let fields = [
                    field(&table.id),
                    field(table.grouped_by.as_deref().unwrap_or_default()),
                    field(row.group.as_deref().unwrap_or("all")),
                    field(&row.key),
                    field(&column.key),
                    count(cell.n()),
                    count(cell.of()),
                    number(cell.share()),
                    number(cell.interval().map(|interval| interval.low)),
                    number(cell.interval().map(|interval| interval.high)),
                    value,
                    field(if cell.of().is_some() { whole } else { "" }),
                ];
                out.push_str(&fields.join(","));
                out.push_str(&last);
                out.push('\n');
            }
        }
    }
    out
}

/// A field that is neither torn apart by a reader of CSV nor run as a formula by a spreadsheet.
pub(in crate::ui) use crate::escape::csv_field as field;

/// Version of the layout of the object; raised where a key changes its meaning or goes.
const VERSION: u32 = 1;

/// One object: `stats_version`, `provenance` (an object for each dataset), `notes`, `tables`.
pub fn json(tables: &[Table], notes: &[String], provenance: &[Provenance]) -> String {
    let object = json!({ "stats_version": VERSION, "provenance": provenance, "notes": notes, "tables": tables.iter().map(table).collect::<Vec<_>>() });
    safe_json(&format!("{object:#}\n"))
}

fn table(table: &Table) -> Value {
    let columns: Vec<Value> =
        table.columns.iter().map(|column| json!({ "key": column.key, "title": column.title, "of": column.of })).collect();
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| {
            let cells: serde_json::Map<String, Value> =
                table.columns.iter().zip(&row.cells).map(|(column, value)| (column.key.clone(), cell(value))).collect();
            json!({ "group": row.group, "key": row.key, "title": row.title, "of": row.of, "cells": cells })
        })
        .collect();
    json!({
        "id": table.id,
        "title": table.title,
        "grouped_by": table.grouped_by,
        "columns": columns,
        "rows": rows,
        "notes": table.notes,
        "unmade": table.unmade,
    })
}

fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Number(number) => json!({ "value": number }),
        Cell::Day(day) => json!({ "day": day_text(*day) }),
        Cell::Count(n) => json!({ "n": n }),
        Cell::Share { n, of } => {
            let interval = cell.interval();
            json!({ "n": n, "of": of, "share": cell.share(), "low": interval.map(|i| i.low), "high": interval.map(|i| i.high) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_neither_formulas_nor_torn() {
        assert_eq!(field("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(field("\t=1"), "\\t=1");
        assert_eq!([field("-1"), field("a,b"), field("com")], ["\"'-1\"", "\"a,b\"", "com"]);
    }
}
