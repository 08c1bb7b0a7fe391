//! The binary `freehold`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    registry::arenas::share();
    registry::cli::run(std::env::args_os().collect())
}
