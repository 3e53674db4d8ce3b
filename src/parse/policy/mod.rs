//! The policy body: RFC 8461 section 3.2.

mod field;
mod judge;
mod key;
mod lenient;
mod lines;
mod reader;
mod value;

pub use self::lenient::parse_lenient;
pub use self::value::canonical;
pub use self::value::{LenientPolicy, Mode, Policy};

use super::collector::{Collector, quote};
use super::fault::{FaultKind, Parsed};

/// A policy of more bytes is unusual.
const LARGE: usize = 4096;
/// Bytes that a sender reads of a policy (RFC 8461 section 3.3 suggests 64 KB); of more it makes no policy.
pub const MAX_BYTES: usize = crate::evidence::BODY_LIMIT;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads a policy body by the grammar and finds all faults.
///
/// A known key with a bad value is a fault of that key. (By the letter it is also an extension of that name, which only moves the
/// fault to the required key that is then missing.)
pub fn parse(body: &[u8]) -> Parsed<Policy> {
    let mut faults = Collector::new();
    if let Some(bom) = body.get(..2).filter(|bom| matches!(*bom, b"\xff\xfe" | b"\xfe\xff")) {
        faults.fatal(FaultKind::StsPolicyBom, 0..2, "UTF-16");
        faults.fatal(FaultKind::StsPolicyNotUtf8, 0..2, quote(bom));
        return faults.into_parsed(Policy::default());
    }
    let mut start = 0;
    if body.starts_with(BOM) {
        start = BOM.len();
        faults.fatal(FaultKind::StsPolicyBom, 0..start, "");
    }
    let content = body.get(start..).unwrap_or_default().trim_ascii();
    if content.is_empty() {
        faults.fatal(FaultKind::StsPolicyEmpty, start..body.len(), "");
        return faults.into_parsed(Policy::default());
    }
    if body.len() > MAX_BYTES {
        faults.fatal(FaultKind::StsFetchTooLarge, MAX_BYTES..body.len(), format!("{} bytes", body.len()));
    } else if body.len() > LARGE {
        faults.remark(FaultKind::StsPolicyLarge, 0..body.len(), format!("{} bytes", body.len()));
    }
    let policy = match document_kind(content) {
        Some(kind) => {
            faults.fatal(kind, start..body.len(), quote(content));
            reader::read(body, start, &mut Collector::new()) // Hundreds of lines of markup are one fault.
        }
        None => reader::read(body, start, &mut faults),
    };
    faults.into_parsed(policy)
}

/// Whether the body is a document of another kind.
fn document_kind(content: &[u8]) -> Option<FaultKind> {
    let after = |opening: &[u8]| content.strip_prefix(opening).map(|rest| rest.trim_ascii_start().first().copied().unwrap_or(b'}'));
    match (after(b"{"), after(b"[")) {
        _ if content.starts_with(b"<") => Some(FaultKind::StsPolicyHtmlBody),
        (Some(b'"' | b'}'), _) | (_, Some(b'{' | b'[' | b'"' | b']')) => Some(FaultKind::StsPolicyJsonBody),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
