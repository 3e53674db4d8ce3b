//! Chapters of the manual for a terminal: paragraphs folded, tables in columns, what is emphasised in colour.

use anstyle::{AnsiColor, Style};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Least columns of a cell that is folded.
const NARROW: usize = 12;
const HEADING: Style = AnsiColor::Cyan.on_default().bold();
const STRONG: Style = Style::new().bold();
const CODE: Style = AnsiColor::Green.on_default();

/// What a chapter's Markdown is parsed with, here and for a page.
pub(crate) fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

/// The text of a chapter, at most `width` columns wide where it can be folded.
pub fn render(markdown: &str, width: usize) -> String {
    let mut page = Page { width, ..Page::default() };
    for event in parser(markdown) {
        page.take(event);
    }
    page.out
}

/// A word with its style.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    style: Style,
    /// Whether white space comes before it.
    apart: bool,
}

impl Word {
    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// What has been read and not yet been written.
#[derive(Debug, Default)]
struct Page {
    out: String,
    width: usize,
    words: Vec<Word>,
    styles: Vec<Style>,
    apart: bool,
    /// Of each list that is open the number of its next item, if it has numbers.
    lists: Vec<Option<u64>>,
    /// What comes before the first line of an item.
    mark: Option<String>,
    code: Option<String>,
    link: Option<String>,
    /// Whether what was written last belongs to a list, whose items follow each other without a blank line.
    after_item: bool,
    table: Vec<Vec<Vec<Word>>>,
}

impl Page {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Text(text) => match &mut self.code {
                Some(code) => code.push_str(&text),
                None => self.add(&text, self.styles.last().copied().unwrap_or_default()),
            },
            // What is code is not folded within.
            Event::Code(text) => self.push(text.into_string(), CODE),
            Event::SoftBreak | Event::HardBreak => self.apart = true,
            // Comments, for those who write the chapters.
            Event::Html(_) | Event::InlineHtml(_) => {}
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => self.styles.push(HEADING),
            Tag::Strong | Tag::TableHead => self.styles.push(STRONG),
            Tag::Emphasis => self.styles.push(Style::new().italic()),
            Tag::CodeBlock(_) => {
                self.flush();
                self.code = Some(String::new());
            }
            Tag::Link { dest_url, .. } => self.link = dest_url.contains("://").then(|| dest_url.into_string()),
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                let mark = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "-".to_owned(),
                };
                self.mark = Some(mark);
            }
            Tag::TableRow => self.table.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.flush();
            }
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::TableHead => {
                self.styles.pop();
            }
            TagEnd::Paragraph => self.flush(),
            TagEnd::Item => {
                self.flush();
                self.mark = None;
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => self.code_block(),
            TagEnd::Link => {
                if let Some(url) = self.link.take() {
                    self.apart = true;
                    self.push(format!("({url})"), Style::new());
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.words);
                self.apart = false;
                match self.table.last_mut() {
                    Some(row) => row.push(cell),
                    None => self.table.push(vec![cell]),
                }
            }
            TagEnd::Table => self.table(),
            _ => {}
        }
    }

    /// Adds a text, word by word.
    fn add(&mut self, text: &str, style: Style) {
        for (at, part) in text.split(' ').enumerate() {
            self.apart |= at > 0;
            if !part.is_empty() {
                self.push(part.to_owned(), style);
            }
        }
    }

    fn push(&mut self, text: String, style: Style) {
        let apart = std::mem::take(&mut self.apart);
        self.words.push(Word { text, style, apart });
    }

    /// Writes the words that are there as a paragraph or an item, and a blank line before it.
    fn flush(&mut self) {
        self.apart = false;
        let words = std::mem::take(&mut self.words);
        if words.is_empty() {
            return;
        }
        let depth = self.lists.len();
        let (mark, indent) = match self.mark.take() {
            Some(mark) => (format!("{}{mark} ", "  ".repeat(depth - 1)), 2 * (depth - 1) + mark.len() + 1),
            None => (" ".repeat(2 * depth), 2 * depth),
        };
        let is_item = depth > 0;
        if !(self.out.is_empty() || is_item && self.after_item) {
            self.out.push('\n');
        }
        self.after_item = is_item;
        for (at, line) in fold(&words, self.width.saturating_sub(indent)).iter().enumerate() {
            self.out.push_str(&if at == 0 { mark.clone() } else { " ".repeat(indent) });
            self.out.push_str(&shown(line));
            self.out.push('\n');
        }
    }

    fn code_block(&mut self) {
        self.after_item = false;
        self.out.push('\n');
        for line in self.code.take().unwrap_or_default().lines() {
            match line {
                "" => self.out.push('\n'),
                line => self.out.push_str(&format!("    {CODE}{line}{CODE:#}\n")),
            }
        }
    }

    fn table(&mut self) {
        let rows = std::mem::take(&mut self.table);
        self.after_item = false;
        let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
        let widths = widths(&rows, columns, self.width);
        self.out.push('\n');
        for (at, row) in rows.iter().enumerate() {
            let cells: Vec<Vec<Vec<&Word>>> = row.iter().zip(&widths).map(|(cell, width)| fold(cell, *width)).collect();
            if at == 0 && cells.iter().all(Vec::is_empty) {
                continue;
            }
            for line in 0..cells.iter().map(Vec::len).max().unwrap_or_default() {
                let mut text = String::new();
                for (cell, width) in cells.iter().zip(&widths) {
                    let words = cell.get(line).map_or(&[][..], Vec::as_slice);
                    text.push_str(&shown(words));
                    text.push_str(&" ".repeat((width + 2).saturating_sub(length(words))));
                }
                self.out.push_str(text.trim_end());
                self.out.push('\n');
            }
            if at == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                self.out.push_str(&rule.join("  "));
                self.out.push('\n');
            }
        }
    }
}

