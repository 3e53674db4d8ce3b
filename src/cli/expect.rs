//! `--expect`: what is demanded of the domains that a command looks at.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::exit::Failure;
use crate::analyse::Scan;
use crate::analyse::expect::Expectations;
use crate::ui::text::safe;

/// The option, of every command that judges domains for people.
#[derive(Args, Debug, Default)]
pub struct ExpectArguments {
    /// File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
}

impl ExpectArguments {
    /// Reads the file, if one is named.
    pub(super) fn read(&self) -> Result<Option<Arc<Expectations>>, Failure> {
        let read = |path: &PathBuf| Expectations::read(path).map(Arc::new).map_err(|error| Failure::usage(error.to_string()));
        self.expect.as_ref().map(read).transpose()
    }

    /// Whether a file is named.
    pub(super) fn is_given(&self) -> bool {
        self.expect.is_some()
    }

    /// The scans, judged by what is expected.
    pub(super) fn apply(&self, scans: Vec<Scan>) -> Result<Vec<Scan>, Failure> {
        let Some(expectations) = self.read()? else { return Ok(scans) };
        tell(&expectations.notes())?;
        let scans = scans.into_iter().map(|scan| scan.expecting(&expectations)).collect::<Result<_, _>>()?;
        tell(&expectations.without_effect())?;
        Ok(scans)
    }

    /// As [`Self::apply`], of one scan.
    pub(super) fn apply_to(&self, scan: Scan) -> Result<Scan, Failure> {
        let mut scans = self.apply(vec![scan])?;
        scans.pop().ok_or_else(|| Failure::new(super::exit::Exit::Fault, "a scan was lost"))
    }
}

/// Says what is to be known beside the findings.
pub(super) fn tell(notes: &[String]) -> Result<(), Failure> {
    for note in notes {
        writeln!(anstream::stderr().lock(), "stscan: {}", safe(note))?;
    }
    Ok(())
}
