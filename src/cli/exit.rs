//! Exit statuses, and the failures that lead to them.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use thiserror::Error;

use crate::analyse::AnalyseError;
use crate::dataset::DatasetError;
use crate::input::{InputError, disk_advice, is_full_disk};
use crate::scan::ScanError;
use crate::ui::report::ReportError;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// An unexpected fault of ours.
    Fault = 1,
    /// Bad usage or configuration.
    Usage = 2,
    /// The input cannot be read.
    Input = 3,
    /// The dataset folder is refused.
    Dataset = 4,
    /// Stopped; the same command goes on.
    Stopped = 5,
    /// Something was judged bad.
    Bad = 6,
    /// Something could not be determined, and that was to be told by the status.
    Undetermined = 7,
    /// The network does not allow what is needed.
    Network = 8,
}

/// What each exit status means, for the help and the manual.
pub const EXIT_CODES: &[(Exit, &str)] = &[
    (Exit::Done, "done"),
    (Exit::Fault, "an unexpected fault of stscan"),
    (Exit::Usage, "bad usage or configuration"),
    (Exit::Input, "an input cannot be read"),
    (Exit::Dataset, "the folder of a dataset or of publish is refused, or a dataset is not whole"),
    (Exit::Stopped, "stopped by a signal, a full disk, or resolvers or an object store that no longer answer; the same command continues"),
    (Exit::Bad, "judged bad: check or lint found something of severity high; check, scan, report or diff what `--fail-on` names"),
    (Exit::Undetermined, "undetermined, only with `--fail-on unknown`: nothing was judged bad, but something could not be determined"),
    (Exit::Network, "the network does not allow it: no resolver answers, or port 25 is blocked here and mail servers were to be asked"),
];

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed: one sentence for a person and an exit status.
#[derive(Debug, Error)]
#[error("{text}")]
pub struct Failure {
    exit: Exit,
    text: String,
    closed_pipe: bool,
}

impl Failure {
    /// A failure with its exit status.
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into(), closed_pipe: false }
    }

    /// Bad usage: names the option and says what to do.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// Something that cannot be written; with status 5 if that is for want of room, else with `exit`.
    pub fn unwritable(what: impl Display, exit: Exit, error: &io::Error) -> Self {
        let exit = if is_full_disk(error) { Exit::Stopped } else { exit };
        Self::new(exit, format!("{what} cannot be written: {error}{}", disk_advice(error.kind())))
    }

    /// The status that the process ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether the reader of our output went away, which is no failure of ours.
    pub fn is_closed_pipe(&self) -> bool {
        self.closed_pipe
    }
}

/// Errors of writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // A terminal that was closed fails with EIO.
        let closed_pipe = error.kind() == io::ErrorKind::BrokenPipe || cfg!(unix) && error.raw_os_error() == Some(5);
        Self { closed_pipe, ..Self::unwritable("the output", Exit::Fault, &error) }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        let exit = match error {
            InputError::Option(_) | InputError::Column { .. } => Exit::Usage,
            InputError::Stopped => Exit::Stopped,
            _ if error.is_full_disk() || error.is_store_away() => Exit::Stopped,
            _ => Exit::Input,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<DatasetError> for Failure {
    fn from(error: DatasetError) -> Self {
        let exit = match error {
            DatasetError::Inconsistent(_) | DatasetError::Encoding(_) => Exit::Fault,
            _ if error.is_full_disk() || error.is_closed_stream() || error.is_store_away() => Exit::Stopped,
            _ => Exit::Dataset,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<AnalyseError> for Failure {
    fn from(error: AnalyseError) -> Self {
        match error {
            AnalyseError::Dataset(error) => error.into(),
            error @ (AnalyseError::Filter(_) | AnalyseError::Expectations(_) | AnalyseError::Request(_)) => Self::usage(error.to_string()),
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Analyse(error) => error.into(),
            ReportError::Write(error) => error.into(),
            error @ ReportError::Chart(_) => Self::new(Exit::Fault, error.to_string()),
        }
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        let text = error.to_string();
        match error {
            ScanError::CutStream { cause, .. } => Self { text, ..Self::from(*cause) },
            ScanError::Input(error) => error.into(),
            ScanError::Dataset(error) => error.into(),
            ScanError::Setup(text) => Self::usage(text),
            ScanError::Unanswered(_) | ScanError::Blocked(_) => Self::new(Exit::Network, text),
            ScanError::Machine(text) => Self::new(Exit::Fault, text),
            ScanError::Output(error) => error.into(),
        }
    }
}
