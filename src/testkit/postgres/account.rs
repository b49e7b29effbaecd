use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Uid, User};

use super::PgError;

/// The operating system account that servers and their tools run as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    /// `None`: this process's own account.
    other: Option<(u32, u32)>,
}

impl Account {
    /// This process's account, or, for root, `postgres`, else `nobody`.
    pub(super) fn find() -> Result<Self, PgError> {
        if !Uid::effective().is_root() {
            return Ok(Self { other: None });
        }
        // The server looks its own uid up, so it has to be one the system knows.
        let user = ["postgres", "nobody"]
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .ok_or(PgError::NoAccount)?;
        Ok(Self {
            other: Some((user.uid.as_raw(), user.gid.as_raw())),
        })
    }

    pub(super) fn uid(self) -> u32 {
        self.other
            .map_or_else(|| Uid::effective().as_raw(), |(uid, _)| uid)
    }

    /// Makes `command` run as this account.
    pub(super) fn run_as(self, command: &mut Command) {
        if let Some((uid, gid)) = self.other {
            command.uid(uid).gid(gid);
        }
    }

    /// Gives one file or directory to this account.
    pub(super) fn own(self, path: &Path) -> Result<(), PgError> {
        self.chown(path)
            .map_err(PgError::io("change the owner of", path))
    }

    pub(super) fn chown(self, path: &Path) -> io::Result<()> {
        match self.other {
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }

    /// Creates a directory that only this account (and root) can enter.
    pub(super) fn private_dir(self, path: &Path) -> Result<(), PgError> {
        fs::create_dir(path).map_err(PgError::io("create", path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(PgError::io("set the permissions of", path))?;
        self.own(path)
    }
}
