//! A PgBouncer in front of one node.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use diesel_routing_testkit::PgNode;

use super::in_time;

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
        let dir = tempfile::tempdir().expect("a directory");
        let config = dir.path().join("pgbouncer.ini");
        let (sockets, server) = (dir.path().display(), node.socket_dir().display());
        fs::write(
            &config,
            format!(
                "[databases]\n\
                 app = host={server} port=5432 dbname=app user=app\n\
                 [pgbouncer]\n\
                 unix_socket_dir = {sockets}\n\
                 listen_port = 5432\n\
                 auth_type = any\n\
                 pool_mode = {pool_mode}\n\
                 logfile = {sockets}/log\n"
            ),
        )
        .expect("a configuration");
        // It refuses to run as root, and only the node's own account may enter the node's directory.
        let owner = fs::metadata(node.data_dir()).expect("the node's directory");
        let mut command = Command::new("sh");
        if owner.uid() != fs::metadata(dir.path()).expect("ours").uid() {
            for path in [dir.path(), &config] {
                chown(path, Some(owner.uid()), Some(owner.gid())).expect("another owner");
            }
            command.uid(owner.uid()).gid(owner.gid());
        }
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).expect("open");
        let shell = command
            .args(["-c", SCRIPT])
            .args([&program(), &config])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let this = Self { shell, dir };
        let since = Instant::now();
        while std::os::unix::net::UnixStream::connect(this.dir.path().join(".s.PGSQL.5432"))
            .is_err()
        {
            in_time(since, &format!("the start of PgBouncer: {}", this.log()));
            std::thread::yield_now();
        }
        this
    }

    pub(crate) fn url(&self) -> String {
        super::socket_url(self.dir.path())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
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
    std::env::split_paths(&path)
        .chain([debian])
        .map(|dir| dir.join("pgbouncer"))
        .find(|program| Path::is_file(program))
        .expect("install PgBouncer, or run `cargo xtask test`")
}
