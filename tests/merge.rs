//! The shards of a list, scanned apart (one of them killed and resumed) and merged: what comes out is what one scan gives, to the byte the same
//! from whatever order, and what is no whole is refused by name.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use harness::{Row, Running, expect, rows, stderr, stdout};
use serde_json::Value;
use stscan::dataset::{Manifest, Reader, schema};
use stscan::lab::{Internet, Lab, MailVisit};

/// Scans of the census: what is needed of them in a folder of their own.
struct Scans {
    folder: tempfile::TempDir,
}

impl Scans {
    /// A list of names, with lines of every fate.
    fn of(names: u64) -> Self {
        let scans = Self { folder: tempfile::tempdir().unwrap() };
        let names: String = (0..names).map(|number| format!("d{number}.example.com\n")).collect();
        fs::write(scans.path("list.txt"), format!("# names\n{names}\nD1.example.com\nno name\nopted.example.com\n")).unwrap();
        fs::write(scans.path("optout.txt"), "opted.example.com\n").unwrap();
        scans
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn command(&self, name: &str, options: &[&str]) -> Vec<String> {
        let fixed = ["--lab=census", "--dns-timeout", "2", "--fetch-timeout", "8"];
        let parts: &[&str] = if options.contains(&"--part-rows") { &[] } else { &["--part-rows", "100"] };
        let own =
            ["scan".to_owned(), self.text("list.txt"), "--exclude".to_owned(), self.text("optout.txt"), "-o".to_owned(), self.text(name)];
        own.into_iter().chain(fixed.iter().chain(options).chain(parts).copied().map(str::to_owned)).collect()
    }

    fn scan(&self, name: &str, options: &[&str]) {
        self.start(name, options).finish(0);
    }

    fn start(&self, name: &str, options: &[&str]) -> Running {
        let command = self.command(name, options);
        Running::start(&command.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// All shards at once, as they mostly wait.
    fn shards(&self, count: u64, options: &[&str]) -> Vec<String> {
        let names: Vec<String> = (0..count).map(|index| format!("shard-{index}")).collect();
        let start = |(index, name): (usize, &String)| self.start(name, &[&["--shard", &format!("{index}/{count}")], options].concat());
        let running: Vec<Running> = names.iter().enumerate().map(start).collect();
        running.into_iter().for_each(|running| drop(running.finish(0)));
        names
    }

    fn merge(&self, status: i32, shards: &[String], out: &str) -> std::process::Output {
        let dirs: Vec<String> = shards.iter().map(|shard| self.text(shard)).collect();
        let (out, mut arguments) = (self.text(out), vec!["merge"]);
        arguments.extend(dirs.iter().map(String::as_str));
        expect(status, &[&arguments[..], &["-o", &out]].concat())
    }

    /// What a merge is refused for; nothing is written then.
    fn refused(&self, shards: &[String]) -> String {
        let said = stderr(&self.merge(4, shards, "refused"));
        assert!(!self.path("refused").exists(), "{said}");
        said
    }
}

fn manifest(dir: &Path) -> Manifest {
    Reader::open(dir).unwrap().manifest().clone()
}

/// All files of a dataset but the lock.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let of = |dir: PathBuf, prefix: &str| {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.file_type().unwrap().is_file());
        let named = entries.map(|entry| (format!("{prefix}{}", entry.file_name().to_str().unwrap()), fs::read(entry.path()).unwrap()));
        named.collect::<BTreeMap<_, _>>()
    };
    let mut all = of(dir.to_owned(), "");
    all.extend(of(dir.join("domains"), "domains/"));
    all.remove(".lock");
    all
}

/// The rows by their names, without what depends on the order of the list.
fn by_name(dir: &Path) -> BTreeMap<String, Row> {
    rows(dir).into_iter().map(|row| (row.domain.clone(), Row { ordinal: 0, ..row })).collect()
}

/// All columns of a dataset but the ordinals, and these.
fn columns(dir: &Path) -> (Vec<Vec<u8>>, RecordBatch) {
    let reader = Reader::open(dir).unwrap();
    let batches: Vec<RecordBatch> = reader.batches(None).map(|batch| batch.unwrap()).collect();
    let all = concat_batches(&schema(), &batches).unwrap();
    let others: Vec<usize> = (1..all.num_columns()).collect();
    let ordinals = all.project(&[0]).unwrap().column(0).to_data().buffers()[0].as_slice().to_vec();
    (vec![ordinals], all.project(&others).unwrap())
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_slice(&expect(0, arguments).stdout).unwrap()
}

/// Kills a running program once a manifest lists so many rows.
fn kill_at(running: Running, dir: &Path, rows: u64) {
    let begun = Instant::now();
    let listed = || -> Option<u64> {
        let manifest: Value = serde_json::from_slice(&fs::read(dir.join("manifest.json")).ok()?).ok()?;
        manifest["counts"]["rows"].as_u64()
    };
    while listed().unwrap_or(0) < rows {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}: no part came", dir.display());
        std::thread::sleep(Duration::from_millis(2));
    }
    running.signal("KILL");
    drop(running);
}

