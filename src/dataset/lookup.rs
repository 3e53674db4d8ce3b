//! Which parts may hold a domain, told by 32 bytes of each: its Bloom filter lies where the manifest says, so that who looks for one domain in a
//! hundred million rows reads neither their names nor the footers of thousands of files.

use std::fs::File;
use std::path::Path;

use parquet::bloom_filter::Sbbf;
use parquet::file::reader::ChunkReader;
use xxhash_rust::xxh64::xxh64;

use super::contain::contained;
use super::error::DatasetError;
use super::folder;
use super::manifest::Part;
use super::read::Reader;
use super::whole;
use crate::place::{self, Opened};

/// Bytes that say whether a value may be there (Parquet's split block Bloom filter: eight words of 32 bits).
const BLOCK: u64 = 32;

/// Where the Bloom filters of the column `domain` lie in a file, one per row group: offset and length in bytes of each. Empty where a row group
/// has none.
pub(super) fn filters(file: &File, path: &Path) -> Result<Vec<[u64; 2]>, DatasetError> {
    let place = || {
        let footer = whole::metadata(file)?;
        let mut places = Vec::new();
        for group in footer.metadata().row_groups() {
            let Some(column) = group.columns().iter().find(|column| column.column_path().string() == "domain") else {
                return Ok(Vec::new());
            };
            let (Some(filter), Some(offset), Some(length)) =
                (Sbbf::read_from_column_chunk(column, file)?, column.bloom_filter_offset(), column.bloom_filter_length())
            else {
                return Ok(Vec::new());
            };
            let bytes = filter.num_blocks() as u64 * BLOCK;
            let end = u64::try_from(offset).unwrap_or_default() + u64::try_from(length).unwrap_or_default();
            places.push([end.saturating_sub(bytes), bytes]);
        }
        Ok(places)
    };
    contained(path, place)?.map_err(|error: parquet::errors::ParquetError| DatasetError::damaged(path, error))
}

impl Reader {
    /// Whether a part may hold one of these domains (A-labels, lower case). Where it cannot be told, it may: who reads the part then sees why.
    pub(crate) fn may_hold(&self, part: &Part, domains: &[String]) -> bool {
        let ask = || -> Option<bool> {
            let file = place::open_of(&folder::part_path(self.dir(), part).ok()?, part.bytes).ok()?;
            for &[offset, bytes] in &part.domain_filters {
                for domain in domains {
                    if holds(&file, offset, bytes, domain)? {
                        return Some(true);
                    }
                }
            }
            Some(false)
        };
        part.domain_filters.is_empty() || ask().unwrap_or(true)
    }
}

/// Whether the filter at a place has a value; `None` if it cannot be read.
fn holds(file: &Opened, offset: u64, bytes: u64, value: &str) -> Option<bool> {
    let blocks = bytes / BLOCK;
    // The upper half of the hash, scaled to the number of blocks (Parquet format, BloomFilter.md).
    let block = (xxh64(value.as_bytes(), 0) >> 32).checked_mul(blocks)? >> 32;
    let start = offset.checked_add(block * BLOCK)?;
    file.plan(|| vec![vec![start..start.saturating_add(BLOCK)]]);
    let bits = file.get_bytes(start, BLOCK as usize).ok()?;
    // A filter of a single block looks nowhere else.
    Some(Sbbf::new(&bits).check(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::manifest::Manifest;
    use crate::dataset::packed::Piece;
    use crate::dataset::{Record, part, record_batch, samples};

    #[test]
    fn a_part_says_what_it_cannot_hold() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder::parts_folder(folder.path())).unwrap();
        let mut manifest = Manifest::begun(&samples::run());
        manifest.run.shard_rows = 500;
        let records: Vec<Record> = (0..500).map(|ordinal| samples::absent(ordinal, &format!("d{ordinal}.example.com"))).collect();
        let part = part::write(folder.path(), 0, &manifest, vec![Piece::Loose(record_batch(&records).unwrap())]).unwrap();
        assert_eq!(part.domain_filters.len(), 1);
        manifest.list(part.clone(), manifest.activity);
        crate::dataset::folder::write_manifest(folder.path(), &manifest).unwrap();
        let reader = Reader::open(folder.path()).unwrap();
        let may_hold = |domain: String| reader.may_hold(&part, &[domain]);
        assert!((0..500).all(|there| may_hold(format!("d{there}.example.com"))));
        let false_hits = (0..2_000).filter(|other| may_hold(format!("e{other}.example.com"))).count();
        assert!(false_hits < 60, "{false_hits} of 2,000");
        // Where nothing is known, or the file is not there, the answer is not no.
        assert!(reader.may_hold(&Part { domain_filters: Vec::new(), ..part.clone() }, &["other.example".to_owned()]));
        std::fs::remove_file(folder.path().join(&part.file)).unwrap();
        assert!(may_hold("other.example".to_owned()));
    }
}
