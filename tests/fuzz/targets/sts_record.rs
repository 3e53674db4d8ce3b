//! The MTA-STS record: spans within the text, and a canonical record that is valid.
#![no_main]

use stscan::parse::sts_record::{canonical, parse, parse_lenient};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let parsed = parse(text);
    assert!(parsed.faults.iter().all(|fault| fault.span.start <= fault.span.end && fault.span.end <= text.len()));
    let _ = parse_lenient(text);
    if let Some(canonical) = canonical(&parsed.value) {
        let again = parse(canonical.as_bytes());
        assert!(again.valid && again.faults.is_empty(), "{canonical}");
        assert_eq!(stscan::parse::sts_record::canonical(&again.value), Some(canonical));
    }
});
