//! A dataset taken apart by the cells of a carried column: to each its rows, as a scan of its own. However many cells there are, it is read
//! a few times: the rows of many small ones are in memory together.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::{ListArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};

use super::filter::{Filter, exact_text, unknown_carried};
use super::scans::{AnalyseError, Scan};
use crate::dataset::{ColumnGroup, DatasetError, elements, schema, text};

/// Cells up to which a dataset is taken apart; each gets a folder.
const MAX_CELLS: usize = 50_000;
/// Rows that are in memory together. More of one cell are read from the parts.
const HELD_ROWS: u64 = 4_096;
/// Rows that are decoded at once: of small columns, and of all.
const BATCH_ROWS: usize = 8_192;
const WHOLE_ROWS: usize = 256;

/// The rows with one cell.
#[derive(Clone, Debug)]
pub struct Share {
    /// The cell; `None` where there is none.
    pub cell: Option<String>,
    /// Its rows.
    pub scan: Scan,
}

/// The cells of a carried column, with their rows to come.
#[derive(Debug)]
pub struct Shares<'s> {
    scan: &'s Scan,
    column: &'s str,
    counted: BTreeMap<Option<String>, u64>,
}

impl<'s> Shares<'s> {
    /// Counts the cells.
    ///
    /// # Errors
    /// If the dataset cannot be read or carries no such column, or one with too many different cells.
    pub fn count(scan: &'s Scan, column: &'s str) -> Result<Self, AnalyseError> {
        Ok(Self { scan, column, counted: cells(scan, column)? })
    }

    /// Calls `each` with the rows of every cell, about in the order of the cells.
    ///
    /// # Errors
    /// If the dataset cannot be read, or `each` fails.
    pub fn each<E: From<AnalyseError>>(&self, mut each: impl FnMut(&Share) -> Result<(), E>) -> Result<(), E> {
        let mut together: Vec<&Option<String>> = Vec::new();
        let mut rows = 0;
        for (cell, count) in &self.counted {
            if *count > HELD_ROWS {
                let filter = Filter::exactly(self.column, cell.as_deref());
                each(&Share { cell: cell.clone(), scan: self.scan.clone().only(&filter)? })?;
                continue;
            }
            if rows + count > HELD_ROWS {
                held(self.scan, self.column, &together, &mut each)?;
                together.clear();
                rows = 0;
            }
            together.push(cell);
            rows += count;
        }
        held(self.scan, self.column, &together, &mut each)
    }
}

/// The cells with the number of their rows.
fn cells(scan: &Scan, column: &str) -> Result<BTreeMap<Option<String>, u64>, AnalyseError> {
    let known = scan.carried_columns()?;
    if !known.iter().any(|known| known == column) {
        return Err(AnalyseError::Request(format!("--split-by {column}: {}", unknown_carried(column, &known))));
    }
    let mut counted = BTreeMap::new();
    let mut too_many = false;
    scan.each_batch(&["carried"], |batch| {
        let cells = Cells::of(batch, column)?;
        for row in 0..batch.num_rows() {
            let cell = cells.get(row).map(str::to_owned);
            if let Some(count) = counted.get_mut(&cell) {
                *count += 1;
            } else if counted.len() < MAX_CELLS {
                counted.insert(cell, 1);
            } else {
                too_many = true;
            }
        }
        Ok(())
    })?;
    if too_many {
        return Err(AnalyseError::Request(format!(
            "--split-by {column}: it has more than {MAX_CELLS} different values; choose a column that says who is responsible"
        )));
    }
    Ok(counted)
}

/// Calls `each` with the rows of some cells, which are read together; each cell has some.
fn held<E: From<AnalyseError>>(
    scan: &Scan,
    column: &str,
    cells: &[&Option<String>],
    mut each: impl FnMut(&Share) -> Result<(), E>,
) -> Result<(), E> {
    let (batches, of_rows) = read(scan, column, cells)?;
    let Some(first) = batches.first() else { return Ok(()) };
    // Sorted by cell all rows are one batch, of which each cell has a run: small batches would take far more memory than what is in them.
    let all = concat_batches(&first.schema(), &batches).map_err(|error| AnalyseError::from(DatasetError::from(error)))?;
    drop(batches);
    let place = |row: &u32| usize::try_from(*row).ok().and_then(|row| of_rows.get(row)).copied().unwrap_or_default();
    let mut order: Vec<u32> = (0..).take(of_rows.len()).collect();
    order.sort_by_key(place);
    let runs: Vec<usize> = order.chunk_by(|a, b| place(a) == place(b)).map(<[u32]>::len).collect();
    let sorted = take_record_batch(&all, &UInt32Array::from(order)).map_err(|error| AnalyseError::from(DatasetError::from(error)))?;
    drop(all);
    let mut start = 0;
    for (cell, length) in cells.iter().zip(runs) {
        let rows = sorted.slice(start, length);
        start += length;
        each(&Share { cell: (*cell).clone(), scan: scan.holding(rows, &exact_text(column, cell.as_deref()))? })?;
    }
    Ok(())
}

/// The rows of some cells in the order of the dataset, and of each the place of its cell.
fn read(scan: &Scan, column: &str, cells: &[&Option<String>]) -> Result<(Vec<RecordBatch>, Vec<usize>), AnalyseError> {
    let places: BTreeMap<Option<&str>, usize> = cells.iter().enumerate().map(|(at, cell)| (cell.as_deref(), at)).collect();
    let schema = schema();
    let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let (mut batches, mut of_rows) = (Vec::new(), Vec::<usize>::new());
    for source in scan.sources() {
        let part = scan.seen(&source)?;
        for row_group in 0..part.row_groups() {
            let (mut runs, mut before) = (Vec::<Range<usize>>::new(), 0);
            for batch in part.read(row_group, &["carried"], BATCH_ROWS, None)? {
                let batch = batch?;
                let of = Cells::of(&batch, column)?;
                for row in 0..batch.num_rows() {
                    let Some(place) = places.get(&of.get(row)) else { continue };
                    of_rows.push(*place);
                    match runs.last_mut() {
                        Some(last) if last.end == before + row => last.end += 1,
                        _ => runs.push(before + row..before + row + 1),
                    }
                }
                before += batch.num_rows();
            }
            if !runs.is_empty() {
                for batch in part.read_stored(row_group, &columns, WHOLE_ROWS, &runs)? {
                    batches.push(batch?);
                }
            }
        }
    }
    Ok((batches, of_rows))
}

/// The cells of one carried column in a batch.
pub(super) struct Cells<'c> {
    carried: Option<(ListArray, StringArray, StringArray)>,
    column: &'c str,
}

impl<'c> Cells<'c> {
    pub(super) fn of(batch: &RecordBatch, column: &'c str) -> Result<Self, DatasetError> {
        let carried = ColumnGroup::table(batch).added_groups("carried")?;
        let carried = carried.map(|(lists, cells)| Ok::<_, DatasetError>((lists, cells.column("name")?, cells.column("value")?)));
        Ok(Self { carried: carried.transpose()?, column })
    }

    /// The cell of a row; an empty one is none.
    pub(super) fn get(&self, row: usize) -> Option<&str> {
        let (lists, names, values) = self.carried.as_ref()?;
        let at = elements(lists, row).find(|at| text(names, *at) == Some(self.column))?;
        text(values, at).filter(|cell| !cell.is_empty())
    }
}
