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
//!
//! Beside it, for fewer names, hickory's ways to the same lookups: `iterative` (from the root) and `encrypted` (TLS, HTTPS);
//! [`Resolving`] is whichever of the three a scan uses.

mod answer;
mod background;
mod check;
mod client;
mod config;
mod counters;
mod deadlines;
mod drivers;
mod encrypted;
mod encrypted_address;
mod encrypted_connection;
mod engine;
mod error;
mod header;
mod health;
mod hickory_answer;
mod ids;
mod in_flight;
mod iterative;
mod limits;
mod message;
mod name_server;
mod question;
mod reopening;
mod resolvers;
mod resolving;
mod root_hints;
mod single;
mod slots;
mod socket;
mod tcp;
mod trail;
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
pub use self::encrypted::{Encrypted, EncryptedConfig};
pub use self::encrypted_address::{EncryptedResolver, Transport, is_encrypted_resolver, parse_encrypted_resolver};
pub use self::error::DnsError;
pub use self::iterative::{Iterative, IterativeConfig};
pub use self::limits::DnsLimits;
#[doc(hidden)]
pub use self::question::write_query;
pub use self::resolvers::{parse_resolver, read_resolvers, system_resolvers};
pub use self::resolving::Resolving;
pub use self::root_hints::{built_in_root_hints, read_root_hints};
