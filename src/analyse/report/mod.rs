//! What stands in a report of one dataset: which domains are listed, what loses mail first, and the tables of figures.
//!
//! The dataset is read twice: once for the [`Summary`]s, of a few columns, and once for the [`Entry`] of each domain, in the order of the
//! dataset and never many at once. So a report needs memory for its lines and not for what it says of them.

mod entry;
mod line;
mod outline;
mod reading;
mod standing;

pub use self::entry::Entry;
pub use self::line::{Summary, Urgency};
pub use self::outline::Kind;
pub use self::reading::{MAX_DOMAINS, Report, ReportOptions, every_entry};
pub use self::standing::{ByCell, Standing};
