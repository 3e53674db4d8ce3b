//! What a scan does: validated values, nothing typed, nothing started; which of them identify it; and why a scan cannot begin or go on.

use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::dataset::{DatasetError, Options, RowColumns, RowForm, SHARD_ROWS, ScanCommand, refuse_unless_usable, tree};
use crate::input::{InputError, InputOptions, list_name};
use crate::networks::Databases;
use crate::observe::dns::{EncryptedResolver, RetryConfig, ValidationNames};
use crate::observe::fetch::{FetchConfig, PACE, sets_pace};
use crate::observe::scope::Scope;
use crate::observe::smtp::SmtpConfig;
use crate::observe::source::Source;
use crate::whole_file;

/// DNS queries per second to one name server when resolving from the root, unless the user says otherwise.
pub const DEFAULT_SERVER_RATE: u32 = 100;

/// DNS queries per second, in all and to each resolver, unless the user says otherwise: what a public resolver bears. It holds for a
/// resolver on this machine, too: a stub there passes every query on.
pub const DEFAULT_RATE: u32 = 1000;

/// A scan of more names than this has to say whose it is, or a warning says so.
pub const MAX_ANONYMOUS: u64 = 1000;

/// Rows by which the reader may be ahead of the oldest shard that waits to be complete: the bound of a scan's memory.
pub const WINDOW_ROWS: u64 = 100_000;

/// A whole scan.
///
/// Serialised, it is the options by name. Those that shape the result identify a scan: only one for which they are the same goes on with a
/// folder that another has begun. So whatever is added here is part of a scan's identity, unless it is marked by `sets_pace` or skipped.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScanPlan {
    /// Lists and which part of them.
    #[serde(flatten)]
    pub input: InputOptions,
    /// How the network is asked.
    #[serde(flatten)]
    pub network: NetworkPlan,
    /// What identifies a network that stands in for the Internet: an object, by the names of the options that choose it.
    #[serde(flatten)]
    pub stand_in: Option<Value>,
    /// The list where `input` names none; `stand_in` says what it is made from.
    #[serde(skip)]
    pub own_list: Option<OwnList>,
    /// Where the rows go.
    #[serde(skip)]
    pub output: Output,
    /// Whether to drop the unfinished scan that the folder holds.
    #[serde(skip)]
    pub restart: bool,
    /// The command that asked for this, kept in the folder so that damaged parts can be scanned again.
    #[serde(skip)]
    pub command: Option<ScanCommand>,
    /// Rows in a part of a dataset folder, at least 1. The manifest has them in a place of their own.
    #[serde(skip)]
    pub shard_rows: u64,
    /// Rows by which the reader may be ahead of the oldest shard that waits to be complete.
    #[serde(skip)]
    pub window_rows: u64,
    /// Worker threads, at least 1; `None` for one per core.
    #[serde(serialize_with = "sets_pace")]
    pub workers: Option<usize>,
    /// What the list is called, for the manifest; by default the file's name. The manifest has it in a place of its own, as the id.
    #[serde(skip)]
    pub list_name: Option<String>,
    /// Citable id of the list, for the manifest; by default what the name of its file says.
    #[serde(skip)]
    pub list_id: Option<String>,
    /// Where the scan runs, in words, for whoever reads the dataset.
    #[serde(serialize_with = "sets_pace")]
    pub vantage: Option<String>,
}

impl Default for ScanPlan {
    fn default() -> Self {
        Self {
            input: InputOptions::default(),
            network: NetworkPlan::default(),
            stand_in: None,
            own_list: None,
            output: Output::ArrowStream,
            restart: false,
            command: None,
            shard_rows: SHARD_ROWS,
            window_rows: WINDOW_ROWS,
            workers: None,
            list_name: None,
            list_id: None,
            vantage: None,
        }
    }
}

impl ScanPlan {
    /// What the list is called in the manifest.
    pub(super) fn list_name(&self) -> String {
        let of_sources = || match (&self.own_list, self.input.sources.as_slice()) {
            (Some(own), []) => own.name.clone(),
            (_, sources) => sources.iter().map(|source| list_name(source)).collect::<Vec<_>>().join(", "),
        };
        self.list_name.clone().unwrap_or_else(of_sources)
    }

    /// Whether the same command goes on with a scan that lies there unfinished.
    pub fn is_resumable(&self) -> bool {
        let resumable = match &self.output {
            Output::Folder(dir) => refuse_unless_usable(dir),
            Output::Tree(tree) => tree::refuse_unless_usable(&tree::folder_of(tree, &self.list_name())),
            Output::ArrowStream | Output::Text { .. } => Ok(false),
        };
        !self.restart && resumable.unwrap_or(false)
    }

