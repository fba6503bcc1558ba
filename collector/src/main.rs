//! The `ashiato` command.

use std::process::ExitCode;

/// What a call holds is made by one thread and let go by another, which the system's own allocator has locks for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ashiato::cli::run()
}
