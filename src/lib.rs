//! Bulk scanner and research-dataset generator for MTA-STS (RFC 8461) and SMTP TLS reporting (RFC 8460).
//!
//! # The way of the data
//! ```text
//! list ─targets─▶ worker threads (one per core, each with its own runtime and UDP sockets)
//!                   probe of one domain: MX ▸ _mta-sts, _smtp._tls ▸ policy host ▸ HTTPS ▸ Evidence
//!                   ▸ classify ▸ columns
//!               ─batches of rows─▶ shard assembler ─▶ part writer ─▶ manifest
//! ```
//! Nothing flows back, every queue is bounded, and a slow disk slows the reader. A shard (a fixed run of ordinals) is the
//! unit of commit: one part file, rows sorted by ordinal, so that the same input gives the same layout whatever the timing
//! (but where a fast scan would have to wait for a few late rows: these follow as a second part of their shard),
//! and to resume is to scan the ordinals that the manifest does not list.
//!
//! # Four words, never mixed
//! An *outcome* is what the network did: data, never an `Err`. A *fault* is what is wrong with a text ([`parse`]). A *finding*
//! is our judgement, with a stable code ([`classify`]). An *error* is our program's own failure.
//!
//! # Layers
//! A module may name only modules on lower lines; `tests/architecture.rs` enforces it.
//! ```text
//! 8 cli                          arguments, exit statuses
//! 7 trial | study | ui           a scan of the lab against its truth | the one study | progress, tables, safe text
//! 6 scan | analyse | lab         the stages wired | figures from datasets | the built-in Internet with known truth
//! 5 dataset                      Parquet parts and manifest
//! 4 input | classify | observe   lists to targets | judgement, the catalogue | DNS, HTTPS, the probe
//! 3 parse                        text to value and faults; never fails, never panics
//! 2 evidence, exclusion          what was seen | who must not be contacted
//! 1 name                         domain names, public suffixes
//! 0 vocabulary                   enums of stable words
//! ```

pub mod analyse;
pub mod classify;
pub mod cli;
pub mod dataset;
pub mod evidence;
pub mod exclusion;
pub mod input;
pub mod lab;
pub mod name;
pub mod observe;
pub mod parse;
pub mod scan;
pub mod study;
pub mod trial;
pub mod ui;
mod vocabulary;
