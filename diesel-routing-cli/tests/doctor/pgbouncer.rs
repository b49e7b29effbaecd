//! A PgBouncer in front of one node.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel_routing_testkit::PgNode;

/// Runs until it is dropped, or until this process ends: the shell then reads the end of its input.
const SCRIPT: &str = "\"$0\" \"$1\" & cat >/dev/null; kill -9 $!; wait";

/// PgBouncer on a unix socket.
pub(crate) struct PgBouncer {
    shell: Child,
    dir: tempfile::TempDir,
}

impl PgBouncer {
    /// Starts one for `node`, in `pool_mode` session, transaction or statement.
    pub(crate) fn start(node: &PgNode, pool_mode: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("pgbouncer.ini");
        let (sockets, server) = (dir.path().display(), node.socket_dir().display());
        let text = format!(
            "[databases]\napp = host={server} port=5432 dbname=app user=app\n[pgbouncer]\nunix_socket_dir = {sockets}\n\
             listen_port = 5432\nauth_type = any\npool_mode = {pool_mode}\nlogfile = {sockets}/log\n"
        );
        fs::write(&config, text).unwrap();
        // It refuses to run as root, and only the node's own account may enter the node's directory.
        let owner = fs::metadata(node.data_dir()).unwrap();
        let mut command = Command::new("sh");
        if owner.uid() != fs::metadata(dir.path()).unwrap().uid() {
            for path in [dir.path(), &config] {
                chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
            }
            command.uid(owner.uid()).gid(owner.gid());
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let shell = command
            .args(["-c", SCRIPT])
            .args([&program(), &config])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self { shell, dir };
        let since = Instant::now();
        while UnixStream::connect(this.dir.path().join(".s.PGSQL.5432")).is_err() {
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "PgBouncer does not start"
            );
            std::thread::yield_now();
        }
        this
    }

    pub(crate) fn url(&self) -> String {
        let host = self.dir.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://app@{host}:5432/app")
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Where Debian puts it, which is not on everybody's PATH.
    let debian = PathBuf::from("/usr/sbin");
    let mut programs = std::env::split_paths(&path)
        .chain([debian])
        .map(|dir| dir.join("pgbouncer"));
    programs
        .find(|program| Path::is_file(program))
        .expect("install PgBouncer")
}
