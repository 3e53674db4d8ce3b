//! Text from anywhere, made fit for a page: it can be read there and do nothing else. And the elements that several parts have.

use std::borrow::Cow;

use maud::{Markup, Render, html};

use crate::ui::text::safe;

/// Text from the network. `maud` makes sure that it is no markup; here what cannot be seen, or would change the direction or the cursor,
/// is escaped visibly, too; see [`safe`].
pub(super) struct Safe<'t>(pub(super) &'t str);

impl Render for Safe<'_> {
    fn render_to(&self, out: &mut String) {
        safe(self.0).render_to(out);
    }
}

/// The same of several lines, for elements that keep white space: line feeds stay, a carriage return before them goes.
pub(super) struct Lines<'t>(pub(super) &'t str);

impl Render for Lines<'_> {
    fn render_to(&self, out: &mut String) {
        for (at, line) in self.0.split('\n').enumerate() {
            if at > 0 {
                out.push('\n');
            }
            Safe(line.strip_suffix('\r').unwrap_or(line)).render_to(out);
        }
    }
}

/// At most about `limit` characters of a text, and how many more there are.
pub(super) fn clip(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let (kept, rest) = text.split_at(end);
            Cow::Owned(format!("{kept} … ({} more characters are in the dataset)", rest.chars().count()))
        }
    }
}

/// A part of the page with its heading.
pub(super) fn chapter(id: &str, title: &str, body: &Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-h" } {
            h2 id={ (id) "-h" } { (title) }
            (body)
        }
        "\n"
    }
}

/// Facts with their labels.
pub(super) fn facts<L: AsRef<str>, T: AsRef<str>>(rows: impl IntoIterator<Item = (L, T)>) -> Markup {
    html! {
        dl.facts {
            @for (label, text) in rows {
                div { dt { (Safe(label.as_ref())) } dd { (Safe(text.as_ref())) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(Safe("<script>'\"&\u{202e}\n").render().0, "&lt;script&gt;'&quot;&amp;\\u{202e}\\n");
        assert_eq!(Lines("a: <b>\r\nc\u{1b}[0m\n").render().0, "a: &lt;b&gt;\nc\\u{1b}[0m\n");
        assert_eq!((clip("añb", 3), clip("añbc", 2)), ("añb".into(), "añ … (2 more characters are in the dataset)".into()));
    }

    proptest! {
        #[test]
        fn nothing_opens_or_closes_anything(text in any::<String>()) {
            for escaped in [Safe(&text).render().0, Lines(&text).render().0] {
                prop_assert!(!escaped.contains(['<', '>', '"', '\r']));
            }
        }
    }
}
