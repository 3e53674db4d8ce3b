//! What became of the lines of a list, as a sum that everybody can check.

use super::tables::grouped;
use crate::dataset::AccountingEntry;

/// The sum in one line.
pub fn accounting_line(entry: AccountingEntry) -> String {
    let AccountingEntry { lines, rows, rejected, duplicates, excluded, not_selected, blank } = entry;
    let [lines, rows, rejected, duplicates, excluded, not_selected, blank] =
        [lines, rows, rejected, duplicates, excluded, not_selected, blank].map(grouped);
    format!(
        "{lines} lines = {rows} rows + {rejected} rejected + {duplicates} duplicates + {excluded} excluded + \
         {not_selected} not selected + {blank} blank or comment"
    )
}
