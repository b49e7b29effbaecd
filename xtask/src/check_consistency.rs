//! `cargo xtask check-consistency`: the example of that name, with its options as they are.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use xshell::cmd;

use crate::need::{self, SERVERS};
use crate::project::CONSISTENCY_EXAMPLE;
use crate::step::Step;
use crate::workspace::Workspace;

/// The example reads its own options; so they have one home, and `--help` shows them.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    options: Vec<String>,
}

/// Becomes the example: Ctrl-C and exit codes are its own.
///
/// # Errors
///
/// When it could not be started; else it does not return.
pub(crate) fn run(
    workspace: &Workspace,
    Options { options }: Options,
) -> Result<std::convert::Infallible> {
    need::satisfy(workspace, &SERVERS)?;
    let run = "run --locked --quiet --all-features --example";
    let cargo = cmd!(workspace.sh, "cargo").args(run.split(' '));
    let cargo = cargo.args([CONSISTENCY_EXAMPLE, "--"]).args(options);
    Err(Command::from(cargo).exec()).context("cargo could not be started")
}

/// Returns what CI does of it: a run on each backend, of the same length and seed.
pub(crate) fn steps(workspace: &Workspace) -> [Step<'_>; 2] {
    let sh = &workspace.sh;
    let program = workspace.target("debug/examples").join(CONSISTENCY_EXAMPLE);
    [
        ("consistency", "postgres"),
        ("consistency-mariadb", "mariadb"),
    ]
    .map(|(name, backend)| {
        // With the features that the tests are built with: `cargo run` would build most of what it uses once more.
        let build = cmd!(
            sh,
            "cargo build --workspace --all-features --locked --example"
        );
        Step::new(name, "sessions see what they wrote and saw, whatever fails")
            .needs(SERVERS)
            .run(build.arg(CONSISTENCY_EXAMPLE))
            .run(cmd!(
                sh,
                "{program} --seconds 30 --seed 1 --backend {backend}"
            ))
    })
}
