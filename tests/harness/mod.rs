//! What the end-to-end tests share: the program run as a user runs it, and its dataset read back.

#![allow(dead_code, clippy::unwrap_used)] // Each test file uses its own part of this.

pub mod mail;
pub mod relay;
pub mod store;
pub mod zone;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use stscan::classify::Code;
use stscan::dataset::{JudgementColumns, Reader, TargetColumns};

/// The program with arguments, no progress and no colour.
pub fn stscan(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stscan"));
    command.args(arguments).env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
    command
}

/// A running program, which ends with the test that has started it.
pub struct Running(Option<Child>);

impl Running {
    /// Starts the program; only what it says on standard error is kept.
    pub fn start(arguments: &[&str]) -> Self {
        Self::of(&mut stscan(arguments))
    }

    /// Starts a command in place of the program.
    pub fn of(command: &mut Command) -> Self {
        Self(Some(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()))
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Waits for its end and expects an exit status; gives what it said on standard error.
    pub fn finish(mut self, status: i32) -> String {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
        stderr(&output)
    }

    /// Sends it a signal, as `TERM`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Closes our end of what it says, as a terminal that is closed does.
    pub fn close_terminal(&mut self) {
        drop(self.0.as_mut().unwrap().stderr.take());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
        }
    }
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    stscan(arguments).output().unwrap()
}

/// Runs the program and expects an exit status; on another one shows what it said.
pub fn expect(status: i32, arguments: &[&str]) -> Output {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(status), "stscan {}\n{}{}", arguments.join(" "), stdout(&output), stderr(&output));
    output
}

/// As [`expect`], in a folder of its own.
pub fn expect_in(folder: &Path, status: i32, arguments: &[&str]) -> Output {
    let output = stscan(arguments).current_dir(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "stscan {}\n{}{}", arguments.join(" "), stdout(&output), stderr(&output));
    output
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// One row of a dataset, its flat columns as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub ordinal: u64,
    pub domain: String,
    pub rank: Option<i32>,
    /// Columns that a truth speaks of, by name.
    pub columns: Vec<(&'static str, Option<String>)>,
    pub codes: Vec<Code>,
}

impl Row {
    pub fn column(&self, name: &str) -> Option<&str> {
        self.columns.iter().find(|(column, _)| *column == name).unwrap_or_else(|| panic!("no column {name}")).1.as_deref()
    }
}

/// All rows of a dataset in the order of its parts.
pub fn rows(dir: &Path) -> Vec<Row> {
    let reader = Reader::open(dir).unwrap();
    let mut rows = Vec::new();
    for batch in reader.batches(None) {
        let batch = batch.unwrap();
        let (targets, judgements) = (TargetColumns::of(&batch).unwrap(), JudgementColumns::of(&batch).unwrap());
        for index in 0..batch.num_rows() {
            let target = targets.row(index).unwrap();
            let judgement = judgements.row(index);
            let own = |word: Option<&str>| word.map(str::to_owned);
            rows.push(Row {
                ordinal: target.ordinal,
                domain: target.domain.as_str().to_owned(),
                rank: target.rank,
                columns: vec![
                    ("mx_state", own(judgement.mx_state)),
                    ("sts_state", own(judgement.sts_state)),
                    ("tlsrpt_state", own(judgement.tlsrpt_state)),
                    ("policy_stage", own(judgement.policy_stage)),
                    ("posture", own(judgement.posture)),
                    ("delivery", own(judgement.delivery)),
                    ("delivery_lenient", own(judgement.delivery_lenient)),
                    ("mx_coverage", own(judgement.mx_coverage)),
                    ("mismatch", own(judgement.mismatch)),
                    ("mx_tls", own(judgement.mx_tls)),
                    ("mx_dnssec", own(judgement.mx_dnssec)),
                    ("dane_state", own(judgement.dane_state)),
                    ("delivery_dane", own(judgement.delivery_dane)),
                    ("cause", own(judgement.cause)),
                ],
                codes: judgement.findings.iter().map(|finding| finding.code.known().unwrap()).collect(),
            });
        }
    }
    rows
}
