//! What a report lists: every domain of a portfolio, or of many domains only those with a record.

use std::collections::HashMap;

use arrow::array::{Array, Int32Array, ListArray, RecordBatch, StringArray};

use super::entry::Place;
use super::line::{Summary, Urgency, most_urgent_first};
use super::standing::{ByCell, Counting, Standing};
use crate::analyse::scans::{AnalyseError, Scan};
use crate::analyse::senders::Seen;
use crate::classify::{Code, Delivery, MxState, Posture, RecordState, Severity};
use crate::dataset::{ColumnGroup, DatasetError, ListColumn, elements, text};
use crate::vocabulary::vocabulary;

/// Domains up to which a report is one of a portfolio unless asked otherwise.
pub const PORTFOLIO_DOMAINS: u64 = 5_000;

vocabulary! {
    /// What a report is about.
    pub enum Kind {
        /// Every domain, and what to do.
        Portfolio = "portfolio",
        /// How many there are of what; of the domains only those with a record.
        Adoption = "adoption",
    }
}

impl Kind {
    /// The kind that fits a number of domains.
    pub const fn of(rows: u64) -> Self {
        if rows <= PORTFOLIO_DOMAINS { Self::Portfolio } else { Self::Adoption }
    }
}

/// Rows that are decoded at once; no evidence is among what is read.
const BATCH_ROWS: usize = 8192;

const COLUMNS: &[&str] = &[
    "domain",
    "rank",
    "mx_state",
    "mx_hosts.list.element",
    "mx_provider",
    "policy_provider",
    "sts_state",
    "tlsrpt_state",
    "posture",
    "delivery",
    "delivery_lenient",
    "worst",
    "findings.list.element.code",
    "findings.list.element.severity",
    "carried",
];

/// What the first reading brings.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) lines: Vec<Summary>,
    pub(super) listable: u64,
    pub(super) names: Vec<String>,
    pub(super) codes: Vec<String>,
    pub(super) carried: Vec<String>,
    /// All domains.
    pub(super) standing: Standing,
    /// All domains by the cells of these.
    pub(super) by_cell: Vec<ByCell>,
    /// Domains of which a code says only that something could not be determined, by code, where in other domains it is a verdict.
    pub(super) left_open: HashMap<Code, u64>,
    /// The last rank, if the list has ranks.
    pub(super) best_of_ranks: Option<i32>,
}

/// Texts of which each is kept once.
#[derive(Default)]
struct Names {
    places: HashMap<String, u32>,
    list: Vec<String>,
}

impl Names {
    fn place(&mut self, name: &str) -> Option<u32> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let place = u32::try_from(self.list.len()).ok()?;
        self.places.insert(name.to_owned(), place);
        self.list.push(name.to_owned());
        Some(place)
    }
}

/// Reads the lines of a report: of at most `most` domains, the most urgent ones.
pub(super) fn read(scan: &Scan, kind: Kind, most: usize, senders: Option<&Seen>) -> Result<Outline, AnalyseError> {
    let (mut names, mut codes, mut carried) = (Names::default(), Names::default(), Names::default());
    let (mut outline, mut counting) = (Outline::default(), Counting::default());
    each_batch(scan, COLUMNS, |batch, first| {
        let columns = Columns::of(batch)?;
        for row in 0..batch.num_rows() {
            if columns.rank.is_valid(row) {
                outline.best_of_ranks = outline.best_of_ranks.max(Some(columns.rank.value(row)));
            }
            columns.add_left_open(row, &mut outline.left_open);
            counting.add(columns.urgency(row), columns.delivery(row), columns.cells(row));
            if kind == Kind::Portfolio || columns.has_a_record(row) {
                outline.listable += 1;
                let place = Place { row: first.row + row, ..first };
                let mut line = columns.line(row, place, &mut names, &mut codes, &mut carried);
                line.is_confirmed = senders.is_some_and(|senders| columns.is_confirmed(row, senders));
                outline.lines.push(line);
            }
        }
        // Twice the limit is kept at most, so that a list of any length fits.
        if outline.lines.len() > most.saturating_mul(2).max(BATCH_ROWS) {
            shorten(&mut outline.lines, most);
        }
        Ok(())
    })?;
    shorten(&mut outline.lines, most);
    outline.standing = counting.whole();
    outline.by_cell = counting.finish(&scan.carried_columns()?);
    (outline.names, outline.codes, outline.carried) = (names.list, codes.list, carried.list);
    Ok(outline)
}

fn shorten(lines: &mut Vec<Summary>, most: usize) {
    if lines.len() > most {
        lines.sort_unstable_by(most_urgent_first);
        lines.truncate(most);
    }
}

/// Calls `each` with every batch and the place of its first row.
fn each_batch(
    scan: &Scan,
    columns: &[&str],
    mut each: impl FnMut(&RecordBatch, Place) -> Result<(), DatasetError>,
) -> Result<(), AnalyseError> {
    for (part, source) in scan.sources().into_iter().enumerate() {
        let file = scan.seen(&source)?;
        for row_group in 0..file.row_groups() {
            let mut row = 0;
            for batch in file.read(row_group, columns, BATCH_ROWS, None)? {
                let batch = batch?;
                each(&batch, Place { part, row_group, row })?;
                row += batch.num_rows();
            }
        }
    }
    Ok(())
}

