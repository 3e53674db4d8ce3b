//! Builder of column `carried`.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::input::Carried;

use super::columns::{Lengths, Shape, Texts};

/// List of structs, a carried column each.
#[derive(Debug, Default)]
pub(super) struct CarriedBuilder {
    lengths: Lengths,
    name: Texts,
    value: Texts,
}

impl CarriedBuilder {
    pub(super) fn append(&mut self, carried: &[Carried]) {
        self.lengths.append(Some(carried.len()));
        for Carried { name, value } in carried {
            self.name.append(Some(name));
            self.value.append(value.as_deref());
        }
    }

    pub(super) fn finish(self, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
        let columns = vec![("name", self.name.finish()), ("value", self.value.finish())];
        let elements = Shape::of(data_type)?.assemble(None, columns)?;
        self.lengths.finish(data_type, Arc::new(elements))
    }
}
