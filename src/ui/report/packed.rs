//! The sections that are not shown from the start: many to a pack, compressed, in the order of the dataset, for the script to unpack.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::analyse::report::Report;

use super::ReportError;
use super::domain::{Prose, section};

/// Sections in a pack.
pub(super) const PACK: usize = 64;
/// Stands between the sections of a pack; in a section every control character but the line feed is escaped.
const SEPARATOR: char = '\u{1e}';

/// Where the section of each line is among the packed ones; `None` for the first `first` lines, which are not packed.
pub(super) fn places(report: &Report, first: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; report.lines.len()];
    let packed = report.order().filter(|line| *line >= first);
    for (place, line) in packed.enumerate() {
        if let Some(known) = places.get_mut(line) {
            *known = Some(place);
        }
    }
    places
}

/// Writes the packs, a `script` element of data each, one after the other.
pub(super) fn write(out: &mut impl Write, report: &Report, first: usize) -> Result<(), ReportError> {
    let (mut pack, mut held) = (String::new(), 0);
    report.entries::<ReportError>(first..report.lines.len(), |at, entry| {
        if held > 0 {
            pack.push(SEPARATOR);
        }
        if let Some(line) = report.lines.get(at) {
            section(&mut pack, report, line, entry, Prose::InGlossary);
        }
        held += 1;
        if held == PACK {
            flush(out, &mut pack)?;
            held = 0;
        }
        Ok(())
    })?;
    if held > 0 {
        flush(out, &mut pack)?;
    }
    Ok(())
}

fn flush(out: &mut impl Write, pack: &mut String) -> Result<(), ReportError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(pack.as_bytes())?;
    let packed = STANDARD.encode(encoder.finish()?);
    pack.clear();
    Ok(out.write_all(format!("<script type=\"text/plain\" class=\"pack\">{packed}</script>\n").as_bytes())?)
}
