//! Mailboxes replaced in all texts and bytes of a batch, however deep they are nested, so that no column can be forgotten.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, ListArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use super::mailbox::Redaction;
use crate::dataset::elements;
use crate::parse::content_coding::{self, Coding};

/// The batch without readable mailboxes. A SHA-256 of a body that had one is left out, since it would tell a guess from a miss.
pub(super) fn redact(batch: &RecordBatch, redaction: &Redaction) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(|column| array(column, redaction)).collect::<Result<_, _>>()?;
    RecordBatch::try_new(batch.schema(), columns)
}

fn array(column: &ArrayRef, redaction: &Redaction) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Utf8 => Ok(texts(column, redaction)),
        DataType::Binary => Ok(bytes(column, redaction)),
        DataType::List(_) => list(column, redaction),
        DataType::Struct(_) => structure(column, redaction),
        _ => Ok(Arc::clone(column)),
    }
}

/// Whether there can be a mailbox at all; nearly always there is none.
fn may_have_mailbox(values: &[u8]) -> bool {
    values.iter().any(|byte| matches!(byte, b'@' | b'%')) || values.windows(7).any(|window| window.eq_ignore_ascii_case(b"mailto:"))
}

fn texts(column: &ArrayRef, redaction: &Redaction) -> ArrayRef {
    let texts: &StringArray = column.as_string();
    if !may_have_mailbox(texts.value_data()) {
        return Arc::clone(column);
    }
    let replaced = |text: Option<&str>| text.map(|text| redaction.apply(text.as_bytes()).map_or_else(|| text.to_owned(), lossy));
    Arc::new(texts.iter().map(replaced).collect::<StringArray>())
}

/// Only whole characters are taken out, so that UTF-8 stays UTF-8.
fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn bytes(column: &ArrayRef, redaction: &Redaction) -> ArrayRef {
    let values: &BinaryArray = column.as_binary();
    if !may_have_mailbox(values.value_data()) {
        return Arc::clone(column);
    }
    let replaced = |bytes: Option<&[u8]>| bytes.map(|bytes| redaction.apply(bytes).unwrap_or_else(|| bytes.to_vec()));
    Arc::new(values.iter().map(replaced).collect::<BinaryArray>())
}

fn list(column: &ArrayRef, redaction: &Redaction) -> Result<ArrayRef, ArrowError> {
    let lists: &ListArray = column.as_list();
    let DataType::List(field) = column.data_type() else { return Ok(Arc::clone(column)) };
    let values = match field.data_type() {
        DataType::Binary => pieces(lists, redaction),
        _ => array(lists.values(), redaction)?,
    };
    if Arc::ptr_eq(&values, lists.values()) {
        return Ok(Arc::clone(column));
    }
    Ok(Arc::new(ListArray::try_new(Arc::clone(field), lists.offsets().clone(), values, lists.nulls().cloned())?))
}

/// The character-strings of TXT records, each record read as a whole.
fn pieces(records: &ListArray, redaction: &Redaction) -> ArrayRef {
    let strings: &BinaryArray = records.values().as_binary();
    let mut replaced: Vec<Option<Vec<u8>>> = strings.iter().map(|string| string.map(<[u8]>::to_vec)).collect();
    let mut changed = false;
    for record in 0..records.len() {
        let range = elements(records, record);
        let old: Vec<&[u8]> = range.clone().map(|index| if strings.is_valid(index) { strings.value(index) } else { &[] }).collect();
        if let Some(new) = redaction.apply_to_pieces(&old) {
            changed = true;
            for (slot, piece) in replaced.iter_mut().skip(range.start).zip(new) {
                *slot = Some(piece);
            }
        }
    }
    if changed { Arc::new(replaced.iter().map(Option::as_deref).collect::<BinaryArray>()) } else { Arc::clone(records.values()) }
}

/// Bodies, those that are compressed looked into and compressed again; `None` if there are none. `plain` are the same bodies with what was
/// found in them as they were sent, which is chance in one that is compressed.
fn compressed(bodies: &BinaryArray, plain: &ArrayRef, headers: Option<&ListArray>, redaction: &Redaction) -> Option<ArrayRef> {
    let plain: &BinaryArray = plain.as_binary();
    let mut replaced: Vec<Option<Option<Vec<u8>>>> = vec![None; bodies.len()];
    for (row, slot) in replaced.iter_mut().enumerate().filter(|(row, _)| bodies.is_valid(*row)) {
        let declared = headers.map(|headers| content_encodings(headers, row)).unwrap_or_default();
        *slot = recompressed(&declared, bodies.value(row), redaction);
    }
    if replaced.iter().all(Option::is_none) {
        return None;
    }
    let row = |(plain, replaced): (Option<&[u8]>, Option<Option<Vec<u8>>>)| replaced.unwrap_or_else(|| plain.map(<[u8]>::to_vec));
    Some(Arc::new(plain.iter().zip(replaced).map(row).collect::<BinaryArray>()))
}