    /// The options by name.
    ///
    /// # Errors
    /// If they have no form in JSON, which is a mistake of the program.
    pub(super) fn named_options(&self) -> Result<NamedOptions, ScanError> {
        let broken = |why: &dyn fmt::Display| ScanError::Machine(format!("the options cannot be written down: {why}; please report it"));
        let Value::Object(options) = serde_json::to_value(self).map_err(|error| broken(&error))? else {
            return Err(broken(&"they are no object"));
        };
        let mut named = NamedOptions::default();
        for (name, mut value) in options {
            match value.get_mut(PACE).map(Value::take) {
                Some(value) => named.pace.insert(name, value),
                None => named.configuration.insert(name, value),
            };
        }
        // Not what was typed but what is in force.
        let DnsRates { all, each } = self.network.dns_rates();
        named.pace.extend([("rate", all), ("resolver-rate", each)].map(|(name, rate)| (name.to_owned(), rate.into())));
        Ok(named)
    }
}

/// The options of a scan by name, for the manifest.
#[derive(Debug, Default)]
pub(super) struct NamedOptions {
    /// Those that shape the result.
    pub(super) configuration: Options,
    /// Those that set only the pace; they may change when a scan goes on.
    pub(super) pace: Options,
}

/// Where the rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A dataset folder.
    Folder(PathBuf),
    /// A tree of dataset folders, `list=NAME/date=YYYY-MM-DD`.
    Tree(PathBuf),
    /// One Arrow IPC stream on standard output.
    ArrowStream,
    /// Lines of text, to a file that is new or to standard output.
    Text {
        /// The file; `None` for standard output.
        file: Option<PathBuf>,
        /// JSON Lines or CSV.
        form: RowForm,
        /// Which columns.
        columns: RowColumns,
    },
}

/// Writes a list, one name per line.
type WriteList = dyn Fn(&mut dyn Write) -> io::Result<()> + Send + Sync;

/// A list that the caller makes, so that it need not lie anywhere: it is written where copies of lists are kept, and read like any other.
#[derive(Clone)]
pub struct OwnList {
    /// What it is called, a file name.
    pub name: String,
    /// Writes it, one name per line.
    pub write: Arc<WriteList>,
}

impl fmt::Debug for OwnList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnList").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How the network is asked; the same for `scan` and `check`. [`NetworkPlan::default`] is what the documentation promises.
///
/// Serialised, it is options by name, as part of [`ScanPlan`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NetworkPlan {
    /// Resolvers to ask; empty for the system's. Which they are decides nothing: their answers are checked.
    #[serde(skip)]
    pub resolvers: Vec<SocketAddr>,
    /// Resolvers to ask over TLS or HTTPS instead; empty for none.
    #[serde(serialize_with = "whether_any")]
    pub encrypted: Vec<EncryptedResolver>,
    /// Where to begin, to resolve from the root instead.
    #[serde(flatten, serialize_with = "iterative_options")]
    pub iterative: Option<IterativePlan>,
    /// Whether to do without checking the resolvers at the start.
    #[serde(serialize_with = "sets_pace")]
    pub trust_resolvers: bool,
    /// Pauses before targets whose lookups failed are tried again.
    #[serde(serialize_with = "each_in_seconds")]
    pub retry_rounds: Vec<Duration>,
    /// DNS queries per second in all, 0 for no limit; `None` for `DEFAULT_RATE`. What is in force is `dns_rates`.
    #[serde(serialize_with = "sets_pace")]
    pub rate: Option<u32>,
    /// DNS queries per second to each resolver; as `rate`.
    #[serde(serialize_with = "sets_pace")]
    pub resolver_rate: Option<u32>,
    /// How long to wait for a DNS answer, how many questions to send for one lookup at most, and how long to wait for a resolver when none
    /// answers; the last does not shape the result.
    #[serde(flatten, serialize_with = "dns_retry")]
    pub dns_retry: RetryConfig,
    /// Whether names are asked for in random case, which answers have to repeat.
    #[serde(rename = "0x20")]
    pub mix_case: bool,
    /// Domains in flight; chosen from the limit of file descriptors if `None`.
    #[serde(serialize_with = "sets_pace")]
    pub concurrency: Option<usize>,
    /// HTTPS fetches in flight; chosen from the limit of file descriptors if `None`.
    #[serde(serialize_with = "sets_pace")]
    pub fetch_concurrency: Option<usize>,
    /// How policies are fetched. Its concurrency is overridden by `fetch_concurrency`.
    #[serde(flatten)]
    pub fetch: FetchConfig,
    /// Whose MX hosts are asked over SMTP.
    pub smtp: Scope,
    /// Whose MX hosts are looked up for TLSA records; `None` for those of `dane_if_validated` where the resolver validates, else nobody's.
    /// The manifest has what is in force.
    pub dane: Option<Scope>,
    /// What `dane` is where it is not given and the resolver validates.
    #[serde(skip)]
    pub dane_if_validated: Scope,
    /// How mail servers are asked. Its concurrency, connect-timeout and allow-private are those of the fetches.
    #[serde(flatten)]
    pub mail: SmtpConfig,
    /// Whether the roots that this machine trusts take the place of the built-in ones.
    pub platform_roots: bool,
    /// From where on this machine packets leave.
    #[serde(skip)]
    pub source: Source,
    /// Further trusted roots, as PEM.
    #[serde(rename = "ca-file")]
    pub ca_files: Vec<Contents>,
    /// Whether to ask for records below names that do not exist, too.
    pub no_prune: bool,
    /// Whether to look for records at wrong names and for wildcards, too.
    pub look_around: bool,
    /// Opt-out list.
    pub exclude: Option<Contents>,
    /// Databases of whose network an address is of.
    #[serde(serialize_with = "hashes", skip_serializing_if = "has_none")]
    pub asn_db: Arc<Databases>,
    /// What takes the place of parts of the Internet.
    #[serde(skip)]
    pub overrides: Overrides,
}

