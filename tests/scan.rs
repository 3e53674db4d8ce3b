//! The main job from end to end, as a user runs it: lists in, dataset out, stops and kills in between.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use harness::{expect, rows, stderr, stdout, stscan};
use stscan::dataset::Reader;

/// A list of so many names that the census knows.
fn list(dir: &Path, names: usize) -> String {
    let path = dir.join("list.txt");
    let text: String = (0..names).map(|index| format!("name-{index}.example\n")).collect();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn path(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().unwrap().to_owned()
}

#[test]
fn every_line_is_accounted_for() {
    let dir = tempfile::tempdir().unwrap();
    let (input, out) = (path(dir.path(), "messy.txt"), path(dir.path(), "out"));
    let lines = [
        "\u{feff}# a comment",
        "example.com",
        "EXAMPLE.com.",
        "https://www.example.org:8443/path",
        "",
        "b\u{fc}cher.example",
        "not a name",
        "192.0.2.1",
        "out.example",
    ];
    fs::write(&input, lines.join("\r\n")).unwrap();
    fs::write(path(dir.path(), "optout.txt"), "out.example\n").unwrap();
    expect(0, &["scan", "--lab", &input, "-o", &out, "--exclude", &path(dir.path(), "optout.txt")]);
    let domains: Vec<String> = rows(Path::new(&out)).into_iter().map(|row| row.domain).collect();
    assert_eq!(domains, ["example.com", "www.example.org", "xn--bcher-kva.example"]);
    let accounting = Reader::open(Path::new(&out)).unwrap().manifest().accounting.unwrap();
    let sum =
        accounting.rows + accounting.rejected + accounting.duplicates + accounting.excluded + accounting.not_selected + accounting.blank;
    assert_eq!((accounting.lines, sum), (9, 9));
    assert_eq!((accounting.rows, accounting.rejected, accounting.duplicates, accounting.excluded), (3, 2, 1, 1));
    let rejected = fs::read_to_string(path(dir.path(), "out/rejected.csv")).unwrap();
    assert!(rejected.contains("not a name") && rejected.contains("192.0.2.1") && rejected.lines().count() == 3, "{rejected}");
}

#[test]
fn a_killed_scan_goes_on_and_comes_to_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let input = list(dir.path(), 6000);
    let (whole, killed) = (path(dir.path(), "whole"), path(dir.path(), "killed"));
    let arguments = |out: &str| ["scan", "--lab", &input, "--part-rows", "500", "-o", out].map(str::to_owned);
    let whole_arguments = arguments(&whole);
    expect(0, &whole_arguments.each_ref().map(String::as_str));

    let killed_arguments = arguments(&killed);
    let killed_arguments = killed_arguments.each_ref().map(String::as_str);
    // Slowed down so that there is something to kill.
    let mut child = stscan(&killed_arguments).args(["--rate", "6000"]).stdout(Stdio::null()).spawn().unwrap();
    wait_for_parts(Path::new(&killed), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let before = Reader::open(Path::new(&killed)).unwrap().manifest().clone();
    assert!(before.finished_at.is_none() && before.counts.rows < 6000, "killed too late: {} rows", before.counts.rows);

    expect(0, &killed_arguments);
    let after = Reader::open(Path::new(&killed)).unwrap().manifest().clone();
    assert!(after.finished_at.is_some());
    assert_eq!(after.run.run_id, before.run.run_id);
    assert!(before.parts.iter().all(|part| after.parts.contains(part)), "finished parts are kept");
    assert_eq!(rows(Path::new(&killed)), rows(Path::new(&whole)));
    assert_eq!(after.counts, Reader::open(Path::new(&whole)).unwrap().manifest().counts);
}

#[test]
fn files_identify_a_scan_by_what_is_in_them() {
    let dir = tempfile::tempdir().unwrap();
    let input = list(dir.path(), 3000);
    let [exclude, same, out] = ["optout.txt", "same.txt", "out"].map(|name| path(dir.path(), name));
    for file in [&exclude, &same] {
        fs::write(file, "name-7.example\n").unwrap();
    }
    let arguments = |exclude: &str| ["scan", "--lab", &input, "--part-rows", "500", "-o", &out, "--exclude", exclude].map(str::to_owned);
    let mut child =
        stscan(&arguments(&exclude).each_ref().map(String::as_str)).args(["--rate", "3000"]).stdout(Stdio::null()).spawn().unwrap();
    wait_for_parts(Path::new(&out), 1);
    child.kill().unwrap();
    child.wait().unwrap();

    fs::write(&exclude, "name-8.example\n").unwrap();
    let refused = expect(4, &arguments(&exclude).each_ref().map(String::as_str));
    assert!(stderr(&refused).contains("(--exclude: there \"sha256:"), "{}", stderr(&refused));
    expect(0, &arguments(&same).each_ref().map(String::as_str));
}

#[cfg(unix)]
#[test]
fn an_interrupted_scan_commits_what_is_in_flight_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let input = list(dir.path(), 12_000);
    let out = path(dir.path(), "out");
    let arguments = ["scan", "--lab", &input, "-o", &out];
    let child = stscan(&arguments)
        .args(["--rate", "6000", "--status-file", &path(dir.path(), "status")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until(|| fs::read_to_string(path(dir.path(), "status")).is_ok_and(|status| !status.contains("\"judged\":0,")));
    interrupt(child.id());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("the same command continues"), "{}", stderr(&output));
    let before = Reader::open(Path::new(&out)).unwrap().manifest().clone();
    assert!(before.counts.rows > 0 && before.counts.rows < 12_000, "{} rows", before.counts.rows);

    expect(0, &arguments);
    let all = rows(Path::new(&out));
    assert_eq!(all.iter().map(|row| row.ordinal).collect::<Vec<_>>(), (0..12_000).collect::<Vec<_>>());
}

#[cfg(unix)]
fn interrupt(process: u32) {
    let status = std::process::Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_folder_of_another_scan_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let input = list(dir.path(), 20);
    let out = path(dir.path(), "out");
    expect(0, &["scan", "--lab", &input, "-o", &out]);
    let again = expect(4, &["scan", "--lab", &input, "-o", &out]);
    assert!(stderr(&again).contains("finished") && stderr(&again).lines().count() == 1, "{}", stderr(&again));
    let foreign = path(dir.path(), "foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(path(dir.path(), "foreign/thesis.tex"), "").unwrap();
    let refused = expect(4, &["scan", "--lab", &input, "-o", &foreign]);
    assert!(stderr(&refused).contains("thesis.tex"), "{}", stderr(&refused));
}

#[test]
fn rows_can_go_to_a_stream() {
    let dir = tempfile::tempdir().unwrap();
    let input = list(dir.path(), 3000);
    let output = expect(0, &["scan", "--lab", &input, "-o", "-", "--format", "arrow-stream"]);
    let reader = arrow::ipc::reader::StreamReader::try_new(output.stdout.as_slice(), None).unwrap();
    assert_eq!(reader.schema(), stscan::dataset::schema());
    let ordinals: Vec<i64> = reader
        .flat_map(|batch| {
            let batch = batch.unwrap();
            let column = batch.column_by_name("ordinal").unwrap();
            column.as_any().downcast_ref::<arrow::array::Int64Array>().unwrap().values().to_vec()
        })
        .collect();
    assert_eq!(ordinals, (0..3000).collect::<Vec<_>>());
}

#[test]
fn standard_input_is_a_list() {
    let dir = tempfile::tempdir().unwrap();
    let out = path(dir.path(), "out");
    let mut child =
        stscan(&["scan", "--lab", "-", "--list-name", "mine", "-o", &out]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1,example.com\n2,example.org\n").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let ranks: Vec<_> = rows(Path::new(&out)).into_iter().map(|row| (row.domain, row.rank)).collect();
    assert_eq!(ranks, [("example.com".to_owned(), Some(1)), ("example.org".to_owned(), Some(2))]);
    assert_eq!(Reader::open(Path::new(&out)).unwrap().manifest().run.list.name, "mine");
}

#[test]
fn bad_input_gets_one_sentence_and_the_right_status() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, content: &[u8]| {
        fs::write(dir.path().join(name), content).unwrap();
        path(dir.path(), name)
    };
    let good = at("good.txt", b"example.com\n");
    let (empty, binary) = (at("empty.txt", b""), at("binary.bin", &[0, 159, 146, 150, 255, 10, 7].repeat(500)));
    let (commas, label) = (at("commas.csv", &[b','; 10_000_000]), at("label.txt", format!("{}.com\n", "a".repeat(300)).as_bytes()));
    let folder = dir.path().to_str().unwrap().to_owned();
    let out = path(dir.path(), "out");
    for (status, arguments, said) in [
        (3, vec!["--lab", &empty], "is empty"),
        (3, vec!["--lab", &folder], "directory"),
        (3, vec!["--lab", "missing.txt"], "does not exist"),
        (2, vec!["--lab", &good, "--top", "0"], "--top 0"),
        (2, vec!["--lab", &good, "--rate", "-1"], "--rate"),
        (2, vec!["--lab", &good, "--column", "nope"], "nope"),
        (8, vec![&good, "--resolver", "127.0.0.1:9", "--dns-timeout", "0.2"], "no resolver can be used"),
        (2, vec![&good, "--resolver", "example"], "resolver address"),
        (2, vec!["--lab=mars"], "mars"),
        (2, vec![], "no list"),
        (2, vec!["--lab", &good, "--contact", "a\nb"], "--contact"),
        (2, vec!["--lab", &good, "--ca-file", &good], "--ca-file"),
    ] {
        let mut all = vec!["scan", "-o", &out];
        all.extend(arguments);
        let output = expect(status, &all);
        assert!(stderr(&output).contains(said), "{all:?} said {:?}", stderr(&output));
        assert_eq!(stdout(&output), "", "results only on standard output");
        let sentences = stderr(&output).lines().filter(|line| !line.trim().is_empty()).count();
        assert!(sentences <= 3, "one clear sentence: {}", stderr(&output));
        assert!(!Path::new(&out).join("manifest.json").exists(), "{all:?} began a dataset");
    }
    for (list, said) in [(binary, "is a binary file"), (commas, "yields no domain name"), (label, "yields no domain name")] {
        let refused = expect(3, &["scan", "--lab", &list, "-o", &out]);
        assert!(stderr(&refused).contains(said) && stderr(&refused).contains("It begins:\n  1: "), "{}", stderr(&refused));
        assert!(!Path::new(&out).exists(), "{list} began a dataset");
    }
}

/// All of a scan leaves from the address that was named, and comes to the same.
#[test]
fn everything_leaves_from_the_address_that_was_named() {
    let dir = tempfile::tempdir().unwrap();
    let input = list(dir.path(), 200);
    let (usual, other) = (path(dir.path(), "usual"), path(dir.path(), "other"));
    expect(0, &["scan", "--lab", &input, "-o", &usual]);
    expect(0, &["scan", "--lab", &input, "-o", &other, "--source-ip", "127.0.0.9"]);
    assert_eq!(rows(Path::new(&other)), rows(Path::new(&usual)));

    // Whoever is asked sees it, over UDP; over TCP the unit tests do.
    let resolver = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = resolver.local_addr().unwrap().to_string();
    let seen = std::thread::spawn(move || resolver.recv_from(&mut [0; 512]).unwrap().1.ip().to_string());
    let silent = ["check", "example.com", "--resolver", &address, "--dns-timeout", "200ms", "--dns-tries", "1"];
    expect(8, &[&silent[..], &["--source-ip", "127.0.0.9"]].concat());
    assert_eq!(seen.join().unwrap(), "127.0.0.9");
    for (option, value, said) in
        [("--source-ip", "192.0.2.1", "not an address of this machine"), ("--interface", "none0", "cannot be used")]
    {
        assert!(stderr(&expect(2, &[&silent[..], &[option, value]].concat())).contains(said), "{option}");
    }
}

/// What stands in a configuration file is refused with its place, whoever refuses it.
#[test]
fn a_configuration_is_refused_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (path(dir.path(), "weekly.toml"), path(dir.path(), "out"));
    for (text, said) in [
        ("list = 'x'\n\nshard = '4/4'\n", "weekly.toml:3"),
        ("list = 'x'\nkeep = 3\n", "weekly.toml:2"),
        ("list = 'x'\nresolver = ['example']\n", "weekly.toml:2"),
        ("list = 'x'\ndns-timeout = '5m'\n", "weekly.toml:2: dns-timeout = '5m': a length of time"),
        ("list = 'x'\nsource-ip = ['192.0.2.1']\n", "weekly.toml:2"),
        ("list = 'x'\nexclude = 'no-such-file.txt'\n", "weekly.toml:2"),
        ("list = 'x'\nnotify-exec = '/no/such/program'\n", "weekly.toml:2"),
    ] {
        fs::write(&config, text).unwrap();
        let refused = stderr(&expect(2, &["scan", "--config", &config, "-o", &out]));
        assert!(refused.contains(said) && refused.trim_end().lines().count() == 1, "{text:?}: {refused}");
    }
}

/// Of when is what is built in; roots of this machine take the place of the built-in ones.
#[test]
fn what_is_built_in_has_its_date() {
    let version = stdout(&expect(0, &["--version"]));
    for what in ["trusted roots: webpki-roots ", "public suffix list: psl ", "root hints: root zone ", ", of 20", "catalogue "] {
        assert!(version.contains(what), "{version}");
    }
    assert_eq!(stdout(&expect(0, &["-V"])).lines().count(), 1);
    let dir = tempfile::tempdir().unwrap();
    let (lab, out) = (stscan::lab::Lab::start(stscan::lab::Internet::census(1)).unwrap(), path(dir.path(), "out"));
    let ca = path(dir.path(), "ca.pem");
    fs::write(&ca, lab.ca_pem()).unwrap();
    let (input, resolver, port) = (list(dir.path(), 100), lab.dns_addr().to_string(), lab.https_port().to_string());
    let arguments = ["scan", &input, "-o", &out, "--resolver", &resolver, "--https-port", &port, "--allow-private", "--platform-roots"];
    let roots = |file: &str, status| {
        let output = stscan(&arguments).env("SSL_CERT_FILE", file).env_remove("SSL_CERT_DIR").output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
        stderr(&output)
    };
    let refused = roots(&input, 2);
    assert!(refused.contains("--platform-roots: this machine has no trusted roots"), "{refused}");
    roots(&ca, 0);
    let manifest = Reader::open(Path::new(&out)).unwrap().manifest().clone();
    assert!(manifest.run.root_store.starts_with("platform, 1 certificates, sha256:"), "{}", manifest.run.root_store);
    assert!(manifest.counts.posture.get("enforce").is_some_and(|domains| *domains > 0), "{:?}", manifest.counts.posture);
}

/// Waits until a running scan has so many parts.
fn wait_for_parts(dir: &Path, parts: usize) {
    wait_until(|| Reader::open(dir).is_ok_and(|reader| reader.manifest().parts.len() >= parts));
}

fn wait_until(mut there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}
