//! Asynchronous probing: what the network says, recorded as evidence and never judged here.

pub mod dns;
