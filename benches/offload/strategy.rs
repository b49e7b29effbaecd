//! Where a user's reads go.

use std::fmt;
use std::time::Duration;

use diesel_routing::pg::{ReadConn, Router, Session, WriteConn};
use diesel_routing::prelude::*;
use diesel_routing::{Level, Node, Replica};
use diesel_routing_testkit::{PgCluster, PgNode};

use crate::Outcome;
use crate::counters::counters;
use crate::oracle::{Needs, Oracle, Role};
use crate::statements::Pages;

/// The oracle's connections to each node: what is not in use costs nothing, and waiting would be unfair.
const CONNECTIONS: u32 = 50;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Strategy {
    /// To a replica whose position, asked for at that moment, covers what the user wrote and saw.
    Oracle,
    /// To any replica.
    Random,
    /// To the primary for so long after a write, then to any replica.
    Window(Duration),
    /// By what the router knows of the replicas' positions; a read may wait so long for a fresher one.
    Session(Duration),
}

/// The state that all users of a strategy share.
pub(crate) enum Reader {
    Router(Router, Strategy),
    Oracle(Oracle<Pages>),
}

/// One user.
pub(crate) enum User<'a> {
    Session(Session),
    Oracle(&'a Oracle<Pages>, Needs),
}

/// The result of a read, by key.
pub(crate) struct Page {
    pub(crate) rows: Vec<(i32, i64)>,
    pub(crate) is_primary: bool,
    pub(crate) reason: &'static str,
}

impl Reader {
    pub(crate) async fn new(cluster: &PgCluster, strategy: Strategy) -> Outcome<Self> {
        let node = |node: &PgNode| Node::new(node.name(), node.url());
        let mut builder = Router::builder().primary(node(cluster.primary()));
        for standby in cluster.standbys() {
            builder = builder.replica(node(standby));
        }
        builder = match strategy {
            Strategy::Oracle => {
                let replicas = cluster.standbys().iter().map(PgNode::url);
                let oracle = Oracle::new(cluster.primary().url(), replicas, CONNECTIONS);
                return Ok(Self::Oracle(oracle.await?));
            }
            Strategy::Random => builder,
            Strategy::Window(window) => builder.window_only().window(window),
            Strategy::Session(wait) => builder.wait(wait),
        };
        Ok(Self::Router(builder.build().await?, strategy))
    }

    pub(crate) fn user(&self) -> User<'_> {
        match self {
            Self::Oracle(oracle) => User::Oracle(oracle, Needs::default()),
            Self::Router(router, Strategy::Random) => {
                User::Session(router.session().at_level(Level::Eventual))
            }
            Self::Router(router, _) => User::Session(router.session()),
        }
    }
}

impl User<'_> {
    pub(crate) async fn read(&mut self, keys: &[i32]) -> Outcome<Page> {
        match self {
            Self::Session(session) => {
                let mut conn = session.read_default().await?;
                let rows = rows(&mut conn, keys).await?;
                let route = conn.route();
                Ok(Page {
                    rows,
                    is_primary: route.is_primary,
                    reason: route.reason.as_str(),
                })
            }
            Self::Oracle(oracle, needs) => {
                let (rows, role) = oracle.read(needs, keys).await?;
                Ok(Page {
                    rows,
                    is_primary: role == Role::Primary,
                    reason: "oracle",
                })
            }
        }
    }

    /// Writes the next version of a key, and returns it.
    pub(crate) async fn write(&mut self, key: i32) -> Outcome<i64> {
        match self {
            Self::Session(session) => Ok(update(&mut session.write().await?, key).await?),
            Self::Oracle(oracle, needs) => Ok(oracle.write(needs, key).await?),
        }
    }
}

async fn rows(conn: &mut ReadConn<Replica>, keys: &[i32]) -> QueryResult<Vec<(i32, i64)>> {
    counters::table
        .filter(counters::key.eq_any(keys))
        .load(conn)
        .await
}

async fn update(conn: &mut WriteConn, key: i32) -> QueryResult<i64> {
    diesel::update(counters::table.find(key))
        .set(counters::version.eq(counters::version + 1))
        .returning(counters::version)
        .get_result(conn)
        .await
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oracle => f.write_str("oracle"),
            Self::Random => f.write_str("random replica"),
            Self::Window(window) => write!(f, "window {window:?}"),
            Self::Session(wait) => write!(f, "session, wait {wait:?}"),
        }
    }
}
