//! The tables, by what they are about.

pub(super) mod adoption;
