//! The command line: arguments in, exit status out.

mod args;
mod check;
mod codes;
mod completions;
mod config;
mod confusion;
mod diff;
mod exit;
mod expect;
mod export;
mod filter;
mod gate;
mod lab;
mod lint;
mod manual;
mod merge;
mod notify;
mod options;
mod own_folder;
mod plan;
mod proxies;
mod publish;
mod reclassify;
mod report;
mod scan;
mod schema;
mod shard;
mod signals;
mod split;
mod stats;
mod summary;
mod telling;
mod tlsrpt;
mod values;
mod verify;

use std::error::Error as _;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches};

use self::args::{Arguments, Command};
pub use self::exit::EXIT_CODES;
use self::exit::Exit;
#[doc(hidden)]
pub use self::lint::{Kind as LintKind, render as render_lint};
use crate::manual::chapters_of;
use crate::ui::text::safe;

/// Runs the program with the arguments of a process, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    signals::survive_file_limit();
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match command().try_get_matches_from(&typed).and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            if let Some(sentence) = wrong_value(&error) {
                let _ = writeln!(anstream::stderr().lock(), "stscan: {sentence}");
                return Exit::Usage.into();
            }
            // Help and version go to standard output and are no failure; a closed pipe is none either.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let result = match arguments.command {
        Command::Scan(options) => scan::run(*options, scan::command(&typed)),
        Command::Check(options) => check::run(*options),
        Command::Lint(options) => lint::run(&options),
        Command::Explain(options) => codes::explain(&options),
        Command::Codes(options) => codes::list(&options),
        Command::Stats(options) => stats::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::Reclassify(options) => reclassify::run(&options),
        Command::Export(options) => export::run(&options),
        Command::Report(options) => match &options.split_by {
            Some(column) => split::run(&options, column),
            None => report::run(&options),
        },
        Command::Publish(options) => publish::run(*options),
        Command::Tlsrpt(options) => tlsrpt::run(&options),
        Command::Merge(options) => merge::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Schema(options) => schema::run(&options),
        Command::Lab(options) => lab::run(options),
        Command::Manual(options) => manual::run(&options),
        Command::Completions(options) => completions::run(options.shell, &mut command()),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) if failure.is_closed_pipe() => Exit::Done.into(),
        Err(failure) => {
            let _ = writeln!(anstream::stderr().lock(), "stscan: {failure}");
            failure.exit().into()
        }
    }
}

/// The program's arguments as clap has them: completions and man pages are made of them. The help of each command ends with the chapters of
/// the manual that say more.
pub fn command() -> clap::Command {
    let command = Arguments::command();
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.iter().fold(command, |command, name| command.mut_subcommand(name, with_chapters))
}

/// A command with the chapters of the manual below its help.
fn with_chapters(command: clap::Command) -> clap::Command {
    let chapters: Vec<&str> = chapters_of(command.get_name()).map(|chapter| chapter.name).collect();
    if chapters.is_empty() {
        return command;
    }
    let before = command.get_after_help().map_or_else(String::new, |help| format!("{help}\n\n"));
    command.after_help(format!("{before}Chapters of the manual (stscan manual CHAPTER): {}.", chapters.join(", ")))
}

/// The sentence about a value that an option cannot have, as `--config` words it; `None` for all other errors.
fn wrong_value(error: &clap::Error) -> Option<String> {
    let context = |kind| if let Some(ContextValue::String(text)) = error.get(kind) { Some(text.as_str()) } else { None };
    let option = context(ContextKind::InvalidArg)?.split(' ').next()?;
    let why = error.source()?;
    Some(format!("{option} {}: {why}", safe(context(ContextKind::InvalidValue)?)))
}
