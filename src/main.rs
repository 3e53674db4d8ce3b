//! The command `stscan`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    stscan::cli::main(std::env::args_os())
}
