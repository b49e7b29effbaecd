//! On PostgreSQL.

mod bad_input;
mod cascades;
mod commits;
mod crashes;
mod histories;
mod many;
mod pgbouncer;
mod pipelined;
mod repository;
mod retries;
mod subscribers;
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

pub(crate) use diesel_routing::pg::{Router, Session};
pub(crate) use diesel_routing::prelude::*;
pub(crate) use diesel_routing_testkit::PgCluster as Cluster;
use diesel_routing_testkit::{PgClusterBuilder, PgNode};

pub(crate) use crate::{HOUR, LIMIT, OddTable, PATIENCE, SCHEMA, in_time, settings};

pub(crate) type Connection = diesel_async::AsyncPgConnection;
pub(crate) type Builder = diesel_routing::RouterBuilder<Connection>;

pub(crate) type Server = PgNode;

pub(crate) const SERVER: &str = "PostgreSQL";
/// The connections that building a router opens to each node, and the questions that it asks over them: the facts, the role
/// and the position, which are prepared first; and beside them, whether the second has a process of its own.
pub(crate) const BUILD_CONNECTIONS: u8 = 2;
pub(crate) const BUILD_QUESTIONS: [u64; 2] = [3, 3];
pub(crate) const READ_PRIMARY_ADDS: f64 = 0.0;
/// One question to the primary, for the position of the write, and one to the replica that is likely to have it; and the
/// word that a statement is no longer needed, which is sent with the next one on one connection, and alone on two. Nobody
/// waits for its answer.
pub(crate) const WRITE_AND_READ_ADDS: f64 = 3.0;

/// Reads the theme behind the question whether the read may run there.
pub(crate) async fn theme_pipelined(session: &Session) -> Option<String> {
    let theme = session.reading_pipelined(async |mut conn| {
        let theme = settings::table.find(1).select(settings::theme);
        theme.first(&mut conn).await
    });
    Some(theme.await.expect("a row"))
}

/// A setting that travels.
pub(crate) const SETTING: &str = "app.tenant";
/// A setting that is reset before the next loan, which takes one round trip.
pub(crate) const SET_BY_HAND: Option<&str> = Some("SET statement_timeout = 60000");

pub(crate) fn cluster(standbys: usize) -> Cluster {
    with_schema(Cluster::builder().standbys(standbys))
}

/// One whose servers take some hundred connections.
pub(crate) fn wide_cluster(standbys: usize) -> Cluster {
    let builder = Cluster::builder().setting("max_connections", "300");
    with_schema(builder.standbys(standbys))
}

fn with_schema(builder: PgClusterBuilder) -> Cluster {
    let cluster = builder.start().expect("a cluster");
    for sql in SCHEMA {
        cluster.primary().execute(sql).expect("a table");
    }
    cluster
        .wait_until_caught_up(LIMIT)
        .expect("standbys that follow");
    cluster
}

/// A standby, and another one that follows it; all may see where a receiver has its WAL from.
pub(crate) fn cascade() -> Cluster {
    let cluster = with_schema(Cluster::builder().standbys(1).standby_of(1));
    let grant = "GRANT pg_read_all_stats TO app";
    cluster.primary().admin_execute(grant).expect("granted");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    cluster
}

/// Makes a standby follow another node by the address that clients reach that by.
pub(crate) fn repoint(cluster: &Cluster, standby: usize, to: usize) {
    let dir = cluster.node(to).socket_dir().display();
    let info = format!("host={dir} port=5432 user=postgres");
    let standby = cluster.node(standby);
    standby.set("primary_conninfo", &info).expect("repointed");
}

/// A position of another kind of server.
pub(crate) const OTHER_KIND: &str = "0-1-100";

/// Returns the primary's position, as text.
pub(crate) fn position(cluster: &Cluster) -> String {
    let position = "SELECT pg_current_wal_insert_lsn()";
    let position = cluster.primary().query_value(position).expect("an answer");
    position.expect("a position")
}

/// Returns a position that the primary has not reached.
pub(crate) fn future(_: &str) -> String {
    "FFFFFF/0".to_owned()
}

/// A table whose name has a quote, and columns whose looks depend on a session's settings.
pub(crate) const ODD_TABLE: OddTable = OddTable {
    name: "odd\"name.of `it`",
    sql: &[
        "CREATE TABLE \"odd\"\"name.of `it`\" (\"the id\" int, t text, \"when\" timestamptz, price float8, raw bytea, \
         PRIMARY KEY (t, \"the id\"))",
        "INSERT INTO \"odd\"\"name.of `it`\" VALUES (1, 'a', now(), 0.1, '\\x00ff'), (2, 'a', NULL, 1e300, NULL), (1, '', now(), \
         'NaN', '')",
        "ALTER ROLE app SET TimeZone = 'Asia/Kathmandu'",
    ],
};

/// Changes a row of a standby behind its back, as a bad disk does.
pub(crate) fn damage(cluster: &Cluster, standby: usize) {
    let path = "SELECT pg_relation_filepath('settings')";
    let path = cluster.primary().query_value(path).expect("an answer");
    let path = path.expect("a path");
    // Its pages are on its disk, and it replays nothing of them again.
    cluster
        .primary()
        .admin_execute("CHECKPOINT")
        .expect("a checkpoint");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let standby = cluster.standby(standby);
    standby
        .admin_execute("CHECKPOINT")
        .expect("a restart point");
    standby.stop().expect("stopped");
    let path = standby.data_dir().join(path);
    let mut page = std::fs::read(&path).expect("a table");
    let at = page.windows(5).position(|bytes| bytes == b"light");
    page[at.expect("the row") + 4] = b'T';
    std::fs::write(&path, page).expect("written");
    standby.start().expect("started");
}

pub(crate) fn node(name: &str, node: &PgNode) -> diesel_routing::Node {
    diesel_routing::Node::new(name, node.url())
        .read_pool_size(4)
        .write_pool_size(4)
}

/// A cluster that shares nothing with others: every theme there is 'foreign'.
pub(crate) fn stranger() -> Cluster {
    let cluster = Cluster::builder().standbys(1).own_identity().start();
    let cluster = cluster.expect("another cluster");
    let rows = "INSERT INTO settings VALUES (1, 'foreign')";
    for sql in [SCHEMA[0], rows] {
        cluster.primary().execute(sql).expect("a table");
    }
    cluster
        .wait_until_caught_up(LIMIT)
        .expect("standbys that follow");
    cluster
}

diesel::define_sql_function! {
    /// What the server calls a connection.
    #[sql_name = "pg_backend_pid"]
    fn backend_id() -> diesel::sql_types::Integer;
}

pub(crate) type BackendId = i32;

/// Ends the server's side of a connection.
pub(crate) fn end(node: &PgNode, id: BackendId) {
    let sql = format!("SELECT pg_terminate_backend({id}, 5000)");
    node.admin_execute(&sql).expect("terminated");
}

/// The URL of whatever listens on the socket in `dir`.
fn socket_url(dir: &std::path::Path) -> String {
    let host = dir.display().to_string().replace('/', "%2F");
    format!("postgresql://app@{host}:5432/app")
}
