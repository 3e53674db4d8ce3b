//! Build script: gives the program the git revision from which it is built, and the rules by which it judges, for the manifest of every dataset.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The sources that make rows of what was seen. Builds in which they are the same may go on with each other's scans.
const RULES: &[&str] = &["src/classify", "src/evidence", "src/name", "src/parse", "data/providers.csv"];

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    println!("cargo:rustc-env=STSCAN_RULES={:016x}", rules());
    // Written at every commit and checkout; a missing file would make every build run this again.
    for log in [".git/logs/HEAD", ".git/HEAD"] {
        if Path::new(log).is_file() {
            println!("cargo:rerun-if-changed={log}");
        }
    }
    if let Some(revision) = revision() {
        println!("cargo:rustc-env=STSCAN_REVISION={revision}");
    }
}

/// The commit that is checked out; `None` outside of a git checkout of this very project.
fn revision() -> Option<String> {
    if !Path::new(".git").exists() {
        return None;
    }
    let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let revision = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !revision.is_empty()).then_some(revision)
}

/// One number for the rules: FNV-1a, which is the same on every machine and with every compiler.
fn rules() -> u64 {
    let mut files = Vec::new();
    for folder in RULES {
        println!("cargo:rerun-if-changed={folder}");
        gather(PathBuf::from(folder), &mut files);
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let name = file.to_string_lossy().replace('\\', "/");
        let text = fs::read(&file).unwrap_or_default();
        // A checkout may have its own line ends.
        for byte in name.bytes().chain(text.into_iter().filter(|byte| *byte != b'\r')) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

fn gather(place: PathBuf, files: &mut Vec<PathBuf>) {
    match fs::read_dir(&place) {
        Ok(entries) => entries.flatten().for_each(|entry| gather(entry.path(), files)),
        Err(_) => files.push(place),
    }
}
