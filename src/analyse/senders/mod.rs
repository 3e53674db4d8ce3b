//! What senders say in their TLS reports: by themselves, and beside a scan of the domains that they deliver to.
//!
//! Sessions are never added over policy types, since one session may be in several; events of failures overlap, and are added as events.

mod beside;
mod content;
mod dated;
mod figures;
mod policies;
mod seen;

pub use self::beside::{Confirmation, Testimony};
pub use self::dated::day_text;
pub use self::figures::{REPORT_TABLES, ReportTable, sender_tables};
pub use self::seen::{Seen, Sessions};
