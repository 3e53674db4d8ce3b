//! What a condition can be about: the flat columns as the schema has them, the codes of findings, carried columns; and their values in a row.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Schema};

use crate::classify::Severity;
use crate::dataset::{ColumnGroup, DatasetError, ListColumn, RANGE, elements, schema, text};
use crate::vocabulary::{Vocabulary, nearest};

/// How the values of a field are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As texts.
    Text,
    /// As texts, of which these are all.
    Words(Vec<String>),
    /// As words that have an order.
    Severity,
    /// As finding codes.
    Codes,
    /// As numbers.
    Number,
    /// As microseconds since 1970.
    Time,
}

/// What a condition is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Where the values are.
    source: Source,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// A column of single values or of lists.
    Column(String),
    /// The codes of the findings.
    Findings,
    /// A field of the elements of a list.
    Element { list: String, field: String, path: String },
    /// A carried column of this name.
    Carried(String),
}

/// The field of the codes of findings.
const FINDING: &str = "finding";
/// Beginning of the fields that are carried columns.
const CARRIED: &str = "carried.";
/// Lists whose elements' fields can be compared.
const LISTS: [&str; 2] = ["policy_hosts", "rua_hosts"];

impl Field {
    /// The field of a name.
    ///
    /// # Errors
    /// A sentence with the known names.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        if name == FINDING {
            return Ok(Self { source: Source::Findings, kind: Kind::Codes });
        }
        if let Some(carried) = name.strip_prefix(CARRIED).filter(|carried| !carried.is_empty()) {
            return Ok(Self::of_carried(carried));
        }
        let schema = schema();
        let column = schema.fields().iter().find(|field| field.name() == name);
        if let Some(kind) = column.and_then(|field| kind(field)) {
            return Ok(Self { source: Source::Column(name.to_owned()), kind });
        }
        if let Some((list, element)) = name.split_once('.').map(|(list, element)| (list.strip_suffix("[]").unwrap_or(list), element))
            && let Some((_, kind)) = elements_of(&schema, list).find(|(field, _)| *field == element)
        {
            let (list, field) = (list.to_owned(), element.to_owned());
            let path = format!("{list}.list.element.{field}");
            return Ok(Self { source: Source::Element { list, field, path }, kind });
        }
        let known = names();
        let meant = match name {
            "findings" | "code" | "codes" | "findings.code" | "findings[].code" => Some(FINDING),
            _ => nearest(name, known.iter().map(String::as_str)),
        };
        let meant = meant.map_or_else(|| ".".to_owned(), |meant| format!("; did you mean {meant}?"));
        let known = known.join(", ");
        Err(match name {
            "" => format!("it begins with the name of a column: one of {known}"),
            _ => format!("there is no column {name:?}{meant} Known: {known}"),
        })
    }

    /// The field of a carried column.
    pub(super) fn of_carried(column: &str) -> Self {
        Self { source: Source::Carried(column.to_owned()), kind: Kind::Text }
    }

    /// The carried column that it is.
    pub(super) fn carried(&self) -> Option<&str> {
        if let Source::Carried(name) = &self.source { Some(name) } else { None }
    }

    /// What has to be read of a dataset.
    pub(super) fn column(&self) -> &str {
        match &self.source {
            Source::Column(name) => name,
            Source::Findings => "findings.list.element.code",
            Source::Element { path, .. } => path,
            Source::Carried(_) => "carried",
        }
    }

    /// The values of a batch; a dataset that is older than the column has none.
    pub(super) fn values(&self, batch: &RecordBatch) -> Result<Values, DatasetError> {
        let table = ColumnGroup::table(batch);
        Ok(match &self.source {
            Source::Findings => {
                let (lists, finding) = table.groups("findings")?;
                Values::Texts(ListColumn { lists, values: finding.column("code")? })
            }
            Source::Element { list, field, .. } => match table.added_groups(list)? {
                None => Values::None,
                Some((lists, group)) => {
                    let values = match group.column::<Int64Array>(field) {
                        Ok(numbers) => to(field, &(Arc::new(numbers) as ArrayRef), &DataType::Utf8)?,
                        Err(_) => group.column(field)?,
                    };
                    Values::Texts(ListColumn { lists, values })
                }
            },
            Source::Carried(name) => match table.added_groups("carried")? {
                None => Values::None,
                Some((lists, cells)) => {
                    Values::Carried { lists, names: cells.column("name")?, cells: cells.column("value")?, name: name.clone() }
                }
            },
            Source::Column(name) => match batch.column_by_name(name) {
                None => Values::None,
                Some(column) => of_column(&table, name, column)?,
            },
        })
    }
}

/// The names of all fields.
fn names() -> Vec<String> {
    let schema = schema();
    let flat = schema.fields().iter().filter(|field| kind(field).is_some()).map(|field| field.name().clone());
    let elements = LISTS.iter().flat_map(|list| elements_of(&schema, list).map(move |(field, _)| format!("{list}.{field}")));
    flat.chain(elements).chain([FINDING.to_owned(), format!("{CARRIED}NAME")]).collect()
}

