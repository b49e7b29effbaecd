use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};

use super::account::Account;
use super::binaries::Binaries;
use super::context::{Context, Topology};
use super::deadline::Deadline;
use super::program;
use super::settings::{self, Settings};
use super::workspace::{Root, Workspace, lock};
use super::{PgError, PgNode};

/// Part of the cache's key; to be raised when what is built here changes.
const FORMAT: u32 = 1;

/// A standby refuses to start with less than its primary had. The template's server has the least,
/// so every cluster may have what it likes.
const LEAST: &[(&str, &str)] = &[
    ("max_connections", "10"),
    ("max_wal_senders", "0"),
    ("max_worker_processes", "0"),
    ("max_prepared_transactions", "0"),
    ("max_locks_per_transaction", "10"),
    ("autovacuum", "off"),
];

/// An initialised data directory with role and database `app`, shut down cleanly. Copies of it are
/// primaries, or, with a `standby.signal`, standbys of such a primary.
#[derive(Debug)]
pub(super) struct Template {
    dir: PathBuf,
    account: Account,
    /// While it is held, nobody replaces the template.
    _in_use: Option<Flock<File>>,
    /// Where it was built, if only for one cluster.
    _own: Option<Workspace>,
}

impl Template {
    /// The template for these binaries and this account, shared by all processes of this user;
    /// built at the first call.
    pub(super) fn cached(
        root: &Root,
        binaries: &Binaries,
        account: Account,
        limit: Duration,
    ) -> Result<Self, PgError> {
        let key = key(binaries, account);
        let dir = root.path().join(&key);
        let lock_file = root.path().join(format!("{key}.lock"));
        loop {
            let in_use = lock(&lock_file, FlockArg::LockShared)?;
            if is_whole(&dir) {
                return Ok(Self {
                    dir,
                    account,
                    _in_use: Some(in_use),
                    _own: None,
                });
            }
            drop(in_use);
            let _building = lock(&lock_file, FlockArg::LockExclusive)?;
            if is_whole(&dir) {
                continue;
            }
            // Cleaners of temporary directories take single files away.
            if dir.exists() {
                fs::remove_dir_all(&dir).map_err(PgError::io("remove", &dir))?;
            }
            let built = Self::build(root, binaries, account, limit)?;
            fs::rename(&built.dir, &dir).map_err(PgError::io("move the template to", &dir))?;
        }
    }

    /// A template for one cluster, with a system identifier that no other has.
    pub(super) fn build(
        root: &Root,
        binaries: &Binaries,
        account: Account,
        limit: Duration,
    ) -> Result<Self, PgError> {
        let context = Arc::new(Context {
            binaries: binaries.clone(),
            account,
            workspace: Workspace::create(root)?,
            limit,
            topology: Topology::new(1),
        });
        let least = LEAST
            .iter()
            .map(|&(name, value)| (name.into(), value.into()));
        let node = PgNode::create(0, &context, Settings::from_iter(least))?;
        initialise(&node)?;
        let dir = context.workspace.path().join("template");
        fs::create_dir(&dir).map_err(PgError::io("create", &dir))?;
        let data = dir.join("data");
        fs::rename(node.data_dir(), &data).map_err(PgError::io("move the template to", &data))?;
        fs::write(dir.join("entries"), count(&data)?.to_string())
            .map_err(PgError::io("write to", &dir))?;
        drop(node);
        let own = Arc::into_inner(context).map(|context| context.workspace);
        Ok(Self {
            dir,
            account,
            _in_use: None,
            _own: own,
        })
    }

    /// Copies the data into the empty directory `data`.
    pub(super) fn copy_to(&self, data: &Path) -> Result<(), PgError> {
        copy(&self.dir.join("data"), data, self.account)
    }
}

fn initialise(node: &PgNode) -> Result<(), PgError> {
    let Context {
        binaries,
        account,
        workspace,
        limit,
        ..
    } = &*node.context;
    let mut initdb = binaries.command("initdb", *account);
    initdb
        .args([
            "--no-sync",
            "--no-instructions",
            "--auth=trust",
            "--username=postgres",
        ])
        .args(["--encoding=UTF8", "--locale=C", "--pgdata"])
        .arg(node.data_dir());
    program::run(
        "initdb",
        initdb,
        &workspace.path().join("initdb.log"),
        *limit,
    )?;
    settings::write_access(node.data_dir(), *account)?;
    node.start()?;
    for sql in ["CREATE ROLE app LOGIN", "CREATE DATABASE app OWNER app"] {
        let deadline = Deadline::after(*limit);
        node.login("postgres", "postgres")
            .rows(sql, deadline)
            .map_err(|failure| node.failed(failure, "creating database `app`", deadline))?;
    }
    node.stop()
}

fn key(binaries: &Binaries, account: Account) -> String {
    let mut hasher = DefaultHasher::new();
    (FORMAT, &binaries.version, binaries.dir(), account.uid()).hash(&mut hasher);
    format!("template-{}-{:016x}", binaries.major(), hasher.finish())
}

fn is_whole(dir: &Path) -> bool {
    let expected = fs::read_to_string(dir.join("entries"))
        .ok()
        .and_then(|n| n.parse().ok());
    expected.is_some() && expected == count(&dir.join("data")).ok()
}

/// The number of files and directories below `dir`.
fn count(dir: &Path) -> Result<usize, PgError> {
    let mut entries = 0;
    for entry in fs::read_dir(dir).map_err(PgError::io("read", dir))? {
        let entry = entry.map_err(PgError::io("read", dir))?;
        entries += 1;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            entries += count(&entry.path())?;
        }
    }
    Ok(entries)
}

fn copy(from: &Path, to: &Path, account: Account) -> Result<(), PgError> {
    for entry in fs::read_dir(from).map_err(PgError::io("read", from))? {
        let entry = entry.map_err(PgError::io("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            account.private_dir(&target)?;
            copy(&source, &target, account)?;
        } else {
            fs::copy(&source, &target).map_err(PgError::io("copy to", &target))?;
            account.own(&target)?;
        }
    }
    Ok(())
}