#[test]
fn shards_that_are_merged_are_what_one_scan_gives() {
    let scans = Scans::of(1200);
    let others = [scans.start("whole", &[]), scans.start("half", &["--shard", "0/2"])];
    let mut shards = scans.shards(4, &[]);
    others.into_iter().for_each(|running| drop(running.finish(0)));
    // One of them on another machine, which was killed and went on, with other rates and the list elsewhere.
    fs::remove_dir_all(scans.path("shard-2")).unwrap();
    fs::create_dir(scans.path("elsewhere")).unwrap();
    fs::copy(scans.path("list.txt"), scans.path("elsewhere/list.txt")).unwrap();
    let mut command = scans.command("shard-2", &["--shard", "2/4", "--rate", "500"]);
    command[1] = scans.text("elsewhere/list.txt");
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    kill_at(Running::start(&command), &scans.path("shard-2"), 100);
    expect(0, &command);
    let resumed = manifest(&scans.path("shard-2"));
    assert_eq!(resumed.resumed_at.len(), 1);

    let said = stdout(&scans.merge(0, &shards, "merged"));
    assert!(said.contains("4 shards of \"list.txt\" merged: 1,200 rows"), "{said}");
    shards.rotate_left(2);
    shards.swap(0, 1);
    scans.merge(0, &shards, "again");
    assert!(files(&scans.path("merged")) == files(&scans.path("again")), "the order of the arguments is nothing");
    shards.sort();

    let (whole, merged) = (manifest(&scans.path("whole")), manifest(&scans.path("merged")));
    assert_eq!((merged.accounting, &merged.counts, &merged.fingerprint), (whole.accounting, &whole.counts, &whole.fingerprint));
    assert_eq!(whole.accounting.unwrap().not_selected, 0, "what no shard has");
    assert!(expect(0, &["verify", &scans.text("merged")]).status.success());
    assert_eq!(by_name(&scans.path("whole")), by_name(&scans.path("merged")));
    assert_eq!(fs::read(scans.path("whole/rejected.csv")).unwrap(), fs::read(scans.path("merged/rejected.csv")).unwrap());

    // Every column of every row is the shard's, and the ordinals are numbered through.
    let (ordinals, others) = columns(&scans.path("merged"));
    let of_shards: Vec<RecordBatch> = shards.iter().map(|shard| columns(&scans.path(shard)).1).collect();
    assert!(others == concat_batches(&others.schema(), &of_shards).unwrap(), "in the order of the shards and of their rows");
    let mut sorted: Vec<i64> = ordinals[0].chunks(8).map(|octets| i64::from_le_bytes(octets.try_into().unwrap())).collect();
    sorted.sort_unstable();
    assert!(sorted.into_iter().eq(0..1200));
    let parts: usize = shards.iter().map(|shard| manifest(&scans.path(shard)).parts.len()).sum();
    assert!(merged.parts.len() == parts && merged.parts.iter().enumerate().all(|(number, part)| part.shard == number as u64));
    let of: Vec<(&str, [u64; 2])> = merged.merged_from.iter().map(|shard| (shard.shard.as_str(), shard.ordinals)).collect();
    assert_eq!(of.iter().map(|(shard, _)| *shard).collect::<Vec<_>>(), ["0/4", "1/4", "2/4", "3/4"]);
    assert!(of[0].1[0] == 0 && of[3].1[1] == 1200 && of.windows(2).all(|pair| pair[0].1[1] == pair[1].1[0]));
    assert_eq!(merged.resumed_at, resumed.resumed_at);
    assert_eq!(merged.run.pace["rate"], serde_json::json!([0, 500]), "what differs is told, in the order of the shards");

    the_commands_say_the_same(&scans);
    // Two halves are no part of four quarters.
    let said = scans.refused(&[&shards[..], &["half".to_owned()]].concat());
    assert!(said.contains("only shards of one cut can be merged") && said.contains("half"), "{said}");
}

