//! Whose network an address is of: databases of autonomous systems and countries that the user brings along; nothing is asked of anybody.

mod database;
mod mmdb;
mod network;
mod routes;

pub use self::database::{Databases, NetworkDatabase};
pub use self::network::Network;
