//! One study in one place: Ashiq, Fiebig and Chung, "Unraveling the Complexities of MTA-STS Deployment and Management in Securing Email"
//! (IMC 2025). Its population as a world of the lab, its tables for `stats`, and its published figures beside those of a dataset.
//!
//! Lab and `stats` know nothing of it: whoever runs a command hands them its [`world`](world()) and its [`TABLES`].

mod compare;
mod figure;
mod published;
mod tables;
mod world;

pub(crate) use self::compare::Study;
pub use self::tables::TABLES;
pub use self::world::world;
