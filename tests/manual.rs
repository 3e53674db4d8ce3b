//! The manual and the README as their readers use them: every command runs, every link leads somewhere, every block says what it is.
//!
//! A block of commands (`sh`) runs line by line in a folder of its document, with the lab in place of the Internet: see `BIN` for what stands
//! in for the program. A block below `<!-- not run: REASON -->` does not; what it gives to stscan is parsed all the same, and so are the commands
//! of all other documents. A block of `toml` whose first line is a comment with a file's name is that file.

#![cfg(unix)]
#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};
use stscan::manual::CHAPTERS;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const REPOSITORY: &str = "https://github.com/stscan/stscan/blob/main/";

/// What blocks may be.
const LANGUAGES: &[&str] = &["sh", "sql", "toml", "python", "text", "rust", "yaml", "console", "ini", "r"];

/// Stands in for `stscan`: writes its arguments down, and gives them to the program with the lab in place of the Internet and its resolvers.
const STSCAN: &str = r#"#!/bin/sh
printf '%s\037' "$@" >> "$LOG"
printf '\036' >> "$LOG"
[ -n "$REAL" ] || exit 0
case $1 in
    publish) case "$*" in *--mx*) exec "$REAL" "$@" ;; esac; [ -d "$2" ] && exec "$REAL" "$@" ;;
    scan | check) ;;
    *) exec "$REAL" "$@" ;;
esac
for argument; do case $argument in --lab | --lab=*) exec "$REAL" "$@" ;; esac; done
left=$#
while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    left=$((left - 1))
    case $argument in
        --resolver | --resolvers | --root-hints) shift && left=$((left - 1)) ;;
        --trust-resolvers) ;;
        *) set -- "$@" "$argument" ;;
    esac
done
exec "$REAL" "$@" --lab=census
"#;

/// Stands in for `cargo`: `cargo run` is the program that is there already.
const CARGO: &str = r#"#!/bin/sh
[ "$1" = run ] || { echo "cargo $1 is not for here" >&2; exit 1; }
while [ "$1" != -- ]; do shift; done
shift
exec stscan "$@"
"#;

/// A block of a document.
struct Block {
    line: usize,
    language: String,
    text: String,
    /// Why it does not run.
    not_run: Option<String>,
}

/// What a document has for this test.
#[derive(Default)]
struct Document {
    file: String,
    blocks: Vec<Block>,
    links: Vec<(usize, String)>,
    headings: BTreeSet<String>,
}

fn read(file: &str) -> Document {
    let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let mut document = Document { file: file.to_owned(), ..Document::default() };
    let (mut block, mut heading, mut not_run): (Option<Block>, Option<String>, Option<String>) = (None, None, None);
    let undefined = |link: pulldown_cmark::BrokenLink<'_>| panic!("{file}: [{}] is defined nowhere", link.reference);
    // Brackets in prose are no links; those around the name of a chapter are.
    let mut undefined = |link: pulldown_cmark::BrokenLink<'_>| -> Option<(CowStr<'_>, CowStr<'_>)> {
        if CHAPTERS.iter().any(|chapter| chapter.name == &*link.reference) { undefined(link) } else { None }
    };
    let options = Options::ENABLE_TABLES | Options::ENABLE_GFM;
    for (event, range) in Parser::new_with_broken_link_callback(&text, options, Some(&mut undefined)).into_offset_iter() {
        let line = text[..range.start].lines().count() + 1;
        match event {
            Event::Html(html) => {
                let reason = html.trim().strip_prefix("<!-- not run:").and_then(|rest| rest.strip_suffix("-->"));
                not_run = reason.map(|reason| reason.trim().to_owned());
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = if let CodeBlockKind::Fenced(language) = kind { language.into_string() } else { String::new() };
                block = Some(Block { line, language, text: String::new(), not_run: not_run.take() });
            }
            Event::End(TagEnd::CodeBlock) => document.blocks.extend(block.take()),
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => document.headings.extend(heading.take().map(|heading| slug(&heading))),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => document.links.push((line, dest_url.into_string())),
            Event::Text(text) | Event::Code(text) => {
                if let Some(block) = &mut block {
                    block.text.push_str(&text);
                } else if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    document
}

/// The name of a section, as GitHub makes it of its heading.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn chapter_file(name: &str) -> String {
    format!("src/manual/{name}.md")
}

/// README and manual.
fn manual() -> Vec<Document> {
    std::iter::once("README.md".to_owned())
        .chain(CHAPTERS.iter().map(|chapter| chapter_file(chapter.name)))
        .map(|file| read(&file))
        .collect()
}

/// All other documents that are published with the sources.
fn others() -> Vec<Document> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(ROOT)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !path.is_symlink() && !["target", ".git", "node_modules", "manual", "vectors"].contains(&name.as_str()) {
                open.push(path);
            } else if name.ends_with(".md") && path != Path::new(ROOT).join("README.md") {
                found.push(read(path.strip_prefix(ROOT).unwrap().to_str().unwrap()));
            }
        }
    }
    found
}

