//! TLS reports (RFC 8460) as they come: files, mails, mailboxes and archives in, reports and an account of every file out.
//!
//! What senders write deviates from the RFC in many ways, and whoever may write to the address of a domain's reports may write anything.
//! So everything is read forgivingly, what deviates is told by a [`Warning`], what cannot be read by a [`Refusal`], and memory, time and
//! stack are bounded by [`limits`], whatever the bytes are.

mod archive;
mod cause;
mod envelope;
mod field;
mod format;
mod gzip;
mod header;
mod identity;
mod intake;
mod item;
mod json;
pub mod limits;
mod mail;
mod mbox;
mod place;
mod quote;
mod reading;
mod report;
mod walk;

pub use self::cause::{Reported, is_of_deliveries};
pub use self::envelope::{DomainFrom, Envelope};
pub use self::intake::{Found, Intake, Rejected, Sink, Tally};
pub use self::quote::{Refusal, Warning};
pub use self::report::{Failure, PolicyResult, Report};
pub use self::walk::{Entry, MissingPath, Walk};

#[cfg(test)]
mod tests;
