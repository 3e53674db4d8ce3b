//! What the tables on MX hosts have in common: figures per host and weighted by domain, and columns by the posture of the domains.

use crate::analyse::stats::adopter::Adopter;
use crate::analyse::stats::definition::{Figures, NOT_ASKED, share};
use crate::analyse::stats::details::Details;
use crate::analyse::stats::table_id::TableId;
use crate::analyse::table::{Cell, Row};

/// Hosts and domains that are so.
pub(super) fn cells(figures: &Figures<'_>, fact: usize, of: Option<usize>) -> Vec<Cell> {
    let counted = &figures.details.mx_hosts;
    let pair = |fact| [counted.hosts(fact), counted.domains(fact)];
    match (pair(fact), of.map(pair)) {
        ([hosts, domains], Some([all_hosts, all_domains])) => vec![share(hosts, all_hosts), share(domains, all_domains)],
        ([hosts, domains], None) => vec![Cell::Count(hosts), share(domains, figures.survey.rows())],
    }
}

/// The postures, and a column for all of them, of a table of domains.
pub(super) const BY_POSTURE: &[(&str, &str, &str)] = &[
    ("enforce", "enforce", OF_COLUMN),
    ("testing", "testing", OF_COLUMN),
    ("none", "mode none", OF_COLUMN),
    ("broken", "broken", OF_COLUMN),
    ("absent", "no MTA-STS", OF_COLUMN),
    ("unknown", "unknown", OF_COLUMN),
    ("all", "all", OF_COLUMN),
];

const OF_COLUMN: &str = "domains of the column whose MX hosts were asked";
/// Where the sum of the postures is counted.
const ALL: usize = BY_POSTURE.len() - 1;

/// Counts a domain in the column of its posture, and in that of all.
pub(super) fn add_by_posture(table: TableId, rows: &[&str], adopter: &Adopter<'_>, details: &mut Details) {
    let column = BY_POSTURE.iter().position(|(posture, ..)| *posture == adopter.posture.as_str());
    let sheet = details.sheet(table);
    for row in rows {
        column.into_iter().chain([ALL]).for_each(|column| sheet.add(row, column));
    }
}

/// The row of those asked, one for each key, and that of those not asked, by posture.
pub(super) fn rows_by_posture(figures: &Figures<'_>, table: TableId, rows: &[(&str, &str)]) -> Vec<Row> {
    let scanned: Vec<u64> = BY_POSTURE
        .iter()
        .map(|(posture, ..)| figures.survey.count(|states| *posture == "all" || states.posture.as_str() == *posture))
        .collect();
    let at = |key: &str, column| figures.get(table, key, column);
    let of_scanned = |key: &str, title: &str, n: &dyn Fn(usize) -> u64| {
        let cells = scanned.iter().enumerate().map(|(column, all)| share(n(column), *all)).collect();
        Row::new(key, title, cells).of("domains of the column scanned")
    };
    let asked = of_scanned("asked", "asked", &|column| at("asked", column));
    let left = of_scanned(NOT_ASKED, "not asked", &|column| scanned.get(column).copied().unwrap_or_default() - at("asked", column));
    let row = |(key, title): &(&str, &str)| {
        Row::new(*key, *title, (0..BY_POSTURE.len()).map(|column| share(at(key, column), at("asked", column))).collect())
    };
    if at("asked", ALL) == 0 {
        return vec![left];
    }
    std::iter::once(asked).chain(rows.iter().map(row)).chain([left]).collect()
}
