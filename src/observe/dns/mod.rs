//! Bulk DNS at the cost of the kernel's own work.
//!
//! One [`Dns`] per worker thread. A lookup is plain async code: it writes its query into an outgoing batch and parks;
//! driver tasks send with one `sendmmsg` and receive with `recvmmsg`, 64 messages each, and wake the lookups that were answered.
//! There is no socket, no task, no channel and no timer per query.
//!
//! What goes wrong on the way is kept from the outcome: `health` tells a dead resolver from a silent zone, `window` holds back when answers
//! are lost.
//!
//! The way of a query: `client` (retries, TCP after truncation, the outcome) ▸ `engine` (slots and queues) ▸ `drivers` (sending,
//! receiving, time-outs) ▸ `socket` (batched UDP). Messages are written by `question` and read by `message` and `answer`.

mod answer;
mod check;
mod client;
mod config;
mod counters;
mod deadlines;
mod drivers;
mod engine;
mod error;
mod header;
mod health;
mod ids;
mod limits;
mod message;
mod question;
mod resolvers;
mod slots;
mod socket;
mod tcp;
mod watch;
mod window;
mod wire_name;

#[cfg(test)]
mod tests;

pub use self::answer::ResourceRecord;
pub use self::check::{ResolverCheck, check_resolvers};
pub use self::client::Dns;
#[doc(hidden)]
pub use self::client::read_reply;
pub use self::config::DnsConfig;
pub use self::counters::{DnsCounters, DnsTotals, ResolverTotals};
pub use self::error::DnsError;
pub use self::limits::DnsLimits;
pub use self::resolvers::{parse_resolver, read_resolvers, system_resolvers};
