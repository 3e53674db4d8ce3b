//! The publishable copy of a dataset, with checksums.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::error::ArrowError;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::description::{Described, Mailboxes, Publication};
use super::mailbox::Redaction;
use super::replies::Replies;
use crate::analyse::provenance::Provenance;
use crate::analyse::reclassify::each_part;
use crate::analyse::scans::{AnalyseError, Scan};
use crate::dataset::{
    DatasetError, DerivedDataset, Layout, MAX_BATCH_ROWS, Manifest, Options, Reader, with_nothing_carried, with_policy_hosts,
};
use crate::networks::Databases;
use crate::place;

/// Writes the publishable copy of `dir` to `out`: the same run, parts and ordinals, and beside them `croissant.json`,
/// `datapackage.json`, `DATASHEET.md` and `SHA256SUMS`. The next export of the same run replaces what an interrupted one left.
///
/// # Errors
/// If `dir` holds no finished dataset, `out` may not be written to, or the disk fails.
pub fn export(dir: &Path, out: &Path, publication: &Publication, networks: &Databases) -> Result<Manifest, AnalyseError> {
    let origin = Scan::open(dir)?.reader;
    let redaction = redaction(publication);
    let mut options = Options::from([
        ("mailboxes".to_owned(), json!(publication.mailboxes)),
        ("keep-carried".to_owned(), json!(publication.keep_carried)),
        ("licence".to_owned(), json!(publication.licence)),
    ]);
    let described = networks.described();
    if !described.is_empty() {
        options.insert("asn-db".to_owned(), described.iter().map(|database| format!("sha256:{}", database.sha256)).collect());
    }
    let ehlo = origin.manifest().run.pace.get(EHLO);
    let of_shards = ehlo.and_then(Value::as_array).into_iter().flatten();
    let replies = Replies::new(ehlo.into_iter().chain(of_shards).filter_map(Value::as_str));
    let lists = lists_of(origin.manifest());
    let mut dataset = DerivedDataset::begin(out, &origin, "export", options, None)?;
    if !described.is_empty() {
        dataset.manifest_mut().run.asn_db.clone_from(&described);
    }
    let parts = each_part(&origin, |part, _| {
        let origin = origin.fetched(part)?;
        let batches = origin.part_in_batches(part, None, MAX_BATCH_ROWS)?.map(|batch| {
            let batch = if publication.keep_carried { batch? } else { with_nothing_carried(&batch?)? };
            let batch = if described.is_empty() {
                batch
            } else {
                with_policy_hosts(&batch, |host| {
                    let network = networks.look_up(host.address);
                    host.of(network)
                })?
            };
            let batch = with_short_paths(&replies.mask(&batch)?, &lists)?;
            match &redaction {
                Some(redaction) => Ok(super::columns::redact(&batch, redaction)?),
                None => Ok(batch),
            }
        });
        dataset.write_part(&origin, part, &[], batches)
    })?;
    let line = |line: &[u8]| {
        let line = short_source(line, &lists);
        redaction.as_ref().and_then(|redaction| redaction.apply(&line)).unwrap_or(line)
    };
    dataset.copy_lines(&origin, line)?;
    shorten_paths(dataset.manifest_mut());
    // The name of the scanning machine, which is taken out of the replies that repeat it.
    if let Some(name) = dataset.manifest_mut().run.pace.get_mut(EHLO).filter(|name| !name.is_null()) {
        *name = json!("removed");
    }
    dataset.finish_with(parts, |manifest, text| {
        let provenance = Provenance::of(&manifest.run.run_id, manifest);
        let companions = match publication.flat {
            Some(form) => super::flat::write(&Reader::over(out, manifest), form, &provenance)?,
            None => Vec::new(),
        };
        let of = Described { companions, ..Described::scan(manifest) };
        describe(out, &of, &super::datasheet::datasheet(manifest, publication), text, publication)
    })
}

/// What becomes of mailboxes; `None` where they stay.
pub(super) fn redaction(publication: &Publication) -> Option<Redaction> {
    match publication.mailboxes {
        Mailboxes::Hash => Some(Redaction::Hash(publication.key)),
        Mailboxes::Drop => Some(Redaction::Drop),
        Mailboxes::Keep => None,
    }
}

/// The option by which the manifest says under which name mail servers were asked.
const EHLO: &str = "ehlo";

