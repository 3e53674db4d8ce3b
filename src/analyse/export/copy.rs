//! The publishable copy of a dataset, with checksums.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::description::{Mailboxes, Publication};
use super::mailbox::Redaction;
use super::replies::Replies;
use crate::analyse::reclassify::each_part;
use crate::analyse::scans::{AnalyseError, Scan};
use crate::dataset::{DerivedDataset, Layout, MAX_BATCH_ROWS, Manifest, Options, with_nothing_carried};

/// Writes the publishable copy of `dir` to `out`: the same run, parts and ordinals, and beside them `croissant.json`,
/// `datapackage.json`, `DATASHEET.md` and `SHA256SUMS`. The next export of the same run replaces what an interrupted one left.
///
/// # Errors
/// If `dir` holds no finished dataset, `out` may not be written to, or the disk fails.
pub fn export(dir: &Path, out: &Path, publication: &Publication) -> Result<Manifest, AnalyseError> {
    let origin = Scan::open(dir)?.reader;
    let redaction = match publication.mailboxes {
        Mailboxes::Hash => Some(Redaction::Hash(publication.key)),
        Mailboxes::Drop => Some(Redaction::Drop),
        Mailboxes::Keep => None,
    };
    let options = Options::from([
        ("mailboxes".to_owned(), json!(publication.mailboxes)),
        ("keep-carried".to_owned(), json!(publication.keep_carried)),
        ("licence".to_owned(), json!(publication.licence)),
    ]);
    let replies = Replies::new(origin.manifest().run.pace.get(EHLO).and_then(Value::as_str));
    let mut dataset = DerivedDataset::begin(out, &origin, "export", options, None)?;
    let parts = each_part(&origin, |part, _| {
        let batches = origin.part_in_batches(part, None, MAX_BATCH_ROWS)?.map(|batch| {
            let batch = if publication.keep_carried { batch? } else { with_nothing_carried(&batch?)? };
            let batch = replies.mask(&batch)?;
            match &redaction {
                Some(redaction) => Ok(super::columns::redact(&batch, redaction)?),
                None => Ok(batch),
            }
        });
        dataset.write_part(&origin, part, &[], batches)
    })?;
    let line = |line: &[u8]| redaction.as_ref().and_then(|redaction| redaction.apply(line)).unwrap_or_else(|| line.to_vec());
    dataset.copy_rejected(&origin, line)?;
    shorten_paths(dataset.manifest_mut());
    // The name of the scanning machine, which is taken out of the replies that repeat it.
    if let Some(name) = dataset.manifest_mut().run.pace.get_mut(EHLO).filter(|name| !name.is_null()) {
        *name = json!("removed");
    }
    dataset.finish_with(parts, |manifest, text| describe(out, manifest, text, publication))
}

/// The option by which the manifest says under which name mail servers were asked.
const EHLO: &str = "ehlo";

/// Writes what describes the dataset, and the checksums of everything, the manifest that is still to be put in place among it.
fn describe(out: &Path, manifest: &Manifest, manifest_text: &[u8], publication: &Publication) -> Result<(), AnalyseError> {
    let texts = [
        ("croissant.json", pretty(&super::description::croissant(manifest, publication))),
        ("datapackage.json", pretty(&super::description::data_package(manifest, publication))),
        ("DATASHEET.md", super::datasheet::datasheet(manifest, publication)),
    ];
    let mut sums: Vec<(String, String)> = manifest.parts.iter().map(|part| (part.file.clone(), part.sha256.clone())).collect();
    sums.push((Layout::of(out).manifest().to_owned(), hex::encode(Sha256::digest(manifest_text))));
    for (name, text) in &texts {
        write(&out.join(name), text)?;
        sums.push(((*name).to_owned(), hex::encode(Sha256::digest(text))));
    }
    let rejected = Layout::of(out).rejected();
    if out.join(rejected).exists() {
        sums.push((rejected.to_owned(), sha256(&out.join(rejected))?));
    }
    sums.sort();
    write(&out.join("SHA256SUMS"), &sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect::<String>())
}

/// Paths in the configuration say where things lie on the scanning machine; their last part is enough.
fn shorten_paths(manifest: &mut Manifest) {
    fn shorten(value: &mut Value) {
        match value {
            Value::String(path) if !path.contains("://") => *path = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
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

fn failed(doing: &str, path: &Path, error: &io::Error) -> AnalyseError {
    AnalyseError::Request(format!("cannot {doing} {}: {error}; see to it and give the command again", path.display()))
}

/// Writes a file that is on the disk when this returns.
fn write(path: &Path, text: &str) -> Result<(), AnalyseError> {
    let written = File::create(path).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| failed("write", path, &error))
}

fn sha256(path: &Path) -> Result<String, AnalyseError> {
    let digest = || -> io::Result<String> {
        let (mut file, mut sha256, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex::encode(sha256.finalize())),
                n => sha256.update(buffer.get(..n).unwrap_or_default()),
            }
        }
    };
    digest().map_err(|error| failed("read", path, &error))
}
