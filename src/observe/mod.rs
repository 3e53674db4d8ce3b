//! Asynchronous probing: what the network says, recorded as evidence and never judged here.

#![warn(clippy::indexing_slicing)]

mod address;
mod certificate;
mod clock;
mod dane;
pub mod dns;
mod extra_requests;
mod fault;
pub mod fetch;
mod limit;
pub(crate) mod neighbours;
pub(crate) mod opening;
pub(crate) mod probe;
pub(crate) mod retry;
pub mod scope;
pub mod sharing;
mod single_flight;
pub mod smtp;
pub mod source;
mod tls;
mod wire;
