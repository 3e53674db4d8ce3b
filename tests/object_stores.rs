//! Datasets in an object store: what stands there is what a scan into a folder gives, whatever goes wrong on the way, and little of it is
//! read. tests/stores/run does the same with stores that we did not write.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use harness::store::{Dialect, Fault, Request, Store};
use harness::{Running, expect, stderr, stdout};

const PLACE: &str = "s3://data/scans/one";
/// Patient, so that a busy machine changes no row.
const SCAN: [&str; 8] = ["scan", "--lab=census:300", "--part-rows", "100", "--fetch-timeout", "10", "--dns-timeout", "3"];

fn run(store: &Store, status: i32, arguments: &[&str]) -> Output {
    run_within(store, 60, status, arguments)
}

fn run_within(store: &Store, patience: u32, status: i32, arguments: &[&str]) -> Output {
    let output = store.stscan(patience, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "stscan {}\n{}{}", arguments.join(" "), stdout(&output), stderr(&output));
    output
}

fn scan(store: &Store, patience: u32, status: i32, place: &str) -> Output {
    run_within(store, patience, status, &[&SCAN[..], &["-o", place]].concat())
}

/// The last sentence on standard error, the only one of the program's end.
fn sentence(output: &Output) -> String {
    let said = stderr(output);
    said.lines().last().unwrap_or_default().strip_prefix("stscan: ").unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// A scan of the same into a folder.
fn truth(folder: &Path) -> String {
    let dir = folder.join("truth").to_str().unwrap().to_owned();
    expect(0, &[&SCAN[..], &["-o", &dir]].concat());
    dir
}

/// That a dataset is whole, has the rows of the truth, and nothing is left beside it.
fn same(store: &Store, place: &str, truth: &str) {
    assert!(stdout(&run(store, 0, &["verify", place])).contains(": whole"));
    let changes: serde_json::Value = serde_json::from_str(&stdout(&run(store, 0, &["diff", truth, place, "--format", "json"]))).unwrap();
    // How long a fetch took may differ; what was found may not.
    let figures = ["/in_both", "/only_old", "/only_new", "/other_posture/n"];
    let figures = figures.map(|figure| changes.pointer(figure).and_then(serde_json::Value::as_u64));
    assert_eq!(figures, [300, 0, 0, 0].map(Some), "{changes}");
    let state = store.state.lock().unwrap();
    assert!(state.uploads.is_empty() && state.objects.keys().all(|key| !key.contains(".uploads")));
    let prefix = place.strip_prefix(&store.place("")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&state.objects[&format!("{prefix}/manifest.json")]).unwrap();
    let listed: Vec<String> =
        manifest["parts"].as_array().unwrap().iter().map(|part| format!("{prefix}/{}", part["file"].as_str().unwrap())).collect();
    let parts: Vec<&String> = state.objects.keys().filter(|key| key.starts_with(&format!("{prefix}/domains/"))).collect();
    assert_eq!(listed.iter().collect::<Vec<_>>(), parts);
    for (key, bytes) in &state.objects {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("of-nobody"), "{key} holds the credentials");
    }
}

