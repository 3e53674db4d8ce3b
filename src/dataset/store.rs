//! A dataset that is being written: created or resumed, filled part by part, finished.

use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use super::error::DatasetError;
use super::folder::{self, Lock};
use super::manifest::{Activity, List, Manifest, Part, RunDescription, check_accounting};
use super::packed::Piece;
use super::read::Reader;
use super::{part, resume};
use crate::input::Accounting;
use crate::pause::{Step, pause};
use crate::place;

/// Targets in a part by default: small enough to lose little in a crash, large enough for Parquet to pack well.
pub const SHARD_ROWS: u64 = 50_000;

/// A dataset that this process alone may write.
#[derive(Debug)]
pub struct Dataset {
    dir: PathBuf,
    manifest: Manifest,
    /// What earlier sessions of the run sent.
    earlier: Activity,
    /// Held as long as the dataset is open.
    _lock: Lock,
}

impl Dataset {
    /// Begins a dataset in an empty or missing folder, or goes on with the unfinished scan of the same configuration that is there.
    ///
    /// # Errors
    /// A refusal if the folder holds anything else, if another scan is writing it, or if what it holds is not what its manifest says; an
    /// IO error if it cannot be written.
    pub fn create_or_resume(dir: &Path, run: &RunDescription) -> Result<Self, DatasetError> {
        Self::open(dir, run, false)
    }

    /// Begins a dataset anew: as [`Self::create_or_resume`], and drops the unfinished scan that is there, whatever its configuration.
    ///
    /// # Errors
    /// A refusal if the folder holds anything else, a finished scan among it, or another scan is writing it; an IO error if it cannot be
    /// written.
    pub fn restart(dir: &Path, run: &RunDescription) -> Result<Self, DatasetError> {
        Self::open(dir, run, true)
    }

    fn open(dir: &Path, run: &RunDescription, restart: bool) -> Result<Self, DatasetError> {
        if run.shard_rows == 0 {
            return Err(DatasetError::Inconsistent("a shard of no rows".to_owned()));
        }
        // Before anything is written, so that a refused folder stays as it is.
        resume::survey(dir, (!restart).then_some(run))?;
        let domains = folder::parts_folder(dir);
        place::create_dir_all(&domains).map_err(DatasetError::io("create", &domains))?;
        let lock = Lock::take(dir)?;
        // Again under the lock: another process may have been here since.
        let manifest = match resume::survey(dir, (!restart).then_some(run))? {
            Some(unfinished) if !restart => {
                Reader::open(dir)?.require_whole()?;
                unfinished.resumed(run)
            }
            _ => Manifest::begun(run),
        };
        pause(Step::FolderMade);
        // The manifest first: what it does not list does not exist, whenever this is broken off.
        folder::write_manifest(dir, &manifest)?;
        resume::remove_leftovers(dir, &manifest)?;
        Ok(Self { dir: dir.to_owned(), earlier: manifest.activity, manifest, _lock: lock })
    }

    /// The manifest as it is on disk.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The dataset's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Ordinals whose rows are there already: ascending, disjoint, neighbours joined.
    pub fn committed(&self) -> Vec<Range<u64>> {
        let mut runs: Vec<[u64; 2]> = self.manifest.parts.iter().flat_map(|part| part.ordinals.iter().copied()).collect();
        runs.sort_unstable();
        let mut joined: Vec<Range<u64>> = Vec::new();
        for [start, end] in runs {
            match joined.last_mut() {
                Some(last) if last.end >= start => last.end = last.end.max(end),
                _ => joined.push(start..end),
            }
        }
        joined
    }

    /// Writes rows of a shard, in any order, and lists them: after this returns they survive a crash. All rows of the shard that are
    /// not there yet; fewer only where the scan is being stopped. `activity` is what this session has sent so far.
    ///
    /// # Errors
    /// If the disk fails; if a row is not of the shard, occurs twice or is there already.
    pub fn commit_part(&mut self, shard: u64, batches: &[RecordBatch], activity: &Activity) -> Result<Part, DatasetError> {
        self.commit_pieces(shard, batches.iter().map(Piece::of).collect::<Result<_, _>>()?, activity)
    }

