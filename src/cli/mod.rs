//! The command line: arguments in, exit status out.

mod args;
mod check;
mod codes;
mod completions;
mod confusion;
mod diff;
mod exit;
mod export;
mod fix;
mod lab;
mod lint;
mod options;
mod plan;
mod reclassify;
mod report;
mod scan;
mod schema;
mod signals;
mod stats;
mod summary;
mod verify;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use self::args::{Arguments, Command};
pub use self::exit::EXIT_CODES;
use self::exit::Exit;
#[doc(hidden)]
pub use self::lint::{Kind as LintKind, render as render_lint};

/// Runs the program with the arguments of a process, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    signals::survive_file_limit();
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(error) => {
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
        Command::Report(options) => report::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Schema(options) => schema::run(&options),
        Command::Lab(options) => lab::run(options),
        Command::Completions(options) => completions::run(options.shell, &mut Arguments::command()),
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
