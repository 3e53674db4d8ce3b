//! A condition as it is written, what it means, and whether it holds of a row.

use std::cmp::Ordering;

use arrow::array::RecordBatch;
use thiserror::Error;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, Time};

use super::field::{Field, Kind, Values};
use super::pattern::{Pattern, alternatives};
use crate::classify::{Severity, catalogue};
use crate::dataset::DatasetError;
use crate::vocabulary::{Vocabulary, nearest};

/// The grammar in short, for the help.
pub const GRAMMAR: &str = "A condition of --where is COLUMN OPERATOR VALUE, e.g. posture=enforce; repeated, all have to hold.
  COLUMN   a flat column of `stscan schema`, finding (the codes of the findings), or carried.NAME
  = !=     VALUE may be alternatives a,b,c, * stands for any text, nothing for no value; a list fits by any element
  < <= > >=  for numbers, times (2026-11-28 or RFC 3339) and worst (info, low, medium, high)
  \\        before a character takes its meaning from it: carried.owner=Smith\\, J.
Case does not matter. Put a condition into quotes: '<', '>', '*' and '!' mean something to the shell.";

/// What is wrong with a condition, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("--where {condition:?}: {reason}")]
pub struct FilterError {
    condition: String,
    reason: String,
}

impl FilterError {
    /// What is wrong, without the condition itself.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// The conditions that a domain has to meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    /// As it was written.
    text: String,
    field: Field,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// Whether one of the values is (or none is) what an alternative says.
    Among { wanted: Vec<Wanted>, is_negated: bool },
    /// How the value compares with a span of values, as a day is one.
    Order { operator: Operator, span: Span },
    /// Whether the cell is this one, or there is none.
    Exactly(Option<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Text(Pattern),
    Span(Span),
}

/// The first and the last value that are meant.
type Span = (i64, i64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Filter {
    /// Reads conditions, none of which keeps every row.
    ///
    /// # Errors
    /// A sentence that names the condition, the known names, and what was probably meant.
    pub fn parse(conditions: &[String]) -> Result<Self, FilterError> {
        let read = |text: &String| Condition::parse(text).map_err(|reason| FilterError { condition: text.trim().to_owned(), reason });
        Ok(Self { conditions: conditions.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// Of a carried column exactly this cell, or none.
    pub(in crate::analyse) fn exactly(column: &str, cell: Option<&str>) -> Self {
        let text = exact_text(column, cell);
        Self { conditions: vec![Condition { text, field: Field::of_carried(column), test: Test::Exactly(cell.map(str::to_owned)) }] }
    }

    /// Both what this filter and what another one wants.
    pub(in crate::analyse) fn and(&self, other: &Self) -> Self {
        Self { conditions: self.conditions.iter().chain(&other.conditions).cloned().collect() }
    }

    /// Whether there is no condition.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The conditions as they were written.
    pub fn text(&self) -> String {
        self.conditions.iter().map(|condition| condition.text.as_str()).collect::<Vec<_>>().join(" and ")
    }

    /// Refuses conditions about carried columns that there are not.
    ///
    /// # Errors
    /// A sentence with the known names.
    pub(in crate::analyse) fn check_carried(&self, known: &[String]) -> Result<(), FilterError> {
        let Some((condition, name)) = self
            .conditions
            .iter()
            .filter_map(|one| Some((one, one.field.carried()?)))
            .find(|(_, name)| !known.iter().any(|known| known == name))
        else {
            return Ok(());
        };
        let reason = unknown_carried(name, known);
        Err(FilterError { condition: condition.text.clone(), reason })
    }

    /// Whether a condition is about a carried column.
    pub(in crate::analyse) fn is_about_carried(&self) -> bool {
        self.conditions.iter().any(|condition| condition.field.carried().is_some())
    }

    /// The domains of which all but these are left out; `None` where others may be kept, too.
    pub(in crate::analyse) fn domains(&self) -> Option<Vec<String>> {
        self.conditions.iter().find_map(Condition::domains)
    }

    /// The columns that have to be read.
    pub(in crate::analyse) fn columns(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().map(|condition| condition.field.column())
    }

    /// Calls `each` with every row of a batch that is kept.
    ///
    /// # Errors
    /// If a column has another type than this version writes.
    pub(in crate::analyse) fn each_kept(&self, batch: &RecordBatch, each: impl FnMut(usize)) -> Result<(), DatasetError> {
        let values = self.conditions.iter().map(|condition| Ok((condition, condition.field.values(batch)?)));
        let values: Vec<(&Condition, Values)> = values.collect::<Result<_, DatasetError>>()?;
        let is_kept = |row: &usize| values.iter().all(|(condition, values)| condition.holds(values, *row));
        (0..batch.num_rows()).filter(is_kept).for_each(each);
        Ok(())
    }
}

impl Condition {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, operator, value) = split(text)?;
        let field = Field::named(&name)?;
        let test = match operator {
            Operator::Equal | Operator::NotEqual => {
                let wanted =
                    alternatives(value)?.into_iter().map(|pattern| wanted(&name, &field.kind, pattern)).collect::<Result<_, _>>()?;
                Test::Among { wanted, is_negated: operator == Operator::NotEqual }
            }
            _ => Test::Order { operator, span: bound(&name, &field.kind, value)? },
        };
        Ok(Self { text: text.to_owned(), field, test })
    }

    fn domains(&self) -> Option<Vec<String>> {
        let Test::Among { wanted, is_negated: false } = &self.test else { return None };
        let name = |wanted: &Wanted| match wanted {
            Wanted::Text(pattern) if !pattern.has_gaps() => Some(pattern.text()),
            _ => None,
        };
        wanted.iter().map(name).collect::<Option<_>>().filter(|_| self.field.column() == "domain")
    }

    fn holds(&self, values: &Values, row: usize) -> bool {
        match &self.test {
            Test::Among { wanted, is_negated } => wanted.iter().any(|wanted| wanted.holds(values, row)) != *is_negated,
            Test::Exactly(None) => !values.has_text(row, |_| true),
            Test::Exactly(Some(cell)) => values.has_text(row, |text| text == cell),
            Test::Order { operator, span: (first, last) } => {
                let value = if self.field.kind == Kind::Severity { Some(severity(values, row)) } else { values.number(row) };
                value.is_some_and(|value| match operator {
                    Operator::Less => value < *first,
                    Operator::AtMost => value <= *last,
                    Operator::More => value > *last,
                    Operator::AtLeast => value >= *first,
                    Operator::Equal | Operator::NotEqual => false,
                })
            }
        }
    }
}

impl Wanted {
    fn holds(&self, values: &Values, row: usize) -> bool {
        match self {
            Self::Nothing => values.number(row).is_none() && !values.has_text(row, |_| true),
            Self::Text(pattern) => values.has_text(row, |text| pattern.fits(text)),
            Self::Span((first, last)) => values.number(row).is_some_and(|value| (*first..=*last).contains(&value)),
        }
    }
}

/// What is to be said of a carried column that there is not.
pub(in crate::analyse) fn unknown_carried(name: &str, known: &[String]) -> String {
    if known.is_empty() {
        return "the dataset carries no columns of its list; `stscan scan --carry owner` brings them along".to_owned();
    }
    let meant = nearest(name, known.iter().map(String::as_str)).map(|meant| format!("; did you mean {meant}?"));
    format!("the dataset carries no column {name:?}, but {}{}", known.join(", "), meant.unwrap_or_default())
}

/// How a cell of a carried column is written in a condition.
pub(in crate::analyse) fn exact_text(column: &str, cell: Option<&str>) -> String {
    format!("carried.{column}={}", cell.unwrap_or_default())
}

/// Column, operator and value of a condition.
fn split(text: &str) -> Result<(String, Operator, &str), String> {
    let mut name = String::new();
    let mut rest = text.char_indices();
    while let Some((at, character)) = rest.next() {
        match character {
            '\\' => name.extend(rest.next().map(|(_, quoted)| quoted)),
            '=' | '!' | '<' | '>' => {
                let (operator, value) = operator(&text[at..])?;
                return Ok((name.trim().to_owned(), operator, value));
            }
            plain => name.push(plain),
        }
    }
    Err("a condition is a column, an operator (=, !=, <, <=, > or >=) and a value, as posture=enforce".to_owned())
}

fn operator(text: &str) -> Result<(Operator, &str), String> {
    let all = [
        ("!=", Operator::NotEqual),
        ("<=", Operator::AtMost),
        (">=", Operator::AtLeast),
        ("=", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::More),
    ];
    let found = all.into_iter().find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)));
    match found {
        Some((operator, value)) if !value.starts_with(['=', '<', '>']) => Ok((operator, value)),
        _ => {
            let sign: String = text.chars().take_while(|sign| "=!<>".contains(*sign)).collect();
            Err(format!("there is no operator {sign}; there are =, !=, <, <=, > and >="))
        }
    }
}

