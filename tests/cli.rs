//! What the commands print, as snapshots: a change of wording is a readable diff.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test --test cli`, then read the diff.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::io::Write;
use std::process::Stdio;

use harness::{expect, stderr, stdout, stscan};

/// Runs the program with text on standard input; gives what it printed and the exit status.
fn piped(arguments: &[&str], input: &[u8]) -> String {
    let mut child = stscan(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    format!("{}{}exit status {}\n", stdout(&output), stderr(&output), output.status.code().unwrap())
}

#[test]
fn help_of_the_program() {
    insta::assert_snapshot!(stdout(&expect(0, &["--help"])));
}

#[test]
fn help_of_scan() {
    insta::assert_snapshot!(stdout(&expect(0, &["scan", "--help"])));
}

#[test]
fn help_of_publish() {
    let help = stdout(&expect(0, &["publish", "--help"]));
    // How the network is asked is said of scan.
    insta::assert_snapshot!(help.split("\nResolving:").next().unwrap().to_owned() + help.split_once("\nExamples:").unwrap().1);
}

#[test]
fn lint_shows_every_fault_with_its_place() {
    let policy = b"version: STSv1\nmode: Enforce\nmx: mail.example.com.\nmx: *\nmax-age: 7d\n\n";
    insta::assert_snapshot!(piped(&["lint", "--policy", "-"], policy));
    insta::assert_snapshot!(piped(&["lint", "-"], b"v=STSv1; id=2024-01-15;; mode=enforce\n"));
    insta::assert_snapshot!(piped(&["lint", "-"], b"v=TLSRPTv1; rua=tls@example.com!10m\n"));
}

#[test]
fn lint_is_silent_on_what_is_right() {
    let policy = b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmax_age: 2592000\r\n";
    insta::assert_snapshot!(piped(&["lint", "-"], policy));
}

#[test]
fn lint_prints_json() {
    insta::assert_snapshot!(piped(&["lint", "--json", "--record", "-"], b"v=STSv1; id = 1\x1b[31m;"));
}

#[test]
fn lint_fix_writes_the_corrected_text() {
    let dir = tempfile::tempdir().unwrap();
    let corrected = |text: &str, arguments: &[&str]| {
        let path = dir.path().join("text");
        std::fs::write(&path, text).unwrap();
        let output = stscan(&[&["lint", "--fix"], arguments, &["text"]].concat()).current_dir(dir.path()).output().unwrap();
        let said = format!("{}{}exit status {}\n", stdout(&output), stderr(&output), output.status.code().unwrap());
        format!("{said}{:?}\n", std::fs::read_to_string(&path).unwrap())
    };
    let texts = [
        corrected("version: STSv1\nmode: Enforce\nmx: mail.example.com.\nmax_age: 604800\n\n", &[]),
        corrected("v=STSv1; id=2024-01-15;;\n", &[]),
        corrected("v=TLSRPTv1; rua=tls@example.com!10m", &["--tlsrpt"]),
        corrected("version: STSv1\nmode: enforce\nmx: mail.example.com\nmore: yes\nmax_age: 604800\n", &[]),
        corrected("version: STSv1\nmode: enforce\nmx: *\nmax_age: 604800\n", &[]),
    ];
    insta::assert_snapshot!(texts.join("\n"));
    insta::assert_snapshot!(piped(&["lint", "--fix", "-"], b"v=STSv1; id=20240115\\;"));
}

/// An address that is no address: what it should be nobody can know, and nobody is to take it for corrected.
#[test]
fn lint_leaves_out_what_it_cannot_correct() {
    insta::assert_snapshot!(piped(&["lint", "-"], b"v=TLSRPTv1; rua=mailto:a..b@example.com,mailto:tls@example.com\n"));
    let alone = piped(&["lint", "-"], b"v=TLSRPTv1; rua=mailto:a..b@example.com\n");
    assert!(alone.contains("cannot be known") && !alone.contains("As it should be"), "{alone}");
    let fixed = piped(&["lint", "--fix", "-"], b"v=TLSRPTv1; rua=mailto:a..b@example.com,mailto:tls@example.com\n");
    assert!(fixed.contains("cannot be corrected") && !fixed.contains("rua="), "{fixed}");
}

/// A full device in place of standard output.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_fault_of_ours() {
    for arguments in [&["codes"][..], &["schema"], &["lab", "list"], &["explain", "sts-policy-mx-bare-wildcard"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = stscan(arguments).stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(5), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("free some space and run the same command again"), "{}", stderr(&output));
    }
}

