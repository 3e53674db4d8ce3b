//! The manifest: what was scanned, how, and which parts exist.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, Range};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::input::{Accounting, KnownList};
use crate::networks::NetworkDatabase;
use crate::observe::dns::DnsActivity;

use super::counts::Counts;
use super::error::DatasetError;
use super::schema::SCHEMA_VERSION;
use crate::observe::sharing::SharedActivity;
use crate::observe::smtp::SmtpActivity;

/// Options by their name, as `top` or `dns-timeout`.
pub type Options = BTreeMap<String, Value>;

/// A moment (RFC 3339, UTC, whole seconds).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Timestamp(#[schemars(extend("format" = "date-time"))] String);

impl Timestamp {
    /// The present moment.
    pub(crate) fn now() -> Self {
        Self::of(OffsetDateTime::now_utc())
    }

    /// A moment in UTC.
    pub(crate) fn of(now: OffsetDateTime) -> Self {
        let ((year, month, day), (hour, minute, second)) = (now.to_calendar_date(), now.to_hms());
        // By hand, because the library's formatting may fail, and a missing time could not be distinguished from an unknown one.
        Self(format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", u8::from(month)))
    }
}

impl Deref for Timestamp {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a scan is, before it has begun. Two scans with the same `identity` may share a folder, one resuming the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunDescription {
    /// Name of the run, unique enough to be cited; kept when it is resumed.
    pub run_id: String,
    /// The program, as last used.
    pub tool: Tool,
    /// Version of the catalogue of findings.
    pub catalogue_version: String,
    /// Options that shape the result, by name. The run is resumed only if they are the same.
    pub configuration: Options,
    /// Options that shape only the pace (rates, concurrency), as last used. They may change when the run is resumed.
    pub pace: Options,
    /// Targets in a part.
    pub shard_rows: u64,
    /// The list that was scanned.
    pub list: List,
    /// Version of the public suffix list.
    pub public_suffix_list: String,
    /// Version of the trusted roots.
    pub root_store: String,
    /// Resolvers asked, as last used, as address and port.
    pub resolvers: Vec<String>,
    /// Whether all resolvers, as last used, were trusted to validate DNSSEC: their word came over loopback or encrypted, and they told a
    /// signed, an unsigned and a bogus name apart. Null where nothing is judged by it, and where an older version wrote it.
    #[serde(default)]
    pub resolver_validates: Option<bool>,
    /// Databases by which column `policy_hosts` says whose networks addresses are of; empty without `--asn-db`.
    #[serde(default)]
    pub asn_db: Vec<NetworkDatabase>,
    /// User-Agent of the policy fetches.
    pub user_agent: String,
}

/// The command that joins the shards of a list.
const MERGE: &str = "merge";

/// The option by which the configuration says that the built-in lab stood in for the Internet, and which world of it.
pub const LAB: &str = "lab";

/// What has to be said of everything that is seen in a world of the built-in lab.
pub fn invented(world: &str) -> String {
    format!("all results are invented: of the built-in lab (world {world}), not of the Internet, whatever the names are")
}

impl RunDescription {
    /// That the results are invented, if the scan was one of the built-in lab.
    pub fn invented(&self) -> Option<String> {
        self.lab().map(invented)
    }

    /// The world of the built-in lab that was scanned, if it was one.
    pub fn lab(&self) -> Option<&str> {
        self.configuration.get(LAB).map(|world| world.as_str().unwrap_or("unknown"))
    }
}

/// The program that scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Version of stscan.
    pub version: String,
    /// Git revision of the build, if it is known.
    pub git_revision: Option<String>,
    /// Hash of the sources that read and judge: builds that have the same give the same rows. Null where an older version wrote it.
    #[serde(default)]
    pub rules: Option<String>,
}

/// The list that was scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct List {
    /// What it is called.
    pub name: String,
    /// Its citable id, as of Tranco.
    pub id: Option<String>,
    /// SHA-256 of its bytes, lower-case hex; of several files, each, with spaces between; null where they were not all read.
    pub sha256: Option<String>,
    /// Lines; null where they are not counted yet.
    pub lines: Option<u64>,
    /// Its day (`2026-11-23`) or month (`2026-11`), where the name of its file says it.
    #[serde(default)]
    pub date: Option<String>,
    /// Which of the well-known lists it is: tranco, umbrella, crux, majestic, cloudflare-radar; null where nothing says it.
    #[serde(default, deserialize_with = "known_list")]
    pub known: Option<KnownList>,
}