/// An alternative of `=` and `!=`.
fn wanted(name: &str, kind: &Kind, pattern: Pattern) -> Result<Wanted, String> {
    if pattern.is_empty() {
        return Ok(Wanted::Nothing);
    }
    let words = match kind {
        Kind::Text => return Ok(Wanted::Text(pattern)),
        Kind::Number | Kind::Time if pattern.has_gaps() => return Err(format!("{name} is no text, so that * means nothing there")),
        Kind::Number | Kind::Time => return span(name, kind, &pattern.text()).map(Wanted::Span),
        Kind::Codes => return code(pattern),
        Kind::Severity => Severity::WORDS.iter().map(|word| (*word).to_owned()).collect(),
        Kind::Words(words) => words.clone(),
    };
    if words.iter().any(|word| pattern.fits(word)) {
        return Ok(Wanted::Text(pattern));
    }
    let typed = pattern.text();
    let meant = nearest(&typed, words.iter().map(String::as_str)).map(|meant| format!("; did you mean {meant}?"));
    Err(format!("{name} is never {typed:?}, but one of {}{}", words.join(", "), meant.unwrap_or_default()))
}

/// A finding code, or some.
fn code(pattern: Pattern) -> Result<Wanted, String> {
    if catalogue().iter().any(|code| pattern.fits(code.as_str())) {
        return Ok(Wanted::Text(pattern));
    }
    // Of what has a gap the beginning is compared.
    let begin = pattern.beginning();
    let length = if pattern.has_gaps() { begin.len() } else { usize::MAX };
    let codes = catalogue().iter().map(|code| code.as_str().get(..length).unwrap_or(code.as_str()));
    let gap = if pattern.has_gaps() { "*" } else { "" };
    let meant = nearest(begin, codes).map_or_else(|| ";".to_owned(), |meant| format!("; did you mean {meant}{gap}?"));
    Err(format!("there is no finding code {:?}{meant} `stscan codes` lists them all", pattern.text()))
}

