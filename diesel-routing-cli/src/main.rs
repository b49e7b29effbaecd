//! `diesel-routing` on the command line: `docs/cli.md` has what it does.

mod args;
mod backend;
mod cluster;
mod commands;
mod doctor;
mod export;
mod failure;
mod node;
mod output;
mod survey;
mod verify;

#[cfg(not(any(feature = "mysql", feature = "postgres", feature = "sqlite")))]
compile_error!("turn on one of the features `mysql`, `postgres` and `sqlite`");

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    failure::exit(commands::run(&args::Args::parse()))
}
