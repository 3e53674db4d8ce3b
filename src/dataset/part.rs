//! One part: the rows of a shard, sorted by ordinal, in a Parquet file that is whole before it has its name.

use std::io;
use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::counts::Counts;
use super::draft::Draft;
use super::encoding::{self, Filled};
use super::error::DatasetError;
use super::hashing::{Digested, Ended, Hashing};
use super::layout::Layout;
use super::manifest::{Manifest, Part, Tool};
use super::order::Order;
use super::packed::Piece;
use super::splice::{Origin, Splice};
use super::{folder, lookup, row_group};
use crate::pause::{Step, pause};

/// A part's file that is written.
pub(super) struct Written {
    pub(super) file: Digested,
    /// Where its Bloom filters lie; see [`Part::domain_filters`].
    pub(super) domain_filters: Vec<[u64; 2]>,
}

/// Writes the rows of a shard and gives the entry that lists them.
pub(super) fn write(dir: &Path, shard: u64, manifest: &Manifest, pieces: Vec<Piece>) -> Result<Part, DatasetError> {
    let order = Order::of(pieces)?;
    let ordinals = order.ordinals()?;
    manifest.has_room(shard, &ordinals)?;
    let file = free_file(Layout::of(dir), manifest, shard);
    let path = dir.join(&file);
    let draft = Draft::begin(&path)?;
    let rows = order.len() as u64;
    let (Written { file: Digested { bytes, sha256 }, domain_filters }, counts) = write_rows(&draft, manifest, order)?;
    pause(Step::PartWritten);
    draft.put_in_place()?;
    pause(Step::PartNamed);
    let (tool, catalogue_version) = judged_by(manifest);
    Ok(Part { file, shard, ordinals, rows, bytes, sha256, counts, tool, catalogue_version, domain_filters })
}

/// The file of the next part of a shard. Numbers may be missing where a repair struck a part out.
fn free_file(layout: Layout, manifest: &Manifest, shard: u64) -> String {
    let mut files = (0..).map(|piece| folder::part_file(layout, shard, piece));
    files.find(|file| manifest.parts.iter().all(|part| part.file != *file)).unwrap_or_default()
}

/// The program and the catalogue that judge the rows of the parts written now.
fn judged_by(manifest: &Manifest) -> (Option<Tool>, Option<String>) {
    (Some(manifest.run.tool.clone()), Some(manifest.run.catalogue_version.clone()))
}

fn write_rows(draft: &Draft, manifest: &Manifest, order: Order) -> Result<(Written, Counts), DatasetError> {
    let (writer, counts) = (begin(draft, manifest, Some(order.filled()))?, order.counts()?);
    let path = draft.written_as();
    let written = match order.into_one_group() {
        Ok((pieces, order)) => written(row_group::finish_with(writer, &pieces, &order), path)?,
        Err(order) => {
            let mut file = PartWriter { packer: Packer::All(Box::new(writer)), path };
            order.each_batch(|batch| {
                file.write(&batch)?;
                pause(Step::PartBegun);
                Ok(())
            })?;
            file.finish()?
        }
    };
    Ok((written, counts))
}

/// Writes the rows that were derived from the part of another dataset, in the order given, under the same name, shard and ordinals. The
/// columns `unchanged` are the same in both.
pub(super) fn write_derived(
    dir: &Path,
    manifest: &Manifest,
    (origin, of): (&Path, &Part),
    unchanged: &[&str],
    batches: impl Iterator<Item = Result<RecordBatch, DatasetError>>,
) -> Result<Part, DatasetError> {
    let origin = if unchanged.is_empty() { None } else { Origin::open(&folder::part_path(origin, of)?, of.bytes)? };
    let mut counts = Counts::default();
    let counted = batches.map(|batch| {
        let batch = batch?;
        counts.add(&Counts::of(&batch)?);
        Ok(batch)
    });
    let beside = origin.map(|origin| (origin, unchanged));
    // Where the layouts differ, in the other one's place.
    let file = format!("{}{}", Layout::of(dir).parts(), folder::file_name(&of.file));
    let Written { file: Digested { bytes, sha256 }, domain_filters } = write_from(&dir.join(&file), manifest, beside, of.rows, counted)?;
    let (tool, catalogue_version) = judged_by(manifest);
    Ok(Part { file, bytes, sha256, counts, tool, catalogue_version, domain_filters, ..of.clone() })
}

/// Writes the part of another dataset as `file`: of the batches come the first columns, all others are `unchanged`.
pub(super) fn write_moved(
    dir: &Path,
    manifest: &Manifest,
    (origin, of): (&Path, &Part),
    file: &str,
    unchanged: &[&str],
    batches: impl Iterator<Item = Result<RecordBatch, DatasetError>>,
) -> Result<Written, DatasetError> {
    let path = folder::part_path(origin, of)?;
    let origin = Origin::open(&path, of.bytes)?.ok_or_else(|| {
        let version = of.tool.as_ref().map_or("another version", |tool| tool.version.as_str());
        DatasetError::damaged(&path, format_args!("stscan {version} wrote it with other columns; merge with the version that wrote it"))
    })?;
    write_from(&dir.join(file), manifest, Some((origin, unchanged)), of.rows, batches)
}