/// What an ordering operator compares with.
fn bound(name: &str, kind: &Kind, value: &str) -> Result<Span, String> {
    match kind {
        Kind::Number | Kind::Time => span(name, kind, value.trim()),
        Kind::Severity => {
            let value = value.trim().to_lowercase();
            let known = Severity::from_word(&value);
            known.map(|severity| (height(severity), height(severity))).ok_or_else(|| {
                let words = Severity::WORDS.join(", ");
                let meant = nearest(&value, Severity::WORDS.iter().copied()).map(|meant| format!("; did you mean {meant}?"));
                format!("{name} is compared with one severity, one of {words}{}", meant.unwrap_or_default())
            })
        }
        Kind::Text | Kind::Words(_) | Kind::Codes => {
            Err(format!("{name} has no order; use = or != (<, <=, > and >= are for numbers, times and worst)"))
        }
    }
}

/// The number, or the moments, that a value stands for.
fn span(name: &str, kind: &Kind, value: &str) -> Result<Span, String> {
    if *kind == Kind::Number {
        let number = value.parse().map_err(|_| format!("{name} is a whole number, and {value:?} is none"))?;
        return Ok((number, number));
    }
    let micros = |time: OffsetDateTime| i64::try_from(time.unix_timestamp_nanos() / 1000).ok();
    let day = time::format_description::parse_borrowed::<2>("[year]-[month]-[day]").ok().and_then(|form| Date::parse(value, &form).ok());
    let found = match day {
        Some(day) => {
            let begin = micros(OffsetDateTime::new_utc(day, Time::MIDNIGHT));
            begin.map(|begin| (begin, begin + 86_400_000_000 - 1))
        }
        None => {
            let moment = OffsetDateTime::parse(&value.to_uppercase(), &Rfc3339).ok().and_then(micros);
            moment.map(|moment| (moment, moment))
        }
    };
    found.ok_or_else(|| format!("{name} is a time, and {value:?} is none; write a day as 2026-11-28, or 2026-11-28T08:00:00Z"))
}