/// How wide the columns of a table are: as wide as their cells, where that is too much the widest ones less.
fn widths(rows: &[Vec<Vec<Word>>], columns: usize, width: usize) -> Vec<usize> {
    let of_column = |column: usize, most: fn(&[Word]) -> usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| most(cell)).max().unwrap_or_default()
    };
    let mut widths: Vec<usize> = (0..columns).map(|column| of_column(column, |cell| length(&cell.iter().collect::<Vec<_>>()))).collect();
    let least: Vec<usize> =
        (0..columns).map(|column| of_column(column, |cell| cell.iter().map(Word::width).max().unwrap_or_default()).max(NARROW)).collect();
    let gaps = 2 * columns.saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > width {
        let widest = widths.iter_mut().zip(&least).filter(|(width, least)| **width > **least).max_by_key(|(width, _)| **width);
        match widest {
            Some((width, _)) => *width -= 1,
            None => break,
        }
    }
    widths
}

/// How many columns a line takes.
fn length(words: &[&Word]) -> usize {
    words.iter().enumerate().map(|(at, word)| word.width() + usize::from(at > 0 && word.apart)).sum()
}

/// The words in lines of at most `width` columns. Words that are not apart stay together.
fn fold(words: &[Word], width: usize) -> Vec<Vec<&Word>> {
    let mut lines: Vec<Vec<&Word>> = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let end = rest.iter().skip(1).position(|word| word.apart).map_or(rest.len(), |at| at + 1);
        let (together, after) = rest.split_at(end);
        rest = after;
        let together: Vec<&Word> = together.iter().collect();
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(&together) <= width => line.extend(together),
            _ => lines.push(together),
        }
    }
    lines
}

/// A line with its styles.
fn shown(words: &[&Word]) -> String {
    let mut out = String::new();
    let mut now = Style::new();
    for (at, Word { text, style, apart }) in words.iter().enumerate() {
        let gap = if at > 0 && *apart { " " } else { "" };
        if *style == now {
            out.push_str(&format!("{gap}{text}"));
        } else {
            out.push_str(&format!("{now:#}{gap}{style}{text}"));
            now = *style;
        }
    }
    out + &format!("{now:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(markdown: &str, width: usize) -> String {
        anstream::adapter::strip_str(&render(markdown, width)).to_string()
    }

    #[test]
    fn paragraphs_lists_code_and_tables_are_laid_out() {
        let text = plain(
            "# Title\n\nOne two [three](x.md) `--four five`,\nsix.\n\n* a **b** c\n  d\n* e\n\n```sh\nrun  it\n```\n\n<!-- no -->\n| a | b |\n|---|---|\n| `x` | one two three four five six |\n\n1. first\n2. [u](https://e.org)\n",
            24,
        );
        assert_eq!(
            text,
            "Title\n\nOne two three\n--four five, six.\n\n- a b c d\n- e\n\n    run  it\n\na  b\n─  ─────────────────────\nx  one two three four\n   five six\n\n1. first\n2. u (https://e.org)\n"
        );
    }

    #[test]
    fn every_chapter_is_read_to_its_end() {
        for chapter in crate::manual::CHAPTERS {
            let text = plain(chapter.text, 100);
            assert!(text.lines().count() > 20, "{}", chapter.name);
            assert!(!text.contains("](") && !text.contains("```") && !text.contains("<!--"), "{}", chapter.name);
        }
    }
}
