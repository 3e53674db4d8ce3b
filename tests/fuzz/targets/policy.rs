//! The policy: spans within the text, a canonical policy that is valid, and forgiving readers that read it alike.
#![no_main]

use stscan::parse::policy::{canonical, parse, parse_lenient};

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let parsed = parse(body);
    assert!(parsed.faults.iter().all(|fault| fault.span.start <= fault.span.end && fault.span.end <= body.len()));
    let _ = parse_lenient(body);
    if let Some(canonical) = canonical(&parsed.value) {
        let again = parse(canonical.as_bytes());
        assert!(again.valid, "{canonical}");
        let lenient = parse_lenient(canonical.as_bytes());
        assert_eq!(lenient.map(|policy| policy.mx), Some(again.value.mx.clone()), "{canonical}");
        assert_eq!(stscan::parse::policy::canonical(&again.value), Some(canonical));
    }
});
