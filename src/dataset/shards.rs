//! The shards of one list as one: whether these datasets are all of them, each once, of the same list, options and versions, and the manifest
//! that they have together.

use std::cmp::min;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::counts::Counts;
use super::error::DatasetError;
use super::folder;
use super::hashing::Digested;
use super::layout::Layout;
use super::manifest::{Activity, Manifest, MergedShard, Options, RunDescription, Timestamp, Tool};
use super::read::Reader;
use super::resume::{differences, some};
use super::whole;
use crate::input::{Accounting, Shard};

/// The option that says which shard of the list a dataset has.
const SHARD: &str = "shard";
/// The option that says where the list was.
const LIST: &str = "list";
/// Missing shards that a refusal names; the rest is counted.
const NAMED_SHARDS: usize = 10;

/// A dataset of one shard.
pub(super) struct Member {
    pub(super) reader: Reader,
    pub(super) shard: Shard,
    accounting: Accounting,
    /// How much the ordinals of its rows grow.
    pub(super) offset: u64,
}

/// All shards of a list.
pub(super) struct Shards {
    /// In the order of their numbers.
    pub(super) members: Vec<Member>,
    /// The manifest of the whole, as it is before the first part is written.
    pub(super) manifest: Manifest,
    /// What became of every line of the list.
    pub(super) accounting: Accounting,
    /// When the last shard was finished.
    pub(super) finished_at: Timestamp,
}

impl Member {
    fn open(dir: &Path) -> Result<Self, DatasetError> {
        let reader = Reader::open(dir)?;
        let of_manifest = |why: &str| DatasetError::damaged(&folder::manifest_path(dir), why);
        if reader.is_edited() {
            return Err(of_manifest(whole::EDITED));
        }
        reader.require_finished()?;
        let accounting = reader.manifest().accounting.ok_or_else(|| of_manifest("it says nothing of the lines of the list"))?;
        let shard = reader.manifest().run.configuration.get(SHARD).and_then(Value::as_str).and_then(|shard| shard.parse().ok());
        let shard = shard.ok_or_else(|| of_manifest("it does not say which shard of the list this is"))?;
        Ok(Self { reader, shard, accounting, offset: 0 })
    }

    fn dir(&self) -> &Path {
        self.reader.dir()
    }

    fn manifest(&self) -> &Manifest {
        self.reader.manifest()
    }

    fn refused(&self, why: String) -> DatasetError {
        DatasetError::refused(self.dir(), why)
    }
}

impl Shards {
    /// Opens all shards of a list, in whatever order they are given.
    ///
    /// # Errors
    /// A refusal that names the folder if one is no finished shard, is there twice, missing, or of another list, cut, configuration or version.
    pub(super) fn open(dirs: &[PathBuf]) -> Result<Self, DatasetError> {
        let mut members = dirs.iter().map(|dir| Member::open(dir)).collect::<Result<Vec<_>, _>>()?;
        members.sort_by(|one, other| (one.shard.index, one.dir()).cmp(&(other.shard.index, other.dir())));
        let first = members.first().ok_or_else(|| DatasetError::refused(Path::new("."), "no shard was named"))?;
        for (one, next) in members.iter().zip(members.iter().skip(1)) {
            alike(first, next)?;
            if one.shard.index == next.shard.index {
                let why = format!("holds shard {}, and so does {}; name each shard once", next.shard, one.dir().display());
                return Err(next.refused(why));
            }
        }
        all_there(first, &members)?;
        let accounting = whole_account(first, &members)?;
        let mut offset = 0;
        for member in &mut members {
            member.offset = offset;
            offset += member.accounting.rows;
        }
        let merged_from = members.iter().map(of_shard).collect::<Result<Vec<_>, _>>()?;
        let finished_at = merged_from.iter().map(|shard| &shard.finished_at).max().cloned();
        let manifest = joined(&members, merged_from)?;
        let finished_at = finished_at.unwrap_or_else(|| manifest.started_at.clone());
        Ok(Self { manifest, accounting, finished_at, members })
    }
}

