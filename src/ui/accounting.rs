//! What became of the lines of a list, as a sum that everybody can check.

use super::tables::grouped;
use crate::input::Accounting;

/// The sum in one line.
pub fn accounting_line(accounting: Accounting) -> String {
    let Accounting { lines, rows, rejected, duplicates, excluded, not_selected, blank } = accounting;
    let [lines, rows, rejected, duplicates, excluded, not_selected, blank] =
        [lines, rows, rejected, duplicates, excluded, not_selected, blank].map(grouped);
    format!(
        "{lines} lines = {rows} rows + {rejected} rejected + {duplicates} duplicates + {excluded} excluded + \
         {not_selected} not selected + {blank} blank or comment"
    )
}
