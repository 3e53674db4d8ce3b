//! The documents say what the code does: tables of columns, codes and exit statuses, man pages and completions are compared with it.
//!
//! After a change that is meant: `STSCAN_REGENERATE=documents cargo test --test documents` writes them, then read the diff.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::{Arg, Command};
use sha2::{Digest, Sha256};
use stscan::analyse::senders::REPORT_TABLES;
use stscan::analyse::stats::TableId;
use stscan::classify::catalogue;
use stscan::cli::EXIT_CODES;
use stscan::dataset::{Table, schema_markdown, schema_words_markdown};
use stscan::study;

const README: &str = include_str!("../README.md");

fn regenerating() -> bool {
    std::env::var_os("STSCAN_REGENERATE").is_some_and(|what| what == "documents")
}

/// Compares a file of the project with what it has to say, or writes it.
fn compare(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if regenerating() {
        fs::write(&path, expected).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "{file} is out of date: STSCAN_REGENERATE=documents cargo test --test documents, then read the diff");
}

/// Compares a table of a chapter of the manual, which stands between two comments.
fn compare_table(chapter: &str, name: &str, table: &str) {
    let file = format!("src/manual/{chapter}.md");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
    let (begin, end) = (format!("<!-- {name}: begin"), format!("<!-- {name}: end"));
    let start = text.find(&begin).and_then(|at| Some(at + text[at..].find("-->")? + 3));
    let (start, end) = start.zip(text.find(&end)).unwrap_or_else(|| panic!("{file} has no {begin}"));
    compare(&file, &format!("{}\n{}\n{}", &text[..start], table.trim(), &text[end..]));
}

/// All in one test, since they write the same files.
#[test]
fn the_tables_are_those_of_the_program() {
    let columns: String =
        schema_markdown(Table::Domains).lines().filter(|line| !line.starts_with("| `evidence.")).map(|line| format!("{line}\n")).collect();
    compare_table("dataset", "columns", &columns);
    compare_table("tlsrpt", "report-columns", &schema_markdown(Table::Reports));
    compare_table("dataset", "words", &without_codes(&schema_words_markdown(Table::Domains)));
    compare_table("tlsrpt", "report-words", &schema_words_markdown(Table::Reports));
    let exits: String = EXIT_CODES.iter().map(|(exit, meaning)| format!("| {} | {meaning} |\n", *exit as i32)).collect();
    compare_table("gates", "exit", &format!("| status | meaning |\n|---|---|\n{exits}"));
    let general = TableId::ALL.iter().map(|table| (*table, table.title().unwrap()));
    let all = general.chain(study::TABLES.iter().map(|(table, definition)| (*table, definition.title())));
    let all = all.chain(REPORT_TABLES.iter().map(|table| (table.id, table.title)));
    let tables: String = all.map(|(table, title)| format!("| `{table}` | {title} |\n")).collect();
    compare_table("statistics", "tables", &format!("| table | shows |\n|---|---|\n{tables}"));

    compare_table("options", "options", &options(&stscan::cli::command(), "stscan"));

    let written = include_str!("../data/findings.md");
    let head = written.find("| code |").map_or(written, |table| &written[..table]);
    compare("data/findings.md", &format!("{head}{}", harness::stdout(&harness::expect(0, &["codes", "--markdown"]))));
}

/// The options and arguments of all commands below one, a table for each command and heading.
fn options(command: &Command, path: &str) -> String {
    let of_command = |command: &Command| {
        let path = format!("{path} {}", command.get_name());
        let mut text = String::new();
        let mut shown: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
        // Arguments before options, and options in the order of their headings, as `--help` has them.
        let headings: Vec<Option<&str>> = shown.iter().map(|arg| arg.get_help_heading()).collect();
        shown.sort_by_key(|arg| (!arg.is_positional(), headings.iter().position(|heading| *heading == arg.get_help_heading())));
        if !shown.is_empty() {
            text = format!("## {path}\n\n{}.\n", command.get_about().unwrap());
        }
        for group in shown.chunk_by(|one, other| one.get_help_heading() == other.get_help_heading()) {
            let heading = group[0].get_help_heading().map(|heading| format!("\n{heading}:\n")).unwrap_or_default();
            let rows: String = group.iter().map(|arg| row(arg)).collect();
            text += &format!("{heading}\n| option | meaning | default |\n|---|---|---|\n{rows}");
        }
        format!("{text}\n{}", options(command, &path))
    };
    command.get_subcommands().filter(|command| !command.is_hide_set()).map(of_command).collect()
}

fn row(arg: &Arg) -> String {
    let name = [arg.get_short().map(|short| format!("-{short}")), arg.get_long().map(|long| format!("--{long}"))];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let values = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    let values: Vec<String> = values.into_iter().flatten().map(ToString::to_string).collect();
    let help = arg.get_help().unwrap_or_else(|| panic!("{arg} has no help")).to_string();
    // A default that is no value stands in the text.
    let (meaning, default) = help.split_once(" [default: ").map_or((help.as_str(), ""), |(text, rest)| (text, rest.trim_end_matches(']')));
    let given: Vec<_> = arg.get_default_values().iter().map(|value| value.to_str().unwrap()).collect();
    let default = if given.is_empty() || !arg.get_action().takes_values() { default.to_owned() } else { given.join(", ") };
    let words: Vec<String> = arg.get_possible_values().iter().map(|word| format!("`{}`", word.get_name())).collect();
    let words = if words.is_empty() || !arg.get_action().takes_values() { String::new() } else { format!(" ({})", words.join(", ")) };
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "\\<").replace('*', "\\*").replace('_', "\\_");
    format!("| `{}` | {}{words} | {} |\n", format!("{name} {}", values.join(" ")).trim().replace('|', "\\|"), cell(meaning), cell(&default))
}

