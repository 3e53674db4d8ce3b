//! Tables as CSV, one line per figure, so that every cell is found by its names.
//!
//! Fields are quoted by hand: the `csv` crate quotes only what its own delimiter needs, and a spreadsheet of a locale with semicolons
//! would split an unquoted `a;=1` and run its end as a formula.

use crate::analyse::Table;
use crate::ui::text::safe;

/// The heading of the last column of every CSV whose results are invented, with the comma before it.
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
            for (column, cell) in table.columns.iter().zip(&row.cells).filter(|(_, cell)| **cell != crate::analyse::Cell::Empty) {
                let whole = row.of.as_deref().unwrap_or(&column.of);
                let number = |number: Option<f64>| number.map(|number| format!("{number:.6}")).unwrap_or_default();
                let count = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
                let value = if let crate::analyse::Cell::Number(number) = cell { Some(*number) } else { None };
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
                    number(value),
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
pub(in crate::ui) fn field(text: &str) -> String {
    let mut safe = safe(text);
    if safe.starts_with(['=', '+', '-', '@', '|', '%']) {
        safe.insert(0, '\'');
    }
    if safe.contains([',', '"', ';', '\'', ' ']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
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