/// The columns of a batch that tell the lines.
struct Columns {
    domain: StringArray,
    rank: Int32Array,
    mx_state: StringArray,
    mx_hosts: ListColumn<StringArray>,
    mx_provider: StringArray,
    policy_provider: StringArray,
    sts_state: StringArray,
    tlsrpt_state: StringArray,
    posture: StringArray,
    delivery: StringArray,
    delivery_lenient: StringArray,
    worst: StringArray,
    findings: (ListArray, StringArray, StringArray),
    carried: Option<(ListArray, StringArray, StringArray)>,
}

impl Columns {
    /// Whether senders have met what one of the findings says.
    fn is_confirmed(&self, row: usize, senders: &Seen) -> bool {
        let (lists, code, _) = &self.findings;
        let hosts: Vec<String> = self.mx_hosts.texts(row).into_iter().flatten().map(str::to_owned).collect();
        let codes = elements(lists, row).map(|index| code.value(index));
        text(&self.domain, row).is_some_and(|domain| senders.confirms(domain, &hosts, codes))
    }

    fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = ColumnGroup::table(batch);
        let (lists, finding) = table.groups("findings")?;
        let carried = table.added_groups("carried")?;
        Ok(Self {
            domain: table.column("domain")?,
            rank: table.column("rank")?,
            mx_state: table.column("mx_state")?,
            mx_hosts: table.lists("mx_hosts")?,
            mx_provider: table.column("mx_provider")?,
            policy_provider: table.column("policy_provider")?,
            sts_state: table.column("sts_state")?,
            tlsrpt_state: table.column("tlsrpt_state")?,
            posture: table.column("posture")?,
            delivery: table.column("delivery")?,
            delivery_lenient: table.column("delivery_lenient")?,
            worst: table.column("worst")?,
            findings: (lists, finding.column("code")?, finding.column("severity")?),
            carried: match carried {
                Some((lists, cells)) => Some((lists, cells.column("name")?, cells.column("value")?)),
                None => None,
            },
        })
    }

    /// Whether there is one of the two records, valid or not.
    fn has_a_record(&self, row: usize) -> bool {
        let is_there = |column| {
            let state = text(column, row).and_then(RecordState::from_word);
            matches!(state, Some(RecordState::Valid | RecordState::Invalid | RecordState::Multiple))
        };
        is_there(&self.sts_state) || is_there(&self.tlsrpt_state)
    }

    fn urgency(&self, row: usize) -> Urgency {
        let mx = text(&self.mx_state, row).and_then(MxState::from_word).unwrap_or(MxState::Unknown);
        let lenient = text(&self.delivery_lenient, row).and_then(Delivery::from_word).unwrap_or(Delivery::Unknown);
        Urgency::of(mx, self.delivery(row), lenient, text(&self.worst, row).and_then(Severity::from_word))
    }

    fn delivery(&self, row: usize) -> Delivery {
        text(&self.delivery, row).and_then(Delivery::from_word).unwrap_or(Delivery::Unknown)
    }

    /// The carried cells of a row, with the names of their columns.
    fn cells(&self, row: usize) -> impl Iterator<Item = (&str, &str)> {
        self.carried.iter().flat_map(move |(lists, names, values)| {
            elements(lists, row).filter_map(|index| Some((text(names, index)?, text(values, index)?)))
        })
    }

    fn add_left_open(&self, row: usize, left_open: &mut HashMap<Code, u64>) {
        let (lists, code, severity) = &self.findings;
        let is_open = |code: Code, index| severity.value(index) == Severity::Info.as_str() && code.rule().severity != Severity::Info;
        let mut codes: Vec<Code> =
            elements(lists, row).filter_map(|index| Code::from_word(code.value(index)).filter(|code| is_open(*code, index))).collect();
        codes.dedup();
        codes.into_iter().for_each(|code| *left_open.entry(code).or_default() += 1);
    }

    fn line(&self, row: usize, place: Place, names: &mut Names, codes: &mut Names, columns: &mut Names) -> Summary {
        let worst = text(&self.worst, row).and_then(Severity::from_word);
        let (lists, code, severity) = &self.findings;
        let mut line = Summary {
            domain: text(&self.domain, row).unwrap_or_default().to_owned(),
            rank: self.rank.is_valid(row).then(|| self.rank.value(row)),
            posture: text(&self.posture, row).and_then(Posture::from_word).unwrap_or(Posture::Unknown),
            is_confirmed: false,
            urgency: self.urgency(row),
            worst,
            codes: elements(lists, row).filter_map(|index| codes.place(code.value(index))).collect(),
            mail: text(&self.mx_provider, row).and_then(|name| names.place(name)),
            policy_host: text(&self.policy_provider, row).and_then(|name| names.place(name)),
            carried: Vec::new(),
            high: elements(lists, row).filter(|index| severity.value(*index) == Severity::High.as_str()).count(),
            place,
        };
        line.codes.sort_unstable();
        line.codes.dedup();
        if let Some((lists, name, value)) = &self.carried {
            for index in elements(lists, row) {
                let column = text(name, index).and_then(|name| columns.place(name)).and_then(|at| usize::try_from(at).ok());
                let cell = text(value, index).and_then(|cell| names.place(cell));
                if let (Some(column), Some(cell)) = (column, cell) {
                    line.carried.resize(line.carried.len().max(column + 1), None);
                    line.carried[column] = Some(cell);
                }
            }
        }
        line
    }
}
