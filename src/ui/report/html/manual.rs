//! The manual as one page: the chapters' Markdown as HTML, in the style of the reports, with links between them.

use std::io::{self, Write};

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Tag, TagEnd};

use super::document::plain_head;
use crate::manual::{Chapter, chapter};
use crate::ui::manual::parser;

/// Writes chapters as a page that loads nothing and has no script.
///
/// # Errors
/// If it cannot be written.
pub fn manual(chapters: &[Chapter], out: &mut impl Write) -> io::Result<()> {
    let title = match chapters {
        [one] => format!("stscan: {}", one.name),
        _ => "The manual of stscan".to_owned(),
    };
    let page = html! {
        (maud::DOCTYPE) "\n"
        html lang="en" {
            (plain_head(&title))
            body {
                header {
                    p.kicker { "stscan " (env!("CARGO_PKG_VERSION")) }
                    h1 { (title) }
                    @if chapters.len() > 1 {
                        nav aria-label="Chapters" { ul { @for chapter in chapters { li { a href={ "#" (chapter.name) } { (chapter.name) } } } } }
                    }
                }
                main { @for chapter in chapters { (body(chapter, chapters)) } }
            }
        }
        (PreEscaped("\n"))
    };
    out.write_all(page.0.as_bytes())?;
    out.flush()
}

/// A chapter, its headings one level deeper, as the page has the first.
fn body(chapter: &Chapter, shown: &[Chapter]) -> Markup {
    let mut events: Vec<Event<'_>> = Vec::new();
    for event in parser(chapter.text) {
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = Some(CowStr::from(String::new()));
                events.push(Event::Start(Tag::Heading { level: deeper(level), id, classes, attrs }));
            }
            Event::End(TagEnd::Heading(level)) => {
                let at = events.iter().rposition(|event| matches!(event, Event::Start(Tag::Heading { .. }))).unwrap_or_default();
                let text: String = events
                    .iter()
                    .skip(at + 1)
                    .map(|event| if let Event::Text(text) | Event::Code(text) = event { text } else { "" })
                    .collect();
                let name = if level == HeadingLevel::H1 { chapter.name.to_owned() } else { anchor(chapter, &slug(&text)) };
                if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(at) {
                    *id = Some(name.into());
                }
                events.push(Event::End(TagEnd::Heading(deeper(level))));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = target(&dest_url, chapter, shown).into();
                events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::Start(Tag::Table(alignments)) => {
                events.push(Event::Html("<div class=\"scroll\">".into()));
                events.push(Event::Start(Tag::Table(alignments)));
            }
            Event::End(TagEnd::Table) => {
                events.push(Event::End(TagEnd::Table));
                events.push(Event::Html("</div>\n".into()));
            }
            Event::Html(text) | Event::InlineHtml(text) if text.starts_with("<!--") => {}
            event => events.push(event),
        }
    }
    let mut written = String::new();
    pulldown_cmark::html::push_html(&mut written, events.into_iter());
    PreEscaped(written)
}

fn deeper(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        _ => HeadingLevel::H4,
    }
}

/// The name of a section, as GitHub and rustdoc make it of its heading.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// The name of a section on the page.
fn anchor(chapter: &Chapter, section: &str) -> String {
    format!("{}-{section}", chapter.name)
}

/// Where a link of a chapter leads on the page: to a chapter that is on it, to one in the repository, or where it says.
fn target(link: &str, from: &Chapter, shown: &[Chapter]) -> String {
    if let Some(section) = link.strip_prefix('#') {
        return format!("#{}", anchor(from, section));
    }
    match link.strip_suffix(".md").and_then(chapter) {
        Some(chapter) if shown.iter().any(|other| other.name == chapter.name) => format!("#{}", chapter.name),
        Some(_) => format!("{}/blob/main/src/manual/{link}", env!("CARGO_PKG_REPOSITORY")),
        None => link.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::manual::CHAPTERS;

    #[test]
    fn the_page_has_all_chapters_and_its_links_lead_somewhere() {
        let mut page = Vec::new();
        manual(CHAPTERS, &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        let after = |mark: &str| page.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect::<Vec<_>>();
        let ids: Vec<String> = after(" id=\"");
        let known: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(known.len(), ids.len(), "an id stands twice");
        assert!(CHAPTERS.iter().all(|chapter| known.contains(chapter.name)));
        let links = after("<a href=\"");
        assert!(links.len() > CHAPTERS.len());
        for link in links {
            let known = link.strip_prefix('#').map_or_else(|| link.starts_with("https://"), |id| known.contains(id));
            assert!(known, "{link}");
        }
        // The policy of the page would not let inline styles and scripts work, and the chapters have none.
        assert!(!page.contains(" style=") && !page.contains("<script") && !page.contains("<!--"));
    }
}