/// The fields of the elements of a list. Numbers are compared as texts: any of several may fit, and none of these has an order.
fn elements_of<'s>(schema: &'s Schema, list: &str) -> impl Iterator<Item = (&'s str, Kind)> + use<'s> {
    let column = LISTS.contains(&list).then(|| schema.field_with_name(list).ok()).flatten();
    let fields = column.and_then(|column| match column.data_type() {
        DataType::List(element) => match element.data_type() {
            DataType::Struct(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    });
    let of_field = |field: &'s FieldRef| {
        let kind = kind(field)?;
        Some((field.name().as_str(), if kind == Kind::Number { Kind::Text } else { kind }))
    };
    fields.into_iter().flatten().filter_map(of_field)
}

/// How the values of a column are compared; `None` if it is not flat.
fn kind(field: &ArrowField) -> Option<Kind> {
    let words = || field.metadata().get(RANGE).map(|words| words.split(", ").map(str::to_owned).collect::<Vec<_>>());
    let texts = || match words() {
        None => Kind::Text,
        Some(words) if words == Severity::WORDS => Kind::Severity,
        Some(words) => Kind::Words(words),
    };
    match field.data_type() {
        DataType::Utf8 => Some(texts()),
        DataType::List(element) if *element.data_type() == DataType::Utf8 => Some(texts()),
        DataType::Boolean => Some(Kind::Words(["true", "false"].map(str::to_owned).to_vec())),
        DataType::Int16 | DataType::Int32 | DataType::Int64 => Some(Kind::Number),
        DataType::Timestamp(..) => Some(Kind::Time),
        _ => None,
    }
}

fn of_column(table: &ColumnGroup, name: &str, column: &ArrayRef) -> Result<Values, DatasetError> {
    Ok(match column.data_type() {
        DataType::List(_) => Values::Texts(table.lists(name)?),
        DataType::Timestamp(..) => {
            let times: TimestampMicrosecondArray = table.column(name)?;
            Values::Numbers(times.reinterpret_cast())
        }
        DataType::Int16 | DataType::Int32 | DataType::Int64 => Values::Numbers(to(name, column, &DataType::Int64)?),
        DataType::Boolean => Values::Text(to(name, column, &DataType::Utf8)?),
        _ => Values::Text(table.column(name)?),
    })
}

fn to<A: Array + Clone + 'static>(name: &str, column: &ArrayRef, data_type: &DataType) -> Result<A, DatasetError> {
    let array = cast(column, data_type)?;
    array.as_any().downcast_ref::<A>().cloned().ok_or_else(|| DatasetError::Column(name.to_owned()))
}

/// The values of a field in the rows of a batch.
pub(super) enum Values {
    /// No row has one.
    None,
    Text(StringArray),
    Texts(ListColumn<StringArray>),
    Numbers(Int64Array),
    Carried {
        lists: ListArray,
        names: StringArray,
        cells: StringArray,
        name: String,
    },
}

impl Values {
    /// Whether a row has a text that fits; an empty one is none.
    pub(super) fn has_text(&self, row: usize, fits: impl Fn(&str) -> bool) -> bool {
        let fits = |text: &str| !text.is_empty() && fits(text);
        match self {
            Self::None | Self::Numbers(_) => false,
            Self::Text(texts) => text(texts, row).is_some_and(fits),
            Self::Texts(lists) => elements(&lists.lists, row).any(|at| text(&lists.values, at).is_some_and(fits)),
            Self::Carried { lists, names, cells, name } => {
                elements(lists, row).any(|at| text(names, at) == Some(name.as_str()) && text(cells, at).is_some_and(fits))
            }
        }
    }

    /// The number of a row.
    pub(super) fn number(&self, row: usize) -> Option<i64> {
        match self {
            Self::Numbers(numbers) => numbers.is_valid(row).then(|| numbers.value(row)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flat_column_is_known_with_its_words() {
        let kind_of = |name: &str| Field::named(name).unwrap().kind;
        assert_eq!((kind_of("rank"), kind_of("scanned_at"), kind_of("worst")), (Kind::Number, Kind::Time, Kind::Severity));
        assert_eq!((kind_of("mx_hosts"), kind_of("carried.owner"), kind_of("finding")), (Kind::Text, Kind::Text, Kind::Codes));
        assert!(matches!(kind_of("accepted_by"), Kind::Words(words) if words.iter().any(|word| word == "postfix-mta-sts-resolver")));
        assert!(matches!(kind_of("rua_hosts[].scheme"), Kind::Words(words) if words.iter().any(|word| word == "mailto")));
        assert_eq!((kind_of("policy_hosts.asn"), kind_of("policy_hosts.org_domain")), (Kind::Text, Kind::Text));
        let said = Field::named("policy_hosts.asm").unwrap_err();
        assert!(said.contains("did you mean policy_hosts.asn?"), "{said}");
        // Nothing but the words of a vocabulary is taken for such.
        for name in names() {
            if let Kind::Words(words) = kind_of(&name) {
                assert!(words.iter().all(|word| !word.contains([' ', '.'])), "{name}: {words:?}");
            }
        }
        let columns: arrow::datatypes::SchemaRef = schema();
        let nested: Vec<&str> =
            columns.fields().iter().map(|field| field.name().as_str()).filter(|name| !names().iter().any(|known| known == name)).collect();
        assert_eq!(nested, ["policy_hosts", "rua_hosts", "findings", "carried", "evidence"], "all others can be compared");
    }
}
