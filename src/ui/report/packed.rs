//! What only the script reads: the index, and the sections that are not shown from the start, many to a pack, in the order of the dataset.
//!
//! Compressed, and in base64, so that nothing in it can be markup.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::analyse::report::Report;

use super::ReportError;
use super::domain::{Extent, section};

/// Sections in a pack.
pub(super) const PACK: usize = 128;
/// Listed domains from which on packed sections go without the evidence, so that 100,000 of them are some 20 MB.
const MANY: usize = 50_000;
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
    let extent = if report.lines.len() < MANY { Extent::Packed } else { Extent::Short };
    report.entries::<ReportError>(first..report.lines.len(), |at, entry| {
        if held > 0 {
            pack.push(SEPARATOR);
        }
        if let Some(line) = report.lines.get(at) {
            section(&mut pack, report, line, entry, extent);
        }
        held += 1;
        if held == PACK {
            element(out, "class=\"pack\"", &pack)?;
            pack.clear();
            held = 0;
        }
        Ok(())
    })?;
    if held > 0 {
        element(out, "class=\"pack\"", &pack)?;
    }
    Ok(())
}

/// Writes a text as a `script` element of data.
pub(super) fn element(out: &mut impl Write, attribute: &str, text: &str) -> Result<(), ReportError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    let packed = STANDARD.encode(encoder.finish()?);
    Ok(out.write_all(format!("<script type=\"text/plain\" {attribute}>{packed}</script>\n").as_bytes())?)
}
