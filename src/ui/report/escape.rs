//! Text from anywhere, made fit for HTML and for XML: it can be read there and do nothing else.

use std::borrow::Cow;
use std::fmt;

use crate::ui::text::safe;

/// Text as HTML, fit for the content of an element and for a quoted attribute. What cannot be seen, or would change the direction or
/// the cursor, is escaped visibly; see [`safe`].
pub(super) struct Html<'t>(pub(super) &'t str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        entities(f, &safe(self.0))
    }
}

/// Text of several lines as HTML, for elements that keep white space: line feeds stay, a carriage return before them goes.
pub(super) struct Lines<'t>(pub(super) &'t str);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.0.split('\n').enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            entities(f, &safe(line.strip_suffix('\r').unwrap_or(line)))?;
        }
        Ok(())
    }
}

/// Text as XML 1.0, likewise: `safe` leaves none of the characters that XML cannot hold but U+FFFE and U+FFFF.
pub(super) struct Xml<'t>(pub(super) &'t str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = safe(self.0);
        let held = |c: char| !matches!(c, '\u{fffe}' | '\u{ffff}');
        entities(f, &text.chars().map(|c| if held(c) { c } else { char::REPLACEMENT_CHARACTER }).collect::<String>())
    }
}

fn entities(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut rest = text;
    while let Some((before, entity, after)) = split(rest) {
        f.write_str(before)?;
        f.write_str(entity)?;
        rest = after;
    }
    f.write_str(rest)
}

/// The text before the first character with a meaning, what stands for that character, and the text after it.
fn split(text: &str) -> Option<(&str, &'static str, &str)> {
    let at = text.find(['&', '<', '>', '"', '\''])?;
    let (before, from) = text.split_at(at);
    let mut after = from.chars();
    let entity = match after.next()? {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        _ => "&#39;",
    };
    Some((before, entity, after.as_str()))
}

/// At most about so many characters of a text, and how many more there are.
pub(super) fn clip(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let (kept, rest) = text.split_at(end);
            Cow::Owned(format!("{kept} … ({} more characters are in the dataset)", rest.chars().count()))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(Html("<script>'\"&\u{202e}\n").to_string(), "&lt;script&gt;&#39;&quot;&amp;\\u{202e}\\n");
        assert_eq!(Lines("a: <b>\r\nc\u{1b}[0m\n").to_string(), "a: &lt;b&gt;\nc\\u{1b}[0m\n");
        assert_eq!(Xml("\u{0}\u{ffff}]]>").to_string(), "\\u{0}\u{fffd}]]&gt;");
        assert_eq!((clip("añb", 3), clip("añbc", 2)), ("añb".into(), "añ … (2 more characters are in the dataset)".into()));
    }

    proptest! {
        #[test]
        fn nothing_opens_or_closes_anything(text in any::<String>()) {
            for escaped in [Html(&text).to_string(), Xml(&text).to_string(), Lines(&text).to_string()] {
                prop_assert!(!escaped.contains(['<', '>', '"', '\'', '\r']));
            }
        }
    }
}
