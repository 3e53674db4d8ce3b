//! A copy of a dataset that can be published: mailboxes made unreadable, the dataset described for machines and people, checksums.

mod columns;
mod copy;
mod datasheet;
mod description;
mod flat;
mod mailbox;
mod replies;
mod reports;

pub use self::copy::export;
pub use self::description::{Mailboxes, Publication};
pub use self::flat::FlatForm;
pub use self::reports::export_reports;
