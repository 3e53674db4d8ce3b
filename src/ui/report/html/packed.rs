//! What only the script reads: the index, and the sections that are not shown from the start, many to a pack, in the order of the dataset.
//!
//! Compressed, and in base64, so that nothing in it can be markup.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use maud::{Markup, html};

use super::domain::{Extent, section};
use crate::analyse::report::Report;
use crate::ui::report::data::ReportError;

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

/// Makes the packs, a `script` element of data each, and hands them out one after the other.
pub(super) fn packs(report: &Report, first: usize, mut write: impl FnMut(&Markup) -> Result<(), ReportError>) -> Result<(), ReportError> {
    let (mut pack, mut held) = (String::new(), 0);
    let extent = if report.lines.len() < MANY { Extent::Packed } else { Extent::Short };
    let element = |pack: &str| Ok::<_, ReportError>(html! { script type="text/plain" class="pack" { (packed(pack)?) } "\n" });
    report.entries::<ReportError>(first..report.lines.len(), |at, entry| {
        if held > 0 {
            pack.push(SEPARATOR);
        }
        if let Some(line) = report.lines.get(at) {
            pack.push_str(&section(report, line, entry, extent).0);
        }
        held += 1;
        if held == PACK {
            write(&element(&pack)?)?;
            pack.clear();
            held = 0;
        }
        Ok(())
    })?;
    if held > 0 {
        write(&element(&pack)?)?;
    }
    Ok(())
}

/// The index as a `script` element of data.
pub(super) fn index(text: &str) -> Result<Markup, ReportError> {
    Ok(html! { script type="text/plain" id="index" { (packed(text)?) } "\n" })
}

fn packed(text: &str) -> Result<String, ReportError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    Ok(STANDARD.encode(encoder.finish()?))
}