/// The objects below a prefix as files of a folder.
fn copy(store: &Store, prefix: &str, folder: &Path) -> String {
    for (key, bytes) in &store.state.lock().unwrap().objects {
        let Some(file) = key.strip_prefix(prefix) else { continue };
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

/// A fault of every other request for each object.
fn each_once(fault: Fault, when: fn(&Request) -> bool) -> impl FnMut(&Request) -> Option<Fault> {
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    move |request| {
        let times = known.entry(format!("{} {} {}", request.method, request.key, request.query)).or_default();
        *times += u32::from(when(request));
        (when(request) && *times % 2 == 1).then(|| fault.clone())
    }
}

fn writes(request: &Request) -> bool {
    matches!(request.method.as_str(), "PUT" | "POST" | "DELETE")
}

#[test]
fn a_dataset_in_a_store_is_that_of_a_folder() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Store::start());
    let truth = truth(folder.path());
    let list = folder.path().join("list.txt");
    scan(&store, 60, 0, PLACE);
    same(&store, PLACE, &truth);
    // The same files in a folder.
    let here = copy(&store, "scans/one/", &folder.path().join("one"));
    for command in [&["stats"][..], &["stats", "--table", "all", "--format", "csv"], &["report", "--format", "csv"], &["verify"]] {
        let of = |place: &str| stdout(&run(&store, 0, &[command, &[place]].concat())).replace(place, "PLACE");
        assert_eq!(of(PLACE), of(&here), "{command:?}");
    }
    for (command, place) in [("reclassify", "s3://data/again"), ("export", "s3://data/copy")] {
        run(&store, 0, &[command, PLACE, "-o", place]);
        assert!(stdout(&run(&store, 0, &["verify", place])).contains(": whole"), "{command}");
    }
    assert!(store.keys().contains(&"copy/SHA256SUMS".to_owned()));
    let refused = sentence(&scan(&store, 60, 4, PLACE));
    assert!(refused.starts_with(&format!("{PLACE}: holds a scan that was finished at")), "{refused}");
    // A list in the store.
    fs::write(&list, "enforce.mta-sts.example\nexample.com\n").unwrap();
    store.state.lock().unwrap().objects.insert("lists/some.txt".to_owned(), fs::read(&list).unwrap());
    let listed = folder.path().join("listed").to_str().unwrap().to_owned();
    run(&store, 0, &["scan", "s3://data/lists/some.txt", "--lab", "-o", &listed]);
    assert!(fs::read_to_string(folder.path().join("listed/manifest.json")).unwrap().contains("\"some.txt\""));
}

#[test]
fn shards_in_a_store_are_merged_to_the_same_bytes() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Store::start());
    let there = folder.path().join("whole").to_str().unwrap().to_owned();
    let shards = ["s3://data/shards/0", "s3://data/shards/1"];
    for (number, shard) in shards.iter().enumerate() {
        run(&store, 0, &[&SCAN[..], &["--shard", &format!("{number}/2"), "-o", shard]].concat());
    }
    run(&store, 0, &["merge", shards[1], shards[0], "-o", "s3://data/whole"]);
    run(&store, 0, &["merge", shards[0], shards[1], "-o", &there]);
    for (key, bytes) in store.state.lock().unwrap().objects.iter().filter(|(key, _)| key.starts_with("whole/domains/")) {
        assert!(*bytes == fs::read(folder.path().join(key)).unwrap(), "{key}");
    }
}

#[test]
fn only_what_is_asked_for_is_read() {
    let store = Store::start();
    run(&store, 0, &[&SCAN[..], &["--layout", "hive", "--list-name", "a", "-o", "s3://data/tree"]].concat());
    store.state.lock().unwrap().seen.clear();
    assert!(stdout(&run(&store, 0, &["stats", "--series", "s3://data/tree"])).contains("enforce"));
    let state = store.state.lock().unwrap();
    let of_parts: Vec<_> = state.seen.iter().filter(|(request, ..)| request.key.ends_with(".parquet")).collect();
    assert!(of_parts.len() >= 3, "{of_parts:?}");
    for (request, status, bytes) in of_parts {
        let whole = state.objects[&request.key].len();
        assert!(request.method == "GET" && *status == 206 && *bytes < whole, "{bytes} of {whole}: {request:?}");
    }
}

#[test]
fn what_passes_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let truth = truth(folder.path());
    type Rule = (&'static str, Fault, fn(&Request) -> bool);
    let rules: [Rule; 5] = [
        ("slow down", Fault::Answer(503, "SlowDown", ""), |_| true),
        ("internal error", Fault::Answer(500, "InternalError", ""), |_| true),
        ("torn", Fault::Torn, |_| true),
        ("answers to writes lost", Fault::AnswerLost, writes),
        ("reads cut", Fault::AnswerCut, |request| request.method == "GET"),
    ];
    for (name, fault, when) in rules {
        let store = Store::start();
        store.fail(each_once(fault, when));
        scan(&store, 60, 0, PLACE);
        let said = run(&store, 0, &["stats", PLACE]);
        assert!(stdout(&said).contains("enforce"), "{name}");
        store.recover();
        same(&store, PLACE, &truth);
    }
}

