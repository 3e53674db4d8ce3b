//! Text that came from the network, made safe for a terminal; colour where it is wanted.

use anstyle::{AnsiColor, Style};

use crate::classify::{Posture, Severity};

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

/// Direction marks and overrides, zero-width characters, line separators, tags.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0xAD | 0x61C | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE007F)
}

/// The style of a severity. Written through `anstream`, which drops it where colour is not wanted.
pub fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => Style::new().dimmed(),
    }
}

/// The style of a posture.
pub fn posture_style(posture: Posture) -> Style {
    match posture {
        Posture::Enforce => AnsiColor::Green.on_default().bold(),
        Posture::Testing => AnsiColor::Green.on_default(),
        Posture::Broken => AnsiColor::Red.on_default().bold(),
        Posture::Unknown => AnsiColor::Yellow.on_default(),
        Posture::Absent | Posture::None => Style::new(),
    }
}

/// The text folded at white space to lines of at most `width` columns, each indented by `indent` spaces.
pub fn fold(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width.saturating_sub(indent) {
            out.push('\n');
            column = 0;
        }
        match column {
            0 => out.extend(std::iter::repeat_n(' ', indent)),
            _ => out.push(' '),
        }
        column += length + usize::from(column > 0);
        out.push_str(word);
    }
    out
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

    #[test]
    fn folding_keeps_words_and_indents() {
        assert_eq!(fold("one two three", 9, 2), "  one two\n  three");
    }

    proptest! {
        #[test]
        fn json_is_safe_and_the_same(text in any::<String>()) {
            let json = safe_json(&serde_json::to_string_pretty(&[&text, "\u{7f}\u{9b}\u{202e}\u{e0001}"]).unwrap());
            prop_assert!(!json.chars().any(|c| (c.is_control() && c != '\n') || is_invisible(c)));
            prop_assert_eq!(&serde_json::from_str::<Vec<String>>(&json).unwrap()[0], &text);
        }

        #[test]
        fn nothing_dangerous_is_left(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!safe_bytes(&bytes).chars().any(|c| c.is_control() || is_invisible(c)));
        }
    }
}