/// A word that this version does not know says nothing.
fn known_list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<KnownList>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|word| KnownList::from_word(&word)))
}

/// The run of a dataset of stscan. A part that it does not list does not exist.
// Fields that this version does not know are ignored when it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Manifest {
    /// Version of the layout and of the columns.
    pub schema_version: u32,
    /// What was to be done.
    #[serde(flatten)]
    pub run: RunDescription,
    /// SHA-256 of everything that must be the same for the run to be resumed, lower-case hex.
    pub fingerprint: String,
    /// Start of the run (RFC 3339, UTC).
    pub started_at: Timestamp,
    /// When the run was resumed (RFC 3339, UTC).
    pub resumed_at: Vec<Timestamp>,
    /// End of the run (RFC 3339, UTC); null while it is unfinished.
    pub finished_at: Option<Timestamp>,
    /// What became of every line of the input: `lines` is the sum of the others; null while the run is unfinished.
    pub accounting: Option<Accounting>,
    /// Rows by state, over all parts.
    pub counts: Counts,
    /// What was sent, over all sessions of the run.
    pub activity: Activity,
    /// Rates reached, over all sessions of the run.
    pub rates: Rates,
    /// The parts, by shard.
    pub parts: Vec<Part>,
    /// The dataset from which this one was made without sending a packet; null where a scan wrote it or shards were merged. Times, accounting and what was sent
    /// are those of the scan.
    #[serde(default)]
    pub made_from: Option<Origin>,
    /// The shards of the list that `merge` joined into this dataset, in their order; empty where nothing was merged.
    #[serde(default)]
    pub merged_from: Vec<MergedShard>,
    /// The file `rejected.csv`; null while the run is unfinished, and where there is none.
    #[serde(default)]
    pub rejected: Option<Attachment>,
    /// The file `duplicates.csv`: lines whose name an earlier line has; null while the run is unfinished, and where there is none.
    #[serde(default)]
    pub duplicates: Option<Attachment>,
    /// SHA-256 of this file with 64 zeros in place of this value, lower-case hex: who edits the file leaves a trace.
    #[serde(default, skip_deserializing)]
    pub seal: Seal,
}

/// A file of the dataset that is no part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Attachment {
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

/// The place of the manifest's own hash, which is filled in when it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Seal;

impl Seal {
    /// What stands in its place while the hash is taken.
    pub(super) const PLACE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
}

impl Serialize for Seal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Self::PLACE)
    }
}

/// The dataset from which another was made without sending a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Origin {
    /// The command: `reclassify` or `export`.
    pub made_by: String,
    /// When (RFC 3339, UTC).
    pub made_at: Timestamp,
    /// Options of the command that shape the result.
    pub options: Options,
    /// Name of the run.
    pub run_id: String,
    /// The program that wrote it.
    pub tool: Tool,
    /// Version of the catalogue of findings by which it was judged.
    pub catalogue_version: String,
    /// Version of the public suffix list by which it was judged.
    pub public_suffix_list: String,
    /// What it was itself made from.
    #[serde(default)]
    pub made_from: Option<Box<Self>>,
}

/// A dataset of one shard of a list, as it was merged with the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct MergedShard {
    /// Which shard, as `--shard` names it.
    pub shard: String,
    /// Name of its run.
    pub run_id: String,
    /// SHA-256 of its manifest, lower-case hex.
    pub manifest_sha256: String,
    /// Start of its run (RFC 3339, UTC).
    pub started_at: Timestamp,
    /// End of its run (RFC 3339, UTC).
    pub finished_at: Timestamp,
    /// Ordinals that its rows have now, as first and one past the last.
    pub ordinals: [u64; 2],
    /// The dataset from which it was itself made.
    pub made_from: Option<Origin>,
}

