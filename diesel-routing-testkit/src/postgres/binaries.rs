use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(feature = "docker")]
use std::time::Duration;

#[cfg(feature = "docker")]
use super::ending::ENDING;

use crate::ServerError;
use crate::server::{Account, Place, clean, searched};
#[cfg(feature = "docker")]
use crate::server::{Network, Root, ServerImage};

/// The oldest major version with `pg_get_wal_replay_pause_state`.
const OLDEST: u32 = 14;
const OLDEST_NAME: &str = "14";

/// The environment variable that names a directory.
const VARIABLE: &str = "PG_BINDIR";

const NEEDED: &[&str] = &["postgres", "initdb", "pg_basebackup"];

/// The directory of servers on Debian and Ubuntu, with one directory per major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The image that servers in containers are run from.
#[cfg(feature = "docker")]
const IMAGE: &str = "postgres:17";
#[cfg(feature = "docker")]
const IMAGE_VARIABLE: &str = "DIESEL_ROUTING_POSTGRES_IMAGE";

/// One PostgreSQL server's programs.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) place: Place,
    /// As the server prints it, for example `postgres (PostgreSQL) 15.18`.
    pub(super) version: String,
}

impl Binaries {
    /// Finds the programs: in `explicit`, else in `$PG_BINDIR`, else in the first of `PATH` and
    /// `/usr/lib/postgresql/*/bin` (newest first) with a server in it.
    pub(super) fn find(explicit: Option<&Path>) -> Result<Self, ServerError> {
        let candidates = candidates(explicit);
        let Some(dir) = candidates.iter().find_map(|dir| server_in(dir)) else {
            return Err(ServerError::NoServer {
                server: "PostgreSQL",
                searched: searched(&candidates),
                variable: VARIABLE,
                method: "bin_dir",
            });
        };
        let version = version(&dir)?;
        Self::checked(Place::Dir(dir), version)
    }

    /// Takes the programs of `$DIESEL_ROUTING_POSTGRES_IMAGE`, else of the official image.
    #[cfg(feature = "docker")]
    pub(super) fn in_image(
        root: &Root,
        account: Account,
        limit: Duration,
    ) -> Result<Self, ServerError> {
        let image = ServerImage::find(IMAGE_VARIABLE, IMAGE, Network::None)?;
        let version = image.version(&["postgres"], root, &ENDING, account, limit)?;
        Self::checked(Place::Image(image), version)
    }

    fn checked(place: Place, version: String) -> Result<Self, ServerError> {
        if major(&version).is_none_or(|major| major < OLDEST) {
            return Err(ServerError::TooOld {
                version,
                oldest: OLDEST_NAME,
                bin_dir: place.name().to_owned(),
            });
        }
        Ok(Self { place, version })
    }

    pub(super) fn major(&self) -> u32 {
        major(&self.version).unwrap_or(OLDEST)
    }

    /// Returns a command that runs `program` as `account`, untouched by the caller's `PG*` variables.
    pub(super) fn command(&self, program: &str, account: Account) -> Command {
        let mut command = self.place.command(program.as_ref());
        // Relocated installations carry their own libpq, and the WAL receiver fails with another.
        if let Place::Dir(dir) = &self.place
            && let Some(lib) = dir.parent().map(|root| root.join("lib"))
            && lib.join("libpq.so.5").exists()
        {
            command.env("LD_LIBRARY_PATH", lib);
        }
        account.run_as(&mut command);
        command
    }
}

fn candidates(explicit: Option<&Path>) -> Vec<PathBuf> {
    if let Some(dir) = explicit {
        return vec![dir.to_owned()];
    }
    if let Some(dir) = env::var_os(VARIABLE).filter(|dir| !dir.is_empty()) {
        return vec![PathBuf::from(dir)];
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = env::split_paths(&path).collect();
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| Some((number(&entry.file_name())?, entry.path().join("bin"))))
        .collect();
    versions.sort_by(|a, b| b.cmp(a));
    dirs.extend(versions.into_iter().map(|(_, dir)| dir));
    dirs
}

fn number(name: &OsStr) -> Option<u32> {
    name.to_str()?.parse().ok()
}

/// Returns the directory in which `dir`'s server really is: `PATH` may hold links to some of its programs.
fn server_in(dir: &Path) -> Option<PathBuf> {
    let real = dir
        .join("postgres")
        .canonicalize()
        .ok()?
        .parent()?
        .to_owned();
    NEEDED
        .iter()
        .all(|program| real.join(program).is_file())
        .then_some(real)
}

fn version(dir: &Path) -> Result<String, ServerError> {
    let program = dir.join("postgres");
    let output = clean(&program)
        .arg("--version")
        .output()
        .map_err(ServerError::io("run", &program))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns the first number after `PostgreSQL)`: 15 for `postgres (PostgreSQL) 15.18 (Debian ..)`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("PostgreSQL)")?.1.trim_start();
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read_from_releases_betas_and_packages() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres (EnterpriseDB) x"), None);
    }
}