#[test]
fn what_does_not_pass_ends_with_one_sentence_and_the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let truth = truth(folder.path());
    for (fault, words) in [
        (Fault::Answer(503, "SlowDown", ""), "answers 503 SlowDown: as it was told"),
        (Fault::Torn, "127.0.0.1: "),
        (Fault::Answer(400, "ExpiredToken", ""), "the credentials have expired"),
    ] {
        let store = Store::start();
        let mut parts = 0;
        store.fail(move |request| {
            parts += u32::from(request.method == "PUT" && request.key.contains("part-"));
            (parts > 1).then(|| fault.clone())
        });
        let said = sentence(&scan(&store, 1, 5, PLACE));
        assert!(said.contains(words) && said.contains("the same command continues"), "{said}");
        store.recover();
        scan(&store, 60, 0, PLACE);
        same(&store, PLACE, &truth);
    }
}

#[test]
fn places_that_cannot_be_had_are_told_in_a_sentence() {
    let store = Store::start();
    let refused = |place: &str, words: &str| {
        let said = sentence(&scan(&store, 1, 4, place));
        assert!(said.starts_with("cannot ") || said.starts_with("s3://"), "{said}");
        assert!(said.contains(words), "{said}");
    };
    refused("s3://none/x", "there is no bucket s3://none; create it, or name another one");
    let told = stderr(&scan(&store, 1, 2, "s3://"));
    assert!(told.contains("\"\" is no name of a bucket; write s3://BUCKET/PREFIX"), "{told}");
    store.fail(|request| writes(request).then_some(Fault::Answer(403, "AccessDenied", "")));
    refused(PLACE, "the credentials do not permit it (403 AccessDenied: as it was told)");
    store.fail(|_| Some(Fault::Answer(301, "PermanentRedirect", "x-amz-bucket-region: eu-north-1")));
    refused(PLACE, "s3://data is in the region eu-north-1; set AWS_REGION=eu-north-1");
    // Of a signature for another region it is the body that says which one is meant.
    store.fail(|_| Some(Fault::Answer(400, "AuthorizationHeaderMalformed</Code><Region>eu-south-2</Region><Code>", "")));
    refused(PLACE, "s3://data is in the region eu-south-2; set AWS_REGION=eu-south-2");
    store.fail(|_| Some(Fault::Answer(307, "TemporaryRedirect", "Location: http://192.0.2.1/")));
    refused(PLACE, "the store redirects");
    store.recover();
    store.state.lock().unwrap().objects.insert("scans/one/notes.txt".to_owned(), b"mine".to_vec());
    refused(PLACE, "not empty (it holds \"notes.txt\") and no dataset");
    assert_eq!(store.keys(), ["scans/one/notes.txt"]);
    let told = sentence(&run(&store, 4, &["stats", "s3://data/none"]));
    assert!(told.contains("no manifest.json here"), "{told}");
    let told = sentence(&run(&store, 3, &["scan", "s3://data/none.txt", "--lab", "-o", "s3://data/other"]));
    assert!(told.contains("does not exist"), "{told}");
    let mut command = store.stscan(1, &["stats", PLACE]);
    let output = command.env("AWS_ENDPOINT_URL", "http://192.0.2.1:9").output().unwrap();
    assert!(output.status.code() == Some(4) && sentence(&output).contains("is not https"), "{}", stderr(&output));
}

/// A list of the lab with a name that comes twice and a line that is none.
const LIST: &str = "enforce.mta-sts.example\nexample.com\nExample.COM.\nno name at all\ntesting.mta-sts.example\n";

