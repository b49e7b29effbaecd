//! `watch`.

use crate::cluster::ClusterArgs;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// The options of `watch`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Runs the command.
pub(crate) async fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let cluster = options.cluster.read()?;
    out.line(format!("{:?}", cluster.kind))?;
    Ok(Outcome::Fine)
}