/// Writes what describes the dataset, and the checksums of everything, the manifest that is still to be put in place among it.
pub(super) fn describe(
    out: &Path,
    of: &Described,
    datasheet: &str,
    manifest_text: &[u8],
    publication: &Publication,
) -> Result<(), AnalyseError> {
    let texts = [
        ("croissant.json", pretty(&super::description::croissant(of, publication))),
        ("datapackage.json", pretty(&super::description::data_package(of, publication))),
        ("DATASHEET.md", datasheet.to_owned()),
    ];
    let mut sums: Vec<(String, String)> = of.files.iter().map(|part| (part.file.clone(), part.sha256.clone())).collect();
    sums.push((Layout::of(out).manifest().to_owned(), hex::encode(Sha256::digest(manifest_text))));
    for (name, text) in &texts {
        write(&out.join(name), text)?;
        sums.push(((*name).to_owned(), hex::encode(Sha256::digest(text))));
    }
    let layout = Layout::of(out);
    let mut further = Vec::new();
    for file in [layout.rejected(), layout.duplicates()] {
        let path = out.join(file);
        if place::exists(&path).map_err(|error| failed("find", &path, error))? {
            further.push(file);
        }
    }
    for file in further.into_iter().chain(of.companions.iter().map(|companion| companion.file.as_str())) {
        sums.push((file.to_owned(), sha256(&out.join(file))?));
    }
    sums.sort();
    write(&out.join("SHA256SUMS"), &sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect::<String>())
}

/// The lists as they were named.
fn lists_of(manifest: &Manifest) -> Vec<String> {
    let lists = manifest.run.configuration.get("list").and_then(Value::as_array);
    lists.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The last part of a path, which says enough: the rest says where things lie on the scanning machine.
pub(super) fn last_part(path: &str) -> &str {
    if path.contains("://") { path } else { path.rsplit(['/', '\\']).next().unwrap_or_default() }
}

/// The rows with the files of their lists by their last part; what stands behind the list, the member of an archive, stays.
fn with_short_paths(batch: &RecordBatch, lists: &[String]) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let short = |file: &str| match lists.iter().find(|list| file.starts_with(list.as_str())) {
        Some(list) => format!("{}{}", last_part(list), &file[list.len()..]),
        None => last_part(file).to_owned(),
    };
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| match column.as_string_opt::<i32>() {
        Some(files) if field.name() == "file" => Arc::new(files.iter().map(|file| file.map(short)).collect::<StringArray>()) as ArrayRef,
        _ => Arc::clone(column),
    });
    let columns = columns.collect();
    RecordBatch::try_new(schema, columns)
}

/// A line of the rejected lines, the list at its beginning by its last part.
fn short_source(line: &[u8], lists: &[String]) -> Vec<u8> {
    let (quote, rest) = line.strip_prefix(b"\"").map_or((&b""[..], line), |rest| (&b"\""[..], rest));
    match lists.iter().find_map(|list| Some((list, rest.strip_prefix(list.as_bytes())?))) {
        Some((list, rest)) => [quote, last_part(list).as_bytes(), rest].concat(),
        None => line.to_vec(),
    }
}

/// Paths in the configuration say where things lie on the scanning machine; their last part is enough.
fn shorten_paths(manifest: &mut Manifest) {
    fn shorten(value: &mut Value) {
        match value {
            Value::String(path) => *path = last_part(path).to_owned(),
            Value::Array(values) => values.iter_mut().for_each(shorten),
            _ => {}
        }
    }
    if let Some(lists) = manifest.run.configuration.get_mut("list") {
        shorten(lists);
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn failed(doing: &'static str, path: &Path, error: io::Error) -> AnalyseError {
    if place::is_passing(&error) {
        return DatasetError::io(doing, path)(error).into();
    }
    AnalyseError::Request(format!("cannot {doing} {}: {error}; see to it and give the command again", path.display()))
}

/// Writes a file that is on the disk when this returns.
fn write(path: &Path, text: &str) -> Result<(), AnalyseError> {
    place::write_durably(path, text.as_bytes()).map_err(|error| failed("write", path, error))
}

fn sha256(path: &Path) -> Result<String, AnalyseError> {
    let digest = || -> io::Result<String> {
        let (mut file, mut sha256, mut buffer) = (place::open(path)?, Sha256::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex::encode(sha256.finalize())),
                n => sha256.update(buffer.get(..n).unwrap_or_default()),
            }
        }
    };
    digest().map_err(|error| failed("read", path, error))
}
