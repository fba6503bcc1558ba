//! The `ashiato` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ashiato::cli::run()
}
