//! Senders as they are: a table of how eight implementations read a record and a policy, and the interpreter of that table.
//!
//! Each trait was observed by giving the implementation's own parser the vectors in `tests/vectors`, or is written in its source.
//! What is modelled is which texts are used and what is read from them; caching, retries and the comparison of certificates are not.

mod fields;
mod matching;
mod number;
mod policy;
mod record;
mod sender;
mod table;
mod text;
mod traits;

pub use self::sender::Sender;
use self::table::profile;
use super::policy::LenientPolicy;
use crate::evidence::Txt;

impl Sender {
    /// Whether these TXT records at `_mta-sts` make it ask for a policy (RFC 8461 section 3.1 says when it should).
    pub fn finds_record(self, records: &[Txt]) -> bool {
        record::finds(profile(self), records)
    }

    /// The policy it reads from the body of a response with status 200 and this Content-Type; `None` if it uses none.
    pub fn reads_policy(self, body: &[u8], content_type: Option<&[u8]>) -> Option<LenientPolicy> {
        policy::read(profile(self), body, content_type)
    }

    /// Whether it holds a pattern to cover an MX host; `None` where it leaves the comparison to another program.
    pub fn covers(self, pattern: &str, host: &str) -> Option<bool> {
        profile(self).matching.map(|matching| matching::covers(matching, pattern, host))
    }
}
