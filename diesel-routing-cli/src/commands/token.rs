//! `token`.

use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// The options of `token`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The token, or `-` to read it from the standard input
    token: String,
}

/// Runs the command.
pub(crate) fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    out.line(&options.token)?;
    Ok(Outcome::Fine)
}
