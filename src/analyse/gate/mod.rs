//! What `--fail-on` names: words and conditions, each of which a domain or a change meets or not, and what met them.
//!
//! A word is a severity (a finding so severe, or worse), a finding code (`*` for any text), a state, or `unknown`, which is no verdict: it
//! decides only where nothing else is met. What is not determined meets no other word.

mod codes;
mod domains;
mod words;

pub use self::codes::{CodePattern, unknown_code};
pub use self::domains::{DomainCondition, domain_gate, judge_rows, matched};
pub use self::words::{Gate, Matches, UNKNOWN, Verdict, severity};
