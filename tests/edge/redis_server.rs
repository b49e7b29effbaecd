//! A Redis server of a test's own.

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs until it is dropped, or until this process ends: the shell then reads the end of its input.
const SCRIPT: &str = "\"$@\" >/dev/null & echo $!; cat >/dev/null; kill -9 $!; wait";

/// Redis, or Valkey, on a unix socket.
pub(crate) struct RedisServer {
    shell: Option<Child>,
    pid: String,
    dir: tempfile::TempDir,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let mut this = Self {
            shell: None,
            pid: String::new(),
            dir: tempfile::tempdir().expect("a directory"),
        };
        this.restart();
        this
    }

    /// Starts it again, with nothing in it.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(program())
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(self.socket())
            .arg("--dir")
            .arg(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut said = BufReader::new(shell.stdout.take().expect("its output"));
        self.pid.clear();
        said.read_line(&mut self.pid).expect("a process id");
        self.shell = Some(shell);
        let since = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            assert!(since.elapsed() < Duration::from_secs(20), "no Redis");
            std::thread::yield_now();
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let _ = shell.wait();
        }
    }

    /// Takes connections and questions, and answers none.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A connection past the stores, to look at what they did.
    pub(crate) fn connect(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).expect("a URL");
        client.get_connection().expect("a connection")
    }

    fn signal(&self, signal: &str) {
        let kill = Command::new("kill")
            .args([signal, self.pid.trim()])
            .status();
        assert!(kill.expect("kill").success());
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|dir| [dir.join("redis-server"), dir.join("valkey-server")])
        .find(|program| Path::is_file(program))
        .expect("install Redis, or run `cargo xtask test`")
}