/// Refuses a shard that is not of the same whole as another one.
fn alike(first: &Member, member: &Member) -> Result<(), DatasetError> {
    let reference = first.dir().display();
    if member.shard.count != first.shard.count {
        let why =
            format!("holds shard {}, and {reference} holds shard {}; only shards of one cut can be merged", member.shard, first.shard);
        return Err(member.refused(why));
    }
    let (there, here) = (&first.manifest().run, &member.manifest().run);
    let mut differing = differences(&without_place(there), &without_place(here), ("there", "here"));
    if there.tool.version != here.tool.version {
        differing.push(format!("version of stscan: there {}, here {}", there.tool.version, here.tool.version));
    }
    if !differing.is_empty() {
        let why = format!("was not scanned as {reference} was ({}); scan all shards of a list with the same options", some(&differing));
        return Err(member.refused(why));
    }
    let made = |member: &Member| member.manifest().made_from.as_ref().map(|origin| (origin.made_by.clone(), origin.options.clone()));
    if made(first) != made(member) {
        let why = format!("was not made as {reference} was (by scan, reclassify or export); make all shards in the same way");
        return Err(member.refused(why));
    }
    let (there, here) = (first.accounting, member.accounting);
    let counted = |accounting: &Accounting| {
        let Accounting { lines, rejected, duplicates, excluded, blank, .. } = *accounting;
        [("lines", lines), ("rejected", rejected), ("duplicates", duplicates), ("excluded", excluded), ("blank", blank)]
    };
    let differing = counted(&there).into_iter().zip(counted(&here)).filter(|(there, here)| there != here);
    let differing: Vec<String> = differing.map(|((what, there), (_, here))| format!("{what}: there {there}, here {here}")).collect();
    // Rejected lines are told with the list's place.
    let place = |member: &Member| member.manifest().run.configuration.get(LIST).cloned();
    let same_lines = place(first) != place(member) || first.manifest().rejected == member.manifest().rejected;
    if !differing.is_empty() || !same_lines {
        let said = if differing.is_empty() { "other lines were rejected".to_owned() } else { some(&differing) };
        return Err(member.refused(format!("did not read the same list as {reference} ({said}); scan all shards from the same list")));
    }
    Ok(())
}

/// The run without what may differ between shards: which of them it is and, where the list's hash is known, where the list was.
fn without_place(run: &RunDescription) -> RunDescription {
    let mut run = run.clone();
    run.configuration.remove(SHARD);
    if run.list.sha256.is_some() {
        run.configuration.remove(LIST);
    }
    run
}

/// Refuses what leaves a gap.
fn all_there(first: &Member, members: &[Member]) -> Result<(), DatasetError> {
    let count = first.shard.count;
    let there: BTreeSet<u64> = members.iter().map(|member| member.shard.index).collect();
    let gaps = count.saturating_sub(there.len() as u64);
    if gaps == 0 {
        return Ok(());
    }
    let missing = (0..count).filter(|index| !there.contains(index)).take(NAMED_SHARDS);
    let named: Vec<String> = missing.map(|index| Shard { index, count }.to_string()).collect();
    let more = match gaps.saturating_sub(named.len() as u64) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let why = format!("holds shard {}, and of {count} shards these are missing: {}{more}; name all of them", first.shard, named.join(", "));
    Err(first.refused(why))
}

/// What became of every line of the whole list. What was counted before the list was cut counts once; `not_selected` is what no shard has.
fn whole_account(first: &Member, members: &[Member]) -> Result<Accounting, DatasetError> {
    let refuse = |why: String| Err(first.refused(why));
    let rows = members.iter().map(|member| member.accounting.rows).fold(0, u64::saturating_add);
    let Accounting { lines, rejected, duplicates, excluded, blank, .. } = first.accounting;
    // Names, each once: every shard has or leaves out each of them.
    let names = lines - [rejected, duplicates, excluded, blank].into_iter().fold(0, u64::saturating_add).min(lines);
    let option = |name: &str| first.manifest().run.configuration.get(name).and_then(Value::as_u64);
    let candidates = min(names.saturating_sub(option("skip").unwrap_or(0)), option("top").unwrap_or(u64::MAX));
    let wanted = min(candidates, option("sample").unwrap_or(u64::MAX));
    if rows != wanted {
        let how = if rows > wanted { "names are in more than one of them" } else { "names are in none of them" };
        return refuse(format!(
            "the shards have {rows} rows, and the list has {wanted} names to be scanned: {how}; scan all shards from the same list"
        ));
    }
    let accounting = Accounting { rows, not_selected: names - rows, ..first.accounting };
    if accounting.accounted() != lines {
        return refuse(format!("of {lines} lines of the list {} are accounted for by all shards", accounting.accounted()));
    }
    Ok(accounting)
}

