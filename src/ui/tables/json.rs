//! Tables as JSON with stable keys.

use serde_json::{Value, json};

use crate::analyse::{Cell, Table};
use crate::ui::text::safe_json;

/// Version of the layout of the object; raised where a key changes its meaning or goes.
const VERSION: u32 = 1;

/// One object: `stats_version`, `notes`, `tables`.
pub fn json(tables: &[Table], notes: &[String]) -> String {
    let object = json!({ "stats_version": VERSION, "notes": notes, "tables": tables.iter().map(table).collect::<Vec<_>>() });
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
    })
}

fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Number(number) => json!({ "value": number }),
        Cell::Count(n) => json!({ "n": n }),
        Cell::Share { n, of } => {
            let interval = cell.interval();
            json!({ "n": n, "of": of, "share": cell.share(), "low": interval.map(|i| i.low), "high": interval.map(|i| i.high) })
        }
    }
}
