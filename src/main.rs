//! The command `stscan`.

fn main() {}
