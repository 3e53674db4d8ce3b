//! The header fields of a mail that matter, and the parser that reads them.

use std::fmt;

use mail_parser::{HeaderName, MessageParser};

/// Reads the header fields that matter, and passes over the others.
pub(super) struct HeaderReader(pub(super) MessageParser);

impl Default for HeaderReader {
    fn default() -> Self {
        let parser = MessageParser::new().default_header_ignore().with_mime_headers().header_date(HeaderName::Date);
        let parser = parser.header_text(HeaderName::Subject).header_address(HeaderName::From).header_id(HeaderName::MessageId);
        let parser = parser.header_raw(HeaderName::DkimSignature).header_raw(HeaderName::TlsReportDomain);
        Self(parser.header_raw(HeaderName::TlsReportSubmitter))
    }
}

impl fmt::Debug for HeaderReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderReader")
    }
}