#[test]
fn the_readme_is_short_and_each_chapter_is_a_file() {
    let lines = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap().lines().count();
    assert!(lines <= 150, "README.md has {lines} lines; it may have 150, the rest belongs into the manual");
    let files = fs::read_dir(Path::new(ROOT).join("src/manual")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.filter(|name| name.ends_with(".md")).collect();
    let chapters: BTreeSet<String> = CHAPTERS.iter().map(|chapter| format!("{}.md", chapter.name)).collect();
    assert_eq!(files, chapters);
}

#[test]
fn the_program_prints_it() {
    let list = harness::stdout(&harness::expect(0, &["manual"]));
    for chapter in CHAPTERS {
        assert!(list.lines().any(|line| line.starts_with(chapter.name) && line.ends_with(chapter.about)), "{}", chapter.name);
    }
    let unknown = harness::stderr(&harness::expect(2, &["manual", "resolvng"]));
    assert!(unknown.contains("did you mean resolving?") && unknown.contains("lists, resolving, politeness"), "{unknown}");
    let page = harness::stdout(&harness::expect(0, &["manual", "--html"]));
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));

    let folder = tempfile::tempdir().unwrap();
    let output = harness::stscan(&["manual", "gates"]).env("PAGER", "touch paged; cat").current_dir(folder.path()).output().unwrap();
    let text = harness::stdout(&output);
    assert!(text.starts_with("Gates: failing a job\n") && !text.contains(['\u{1b}', '`']), "{text}");
    assert!(!folder.path().join("paged").exists(), "there is no terminal, and no pager either");
}

#[test]
fn every_block_says_what_it_is() {
    for document in manual() {
        for Block { line, language, not_run, .. } in &document.blocks {
            assert!(LANGUAGES.contains(&language.as_str()), "{}:{line}: a block of {language:?}", document.file);
            assert!(not_run.as_ref().is_none_or(|reason| reason.len() > 8), "{}:{line}: why is it not run?", document.file);
        }
    }
}

#[test]
fn every_link_leads_somewhere() {
    let documents: Vec<Document> = manual().into_iter().chain(others()).collect();
    let mut wrong = Vec::new();
    for document in &documents {
        for (line, link) in &document.links {
            let is_chapter = document.file.starts_with("src/manual/");
            let file = match link.strip_prefix(REPOSITORY) {
                Some(path) => Path::new(path).to_owned(),
                None if link.contains("://") || link.starts_with("mailto:") => continue,
                None => Path::new(&document.file).parent().unwrap().join(link),
            };
            let (file, section) =
                file.to_str().unwrap().split_once('#').map_or((file.to_str().unwrap(), None), |(file, at)| (file, Some(at)));
            let file = if link.starts_with('#') { document.file.clone() } else { file.to_owned() };
            // A chapter is read in the program and in the crate's documentation, too, where there are no other files beside it.
            let elsewhere = is_chapter
                && !link.starts_with('#')
                && !link.contains("://")
                && !CHAPTERS.iter().any(|chapter| format!("{}.md", chapter.name) == *link);
            let there = Path::new(ROOT).join(&file).exists();
            let has_section = section.is_none_or(|section| {
                let target = documents.iter().find(|other| normal(&other.file) == normal(&file));
                target.is_some_and(|target| target.headings.contains(section))
            });
            if elsewhere || !there || !has_section {
                wrong.push(format!("{}:{line}: {link}", document.file));
            }
        }
    }
    assert!(wrong.is_empty(), "these links lead nowhere:\n{}", wrong.join("\n"));
}

