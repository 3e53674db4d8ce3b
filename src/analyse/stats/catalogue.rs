//! Each table's definition.

use super::definition::Definition;
use super::table_id::TableId;
use super::tables;

impl TableId {
    /// What it shows.
    pub fn title(self) -> &'static str {
        definition(self).title
    }
}

/// What a table is made of.
pub(super) fn definition(table: TableId) -> &'static Definition {
    match table {
        TableId::T1 => &tables::adoption::MAIL,
        TableId::T2 => &tables::adoption::ADOPTION,
    }
}
