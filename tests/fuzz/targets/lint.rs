//! What `lint` prints: no control character of the text reaches the terminal.
#![no_main]

use stscan::cli::{LintKind, render_lint};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let kind = LintKind::ALL[usize::from(*choice) % LintKind::ALL.len()];
    let shown = render_lint(kind, text.to_vec(), choice & 0x80 != 0).expect("it goes to memory");
    assert!(shown.chars().all(|c| !c.is_control() || c == '\n'));
});
