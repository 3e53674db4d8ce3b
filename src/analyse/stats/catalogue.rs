//! The definition of each general table.

use super::definition::Definition;
use super::table_id::TableId;
use super::tables;

impl TableId {
    /// What it shows; `None` if it is none of the general ones.
    pub fn title(self) -> Option<&'static str> {
        definition(self).map(Definition::title)
    }
}

/// What a general table is made of.
pub(super) fn definition(table: TableId) -> Option<&'static Definition> {
    Some(match table {
        TableId::T1 => &tables::adoption::MAIL,
        TableId::T2 => &tables::adoption::ADOPTION,
        TableId::T3 => &tables::funnel::FUNNEL,
        TableId::T3Headline => &tables::headline::HEADLINE,
        TableId::T4 => &tables::records::RECORDS,
        TableId::T5 => &tables::servers::STAGES,
        TableId::T6 => &tables::causes::TLS,
        TableId::T7 => &tables::causes::HTTP,
        TableId::T8 => &tables::causes::SYNTAX,
        TableId::T9 => &tables::policies::MODES,
        TableId::T10 => &tables::policies::MAX_AGE,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_general_table_is_defined() {
        assert!(TableId::ALL.iter().all(|table| definition(*table).is_some()));
    }
}
