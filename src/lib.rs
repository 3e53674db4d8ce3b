//! Bulk scanner and research-dataset generator for MTA-STS (RFC 8461) and SMTP TLS reporting (RFC 8460).
//!
//! How the program is used is in the [`manual`], a chapter for each subject.
//!
//! # The library
//! [`name`], [`parse`], [`evidence`], [`classify`] and [`dataset`] are the API. What else is public serves the command and the tests of
//! this repository, is left out of this documentation and may change at any time.
//!
//! A policy is read to a value and its faults; there is always a value, however bad the text:
//! ```
//! use stscan::parse::policy::{self, Mode};
//!
//! let body = b"version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\nmax_age: 604800\r\n";
//! let parsed = policy::parse(body);
//! assert!(parsed.faults.is_empty());
//! assert_eq!(parsed.value.known_mode(), Some(Mode::Enforce));
//! assert_eq!(parsed.value.mx, ["*.example.com"]);
//! ```
//! Evidence is judged without a packet being sent, be it of a scan or made up:
//! ```
//! use std::time::SystemTime;
//! use stscan::classify::{Posture, RecordState, classify};
//! use stscan::evidence::{Evidence, Outcome};
//! use stscan::name::Domain;
//!
//! let mut evidence = Evidence::nothing_seen(Domain::from_input("example.com")?, SystemTime::now());
//! assert_eq!(classify(&evidence).posture, Posture::Unknown);
//!
//! evidence.sts_txt.outcome = Outcome::Nxdomain;
//! let assessment = classify(&evidence);
//! assert_eq!((assessment.sts_state, assessment.posture), (RecordState::Absent, Posture::Absent));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! A dataset is read in batches, of the columns that are asked for, and each row becomes its evidence or its judgement:
//! ```
//! use std::path::Path;
//! use stscan::dataset::{DatasetError, JudgementColumns, Reader};
//!
//! /// How many domains of a dataset have a policy that senders enforce.
//! fn enforcing(folder: &Path) -> Result<usize, DatasetError> {
//!     let mut enforcing = 0;
//!     for batch in Reader::open(folder)?.batches(None) {
//!         let batch = batch?;
//!         let judgements = JudgementColumns::of(&batch)?;
//!         enforcing += (0..batch.num_rows()).filter(|row| judgements.row(*row).posture == Some("enforce")).count();
//!     }
//!     Ok(enforcing)
//! }
//! # use stscan::dataset::{Activity, Dataset, List, Options, Record, RunDescription, Tool, record_batch};
//! # let evidence: stscan::evidence::Evidence = serde_json::from_str(include_str!("../tests/golden/enforce.json"))?;
//! # let target = stscan::input::Target { ordinal: 0, domain: evidence.domain.clone(), rank: None, list: "".into(), file: None, line: None, carried: Vec::new() };
//! # let record = Record { target, assessment: stscan::classify::classify(&evidence), evidence };
//! # let run = RunDescription {
//! #     run_id: "example".to_owned(),
//! #     tool: Tool::of_this_build(),
//! #     catalogue_version: stscan::classify::CATALOGUE_VERSION.to_owned(),
//! #     configuration: Options::new(),
//! #     pace: Options::new(),
//! #     shard_rows: 1,
//! #     list: List::default(),
//! #     public_suffix_list: String::new(),
//! #     root_store: String::new(),
//! #     resolvers: Vec::new(),
//! #     resolver_validates: None,
//! #     asn_db: Vec::new(),
//! #     user_agent: String::new(),
//! # };
//! # let folder = tempfile::tempdir()?;
//! # let mut dataset = Dataset::create_or_resume(folder.path(), &run)?;
//! # dataset.commit_part(0, &[record_batch(&[record])?], &Activity::default())?;
//! # let accounting = stscan::input::Accounting { lines: 1, rows: 1, ..Default::default() };
//! # dataset.finish(accounting, List::default(), &Activity::default())?;
//! # assert_eq!(enforcing(folder.path())?, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The way of the data
//! ```text
//! list ─targets─▶ worker threads (one per core, each with its own runtime and UDP sockets)
//!                   probe of one domain: MX ▸ _mta-sts, _smtp._tls ▸ policy host ▸ HTTPS ▸ Evidence
//!                   ▸ classify ▸ columns
//!               ─batches of rows─▶ shard assembler ─▶ part writer ─▶ manifest
//! ```
//! Nothing flows back, every queue is bounded, and a slow disk slows the reader. A part (a fixed run of ordinals) is the
//! unit of commit: one file, rows sorted by ordinal, so that the same input gives the same layout whatever the timing
//! (except where a fast scan would have to wait for a few late rows: these follow in a second file of their part),
//! and to resume is to scan the ordinals that the manifest does not list. In the code such a run is called shard, before it is written.
//!
//! # Four words, never mixed
//! An *outcome* is what the network did: data, never an `Err`. A *fault* is what is wrong with a text ([`parse`]). A *finding*
//! is our judgement, with a stable code ([`classify`]). An *error* is our program's own failure.
//!
//! # Layers
//! A module may name only modules on lower lines; `tests/architecture.rs` enforces it.
//! ```text
//! 9 cli                          arguments, exit statuses
//! 8 trial | study | ui           a scan of the lab against its truth | the one study | progress, tables, safe text
//! 7 scan | analyse | lab         the stages wired | figures from datasets | the built-in Internet with known truth
//! 6 dataset                      Parquet parts and manifest
//! 5 reports | publish            TLS reports: files and mails to reports | what a domain should publish
//! 4 input | classify | observe   lists to targets | judgement, the catalogue | DNS, HTTPS, the probe
//! 3 parse                        text to value and faults; never fails, never panics
//! 2 evidence, exclusion          what was seen | who must not be contacted
//! 1 name, words, networks        domain names, public suffixes | our words for the errors of libraries | whose network an address is of
//! 0 vocabulary, system, manual   enums of stable words | what each operating system does in its own way | the manual's chapters
//! ```

pub mod classify;
pub mod dataset;
pub mod evidence;
pub mod manual;
pub mod name;
pub mod parse;

// No API: public because the command and the integration tests, benches and fuzz targets reach them, and changed without notice.
#[doc(hidden)]
pub mod analyse;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod exclusion;
#[doc(hidden)]
pub mod input;
#[doc(hidden)]
pub mod lab;
#[doc(hidden)]
pub mod networks;
#[doc(hidden)]
pub mod observe;
#[doc(hidden)]
pub mod publish;
#[doc(hidden)]
pub mod reports;
#[doc(hidden)]
pub mod scan;
#[doc(hidden)]
pub mod study;
#[doc(hidden)]
pub mod trial;

mod escape;
mod pause;
mod place;
mod system;
mod ui;
mod vocabulary;
mod whole_file;
mod words;
