//! A proxy's program: started with a generated file, and gone when it is dropped.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// For what must happen.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// Runs until it is dropped, or until the tests' process ends: the shell then reads the end of its input. The program is asked
/// to end, so that it leaves nothing behind.
const SCRIPT: &str =
    "signal=$1; shift; \"$@\" </dev/null & cat >/dev/null; kill -s \"$signal\" $!; wait";

/// A directory for a program's files, of the account that the program runs as.
pub(crate) struct Dir {
    dir: tempfile::TempDir,
    owner: (u32, u32),
}

/// A running program.
pub(crate) struct Program {
    shell: Child,
    dir: Dir,
}

impl Dir {
    /// Creates a directory that belongs to who owns `like`: these programs refuse to run as root, or should not.
    pub(crate) fn like(like: &Path) -> Self {
        let owner = fs::metadata(like).unwrap();
        let this = Self {
            dir: tempfile::tempdir().unwrap(),
            owner: (owner.uid(), owner.gid()),
        };
        this.give(this.path(), 0o755);
        this
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        self.give(&path, 0o644);
        path.to_str().unwrap().to_owned()
    }

    fn give(&self, path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        if fs::metadata(path).unwrap().uid() != self.owner.0 {
            chown(path, Some(self.owner.0), Some(self.owner.1)).unwrap();
        }
    }

    /// Starts a program of Debian's, which the signal `stop` ends, and waits until it accepts connections at `port`.
    pub(crate) fn start(self, name: &str, args: &[&str], stop: &str, port: u16) -> Program {
        let output = fs::File::create(self.path().join("output")).unwrap();
        let mut command = Command::new("sh");
        if self.owner.0 != fs::metadata("/proc/self").unwrap().uid() {
            command.uid(self.owner.0).gid(self.owner.1);
        }
        let shell = command
            .args(["-c", SCRIPT, "sh", stop])
            .arg(find(name))
            .args(args)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let program = Program { shell, dir: self };
        eventually(
            || TcpStream::connect(("127.0.0.1", port)).is_ok(),
            || format!("{name} accepts no connections: {}", program.said()),
        );
        program
    }
}

impl Program {
    /// Returns what it printed.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.dir.path().join("output")).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Waits until something is so.
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool, otherwise: impl Fn() -> String) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < SOON, "{}", otherwise());
        std::thread::yield_now();
    }
}

/// Returns ports that nobody listens on.
pub(crate) fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// Finds a program, which may be where not everybody's PATH leads.
fn find(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = dirs.find_map(|dir| Some(dir.join(name)).filter(|program| program.is_file()));
    found.unwrap_or_else(|| panic!("install {name}, or run `cargo xtask test`"))
}
