//! The general tables and how they are counted: three readings of the datasets, by all cores.

use super::adopter::AdopterColumns;
use super::definition::{By, Definition, Figures, NOT_ASKED, Question, StatsOptions, UNREAD};
use super::details::Details;
use super::entity::{Entity, HostColumns, Hosts};
use super::grouping::Grouping;
use super::reading::{RowGroup, fold};
use super::survey::Survey;
use super::survey_columns::SurveyColumns;
use super::table_id::TableId;
use super::tables;
use super::wholes::Wholes;
use crate::analyse::filter::unknown_carried;
use crate::analyse::scans::{AnalyseError, Scan};
use crate::analyse::table::{Row, Table};
use crate::classify::Asked;

impl TableId {
    /// What it shows; `None` if it is none of the general ones.
    pub fn title(self) -> Option<&'static str> {
        general(self).map(Definition::title)
    }
}

/// The definition of a general table.
fn general(table: TableId) -> Option<&'static Definition> {
    Some(match table {
        TableId::T1 => &tables::adoption::MAIL,
        TableId::T2 => &tables::adoption::ADOPTION,
        TableId::T3 => &tables::funnel::FUNNEL,
        TableId::T3Headline => &tables::headline::HEADLINE,
        TableId::T3Causes => &tables::headline::CAUSES,
        TableId::T4 => &tables::records::RECORDS,
        TableId::T5 => &tables::servers::STAGES,
        TableId::T6 => &tables::causes::TLS,
        TableId::T7 => &tables::causes::HTTP,
        TableId::T8 => &tables::causes::SYNTAX,
        TableId::T9 => &tables::policies::MODES,
        TableId::T10 => &tables::policies::MAX_AGE,
        TableId::T11 => &tables::mx_hosts::HOSTS,
        TableId::T11Domains => &tables::mx_hosts::DOMAINS,
        TableId::T11Certificates => &tables::mx_hosts::CERTIFICATES,
        TableId::T11Issuers => &tables::mx_hosts::ISSUERS,
        TableId::T11Providers => &tables::mx_hosts::PROVIDERS,
        TableId::T11Tlsa => &tables::dane::TLSA,
        TableId::T11Dane => &tables::dane::STATES,
        TableId::T11Delivery => &tables::dane::DELIVERY,
        TableId::T11Dnssec => &tables::dane::DNSSEC,
        TableId::T12 => &tables::mismatch::MISMATCH,
        TableId::T14 => &tables::mismatch::PROVIDERS,
        TableId::T15 => &tables::providers::POLICY_HOSTS,
        TableId::T15Addresses => &tables::providers::ADDRESSES,
        TableId::T16 => &tables::providers::MAIL,
        TableId::T17 => &tables::providers::CONCENTRATION,
        TableId::T18 => &tables::reports::RECORDS,
        TableId::T18Receivers => &tables::reports::RECEIVERS,
        TableId::T19 => &tables::reports::REACHABLE,
        TableId::T20 => &tables::network::NETWORK,
        TableId::T20Families => &tables::network::FAMILIES,
        TableId::T20Issuers => &tables::network::ISSUERS,
        TableId::T23 => &tables::quality::QUALITY,
        TableId::T23Run => &tables::run::RUN,
        TableId::Findings => &tables::run::FINDINGS,
        TableId::P2 => &tables::adoption::SERIES,
        _ => return None,
    })
}

/// Tables, and what is to be known of all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// The tables in the order in which they were asked for.
    pub tables: Vec<Table>,
    /// What a reader has to know of the datasets, a sentence each.
    pub notes: Vec<String>,
}

