//! Datasets in an object store: what stands there is what a scan into a folder gives, whatever goes wrong on the way, and little of it is
//! read. tests/stores/run does the same with stores that we did not write.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use harness::store::{Fault, Request, Store};
use harness::{expect, stderr, stdout};

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
    let prefix = place.strip_prefix("s3://data/").unwrap();
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
    let here = folder.path().join("one");
    for (key, bytes) in &store.state.lock().unwrap().objects {
        let path = here.join(key.strip_prefix("scans/one/").unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    for command in [&["stats"][..], &["stats", "--table", "all", "--format", "csv"], &["report", "--format", "csv"], &["verify"]] {
        let of = |place: &str| stdout(&run(&store, 0, &[command, &[place]].concat())).replace(place, "PLACE");
        assert_eq!(of(PLACE), of(here.to_str().unwrap()), "{command:?}");
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
