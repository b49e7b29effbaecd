//! Programs of the Rust world that the steps use: from `PATH`, else from a prebuilt wheel, else built from
//! their crates.

use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::cmd;

use crate::apt;
use crate::workspace::Workspace;

/// Pinned versions with their hashes, in pip's requirements format.
const PINS: &str = include_str!("../tools.txt");

/// What precedes a program's name in `tools.txt`: a wheel's name begins so, or the line is a comment.
const PREFIXES: [&str; 2] = ["astral-dev-toolchain-", "# "];

/// Installs the tools that are not there.
///
/// # Errors
///
/// Names the tool that no route could install.
pub(crate) fn install(workspace: &Workspace, mut tools: Vec<&str>) -> Result<()> {
    tools.retain(|tool| !is_there(workspace, tool));
    let has_wheel = |tool: &&str| pin(tool).is_some_and(|(name, _)| !name.starts_with('#'));
    if tools.iter().any(has_wheel)
        && let Err(error) = install_wheels(workspace)
    {
        println!("no prebuilt tools: {error:#}");
    }
    tools.retain(|tool| !is_there(workspace, tool));
    tools.iter().try_for_each(|tool| build(workspace, tool))
}

/// Makes a Python of our own, with pip.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf> {
    apt::install(workspace, &["python"])?;
    let venv = workspace.target("tools/venv");
    cmd!(workspace.sh, "python3 -m venv {venv}").quiet().run()?;
    Ok(venv.join("bin/python"))
}

/// Returns whether a tool is on the user's `PATH` in any version, or in our own directory in the pinned one.
fn is_there(workspace: &Workspace, tool: &str) -> bool {
    let installed = || workspace.sh.read_file(installed_pins(workspace));
    workspace.find_program(tool).is_some_and(|program| {
        !program.starts_with(workspace.target("tools/venv"))
            || installed().is_ok_and(|pins| pins == PINS)
    })
}

fn install_wheels(workspace: &Workspace) -> Result<()> {
    let sh = &workspace.sh;
    let python = python(workspace)?;
    let pins = workspace.root().join("xtask/tools.txt");
    cmd!(sh, "{python} -m pip install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes --requirement {pins}").run()?;
    Ok(sh.write_file(installed_pins(workspace), PINS)?)
}

fn build(workspace: &Workspace, tool: &str) -> Result<()> {
    let (_, version) = pin(tool).with_context(|| format!("tools.txt does not list {tool}"))?;
    let root = workspace.target("tools");
    let krate = if tool == "typos" { "typos-cli" } else { tool };
    // A web server that shows the book as it changes is half of mdBook's time to build.
    let features: &[_] = match tool {
        "mdbook" => &["--no-default-features", "--features", "search"],
        _ => &[],
    };
    cmd!(
        workspace.sh,
        "cargo install --locked --root {root} --version {version} {krate} {features...}"
    )
    .run()
    .with_context(|| format!("{tool} could not be installed"))
}

/// Returns the path of the `tools.txt` that was installed last.
fn installed_pins(workspace: &Workspace) -> PathBuf {
    workspace.target("tools/venv/tools.txt")
}

/// Returns the name in `tools.txt`, and the version.
fn pin(tool: &str) -> Option<(&'static str, &'static str)> {
    let pins = PINS.lines().filter_map(|line| line.split_once("=="));
    let mut named = pins.filter(|(name, _)| {
        let prefix = name.strip_suffix(tool);
        prefix.is_some_and(|prefix| prefix.is_empty() || PREFIXES.contains(&prefix))
    });
    let (name, rest) = named.next()?;
    Some((name, rest.split_whitespace().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need::{DENY, HACK, HYPERFINE, MDBOOK, NEXTEST, Need, SEMVER_CHECKS, TYPOS};

    #[test]
    fn every_tool_has_a_pinned_version() {
        for need in [NEXTEST, TYPOS, DENY, HACK, HYPERFINE, MDBOOK, SEMVER_CHECKS] {
            let Need::Tool(tool) = need else {
                panic!("{need:?} is not a tool")
            };
            let (_, version) = pin(tool).unwrap();
            assert_eq!(
                version.split('.').count(),
                3,
                "{tool} has version {version}"
            );
        }
    }
}
