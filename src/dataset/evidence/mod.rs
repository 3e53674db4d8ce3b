//! Column `evidence`: every struct in it declared once, field by field.

mod fetch;
mod lookup;
mod mail_server;
mod own_names;
mod own_times;
mod whole;

pub use self::whole::EvidenceColumns;

pub(super) use self::lookup::Bare;
pub(super) use self::own_names::follow_from_domain;
pub(super) use self::own_times::{OwnTimes, without_own_times};
pub(super) use self::whole::{EvidenceBuilder, EvidenceRows, TimesBuilder};
