//! The value of a Content-Type: spans within it.
#![no_main]

use stscan::parse::media_type::parse;

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    let parsed = parse(Some(value));
    assert!(parsed.faults.iter().all(|fault| fault.span.start <= fault.span.end && fault.span.end <= value.len()));
});
