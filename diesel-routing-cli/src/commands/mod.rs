//! The commands.

pub(crate) mod completions;
mod doctor;
mod export;
pub(crate) mod status;
pub(crate) mod token;
mod verify;
pub(crate) mod watch;

use std::future::Future;

use crate::args::{Args, Command};
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// Runs the command that the user has asked for.
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let mut out = Output::new(&args.look);
    let out = &mut out;
    match &args.command {
        Command::Status(options) => wait(status::run(options, out)),
        Command::Watch(options) => wait(watch::run(options, out)),
        Command::Token(options) => token::run(options, out),
        Command::Doctor(options) => wait(doctor::run(options, out)),
        Command::Export(options) => export::run(options, out),
        Command::Verify(options) => wait(verify::run(options, out)),
        Command::Completions(options) => completions::run(options, out),
        Command::Man => completions::man(out),
    }
}

/// Runs a command that asks servers.
fn wait(command: impl Future<Output = Result<Outcome, Failure>>) -> Result<Outcome, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::other(&error))?;
    let outcome = runtime.block_on(command);
    // What still waits for a server that does not answer keeps nobody from leaving.
    runtime.shutdown_background();
    outcome
}