/// A path without `..`.
fn normal(path: &str) -> PathBuf {
    let mut out = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            std::path::Component::ParentDir => drop(out.pop()),
            std::path::Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// A folder in which commands run, and what stands in for programs.
struct Sandbox {
    folder: tempfile::TempDir,
    bin: PathBuf,
    real: &'static str,
    path: String,
}

impl Sandbox {
    /// With the program, or with nothing but what writes its arguments down.
    fn new(runs: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join(".bin");
        fs::create_dir(&bin).unwrap();
        for (name, text) in [("stscan", STSCAN), ("cargo", CARGO)] {
            fs::write(bin.join(name), text).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = if runs { format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()) } else { bin.display().to_string() };
        Self { folder, bin, real: if runs { env!("CARGO_BIN_EXE_stscan") } else { "" }, path }
    }

    /// Runs a line, and gives its exit status and what it said.
    fn run(&self, line: &str) -> (Option<i32>, String) {
        let output = Command::new("/bin/sh")
            .args(["-c", line])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.folder.path())
            .env("LOG", self.bin.join("log"))
            .env("REAL", self.real)
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        (output.status.code(), format!("{}{}", harness::stdout(&output), harness::stderr(&output)))
    }

    /// What the program has been given so far, which clap has to understand.
    fn check_arguments(&self, place: &str) {
        let log = fs::read_to_string(self.bin.join("log")).unwrap_or_default();
        for record in log.split('\u{1e}').filter(|record| !record.is_empty()) {
            let arguments = std::iter::once("stscan").chain(record.split('\u{1f}').filter(|argument| !argument.is_empty()));
            match stscan::cli::command().try_get_matches_from(arguments) {
                Ok(_) => {}
                // Help and version are asked for like this.
                Err(error) if !error.use_stderr() => {}
                Err(error) => panic!("{place}: {error}"),
            }
        }
    }
}

/// The commands of a block, those that go on on the next line joined.
fn commands(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn what_is_not_run_is_parsed() {
    for (document, is_manual) in
        manual().into_iter().map(|document| (document, true)).chain(others().into_iter().map(|other| (other, false)))
    {
        for block in document.blocks.iter().filter(|block| block.language == "sh" && (!is_manual || block.not_run.is_some())) {
            let sandbox = Sandbox::new(false);
            for command in commands(&block.text) {
                assert!(!command.contains(" /usr/") && !command.starts_with('/'), "{}:{}: {command} would run", document.file, block.line);
                sandbox.run(&command);
            }
            sandbox.check_arguments(&format!("{}:{}", document.file, block.line));
        }
    }
}

/// What the commands of the manual find in their folder: lists, texts, and datasets of the lab.
fn fixtures() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let names = fs::read_to_string(Path::new(ROOT).join("data/opendns-top-domains.txt")).unwrap();
    let names: Vec<&str> = names.lines().take(300).collect();
    fs::write(at("list.txt"), names.join("\n")).unwrap();
    fs::write(at("domains.txt"), names[..40].join("\n")).unwrap();
    let ranked: String = names.iter().enumerate().map(|(rank, name)| format!("{},{name}\n", rank + 1)).collect();
    let rows: String = names[..60]
        .iter()
        .enumerate()
        .map(|(at, name)| format!("{name},https://{name}/,{},{},mail\n", ["ops", "web"][at % 2], at % 3))
        .collect();
    for name in ["domains.csv", "portfolio.csv"] {
        fs::write(at(name), format!("domain,website,owner,unit,use\n{rows}")).unwrap();
    }
    fs::write(at("optout.txt"), "optout.example\n192.0.2.0/24\n").unwrap();
    fs::write(at("mta-sts.txt"), "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n").unwrap();
    for (zone, text) in [("se", "a.se. 3600 IN NS ns.a.se.\nb.se. 3600 IN NS ns.b.se.\n"), ("nu", "c.nu. 3600 IN NS ns.c.nu.\n")] {
        fs::write(at(&format!("{zone}.zone")), text).unwrap();
    }
    fs::write(at("tranco.csv"), ranked).unwrap();
    let packed = Command::new("gzip").args(["se.zone", "nu.zone", "tranco.csv"]).current_dir(folder.path()).status().unwrap();
    assert!(packed.success());
    for dataset in ["week-45", "week-46", "yesterday", "week-47", "today"] {
        harness::expect_in(folder.path(), 0, &["scan", "--lab=census", "list.txt", "-o", dataset]);
    }
    harness::expect_in(folder.path(), 0, &["scan", "--lab=census", "domains.csv", "--carry", "owner,unit,use", "-o", "audit"]);
    harness::expect_in(folder.path(), 0, &["scan", "--lab=census", "se.zone.gz", "-o", "se"]);
    harness::expect_in(folder.path(), 0, &["scan", "--lab=census", "nu.zone.gz", "-o", "nu"]);
    fs::write(at("reports.json"), REPORT).unwrap();
    fs::create_dir_all(at("Maildir/.TLS-Reports/new")).unwrap();
    fs::create_dir_all(at("Maildir/.TLS-Reports/cur")).unwrap();
    fs::write(
        at("Maildir/.TLS-Reports/new/1.mail"),
        format!("From: a@example.net\nSubject: r\nContent-Type: application/tlsrpt+json\n\n{REPORT}\n"),
    )
    .unwrap();
    harness::expect_in(folder.path(), 0, &["tlsrpt", "reports.json", "-o", "tls-reports"]);
    fs::rename(at("reports.json"), at("reports.zip")).unwrap(); // Whatever it is called.
    folder
}

