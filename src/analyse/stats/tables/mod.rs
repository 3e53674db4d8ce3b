//! The tables, by what they are about.

pub(super) mod adoption;
mod asked;
pub(crate) mod causes;
pub(super) mod dane;
pub(super) mod funnel;
pub(super) mod headline;
pub(crate) mod mismatch;
pub(super) mod mx_hosts;
pub(super) mod network;
pub(super) mod policies;
pub(super) mod providers;
pub(super) mod quality;
pub(crate) mod records;
pub(super) mod reports;
pub(super) mod run;
pub(crate) mod servers;
