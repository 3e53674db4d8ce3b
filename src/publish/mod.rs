//! What a domain should publish: pure, from what was seen of it to texts. Nothing here asks anybody or writes a file.
//!
//! [`decide`] says for one domain what to publish, why and in which order; the report, `check` and `publish` all go by it. What is made of a
//! decision stands apart: records for DNS ([`dns`]), the configuration of web servers ([`server`]), the plan and the table ([`plan`]).

mod decision;
pub mod dns;
mod hosts;
mod id;
mod lint;
pub mod plan;
mod policy;
mod reports;
pub mod server;
mod text;
mod wishes;

pub use self::decision::{Action, Aliases, Decision, Known, Stage, Step, decide};
pub use self::hosts::{Hosts, Shortcoming};
pub use self::id::{Ids, PublishedBefore};
pub use self::reports::Reports;
pub use self::wishes::{WishError, Wishes};

#[cfg(test)]
mod tests;
