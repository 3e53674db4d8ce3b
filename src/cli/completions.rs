//! `stscan completions`: scripts for shells.

use std::io::Write;

use clap_complete::Shell;

use super::exit::{Exit, Failure};

/// Prints the script of a shell.
pub(super) fn run(shell: Shell, command: &mut clap::Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "stscan", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}