/// A file of table `domains`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Part {
    /// Path from the dataset's folder, with `/`.
    pub file: String,
    /// The number of the part: ordinals from `shard * shard_rows` on (nothing to do with `--shard`). Where shards of a list were merged, parts have any length.
    pub shard: u64,
    /// The ordinals of its rows, as first and one past the last of every run. One run, unless a scan was stopped in the midst of the shard.
    pub ordinals: Vec<[u64; 2]>,
    /// Rows.
    pub rows: u64,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Its rows by state.
    pub counts: Counts,
    /// The program that judged its rows; null where an older version wrote it.
    #[serde(default)]
    pub tool: Option<Tool>,
    /// Version of the catalogue of findings by which they were judged; null where an older version wrote it.
    #[serde(default)]
    pub catalogue_version: Option<String>,
    /// Where in the file the Bloom filters of the column `domain` lie, one per row group, as offset and length in bytes; empty where an older
    /// version wrote it.
    #[serde(default)]
    pub domain_filters: Vec<[u64; 2]>,
}

/// What the run has sent and how long it took, summed over its sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Activity {
    /// Time spent scanning, in seconds.
    #[schemars(range(min = 0))]
    pub seconds: f64,
    /// DNS queries sent, repetitions included.
    pub dns_queries: u64,
    /// DNS queries that repeat one that got no usable answer.
    pub dns_retries: u64,
    /// HTTPS exchanges begun.
    pub fetches: u64,
    /// Times that a target was tried again before its shard closed.
    pub retried_targets: u64,
    /// What became of the DNS queries.
    #[serde(default)]
    pub dns: DnsActivity,
    /// Questions that many domains have in common.
    #[serde(default)]
    pub shared: SharedActivity,
    /// Conversations with mail servers.
    #[serde(default)]
    pub smtp: SmtpActivity,
}

/// Rates reached, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Rates {
    /// Rows.
    #[schemars(range(min = 0))]
    pub domains: f64,
    /// DNS queries.
    #[schemars(range(min = 0))]
    pub dns_queries: f64,
    /// HTTPS exchanges.
    #[schemars(range(min = 0))]
    pub fetches: f64,
    /// Connections to mail servers.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub smtp_connections: f64,
}

impl Tool {
    /// The program that runs.
    pub fn of_this_build() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git_revision: option_env!("STSCAN_REVISION").map(str::to_owned),
            rules: Some(env!("STSCAN_RULES").to_owned()),
        }
    }
}

impl RunDescription {
    /// A new name of a run: time and chance, as `20261123T004900Z-1f2e3d4c`.
    pub fn new_id() -> String {
        format!("{}-{:08x}", Timestamp::now().replace(['-', ':'], ""), rand::random::<u32>())
    }

    /// Everything that must be the same for a scan to be resumed, by its name.
    pub(super) fn identity(&self) -> Options {
        let options = self.configuration.iter().map(|(option, value)| (format!("--{option}"), value.clone()));
        let versions = [
            ("schema version", SCHEMA_VERSION.into()),
            ("rules", self.tool.rules.as_deref().into()),
            ("catalogue version", self.catalogue_version.as_str().into()),
            ("public suffix list", self.public_suffix_list.as_str().into()),
            ("root store", self.root_store.as_str().into()),
            ("list", self.list.name.as_str().into()),
            ("list id", self.list.id.as_deref().into()),
            ("list SHA-256", self.list.sha256.as_deref().into()),
        ];
        options.chain(versions.map(|(name, value)| (name.to_owned(), value))).collect()
    }

