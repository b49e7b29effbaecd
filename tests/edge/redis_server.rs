//! A Redis server of a test's own.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::certificates::Authority;

/// Runs until it is dropped, or until this process ends: the shell then reads the end of its input.
const SCRIPT: &str = "\"$@\" >/dev/null & echo $!; cat >/dev/null; kill -9 $!; wait";

/// Redis, or Valkey, on a unix socket.
pub(crate) struct RedisServer {
    shell: Option<Child>,
    pid: String,
    dir: tempfile::TempDir,
    tls_port: Option<u16>,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        Self::start_at(None)
    }

    /// Starts one that also listens for TLS, at a port of this host.
    pub(crate) fn start_tls() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let this = Self::start_at(Some(port));
        let since = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(20), "no TLS");
            std::thread::yield_now();
        }
        this
    }

    fn start_at(tls_port: Option<u16>) -> Self {
        let mut this = Self {
            shell: None,
            pid: String::new(),
            dir: tempfile::tempdir().expect("a directory"),
            tls_port,
        };
        if tls_port.is_some() {
            let authority = Authority::new("Redis");
            let server = authority.server("localhost", Ipv4Addr::LOCALHOST.into());
            this.write("ca.pem", &authority.certificate);
            this.write("other.pem", &Authority::new("Another").certificate);
            this.write("cert.pem", &server.certificate);
            this.write("key.pem", &server.key);
        }
        this.restart();
        this
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).expect("a file");
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// The address for TLS.
    pub(crate) fn tls_url(&self) -> String {
        format!("rediss://localhost:{}", self.tls_port.expect("a port"))
    }

    /// The file with the certificate of the authority that signed the server's.
    pub(crate) fn certificate(&self) -> String {
        self.path("ca.pem")
    }

    /// The file with the certificate of one that did not.
    pub(crate) fn another_certificate(&self) -> String {
        self.path("other.pem")
    }

    fn tls(&self) -> Vec<String> {
        let Some(port) = self.tls_port else {
            return Vec::new();
        };
        let files = [
            ("cert", "cert.pem"),
            ("key", "key.pem"),
            ("ca-cert", "ca.pem"),
        ];
        let files = files.map(|(option, file)| [format!("--tls-{option}-file"), self.path(file)]);
        let rest = ["--tls-port", &port.to_string(), "--tls-auth-clients", "no"];
        files
            .into_iter()
            .flatten()
            .chain(rest.map(str::to_owned))
            .collect()
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
            .args(self.tls())
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
