//! The report as one page of HTML.
//!
//! The page is written in one go: its head, the most urgent domains, figures and explanations as HTML that needs no script; then the
//! other domains, packed, which the script unpacks as they are asked for. A content security policy lets nothing run but that script,
//! known by its hash, and nothing be loaded from anywhere. Markup is made by `maud`, which escapes every text; see [`markup`] for the
//! texts that come from the network.

mod adoption;
mod appendix;
mod carried;
mod document;
mod domain;
mod evidence;
mod index;
mod list;
mod manual;
mod markup;
mod packed;
mod plots;
mod portfolio;
mod senders;
mod tables;

pub use self::document::html;
pub(crate) use self::index::{Handout, index, index_csv};
pub use self::manual::manual;
