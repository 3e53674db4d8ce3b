//! The tables, by what they are about.

pub(super) mod adoption;
pub(super) mod causes;
pub(super) mod funnel;
pub(super) mod headline;
pub(super) mod mismatch;
pub(super) mod network;
pub(super) mod policies;
pub(super) mod providers;
pub(super) mod quality;
pub(super) mod records;
pub(super) mod reports;
pub(super) mod run;
pub(super) mod servers;
pub(super) mod study;
