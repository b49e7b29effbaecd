//! A MariaDB primary with one replica, from the installed server (Debian: `mariadb-server`).

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel_routing::Node;

use crate::schema;

pub(crate) struct Mariadb {
    primary: Server,
    replica: Server,
    // Last: the servers end before their files.
    _dir: tempfile::TempDir,
}

impl Mariadb {
    /// Takes a few tenths of a second.
    pub(crate) const SLOW: &str = "SELECT SLEEP(0.3)";

    /// There is one replica, or one that nobody uses.
    pub(crate) fn start(replicas: usize) -> Self {
        assert!(replicas <= 1, "this cluster has one replica");
        let dir = tempfile::tempdir().unwrap();
        let primary = Server::start(dir.path(), 1, &[]);
        let replica = Server::start(dir.path(), 2, &["--read-only=1", "--skip-slave-start"]);
        primary.admin(&format!(
            "CREATE USER app IDENTIFIED BY 'app';
             CREATE DATABASE app;
             GRANT ALL ON app.* TO app;
             CREATE USER feed IDENTIFIED BY 'feed';
             GRANT REPLICATION SLAVE ON *.* TO feed;
             USE app;
             {}",
            schema::sql("INTEGER AUTO_INCREMENT PRIMARY KEY")
        ));
        replica.admin(&format!(
            "CHANGE MASTER TO master_host = '127.0.0.1', master_port = {}, master_user = 'feed',
                master_password = 'feed', master_use_gtid = slave_pos;
             START SLAVE;",
            primary.port
        ));
        let this = Self {
            primary,
            replica,
            _dir: dir,
        };
        this.catch_up();
        this
    }

    pub(crate) fn primary(&self) -> Node {
        Node::new("primary", self.primary.url())
    }

    pub(crate) fn primary_url(&self) -> String {
        self.primary.url()
    }

    pub(crate) fn replica(&self, _: usize) -> Node {
        Node::new("replica-0", self.replica.url())
    }

    pub(crate) fn replicas(&self) -> usize {
        1
    }

    /// The replica keeps its rows until it is resumed.
    pub(crate) fn pause(&self, _: usize) {
        self.replica.admin("STOP SLAVE SQL_THREAD");
    }

    pub(crate) fn resume(&self, _: usize) {
        self.replica.admin("START SLAVE SQL_THREAD");
    }

    pub(crate) fn catch_up(&self) {
        let position: String = self.primary.ask::<Text, _>("@@gtid_binlog_pos");
        let waited: i32 = self
            .replica
            .ask::<Integer, _>(&format!("MASTER_GTID_WAIT('{position}', 20)"));
        assert_eq!(waited, 0, "the replica did not catch up");
    }

    /// What a write gets on a read-only connection.
    pub(crate) fn assert_read_only(error: &diesel::result::Error) {
        use diesel::result::DatabaseErrorKind::ReadOnlyTransaction;
        use diesel::result::Error::DatabaseError;
        assert!(
            matches!(error, DatabaseError(ReadOnlyTransaction, _))
                || error.to_string().contains("READ ONLY transaction"),
            "{error:?}"
        );
    }
}

struct Server {
    process: Child,
    socket: PathBuf,
    port: u16,
}

impl Server {
    fn start(dir: &Path, id: u32, options: &[&str]) -> Self {
        let (data, socket) = (
            dir.join(format!("data{id}")),
            dir.join(format!("{id}.sock")),
        );
        let copied = Command::new("cp")
            .arg("-a")
            .args([&template(), &data])
            .status();
        assert!(copied.unwrap().success());
        let port = free_port();
        // Ends with this test, also when that is killed.
        let mut server = Command::new("setpriv");
        server
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program("mariadbd"))
            .args(SETTINGS)
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", socket.display()))
            .arg(format!("--port={port}"))
            .arg(format!("--server-id={id}"))
            .args(options)
            .args(as_root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(dir.join(format!("{id}.log"))).unwrap());
        let this = Self {
            process: server.spawn().unwrap(),
            socket,
            port,
        };
        this.wait_until_it_answers(&dir.join(format!("{id}.log")));
        this
    }

    fn wait_until_it_answers(&self, log: &Path) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while let Err(error) = MysqlConnection::establish(&self.admin_url()) {
            assert!(
                Instant::now() < deadline,
                "mariadbd does not answer: {error}; its log: {}",
                fs::read_to_string(log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// For user `app`, who may not write on a read-only server.
    fn url(&self) -> String {
        format!("mysql://app:app@127.0.0.1:{}/app", self.port)
    }

    fn admin_url(&self) -> String {
        let socket = self.socket.to_string_lossy().replace('/', "%2F");
        format!("mysql://root@localhost/mysql?unix_socket={socket}")
    }

    fn admin(&self, sql: &str) {
        let mut conn = MysqlConnection::establish(&self.admin_url()).unwrap();
        conn.batch_execute(sql).unwrap();
    }

    fn ask<ST, T>(&self, expression: &str) -> T
    where
        ST: diesel::sql_types::SingleValue
            + diesel::sql_types::SqlType
            + diesel::query_builder::QueryId
            + 'static,
        diesel::mysql::Mysql: diesel::sql_types::HasSqlType<ST>,
        T: diesel::deserialize::FromSqlRow<ST, diesel::mysql::Mysql> + 'static,
        diesel::expression::SqlLiteral<ST>: Expression<SqlType = ST>,
    {
        let mut conn = MysqlConnection::establish(&self.admin_url()).unwrap();
        diesel::select(diesel::dsl::sql::<ST>(expression))
            .get_result(&mut conn)
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const SETTINGS: [&str; 15] = [
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--log-bin=binlog",
    "--log-slave-updates=1",
    "--gtid-strict-mode=1",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",
    "--innodb-log-file-size=8M",
    "--innodb-buffer-pool-size=16M",
    "--performance-schema=0",
    "--max-connections=50",
    "--slave-net-timeout=5",
];

/// A data directory with the system tables, made once per version.
fn template() -> PathBuf {
    let version = Command::new(program("mariadbd")).arg("--version").output();
    let version = String::from_utf8(version.unwrap().stdout).unwrap();
    let version = version.split_whitespace().nth(2).unwrap();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let template = cache.join(format!("mariadb-{version}"));
    if !template.exists() {
        let new = tempfile::tempdir_in(cache).unwrap();
        let data = new.path().join("data");
        let made = Command::new(program("mariadb-install-db"))
            .args([
                "--no-defaults",
                "--innodb-use-native-aio=0",
                "--innodb-log-file-size=8M",
                "--skip-test-db",
            ])
            .arg("--auth-root-authentication-method=normal")
            .arg(format!("--datadir={}", data.display()))
            .args(as_root())
            .output()
            .unwrap();
        assert!(made.status.success(), "mariadb-install-db failed: {made:?}");
        // Another test may have been faster; then its template is as good.
        if fs::rename(&data, &template).is_err() {
            assert!(template.exists());
        }
    }
    template
}

/// The server refuses to run as root without being told.
fn as_root() -> Option<&'static str> {
    let root = Path::new("/root")
        .metadata()
        .is_ok_and(|_| fs::read_dir("/root").is_ok());
    root.then_some("--user=root")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|dir| dir.join(name))
        .find(|program| program.exists())
        .unwrap_or_else(|| panic!("`{name}` is not installed: apt-get install mariadb-server"))
}
