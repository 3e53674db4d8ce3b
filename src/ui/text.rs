//! Text that came from the network, made safe for a terminal; colour where it is wanted.

use anstyle::{AnsiColor, Style};

use crate::classify::{Posture, Severity};
pub use crate::escape::{safe, safe_bytes, safe_json};

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
    use crate::escape::is_invisible;

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
    }
}
