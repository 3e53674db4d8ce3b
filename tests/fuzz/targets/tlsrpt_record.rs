//! The TLSRPT record: spans within the text, and a canonical record that is valid.
#![no_main]

use stscan::parse::tlsrpt_record::{canonical, parse};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let parsed = parse(text);
    assert!(parsed.faults.iter().all(|fault| fault.span.start <= fault.span.end && fault.span.end <= text.len()));
    if let Some(canonical) = canonical(&parsed.value) {
        let again = parse(canonical.as_bytes());
        assert!(again.valid && again.value.usable, "{canonical}");
        assert_eq!(stscan::parse::tlsrpt_record::canonical(&again.value), Some(canonical));
    }
});