/// Room for two kilobytes, as `ulimit -f` gives it: a longer text is not written, and the shorter one stays.
#[cfg(unix)]
#[test]
fn a_text_that_finds_no_room_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("policy");
    let mx: String = (0..100).map(|host| format!("mx: mx{host}.example.com.\n")).collect();
    let policy = format!("version: STSv1\nmode: Enforce\n{mx}max_age: 604800\n");
    std::fs::write(&path, &policy).unwrap();
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 1 && exec \"$0\" lint --fix \"$1\"", env!("CARGO_BIN_EXE_stscan"), path.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(5), "{}", stderr(&limited));
    assert!(stderr(&limited).contains("policy cannot be written"), "{}", stderr(&limited));
    assert_eq!((std::fs::read_to_string(&path).unwrap(), std::fs::read_dir(dir.path()).unwrap().count()), (policy, 1));
}

#[test]
fn the_cases_are_those_of_the_zoo() {
    assert!(stdout(&expect(0, &["lab", "list", "--world", "zoo"])).starts_with("enforce\n"));
    assert!(stderr(&expect(2, &["lab", "list", "--world", "census"])).contains("stscan lab write DIR --world census"));
}

/// A header that is wrong, and texts that are right.
#[test]
fn check_proposes_no_text_where_none_is_wrong() {
    let told = stdout(&expect(0, &["check", "--lab=zoo", "head-folded.test"]));
    assert!(told.contains("sts-fetch-header-malformed") && !told.contains("What to publish"), "{told}");
    let told = stdout(&expect(0, &["check", "--lab=zoo", "rua-two-dots.test"]));
    assert!(told.contains("What to publish") && told.contains("1. Name a mailbox for TLS reports that somebody reads (--rua)"), "{told}");
    let told = stdout(&expect(0, &["check", "--lab=zoo", "rua-two-dots.test", "--rua", "tls@corp.example"]));
    assert!(told.contains("_smtp._tls.rua-two-dots.test. IN TXT \"v=TLSRPTv1; rua=mailto:tls@corp.example\""), "{told}");
}

#[test]
fn explain_reads_like_a_page() {
    insta::assert_snapshot!(stdout(&expect(0, &["explain", "sts-policy-mx-bare-wildcard"])));
    insta::assert_snapshot!(stderr(&expect(2, &["explain", "sts-policy-redirect"])));
}

#[test]
fn check_tells_what_is_wrong_and_what_to_publish() {
    let output = stscan(&["check", "--lab=zoo", "redirect-301.test"]).output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    // Ids are the time of the probe, ports are chosen by the system.
    let text = mask(&mask(&stdout(&output), "id=", 14), "127.0.1.", 0);
    insta::assert_snapshot!(without_dates(&text));
}

/// The days on which certificates of the lab end, and on which a policy is enforced, are counted from today.
fn without_dates(text: &str) -> String {
    ["valid until ", "From "].into_iter().fold(text.to_owned(), |text, mark| {
        let mut parts = text.split(mark);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |told, part| told + mark + "DATE" + part.get(10..).unwrap_or_default())
    })
}