    /// [`Self::commit_part`] of rows of which some are packed: these are unpacked a few at a time.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn commit_pieces(&mut self, shard: u64, pieces: Vec<Piece>, activity: &Activity) -> Result<Part, DatasetError> {
        let part = part::write(&self.dir, shard, &self.manifest, pieces)?;
        let mut manifest = self.manifest.clone(); // Ours must not list what the one on disk does not, should writing fail.
        manifest.list(part.clone(), self.earlier.plus(activity));
        folder::write_manifest(&self.dir, &manifest)?;
        self.manifest = manifest;
        Ok(part)
    }

    /// Ends the run. `list` may say more than at the beginning: its lines and hash are known by now.
    ///
    /// # Errors
    /// If the rows and lines do not add up, which is a mistake of the program; if the disk fails.
    pub fn finish(mut self, accounting: Accounting, list: List, activity: &Activity) -> Result<Manifest, DatasetError> {
        check_accounting(&accounting, self.manifest.counts.rows)?;
        self.manifest.set_activity(self.earlier.plus(activity));
        if place::is_far(&self.dir) {
            // A writer that was overtaken may have put a part after this one began.
            resume::remove_leftovers(&self.dir, &self.manifest)?;
        }
        let rejected = folder::attachment(&folder::rejected_path(&self.dir))?;
        self.manifest.end(accounting, list, rejected);
        self.manifest.duplicates = folder::attachment(&folder::duplicates_path(&self.dir))?;
        folder::write_manifest(&self.dir, &self.manifest)?;
        pause(Step::Finished);
        Ok(self.manifest)
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // One committed range is what is meant.
mod tests {
    use std::fs;

    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use super::resume::refuse_unless_usable;
    use super::*;
    use crate::classify::codes;
    use crate::dataset::batch::record_batch;
    use crate::dataset::read::Reader;
    use crate::dataset::samples;
    use crate::observe::dns::DnsActivity;
    use crate::observe::sharing::{SharedActivity, SharedLookups};
    use crate::observe::smtp::SmtpActivity;

    const DNS: DnsActivity = DnsActivity {
        timeouts: 4,
        tcp: 1,
        unexpected: 2,
        malformed: 0,
        local_errors: 0,
        kernel_drops: 0,
        retreats: 0,
        pauses: 1,
        paused_seconds: 1.5,
        receive_buffer: 4096,
    };
    const HOSTS: SharedLookups = SharedLookups { hits: 7, misses: 2, entries: 2, expired: 1, evicted: 0 };
    const NONE: SharedLookups = SharedLookups { hits: 0, misses: 0, entries: 0, expired: 0, evicted: 0 };
    const SHARED: SharedActivity =
        SharedActivity { mx_hosts: HOSTS, dane: NONE, policy_targets: NONE, report_receivers: NONE, look_around: NONE };
    const SESSION: Activity =
        Activity { seconds: 2.0, dns_queries: 30, dns_retries: 1, fetches: 3, retried_targets: 0, dns: DNS, shared: SHARED, smtp: SMTP };
    const SMTP: SmtpActivity =
        SmtpActivity { connections: 5, conversations: 4, known: 7, shared: 3, refused: 2, repeated: 1, not_tried: 0 };

    fn batch(ordinals: &[u64]) -> RecordBatch {
        let records: Vec<_> = ordinals.iter().map(|ordinal| samples::absent(*ordinal, &format!("d{ordinal}.example.com"))).collect();
        record_batch(&records).unwrap()
    }

    fn accounting(rows: u64) -> Accounting {
        Accounting { lines: rows + 3, rows, rejected: 1, blank: 2, ..Accounting::default() }
    }

    fn stored_ordinals(dir: &Path) -> Vec<i64> {
        let batches = Reader::open(dir).unwrap();
        let batches = batches.batches(Some(&["ordinal"]));
        batches.flat_map(|batch| batch.unwrap().column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
    }

    fn refusal(result: Result<impl std::fmt::Debug, DatasetError>) -> String {
        let error = result.unwrap_err();
        assert!(error.is_refusal(), "{error}");
        error.to_string()
    }

    #[test]
    fn a_scan_is_filled_stopped_resumed_and_finished() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("new/out");
        let mut dataset = Dataset::create_or_resume(&dir, &samples::run()).unwrap();
        dataset.commit_part(1, &[batch(&[7, 5]), batch(&[4, 6])], &SESSION).unwrap();
        dataset.commit_part(2, &[batch(&[8])], &SESSION).unwrap(); // Stopped in the midst of the shard.
        assert_eq!(dataset.committed(), [4..9]);
        drop(dataset);
        let mut other_pace = samples::run();
        other_pace.pace.insert("rate".to_owned(), 5.into());
        other_pace.shard_rows = 7; // The parts stay as they were begun.
        let mut dataset = Dataset::create_or_resume(&dir, &other_pace).unwrap();
        assert_eq!(dataset.committed(), [4..9]);
        dataset.commit_part(2, &[batch(&[10, 9])], &SESSION).unwrap();
        dataset.commit_part(0, &[batch(&[0, 1, 2, 3])], &SESSION).unwrap();
        let list = List { lines: Some(14), ..samples::run().list };
        let manifest = dataset.finish(accounting(11), list, &SESSION).unwrap();
        let files: Vec<&str> = manifest.parts.iter().map(|part| part.file.as_str()).collect();
        let expected = ["part-00000.parquet", "part-00001.parquet", "part-00002.parquet", "part-00002_1.parquet"];
        assert_eq!(files, expected.map(|name| format!("domains/{name}")));
        assert_eq!(stored_ordinals(&dir), (0..11).collect::<Vec<_>>());
        assert_eq!(
            (manifest.counts.rows, manifest.counts.posture["absent"], manifest.counts.findings[codes::MX_IMPLICIT.as_str()]),
            (11, 11, 11)
        );
        assert_eq!((manifest.activity.dns_queries, manifest.activity.seconds), (60, 4.0), "two sessions");
        assert_eq!((manifest.resumed_at.len(), manifest.run.pace["rate"].as_u64(), manifest.run.list.lines), (1, Some(5), Some(14)));
        assert_eq!(Reader::open(&dir).unwrap().manifest(), &manifest);
        let refused = refusal(Dataset::create_or_resume(&dir, &samples::run()));
        assert!(refused.contains("finished at 2") && refused.contains("new/out"), "{refused}");
    }

    #[test]
    fn a_crash_leaves_whole_shards() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let mut dataset = Dataset::create_or_resume(dir, &samples::run()).unwrap();
        dataset.commit_part(0, &[batch(&[0, 1, 2, 3])], &SESSION).unwrap();
        let listed = fs::read(dir.join("manifest.json")).unwrap();
        dataset.commit_part(1, &[batch(&[4, 5, 6, 7])], &SESSION).unwrap();
        drop(dataset);
        // As if the power had failed: a part that is renamed and not listed, one that is not renamed, half a manifest.
        fs::write(dir.join("manifest.json"), listed).unwrap();
        fs::write(dir.join("domains/part-00002.parquet.tmp"), "PAR1").unwrap();
        fs::write(dir.join("manifest.json.tmp"), "{").unwrap();
        assert_eq!(stored_ordinals(dir), [0, 1, 2, 3]);
        let mut dataset = Dataset::create_or_resume(dir, &samples::run()).unwrap();
        assert_eq!(dataset.committed(), [0..4]);
        assert_eq!(folder::names(&dir.join("domains")).unwrap(), ["part-00000.parquet"]);
        dataset.commit_part(1, &[batch(&[4, 5])], &SESSION).unwrap();
        dataset.finish(accounting(6), List::default(), &SESSION).unwrap();
        assert_eq!(folder::names(dir).unwrap(), [".lock", "domains", "manifest.json"]);
        assert_eq!(stored_ordinals(dir), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn rows_that_do_not_belong_are_mistakes() {
        let folder = tempfile::tempdir().unwrap();
        let mut dataset = Dataset::create_or_resume(folder.path(), &samples::run()).unwrap();
        dataset.commit_part(0, &[batch(&[0, 1])], &SESSION).unwrap();
        for (shard, ordinals) in [(0, vec![4]), (1, vec![3, 4]), (1, vec![5, 5]), (0, vec![1, 2])] {
            let error = dataset.commit_part(shard, &[batch(&ordinals)], &SESSION).unwrap_err();
            assert!(matches!(error, DatasetError::Inconsistent(_)), "{shard} {ordinals:?}: {error}");
        }
        assert_eq!(folder::names(&folder.path().join("domains")).unwrap().len(), 1);
        assert_eq!(dataset.manifest().counts.rows, 2);
    }

    #[test]
    fn finishing_checks_that_every_line_is_accounted_for() {
        for wrong in [accounting(3), Accounting { lines: 9, ..accounting(2) }] {
            let folder = tempfile::tempdir().unwrap();
            let mut dataset = Dataset::create_or_resume(folder.path(), &samples::run()).unwrap();
            dataset.commit_part(0, &[batch(&[0, 1])], &SESSION).unwrap();
            assert!(matches!(dataset.finish(wrong, List::default(), &SESSION), Err(DatasetError::Inconsistent(_))));
            assert_eq!(Reader::open(folder.path()).unwrap().manifest().finished_at, None);
        }
    }

    #[test]
    fn a_list_without_targets_gives_a_dataset_without_rows() {
        let folder = tempfile::tempdir().unwrap();
        let mut dataset = Dataset::create_or_resume(folder.path(), &samples::run()).unwrap();
        dataset.commit_part(0, &[], &SESSION).unwrap();
        let manifest = dataset.finish(accounting(0), List::default(), &SESSION).unwrap();
        assert_eq!((manifest.parts.len(), manifest.parts[0].rows), (1, 0));
        assert_eq!(stored_ordinals(folder.path()), Vec::<i64>::new());
    }

    #[test]
    fn one_scan_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Dataset::create_or_resume(folder.path(), &samples::run()).unwrap();
        let refused = refusal(Dataset::create_or_resume(folder.path(), &samples::run()));
        assert!(refused.contains("another scan is writing"), "{refused}");
        drop(first);
        Dataset::create_or_resume(folder.path(), &samples::run()).unwrap();
    }

    #[test]
    fn a_refusal_names_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        drop(Dataset::create_or_resume(folder.path(), &samples::run()).unwrap());
        let mut run = samples::run();
        run.configuration.insert("top".to_owned(), 200.into());
        run.configuration.remove("dns-timeout");
        run.list.sha256 = None;
        run.list.id = None;
        let refused = refusal(Dataset::create_or_resume(folder.path(), &run));
        for words in ["--dns-timeout: there 2.0, now not set", "--top: there 100, now 200", "and 1 more", "give the same options"] {
            assert!(refused.contains(words), "{words}: {refused}");
        }
    }

    #[test]
    fn folders_that_are_not_ours_are_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let refused = refusal(Dataset::create_or_resume(folder.path(), &samples::run()));
        assert!(refused.contains("notes.txt") && refused.contains("choose an empty or new folder"), "{refused}");
        assert_eq!(folder::names(folder.path()).unwrap(), ["notes.txt"]);
        let file = folder.path().join("notes.txt");
        assert!(refusal(Dataset::create_or_resume(&file, &samples::run())).contains("a file, not a folder"));
        assert!(refusal(refuse_unless_usable(&file)).contains("a file, not a folder"));
        assert!(refusal(Reader::open(folder.path())).contains("no manifest.json"));
        let newer = tempfile::tempdir().unwrap();
        for (version, remedy) in [(99, "use a newer stscan"), (1, "scan again, or use the stscan that wrote it")] {
            fs::write(newer.path().join("manifest.json"), format!("{{\"schema_version\": {version}}}")).unwrap();
            let refused = refusal(Dataset::create_or_resume(newer.path(), &samples::run()));
            assert!(refused.contains(&format!("schema version {version}, and this program reads version 2; {remedy}")), "{refused}");
            assert_eq!(refusal(Reader::open(newer.path())), refused);
        }
    }

    #[test]
    fn parts_that_others_put_there_or_took_away_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let mut dataset = Dataset::create_or_resume(dir, &samples::run()).unwrap();
        dataset.commit_part(0, &[batch(&[0])], &SESSION).unwrap();
        drop(dataset);
        fs::write(dir.join("domains/mine.parquet"), "x").unwrap();
        assert!(refusal(refuse_unless_usable(dir)).contains("domains/mine.parquet"));
        fs::remove_file(dir.join("domains/mine.parquet")).unwrap();
        refuse_unless_usable(dir).unwrap();
        fs::write(dir.join("domains/part-00000.parquet"), "x").unwrap();
        assert!(matches!(refuse_unless_usable(dir), Err(DatasetError::Damaged { .. })));
        fs::remove_file(dir.join("domains/part-00000.parquet")).unwrap();
        assert!(matches!(refuse_unless_usable(dir), Err(DatasetError::Io { .. })));
    }

    /// A prefix of a store in memory, which no other test has.
    fn prefix(name: &str) -> PathBuf {
        PathBuf::from(format!("memory://store-{name}/datasets/out"))
    }

    #[test]
    fn a_prefix_of_a_store_is_filled_stopped_resumed_and_finished() {
        let dir = prefix("resumed");
        let mut dataset = Dataset::create_or_resume(&dir, &samples::run()).unwrap();
        dataset.commit_part(1, &[batch(&[7, 5]), batch(&[4, 6])], &SESSION).unwrap();
        drop(dataset);
        // As if the process had died: a part that no manifest lists.
        place::write(&dir.join("domains/part-00002.parquet"), b"PAR1").unwrap();
        let mut dataset = Dataset::create_or_resume(&dir, &samples::run()).unwrap();
        assert_eq!(folder::names(&dir.join("domains")).unwrap(), ["part-00001.parquet"]);
        assert_eq!(dataset.committed(), [4..8]);
        dataset.commit_part(0, &[batch(&[0, 1, 2, 3])], &SESSION).unwrap();
        let manifest = dataset.finish(accounting(8), List::default(), &SESSION).unwrap();
        assert_eq!(folder::names(&dir).unwrap(), ["domains", "manifest.json"]);
        assert_eq!(stored_ordinals(&dir), (0..8).collect::<Vec<_>>());
        assert_eq!(Reader::open(&dir).unwrap().manifest(), &manifest);
        assert!(crate::dataset::verify(&dir).unwrap().problems.is_empty());
        assert!(refusal(Dataset::create_or_resume(&dir, &samples::run())).contains("finished at 2"));
        place::write(&dir.join("domains/part-00000.parquet"), b"PAR1").unwrap();
        let problems = crate::dataset::verify(&dir).unwrap().problems;
        assert!(problems.len() == 1 && problems[0].detail.contains("4 bytes of the"), "{problems:?}");
        assert!(Reader::open(&dir).unwrap().batches(None).next().unwrap().is_err(), "what is as long as no part is no part");
    }

    #[test]
    fn of_two_writers_of_a_prefix_the_one_that_was_overtaken_stops() {
        let dir = prefix("overtaken");
        let mut dataset = Dataset::create_or_resume(&dir, &samples::run()).unwrap();
        dataset.commit_part(0, &[batch(&[0])], &SESSION).unwrap();
        // Another process goes on with the scan.
        let path = dir.join("manifest.json");
        let text = place::read(&path).unwrap();
        place::write(&path, &[text.as_slice(), b" "].concat()).unwrap();
        let told = dataset.commit_part(1, &[batch(&[4])], &SESSION).unwrap_err().to_string();
        assert!(told.contains("another process has written this prefix meanwhile"), "{told}");
        assert_eq!(dataset.manifest().parts.len(), 1);
    }

    #[test]
    fn a_prefix_that_is_not_ours_is_left_alone() {
        let dir = prefix("foreign");
        place::write(&dir.join("notes.txt"), b"mine").unwrap();
        let refused = refusal(Dataset::create_or_resume(&dir, &samples::run()));
        assert!(refused.starts_with("memory://store-foreign/datasets/out: not empty (it holds \"notes.txt\")"), "{refused}");
        assert_eq!(folder::names(&dir).unwrap(), ["notes.txt"]);
    }
}
