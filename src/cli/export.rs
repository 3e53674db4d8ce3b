//! `stscan export`: a copy of a dataset that can be published.

use std::io::Write;

use super::args::ExportArguments;
use super::exit::{Exit, Failure};
use super::plan::databases;
use crate::analyse::export::{FlatForm, Mailboxes, Publication, export, export_reports};
use crate::dataset::reports::is_reports;

/// Exports and says what is left to do.
pub(super) fn run(arguments: &ExportArguments) -> Result<Exit, Failure> {
    let word = &arguments.mailboxes;
    let mailboxes =
        Mailboxes::from_word(word).ok_or_else(|| Failure::usage(format!("--mailboxes {word:?}: hash, drop and keep are possible")))?;
    let flat = arguments
        .flat
        .as_deref()
        .map(|word| FlatForm::from_word(word).ok_or_else(|| Failure::usage(format!("--flat={word:?}: parquet and csv are possible"))));
    let flat = flat.transpose()?;
    let hashed = mailboxes == Mailboxes::Hash;
    if !hashed && (arguments.key.is_some() || arguments.show_key) {
        return Err(Failure::usage("--key and --show-key go with --mailboxes hash only"));
    }
    let key = arguments.key.as_deref().map_or_else(|| Ok(rand::random()), key)?;
    let publication = Publication {
        mailboxes,
        key,
        keep_carried: arguments.keep_carried,
        flat,
        licence: arguments.licence.clone(),
        date: Publication::today(),
    };
    let networks = databases(&arguments.asn_db)?;
    let (rows, invented) = if is_reports(&arguments.dataset)? {
        if publication.flat.is_some() || !arguments.asn_db.is_empty() {
            return Err(Failure::usage("--flat and --asn-db are of the domains of a scan, which TLS reports do not have: leave them out"));
        }
        if publication.keep_carried {
            return Err(Failure::usage("--keep-carried applies to columns of a scanned list, which TLS reports do not have: leave it out"));
        }
        (export_reports(&arguments.dataset, &arguments.out, &publication)?.rows, None)
    } else {
        let manifest = export(&arguments.dataset, &arguments.out, &publication, &networks)?;
        (manifest.counts.rows, manifest.run.invented())
    };
    let mut out = anstream::stdout().lock();
    let dir = arguments.out.display();
    writeln!(out, "{dir}: {rows} rows; croissant.json, datapackage.json, DATASHEET.md, SHA256SUMS")?;
    if let Some(form) = flat {
        writeln!(out, "without lists, to be joined by ordinal: findings, mx and rua as {form}")?;
    }
    if arguments.show_key {
        writeln!(out, "key of the hashes: {}", hex::encode(key))?;
    }
    if let Some(invented) = invented {
        writeln!(out, "Note: {invented}")?;
    }
    writeln!(out, "Fill in the blanks in DATASHEET.md")?;
    if publication.licence.is_none() {
        writeln!(out, "no licence is stated; --licence names one")?;
    }
    Ok(Exit::Done)
}

/// 64 hexadecimal digits.
fn key(text: &str) -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| Failure::usage("--key: 64 hexadecimal digits are expected, as --show-key prints them"))?;
    Ok(bytes)
}
