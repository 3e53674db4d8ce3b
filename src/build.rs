//! Build script: gives the program the git revision from which it is built, for the manifest of every dataset.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
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