const REPORT: &str = r#"{"organization-name":"Example","date-range":{"start-datetime":"2026-11-20T00:00:00Z","end-datetime":"2026-11-20T23:59:59Z"},"contact-info":"tls@example.net","report-id":"1","policies":[{"policy":{"policy-type":"sts","policy-domain":"google.com","policy-string":["version: STSv1","mode: enforce","mx: mx.google.com","max_age: 604800"],"mx-host":["mx.google.com"]},"summary":{"total-successful-session-count":5,"total-failure-session-count":0}}]}"#;

/// Runs a document's commands one after the other.
fn run(document: &Document, fixtures: &Path) {
    let sandbox = Sandbox::new(true);
    let folder = sandbox.folder.path();
    let copied = Command::new("cp").arg("-R").arg(format!("{}/.", fixtures.display())).arg(folder).status().unwrap();
    assert!(copied.success());
    std::os::unix::fs::symlink(Path::new(ROOT).join("data"), folder.join("data")).unwrap();
    for block in document.blocks.iter().filter(|block| block.language == "toml") {
        let name = block.text.lines().next().and_then(|line| line.strip_prefix("# ")).filter(|name| name.ends_with(".toml"));
        let name = name.unwrap_or_else(|| panic!("{}:{}: its first line has to name the file", document.file, block.line));
        fs::write(folder.join(name), &block.text).unwrap();
    }
    for block in document.blocks.iter().filter(|block| block.language == "sh" && block.not_run.is_none()) {
        for command in commands(&block.text) {
            let place = format!("{}:{}: {command}", document.file, block.line);
            // A command that writes may stand there in several forms.
            if let Some(out) = command.split(" -o ").nth(1).and_then(|rest| rest.split(' ').next()).filter(|out| *out != "-") {
                let _ = fs::remove_dir_all(folder.join(out)).or_else(|_| fs::remove_file(folder.join(out)));
            }
            let (status, said) = sandbox.run(&command);
            let judges = command.contains("stscan check") || command.contains("stscan lint") || command.contains("--fail-on");
            assert!(
                status == Some(0) || judges && status == Some(6) || command.contains("unknown") && status == Some(7),
                "{place}\nstatus {status:?}\n{said}"
            );
        }
    }
    sandbox.check_arguments(&document.file);
}

#[test]
fn every_command_runs() {
    let fixtures = fixtures();
    let documents = manual();
    let half = documents.len().div_ceil(2);
    std::thread::scope(|scope| {
        for part in documents.chunks(half) {
            scope.spawn(|| part.iter().for_each(|document| run(document, fixtures.path())));
        }
    });
}