    /// By what its rows are judged, for a person.
    pub(super) fn judged_by(&self) -> String {
        let Tool { version, git_revision, rules } = &self.tool;
        let part = |name: &str, value: &Option<String>| value.as_ref().map_or(String::new(), |value| format!(", {name} {value}"));
        format!("stscan {version}{}{}, catalogue {}", part("revision", git_revision), part("rules", rules), self.catalogue_version)
    }

    /// SHA-256 of the identity, lower-case hex.
    pub fn fingerprint(&self) -> String {
        let text = self.identity().iter().map(|(name, value)| format!("{name}={value}\n")).collect::<String>();
        hex::encode(Sha256::digest(text))
    }
}

impl Manifest {
    /// The manifest of a run that begins now.
    pub(super) fn begun(run: &RunDescription) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            fingerprint: run.fingerprint(),
            run: run.clone(),
            started_at: Timestamp::now(),
            resumed_at: Vec::new(),
            finished_at: None,
            accounting: None,
            counts: Counts::default(),
            activity: Activity::default(),
            rates: Rates::default(),
            parts: Vec::new(),
            made_from: None,
            merged_from: Vec::new(),
            rejected: None,
            duplicates: None,
            seal: Seal,
        }
    }

    /// The manifest of a dataset that is made from this one now: of the same run, not finished, without parts.
    pub(super) fn derived(&self, made_by: &str, options: Options) -> Self {
        let origin = Origin {
            made_by: made_by.to_owned(),
            made_at: Timestamp::now(),
            options,
            run_id: self.run.run_id.clone(),
            tool: self.run.tool.clone(),
            catalogue_version: self.run.catalogue_version.clone(),
            public_suffix_list: self.run.public_suffix_list.clone(),
            made_from: self.made_from.clone().map(Box::new),
        };
        Self { finished_at: None, parts: Vec::new(), counts: Counts::default(), made_from: Some(origin), rejected: None, ..self.clone() }
    }

    /// The command that made the dataset from others without sending a packet; `None` where a scan wrote it.
    pub(super) fn made_by(&self) -> Option<&str> {
        let merged = || (!self.merged_from.is_empty()).then_some(MERGE);
        self.made_from.as_ref().map(|origin| origin.made_by.as_str()).or_else(merged)
    }

    /// The ordinals that rows of a part may have: those of its shard, or of the shard of the list that it was merged from. `None` where
    /// there can be no such part.
    pub(super) fn ordinals_for(&self, part: &Part) -> Option<Range<u64>> {
        if self.merged_from.is_empty() {
            return Some(part.shard.checked_mul(self.run.shard_rows)?..part.shard.checked_add(1)?.checked_mul(self.run.shard_rows)?);
        }
        let Some([first, _]) = part.ordinals.first() else { return Some(0..0) };
        let of = self.merged_from.iter().map(|shard| shard.ordinals).find(|[start, end]| start <= first && first < end);
        of.map(|[start, end]| start..end)
    }

    /// The manifest of an unfinished run that goes on now, perhaps at another pace.
    pub(super) fn resumed(mut self, run: &RunDescription) -> Self {
        self.run.tool = run.tool.clone();
        self.run.pace = run.pace.clone();
        self.run.resolvers = run.resolvers.clone();
        self.run.resolver_validates = run.resolver_validates;
        self.run.user_agent = run.user_agent.clone();
        self.resumed_at.push(Timestamp::now());
        self
    }

    /// Whether rows with these ordinals may become a part of the shard.
    pub(super) fn has_room(&self, shard: u64, ordinals: &[[u64; 2]]) -> Result<(), DatasetError> {
        let there = self.parts.iter().filter(|part| part.shard == shard).flat_map(|part| &part.ordinals);
        for [start, end] in ordinals {
            if start / self.run.shard_rows != shard || end.saturating_sub(1) / self.run.shard_rows != shard {
                return Err(DatasetError::Inconsistent(format!("ordinals {start} to {} are not all of shard {shard}", end - 1)));
            }
            if there.clone().any(|[from, to]| start < to && from < end) {
                return Err(DatasetError::Inconsistent(format!("rows of shard {shard} from ordinal {start} on are there already")));
            }
        }
        Ok(())
    }

    /// Adds a part behind the earlier ones of its shard.
    pub(super) fn list(&mut self, part: Part, activity: Activity) {
        self.counts.add(&part.counts);
        let position = self.parts.partition_point(|listed| listed.shard <= part.shard);
        self.parts.insert(position, part);
        self.set_activity(activity);
    }

    pub(super) fn set_activity(&mut self, activity: Activity) {
        self.activity = activity;
        let rate = |number: u64| if activity.seconds > 0.0 { number as f64 / activity.seconds } else { 0.0 };
        let Activity { dns_queries, fetches, smtp, .. } = activity;
        self.rates = Rates {
            domains: rate(self.counts.rows),
            dns_queries: rate(dns_queries),
            fetches: rate(fetches),
            smtp_connections: rate(smtp.connections),
        };
    }

    pub(super) fn end(&mut self, accounting: Accounting, list: List, rejected: Option<Attachment>) {
        self.accounting = Some(accounting);
        self.rejected = rejected;
        self.run.list = list;
        self.finished_at = Some(Timestamp::now());
    }
}

