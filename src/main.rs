//! The `sourcekeep` command: flags in, library calls, printing, exit codes.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