/// Makes tables from datasets.
///
/// # Errors
/// If a dataset cannot be read; if a table is asked for that is neither general nor registered.
pub fn stats(scans: &[Scan], options: &StatsOptions) -> Result<Stats, AnalyseError> {
    if let Some(unknown) = options.tables.iter().find(|table| find(options, **table).is_none()) {
        return Err(AnalyseError::Request(format!("there is no table {unknown}")));
    }
    if options.by == Some(By::Carried) {
        let known = scans.iter().map(Scan::carried_columns).collect::<Result<Vec<_>, _>>()?.concat();
        if !known.contains(&options.carried) {
            return Err(AnalyseError::Request(format!("--by carried:{}: {}", options.carried, unknown_carried(&options.carried, &known))));
        }
    }
    let wholes = Wholes::of(scans);
    let repeated = options.by != Some(By::Scan) && wholes.have_names_in_common(scans)?;
    if repeated && !matches!(options.by, Some(By::Scan | By::List)) {
        return Err(AnalyseError::Request(
            "the datasets have names in common, so that sums over them would count these twice: use --series, or --by scan or list"
                .to_owned(),
        ));
    }
    let by_tld = options.tables.iter().any(|table| definition(options, *table).by_tld);
    let survey_groups = match options.by {
        Some(by) => Grouping::find(scans, &wholes, by, options)?,
        None if by_tld => Grouping::find(scans, &wholes, By::Tld, options)?,
        None => Grouping::whole(),
    };
    let detail_groups = if options.by.is_some() { &survey_groups } else { &Grouping::whole() };
    let surveys = survey(scans, &survey_groups, options)?;
    // Who runs a host is told by how many domains it serves: in a series, or where names are repeated, each scan by itself.
    let apart = repeated || options.by == Some(By::Scan);
    let readable = readable(scans, options);
    let (details, overflowed) = details(scans, detail_groups, options, &readable, apart.then_some(&wholes))?;
    let mut notes: Vec<String> = scans.iter().flat_map(Scan::notes).collect();
    if overflowed {
        notes.push("there are more hosts than are kept apart, so that some stay unclassified which serve few domains".to_owned());
    }
    if apart && wholes.len() > 1 {
        notes.push("each scan is counted by itself: there is no row for all of them, which have names in common".to_owned());
    }
    let asked = Asked::everywhere(scans.iter().map(|scan| scan.counts().asked()));
    let counted = Counted { sums: !apart, asked, readable, ..Counted::new(surveys, details, &survey_groups, options) };
    notes.extend(counted.lost());
    if counted.whole.1.mx_hosts.overflowed() {
        notes.push("there are more MX hosts than are kept apart, so that T11 counts some of them in domains alone".to_owned());
    }
    let tables = options.tables.iter().map(|table| match *table {
        TableId::T23Run => Table { grouped_by: None, rows: super::tables::run::rows(scans), ..counted.table(*table) },
        TableId::Findings => findings(scans, &wholes, apart, counted.table(*table)),
        _ => counted.table(*table),
    });
    Ok(Stats { tables: tables.collect(), notes })
}

/// The table of findings: of all datasets together, or of each scan where these have names in common.
fn findings(scans: &[Scan], wholes: &Wholes, apart: bool, table: Table) -> Table {
    if !apart {
        return Table { grouped_by: None, rows: super::tables::run::findings(scans), ..table };
    }
    let sets = wholes.split(scans);
    let rows = sets.iter().enumerate().flat_map(|(whole, shards)| {
        let label = (0..scans.len()).find(|at| wholes.whole(*at) == whole).map(|at| wholes.label(scans, at));
        super::tables::run::findings(shards).into_iter().map(move |row| Row { group: label.clone(), ..row })
    });
    Table { grouped_by: Some(By::Scan.as_str().to_owned()), rows: rows.collect(), ..table }
}

/// The definition of a table, general or registered.
fn find(options: &StatsOptions, table: TableId) -> Option<&'static Definition> {
    let registered = options.further.iter().find(|(id, _)| *id == table).map(|(_, definition)| *definition);
    general(table).or(registered)
}

/// The same of a table that was asked for; others have been refused.
fn definition(options: &StatsOptions, table: TableId) -> &'static Definition {
    find(options, table).unwrap_or(&Definition::EMPTY)
}