impl Activity {
    /// The sum of this and another session.
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            seconds: self.seconds + other.seconds,
            dns_queries: self.dns_queries.saturating_add(other.dns_queries),
            dns_retries: self.dns_retries.saturating_add(other.dns_retries),
            fetches: self.fetches.saturating_add(other.fetches),
            retried_targets: self.retried_targets.saturating_add(other.retried_targets),
            dns: self.dns.plus(&other.dns),
            shared: self.shared.plus(&other.shared),
            smtp: self.smtp.plus(&other.smtp),
        }
    }
}

/// Checks that every line is accounted for, and that the rows are those that were stored.
pub fn check_accounting(accounting: &Accounting, stored: u64) -> Result<(), DatasetError> {
    let Accounting { lines, rows, .. } = *accounting;
    let accounted = accounting.accounted();
    if accounted != lines {
        return Err(DatasetError::Inconsistent(format!("of {lines} lines of the input {accounted} are accounted for ({accounting:?})")));
    }
    if rows != stored {
        return Err(DatasetError::Inconsistent(format!("the input gave {rows} targets and {stored} rows were stored")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::samples;

    #[test]
    fn a_manifest_survives_json_and_tolerates_what_it_does_not_know() {
        let mut manifest = Manifest::begun(&samples::run());
        manifest.set_activity(Activity { seconds: 4.0, dns_queries: 10, ..Activity::default() });
        let mut json = serde_json::to_value(&manifest).unwrap();
        assert_eq!(json["rates"]["dns_queries"], 2.5);
        json["invented_later"] = 1.into();
        json["list"]["invented_later"] = 1.into();
        assert_eq!(serde_json::from_value::<Manifest>(json).unwrap(), manifest);
    }

    #[test]
    fn figures_are_read_as_they_were_written() {
        // Which figure a reader that rounds gets wrong is chance: many of them.
        for queries in 1..5_000 {
            let mut manifest = Manifest::begun(&samples::run());
            manifest.set_activity(Activity { seconds: 31.337, dns_queries: queries, ..Activity::default() });
            let rates = serde_json::to_string(&manifest.rates).unwrap();
            assert_eq!(serde_json::from_str::<Rates>(&rates).unwrap(), manifest.rates, "{rates}");
        }
    }

    #[test]
    fn the_pace_is_no_part_of_the_identity() {
        let (run, mut other) = (samples::run(), samples::run());
        other.pace.clear();
        other.run_id = "another".to_owned();
        other.resolvers.clear();
        assert_eq!(run.fingerprint(), other.fingerprint());
        other.root_store = "roots 2".to_owned();
        assert_ne!(run.fingerprint(), other.fingerprint());
        assert_eq!(Manifest::begun(&run).run.identity(), run.identity());
    }
}
