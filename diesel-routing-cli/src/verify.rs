//! `verify`: evidence under load.

use crate::cluster::ClusterArgs;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// The options of `verify`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Runs the command.
pub(crate) async fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let _ = (options.cluster.read()?, out);
    Err(Failure::Other("`verify` is not there yet".to_owned()))
}