/// What the manifest of the whole says of a shard.
fn of_shard(member: &Member) -> Result<MergedShard, DatasetError> {
    let (manifest, path) = (member.manifest(), folder::manifest_path(member.dir()));
    let rejected = member
        .manifest()
        .rejected
        .as_ref()
        .and_then(|wanted| whole::attachment(member.dir(), Layout::of(member.dir()).rejected(), wanted).err());
    if let Some(problem) = rejected {
        return Err(problem.into_error(member.dir()));
    }
    Ok(MergedShard {
        shard: member.shard.to_string(),
        run_id: manifest.run.run_id.clone(),
        manifest_sha256: Digested::of(&path).map_err(DatasetError::io("read", &path))?.sha256,
        started_at: manifest.started_at.clone(),
        finished_at: manifest.finished_at.clone().unwrap_or_else(|| manifest.started_at.clone()),
        ordinals: [member.offset, member.offset + member.accounting.rows],
        made_from: manifest.made_from.clone(),
    })
}

/// The manifest of the whole, unfinished and without parts. It follows from the shards alone: the same shards give the same bytes.
fn joined(members: &[Member], merged_from: Vec<MergedShard>) -> Result<Manifest, DatasetError> {
    let manifests: Vec<&Manifest> = members.iter().map(Member::manifest).collect();
    let first = *manifests.first().ok_or_else(|| DatasetError::Inconsistent("a list of no shards".to_owned()))?;
    let started_at = manifests.iter().map(|manifest| &manifest.started_at).fold(&first.started_at, min).clone();
    let mut resumed_at: Vec<Timestamp> = manifests.iter().flat_map(|manifest| manifest.resumed_at.iter().cloned()).collect();
    resumed_at.sort();
    let hash = merged_from.iter().fold(Sha256::new(), |hash, shard| hash.chain_update(&shard.manifest_sha256)).finalize();
    let runs: Vec<&RunDescription> = manifests.iter().map(|manifest| &manifest.run).collect();
    let mut run = RunDescription {
        run_id: format!("{}-{}", started_at.replace(['-', ':'], ""), hex::encode(hash).get(..8).unwrap_or_default()),
        tool: Tool { git_revision: common(runs.iter().map(|run| run.tool.git_revision.clone())).flatten(), ..first.run.tool.clone() },
        pace: joined_pace(&runs),
        resolvers: distinct(runs.iter().flat_map(|run| run.resolvers.iter().cloned())),
        resolver_validates: all_validate(&runs),
        user_agent: distinct(runs.iter().map(|run| run.user_agent.clone())).join("; "),
        ..first.run.clone()
    };
    run.configuration.insert(SHARD.to_owned(), Shard::default().to_string().into());
    let mut manifest = Manifest {
        fingerprint: run.fingerprint(),
        run,
        started_at,
        resumed_at,
        finished_at: None,
        accounting: None,
        counts: Counts::default(),
        parts: Vec::new(),
        made_from: None,
        merged_from,
        rejected: None,
        duplicates: None,
        ..first.clone()
    };
    manifest.set_activity(manifests.iter().fold(Activity::default(), |sum, manifest| sum.plus(&manifest.activity)));
    Ok(manifest)
}

/// The value that all have.
fn common<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// Each value once, in the order of the shards.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut known, value| {
        if !known.contains(&value) {
            known.push(value);
        }
        known
    })
}

/// Whether the resolvers of all shards were trusted to validate; null where that was not judged by for some.
fn all_validate(runs: &[&RunDescription]) -> Option<bool> {
    runs.iter()
        .map(|run| run.resolver_validates)
        .reduce(|all, one| if all == Some(false) || one == Some(false) { Some(false) } else { all.and(one) })?
}

/// The options of the pace; where the shards differ, all values that there are, in the order of the shards.
fn joined_pace(runs: &[&RunDescription]) -> Options {
    let mut values: BTreeMap<&String, Vec<&Value>> = BTreeMap::new();
    for (name, value) in runs.iter().flat_map(|run| &run.pace) {
        values.entry(name).or_default().push(value);
    }
    let one = |values: Vec<&Value>| match distinct(values.into_iter().cloned()) {
        mut same if same.len() == 1 => same.swap_remove(0),
        differing => Value::Array(differing),
    };
    values.into_iter().map(|(name, values)| (name.clone(), one(values))).collect()
}
