use std::env;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
#[cfg(feature = "docker")]
use std::sync::OnceLock;
use std::sync::{Mutex, PoisonError};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::statvfs::statvfs;
use nix::unistd::Uid;

#[cfg(feature = "docker")]
use super::Engine;
use super::{Account, ServerError};

/// Directories of clusters start with this; what follows is random.
const PREFIX: &str = "dr-";

/// The room for a unix socket's path in `sockaddr_un`, without the final zero.
const SOCKET_PATH: usize = 107;

/// In a cluster's directory: the label of its containers, if it has any.
#[cfg(feature = "docker")]
const CONTAINERS: &str = "containers";

const CLEANUP: &str = include_str!("cleanup.sh");

/// The directory under which this user's clusters and templates live.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
}

impl Root {
    /// Opens `diesel-routing-<uid>` in `base`, else in memory, else in the temporary directory.
    pub(crate) fn open(base: Option<&Path>, account: Account) -> Result<Self, ServerError> {
        let base = base.map_or_else(default_base, Path::to_owned);
        let base = base
            .canonicalize()
            .map_err(ServerError::io("open", &base))?;
        let uid = Uid::effective().as_raw();
        let path = base.join(format!("diesel-routing-{uid}"));
        let refuse = |reason| {
            Err(ServerError::WorkDir {
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
            Err(error) => return Err(ServerError::io("create", &path)(error)),
        }
        // Temporary directories are shared: somebody else may have taken the name.
        let found = fs::symlink_metadata(&path).map_err(ServerError::io("look at", &path))?;
        if !found.is_dir() || found.uid() != uid || found.mode() & 0o022 != 0 {
            return refuse("it belongs to somebody else");
        }
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what killed processes left behind.
    pub(crate) fn sweep(&self) -> Result<(), ServerError> {
        let _creating = lock(&self.path.join("lock"), FlockArg::LockExclusive)?;
        let entries = fs::read_dir(&self.path).map_err(ServerError::io("read", &self.path))?;
        for entry in entries.filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                sweep(&entry.path());
            }
        }
        Ok(())
    }
}

/// Returns `$TMPDIR` if it is set, else `/dev/shm` if it has room for some clusters, else `/tmp`.
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

/// The way to find and end a cluster's servers when their owner is gone.
#[derive(Debug)]
pub(crate) struct Ending {
    /// The signal's name, without `SIG`; what has not ended soon after gets `KILL`.
    pub(crate) signal: &'static str,
    /// From the cluster's directory and name: what its processes' command lines contain, and no
    /// other's. One line each, any of them will do.
    pub(crate) tags: fn(&Path, &str) -> String,
}

/// One cluster's directory. Dropping it ends every server in it and removes it; so does the end of
/// this process, however it comes.
#[derive(Debug)]
pub(crate) struct Workspace {
    path: PathBuf,
    name: String,
    watchdog: Mutex<Option<Child>>,
    /// The engine that ends what runs in containers.
    #[cfg(feature = "docker")]
    engine: OnceLock<Engine>,
    _lock: Flock<File>,
}

impl Workspace {
    pub(crate) fn create(root: &Root, ending: &Ending) -> Result<Self, ServerError> {
        let creating = lock(&root.path.join("lock"), FlockArg::LockExclusive)?;
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(8)
            .tempdir_in(&root.path)
            .map_err(ServerError::io("create a directory in", &root.path))?;
        open_to_servers(dir.path())?;
        let name = dir
            .path()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let lock = lock(&dir.path().join("lock"), FlockArg::LockExclusive)?;
        drop(creating);

        for (file, text) in [
            ("signal", ending.signal.to_owned()),
            // Last: without tags there is nothing to end.
            ("tags", (ending.tags)(dir.path(), &name)),
        ] {
            let path = dir.path().join(file);
            fs::write(&path, text).map_err(ServerError::io("write", &path))?;
        }
        let watchdog = cleanup(dir.path(), Stdio::piped())
            .spawn()
            .map_err(ServerError::io("start `sh` to watch over", dir.path()))?;
        Ok(Self {
            path: dir.keep(),
            name,
            watchdog: Mutex::new(Some(watchdog)),
            #[cfg(feature = "docker")]
            engine: OnceLock::new(),
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A name that no other cluster has.
    #[cfg_attr(
        not(any(feature = "docker", feature = "postgres")),
        expect(dead_code, reason = "containers and PostgreSQL's servers carry it")
    )]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Notes that the cluster's servers run in containers, for whoever has to end them.
    #[cfg(feature = "docker")]
    pub(crate) fn hold_containers(&self, engine: &Engine) -> Result<(), ServerError> {
        let mark = self.path.join(CONTAINERS);
        let label = format!("{}={}", super::container::LABEL, self.name);
        fs::write(&mark, label).map_err(ServerError::io("write", &mark))?;
        let _ = self.engine.set(engine.clone());
        Ok(())
    }

    /// Ends the servers and removes the directory, now.
    pub(crate) fn close(&self) {
        let watchdog = self
            .watchdog
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut watchdog) = watchdog {
            #[cfg(feature = "docker")]
            if let Some(engine) = self.engine.get() {
                let _ = engine.remove_cluster(&self.name);
            }
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

/// Takes an advisory lock that ends with the value or with the process.
pub(crate) fn lock(path: &Path, kind: FlockArg) -> Result<Flock<File>, ServerError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(ServerError::io("open", path))?;
    Flock::lock(file, kind).map_err(|(_, errno)| ServerError::io("lock", path)(errno.into()))
}

fn sweep(dir: &Path) {
    let lock_file = dir.join("lock");
    if lock_file.exists() {
        // Whoever holds the lock is alive.
        let Ok(_abandoned) = lock(&lock_file, FlockArg::LockExclusiveNonblock) else {
            return;
        };
        #[cfg(feature = "docker")]
        if dir.join(CONTAINERS).exists()
            && let (Ok(engine), Some(name)) = (Engine::connect(), dir.file_name())
        {
            let _ = engine.remove_cluster(&name.to_string_lossy());
        }
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

/// Lets others pass through and not look around, whatever the umask says.
fn open_to_servers(dir: &Path) -> Result<(), ServerError> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o711))
        .map_err(ServerError::io("set the permissions of", dir))
}

fn is_open_to_others(dir: &Path) -> bool {
    dir.metadata().is_ok_and(|found| found.mode() & 0o001 != 0)
}
