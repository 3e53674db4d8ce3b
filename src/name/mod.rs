//! Domain names: A-labels in lower case, their parents, and the names that RFC 8461 and RFC 8460 derive from them.

pub mod address;
mod domain;
mod idna;
pub mod provider;
pub mod suffix;

pub use self::domain::{Domain, STS_RECORD, TLSRPT_RECORD, normalise_host};
pub use self::idna::{MAX_LABEL_OCTETS, MAX_NAME_OCTETS, NameError};
