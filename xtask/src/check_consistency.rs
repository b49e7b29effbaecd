//! `cargo xtask check-consistency`: the example of that name, with its options as they are.

use std::convert::Infallible;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

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

/// The example's own exit code for a run that says nothing; 1 is a violation.
const FAILED: u8 = 3;

/// Becomes the example: Ctrl-C and exit codes are its own. Returns only when it could not be started.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> ExitCode {
    let Err(error) = become_example(workspace, options);
    eprintln!("error: {error:#}");
    ExitCode::from(FAILED)
}

fn become_example(workspace: &Workspace, options: &Options) -> Result<Infallible> {
    need::satisfy(workspace, &SERVERS)?;
    let cargo = cmd!(workspace.sh, "cargo run --locked --quiet --all-features");
    let cargo = cargo.args(["--example", CONSISTENCY_EXAMPLE, "--"]);
    Err(Command::from(cargo.args(&options.options)).exec()).context("cargo could not be started")
}

/// Returns what CI does of it, on one backend.
pub(crate) fn step<'a>(workspace: &'a Workspace, name: &str, backend: &str) -> Step<'a> {
    let (sh, example) = (&workspace.sh, CONSISTENCY_EXAMPLE);
    let program = workspace.target("debug/examples").join(example);
    // With the features that the tests are built with: `cargo run` would build most of what it uses once more.
    let build = cmd!(sh, "cargo build --workspace --all-features --locked");
    Step::new(name, "sessions see what they wrote and saw, whatever fails")
        .needs(SERVERS)
        .run(build.args(["--example", example]))
        .run(cmd!(
            sh,
            "{program} --seconds 30 --seed 1 --backend {backend}"
        ))
}
