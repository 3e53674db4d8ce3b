//! Text that came from elsewhere, made safe for a terminal and for a spreadsheet.

/// The text with control characters, line breaks and direction overrides escaped, so that it cannot move the cursor,
/// change colours or hide what it says.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Bytes as text: what is no UTF-8 as `\xNN`, the rest as [`safe`].
pub fn safe_bytes(bytes: &[u8]) -> String {
    bytes.utf8_chunks().map(|chunk| safe(chunk.valid()) + &chunk.invalid().escape_ascii().to_string()).collect()
}

/// JSON text in which everything that could act on a terminal is escaped as JSON escapes it; serde_json leaves DEL, the C1 controls
/// and direction marks as they are. The value stays the same.
pub fn safe_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\n' => out.push(c), // Only between the tokens of a pretty-printed object: within a string it is escaped already.
            c if c.is_control() || is_invisible(c) => out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
            c => out.push(c),
        }
    }
    out
}

/// A field that is neither torn apart by a reader of CSV nor run as a formula by a spreadsheet.
pub fn csv_field(text: &str) -> String {
    let mut safe = safe(text);
    if safe.starts_with(['=', '+', '-', '@', '|', '%']) {
        safe.insert(0, '\'');
    }
    if safe.contains([',', '"', ';', '\'', ' ', '#']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

/// Direction marks and overrides, zero-width characters, line separators, tags.
pub fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0xAD | 0x61C | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_visible() {
        assert_eq!(safe("a\x1b[31mred\u{202e}\u{9b}"), "a\\u{1b}[31mred\\u{202e}\\u{9b}");
        assert_eq!(safe_bytes(b"caf\xe9\n\x07"), "caf\\xe9\\n\\u{7}");
        assert_eq!(safe("bücher"), "bücher");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!safe_bytes(&bytes).chars().any(|c| c.is_control() || is_invisible(c)));
        }
    }
}