impl Default for NetworkPlan {
    fn default() -> Self {
        Self {
            resolvers: Vec::new(),
            encrypted: Vec::new(),
            iterative: None,
            trust_resolvers: false,
            retry_rounds: vec![Duration::from_secs(5), Duration::from_secs(30)],
            rate: None,
            resolver_rate: None,
            dns_retry: RetryConfig::default(),
            mix_case: false,
            concurrency: None,
            fetch_concurrency: None,
            fetch: FetchConfig::default(),
            smtp: Scope::None,
            dane: None,
            dane_if_validated: Scope::Adopters,
            mail: SmtpConfig::default(),
            platform_roots: false,
            source: Source::default(),
            ca_files: Vec::new(),
            no_prune: false,
            look_around: false,
            exclude: None,
            asn_db: Arc::default(),
            overrides: Overrides::default(),
        }
    }
}

/// DNS queries per second, 0 for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DnsRates {
    /// In all.
    pub all: u32,
    /// To each resolver or, from the root, to each name server.
    pub each: u32,
}

impl NetworkPlan {
    /// The rates in force.
    pub fn dns_rates(&self) -> DnsRates {
        let each = if self.iterative.is_some() { DEFAULT_SERVER_RATE } else { self.rate.unwrap_or(DEFAULT_RATE) };
        DnsRates { all: self.rate.unwrap_or(DEFAULT_RATE), each: self.resolver_rate.unwrap_or(each) }
    }

    /// Whom DNS is asked of and how fast, as a sentence.
    pub(super) fn pace_in_words(&self, asked: &[String]) -> String {
        let DnsRates { all, each } = self.dns_rates();
        let (one, many) = if self.iterative.is_some() { ("name server", "root servers") } else { ("resolver", "resolvers") };
        let asked = match asked {
            [only] => only.clone(),
            several => format!("{} {many}", several.len()),
        };
        let pace = match (all, each) {
            (0, 0) => "without a limit on DNS queries".to_owned(),
            (0, each) => format!("at most {each} DNS queries per second to each {one}, in all without a limit"),
            (all, 0) => format!("at most {all} DNS queries per second in all"),
            (all, each) => format!("at most {all} DNS queries per second in all and {each} to each {one}"),
        };
        format!("asking {asked}, {pace} (--rate, --resolver-rate)")
    }
}

/// What takes the place of parts of the Internet: addresses and ports of a network of one's own, which are others whenever it starts and
/// so cannot identify a scan. Whoever starts that network says what does; see [`ScanPlan::stand_in`].
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Resolvers that are asked without a check, in place of any others.
    pub resolvers: Vec<SocketAddr>,
    /// Names by which it shows whether resolvers validate; by default those of the Internet, and none for resolvers that are asked without a
    /// check.
    pub validation_names: Option<ValidationNames>,
    /// Where resolving from the root begins.
    pub root: Option<SocketAddr>,
    /// Port of policy hosts.
    pub https_port: Option<u16>,
    /// Port for plain HTTP.
    pub http_port: Option<u16>,
    /// Port of mail servers.
    pub smtp_port: Option<u16>,
    /// Where a mail server is that DNS says is at an address of the public Internet: somewhere on loopback.
    pub mail_server: Option<fn(IpAddr) -> IpAddr>,
    /// Further trusted roots: what they are called, and as PEM.
    pub authority: Option<(&'static str, String)>,
    /// Further lines of the opt-out list.
    pub excluded: &'static str,
}

