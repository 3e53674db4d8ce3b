//! The main job: the stages of a scan, wired. The only place that knows them all.
//!
//! ```text
//! reader ─batches of targets─▶ workers ─batches of rows─▶ gatherer ─shards─▶ writer ─▶ part, manifest
//! (1 thread)  cap 2 per worker  (1 thread  cap 2 per worker  (1 thread)  cap 1  (1 thread)
//!                               per core)
//! ```
//! A worker probes, judges and lays down columns: evidence is read where it is still warm, and only columns wait for their shard.
//! Nothing flows back but permission: the reader stays at most `WINDOW_ROWS` ahead of the oldest shard that waits to be complete, so
//! memory is bounded whatever a slow host does; rows that wait long are packed. A shard is the unit of commit. One that holds the reader up for a second, because targets
//! of it wait for another round, is committed without them; they follow together as a second part of the shard. Asked to stop, the reader
//! ends, what is in flight is finished, and every open shard is committed as far as it is.

mod assembler;
mod backend;
mod built_in;
mod canaries;
mod harvest;
mod mail;
mod network;
mod pace;
mod plan;
mod probes;
mod run;
mod sink;
mod status;
mod validation;
mod worker;

pub use self::built_in::built_in;
pub use self::network::Network;
pub(crate) use self::plan::ScanError;
pub(crate) use self::plan::{Contents, IterativePlan, Overrides, OwnList};
pub use self::plan::{NetworkPlan, Output, ScanPlan};
pub use self::run::run;
pub(crate) use self::sink::ScanSummary;
pub use self::status::Status;
pub(crate) use self::status::{Identity, Snapshot};