/// Severities by how much they matter.
fn height(severity: Severity) -> i64 {
    let below = Severity::ALL.iter().filter(|other| other.cmp(&&severity) == Ordering::Greater).count();
    i64::try_from(below).unwrap_or(i64::MAX) + 1
}

/// The severity of a row; what has none, or one that this version does not know, stands below all.
fn severity(values: &Values, row: usize) -> i64 {
    let is = |severity: &&Severity| values.has_text(row, |word| word == severity.as_str());
    Severity::ALL.iter().find(is).map_or(0, |severity| height(*severity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(condition: &str) -> String {
        Filter::parse(&[condition.to_owned()]).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_condition_is_refused_with_what_was_meant() {
        for (condition, said) in [
            ("postur=enforce", "there is no column \"postur\"; did you mean posture? Known: ordinal, domain, rank,"),
            ("findings=mx-null", "did you mean finding? Known:"),
            ("evidence.fetch=x", "there is no column \"evidence.fetch\"."),
            ("carried.=x", "there is no column \"carried.\""),
            ("=enforce", "it begins with the name of a column: one of ordinal,"),
            (
                "posture=enforced",
                "posture is never \"enforced\", but one of absent, broken, none, testing, enforce, unknown; did you mean enforce?",
            ),
            ("posture=x*", "posture is never \"x*\""),
            ("posture=enforce,testin", "did you mean testing?"),
            ("worst>=medum", "one of high, medium, low, info; did you mean medium?"),
            ("worst>=high,low", "worst is compared with one severity"),
            ("worst=hihg", "did you mean high?"),
            ("posture>=none", "posture has no order; use = or !="),
            ("domain<x", "domain has no order"),
            ("finding=sts-fetch-cert-expird", "did you mean sts-fetch-cert-expired? `stscan codes` lists them all"),
            ("finding=sts-fech-*", "there is no finding code \"sts-fech-*\"; did you mean sts-fetch*?"),
            ("finding=\u{1b}*", "there is no finding code \"\\u{1b}*\";"),
            ("rank=first", "rank is a whole number, and \"first\" is none"),
            ("rank=1*", "rank is no text, so that * means nothing there"),
            ("rank<", "rank is a whole number, and \"\" is none"),
            ("scanned_at>yesterday", "scanned_at is a time, and \"yesterday\" is none; write a day as 2026-11-28"),
            ("posture==enforce", "there is no operator =="),
            ("worst=>high", "there is no operator =>"),
            ("posture!enforce", "there is no operator !"),
            ("posture", "a condition is a column, an operator (=, !=, <, <=, > or >=) and a value"),
            ("", "a condition is a column"),
            ("domain=a\\", "a backslash quotes the character after it, and there is none"),
        ] {
            let told = refused(condition);
            assert!(told.starts_with("--where ") && told.contains(said), "{condition}: {told}");
        }
    }

    #[test]
    fn carried_columns_are_those_of_the_dataset() {
        let filter = |condition: &str| Filter::parse(&[condition.to_owned()]).unwrap();
        let known = ["owner".to_owned(), "unit".to_owned()];
        assert!(filter("carried.owner=x").check_carried(&known).is_ok());
        let said = filter("carried.ownr=x").check_carried(&known).unwrap_err().to_string();
        assert!(said.ends_with("the dataset carries no column \"ownr\", but owner, unit; did you mean owner?"), "{said}");
        assert!(filter("carried.a!=x").check_carried(&[]).unwrap_err().to_string().contains("carries no columns of its list"));
        // A name may have the signs of operators in it.
        assert_eq!(filter(r"carried.a\=b!=c").conditions[0].field.carried(), Some("a=b"));
    }

    #[test]
    fn times_are_days_or_moments() {
        let span = |value| span("scanned_at", &Kind::Time, value);
        assert_eq!(span("1970-01-02"), Ok((86_400_000_000, 172_799_999_999)));
        assert_eq!(span("1970-01-01T00:00:01z"), Ok((1_000_000, 1_000_000)));
        assert!(span("1970-13-01").is_err() && span("70-1-1").is_err());
    }
}
