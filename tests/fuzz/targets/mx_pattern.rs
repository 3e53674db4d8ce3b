//! Pattern against host: the two are parted by a newline. What matches by the RFC matches whatever the case of the letters.
#![no_main]

use stscan::parse::mx_pattern::{PatternMatch, matches, matches_lenient};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (pattern, host) = text.split_once('\n').unwrap_or((text, text));
    let strict = matches(pattern, host);
    let _ = matches_lenient(pattern, host);
    assert_eq!(strict, matches(&pattern.to_ascii_uppercase(), &host.to_ascii_lowercase()));
    if strict == PatternMatch::Match {
        assert!(matches_lenient(pattern, host), "{pattern:?} {host:?}");
    }
});
