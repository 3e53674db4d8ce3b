//! Which tables there are.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// A table that can be asked for.
    pub enum TableId {
        /// Domains and where their mail goes.
        T1 = "T1",
        /// Adoption.
        T2 = "T2",
    }
}

impl TableId {
    /// Whether it is printed where no tables are named.
    pub fn is_usual(self) -> bool {
        !self.as_str().starts_with("study-")
    }
}
