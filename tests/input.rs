//! What a user gives as it is given: options, settings, lists and opt-outs that cannot be used are refused before anything is sent, in one
//! sentence that says which and what to do.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::fs;
use std::path::Path;

use harness::{expect, stderr, stdout};

/// A folder with a good list.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.file("good.txt", b"example.com\n");
        desk
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        fs::write(self.0.path().join(name), content).unwrap();
        self.path(name)
    }

    /// Expects a scan of the lab with these arguments to be refused; gives what it says.
    fn refused(&self, status: i32, arguments: &[&str]) -> String {
        let (good, out) = (self.path("good.txt"), self.path("out"));
        let list: &[&str] = if arguments.iter().any(|argument| argument.ends_with(".list")) { &[] } else { &[&good] };
        let output = expect(status, &[&["scan", "-o", &out], list, arguments].concat());
        assert_eq!(stdout(&output), "", "{arguments:?}: results only on standard output");
        assert!(!Path::new(&out).exists(), "{arguments:?} left a folder");
        let said = stderr(&output);
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
        said
    }
}

#[test]
fn an_option_that_cannot_be_used_is_refused_by_its_name() {
    let desk = Desk::new();
    let cut = desk.file("cut.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n");
    let none = desk.file("none.txt", b"# nobody\n");
    let (missing, folder) = (desk.path("missing/status.json"), desk.path("."));
    for (arguments, said) in [
        (&["--lab", "--status-file", &missing][..], "--status-file"),
        (&["--lab", "--status-file", &folder], "--status-file"),
        (&["--lab", "--ca-file", &cut], "certificate 1 is cut"),
        (&["--resolvers", &none], &none),
        (&["--lab", "--rate", "99999999999999"], "--rate 99999999999999: a whole number from 0 to 10000000 is expected"),
        (&["--lab", "--concurrency", "0"], "--concurrency 0: a whole number from 1 to 1000000"),
        (&["--lab", "--workers", "999"], "--workers 999: a whole number from 1 to 256"),
        (&["--lab", "--fetch-timeout", "80000"], "--fetch-timeout 80000: seconds from 0.001 to 3600"),
        (&["--lab", "--fetch-timeout", "90000"], "--fetch-timeout 90000: seconds from 0.001 to 3600"),
        (&["--lab", "--dns-timeout", "1e-12"], "--dns-timeout 1e-12: seconds from 0.001 to 3600"),
        (&["--lab", "--connect-timeout", "30", "--fetch-timeout", "5"], "--connect-timeout 30 is longer than"),
        (&["--seed", "4"], "--seed"),
        (&["--lab=zoo", "--seed", "4"], "--seed"),
        (&["--http-port", "8080"], "--look-around"),
        (&["--dns-port", "5353"], "--iterative"),
        (&["--lab", "--https-port", "8443"], "--lab brings its own ports"),
        (&["--lab", "--trust-resolvers"], "--trust-resolvers"),
        (&["--iterative", "--0x20"], "--0x20"),
        (&["--lab=zoo:999999999999"], "from 1 to 100000000"),
    ] {
        let text = desk.refused(2, arguments);
        assert!(text.contains(said) && text.lines().count() == 1, "{arguments:?}: {text}");
    }
    let good = desk.path("good.txt");
    for (options, said) in [(["--list-id", "x"], "--list-id"), (["--part-rows", "9"], "--part-rows")] {
        let all = [&["scan", "--lab", &good, "-o", "-", "--format", "arrow-stream"], &options[..]].concat();
        assert!(stderr(&expect(2, &all)).contains(said));
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_refused_by_its_line() {
    let desk = Desk::new();
    for (text, said) in [
        (&b"top = 5\nrate = 'much'\n"[..], ":2: rate = 'much': a number is expected"),
        (b"\nfetch-timeout = nan", ":2: fetch-timeout = nan: seconds from 0.001 to 3600"),
        (b"rates = 5", ":1: rates = 5: there is no such option"),
        (b"out = 's3://bucket/x'", ":1: out = 's3://bucket/x': writing to a URL does not work yet"),
        (b"\xff\xfe", "is not UTF-8"),
    ] {
        let file = desk.file("scan.toml", text);
        let text = desk.refused(2, &["--lab", "--config", &file]);
        assert!(text.contains(said) && text.contains("scan.toml") && text.lines().count() == 1, "{text}");
    }
}

#[test]
fn no_command_writes_to_a_url() {
    let desk = Desk::new();
    let good = desk.path("good.txt");
    for url in ["s3://bucket/x", "gs://bucket/x", "az://container/x", "https://example.org/x", "file:///tmp/x", "S3:/bucket/x"] {
        for command in [
            &["scan", "--lab", &good, "-o", url][..],
            &["scan", "--lab", &good, "-o", "x", "--status-file", url],
            &["export", "x", "-o", url],
            &["reclassify", "x", "-o", url],
            &["report", "x", "-o", url],
            &["lab", "write", url],
        ] {
            let output = expect(2, command);
            assert!(stderr(&output).contains("writing to a URL does not work yet"), "{command:?}: {}", stderr(&output));
            assert!(!Path::new(url.split('/').next().unwrap()).exists());
        }
    }
}

#[test]
fn an_opt_out_that_cannot_be_read_ends_the_scan_with_its_line() {
    let desk = Desk::new();
    for (entry, said) in [
        ("192.0.2", "ends in a number"),
        ("127.1", "ends in a number"),
        ("010.0.0.1", "ends in a number"),
        ("300.1.2.3", "ends in a number"),
        ("AS64496", "is an AS number"),
        ("192.0.2.9-192.0.2.1", "is no range"),
        ("ORG-EX1-RIPE", "is a single label"),
        ("\u{1b}[31m", "is neither a domain name nor an address"),
    ] {
        let list = desk.file("optout.txt", format!("# asked\nexample.org\n{entry}\n").as_bytes());
        let text = desk.refused(2, &["--lab", "--exclude", &list]);
        assert!(text.contains("optout.txt, line 3: ") && text.contains(said), "{text}");
    }
    let list = desk.file("optout.txt", b"example.org\nb\xfccher.example\n");
    assert!(desk.refused(2, &["--lab", "--exclude", &list]).contains("optout.txt, line 2: the text is not UTF-8"));
}
