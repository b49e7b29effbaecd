//! `export`: rules for proxies.

use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// The options of `export`.
#[derive(clap::Args)]
pub(crate) struct Options {}

/// Runs the command.
pub(crate) fn run(_: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let _ = out;
    Err(Failure::Other("`export` is not there yet".to_owned()))
}
