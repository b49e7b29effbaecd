//! A Patroni cluster of three members over etcd, in a directory of its own.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub(crate) const MEMBERS: usize = 3;

/// The time that whatever a test waits for may take: on a busy machine, too.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Ends with the test, also if that is killed: all its processes are in a PID namespace whose first process dies with its parent.
#[derive(Debug)]
pub(crate) struct Cluster {
    dir: TempDir,
    etcd: [u16; 2],
    members: [Member; MEMBERS],
    processes: Vec<Child>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    api: u16,
    postgres: u16,
}

impl Cluster {
    /// Starts all members; returns once they are there, and one leads.
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        run(Command::new("chmod").arg("a+rwx").arg(dir.path()));
        let ports: [u16; 2 + 2 * MEMBERS] = ports();
        let members = std::array::from_fn(|index| Member {
            api: ports[2 + 2 * index],
            postgres: ports[3 + 2 * index],
        });
        let mut cluster = Self {
            dir,
            etcd: [ports[0], ports[1]],
            members,
            processes: Vec::new(),
        };
        let etcd = cluster.etcd_command();
        cluster.launch(&etcd);
        for index in 0..MEMBERS {
            fs::write(cluster.configuration(index), cluster.yaml(index)).unwrap();
            cluster.start_member(index);
        }
        cluster
    }

    /// Returns the address of a member's REST API.
    pub(crate) fn api(&self, index: usize) -> String {
        format!("http://127.0.0.1:{}", self.members[index].api)
    }

    /// Returns the URL of the server at this port.
    pub(crate) fn url(port: u16) -> String {
        format!("postgres://postgres:secret@127.0.0.1:{port}/postgres")
    }

    pub(crate) fn start_member(&mut self, index: usize) {
        let configuration = self.configuration(index);
        self.launch(&["patroni".to_owned(), configuration.display().to_string()]);
    }

    /// Kills a member, its server and its Patroni, as a machine that loses its power.
    pub(crate) fn kill_member(&self, index: usize) {
        for pattern in [self.configuration(index), self.data(index)] {
            // The status says whether there was any.
            let _ = Command::new("pkill")
                .args(["-KILL", "-f"])
                .arg(pattern)
                .status()
                .unwrap();
        }
    }

    fn configuration(&self, index: usize) -> PathBuf {
        self.dir.path().join(format!("node{index}.yml"))
    }

    fn data(&self, index: usize) -> PathBuf {
        self.dir.path().join(format!("data{index}"))
    }

    /// Starts a program that ends with this process.
    fn launch(&mut self, command: &[String]) {
        let log = self
            .dir
            .path()
            .join(format!("{}.log", self.processes.len()));
        let log = fs::File::create(log).unwrap();
        let is_root = fs::metadata("/proc/self")
            .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        // PostgreSQL refuses to run as root.
        let as_root = "unshare --pid --fork --kill-child --mount-proc \
                       setpriv --reuid postgres --regid postgres --clear-groups";
        let prefix = if is_root {
            as_root
        } else {
            "setpriv --pdeathsig TERM"
        };
        let mut words = prefix
            .split_whitespace()
            .map(str::to_owned)
            .chain(command.iter().cloned());
        let child = Command::new(words.next().unwrap())
            .args(words)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.processes.push(child);
    }

    fn etcd_command(&self) -> Vec<String> {
        let [clients, peers] = self.etcd.map(|port| format!("http://127.0.0.1:{port}"));
        let data = self.dir.path().join("etcd").display().to_string();
        [
            "etcd",
            "--name",
            "etcd",
            "--data-dir",
            &data,
            "--listen-client-urls",
            &clients,
            "--advertise-client-urls",
            &clients,
            "--listen-peer-urls",
            &peers,
            "--initial-advertise-peer-urls",
            &peers,
            "--initial-cluster",
            &format!("etcd={peers}"),
            "--unsafe-no-fsync",
        ]
        .map(str::to_owned)
        .into()
    }

    fn yaml(&self, index: usize) -> String {
        let Member { api, postgres } = self.members[index];
        let dir = self.dir.path().display();
        let data = self.data(index);
        let data = data.display();
        let etcd = self.etcd[0];
        let binaries = binaries();
        let binaries = binaries.display();
        format!(
            "
scope: demo
name: node{index}
restapi: {{listen: '127.0.0.1:{api}', connect_address: '127.0.0.1:{api}'}}
etcd3: {{host: '127.0.0.1:{etcd}'}}
bootstrap:
  dcs:
    ttl: 5
    loop_wait: 1
    retry_timeout: 3
    postgresql:
      use_pg_rewind: false
      parameters: {{fsync: 'off', full_page_writes: 'off', shared_buffers: 16MB, wal_retrieve_retry_interval: 100ms}}
  initdb: [encoding: UTF8, locale: C, no-sync, {{auth: trust}}]
postgresql:
  listen: '127.0.0.1:{postgres}'
  connect_address: '127.0.0.1:{postgres}'
  data_dir: {data}
  bin_dir: {binaries}
  pgpass: {dir}/pgpass{index}
  pg_hba: ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust']
  parameters: {{unix_socket_directories: {dir}}}
  create_replica_methods: [basebackup]
  basebackup: [no-sync, {{checkpoint: fast}}]
  authentication:
    superuser: {{username: postgres, password: secret}}
    replication: {{username: replicator, password: secret}}
"
        )
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for index in 0..self.processes.len() {
                let log = self.dir.path().join(format!("{index}.log"));
                let text = fs::read_to_string(log).unwrap_or_default();
                let lines: Vec<_> = text.lines().collect();
                let last = lines.len().saturating_sub(30);
                println!("--- {index}.log\n{}", lines[last..].join("\n"));
            }
        }
        for process in &mut self.processes {
            let _ = process.kill();
        }
        for process in &mut self.processes {
            let _ = process.wait();
        }
        // Where there is no namespace, servers outlive their Patroni.
        for index in 0..MEMBERS {
            self.kill_member(index);
        }
    }
}

/// Returns ports that nobody listens at.
fn ports<const N: usize>() -> [u16; N] {
    let sockets: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    sockets.map(|socket| socket.local_addr().unwrap().port())
}

/// Returns the directory of PostgreSQL's programs.
fn binaries() -> PathBuf {
    if let Some(dir) = std::env::var_os("PG_BINDIR") {
        return dir.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").unwrap();
    let mut dirs: Vec<_> = versions
        .map(|version| version.unwrap().path().join("bin"))
        .collect();
    dirs.sort();
    dirs.pop().unwrap()
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
