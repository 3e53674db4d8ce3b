//! What differs between domains that are alike: how long the answers to their own questions may be kept, and how fast they came.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, StructArray};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::dataset::column::{Column, Int64, nulls};
use crate::evidence::{Evidence, Lookup};

/// The columns of a lookup that each row has for itself.
const COLUMNS: [&str; 2] = ["ttl", "rtt_us"];
/// The lookups that have them.
const LOOKUPS: [&str; 3] = ["mx", "sts_txt", "tlsrpt_txt"];

/// Both columns of each of the lookups, row by row.
#[derive(Debug, Default)]
pub(in crate::dataset) struct OwnTimes([[Int64<u32>; COLUMNS.len()]; LOOKUPS.len()]);

impl OwnTimes {
    /// Adds a row.
    pub(in crate::dataset) fn append(&mut self, Evidence { mx, sts_txt, tlsrpt_txt, .. }: &Evidence) {
        fn times<R>(Lookup { ttl, rtt_us, .. }: &Lookup<R>) -> [Option<&u32>; COLUMNS.len()] {
            [ttl.as_ref(), rtt_us.as_ref()]
        }
        for (columns, times) in self.0.iter_mut().zip([times(mx), times(sts_txt), times(tlsrpt_txt)]) {
            columns.iter_mut().zip(times).for_each(|(column, time)| column.append(time));
        }
    }

    /// The columns with their names.
    pub(in crate::dataset) fn into_columns(self) -> Result<Vec<(&'static str, ArrayRef)>, ArrowError> {
        const NAMES: [[&str; COLUMNS.len()]; LOOKUPS.len()] = [
            ["evidence.mx.ttl", "evidence.mx.rtt_us"],
            ["evidence.sts_txt.ttl", "evidence.sts_txt.rtt_us"],
            ["evidence.tlsrpt_txt.ttl", "evidence.tlsrpt_txt.rtt_us"],
        ];
        let named = NAMES.into_iter().flatten().zip(self.0.into_iter().flatten());
        named.map(|(name, column)| Ok((name, column.finish(&Int64::<u32>::data_type())?))).collect()
    }
}

/// Column `evidence` without them.
///
/// # Errors
/// If the columns do not fit their types, which is a mistake of the program.
pub(in crate::dataset) fn without_own_times(evidence: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let (fields, mut lookups, valid) = evidence.as_struct().clone().into_parts();
    for name in LOOKUPS {
        let Some(lookup) = fields.find(name).and_then(|(place, _)| lookups.get_mut(place)) else { continue };
        let (fields, mut columns, valid) = lookup.as_struct().clone().into_parts();
        for name in COLUMNS {
            if let Some(column) = fields.find(name).and_then(|(place, _)| columns.get_mut(place)) {
                *column = nulls(&DataType::Int64, column.len());
            }
        }
        *lookup = Arc::new(StructArray::try_new(fields, columns, valid)?);
    }
    Ok(Arc::new(StructArray::try_new(fields, lookups, valid)?))
}
