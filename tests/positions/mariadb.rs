//! On MariaDB.

mod bad_input;
mod failover;
mod given_up;
mod locks;
mod pools;
mod sync;
mod waits;

#[path = "suite/addresses.rs"]
mod addresses;
#[path = "suite/building.rs"]
mod building;
#[path = "suite/ended.rs"]
mod ended;
#[path = "suite/fence.rs"]
mod fence;
#[path = "suite/flavours.rs"]
mod flavours;
#[path = "suite/protected.rs"]
mod protected;
#[path = "suite/retries.rs"]
mod reading;
#[path = "suite/regions.rs"]
mod regions;
#[path = "suite/roles.rs"]
mod roles;
#[path = "suite/round_trips.rs"]
mod round_trips;
#[path = "suite/sessions.rs"]
mod sessions;
#[path = "suite/sizing.rs"]
mod sizing;
#[path = "suite/switch.rs"]
mod switch;
#[path = "suite/tokens.rs"]
mod tokens;
#[path = "suite/upstreams.rs"]
mod upstreams;
#[path = "suite/verifying.rs"]
mod verifying;
#[path = "suite/views.rs"]
mod views;
#[path = "suite/watching.rs"]
mod watching;
#[path = "suite/windows.rs"]
mod windows;
#[path = "suite/world.rs"]
mod world;

pub(crate) use diesel_routing::mysql::{Router, Session};
pub(crate) use diesel_routing::prelude::*;
pub(crate) use diesel_routing_testkit::MariaCluster as Cluster;
use diesel_routing_testkit::{MariaClusterBuilder, MariaNode};

pub(crate) use crate::{HOUR, LIMIT, OddTable, PATIENCE, SCHEMA, in_time, settings};

pub(crate) type Connection = diesel_async::AsyncMysqlConnection;
pub(crate) type Builder = diesel_routing::RouterBuilder<Connection>;

pub(crate) type Server = MariaNode;

pub(crate) const SERVER: &str = "MariaDB";
/// The connections that building a router opens to each node, and the questions that it asks over them: the facts, which
/// are prepared first, read-only mode, and the position, which is prepared first; of the async driver and the blocking one,
/// which fetches what it prepared in two steps.
pub(crate) const BUILD_CONNECTIONS: u8 = 1;
pub(crate) const BUILD_QUESTIONS: [u64; 2] = [5, 7];
/// A primary may have been made a replica in place: each read of it asks.
pub(crate) const READ_PRIMARY_ADDS: f64 = 1.0;
/// One question to the primary, for the position of the write, and one to the replica that is likely to have it.
pub(crate) const WRITE_AND_READ_ADDS: f64 = 2.0;

/// Statements do not share a connection.
pub(crate) async fn theme_pipelined(_: &Session) -> Option<String> {
    None
}

/// A setting that travels.
pub(crate) const SETTING: &str = "@tenant";
/// None that is reset: connections are closed.
pub(crate) const SET_BY_HAND: Option<&str> = None;

/// The names that suites use for replicas.
pub(crate) trait Standbys {
    fn standby(&self, index: usize) -> &MariaNode;
    fn standbys(&self) -> &[MariaNode];
}

impl Standbys for Cluster {
    fn standby(&self, index: usize) -> &MariaNode {
        self.replica(index)
    }

    fn standbys(&self) -> &[MariaNode] {
        self.replicas()
    }
}

/// A replica, and another one that follows it.
pub(crate) fn cascade() -> Cluster {
    with_schema(Cluster::builder().replicas(1).replica_of(1))
}

/// Makes a replica follow another node by the address that clients reach that by.
pub(crate) fn repoint(cluster: &Cluster, replica: usize, to: usize) {
    let url = cluster.node(to).url();
    let (_, address) = url.split_once('@').expect("an account");
    let (host, port) = address.split_once(':').expect("a port");
    let (port, _) = port.split_once('/').expect("a database");
    let replica = cluster.node(replica);
    replica.admin_execute("STOP REPLICA").expect("stopped");
    let mariadb = format!("CHANGE MASTER TO MASTER_HOST = '{host}', MASTER_PORT = {port}");
    let mysql =
        format!("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{host}', SOURCE_PORT = {port}");
    let repointed = replica.admin_execute(&mariadb);
    let repointed = repointed.or_else(|_| replica.admin_execute(&mysql));
    repointed.expect("repointed");
    replica.admin_execute("START REPLICA").expect("started");
}

