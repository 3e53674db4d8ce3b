//! Archives: zip and tar. Names of members are never paths, only where they stand; links and what is no file are passed over.

use std::io::{self, Read, Seek, SeekFrom};

use tar::{EntryType, PaxExtensions};
use zip::ZipArchive;
use zip::result::ZipError;

use super::gzip::{Budget, read_all, refusal};
use super::intake::{Intake, Sink};
use super::limits::{MAX_DOCUMENT, MAX_LAYERS, MAX_MEMBERS};
use super::place::Place;
use super::quote::Refusal;

/// Bytes of a long name, or of the extended header that holds it.
const MAX_NAME: u64 = 64 << 10;
/// What stands before each member in the directory of a zip file.
const DIRECTORY_ENTRY: &[u8; 4] = b"PK\x01\x02";

impl<S: Sink> Intake<S> {
    /// Reads the members of a zip file.
    pub(super) fn zip(&mut self, mut from: impl Read + Seek, mut place: Place) -> Result<(), S::Error> {
        if place.claim.is_some_and(|claim| claim != super::format::Format::Zip) {
            place.warnings.insert(super::quote::Warning::TypeMismatch);
        }
        let inside = place.unpacked();
        if inside.layers > MAX_LAYERS {
            return self.refuse(&place, Refusal::TooManyLayers);
        }
        // The crate reads the directory as a whole.
        match directory_entries(&mut from) {
            Ok(0..=MAX_MEMBERS) => {}
            Ok(_) => return self.refuse(&place, Refusal::TooLarge),
            Err(error) => return self.refuse(&place, refusal(&error, Refusal::Unreadable)),
        }
        let Ok(mut archive) = ZipArchive::new(from) else { return self.refuse(&place, Refusal::CorruptZip) };
        let before = self.tally.verdicts();
        for index in 0..archive.len() {
            let name = archive.by_index_raw(index).map(|member| String::from_utf8_lossy(member.name_raw()).into_owned());
            let name = name.unwrap_or_default();
            if is_passed_over(&name) {
                continue;
            }
            let member = inside.member(&name);
            match zip_member(&mut archive, index, &inside.budget) {
                Ok(bytes) => self.bytes(&bytes, member)?,
                Err(reason) => self.refuse(&member, reason)?,
            }
            if inside.budget.is_spent() {
                break;
            }
        }
        if self.tally.verdicts() == before { self.refuse(&place, Refusal::NoReport) } else { Ok(()) }
    }

    /// Reads the members of a tar file as they come.
    pub(super) fn tar(&mut self, from: &mut dyn Read, place: &Place) -> Result<(), S::Error> {
        let inside = Place { tars: place.tars + 1, ..place.clone() };
        if inside.tars > MAX_LAYERS {
            return self.refuse(place, Refusal::TooManyLayers);
        }
        let before = self.tally.verdicts();
        let mut archive = tar::Archive::new(from);
        // Raw, because the crate would take long names of any length into memory.
        let entries = match archive.entries() {
            Ok(entries) => entries.raw(true),
            Err(error) => return self.refuse(place, refusal(&error, Refusal::CorruptTar)),
        };
        let mut long_name = None;
        for (index, entry) in entries.enumerate() {
            let mut entry = match entry {
                Ok(_) if index >= MAX_MEMBERS => return self.refuse(place, Refusal::TooLarge),
                Ok(entry) => entry,
                Err(error) => return self.refuse(place, refusal(&error, Refusal::CorruptTar)),
            };
            let kind = entry.header().entry_type();
            if matches!(kind, EntryType::GNULongName | EntryType::XHeader) {
                long_name = read_all(&mut entry, MAX_NAME).ok().and_then(|bytes| name_of(kind, &bytes));
                continue;
            }
            let name = long_name.take().unwrap_or_else(|| String::from_utf8_lossy(&entry.path_bytes()).into_owned());
            if !matches!(kind, EntryType::Regular | EntryType::Continuous) || is_passed_over(&name) {
                continue;
            }
            let (member, size) = (inside.member(&name), entry.size());
            match read_all(&mut entry, MAX_DOCUMENT) {
                Ok(bytes) if (bytes.len() as u64) < size => return self.refuse(&member, Refusal::CorruptTar),
                Ok(bytes) => self.bytes(&bytes, member)?,
                Err(error) => self.refuse(&member, refusal(&error, Refusal::CorruptTar))?,
            }
        }
        if self.tally.verdicts() == before { self.refuse(place, Refusal::NoReport) } else { Ok(()) }
    }
}

/// Folders, and what packers leave behind.
fn is_passed_over(name: &str) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    file.is_empty() || file.starts_with("._") || name.starts_with("__MACOSX/")
}

/// The bytes of a member, its checksum being right.
fn zip_member<R: Read + Seek>(archive: &mut ZipArchive<R>, index: usize, budget: &Budget) -> Result<Vec<u8>, Refusal> {
    let mut member = archive.by_index(index).map_err(|error| match error {
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) | ZipError::InvalidPassword => Refusal::UnsupportedZip,
        ZipError::Io(error) => refusal(&error, Refusal::CorruptZip),
        _ => Refusal::CorruptZip,
    })?;
    let read = read_all(&mut member, MAX_DOCUMENT).and_then(|bytes| budget.spend(bytes.len()).map(|()| bytes));
    read.map_err(|error| refusal(&error, Refusal::CorruptZip))
}

/// How many entries the directory of a zip file can have at most; the file is at its beginning again.
fn directory_entries(from: &mut (impl Read + Seek)) -> io::Result<usize> {
    let (mut buffer, mut kept, mut found) = (vec![0; 64 << 10], 0, 0);
    loop {
        let read = from.read(buffer.get_mut(kept..).unwrap_or_default())?;
        let filled = kept + read;
        let text = buffer.get(..filled).unwrap_or_default();
        found += text.windows(4).filter(|window| window == DIRECTORY_ENTRY).count();
        if read == 0 || found > MAX_MEMBERS {
            break;
        }
        // A mark may lie across two readings.
        kept = filled.min(3);
        buffer.copy_within(filled - kept..filled, 0);
    }
    from.seek(SeekFrom::Start(0))?;
    Ok(found)
}

/// The name that GNU tar or pax put before a member.
fn name_of(kind: EntryType, bytes: &[u8]) -> Option<String> {
    if kind == EntryType::GNULongName {
        return Some(String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned());
    }
    let paths = PaxExtensions::new(bytes).filter_map(Result::ok).filter(|extension| extension.key_bytes() == b"path");
    paths.last().map(|path| String::from_utf8_lossy(path.value_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_counted_across_readings() {
        let mut text = vec![b'x'; (64 << 10) - 2];
        text.extend_from_slice(b"PK\x01\x02 PK\x01\x02");
        assert_eq!(directory_entries(&mut io::Cursor::new(text)).unwrap(), 2);
    }

    #[test]
    fn what_packers_leave_is_passed_over() {
        for (name, expected) in
            [("mar/", true), ("__MACOSX/mar/._a.json", true), ("mar/._a.json", true), ("mar/a.json", false), ("../../evil.json", false)]
        {
            assert_eq!(is_passed_over(name), expected, "{name}");
        }
    }
}
