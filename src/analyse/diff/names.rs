//! A small set of texts in little memory: there are several for every domain that is kept.

/// Texts, each once, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names(Box<[Box<str>]>);

impl FromIterator<Box<str>> for Names {
    fn from_iter<I: IntoIterator<Item = Box<str>>>(texts: I) -> Self {
        let mut texts: Vec<Box<str>> = texts.into_iter().collect();
        texts.sort_unstable();
        texts.dedup();
        Self(texts.into_boxed_slice())
    }
}

impl Names {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.0.binary_search_by(|candidate| (**candidate).cmp(text)).is_ok()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|text| &**text)
    }

    /// All in one line. What is longer is cut: the datasets hold it whole.
    pub(super) fn joined(&self) -> String {
        const SHOWN: usize = 20;
        let mut text = self.iter().take(SHOWN).collect::<Vec<_>>().join(" ");
        if let more @ 1.. = self.0.len().saturating_sub(SHOWN) {
            text.push_str(&format!(" and {more} more"));
        }
        text
    }
}
