//! The documents say what the code does: tables of columns, codes and exit statuses are compared with it.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use stscan::analyse::stats::TableId;
use stscan::cli::EXIT_CODES;
use stscan::dataset::schema_markdown;
use stscan::study;

const README: &str = include_str!("../README.md");

/// The text between two markers of the README.
fn between(begin: &str, end: &str) -> &'static str {
    let start = README.find(begin).unwrap_or_else(|| panic!("README has no {begin}"));
    let text = &README[start..];
    let text = &text[text.find("-->").unwrap() + 3..];
    text[..text.find(end).unwrap()].trim()
}

#[test]
fn the_readme_lists_the_columns() {
    let flat: String = schema_markdown().lines().filter(|line| !line.starts_with("| `evidence.")).map(|line| format!("{line}\n")).collect();
    assert_eq!(
        between("<!-- columns: begin", "<!-- columns: end"),
        flat.trim(),
        "paste the output of `stscan schema --markdown`, nested fields of evidence left out"
    );
}

#[test]
fn the_readme_lists_the_exit_statuses() {
    let rows: String = EXIT_CODES.iter().map(|(exit, meaning)| format!("| {} | {meaning} |\n", *exit as i32)).collect();
    assert_eq!(between("<!-- exit: begin", "<!-- exit: end"), format!("| status | meaning |\n|---|---|\n{}", rows.trim()));
}

#[test]
fn the_readme_lists_the_tables() {
    let general = TableId::ALL.iter().map(|table| (*table, table.title().unwrap()));
    let all = general.chain(study::TABLES.iter().map(|(table, definition)| (*table, definition.title())));
    let rows: String = all.map(|(table, title)| format!("| `{table}` | {title} |\n")).collect();
    assert_eq!(between("<!-- tables: begin", "<!-- tables: end"), format!("| table | shows |\n|---|---|\n{}", rows.trim()));
}

#[test]
fn the_findings_are_written_down() {
    let printed = harness::stdout(&harness::expect(0, &["codes", "--markdown"]));
    let written = include_str!("../data/findings.md");
    assert!(written.ends_with(&printed), "data/findings.md has to end with the output of `stscan codes --markdown`");
}

#[test]
fn the_readme_has_the_two_commands() {
    for command in ["cargo run --release -- scan --lab data/opendns-top-domains.txt -o census", "cargo test"] {
        assert!(README.lines().any(|line| line == command), "{command} has to stand on a line of its own");
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
        "--config",
    ] {
        assert!(help.contains(option), "{option}");
    }
}
