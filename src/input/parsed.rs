//! What one line of a list says.

use super::field;
use super::reject::Reason;
use crate::name::Domain;

/// What one line of a list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// Nothing: blank, a comment, a header, or a line of a zone file that delegates nothing.
    Blank,
    /// A name, and its rank where the list has ranks.
    Name(Domain, Option<i32>),
    /// Something that is no name.
    Rejected(Reason),
}

impl Parsed {
    /// Reads the field that holds the name.
    pub(super) fn from_field(field: &[u8], rank: Option<i32>) -> Self {
        match field::domain(field) {
            Ok(domain) => Self::Name(domain, rank),
            Err(reason) => Self::Rejected(reason),
        }
    }
}
