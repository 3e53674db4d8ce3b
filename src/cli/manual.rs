//! `stscan manual`: the list of chapters, a chapter on a terminal or as plain text, all of them as one page of HTML.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;

use super::args::ManualArguments;
use super::exit::{Exit, Failure};
use crate::manual::{CHAPTERS, Chapter, chapter, chapters_of};
use crate::ui::text::safe;
use crate::ui::{manual as shown, report};

/// Columns of prose where the terminal has not fewer.
const WIDTH: usize = 110;

/// Prints what was asked for.
pub(super) fn run(arguments: &ManualArguments) -> Result<Exit, Failure> {
    let asked = arguments.chapter.as_deref().map(|name| chapter(name).ok_or_else(|| Failure::usage(unknown(name)))).transpose()?;
    match asked {
        _ if arguments.html => {
            let chapters = asked.map_or(CHAPTERS, std::slice::from_ref);
            report::manual(chapters, &mut io::stdout().lock())?;
        }
        Some(chapter) => {
            let width = terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(40, WIDTH));
            page(&shown::render(chapter.text, width))?;
        }
        None => list(&mut anstream::stdout().lock())?,
    }
    Ok(Exit::Done)
}

fn list(out: &mut impl Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let widest = CHAPTERS.iter().map(|chapter| chapter.name.len()).max().unwrap_or_default();
    for Chapter { name, about, .. } in CHAPTERS {
        writeln!(out, "{bold}{name:<widest$}{bold:#}  {about}")?;
    }
    writeln!(out, "\n`stscan manual CHAPTER` shows one, `stscan manual --html` prints all as one page.")
}

/// That there is no such chapter, which one may be meant, and all that there are.
fn unknown(name: &str) -> String {
    let near = CHAPTERS.iter().filter_map(|chapter| {
        let distance = distance(&name.to_lowercase(), chapter.name);
        (distance <= 1 + name.chars().count() / 4).then_some((distance, chapter.name))
    });
    let meant = near.min().map(|(_, name)| name).or_else(|| chapters_of(name).next().map(|chapter| chapter.name));
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    let names: Vec<&str> = CHAPTERS.iter().map(|chapter| chapter.name).collect();
    format!("the manual has no chapter {:?}{meant}\nChapters are {}.", safe(name), names.join(", "))
}

/// How many letters have to be put in, left out or changed to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (place, same) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *same);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

/// Prints a text: by the pager where standard output is a terminal and there is a pager, else as it is.
fn page(text: &str) -> Result<(), Failure> {
    let stdout = io::stdout();
    let pager = env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    if stdout.is_terminal() && by_pager(&pager, text, AutoStream::choice(&stdout)).is_some() {
        return Ok(());
    }
    Ok(anstream::stdout().lock().write_all(text.as_bytes())?)
}

/// Shows a text by a pager; `None` where there is none, or it could not be started.
fn by_pager(asked: &str, text: &str, colours: ColorChoice) -> Option<()> {
    let program = asked.split_whitespace().next()?;
    // A pager may come with options, which a shell knows how to read.
    let mut pager = if cfg!(unix) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("command -v {} > /dev/null || exit 127; exec {asked}", program)]);
        shell
    } else {
        Command::new(program)
    };
    if env::var_os("LESS").is_none() {
        pager.env("LESS", "FRX"); // Colours as colours, and no page where all fits on the screen.
    }
    let mut child = pager.stdin(Stdio::piped()).spawn().ok()?;
    let plain = anstream::adapter::strip_str(text).to_string();
    let text = if colours == ColorChoice::Never { plain.as_str() } else { text };
    // A reader who leaves before the end closes the pipe.
    let _ = child.stdin.take()?.write_all(text.as_bytes());
    (child.wait().ok()?.code() != Some(127)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_pager_has_the_text_and_one_that_there_is_not_leaves_it_to_us() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let pager = format!("tee {}", seen.display());
        assert!(by_pager(&pager, "\u{1b}[1mbold\u{1b}[0m\n", ColorChoice::Never).is_some());
        assert_eq!(std::fs::read_to_string(seen).unwrap(), "bold\n");
        assert!(by_pager("true", &"a reader who leaves at once\n".repeat(100_000), ColorChoice::Always).is_some());
        assert!(
            by_pager("no-such-pager-here -R", "text", ColorChoice::Never).is_none() && by_pager(" ", "text", ColorChoice::Never).is_none()
        );
    }

    #[test]
    fn a_chapter_that_there_is_not_is_named_with_those_that_there_are() {
        for (name, meant) in
            [("Resolvng", "resolving"), ("stats", "statistics"), ("diff", "comparing"), ("list", "lists"), ("tls-rpt", "tlsrpt")]
        {
            assert!(unknown(name).contains(&format!("did you mean {meant}?")), "{}", unknown(name));
        }
        assert!(unknown("zzzzzz").starts_with("the manual has no chapter \"zzzzzz\"\nChapters are lists, "));
    }
}
