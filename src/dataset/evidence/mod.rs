//! Column `evidence`: every struct in it declared once, field by field.

mod fetch;
mod lookup;
mod mail_server;
mod own_names;
mod whole;

pub use self::whole::EvidenceColumns;

pub(super) use self::whole::{EvidenceBuilder, EvidenceRows, TimesBuilder};