/// Writes a part under its temporary name, and then puts it in place.
fn write_from(
    path: &Path,
    manifest: &Manifest,
    beside: Option<(Origin, &[&str])>,
    expected: u64,
    batches: impl Iterator<Item = Result<RecordBatch, DatasetError>>,
) -> Result<Written, DatasetError> {
    let draft = Draft::begin(path)?;
    let filled = beside.as_ref().map(|(_, unchanged)| Filled::but(unchanged));
    let writer = begin(&draft, manifest, filled.as_ref())?;
    let packer = match beside {
        Some((origin, unchanged)) => {
            Packer::Some(Box::new(Splice::begin(writer, origin, unchanged).map_err(|error| from_parquet(error, draft.written_as()))?))
        }
        None => Packer::All(Box::new(writer)),
    };
    let mut file = PartWriter { packer, path: draft.written_as() };
    let mut rows = 0;
    for batch in batches {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        file.write(&batch)?;
        pause(Step::PartBegun);
    }
    if rows != expected {
        return Err(DatasetError::damaged(path, format_args!("it has {rows} rows and its manifest says {expected}")));
    }
    let digest = file.finish()?;
    pause(Step::PartWritten);
    draft.put_in_place()?;
    pause(Step::PartNamed);
    Ok(digest)
}

/// Begins the file of a part.
fn begin(draft: &Draft, manifest: &Manifest, filled: Option<&Filled>) -> Result<ArrowWriter<Hashing>, DatasetError> {
    let path = draft.written_as();
    let file = draft.file().map_err(DatasetError::io("create", path))?;
    encoding::writer(Hashing::new(file), manifest, filled).map_err(|error| from_parquet(error, path))
}

/// A part's file while it is being written batch by batch.
struct PartWriter<'p> {
    packer: Packer,
    path: &'p Path,
}

/// What packs the rows.
enum Packer {
    /// Every column.
    All(Box<ArrowWriter<Hashing>>),
    /// Those that are not taken over from another part.
    Some(Box<Splice>),
}

impl PartWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), DatasetError> {
        let written = match &mut self.packer {
            Packer::All(writer) => writer.write(batch),
            Packer::Some(splice) => splice.write(batch),
        };
        written.map_err(|error| from_parquet(error, self.path))
    }

    fn finish(self) -> Result<Written, DatasetError> {
        let ended = match self.packer {
            Packer::All(mut writer) => writer.finish().map(|footer| (footer, writer.inner_mut().finish())),
            Packer::Some(splice) => splice.finish(),
        };
        written(ended, self.path)
    }
}

/// A part's file as it ended.
fn written(ended: Ended, path: &Path) -> Result<Written, DatasetError> {
    let (footer, file) = ended.map_err(|error| from_parquet(error, path))?;
    let file = file.map_err(DatasetError::io("write", path))?;
    Ok(Written { file, domain_filters: lookup::filters(&footer) })
}

/// A full disk reaches us inside of a Parquet error.
pub(super) fn from_parquet(error: ParquetError, path: &Path) -> DatasetError {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => DatasetError::io("write", path)(*error),
            Err(other) => DatasetError::Encoding(other.to_string()),
        },
        other => DatasetError::Encoding(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::dataset::{record_batch, samples};

    #[test]
    fn a_full_disk_is_told_as_such() {
        let batch = record_batch(&[samples::absent(0, "example.com")]).unwrap();
        let manifest = Manifest::begun(&samples::run());
        let full = Draft::of(Path::new("/dev/full")).unwrap();
        let error = write_rows(&full, &manifest, Order::of(vec![Piece::of(&batch).unwrap()]).unwrap()).map(|_| ()).unwrap_err();
        assert!(matches!(&error, DatasetError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull), "{error}");
        assert!(error.to_string().contains("free some space"), "{error}");
    }

    #[test]
    fn the_manifest_has_the_hash_and_length_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder::parts_folder(folder.path())).unwrap();
        let batch = record_batch(&[samples::absent(1, "example.com"), samples::absent(0, "example.net")]).unwrap();
        let part = write(folder.path(), 0, &Manifest::begun(&samples::run()), vec![Piece::of(&batch).unwrap()]).unwrap();
        let bytes = fs::read(folder.path().join(&part.file)).unwrap();
        assert_eq!((part.bytes, part.rows, part.ordinals.as_slice()), (bytes.len() as u64, 2, [[0, 2]].as_slice()));
        assert_eq!(part.sha256, hex::encode(Sha256::digest(&bytes)));
    }
}
