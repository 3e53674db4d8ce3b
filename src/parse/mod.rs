//! From text to value and faults: records, policies, patterns and media types, byte-exact to RFC 8461 and RFC 8460.
//!
//! Nothing here fails or panics: whatever the bytes, there is a best-effort value, a verdict and the list of all faults.

#![warn(clippy::indexing_slicing)]

mod collector;
pub mod content_coding;
pub mod distinguished_name;
mod fault;
pub mod filter;
mod grammar;
pub mod http_head;
pub mod location;
pub mod media_type;
mod mx_fault;
pub mod mx_pattern;
pub mod policy;
mod record_kind;
pub mod record_set;
mod report_uri;
pub mod senders;
pub mod smtp_reply;
pub mod sts_record;
mod tag_list;
pub mod tlsa;
pub mod tlsrpt_record;
mod version;

pub use self::fault::{Fault, FaultKind, MAX_FAULTS_PER_KIND, Parsed};

/// Line and column of a byte offset, both from 1; a column is a character, or a byte that belongs to none.
pub fn line_column(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let column: usize =
        before.get(line_start..).unwrap_or_default().utf8_chunks().map(|c| c.valid().chars().count() + c.invalid().len()).sum();
    (line, column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "ab\ncä: x\r\n".as_bytes();
        assert_eq!(line_column(text, 0), (1, 1));
        assert_eq!(line_column(text, 2), (1, 3));
        assert_eq!(line_column(text, 3), (2, 1));
        assert_eq!(line_column(text, 6), (2, 3));
        assert_eq!(line_column(text, 999), (3, 1));
        assert_eq!(line_column(b"\xff\xfe", 2), (1, 3));
    }
}