/// Where resolving from the root begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IterativePlan {
    /// Addresses of root servers.
    pub roots: Vec<IpAddr>,
    /// Port of all name servers.
    pub port: u16,
}

/// A file that shapes the result by what is in it, wherever it lies and whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    name: String,
    bytes: Vec<u8>,
}

impl Contents {
    /// Reads a file.
    ///
    /// # Errors
    /// What the system says, and that it is too large.
    pub fn read(path: &Path) -> io::Result<Self> {
        Ok(Self { name: path.display().to_string(), bytes: whole_file::read(path)? })
    }

    /// What messages call the file.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What is in it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// As the hash of what is in it.
impl Serialize for Contents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("sha256:{}", hex::encode(Sha256::digest(&self.bytes))))
    }
}

/// Databases by the hashes of their files, in their order.
fn hashes<S: Serializer>(databases: &Databases, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(databases.described().iter().map(|database| format!("sha256:{}", database.sha256)))
}

/// So that a scan without any is what it was before there were any.
fn has_none(databases: &Arc<Databases>) -> bool {
    databases.described().is_empty()
}

/// Encrypted resolvers decide how names are resolved; which of them are asked may change.
fn whether_any<S: Serializer>(resolvers: &[EncryptedResolver], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(!resolvers.is_empty())
}

fn dns_retry<S: Serializer>(retry: &RetryConfig, serializer: S) -> Result<S::Ok, S::Error> {
    let mut options = serializer.serialize_map(Some(2))?;
    options.serialize_entry("dns-timeout", &retry.timeout.as_secs_f64())?;
    options.serialize_entry("dns-tries", &retry.tries)?;
    options.end()
}

fn each_in_seconds<S: Serializer>(durations: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(durations.iter().map(Duration::as_secs_f64))
}

/// Whether names are resolved from the root, and the options that say where that begins.
fn iterative_options<S: Serializer>(plan: &Option<IterativePlan>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct IterativeOptions<'p> {
        iterative: bool,
        root_servers: Option<&'p [IpAddr]>,
        dns_port: Option<u16>,
    }
    let (root_servers, dns_port) = (plan.as_ref().map(|plan| plan.roots.as_slice()), plan.as_ref().map(|plan| plan.port));
    IterativeOptions { iterative: plan.is_some(), root_servers, dns_port }.serialize(serializer)
}