/// The tables for which no rows have to be read that are not looked at, unless it is asked for.
fn readable(scans: &[Scan], options: &StatsOptions) -> Vec<TableId> {
    let reads_all = options.reads_all || !scans.iter().all(Scan::is_looked_up);
    options.tables.iter().copied().filter(|table| reads_all || !definition(options, *table).entities).collect()
}

/// The states of all rows, by group.
fn survey(scans: &[Scan], groups: &Grouping, options: &StatsOptions) -> Result<Vec<Survey>, AnalyseError> {
    let asks = |what: fn(&Definition) -> bool| options.tables.iter().any(|table| what(definition(options, *table)));
    let reading = SurveyColumns { quality: asks(|table| table.quality), mail_providers: asks(|table| table.mail_providers) };
    let mut columns = reading.names();
    columns.extend(groups.columns());
    let step = |surveys: &mut Vec<Survey>, group: &RowGroup<'_>| {
        for batch in group.batches(&columns, None)? {
            let batch = batch?;
            let arrays = reading.arrays(&batch)?;
            groups.rows(group.scan, &batch, |row, group| arrays.add(row, at(surveys, group)))?;
        }
        Ok(())
    };
    fold(scans, Vec::new, step, |a, b| {
        let (mut sum, more) = if a.len() < b.len() { (b, a) } else { (a, b) };
        sum.iter_mut().zip(more).for_each(|(sum, more)| sum.merge(more));
        sum
    })
}

/// The counter of a group, made where there is none yet.
fn at<C: Default>(counters: &mut Vec<C>, group: usize) -> &mut C {
    if counters.len() <= group {
        counters.resize_with(group + 1, C::default);
    }
    // The length has just been seen to.
    &mut counters[group]
}

/// What is counted of the rows that have a record, or whose MX hosts were asked, by group; and whether there were too many hosts. Who runs a host is told from all
/// scans, or from each `apart`.
fn details(
    scans: &[Scan],
    groups: &Grouping,
    options: &StatsOptions,
    readable: &[TableId],
    apart: Option<&Wholes>,
) -> Result<(Vec<Details>, bool), AnalyseError> {
    let mut counted: Vec<TableId> = readable.iter().map(|table| definition(options, *table).counted_by.unwrap_or(*table)).collect();
    counted.sort_unstable();
    counted.dedup();
    let definitions = || counted.iter().map(|table| definition(options, *table));
    let counting: Vec<_> = definitions().filter_map(|definition| Some((definition.count?, definition.asked.is_some()))).collect();
    if counting.is_empty() {
        return Ok((Vec::new(), false));
    }
    let entities = definitions().any(|definition| definition.entities);
    // Who serves how many is told by all that was scanned, whatever is looked at.
    let all: Vec<Scan> = scans.iter().map(Scan::whole).collect();
    let sets = apart.map_or_else(|| vec![all.clone()], |wholes| wholes.split(&all));
    let counted_hosts = sets.iter().filter(|_| entities).map(|scans| Hosts::count(scans, options.entities.by_address));
    let hosts: Vec<Hosts> = counted_hosts.collect::<Result<_, _>>()?;
    let mut columns: Vec<&str> = super::adopter::COLUMNS.to_vec();
    columns.extend(groups.columns());
    columns.extend(definitions().flat_map(|definition| definition.evidence));
    if entities {
        columns.extend(super::entity::columns(options.entities.by_address));
    }
    let step = |counted: &mut Vec<Details>, group: &RowGroup<'_>| {
        let rows = group.rows_with_a_record(counting.iter().any(|(_, asked)| *asked))?;
        if rows.is_empty() {
            return Ok(());
        }
        for batch in group.batches(&columns, Some(&rows))? {
            let batch = batch?;
            let adopters = AdopterColumns::of(&batch)?;
            let known = hosts
                .get(apart.map_or(0, |wholes| wholes.whole(group.scan)))
                .map(|hosts| HostColumns::of(&batch).map(|columns| (hosts, columns)))
                .transpose()?;
            groups.rows(group.scan, &batch, |row, group| {
                let (policy, mx) = match &known {
                    Some((hosts, columns)) => hosts.entities(&columns.marks(row), &options.entities),
                    None => (Entity::Unclassified, Entity::Unclassified),
                };
                let adopter = adopters.row(row, policy, mx);
                let details = at(counted, group);
                // What is about records is not to see the others.
                let has_record = adopter.has_sts() || adopter.has_tlsrpt();
                counting.iter().filter(|(_, asked)| has_record || *asked).for_each(|(count, _)| count(&adopter, details));
            })?;
        }
        Ok(())
    };
    let details = fold(scans, Vec::new, step, |a, b| {
        let length = a.len().max(b.len());
        let (mut a, mut b) = (a.into_iter(), b.into_iter());
        (0..length).map(|_| a.next().unwrap_or_default().merge(b.next().unwrap_or_default())).collect()
    })?;
    Ok((details, hosts.iter().any(Hosts::overflowed)))
}

