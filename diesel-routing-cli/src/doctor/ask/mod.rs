//! Asks servers for what is known of them. Nothing is changed anywhere: every statement is a `SELECT` or a `SHOW`.

mod address;
mod answer;
mod asker;
mod configured;
mod lag;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "mysql")]
mod mysql_replication;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_replication;
mod probe;
#[cfg(feature = "sqlite")]
mod sqlite;
mod upstream;

use futures_util::future::join_all;

use super::facts::{Facts, Topology};
use crate::backend::Kind;
use crate::cluster::{Cluster, Member};
use crate::node::{Connection, NodeError};
use asker::Asker;

/// The number of times that the time for one step fits into that for a whole node.
const STEPS: u32 = 3;

/// Asks all nodes at once.
pub(crate) async fn topology(cluster: &Cluster, instances: u32) -> Topology {
    let limits = configured::limits(cluster, instances);
    let asked = cluster.members.iter().map(|member| one(cluster, member));
    let (mut nodes, mut connections): (Vec<_>, Vec<_>) = join_all(asked).await.into_iter().unzip();
    upstream::find(&mut nodes);
    lag::measure(&mut nodes, &mut connections, &limits).await;
    Topology { nodes, limits }
}

/// Asks one node for everything, and returns the connection as well, if it may be asked for more.
async fn one(cluster: &Cluster, member: &Member) -> (Facts, Option<Connection>) {
    let mut facts = configured::facts(cluster, member);
    let opened = open(cluster, member).await;
    let mut conn = match opened {
        Ok(conn) => conn,
        Err(error) => {
            facts.unreachable = Some(error.words);
            return (facts, None);
        }
    };
    let limit = cluster.timeout.saturating_mul(STEPS);
    let asking = everything(cluster, member, &mut conn, &mut facts);
    // What was answered by then counts.
    let in_time = tokio::time::timeout(limit, asking).await.is_ok();
    if !in_time && facts.kind.is_none() {
        facts.unreachable = Some(format!("no answer within {limit:?}"));
    }
    (facts, in_time.then_some(conn))
}

#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql")),
    expect(unused_variables, reason = "files have no connections to look at")
)]
async fn everything(cluster: &Cluster, member: &Member, conn: &mut Connection, facts: &mut Facts) {
    let kind = cluster.kind;
    let mut asker = Asker { conn, facts };
    match kind {
        #[cfg(feature = "postgres")]
        Kind::Postgres => postgres::ask(&mut asker).await,
        #[cfg(feature = "mysql")]
        Kind::MySql => mysql::ask(&mut asker).await,
        #[cfg(feature = "sqlite")]
        Kind::Sqlite => return sqlite::ask(&mut asker).await,
    }
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    if facts.is_reached() {
        probe::connections(cluster, member, conn, facts).await;
    }
}

/// Opens a connection. Without a `SET` on real servers: behind a pooler, that would reach other clients.
async fn open(cluster: &Cluster, member: &Member) -> Result<Connection, NodeError> {
    match cluster.kind {
        #[cfg(feature = "sqlite")]
        Kind::Sqlite => Connection::open(cluster, member).await,
        #[allow(unreachable_patterns, reason = "where SQLite alone is compiled in")]
        _ => Connection::open_writable(cluster, member).await,
    }
}
