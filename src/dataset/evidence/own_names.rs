//! The names of a domain's own questions, which follow from the domain: they are not written, and are there again when a row is read.
//!
//! Three more copies of the domain were nearly half of a row without records, on disk and in memory.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, StringArray, StructArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::dataset::column::nulls;
use crate::evidence::Evidence;
use crate::name::{STS_RECORD, TLSRPT_RECORD};

/// The columns of these lookups, and what the name asked for has before the domain.
pub(super) const OWN: [(&str, &str); 3] = [("mx", ""), ("sts_txt", STS_RECORD), ("tlsrpt_txt", TLSRPT_RECORD)];

/// Which of the lookups have another name than the one that follows from the domain: no scan makes one.
pub(super) fn others(evidence: &Evidence) -> [bool; OWN.len()] {
    let (names, domain) = (names(evidence), evidence.domain.as_str());
    let mut others = [false; OWN.len()];
    for ((other, name), (_, before)) in others.iter_mut().zip(names).zip(OWN) {
        *other = name.strip_prefix(before) != Some(domain);
    }
    others
}

/// Whether all have the name that follows from the domain.
pub(in crate::dataset) fn follow_from_domain(evidence: &Evidence) -> bool {
    others(evidence) == [false; OWN.len()]
}

/// Column `evidence` without the names of these lookups, but in the rows that have others.
///
/// # Errors
/// If the columns do not fit their types, which is a mistake of the program.
pub(super) fn left_out(evidence: StructArray, others: &[Vec<usize>; OWN.len()]) -> Result<StructArray, ArrowError> {
    let (fields, mut columns, nulls) = evidence.into_parts();
    for ((lookup, _), others) in OWN.iter().zip(others) {
        if let Some(column) = fields.find(lookup).and_then(|(place, _)| columns.get_mut(place)) {
            *column = without_names(column, others)?;
        }
    }
    StructArray::try_new(fields, columns, nulls)
}

/// The names asked for, in the order of [`OWN`].
fn names(Evidence { mx, sts_txt, tlsrpt_txt, .. }: &Evidence) -> [&str; OWN.len()] {
    [&mx.name, &sts_txt.name, &tlsrpt_txt.name]
}

/// A lookup of which no row but these says the name.
fn without_names(lookup: &ArrayRef, others: &[usize]) -> Result<ArrayRef, ArrowError> {
    let (fields, mut columns, valid) = lookup.as_struct().clone().into_parts();
    if let Some(names) = fields.find("name").and_then(|(place, _)| columns.get_mut(place)) {
        *names = match others {
            [] => nulls(&DataType::Utf8, names.len()),
            others => {
                let kept = names.as_string::<i32>().iter().enumerate();
                Arc::new(kept.map(|(row, name)| name.filter(|_| others.binary_search(&row).is_ok())).collect::<StringArray>())
            }
        };
    }
    Ok(Arc::new(StructArray::try_new(fields, columns, valid)?))
}

/// Gives a row that was read the names that follow from its domain.
pub(super) fn restore(evidence: &mut Evidence) {
    let Evidence { domain, mx, sts_txt, tlsrpt_txt, .. } = evidence;
    for (name, (_, before)) in [&mut mx.name, &mut sts_txt.name, &mut tlsrpt_txt.name].into_iter().zip(OWN) {
        if name.is_empty() {
            *name = format!("{before}{domain}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::column::Group;
    use crate::dataset::evidence::EvidenceColumns;
    use crate::dataset::{Record, record_batch, samples};

    fn written(records: &[Record]) -> (Vec<usize>, Vec<Evidence>) {
        let batch = record_batch(records).unwrap();
        let evidence = Group::table(&batch).group("evidence").unwrap();
        let named = |lookup| {
            let names: StringArray = evidence.group(lookup).unwrap().column("name").unwrap();
            names.len() - names.null_count()
        };
        let columns = EvidenceColumns::of(&batch).unwrap();
        (OWN.map(|(lookup, _)| named(lookup)).to_vec(), (0..records.len()).map(|row| columns.row(row).unwrap()).collect())
    }

    #[test]
    fn a_name_that_follows_from_the_domain_is_not_written_and_is_there_again() {
        let records = [samples::absent(0, "example.com"), samples::absent(1, "example.org")];
        let (named, read) = written(&records);
        assert_eq!(named, [0, 0, 0]);
        assert_eq!(read, records.map(|record| record.evidence));
    }

    #[test]
    fn a_name_that_does_not_is_kept() {
        let mut records = [samples::absent(0, "example.com"), samples::absent(1, "example.org")];
        records[1].evidence.sts_txt.name = "_mta-sts.example.net".to_owned();
        let (named, read) = written(&records);
        assert_eq!(named, [0, 1, 0]);
        assert_eq!(read, records.map(|record| record.evidence));
    }
}
