//! `completions` and `man`: what is written from the command line's own description.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// The options of `completions`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The shell that reads it
    shell: Shell,
}

/// Writes a completion script.
pub(crate) fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Args::command(), NAME, &mut script);
    out.raw(&script)?;
    Ok(Outcome::Fine)
}

/// Writes the manual page.
pub(crate) fn man(out: &mut Output) -> Result<Outcome, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    out.raw(&page)?;
    Ok(Outcome::Fine)
}

const NAME: &str = "diesel-routing";
