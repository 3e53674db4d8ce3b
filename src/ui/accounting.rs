//! What became of the lines of a list, as a sum that everybody can check.

use super::tables::{counted, grouped};
use crate::input::Accounting;

/// The sum in one line.
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
