//! Streams that end early: no end mark unless every name has its row, and words that are true of a stream.

use std::fs;
use std::io::Read;
use std::process::{Child, Stdio};

use super::harness::{self, stderr, stdout};
use super::{Scene, census};

/// The end mark of an Arrow stream.
const END: [u8; 8] = [255, 255, 255, 255, 0, 0, 0, 0];

fn arguments(scene: &Scene, options: &[&str]) -> Vec<String> {
    let stream = ["--format", "arrow-stream", "--dns-timeout", "2", "--retry-rounds", "none"];
    let mut arguments = scene.arguments("-", true, &[&stream, options].concat());
    let out = arguments.iter().position(|argument| argument == "-o").unwrap() + 1;
    arguments[out] = "-".to_owned();
    arguments
}

fn command(arguments: &[String]) -> std::process::Command {
    harness::stscan(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A scan that takes seconds, so that something can befall it.
fn start_slowly(scene: &Scene) -> Child {
    let mut scan = command(&arguments(scene, &["--rate", "3000", "--concurrency", "100"]));
    scan.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_whole_stream_has_its_end_mark() {
    let scene = census(3000);
    let whole = command(&arguments(&scene, &[])).output().unwrap();
    assert!(whole.status.success() && whole.stdout.ends_with(&END), "{}", stderr(&whole));
}

#[cfg(unix)]
#[test]
fn a_stopped_stream_has_none_and_says_so() {
    let scene = census(15000);
    let mut scan = start_slowly(&scene);
    let mut stream = scan.stdout.take().unwrap();
    let mut bytes = vec![0; 100_000];
    stream.read_exact(&mut bytes).unwrap();
    assert!(std::process::Command::new("kill").args(["-INT", &scan.id().to_string()]).status().unwrap().success());
    stream.read_to_end(&mut bytes).unwrap();
    let output = scan.wait_with_output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(!bytes.ends_with(&END), "a stream that is not whole looks as if it were");
    assert!(said.contains("no end mark") && said.contains("begins again") && !said.contains("goes on from there"), "{said}");
}

#[test]
fn a_stream_of_a_cut_list_has_none() {
    // More than a block of the packed list, so that rows go out before its end is missed.
    let scene = census(20_000);
    let list = fs::read(scene.path("list.txt")).unwrap();
    let packed = scene.path("list.txt.zst");
    let mut frame = zstd::encode_all(list.as_slice(), 1).unwrap();
    frame.truncate(frame.len() - 100);
    fs::write(&packed, frame).unwrap();
    let mut arguments = arguments(&scene, &[]);
    arguments[1] = packed.to_str().unwrap().to_owned();
    let cut = command(&arguments).output().unwrap();
    assert_eq!(cut.status.code(), Some(3), "{}", stderr(&cut));
    assert!(cut.stdout.len() > 100_000 && !cut.stdout.ends_with(&END), "{} bytes", cut.stdout.len());
    let said = stderr(&cut);
    let last = said.lines().last().unwrap();
    assert!(last.contains("is damaged") && last.contains("the output is not whole"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_full_scan() {
    let scene = census(15000);
    let mut scan = start_slowly(&scene);
    drop(scan.stdout.take());
    let output = scan.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}{}", stdout(&output), stderr(&output));
}
