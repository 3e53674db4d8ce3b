//! `--where`: which domains of a dataset a command looks at.

use std::io::Write;

use clap::Args;

use super::exit::Failure;
use crate::analyse::Scan;
use crate::analyse::filter::{Filter, GRAMMAR};
use crate::ui::text::safe;

/// The option, of every command that reads datasets for people.
#[derive(Args, Debug, Default)]
pub struct FilterArguments {
    /// Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,
}

/// Examples with the grammar of conditions below them.
pub(super) fn with_grammar(examples: &str) -> String {
    format!("{examples}\n\n{GRAMMAR}")
}

impl FilterArguments {
    /// Whether there is a condition.
    pub(super) fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The conditions.
    pub(super) fn filter(&self) -> Result<Filter, Failure> {
        Ok(Filter::parse(&self.conditions).map_err(crate::analyse::AnalyseError::from)?)
    }

    /// The scans with those rows alone that are kept.
    pub(super) fn apply(&self, scans: Vec<Scan>) -> Result<Vec<Scan>, Failure> {
        let filter = self.filter()?;
        if filter.is_empty() {
            return Ok(scans);
        }
        let scans = Scan::all_only(scans, &filter)?;
        if scans.iter().all(|scan| scan.rows() == 0) {
            writeln!(anstream::stderr().lock(), "stscan: there is no domain with {}", safe(&filter.text()))?;
        }
        Ok(scans)
    }

    /// As [`Self::apply`], of one scan.
    pub(super) fn apply_to(&self, scan: Scan) -> Result<Scan, Failure> {
        let mut scans = self.apply(vec![scan])?;
        scans.pop().ok_or_else(|| Failure::new(super::exit::Exit::Fault, "a scan was lost"))
    }
}
