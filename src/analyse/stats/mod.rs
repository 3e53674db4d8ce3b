//! Tables of adoption and misconfiguration from one dataset or several.
//!
//! Three readings, each by all cores and each of few columns: the groups that are shown; the states of all rows, and how many domains
//! each host serves; then the details of those rows that have a record, which in most lists are one in a hundred, and of those whose MX hosts were asked.

pub(crate) mod adopter;
mod by_host;
mod counting;
pub(crate) mod definition;
pub(crate) mod details;
pub(crate) mod entity;
mod grouping;
mod mx_hosts;
mod ranking;
mod reading;
pub(crate) mod survey;
mod survey_columns;
pub(crate) mod table_id;
pub(crate) mod tables;
mod wholes;

pub use self::counting::stats;
pub use self::definition::{By, StatsOptions};
pub(crate) use self::entity::EntityOptions;
pub use self::table_id::TableId;
