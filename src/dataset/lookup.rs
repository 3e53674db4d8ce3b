//! Which parts may hold a domain, told by 32 bytes of each: its Bloom filter lies where the manifest says, so that who looks for one domain in a
//! hundred million rows reads neither their names nor the footers of thousands of files.

use std::panic::resume_unwind;
use std::thread;

use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use xxhash_rust::xxh64::xxh64;

use super::folder;
use super::manifest::Part;
use super::read::Reader;
use crate::place::{self, Opened};

/// Bytes that say whether a value may be there (Parquet's split block Bloom filter: eight words of 32 bits).
const BLOCK: u64 = 32;

/// Where the Bloom filters of the column `domain` lie in a file, as its footer has it, one per row group: offset and length in bytes of each.
/// Empty where a row group has none.
pub(super) fn filters(footer: &ParquetMetaData) -> Vec<[u64; 2]> {
    let of_group = |group: &RowGroupMetaData| {
        let column = group.columns().iter().find(|column| column.column_path().string() == "domain")?;
        let (offset, length) = (u64::try_from(column.bloom_filter_offset()?).ok()?, u64::try_from(column.bloom_filter_length()?).ok()?);
        // Before the blocks stands a header, which is shorter than a block.
        let header = length % BLOCK;
        Some([offset + header, length - header])
    };
    footer.row_groups().iter().map(of_group).collect::<Option<_>>().unwrap_or_default()
}

/// Parts of a store that are asked at once: each answer takes some ten milliseconds, however short it is.
const AT_ONCE: usize = 32;

impl Reader {
    /// The parts that may hold one of these domains (A-labels, lower case), in their order.
    pub(crate) fn holding<'r>(&'r self, domains: &[String]) -> Vec<&'r Part> {
        let parts = &self.manifest().parts;
        let threads = if place::is_far(self.dir()) { AT_ONCE } else { 1 };
        let look = |share: &'r [Part]| -> Vec<&'r Part> { share.iter().filter(|part| self.may_hold(part, domains)).collect() };
        thread::scope(|scope| {
            let shares = parts.chunks(parts.len().div_ceil(threads).max(1));
            let looking: Vec<_> = shares.map(|share| scope.spawn(move || look(share))).collect();
            looking.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    }

    /// Whether a part may hold one of these domains (A-labels, lower case). Where it cannot be told, it may: who reads the part then sees why.
    fn may_hold(&self, part: &Part, domains: &[String]) -> bool {
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
        let part = part::write(folder.path(), 0, &manifest, vec![Piece::of(&record_batch(&records).unwrap()).unwrap()]).unwrap();
        assert_eq!(part.domain_filters.len(), 1);
        manifest.list(part.clone(), manifest.activity);
        crate::dataset::folder::write_manifest(folder.path(), &manifest).unwrap();
        // They lie where the file says.
        let file = std::fs::File::open(folder.path().join(&part.file)).unwrap();
        let footer = crate::dataset::whole::metadata(&file).unwrap();
        let domain = footer.metadata().row_group(0).columns().iter().find(|column| column.column_path().string() == "domain").unwrap();
        let filter = Sbbf::read_from_column_chunk(domain, &file).unwrap().unwrap();
        let [offset, bytes] = part.domain_filters[0];
        let mut bits = Vec::new();
        filter.write_bitset(&mut bits).unwrap();
        assert_eq!(bits, std::fs::read(folder.path().join(&part.file)).unwrap()[offset as usize..(offset + bytes) as usize]);
        let reader = Reader::open(folder.path()).unwrap();
        let may_hold = |domain: String| reader.may_hold(&part, &[domain]);
        assert!((0..500).all(|there| may_hold(format!("d{there}.example.com"))));
        let false_hits = (0..20_000).filter(|other| may_hold(format!("e{other}.example.com"))).count();
        assert!(false_hits < 40, "{false_hits} of 20,000");
        // Where nothing is known, or the file is not there, the answer is not no.
        assert!(reader.may_hold(&Part { domain_filters: Vec::new(), ..part.clone() }, &["other.example".to_owned()]));
        std::fs::remove_file(folder.path().join(&part.file)).unwrap();
        assert!(may_hold("other.example".to_owned()));
    }
}