/// The headers of a row that say how its body is compressed.
fn content_encodings(headers: &ListArray, row: usize) -> Vec<(String, Vec<u8>)> {
    const NAME: &str = "content-encoding";
    let Some(all) = headers.values().as_struct_opt() else { return Vec::new() };
    let names: Option<&StringArray> = all.column_by_name("name").and_then(|names| names.as_string_opt());
    let values: Option<&BinaryArray> = all.column_by_name("value").and_then(|values| values.as_binary_opt());
    let (Some(names), Some(values)) = (names, values) else { return Vec::new() };
    let wanted = elements(headers, row).filter(|index| names.is_valid(*index) && names.value(*index) == NAME);
    wanted.map(|index| (NAME.to_owned(), values.value(index).to_vec())).collect()
}

/// What stands for a compressed body: nothing where it cannot be looked into, since somebody might read a part of it. `None` for a body
/// that is not compressed.
fn recompressed(headers: &[(String, Vec<u8>)], body: &[u8], redaction: &Redaction) -> Option<Option<Vec<u8>>> {
    let Some((text, codings, trailing)) = opened(headers, body)? else { return Some(None) };
    let Some(redacted) = redaction.apply(&text) else { return Some(Some(body.to_vec())) };
    let again = codings.iter().rev().try_fold(redacted, |text, coding| content_coding::encode(*coding, &text));
    Some(again.ok().map(|mut body| {
        body.resize(body.len() + trailing, 0); // What follows says nothing, and that something does is a finding.
        body
    }))
}

/// The text of a compressed body, its codings from the outermost, and how much follows it; `Some(None)` where it has none to be read.
fn opened(headers: &[(String, Vec<u8>)], body: &[u8]) -> Option<Option<(Vec<u8>, Vec<Coding>, usize)>> {
    let (decoded, codings) = match content_coding::of_response(headers, body) {
        decoded if decoded.is_declared() && !decoded.known_left() => {
            let codings = decoded.undone.clone();
            (decoded, codings)
        }
        _ => {
            let coding = content_coding::undeclared(body)?;
            (content_coding::decode([coding.as_str().as_bytes()], body), vec![coding])
        }
    };
    match decoded.text {
        Some(_) if codings.is_empty() => None,
        Some(text) => Some(Some((text.into_owned(), codings, decoded.trailing))),
        None => Some(None),
    }
}

fn structure(column: &ArrayRef, redaction: &Redaction) -> Result<ArrayRef, ArrowError> {
    let group: &StructArray = column.as_struct();
    let mut columns = group.columns().iter().map(|column| array(column, redaction)).collect::<Result<Vec<_>, _>>()?;
    let place = |name: &str| group.fields().iter().position(|field| field.name() == name);
    if let Some(slot) = place("body").and_then(|place| columns.get_mut(place)) {
        let headers = group.column_by_name("headers").map(|headers| headers.as_list());
        if let Some(bodies) = group.column_by_name("body").and_then(|bodies| compressed(bodies.as_binary(), slot, headers, redaction)) {
            *slot = bodies;
        }
    }
    if let (Some(body), Some(hash)) = (place("body"), place("body_sha256"))
        && let (Some(before), Some(after), Some(hashes)) = (group.columns().get(body), columns.get(body), columns.get(hash))
        && !Arc::ptr_eq(before, after)
    {
        let (before, after, hashes): (&BinaryArray, &BinaryArray, &StringArray) =
            (before.as_binary(), after.as_binary(), hashes.as_string());
        let kept = before.iter().zip(after.iter()).zip(hashes.iter()).map(|((before, after), hash)| hash.filter(|_| before == after));
        let kept: ArrayRef = Arc::new(kept.collect::<StringArray>());
        if let Some(slot) = columns.get_mut(hash) {
            *slot = kept;
        }
    }
    if columns.iter().zip(group.columns()).all(|(new, old)| Arc::ptr_eq(new, old)) {
        return Ok(Arc::clone(column));
    }
    Ok(Arc::new(StructArray::try_new(group.fields().clone(), columns, group.nulls().cloned())?))
}