pub(crate) fn cluster(replicas: usize) -> Cluster {
    with_schema(Cluster::builder().replicas(replicas))
}

/// One whose servers take some hundred connections.
pub(crate) fn wide_cluster(replicas: usize) -> Cluster {
    let builder = Cluster::builder().setting("max_connections", "300");
    with_schema(builder.replicas(replicas))
}

fn with_schema(builder: MariaClusterBuilder) -> Cluster {
    let cluster = builder.start().expect("a cluster");
    for sql in SCHEMA {
        cluster.primary().execute(sql).expect("a table");
    }
    cluster
        .wait_until_caught_up(LIMIT)
        .expect("replicas that follow");
    cluster
}

/// A position of another kind of server.
pub(crate) const OTHER_KIND: &str = "0/16B3748";

/// Returns the primary's position, as text.
pub(crate) fn position(cluster: &Cluster) -> String {
    let primary = cluster.primary();
    let position = primary.query_value("SELECT @@gtid_binlog_pos");
    // MySQL's.
    let position = position.or_else(|_| primary.query_value("SELECT @@gtid_executed"));
    position.expect("an answer").expect("a position")
}

/// Returns a position that the primary has not reached: its last transaction's number, and six digits more.
pub(crate) fn future(position: &str) -> String {
    format!("{position}999999")
}

/// A table whose name has a quote, and columns whose looks depend on a session's settings.
pub(crate) const ODD_TABLE: OddTable = OddTable {
    name: "odd`name.of \"it\"",
    sql: &[
        "CREATE TABLE `odd``name.of \"it\"` (`the id` int, t varchar(10), `when` timestamp NULL, price double, raw blob, \
         PRIMARY KEY (t, `the id`))",
        "INSERT INTO `odd``name.of \"it\"` VALUES (1, 'a', now(), 0.1, x'00ff'), (2, 'a', NULL, 1e300, NULL), (1, '', now(), -0.5, '')",
    ],
};

/// Changes a row of a replica behind its back.
pub(crate) fn damage(cluster: &Cluster, replica: usize) {
    let replica = cluster.replica(replica);
    let change = "UPDATE app.settings SET theme = 'night' WHERE id = 1";
    let unseen = format!("SET STATEMENT sql_log_bin = 0 FOR {change}");
    if replica.admin_execute(&unseen).is_err() {
        // MySQL knows no such statement, and lets nobody write.
        let writable = "SET GLOBAL super_read_only = 0";
        replica.admin_execute(writable).expect("writable");
        replica.admin_execute(change).expect("changed");
    }
}

pub(crate) fn node(name: &str, node: &MariaNode) -> diesel_routing::Node {
    diesel_routing::Node::new(name, node.url())
        .read_pool_size(4)
        .write_pool_size(4)
}

/// A cluster that shares nothing with others: every theme there is 'foreign'.
pub(crate) fn stranger() -> Cluster {
    let cluster = Cluster::builder()
        .replicas(1)
        .setting("gtid_domain_id", "7")
        .start();
    let cluster = cluster.expect("another cluster");
    let rows = "INSERT INTO settings VALUES (1, 'foreign')";
    for sql in [SCHEMA[0], rows] {
        cluster.primary().execute(sql).expect("a table");
    }
    cluster
        .wait_until_caught_up(LIMIT)
        .expect("replicas that follow");
    // What is in the template was written in domain 0, which ours knows as well.
    for sql in [
        "STOP SLAVE",
        "RESET MASTER",
        "SET GLOBAL gtid_slave_pos = '7-1-9'",
    ] {
        cluster.replica(0).admin_execute(sql).expect(sql);
    }
    cluster
}

diesel::define_sql_function! {
    /// What the server calls a connection.
    #[sql_name = "connection_id"]
    fn backend_id() -> diesel::sql_types::BigInt;
}

pub(crate) type BackendId = i64;

/// Ends the server's side of a connection.
pub(crate) fn end(node: &MariaNode, id: BackendId) {
    node.admin_execute(&format!("KILL {id}")).expect("killed");
    // It goes on until it looks.
    let is_there = format!("SELECT 1 FROM information_schema.processlist WHERE id = {id}");
    let since = std::time::Instant::now();
    while node.admin_value(&is_there).expect("an answer").is_some() {
        in_time(since, "the end of a connection");
        std::thread::yield_now();
    }
}
