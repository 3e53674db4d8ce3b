//! Asynchronous probing: what the network says, recorded as evidence and never judged here.

pub mod again;
pub mod dns;
mod extra_requests;
pub mod fetch;
mod limit;
pub mod neighbours;
pub mod probe;
pub mod sharing;
mod single_flight;