#[test]
fn lines_without_rows_and_flat_tables_are_there_as_in_a_folder() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Store::start());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("list.txt"), LIST).unwrap();
    for place in [PLACE, &path("there")] {
        run(&store, 0, &["scan", &path("list.txt"), "--lab", "-o", place]);
    }
    for file in ["rejected.csv", "duplicates.csv"] {
        let there = fs::read(folder.path().join("there").join(file)).unwrap();
        assert!(
            store.state.lock().unwrap().objects[&format!("scans/one/{file}")] == there && there.split(|octet| *octet == b'\n').count() == 3,
            "{file}"
        );
    }
    // The same dataset in a folder, and its tables by every way.
    let here = copy(&store, "scans/one/", &folder.path().join("here"));
    for form in ["csv", "parquet"] {
        let (flat, key) = (format!("--flat={form}"), "ab".repeat(32));
        let (copied, both) = (path(&format!("copied-{form}")), format!("s3://data/flat-{form}"));
        for (from, to) in [
            (here.as_str(), copied.as_str()),
            (PLACE, &both),
            (PLACE, &path(&format!("down-{form}"))),
            (&here, &format!("s3://data/up-{form}")),
        ] {
            run(&store, 0, &["export", from, &flat, "--key", &key, "-o", to]);
        }
        copy(&store, &format!("flat-{form}/"), &folder.path().join(format!("far-{form}")));
        copy(&store, &format!("up-{form}/"), &folder.path().join(format!("raised-{form}")));
        for file in ["findings", "mx", "rua"].map(|table| format!("flat/{table}.{form}")).into_iter().chain(["duplicates.csv".to_owned()]) {
            let of = |folder_of: &str| fs::read(folder.path().join(format!("{folder_of}-{form}")).join(&file)).unwrap();
            assert!(["far", "down", "raised"].iter().all(|other| of(other) == of("copied")), "{file}");
        }
        assert!(stdout(&run(&store, 0, &["verify", &both])).contains(": whole"));
    }
}

#[test]
fn old_scans_of_a_tree_are_removed_and_nothing_else() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Store::start());
    let list = folder.path().join("list.txt").to_str().unwrap().to_owned();
    fs::write(&list, LIST).unwrap();
    let scan = ["scan", &list, "--lab", "--layout", "hive", "--list-name", "a", "-o", "s3://data/tree", "--keep", "2"];
    run(&store, 0, &scan);
    let put = |from: &str, to: &str| {
        let mut state = store.state.lock().unwrap();
        let copies: Vec<_> =
            state.objects.iter().filter_map(|(key, bytes)| Some((format!("{to}{}", key.strip_prefix(from)?), bytes.clone()))).collect();
        state.objects.extend(copies);
    };
    let today = store.keys()[0].rsplit_once('/').unwrap().0.to_owned();
    for date in ["a/date=2026-01-01", "a/date=2026-01-02", "a/date=2026-01-08", "b/date=2020-01-01"] {
        put(&today, &format!("tree/list={date}"));
    }
    let foreign = ["tree/list=a/date=2025-12-31/mine.txt", "tree/list=a/date=2026-01-02/mine.txt", "tree/list=a/mine.txt"];
    for key in foreign {
        store.state.lock().unwrap().objects.insert(key.to_owned(), b"mine".to_vec());
    }
    store.state.lock().unwrap().objects.retain(|key, _| !key.starts_with(&today));
    let before = store.keys();
    assert!(before.iter().any(|key| key.ends_with("2026-01-01/_duplicates.csv")), "{before:?}");
    let said = stderr(&run(&store, 0, &scan));
    assert!(
        said.contains("date=2026-01-01 is removed (--keep 2)") && said.contains("2026-01-02 is older") && said.contains("mine.txt"),
        "{said}"
    );
    let removed: Vec<String> = before.into_iter().filter(|key| !store.keys().contains(key)).collect();
    assert!(removed.len() >= 5 && removed.iter().all(|key| key.starts_with("tree/list=a/date=2026-01-01/")), "{removed:?}");
    let left = store.keys();
    assert!(left.iter().all(|key| !key.contains("removed") && !key.contains("2026-01-01")), "{left:?}");
    assert!(stdout(&run(&store, 0, &["stats", "--series", "s3://data/tree/list=a"])).contains("2026-01-08"));
}

