//! The text of an `_smtp._tls` record: RFC 8460 section 3.

use super::Parsed;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How a report travels.
    pub enum ReportScheme {
        /// By mail (RFC 6068).
        Mailto = "mailto",
        /// By HTTPS POST.
        Https = "https",
        /// Not at all: no scheme, or one that RFC 8460 does not name.
        Other = "other",
    }
}

/// A destination of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportUri {
    /// The text as written.
    pub uri: String,
    /// Its scheme.
    pub scheme: ReportScheme,
    /// The mail domain or the HTTPS host, lower case; `None` where there is none.
    pub host: Option<String>,
    /// Whether a report can be sent there as far as the text shows.
    pub usable: bool,
}

/// A TLSRPT record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsrptRecord {
    /// All destinations in order, best effort.
    pub rua: Vec<ReportUri>,
    /// Whether at least one destination is usable. A record can be valid and of no use (`rua=http://...`).
    pub usable: bool,
}

/// Reads the joined text of one record. A near miss is treated as in [`super::sts_record::parse`].
pub fn parse(_text: &[u8]) -> Parsed<TlsrptRecord> {
    Parsed { value: TlsrptRecord::default(), valid: false, faults: Vec::new() }
}

/// Writes the record as it should be with the usable destinations; `None` where there is none.
pub fn canonical(_record: &TlsrptRecord) -> Option<String> {
    None
}