/// Addresses go by the order of the cases, digests by the day: neither is a matter of a snapshot, nor how lines are folded around them.
fn without_numbers(text: &str) -> String {
    let unfolded = without_dates(text).replace("\n    ", "\n \u{1}").replace("\n \u{1}", " ");
    let word = |word: &str| {
        let digits = word.trim_end_matches([',', '.', ':', ';']);
        if digits.len() == 16 && digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return "DIGEST".to_owned();
        }
        if digits.starts_with("44.") && digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
            "ADDRESS".to_owned()
        } else {
            word.to_owned()
        }
    };
    unfolded.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn check_tells_of_mail_servers_and_what_to_do_first() {
    let domains = ["smtp-healthy", "two-hosts-differ", "dane-other-key", "smtp-554", "ehlo-no-keyword", "dane-alone"];
    let told: Vec<String> = domains
        .iter()
        .map(|case| {
            let output = stscan(&["check", "--lab=zoo", &format!("{case}.test")]).output().unwrap();
            let text = without_numbers(&stdout(&output));
            let (_, about) = text.split_once("\n\n").unwrap();
            about.split("\nWhat to publish").next().unwrap().to_owned()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n----\n"));
    let unasked = stdout(&expect(0, &["check", "--lab=zoo", "--smtp", "none", "--dane", "none", "smtp-healthy.test"]));
    assert!(unasked.contains("MX host     not tested") && unasked.contains("DANE        not looked up"), "{unasked}");
    let published = stdout(&expect(0, &["check", "--lab=zoo", "--smtp", "none", "smtp-healthy.test"]));
    assert!(published.contains("published, not tested"), "{published}");
    let json = stdout(&expect(6, &["check", "--lab=zoo", "--json", "two-hosts-differ.test"]));
    let object: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(object["next_steps"][0].as_str().unwrap().starts_with("Fix TLS and certificate of mx2."), "{}", object["next_steps"]);
    assert_eq!((&object["assessment"]["mx_tls"], &object["assessment"]["delivery"]), (&"some".into(), &"partial".into()));
}

/// A canary that does not answer: this network does not let anybody ask.
#[test]
fn check_says_that_the_port_is_blocked_here() {
    let output = stscan(&["check", "--lab=zoo", "smtp-healthy.test", "--smtp-canary", "mx1.smtp-refused.test"]).output().unwrap();
    let told = stdout(&output);
    assert!(told.contains("SMTP        not tested: port 25 is blocked here (none of mx1.smtp-refused.test"), "{told}");
    assert!(told.contains("MX host     mx1.smtp-healthy.test: not tested: mail servers cannot be asked from here"), "{told}");
    assert!(told.contains("DANE        valid, published, not tested") && told.contains("That is no verdict on the domain."), "{told}");
    assert!(stderr(&output).contains("MX hosts are not tested"), "{}", stderr(&output));
}

/// Replaces so many digits behind each `mark` by `N`.
fn mask(text: &str, mark: &str, digits: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(mark) {
        let (before, after) = rest.split_at(at + mark.len());
        out.push_str(before);
        let tail = &after[after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len())..];
        let length = after.len() - tail.len();
        out.push_str(if length == digits || digits == 0 { "N" } else { &after[..length] });
        rest = tail;
    }
    out + rest
}

/// A host that speaks only what this scanner does not, and a filter against robots, did answer.
#[test]
fn check_does_not_say_of_an_answer_that_there_was_none() {
    let output = stscan(&["check", "--lab=zoo", "--json", "tls-cbc-only.test", "record-servfail.test"]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let judged: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let verdict = |place: usize| judged[place]["verdict"].as_str().unwrap();
    assert!(verdict(0).contains("the policy could not be fetched") && !verdict(0).contains("not answered"), "{}", verdict(0));
    assert!(verdict(1).contains("some queries were not answered"), "{}", verdict(1));
}

#[test]
fn check_prints_evidence_as_json() {
    let output = stscan(&["check", "--lab=zoo", "--json", "redirect-301.test"]).output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["evidence"]["fetch"]["status"], 301);
    assert_eq!(value["assessment"]["policy_stage"], "http");
    let evidence: stscan::evidence::Evidence = serde_json::from_value(value["evidence"].clone()).unwrap();
    assert_eq!(evidence.domain.as_str(), "redirect-301.test");
}

#[test]
fn completions_are_printed() {
    let script = stdout(&expect(0, &["completions", "bash"]));
    assert!(script.contains("complete -F _stscan") && script.contains("--retry-rounds"));
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let mut child = stscan(&["codes", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}
