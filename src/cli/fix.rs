//! `stscan lint --fix`: the text as it should be, in place of the text.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::exit::{Exit, Failure};
use crate::classify::Code;

/// What to put in place of a text.
pub(super) enum Correction {
    /// Nothing: there is no fault that matters.
    Unneeded,
    /// The values that could be read do not suffice for a text.
    Impossible,
    /// This, and what is fixed by it.
    Text(Vec<u8>, Vec<Code>),
}

/// Writes the corrected text to the file, or to standard output where the text came from standard input, and says so in one line.
pub(super) fn write(path: &Path, name: &str, original: &[u8], correction: &Correction) -> Result<(), Failure> {
    let piped = path == Path::new("-");
    let note = match correction {
        Correction::Unneeded => "nothing to correct".to_owned(),
        Correction::Impossible => "cannot be corrected: the values that could be read do not suffice; see what lint says of it".to_owned(),
        Correction::Text(_, codes) => format!("corrected: {}", codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    match (correction, piped) {
        (Correction::Text(text, _), true) => io::stdout().lock().write_all(text)?,
        (Correction::Unneeded, true) => io::stdout().lock().write_all(original)?,
        (Correction::Text(text, _), false) => {
            let failed = |error| Failure::new(Exit::Input, format!("{} cannot be written: {error}", path.display()));
            fs::write(path, text).map_err(failed)?;
        }
        _ => {}
    }
    // Standard output is the corrected text where there is no file.
    if piped {
        writeln!(anstream::stderr().lock(), "{name}: {note}")?
    } else {
        writeln!(anstream::stdout().lock(), "{name}: {note}")?
    }
    Ok(())
}
