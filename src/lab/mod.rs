//! The lab: a small Internet on loopback whose truth is known.
//!
//! DNS over UDP and TCP and HTTPS policy hosts, all on loopback ports, without root. Every answer is computed from the
//! name and a seed, so a world of ten million names needs no memory, and any list of real names can be scanned
//! against it. What a correct scan has to say of each name is written by hand beside what the name publishes: the lab
//! knows nothing of the scanner's own rules, or it would only agree with it. A journal of requests lets tests
//! assert how polite the scanner was.

mod site;
mod truth;

pub use self::truth::{Expected, Truth};
