//! Whose network an address is of: databases of autonomous systems and countries that the user brings along; nothing is asked of anybody.

mod database;
mod mmdb;
mod routes;

pub use self::database::{Databases, Network, NetworkDatabase};
