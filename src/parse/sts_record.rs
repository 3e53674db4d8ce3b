//! The text of an `_mta-sts` record: RFC 8461 section 3.1.

use super::Parsed;

/// An MTA-STS record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StsRecord {
    /// The first `id`, best effort.
    pub id: Option<String>,
}

/// Reads the joined text of one record. A near miss (wrong version, quotes, ...) is not valid, has the faults that say how it misses,
/// and its other fields are read as far as they can be found.
pub fn parse(_text: &[u8]) -> Parsed<StsRecord> {
    Parsed { value: StsRecord::default(), valid: false, faults: Vec::new() }
}

/// Reads the text as forgiving senders do (trims, allows space round `=` and empty fields, takes the last id, whatever its characters);
/// `None` where even they find no record.
pub fn parse_lenient(_text: &[u8]) -> Option<StsRecord> {
    None
}

/// Writes the record as it should be; `None` where no id can be made of the value.
pub fn canonical(_record: &StsRecord) -> Option<String> {
    None
}
