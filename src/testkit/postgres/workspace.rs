use std::env;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::statvfs::statvfs;
use nix::unistd::Uid;

use super::PgError;
use super::account::Account;

/// Directories of clusters start with this; what follows is random.
const PREFIX: &str = "drpg-";

/// The room for a unix socket's path in `sockaddr_un`, without the final zero.
const SOCKET_PATH: usize = 107;

const CLEANUP: &str = include_str!("cleanup.sh");

/// The directory under which this user's clusters and templates live.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
}

impl Root {
    /// `diesel-routing-<uid>` in `base`, else in memory, else in the temporary directory.
    pub(super) fn open(base: Option<&Path>, account: Account) -> Result<Self, PgError> {
        let base = base.map_or_else(default_base, Path::to_owned);
        let base = base.canonicalize().map_err(PgError::io("open", &base))?;
        let uid = Uid::effective().as_raw();
        let path = base.join(format!("diesel-routing-{uid}"));
        let refuse = |reason| {
            Err(PgError::WorkDir {
                path: path.clone(),
                reason,
            })
        };

        let longest = path.join(PREFIX).as_os_str().len() + "XXXXXXXX/link99/.s.PGSQL.5432".len();
        if longest > SOCKET_PATH {
            return refuse("its path is too long for unix sockets");
        }
        if account.uid() != uid && !base.ancestors().all(is_open_to_others) {
            return refuse("it is closed to the account that the servers run as");
        }
        match DirBuilder::new().mode(0o711).create(&path) {
            Ok(()) => open_to_servers(&path)?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(PgError::io("create", &path)(error)),
        }
        // Temporary directories are shared: somebody else may have taken the name.
        let found = fs::symlink_metadata(&path).map_err(PgError::io("look at", &path))?;
        if !found.is_dir() || found.uid() != uid || found.mode() & 0o022 != 0 {
            return refuse("it belongs to somebody else");
        }
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what killed processes left behind.
    pub(super) fn sweep(&self) -> Result<(), PgError> {
        let _creating = lock(&self.path.join("lock"), FlockArg::LockExclusive)?;
        let entries = fs::read_dir(&self.path).map_err(PgError::io("read", &self.path))?;
        for entry in entries.filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                sweep(&entry.path());
            }
        }
        Ok(())
    }
}

/// `$TMPDIR` if it is set, else `/dev/shm` if it has room for some clusters, else `/tmp`.
///
/// A node is some 1,300 small files: on disk, making and removing them is what a start costs.
fn default_base() -> PathBuf {
    const MEMORY: &str = "/dev/shm";
    const ROOM: u64 = 4 << 30;
    let room = || {
        let found = statvfs(MEMORY).ok()?;
        found.blocks_available().checked_mul(found.fragment_size())
    };
    match env::var_os("TMPDIR") {
        None if room() >= Some(ROOM) => MEMORY.into(),
        _ => env::temp_dir(),
    }
}

/// One cluster's directory. Dropping it ends every server in it and removes it; so does the end of
/// this process, however it comes.
#[derive(Debug)]
pub(super) struct Workspace {
    path: PathBuf,
    name: String,
    watchdog: Mutex<Option<Child>>,
    _lock: Flock<File>,
}

impl Workspace {
    pub(super) fn create(root: &Root) -> Result<Self, PgError> {
        let creating = lock(&root.path.join("lock"), FlockArg::LockExclusive)?;
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(8)
            .tempdir_in(&root.path)
            .map_err(PgError::io("create a directory in", &root.path))?;
        open_to_servers(dir.path())?;
        let name = dir
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let lock = lock(&dir.path().join("lock"), FlockArg::LockExclusive)?;
        drop(creating);

        // What a postmaster's and its children's command lines contain.
        let tags = dir.path().join("tags");
        fs::write(&tags, format!("cluster_name={name}.\npostgres: {name}.\n"))
            .map_err(PgError::io("write", &tags))?;
        let watchdog = cleanup(dir.path(), Stdio::piped())
            .spawn()
            .map_err(PgError::io("start `sh` to watch over", dir.path()))?;
        Ok(Self {
            path: dir.keep(),
            name,
            watchdog: Mutex::new(Some(watchdog)),
            _lock: lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The name that marks every process of this cluster.
    pub(super) fn cluster_name(&self, node: &str) -> String {
        format!("{}.{node}", self.name)
    }

    /// Ends the servers and removes the directory, now.
    pub(super) fn close(&self) {
        let watchdog = self
            .watchdog
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut watchdog) = watchdog {
            drop(watchdog.stdin.take());
            // Whatever it could not do, the next start's sweep tries again.
            let _ = watchdog.wait();
        }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        self.close();
    }
}

/// An advisory lock that ends with the value or with the process.
pub(super) fn lock(path: &Path, kind: FlockArg) -> Result<Flock<File>, PgError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(PgError::io("open", path))?;
    Flock::lock(file, kind).map_err(|(_, errno)| PgError::io("lock", path)(errno.into()))
}

fn sweep(dir: &Path) {
    let lock_file = dir.join("lock");
    if lock_file.exists() {
        // Whoever holds the lock is alive.
        let Ok(_abandoned) = lock(&lock_file, FlockArg::LockExclusiveNonblock) else {
            return;
        };
        let _ = cleanup(dir, Stdio::null()).status();
    }
    let _ = fs::remove_dir_all(dir);
}

fn cleanup(dir: &Path, stdin: Stdio) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new("sh");
    command
        .args(["-c", CLEANUP])
        .current_dir(dir)
        .env_remove("PWD")
        // A terminal's interrupt goes to the foreground group, and must not end this one early.
        .process_group(0)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Others may pass through and not look around, whatever the umask says.
fn open_to_servers(dir: &Path) -> Result<(), PgError> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o711))
        .map_err(PgError::io("set the permissions of", dir))
}

fn is_open_to_others(dir: &Path) -> bool {
    dir.metadata().is_ok_and(|found| found.mode() & 0o001 != 0)
}
