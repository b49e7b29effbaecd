//! The smallest applications: what a clean check of each takes, with all that it depends on.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::cmd;

use crate::workspace::Workspace;

/// The manifest of an application that uses async PostgreSQL with a pool.
const MANIFEST: &str = include_str!("../../sample/minimal.txt");

/// The applications, the plain one first.
pub(super) const PACKAGES: [&str; 2] = ["minimal-plain", "minimal-routed"];

/// Writes the applications into `dir`, and has hyperfine time the check of each from nothing; returns the file with the times.
pub(super) fn time(workspace: &Workspace, dir: &Path, rounds: u16) -> Result<PathBuf> {
    let sh = &workspace.sh;
    let results = dir.join("times-of-minimal.json");
    let mut hyperfine = cmd!(sh, "hyperfine --export-json {results} --runs")
        .arg(rounds.to_string())
        .env("CARGO_INCREMENTAL", "0");
    for package in PACKAGES {
        let dir = dir.join(package);
        let root = workspace.root();
        let ours = match package {
            "minimal-routed" => format!("diesel-routing = {{ path = {root:?} }}\n"),
            _ => String::new(),
        };
        sh.write_file(
            dir.join("Cargo.toml"),
            MANIFEST.replace("{package}", package) + &ours,
        )?;
        sh.write_file(dir.join("src/main.rs"), "fn main() {}\n")?;
        // The versions that the project itself was tested with.
        sh.copy_file(workspace.root().join("Cargo.lock"), dir.join("Cargo.lock"))?;
        let (manifest, target) = (dir.join("Cargo.toml"), dir.join("target"));
        // Nothing is downloaded while it is timed.
        cmd!(sh, "cargo fetch --quiet --manifest-path {manifest}").run()?;
        let (manifest, target) = (manifest.display(), target.display());
        hyperfine = hyperfine.args([
            "--command-name".to_owned(),
            package.to_owned(),
            "--prepare".to_owned(),
            format!("rm -rf '{target}'"),
            format!("cargo check --quiet --manifest-path '{manifest}' --target-dir '{target}'"),
        ]);
    }
    hyperfine.run()?;
    Ok(results)
}
