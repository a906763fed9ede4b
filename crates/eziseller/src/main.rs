//! The binary: commands, configuration, telemetry, wiring. The only place that knows every crate.

mod cli;
mod commands;
mod server;
mod settings;
mod shell;
mod telemetry;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use cli::{Cli, Command, EventsCommand, KeysCommand, MemberCommand, ProductCommand, SellerCommand};
use commands::{doctor, export, operate, parse, product, seller, serve, sync};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(&Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Demo(args) => return commands::demo::run(args),
        Command::Sync(args) => return sync::run(args),
        Command::Doctor(args) => return doctor::run(args),
        Command::Serve(args) => serve::run(args)?,
        Command::Seller(args) => match &args.command {
            SellerCommand::Add(args) => seller::add(args)?,
        },
        Command::Member(args) => match &args.command {
            MemberCommand::SetPassword(args) => seller::set_password(args)?,
        },
        Command::Product(args) => match &args.command {
            ProductCommand::Import(args) => product::import(args)?,
        },
        Command::Parse(args) => parse::run(args)?,
        Command::Stats(args) => operate::stats(args)?,
        Command::Export(args) => export::run(args)?,
        Command::Events(args) => match &args.command {
            EventsCommand::List(args) => operate::list_events(args)?,
            EventsCommand::Replay(args) => operate::replay_events(args)?,
        },
        Command::Sandbox(args) => operate::sandbox(args)?,
        Command::Openapi => println!("{}", web::openapi()),
        Command::Backup(args) => operate::backup(args)?,
        Command::Keys(args) => match &args.command {
            KeysCommand::Rotate(args) => operate::rotate_keys(args)?,
        },
    }
    Ok(ExitCode::SUCCESS)
}
