//! The media type of a policy: RFC 8461 section 3.2 wants text/plain (RFC 9110 section 8.3.1 for the form).

use super::Parsed;

/// What the Content-Type header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaType {
    /// `type/subtype`, lower case; `None` where there is none.
    pub essence: Option<String>,
    /// The `charset` parameter, lower case.
    pub charset: Option<String>,
}

/// Reads the value of a Content-Type header; `None` for a response without one.
///
/// `valid` says whether the media type is text/plain, which is all that a sender SHOULD check; faults in parameters do not change it.
pub fn parse(_value: Option<&[u8]>) -> Parsed<MediaType> {
    Parsed { value: MediaType::default(), valid: false, faults: Vec::new() }
}
