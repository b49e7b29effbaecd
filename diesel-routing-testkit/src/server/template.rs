use std::fs::{self, File};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

use super::workspace::lock;
use super::{Account, Root, ServerError, Workspace};

/// An initialised data directory, shut down cleanly, of which clusters are copies.
#[derive(Debug)]
pub(crate) struct Template {
    dir: PathBuf,
    account: Account,
    /// While it is held, nobody replaces the template.
    _in_use: Option<Flock<File>>,
    /// The place where it was built, if only for one cluster.
    own: Option<Workspace>,
}

impl Template {
    /// Returns the template called `key`, shared by all processes of this user; built at the first call.
    pub(crate) fn cached(
        root: &Root,
        key: &str,
        account: Account,
        build: impl Fn() -> Result<Self, ServerError>,
    ) -> Result<Self, ServerError> {
        let dir = root.path().join(key);
        let lock_file = root.path().join(format!("{key}.lock"));
        loop {
            let in_use = lock(&lock_file, FlockArg::LockShared)?;
            if is_whole(&dir) {
                return Ok(Self {
                    dir,
                    account,
                    _in_use: Some(in_use),
                    own: None,
                });
            }
            drop(in_use);
            let _building = lock(&lock_file, FlockArg::LockExclusive)?;
            if is_whole(&dir) {
                continue;
            }
            // Cleaners of temporary directories take single files away.
            if dir.exists() {
                fs::remove_dir_all(&dir).map_err(ServerError::io("remove", &dir))?;
            }
            let built = build()?;
            fs::rename(&built.dir, &dir).map_err(ServerError::io("move the template to", &dir))?;
        }
    }

    /// Makes the data directory `data`, in `workspace`, a template, which lives no longer than that.
    pub(crate) fn new(
        workspace: &Workspace,
        data: &Path,
        account: Account,
    ) -> Result<Self, ServerError> {
        let dir = workspace.path().join("template");
        fs::create_dir(&dir).map_err(ServerError::io("create", &dir))?;
        let inside = dir.join("data");
        fs::rename(data, &inside).map_err(ServerError::io("move the template to", &inside))?;
        fs::write(dir.join("entries"), count(&inside)?.to_string())
            .map_err(ServerError::io("write to", &dir))?;
        Ok(Self {
            dir,
            account,
            _in_use: None,
            own: None,
        })
    }

    /// Keeps the workspace that the template was made in.
    pub(crate) fn with(mut self, workspace: Workspace) -> Self {
        self.own = Some(workspace);
        self
    }

    /// Copies the data into the empty directory `data`.
    pub(crate) fn copy_to(&self, data: &Path) -> Result<(), ServerError> {
        copy(&self.dir.join("data"), data, self.account)
    }
}

fn is_whole(dir: &Path) -> bool {
    let expected = fs::read_to_string(dir.join("entries"))
        .ok()
        .and_then(|n| n.parse().ok());
    expected.is_some() && expected == count(&dir.join("data")).ok()
}

/// Counts the files and directories below `dir`.
fn count(dir: &Path) -> Result<usize, ServerError> {
    let mut entries = 0;
    for entry in fs::read_dir(dir).map_err(ServerError::io("read", dir))? {
        let entry = entry.map_err(ServerError::io("read", dir))?;
        entries += 1;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            entries += count(&entry.path())?;
        }
    }
    Ok(entries)
}

fn copy(from: &Path, to: &Path, account: Account) -> Result<(), ServerError> {
    for entry in fs::read_dir(from).map_err(ServerError::io("read", from))? {
        let entry = entry.map_err(ServerError::io("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            account.private_dir(&target)?;
            copy(&source, &target, account)?;
        } else {
            fs::copy(&source, &target).map_err(ServerError::io("copy to", &target))?;
            account.own(&target)?;
        }
    }
    Ok(())
}