/// Bytes of parts that were read since this was asked last.
fn read_of_parts(store: &Store) -> usize {
    let seen = std::mem::take(&mut store.state.lock().unwrap().seen);
    seen.iter().filter(|(request, ..)| request.key.ends_with(".parquet") && request.method == "GET").map(|(.., bytes)| bytes).sum()
}

#[test]
fn what_is_fetched_whole_is_fetched_once_and_checked_by_its_hash() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Store::start());
    let out = |number: usize| folder.path().join(format!("out-{number}")).to_str().unwrap().to_owned();
    scan(&store, 60, 0, PLACE);
    let shards = ["s3://data/shards/0", "s3://data/shards/1"];
    for (number, shard) in shards.iter().enumerate() {
        run(&store, 0, &[&SCAN[..], &["--shard", &format!("{number}/2"), "-o", shard]].concat());
    }
    let commands: [&[&str]; 3] = [&["reclassify", PLACE], &["export", PLACE], &["merge", shards[0], shards[1]]];
    let prefixes = ["scans/one/", "scans/one/", "shards/"];
    for (number, (command, prefix)) in commands.iter().zip(prefixes).enumerate() {
        read_of_parts(&store);
        run(&store, 0, &[command, &["-o", &out(number)][..]].concat());
        let objects = store.state.lock().unwrap().objects.clone();
        let parts = objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.ends_with(".parquet"));
        assert_eq!(read_of_parts(&store), parts.map(|(_, bytes)| bytes.len()).sum::<usize>(), "{command:?}");
    }
    for key in ["scans/one/domains/part-00001.parquet", "shards/0/domains/part-00001.parquet"] {
        let mut state = store.state.lock().unwrap();
        let part = state.objects.get_mut(key).unwrap();
        let middle = part.len() / 2;
        part[middle] ^= 1;
    }
    for (number, command) in commands.iter().enumerate() {
        let said = sentence(&run(&store, 4, &[command, &["-o", &out(10 + number)][..]].concat()));
        assert!(
            said.starts_with("s3://data/")
                && said.contains("part-00001.parquet")
                && said.contains("its bytes are not those that were written"),
            "{said}"
        );
    }
    assert!(stdout(&run(&store, 4, &["verify", PLACE])).contains("part-00001.parquet: changed"));
}

#[test]
fn a_store_behind_tls_is_trusted_by_its_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::with_tls(folder.path());
    let authority = store.authority.clone().unwrap();
    let with = |bundle: Option<&Path>, arguments: &[&str]| {
        let mut command = store.stscan(1, arguments);
        command.envs(bundle.map(|bundle| ("AWS_CA_BUNDLE", bundle)));
        command.output().unwrap()
    };
    let scan = [&SCAN[..], &["-o", PLACE]].concat();
    let refused = with(None, &scan);
    assert!(matches!(refused.status.code(), Some(4 | 5)) && sentence(&refused).contains("certificate"), "{}", stderr(&refused));
    fs::write(folder.path().join("none.pem"), "no certificate").unwrap();
    let refused = with(Some(&folder.path().join("none.pem")), &scan);
    assert!(refused.status.code() == Some(4) && sentence(&refused).contains("holds no certificate in PEM"), "{}", stderr(&refused));
    assert!(store.keys().is_empty());
    for arguments in [&scan[..], &["verify", PLACE], &["stats", PLACE]] {
        let output = with(Some(&authority), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_store_of_google_is_written_and_read_as_the_others() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Store::speaking(Dialect::Google));
    let (truth, place) = (truth(folder.path()), store.place("scans/one"));
    // Killed after the first part, and gone on with.
    let mut begun = false;
    store.fail(move |request| {
        let waits = begun && request.method == "PUT";
        begun |= request.method == "PUT" && request.key.contains("part-");
        waits.then_some(Fault::Answer(503, "SlowDown", ""))
    });
    let running = Running::of(&mut store.stscan(60, &[&SCAN[..], &["-o", &place]].concat()));
    while !store.keys().iter().any(|key| key.contains("part-")) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    running.signal("KILL");
    drop(running);
    store.recover();
    assert!(store.keys().contains(&"scans/one/manifest.json".to_owned()));
    store.fail(each_once(Fault::AnswerLost, writes));
    scan(&store, 60, 0, &place);
    store.recover();
    same(&store, &place, &truth);
    let said = sentence(&scan(&store, 60, 4, &place));
    assert!(said.starts_with(&format!("{place}: holds a scan that was finished at")), "{said}");
    store.state.lock().unwrap().objects.insert("lists/some.txt".to_owned(), LIST.into());
    run(&store, 0, &["scan", &store.place("lists/some.txt"), "--lab", "-o", &store.place("listed")]);
    for (command, to) in [("reclassify", store.place("again")), ("export", store.place("copy"))] {
        run(&store, 0, &[command, &place, "-o", &to]);
        assert!(stdout(&run(&store, 0, &["verify", &to])).contains(": whole"), "{command}");
    }
    // What is foreign is put aside by copying it.
    store.state.lock().unwrap().objects.insert("scans/one/domains/mine.parquet".to_owned(), b"mine".to_vec());
    run(&store, 0, &["verify", "--repair", &place]);
    assert!(store.keys().contains(&"scans/one/aside/mine.parquet".to_owned()));
    assert!(stdout(&run(&store, 0, &["stats", &place])).contains("enforce"));
    let told = sentence(&scan(&store, 1, 4, "gs://none/x"));
    assert!(told.contains("there is no bucket gs://none; create it, or name another one"), "{told}");
    let output =
        store.stscan(1, &["stats", &place]).env("GCE_METADATA_HOST", "127.0.0.1:1").env("GCE_METADATA_IP", "127.0.0.1:1").output().unwrap();
    assert!(matches!(output.status.code(), Some(4 | 5)), "{}", stderr(&output));
    sentence(&output);
}

