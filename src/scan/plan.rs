//! What a scan shall do: validated values, nothing typed, nothing started.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use crate::input::InputOptions;
use crate::lab::LabConfig;

/// A whole scan.
#[derive(Clone, Debug)]
pub struct ScanPlan {
    /// Lists and which part of them; ignored where the lab brings its own list.
    pub input: InputOptions,
    /// How the network is asked.
    pub network: NetworkPlan,
    /// Where the rows go.
    pub output: Output,
    /// Name and citable id of the list, for the manifest.
    pub list_name: Option<String>,
    /// Citable id of the list, for the manifest.
    pub list_id: Option<String>,
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
    /// Whether to do without asking each resolver once at the start.
    pub trust_resolvers: bool,
    /// Pauses before targets whose lookups failed are tried again.
    pub retry_rounds: Vec<Duration>,
    /// DNS queries a second in all; `None` for no limit.
    pub rate: Limit,
    /// DNS queries a second to each resolver.
    pub resolver_rate: Limit,
    /// HTTPS fetches a second in all.
    pub fetch_rate: Limit,
    /// HTTPS fetches a second to each policy-host address.
    pub host_rate: Limit,
    /// Domains in flight; chosen from the limit of file descriptors if `None`.
    pub concurrency: Option<NonZeroU32>,
    /// HTTPS fetches in flight; chosen from the limit of file descriptors if `None`.
    pub fetch_concurrency: Option<NonZeroU32>,
    /// How long to wait for a DNS answer.
    pub dns_timeout: Duration,
    /// Questions sent for one lookup at most.
    pub dns_tries: NonZeroU32,
    /// How long to wait for a TCP connection.
    pub connect_timeout: Duration,
    /// How long a whole fetch may take.
    pub fetch_timeout: Duration,
    /// Port of policy hosts; overridden by a lab's.
    pub https_port: u16,
    /// PEM files with further trusted roots.
    pub ca_files: Vec<PathBuf>,
    /// Whether special-use addresses may be connected to.
    pub allow_private: bool,
    /// How operators reach whoever runs the scan.
    pub contact: Option<String>,
    /// Opt-out list.
    pub exclude: Option<PathBuf>,
    /// The built-in Internet to scan instead of the real one.
    pub lab: Option<LabConfig>,
}

/// A rate limit as the user gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Not given: the default of the case.
    Default,
    /// No limit.
    Unlimited,
    /// So many a second.
    PerSecond(NonZeroU32),
}

impl Limit {
    /// The limit of an option, where 0 means none.
    pub fn from_option(option: Option<u32>) -> Self {
        option.map_or(Self::Default, |per_second| NonZeroU32::new(per_second).map_or(Self::Unlimited, Self::PerSecond))
    }

    /// The number a second, with `default` where none was given; `None` for no limit.
    pub fn or(self, default: Option<NonZeroU32>) -> Option<NonZeroU32> {
        match self {
            Self::Default => default,
            Self::Unlimited => None,
            Self::PerSecond(rate) => Some(rate),
        }
    }
}
