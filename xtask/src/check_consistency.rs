//! `cargo xtask check-consistency`: the example of that name, with its options as they are.

use anyhow::{Context, Result};
use clap::Args;

use crate::invocation::Invocation;
use crate::need;
use crate::step::{Step, Verdict};
use crate::test::NEEDS;
use crate::workspace::Workspace;

const EXAMPLE: &str = "run --locked --quiet --all-features --example check_consistency --";

/// The seed that CI runs with.
const SEED: &str = "1";

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
pub(crate) fn run(workspace: &Workspace, options: Options) -> Result<std::convert::Infallible> {
    need::satisfy(workspace, &NEEDS)?;
    let invocation = Invocation::cargo(EXAMPLE).args(options.options);
    let mut command = invocation.command(workspace)?;
    let error = replace(&mut command);
    Err(error).with_context(|| invocation.not_started())
}

/// What CI does of it: a run on each backend.
pub(crate) fn steps() -> [Step; 2] {
    let steps = [
        Step::check(
            "consistency",
            "sessions see what they wrote and saw, whatever fails",
            on_postgres,
        ),
        Step::check(
            "consistency-mariadb",
            "the same on MariaDB, by GTID",
            on_mariadb,
        ),
    ];
    steps.map(|step| step.needs(NEEDS))
}

fn on_postgres(workspace: &Workspace) -> Result<Verdict> {
    check_on("postgres", workspace)
}

fn on_mariadb(workspace: &Workspace) -> Result<Verdict> {
    check_on("mariadb", workspace)
}

fn check_on(backend: &str, workspace: &Workspace) -> Result<Verdict> {
    // With the features that the tests are built with: `cargo run` would build most of what it uses once more.
    Invocation::cargo("build --workspace --all-features --locked --example check_consistency")
        .run(workspace)?;
    let program = workspace
        .target_dir()
        .join("debug/examples/check_consistency");
    Invocation::new(program.display().to_string())
        .args(["--seconds", "30", "--seed", SEED, "--backend", backend])
        .run(workspace)?;
    Ok(Verdict::Passed { notes: Vec::new() })
}

#[cfg(unix)]
fn replace(command: &mut std::process::Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

#[cfg(not(unix))]
fn replace(_: &mut std::process::Command) -> std::io::Error {
    std::io::Error::new(
        std::io::ErrorKind::Unsupported,
        "it starts clusters of servers, which needs Linux",
    )
}