#[test]
fn what_one_request_does_not_take_goes_to_google_in_pieces() {
    let (folder, store) = (tempfile::tempdir().unwrap(), Store::speaking(Dialect::Google));
    let (place, list) = (store.place("scans/one"), folder.path().join("list.txt"));
    let lines = (0..450_000).map(|number| format!("{number} {}\n", "no name ".repeat(12)));
    fs::write(&list, std::iter::once("example.com\n".to_owned()).chain(lines).collect::<String>()).unwrap();
    let is_piece = |request: &Request| request.query.contains("partNumber");
    store.fail(each_once(Fault::AnswerLost, is_piece));
    run(&store, 0, &["scan", list.to_str().unwrap(), "--lab", "-o", &place]);
    store.recover();
    let state = store.state.lock().unwrap();
    let rejected = &state.objects["scans/one/rejected.csv"];
    assert!(rejected.len() > 64 << 20 && rejected.iter().filter(|byte| **byte == b'\n').count() > 450_000);
    let place_of = |is_it: &dyn Fn(&Request) -> bool| state.seen.iter().position(|(request, ..)| is_it(request)).unwrap();
    let noted = place_of(&|request| request.method == "PUT" && request.key.contains(".uploads/"));
    assert!(noted < place_of(&is_piece), "the note is there before the first byte");
    assert!(state.seen.iter().filter(|(request, ..)| is_piece(request)).count() >= 10, "each twice");
    assert!(state.uploads.is_empty() && state.objects.keys().all(|key| !key.contains(".uploads")));
    drop(state);
    assert!(stdout(&run(&store, 0, &["verify", &place])).contains(": whole"));
}

#[test]
fn a_prefix_with_another_scan_is_left_as_it_is() {
    let store = Store::start();
    let mut parts = 0;
    store.fail(move |request| {
        parts += u32::from(request.method == "PUT" && request.key.contains("part-"));
        (parts > 1).then_some(Fault::Answer(503, "SlowDown", ""))
    });
    scan(&store, 1, 5, PLACE);
    store.recover();
    let before = store.state.lock().unwrap().objects.clone();
    let told = sentence(&run(&store, 4, &["scan", "--lab=census:200", "-o", PLACE]));
    assert!(told.starts_with(PLACE) && told.contains("another"), "{told}");
    assert!(store.state.lock().unwrap().objects == before);
}