/// The words without the codes of the catalogue, of which `codes` makes a table of its own.
fn without_codes(words: &str) -> String {
    let is_code = |line: &&str| catalogue().iter().any(|code| line.contains(&format!("| `{code}` |")));
    words.lines().filter(|line| !is_code(line)).map(|line| format!("{line}\n")).collect()
}

/// Compares a folder with the files that it has to hold, by name; one that is of no command any more goes.
fn compare_folder(folder: &str, expected: &[(String, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    fs::create_dir_all(&path).unwrap();
    expected.iter().for_each(|(name, text)| compare(&format!("{folder}/{name}"), text));
    for entry in fs::read_dir(&path).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if expected.iter().all(|(known, _)| *known != name) {
            assert!(regenerating(), "{folder}/{name} is of nothing: remove it");
            fs::remove_file(path.join(name)).unwrap();
        }
    }
}

/// Of every command and every command below it, as `stscan-lab-write.1`.
#[test]
fn the_man_pages_are_those_of_the_program() {
    let made = tempfile::tempdir().unwrap();
    // Not the revision and the dates, which differ from build to build.
    let command = stscan::cli::command().long_version(env!("CARGO_PKG_VERSION"));
    clap_mangen::generate_to(command, made.path()).unwrap();
    let pages = fs::read_dir(made.path()).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
    });
    let pages: Vec<(String, String)> = pages.collect();
    assert!(pages.iter().any(|(name, page)| name == "stscan-scan.1" && page.contains("resolver")));
    compare_folder("data/man", &pages);
}

/// By the names under which shells look for them.
#[test]
fn the_completions_are_those_of_the_program() {
    let scripts =
        [("bash", "stscan"), ("elvish", "stscan.elv"), ("fish", "stscan.fish"), ("powershell", "_stscan.ps1"), ("zsh", "_stscan")];
    let scripts = scripts.map(|(shell, name)| (name.to_owned(), harness::stdout(&harness::expect(0, &["completions", shell]))));
    compare_folder("data/completions", &scripts);
}

/// A code that has once been released stays: datasets, scripts and papers name it.
#[test]
fn released_codes_stay() {
    let released = include_str!("released_codes.txt");
    let codes: BTreeSet<&str> = catalogue().iter().map(|code| code.as_str()).collect();
    let gone: Vec<&str> = released.lines().filter(|line| !line.starts_with('#') && !codes.contains(line)).collect();
    assert!(gone.is_empty(), "released codes never go and are never renamed: declare {gone:?} again, as reserved if nothing judges them");
    let head: String = released.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let all: String = codes.iter().map(|code| format!("{code}\n")).collect();
    compare("tests/released_codes.txt", &format!("{head}{all}"));
}

#[test]
fn the_readme_has_the_two_commands() {
    for command in ["cargo run --release -- scan --lab data/opendns-top-domains.txt -o census", "cargo test"] {
        assert!(README.lines().any(|line| line == command), "{command} has to stand on a line of its own");
    }
}

#[test]
fn the_notebooks_show_what_their_cells_give() {
    for name in ["adoption", "portfolio"] {
        let file = format!("notebooks/{name}.ipynb");
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
        let notebook: serde_json::Value = serde_json::from_str(&text).unwrap();
        let source = |cell: &serde_json::Value| match &cell["source"] {
            serde_json::Value::Array(lines) => lines.iter().filter_map(serde_json::Value::as_str).collect(),
            text => text.as_str().unwrap_or_default().to_owned(),
        };
        let sources: Vec<String> = notebook["cells"].as_array().unwrap().iter().map(source).collect();
        // As notebooks/execute.py hashes them when it stores the outputs.
        let hashed: String = Sha256::digest(sources.join("\0")).iter().map(|byte| format!("{byte:02x}")).collect();
        let stored = notebook["metadata"]["stscan"]["sources"].as_str().unwrap_or_default();
        assert!(stored == hashed, "{file}: the stored outputs are not of these cells; run notebooks/run --store");
    }
}

#[test]
fn every_option_of_scan_has_a_help_text() {
    let help = harness::stdout(&harness::expect(0, &["scan", "--help"]));
    for option in [
        "--column",
        "--carry",
        "--list-name",
        "--list-id",
        "--registrable",
        "--top",
        "--sample",
        "--seed",
        "--skip",
        "--shard",
        "--exclude",
        "--out",
        "--format",
        "--resolver",
        "--resolvers",
        "--trust-resolvers",
        "--iterative",
        "--root-hints",
        "--dns-port",
        "--retry-rounds",
        "--0x20",
        "--rate",
        "--resolver-rate",
        "--fetch-rate",
        "--host-rate",
        "--concurrency",
        "--fetch-concurrency",
        "--dns-timeout",
        "--dns-tries",
        "--connect-timeout",
        "--fetch-timeout",
        "--https-port",
        "--http-port",
        "--ca-file",
        "--allow-private",
        "--look-around",
        "--no-prune",
        "--workers",
        "--contact",
        "--lab",
        "--progress",
        "--status-file",
        "--metrics-file",
        "--notify-exec",
        "--notify-timeout",
        "--layout",
        "--keep",
        "--source-ip",
        "--interface",
        "--platform-roots",
        "--config",
    ] {
        assert!(help.contains(option), "{option}");
    }
}
