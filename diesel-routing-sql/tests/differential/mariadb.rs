use diesel_routing_sql::Dialect;
use diesel_routing_testkit::MariaCluster;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use tokio::runtime::{Builder, Runtime};

use crate::run::{Server, compare};

/// Functions that write, some with names that steer a statement elsewhere.
const OWN: &[&str] = &["own", "lower", "`of`", "columns", "`join`", "`by`"];

const SCHEMA: &[&str] = &[
    "CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20))",
    "CREATE TABLE u (id int PRIMARY KEY, a int, b varchar(20))",
    "CREATE SEQUENCE s NOCACHE",
    "CREATE PROCEDURE p() UPDATE t SET a = a + 1",
    "CREATE TABLE written (n int)",
    "INSERT INTO t VALUES (1, 1, 'x'), (2, 2, 'y')",
    "INSERT INTO u VALUES (1, 1, 'x')",
];

/// The facts that a session and its server report about themselves; clocks and counters are left out.
const STATE: &str = "SELECT CONCAT_WS(';', @@gtid_binlog_pos,
    (SELECT GROUP_CONCAT(id, a, b ORDER BY id) FROM app.t), (SELECT GROUP_CONCAT(id, a, b ORDER BY id) FROM app.u),
    (SELECT next_not_cached_value FROM app.s), @@in_transaction, DATABASE(),
    (SELECT SUM(CRC32(CONCAT(variable_name, '=', variable_value))) FROM information_schema.session_variables
        WHERE variable_name NOT IN ('TIMESTAMP', 'RAND_SEED1', 'RAND_SEED2', 'ERROR_COUNT', 'WARNING_COUNT',
            'LAST_GTID', 'IN_TRANSACTION', 'GTID_SEQ_NO', 'INNODB_BUFFER_POOL_LOAD_INCOMPLETE')))";

struct MariaDb {
    runtime: Runtime,
    /// The place where statements run.
    conn: Conn,
    /// Wants every row, and sees what is locked.
    rival: Conn,
    state: String,
}

impl MariaDb {
    fn connect(cluster: &MariaCluster) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let socket = cluster.primary().socket().to_string_lossy().into_owned();
        let connect = async || {
            let opts = mysql_async::OptsBuilder::from_opts(Opts::default())
                .user(Some("root"))
                .db_name(Some("app"))
                .socket(Some(&socket));
            let mut conn = Conn::new(opts).await.unwrap();
            conn.query_drop("SET max_statement_time = 2").await.unwrap();
            conn
        };
        let (conn, rival) = runtime.block_on(async { (connect().await, connect().await) });
        let mut maria = Self {
            runtime,
            conn,
            rival,
            state: String::new(),
        };
        maria.state = maria.ask(STATE).unwrap();
        maria
    }

    fn ask(&mut self, sql: &str) -> Result<String, String> {
        let value = self
            .runtime
            .block_on(self.conn.query_first::<Option<String>, _>(sql));
        let value = value.map_err(|error| format!("cannot say what it did: {error}"))?;
        Ok(value.flatten().unwrap_or_default())
    }

    fn execute(&mut self, sql: &str) -> bool {
        self.runtime.block_on(self.conn.query_drop(sql)).is_ok()
    }

    /// Set if a rival gets every row, and every table.
    fn is_unlocked(&mut self) -> bool {
        self.runtime.block_on(async {
            let mut free = self.rival.query_drop("START TRANSACTION").await.is_ok();
            for table in ["t", "u"] {
                let sql = format!("SELECT * FROM {table} FOR UPDATE NOWAIT");
                free &= self.rival.query_drop(sql).await.is_ok();
            }
            self.rival.query_drop("ROLLBACK").await.is_ok() && free
        })
    }
}

impl Server for MariaDb {
    fn run(&mut self, sql: &str) -> Result<bool, String> {
        if !self.execute("START TRANSACTION") {
            return Err("has lost the connection".into());
        }
        let ran = self.execute(sql);
        if ran {
            if !self.is_unlocked() {
                return Err("holds row locks".into());
            }
            let locks = self.ask("SELECT CAST(RELEASE_ALL_LOCKS() AS CHAR)")?;
            if locks != "0" {
                return Err(format!("holds {locks} named locks"));
            }
            if self.ask("SELECT CAST(LAST_INSERT_ID() AS CHAR)")? != "0" {
                return Err("has set the last inserted id".into());
            }
        }
        if !self.execute("ROLLBACK") {
            return Err("has lost the connection".into());
        }
        if ran {
            // Some statements do something else outside a transaction.
            self.execute(sql);
            let state = self.ask(STATE)?;
            if state != self.state {
                return Err(format!("goes from {} to {state}", self.state));
            }
        }
        Ok(ran)
    }
}

fn cluster() -> MariaCluster {
    let cluster = MariaCluster::builder().start().unwrap();
    for sql in SCHEMA {
        cluster.primary().execute(sql).unwrap();
    }
    for name in OWN {
        let sql = format!(
            "CREATE FUNCTION app.{name}(n int) RETURNS int DETERMINISTIC MODIFIES SQL DATA
             BEGIN INSERT INTO app.written VALUES (n); RETURN n; END"
        );
        cluster.primary().admin_execute(&sql).unwrap();
    }
    cluster
}

#[test]
fn what_the_check_passes_changes_nothing_in_mariadb() {
    let cluster = cluster();
    compare(Dialect::Mysql, 3_000, &mut MariaDb::connect(&cluster));
}

#[test]
fn the_comparison_sees_what_a_write_or_a_lock_does() {
    let cluster = cluster();
    for (sql, did) in [
        ("UPDATE t SET a = a + 1", "row locks"),
        ("SELECT a FROM t LOCK IN SHARE MODE", "row locks"),
        ("SELECT GET_LOCK('a', 0)", "named locks"),
        ("SELECT LAST_INSERT_ID(5)", "inserted id"),
        ("SET @@sort_buffer_size = 99999", "goes from"),
        ("SELECT NEXTVAL(s)", "goes from"),
        ("CREATE TABLE made (a int)", "goes from"),
        ("SELECT own(1)", "goes from"),
    ] {
        let mut server = MariaDb::connect(&cluster);
        let found = server.run(sql).unwrap_err();
        // A server frees the locks of a connection that was dropped a while later: they counted as the next statement's.
        server.execute("ROLLBACK");
        assert!(found.contains(did), "{sql}: {found}");
    }
}