/// `stats`, `diff`, `report` and `reclassify` of both.
fn the_commands_say_the_same(scans: &Scans) {
    let (whole, merged) = (scans.text("whole"), scans.text("merged"));
    let cells = |dir: &str| {
        let mut value = json(&["stats", dir, "--table", "all", "--format", "json"]);
        let tables = value["tables"].as_array_mut().unwrap();
        // What was sent and how long it took is the machine's.
        tables.retain(|table| table["rows"].as_array().unwrap().iter().all(|row| row["cells"]["seconds"].is_null()));
        assert!(tables.len() > 10);
        // So is how often a question was repeated.
        for table in tables.iter_mut() {
            table["rows"].as_array_mut().unwrap().retain(|row| row["key"] != "repeated");
        }
        tables.iter().map(|table| (table["id"].clone(), table["rows"].clone())).collect::<Vec<_>>()
    };
    for (one, other) in cells(&whole).into_iter().zip(cells(&merged)) {
        let without_label = |rows: &Value| rows.to_string().replace("\"whole\"", "\"merged\"");
        assert_eq!(without_label(&one.1), without_label(&other.1), "table {}", one.0);
    }
    let diff = json(&["diff", &whole, &merged, "--format", "json"]);
    assert_eq!((&diff["in_both"], &diff["only_old"], &diff["only_new"]), (&1200.into(), &0.into(), &0.into()));
    assert!(
        diff["domains"].as_array().is_none_or(|domains| domains.iter().all(|domain| domain["changes"] == serde_json::json!(["unknown"])))
    );
    let lines = |dir: &str| {
        let text = stdout(&expect(0, &["report", dir, "--format", "csv", "--bare", "-o", "-"]));
        text.lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (of_whole, of_merged) = (lines(&whole), lines(&merged));
    assert!(of_whole.len() > 100);
    assert_eq!(of_whole, of_merged);
    for name in ["whole", "merged"] {
        expect(0, &["reclassify", &scans.text(name), "-o", &scans.text(&format!("{name}-today"))]);
    }
    assert_eq!(by_name(&scans.path("whole-today")), by_name(&scans.path("merged-today")));
    expect(0, &["verify", &scans.text("merged-today")]);
    let again = manifest(&scans.path("merged-today"));
    assert_eq!((again.merged_from.len(), again.made_from.unwrap().made_by), (4, "reclassify".to_owned()));
    expect(0, &["export", &merged, "-o", &scans.text("public")]);
    expect(0, &["verify", &scans.text("public")]);
}

#[test]
fn what_is_no_whole_is_refused_by_name() {
    let scans = Scans::of(300);
    let shards = scans.shards(3, &[]);
    let with = |others: &[&str]| [&shards[..], &others.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()].concat();
    let said = scans.refused(&shards[..1]);
    assert!(said.contains("of 3 shards these are missing: 1/3, 2/3"), "{said}");
    let said = scans.refused(&with(&["shard-1"]));
    assert!(said.contains("holds shard 1/3, and so does"), "{said}");
    assert!(scans.refused(&with(&["nowhere"])).contains("nowhere: no manifest.json here"));
    assert!(scans.refused(&with(&["list.txt"])).contains("list.txt: a file, not a folder"));

    let replaced = |name: &str| [&shards[..2], &[name.to_owned()]].concat();
    scans.scan("options", &["--shard", "2/3", "--top", "200"]);
    let said = scans.refused(&replaced("options"));
    assert!(said.contains("options: was not scanned as") && said.contains("--top: there null, here 200"), "{said}");
    let list = fs::read_to_string(scans.path("list.txt")).unwrap();
    fs::write(scans.path("list.txt"), format!("{list}more.example.com\n")).unwrap();
    scans.scan("list", &["--shard", "2/3"]);
    let said = scans.refused(&replaced("list"));
    assert!(said.contains("list: was not scanned as") && said.contains("list SHA-256: there"), "{said}");
    fs::write(scans.path("list.txt"), list).unwrap();

    // A manifest that was edited, a part that was changed, and a folder that says the wrong shard.
    let copy = |name: &str| {
        fs::create_dir_all(scans.path(name).join("domains")).unwrap();
        for (file, bytes) in files(&scans.path("shard-2")) {
            fs::write(scans.path(name).join(file), bytes).unwrap();
        }
    };
    copy("edited");
    let path = scans.path("edited/manifest.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replacen("2/3", "0/3", 1)).unwrap();
    assert!(scans.refused(&replaced("edited")).contains("edited/manifest.json: it was changed after stscan wrote it"));
    copy("changed");
    let part = scans.path("changed/domains/part-00000.parquet");
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).unwrap();
    let said = stderr(&scans.merge(4, &replaced("changed"), "broken"));
    assert!(said.contains("changed/domains/part-00000.parquet: its bytes are not those that were written"), "{said}");
    // The same shards, whole again, are of another folder, and so are others that nobody merged.
    assert!(stderr(&scans.merge(4, &shards, "shard-0")).contains("holds a scan that was finished"));
    scans.merge(0, &shards, "merged");
    assert!(stderr(&scans.merge(4, &shards, "merged")).contains("holds a scan that was finished"));
    fs::create_dir(scans.path("mine")).unwrap();
    fs::write(scans.path("mine/notes.txt"), "mine").unwrap();
    assert!(stderr(&scans.merge(4, &shards, "mine")).contains("notes.txt"));

    // A part of the merged whole that is damaged is found, and no scan can repair it.
    let part = scans.path("merged/domains/part-00001.parquet");
    fs::write(&part, [fs::read(&part).unwrap(), vec![0]].concat()).unwrap();
    let said = expect(4, &["verify", &scans.text("merged"), "--repair"]);
    assert!(stdout(&said).contains("part-00001.parquet: longer") && stderr(&said).contains("was made by `stscan merge`"), "{said:?}");

    // A shard that is still on its way: with the parts of the others, as they are part of the configuration.
    let command = scans.command("begun", &["--shard", "2/3", "--rate", "40", "--part-rows", "5"]);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    kill_at(Running::start(&command), &scans.path("begun"), 5);
    let said = scans.refused(&["shard-0", "shard-1", "begun"].map(str::to_owned));
    assert!(said.contains("begun: holds an unfinished scan"), "{said}");
}

#[test]
fn a_merge_that_was_killed_goes_on() {
    let scans = Scans::of(1500);
    let shards = scans.shards(2, &["--part-rows", "25"]);
    scans.merge(0, &shards, "truth");
    let dirs: Vec<String> = shards.iter().map(|shard| scans.text(shard)).collect();
    for rows in [1, 300, 800] {
        let out = scans.path(&format!("killed-{rows}"));
        let arguments = ["merge", &dirs[0], &dirs[1], "-o", out.to_str().unwrap()];
        kill_at(Running::start(&arguments), &out, rows);
        let before = manifest(&out);
        let kept = before.parts.len();
        assert!(before.finished_at.is_none() || kept == manifest(&scans.path("truth")).parts.len());
        if before.finished_at.is_none() {
            // No scan goes on with it, nor a merge of other shards; what is listed is whole.
            expect(0, &["verify", out.to_str().unwrap()]);
            assert!(stderr(&expect(4, &["merge", &dirs[0], "-o", out.to_str().unwrap()])).contains("missing"));
            let scan = expect(4, &["scan", "--lab=census:5", "-o", out.to_str().unwrap()]);
            assert!(stderr(&scan).contains("holds what `stscan merge` began"), "{}", stderr(&scan));
            let written = |part: &str| fs::metadata(out.join(part)).unwrap().modified().unwrap();
            let first = before.parts[0].file.clone();
            let when = written(&first);
            expect(0, &arguments);
            assert_eq!(written(&first), when, "what was listed is not written again");
        }
        assert!(files(&out) == files(&scans.path("truth")), "killed at {rows} rows: {kept} parts were there");
    }
}

/// Shards that lie in trees of `--layout hive`, and a dataset that is to lie in one: either, both, or none.
#[test]
fn the_layout_of_a_tree_is_read_and_written() {
    let only = |dir: PathBuf| {
        let [entry] = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>().try_into().unwrap();
        entry
    };
    let scans = Scans::of(300);
    let plain = scans.shards(2, &[]);
    let in_trees = ["0/2", "1/2"].map(|shard| {
        let tree = format!("tree-{}", &shard[..1]);
        scans.scan(&tree, &["--layout", "hive", "--shard", shard]);
        let dated = only(only(scans.path(&tree)));
        assert!(dated.join("part-00000.parquet").is_file());
        dated.strip_prefix(scans.folder.path()).unwrap().to_str().unwrap().to_owned()
    });
    scans.merge(0, &plain, "plain");
    let truth = rows(&scans.path("plain"));
    let mixed = [in_trees[1].clone(), plain[0].clone()];
    let dated = ["2026-01-05", "2026-01-12", "2026-01-19"].map(|date| format!("lake/list=names/date={date}"));
    for (shards, out, parts) in [
        (&plain[..], &dated[0], "."),
        (&in_trees, &dated[1], "."),
        (&mixed, &dated[2], "."),
        (&in_trees, &"flat".to_owned(), "domains"),
        (&mixed, &"mixed".to_owned(), "domains"),
    ] {
        scans.merge(0, shards, out);
        expect(0, &["verify", &scans.text(out)]);
        assert!(scans.path(out).join(parts).join("part-00000.parquet").is_file(), "{out}");
        assert_eq!(rows(&scans.path(out)), truth, "{out}");
    }
    assert!(columns(&scans.path(&dated[0])) == columns(&scans.path("plain")), "the same rows, but for where they lie");
    // It is a tree as any other.
    let series = stdout(&expect(0, &["stats", "--series", &scans.text("lake"), "--format", "csv", "--bare"]));
    for date in ["2026-01-05", "2026-01-12", "2026-01-19"] {
        assert!(series.contains(date), "{series}");
    }
}

#[test]
fn the_shard_may_come_from_the_environment() {
    let scans = Scans::of(60);
    let scan = |name: &str, variables: &[(&str, &str)]| {
        let command = scans.command(name, &["--shard", "auto"]);
        let mut command = harness::stscan(&command.iter().map(String::as_str).collect::<Vec<_>>());
        command.envs(variables.iter().copied()).output().unwrap()
    };
    for (index, name) in ["1", "2"].into_iter().enumerate() {
        let slurm = [("SLURM_ARRAY_TASK_ID", name), ("SLURM_ARRAY_TASK_COUNT", "2"), ("SLURM_ARRAY_TASK_MIN", "1")];
        assert!(scan(name, &slurm).status.success());
        assert_eq!(manifest(&scans.path(name)).run.configuration["shard"], format!("{index}/2"));
    }
    scans.merge(0, &["1".to_owned(), "2".to_owned()], "merged");
    let kubernetes = [("JOB_COMPLETION_INDEX", "1"), ("STSCAN_SHARDS", "2")];
    assert!(scan("indexed", &kubernetes).status.success());
    assert_eq!(by_name(&scans.path("indexed")), by_name(&scans.path("2")));
    for variables in [&[][..], &kubernetes[..1]] {
        let output = scan("none", variables);
        assert!(output.status.code() == Some(2) && stderr(&output).contains("stscan: --shard auto: "), "{}", stderr(&output));
    }
    // A repair, which runs outside of the array, is of the same shard.
    let part = scans.path("2/domains/part-00000.parquet");
    fs::write(&part, [fs::read(&part).unwrap(), vec![0]].concat()).unwrap();
    expect(0, &["verify", &scans.text("2"), "--repair"]);
    assert_eq!(by_name(&scans.path("indexed")), by_name(&scans.path("2")));
}

/// Shards that ask the same mail servers: each keeps its rates, all together ask as many times as often.
#[test]
fn every_shard_keeps_the_rates_of_mail_servers_and_several_add_up() {
    const PAUSE: Duration = Duration::from_millis(400);
    let lab = Lab::start(Internet::zoo().with_mail_on_loopback()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    // All at one address, and asked as they have a record.
    let names: String = (0..16)
        .map(|number| format!("smtp-healthy-{number:06}.test\n"))
        .chain((0..8).map(|number| format!("nothing-{number:06}.test\n")))
        .collect();
    fs::write(path("list.txt"), names).unwrap();
    fs::write(path("ca.pem"), lab.ca_pem()).unwrap();
    let (list, authority) = (path("list.txt"), path("ca.pem"));
    let (resolver, https, smtp) = (lab.dns_addr().to_string(), lab.https_port().to_string(), lab.smtp_port().to_string());
    let network = ["--resolver", &resolver, "--trust-resolvers", "--https-port", &https, "--ca-file", &authority, "--allow-private"];
    let mail = ["--smtp", "adopters", "--smtp-port", &smtp, "--smtp-greeting-timeout", "10", "--smtp-rate", "0", "--smtp-host-rate", "2.5"];
    let pace =
        ["--host-rate", "0", "--fetch-rate", "0", "--rate", "0", "--retry-rounds", "500ms", "--part-rows", "4", "--concurrency", "4"];
    let options = [&network[..], &mail, &pace].concat();
    let (outs, whole) = ([path("shard-0"), path("shard-1")], path("whole"));
    let command = |index: usize| {
        [
            &["scan", &list, "-o", &outs[index], "--shard", ["0/2", "1/2"][index], "--ehlo", ["zero.example", "one.example"][index]],
            &options[..],
        ]
        .concat()
    };
    let begun = Instant::now();
    let (zero, one) = (Running::start(&command(0)), Running::start(&command(1)));
    kill_at(one, Path::new(&outs[1]), 4);
    let killed = Instant::now();
    expect(0, &command(1));
    zero.finish(0);
    expect(0, &[&["scan", &list, "-o", &whole, "--ehlo", "whole.example"], &options[..]].concat());

    let visits = lab.journal().mail_visits();
    let of = |name: &str, from: Instant, to: Instant| -> BTreeMap<IpAddr, Vec<Instant>> {
        let said = |visit: &&MailVisit| visit.commands.iter().any(|(_, command)| *command == format!("EHLO {name}"));
        let mut begun = BTreeMap::<IpAddr, Vec<Instant>>::new();
        for visit in visits.iter().filter(said).filter(|visit| visit.begun >= from && visit.begun < to) {
            begun.entry(visit.address).or_default().push(visit.begun);
        }
        begun.values_mut().for_each(|begun| begun.sort());
        begun
    };
    let end = Instant::now();
    let (mut asked, mut together) = (0, 0);
    for (name, from, to) in
        [("zero.example", begun, end), ("one.example", begun, killed), ("one.example", killed, end), ("whole.example", begun, end)]
    {
        for (address, begun) in of(name, from, to) {
            // The server sees each beginning a little late.
            let (pauses, all) = (begun.len() as u32 - 1, begun[begun.len() - 1].duration_since(begun[0]));
            assert!(all + Duration::from_millis(200) >= PAUSE * pauses, "{name}: {} connections to {address} in {all:?}", begun.len());
            asked += begun.len();
        }
    }
    let (zero, one) = (of("zero.example", begun, end), of("one.example", begun, end));
    for (address, of_zero) in &zero {
        let overlap = one.get(address).into_iter().flatten().filter(|begun| {
            of_zero.iter().any(|other| other.max(*begun).duration_since(*other.min(*begun)) < PAUSE - Duration::from_millis(100))
        });
        together += overlap.count();
    }
    assert!(asked >= 2 * 16, "every name's server was asked by a shard and by the whole: {asked}");
    assert!(together > 0, "two shards ask one server within its pause: the load is twofold");

    expect(0, &["merge", &outs[1], &outs[0], "-o", &path("merged")]);
    let (whole, merged) = (by_name(Path::new(&whole)), by_name(Path::new(&path("merged"))));
    assert_eq!(whole, merged);
    assert_eq!(merged.values().filter(|row| row.column("mx_tls") == Some("all")).count(), 16);
    assert_eq!(merged.values().filter(|row| row.column("mx_tls").is_none()).count(), 8, "only adopters are asked");
    // Whoever publishes it hides the names of both scanners.
    expect(0, &["export", &path("merged"), "-o", &path("public")]);
    let public: Vec<u8> = files(Path::new(&path("public"))).into_values().flatten().collect();
    for name in ["zero.example", "one.example"] {
        assert!(!public.windows(name.len()).any(|window| window == name.as_bytes()), "{name}");
    }
}
