//! The manifest of a dataset of TLS reports: what was read, what became of every file, and which parts exist.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dataset::error::DatasetError;
use crate::dataset::manifest::{Attachment, Options, RunDescription, Seal, Timestamp, Tool};
use crate::name::suffix;
use crate::reports::Tally;

/// Version of the layout and columns of table `reports`. Added columns keep it.
pub(in crate::dataset) const REPORTS_SCHEMA_VERSION: u32 = 1;

/// The word by which a manifest says that it is of TLS reports.
pub(in crate::dataset) const TABLE: &str = "reports";

/// Folder of the parts.
pub(super) const REPORTS: &str = "reports";

/// The run of a dataset of TLS reports. A part that it does not list does not exist.
// Fields that this version does not know are ignored when it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ReportsManifest {
    /// Version of the layout and of the columns.
    pub schema_version: u32,
    /// The table: `reports`.
    pub table: String,
    /// Name of the run.
    pub run_id: String,
    /// The program.
    pub tool: Tool,
    /// Version of the public suffix list, by which reporters are grouped.
    pub public_suffix_list: String,
    /// Files and folders that were named.
    pub inputs: Vec<String>,
    /// Start of the run (RFC 3339, UTC).
    pub started_at: Timestamp,
    /// End of the run (RFC 3339, UTC); null while it is unfinished.
    pub finished_at: Option<Timestamp>,
    /// What became of every file, and of what is in them.
    pub accounting: Tally,
    /// Rows: one per report and policy.
    pub rows: u64,
    /// The parts, in the order in which the reports were found.
    pub parts: Vec<ReportsPart>,
    /// The dataset of which this one is a copy; null where `tlsrpt` wrote it. Times and accounting are those of the reading.
    #[serde(default)]
    pub made_from: Option<ReportsOrigin>,
    /// The file `rejected.csv`; null while the run is unfinished.
    pub rejected: Option<Attachment>,
    /// SHA-256 of this file with 64 zeros in place of this value, lower-case hex: who edits the file leaves a trace.
    #[serde(default, skip_deserializing)]
    pub seal: Seal,
}

/// The dataset of TLS reports of which another is a copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ReportsOrigin {
    /// The command: `export`.
    pub made_by: String,
    /// When (RFC 3339, UTC).
    pub made_at: Timestamp,
    /// Options of the command that shape the result.
    pub options: Options,
    /// Name of the run.
    pub run_id: String,
    /// The program that read the reports.
    pub tool: Tool,
}

/// A file of table `reports`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ReportsPart {
    /// Path from the dataset's folder, with `/`.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Reports that have rows here; a report is never in two parts.
    pub reports: u64,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}

impl ReportsManifest {
    /// The manifest of a run that begins now.
    pub(super) fn begun(inputs: Vec<String>) -> Self {
        Self {
            schema_version: REPORTS_SCHEMA_VERSION,
            table: TABLE.to_owned(),
            run_id: RunDescription::new_id(),
            tool: Tool::of_this_build(),
            public_suffix_list: suffix::LIST_VERSION.to_owned(),
            inputs,
            started_at: Timestamp::now(),
            finished_at: None,
            accounting: Tally::default(),
            rows: 0,
            parts: Vec::new(),
            made_from: None,
            rejected: None,
            seal: Seal,
        }
    }

    /// The manifest of a copy that begins now.
    pub(super) fn copy_of(&self, inputs: Vec<String>, options: Options) -> Self {
        let origin = ReportsOrigin {
            made_by: "export".to_owned(),
            made_at: Timestamp::now(),
            options,
            run_id: self.run_id.clone(),
            tool: self.tool.clone(),
        };
        Self {
            run_id: self.run_id.clone(),
            public_suffix_list: self.public_suffix_list.clone(),
            started_at: self.started_at.clone(),
            made_from: Some(origin),
            ..Self::begun(inputs)
        }
    }

    /// Whether every file, report and row is accounted for; `rejected` is the number of lines of `rejected.csv`.
    pub(super) fn check(&self, rejected: u64) -> Result<(), DatasetError> {
        let sum = |of: fn(&ReportsPart) -> u64| self.parts.iter().map(of).sum::<u64>();
        let tally = &self.accounting;
        let sums = [
            ("rows of the parts", sum(|part| part.rows), self.rows),
            ("reports of the parts", sum(|part| part.reports), tally.reports),
            ("rejected lines", rejected, tally.refused + tally.without_report),
        ];
        if !tally.adds_up() {
            return Err(DatasetError::Inconsistent(format!("files: {tally:?}")));
        }
        match sums.into_iter().find(|(_, found, expected)| found != expected) {
            Some((what, found, expected)) => Err(DatasetError::Inconsistent(format!("{what}: {found}, and {expected} were counted"))),
            None => Ok(()),
        }
    }
}
