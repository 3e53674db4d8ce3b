//! Bulk DNS at the cost of the kernel's own work.
//!
//! One [`Dns`] per worker thread. A lookup is plain async code: it writes its query into an outgoing batch and parks;
//! driver tasks send with one `sendmmsg` and receive with `recvmmsg`, 64 messages each, and wake the lookups that were answered.
//! There is no socket, no task, no channel and no timer per query. Where thousands of lookups are made of which the first reply settles nearly every
//! one, there is no future either: a `Collector` submits them and collects their ends, and what a reply leaves open goes on as a lookup does.
//!
//! What goes wrong on the way does not reach the outcome: `health` distinguishes a dead resolver from a silent zone, `flow` holds back when answers
//! are lost.
//!
//! The way of a query: `client` (TCP after truncation, the outcome) ▸ `engine` (queues, sockets and the questions under way, which are
//! `slots`) ▸ `drivers` (the tasks that send, receive and look after the time) ▸ `socket` (batched UDP). `message` writes a question and
//! takes its reply, `answer` reads the records there; `attempt` is what a reply says, and asks until that is enough.
//!
//! Beside it, for fewer names, hickory's ways to the same lookups: `iterative` (from the root) and `encrypted` (TLS, HTTPS);
//! `Resolving` is whichever of the three a scan uses.

mod answer;
mod attempt;
mod client;
mod collector;
mod counters;
mod drivers;
mod encrypted;
mod engine;
mod exchange;
mod extended_error;
mod flow;
mod health;
mod hickory;
mod iterative;
mod message;
mod name_server;
mod resolvers;
mod scoped_address;
mod slots;
mod socket;
mod stub;
mod system;
mod validation;
mod wire_name;

#[cfg(test)]
mod tests;

pub use self::answer::ResourceRecord;
pub use self::attempt::RetryConfig;
#[doc(hidden)]
pub use self::attempt::read_reply;
pub(crate) use self::client::Resolving;
pub use self::client::{Dns, DnsConfig};
pub(crate) use self::collector::{Collector, Ended, Unsettled};
pub(crate) use self::counters::DnsTotals;
pub use self::counters::{DnsActivity, DnsCounters};
pub(crate) use self::encrypted::{Encrypted, EncryptedConfig};
pub(crate) use self::exchange::check_resolvers;
pub use self::flow::DnsLimits;
pub(crate) use self::iterative::{Iterative, IterativeConfig};
#[doc(hidden)]
pub use self::message::write_query;
pub(crate) use self::resolvers::{
    DnsError, EncryptedResolver, ROOT_HINTS, built_in_root_hints, is_encrypted_resolver, parse_encrypted_resolver, parse_resolver,
    read_resolvers, read_root_hints,
};
pub(crate) use self::stub::{loopback_stubs, well_known_stubs};
pub(crate) use self::system::{SystemResolvers, system_resolvers};
pub(crate) use self::validation::{ValidationNames, ValidationTest, validate};
