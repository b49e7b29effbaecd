use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

#[cfg(feature = "docker")]
use nix::unistd::Gid;
use nix::unistd::{Uid, User};

use super::ServerError;

/// The operating system account that servers and their tools run as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    /// `None`: this process's own account.
    other: Option<(u32, u32)>,
}

impl Account {
    /// Finds this process's account, or, for root, the first of `names` that exists.
    pub(crate) fn find(server: &'static str, names: &[&str]) -> Result<Self, ServerError> {
        if !Uid::effective().is_root() {
            return Ok(Self { other: None });
        }
        // The server looks its own uid up, so it has to be one the system knows.
        let user = names
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .ok_or_else(|| ServerError::NoAccount {
                server,
                accounts: names.join(", "),
            })?;
        Ok(Self {
            other: Some((user.uid.as_raw(), user.gid.as_raw())),
        })
    }

    pub(crate) fn uid(self) -> u32 {
        self.other
            .map_or_else(|| Uid::effective().as_raw(), |(uid, _)| uid)
    }

    #[cfg(feature = "docker")]
    pub(crate) fn gid(self) -> u32 {
        self.other
            .map_or_else(|| Gid::effective().as_raw(), |(_, gid)| gid)
    }

    /// Makes `command` run as this account.
    pub(crate) fn run_as(self, command: &mut Command) {
        if let Some((uid, gid)) = self.other {
            command.uid(uid).gid(gid);
        }
    }

    /// Gives one file or directory to this account.
    pub(crate) fn own(self, path: &Path) -> Result<(), ServerError> {
        self.chown(path)
            .map_err(ServerError::io("change the owner of", path))
    }

    pub(crate) fn chown(self, path: &Path) -> io::Result<()> {
        match self.other {
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }

    /// Creates a directory that only this account (and root) can enter.
    pub(crate) fn private_dir(self, path: &Path) -> Result<(), ServerError> {
        fs::create_dir(path).map_err(ServerError::io("create", path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(ServerError::io("set the permissions of", path))?;
        self.own(path)
    }
}
