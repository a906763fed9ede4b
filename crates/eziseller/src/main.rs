//! The binary: commands, configuration, telemetry, wiring. The only place that knows every crate.

mod cli;
mod commands {
    pub(crate) mod parse;
}

use clap::Parser;
use cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Parse(args) => commands::parse::run(args),
        other => Err(anyhow::anyhow!("{other:?}")),
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