/// Everything that has been counted.
struct Counted<'o> {
    whole: (Survey, Details),
    surveys: Vec<Survey>,
    details: Vec<Details>,
    groups: &'o Grouping,
    options: &'o StatsOptions,
    /// Whether there are rows of all groups together.
    sums: bool,
    /// What was asked of the MX hosts, in all scans.
    asked: Asked,
    /// The tables for which all that they need was read.
    readable: Vec<TableId>,
}

impl<'o> Counted<'o> {
    fn new(surveys: Vec<Survey>, details: Vec<Details>, groups: &'o Grouping, options: &'o StatsOptions) -> Self {
        let mut survey = Survey::default();
        surveys.iter().for_each(|more| survey.merge(more.clone()));
        let sum = details.iter().cloned().fold(Details::default(), Details::merge);
        Self { whole: (survey, sum), surveys, details, groups, options, sums: true, asked: Asked::default(), readable: Vec::new() }
    }

    /// What is to be said where there were too many names to keep them all.
    fn lost(&self) -> Option<String> {
        let (survey, details) = &self.whole;
        let lost = [survey.mail_providers.lost(), details.lost()].into_iter().max().filter(|lost| *lost > 0)?;
        Some(format!(
            "there are more names than are kept apart: those of at most {lost} domains may be missing, and counts too low by as much"
        ))
    }

    fn table(&self, id: TableId) -> Table {
        let definition = definition(self.options, id);
        let grouped = self.groups.by().filter(|_| definition.by_tld || self.options.by.is_some());
        let figures = |survey, details| Figures { survey, details, top: self.options.top };
        let mut rows = if self.sums { (definition.rows)(&figures(&self.whole.0, &self.whole.1)) } else { Vec::new() };
        if grouped.is_some() {
            let (no_rows, no_details) = (Survey::default(), Details::default());
            for (index, name) in self.groups.names().iter().enumerate() {
                let survey = self.surveys.get(index).unwrap_or(&no_rows);
                if survey.rows() > 0 {
                    let of_group = (definition.rows)(&figures(survey, self.details.get(index).unwrap_or(&no_details)));
                    rows.extend(of_group.into_iter().map(|row| Row { group: Some(name.clone()), ..row }));
                }
            }
        }
        let mut notes: Vec<String> = definition.notes.iter().copied().map(str::to_owned).collect();
        notes.extend(definition.protection.then(|| self.asked.figures().to_owned()));
        let unasked = definition.asked.filter(|_| rows.iter().all(|row| row.key == NOT_ASKED)).map(Question::unasked);
        let unmade = if self.readable.contains(&id) { unasked } else { Some(UNREAD) }.map(str::to_owned);
        if unmade.is_some() {
            (rows, notes) = (Vec::new(), Vec::new());
        }
        Table {
            id: id.as_str().to_owned(),
            title: definition.title.to_owned(),
            grouped_by: grouped.and_then(|_| self.groups.title()),
            columns: definition.columns(),
            rows,
            notes,
            unmade,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_general_table_is_defined() {
        assert!(TableId::ALL.iter().all(|table| general(*table).is_some()));
    }
}