/// A failure that ends a scan. What was committed before stays.
#[derive(Debug, Error)]
pub enum ScanError {
    /// The list cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The dataset cannot be written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// No resolver can be relied on: which and why, and what to do.
    #[error("{0}")]
    Unanswered(String),
    /// An option cannot be used as given: one sentence that says which and what to do.
    #[error("{0}")]
    Setup(String),
    /// This network does not let us ask mail servers: why.
    #[error(
        "mail servers cannot be asked from here: {0}; scan from a network that lets their port through, or name mail servers of yours with --smtp-canary"
    )]
    Blocked(String),
    /// This machine cannot do what is needed (threads, sockets), or a thread of ours broke.
    #[error("{0}")]
    Machine(String),
    /// A stream went out as far as it got.
    #[error("{cause}; {rows} rows went out, and the output is not whole")]
    CutStream {
        /// What ended it.
        cause: Box<ScanError>,
        /// Rows that went out.
        rows: u64,
    },
    /// Standard output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[source] io::Error),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(change: impl FnOnce(&mut ScanPlan)) -> ScanPlan {
        let mut plan = ScanPlan::default();
        change(&mut plan);
        plan
    }

    /// What identifies a scan is named as the options are that users give.
    #[test]
    fn options_that_shape_the_result_identify_a_scan() {
        let plain = ScanPlan::default().named_options().unwrap().configuration;
        let names: Vec<&str> = plain.keys().map(String::as_str).collect();
        let expected = [
            "0x20",
            "allow-private",
            "ca-file",
            "column",
            "connect-timeout",
            "dane",
            "dns-port",
            "dns-timeout",
            "dns-tries",
            "encrypted",
            "exclude",
            "fetch-timeout",
            "http-port",
            "https-port",
            "iterative",
            "list",
            "look-around",
            "no-prune",
            "platform-roots",
            "registrable",
            "retry-rounds",
            "root-servers",
            "sample",
            "seed",
            "shard",
            "skip",
            "smtp",
            "smtp-all-addresses",
            "smtp-every-name",
            "smtp-greeting-timeout",
            "smtp-port",
            "top",
        ];
        assert_eq!(names, expected);
        assert_eq!((&plain["dns-timeout"], &plain["retry-rounds"], &plain["shard"]), (&json!(2.0), &json!([5.0, 30.0]), &json!("0/1")));
        let contents = |text: &str| Contents { name: "optout.txt".to_owned(), bytes: text.into() };
        for (change, option) in [
            (changed(|plan| plan.network.exclude = Some(contents("example.com"))), "exclude"),
            (changed(|plan| plan.network.fetch.total_timeout = Duration::from_secs(1)), "fetch-timeout"),
            (changed(|plan| plan.input.carry = vec!["owner".to_owned()]), "carry"),
            (changed(|plan| plan.stand_in = Some(json!({ "lab": "zoo" }))), "lab"),
        ] {
            let changed = change.named_options().unwrap().configuration;
            let differing: Vec<&String> = changed.keys().filter(|name| changed.get(*name) != plain.get(*name)).collect();
            assert_eq!(differing, [option]);
        }
    }

    #[test]
    fn what_only_sets_the_pace_does_not() {
        let change = |plan: &mut ScanPlan| {
            (plan.network.rate, plan.network.fetch.fetch_rate, plan.workers) = (Some(1), 1, Some(1));
            plan.network.resolvers = vec!["192.0.2.53:53".parse().unwrap()];
            plan.network.overrides.https_port = Some(8443);
        };
        let (plain, other) = (ScanPlan::default(), changed(change));
        let [plain, other] = [plain, other].map(|plan| plan.named_options().unwrap());
        assert_eq!(other.configuration, plain.configuration);
        let names: Vec<&str> = plain.pace.keys().map(String::as_str).collect();
        let expected = [
            "concurrency",
            "contact",
            "ehlo",
            "fetch-concurrency",
            "fetch-rate",
            "host-rate",
            "rate",
            "resolver-rate",
            "smtp-canary",
            "smtp-canary-dead",
            "smtp-host-rate",
            "smtp-rate",
            "trust-resolvers",
            "vantage",
            "workers",
        ];
        assert_eq!(names, expected);
        let differing: Vec<&String> = plain.pace.keys().filter(|name| other.pace[*name] != plain.pace[*name]).collect();
        assert_eq!(differing, ["fetch-rate", "rate", "resolver-rate", "workers"]);
    }

    #[test]
    fn a_resolver_on_loopback_is_no_reason_to_hurry() {
        let stub = changed(|plan| plan.network.resolvers = vec!["127.0.0.53:53".parse().unwrap()]);
        let pace = stub.named_options().unwrap().pace;
        assert_eq!((&pace["rate"], &pace["resolver-rate"]), (&json!(1000), &json!(1000)), "the manifest has what is in force");
        let rates = |change: fn(&mut NetworkPlan)| changed(|plan| change(&mut plan.network)).network.dns_rates();
        assert_eq!(rates(|plan| plan.rate = Some(50)), DnsRates { all: 50, each: 50 });
        assert_eq!(rates(|plan| plan.rate = Some(0)), DnsRates { all: 0, each: 0 });
        assert_eq!(rates(|plan| (plan.rate, plan.resolver_rate) = (Some(50), Some(5))), DnsRates { all: 50, each: 5 });
        let from_the_root = |plan: &mut NetworkPlan| plan.iterative = Some(IterativePlan { roots: Vec::new(), port: 53 });
        let plan = changed(|plan| from_the_root(&mut plan.network));
        assert_eq!(plan.network.dns_rates(), DnsRates { all: 1000, each: 100 });
    }

    #[test]
    fn the_pace_is_told_in_words() {
        let words = |rate, resolver_rate, asked: &[&str]| {
            let plan = NetworkPlan { rate, resolver_rate, ..NetworkPlan::default() };
            plan.pace_in_words(&asked.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
        };
        let stub = "127.0.0.53:53";
        assert!(
            words(None, None, &[stub]).starts_with("asking 127.0.0.53:53, at most 1000 DNS queries per second in all and 1000 to each")
        );
        assert!(words(Some(0), None, &[stub, stub]).starts_with("asking 2 resolvers, without a limit on DNS queries"));
        assert!(words(Some(0), Some(5), &[stub]).contains("at most 5 DNS queries per second to each resolver, in all without a limit"));
        assert!(words(Some(7), Some(0), &[stub]).contains("at most 7 DNS queries per second in all ("));
    }
}
