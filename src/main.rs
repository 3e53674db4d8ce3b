//! The command `stscan`: everything is in the library.

use std::process::ExitCode;

/// A scan takes memory in one thread and frees it in another, for hours. What glibc's allocator keeps of that grew without end where little
/// was in use; this one gives it back. Without huge pages (Cargo.toml), of each of which a scan of slow hosts came to use a corner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stscan::cli::main(std::env::args_os())
}
