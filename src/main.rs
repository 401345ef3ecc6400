//! The `sourcekeep` command: flags in, library calls, printing, exit codes.

mod cli;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A visit is thousands of small allocations on several threads, which the usual allocator of glibc serves slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
