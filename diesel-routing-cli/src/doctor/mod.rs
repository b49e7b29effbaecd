//! `doctor`: what is wrong with a cluster, and what to do.

use crate::cluster::ClusterArgs;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// The options of `doctor`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Runs the command.
pub(crate) async fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let _ = (options.cluster.read()?, out);
    Err(Failure::Other("`doctor` is not there yet".to_owned()))
}
