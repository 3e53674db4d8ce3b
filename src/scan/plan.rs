//! What a scan shall do: validated values, nothing typed, nothing started.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::input::InputOptions;
use crate::lab::LabConfig;
use crate::observe::dns::EncryptedResolver;
use crate::observe::fetch::FetchConfig;

/// A whole scan.
#[derive(Clone, Debug)]
pub struct ScanPlan {
    /// Lists and which part of them; ignored where the lab brings its own list.
    pub input: InputOptions,
    /// How the network is asked.
    pub network: NetworkPlan,
    /// Where the rows go.
    pub output: Output,
    /// Rows in a part of a dataset folder, at least 1.
    pub shard_rows: u64,
    /// Rows by which the reader may be ahead of the oldest shard that waits to be complete; by default [`super::WINDOW_ROWS`].
    pub window_rows: u64,
    /// Worker threads, at least 1; `None` for one a core.
    pub workers: Option<usize>,
    /// What the list is called, for the manifest; by default the file's name.
    pub list_name: Option<String>,
    /// Citable id of the list, for the manifest.
    pub list_id: Option<String>,
    /// The options by name as they are in force, for the manifest: those that shape the result ...
    pub configuration: BTreeMap<String, Value>,
    /// ... and those that shape only its pace.
    pub pace: BTreeMap<String, Value>,
}

/// Where the rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A dataset folder.
    Folder(PathBuf),
    /// One Arrow IPC stream on standard output.
    ArrowStream,
}

/// How the network is asked; the same for `scan` and `check`.
#[derive(Clone, Debug)]
pub struct NetworkPlan {
    /// Resolvers to ask; empty for the system's.
    pub resolvers: Vec<SocketAddr>,
    /// Resolvers to ask over TLS or HTTPS instead; empty for none.
    pub encrypted: Vec<EncryptedResolver>,
    /// Where to begin, to resolve from the root instead.
    pub iterative: Option<IterativePlan>,
    /// Whether to do without checking the resolvers at the start.
    pub trust_resolvers: bool,
    /// Pauses before targets whose lookups failed are tried again.
    pub retry_rounds: Vec<Duration>,
    /// DNS queries a second in all, 0 for no limit; `None`: [`DEFAULT_RATE`], or no limit where all resolvers are on loopback.
    pub rate: Option<u32>,
    /// DNS queries a second to each resolver; as `rate`.
    pub resolver_rate: Option<u32>,
    /// How long to wait for a DNS answer.
    pub dns_timeout: Duration,
    /// Questions sent for one lookup at most, at least 1.
    pub dns_tries: u16,
    /// How long to wait for a resolver when none answers; `None` for as long as it takes.
    pub patience: Option<Duration>,
    /// Whether names are asked for in random case, which answers have to repeat.
    pub mix_case: bool,
    /// Domains in flight; chosen from the limit of file descriptors if `None`.
    pub concurrency: Option<usize>,
    /// HTTPS fetches in flight; chosen from the limit of file descriptors if `None`.
    pub fetch_concurrency: Option<usize>,
    /// How policies are fetched. Its port is overridden by a lab's, its concurrency by `fetch_concurrency`.
    pub fetch: FetchConfig,
    /// PEM files with further trusted roots.
    pub ca_files: Vec<PathBuf>,
    /// Whether to ask for records below names that do not exist, too.
    pub no_prune: bool,
    /// Whether to look for records at wrong names and for wildcards, too.
    pub look_around: bool,
    /// Opt-out list.
    pub exclude: Option<PathBuf>,
    /// The built-in Internet to scan instead of the real one.
    pub lab: Option<LabConfig>,
}

/// Where resolving from the root begins. A lab's root takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IterativePlan {
    /// Addresses of root servers.
    pub roots: Vec<IpAddr>,
    /// Port of all name servers.
    pub port: u16,
}

/// DNS queries a second to one name server when resolving from the root, unless the user says otherwise.
pub const DEFAULT_SERVER_RATE: u32 = 100;

/// DNS queries a second, in all and to each resolver, unless the user says otherwise: what a public resolver bears.
pub const DEFAULT_RATE: u32 = 1000;
