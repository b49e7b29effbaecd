//! The cluster.

use std::time::Duration;

use diesel_routing_testkit::{PgCluster, PgNode};

use crate::{Outcome, counters};

/// The query for how often a server was asked for its position again: without what stays as it is.
const QUESTIONS: &str = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements \
                         WHERE (query LIKE '%pg_current_wal_insert_lsn()%' OR query LIKE '%pg_last_wal_replay_lsn()%') \
                           AND query NOT LIKE '%pg_control_system()%'";

/// The numbers of questions to nodes for their positions.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    pub(crate) primary: u32,
    pub(crate) replicas: u32,
}

impl Questions {
    pub(crate) fn of(cluster: &PgCluster) -> Outcome<Self> {
        let count = |node: &PgNode| -> Outcome<u32> {
            let count = node.admin_value(QUESTIONS)?;
            Ok(count.unwrap_or_default().parse()?)
        };
        Ok(Self {
            primary: count(cluster.primary())?,
            replicas: cluster.standbys().iter().map(count).sum::<Outcome<_>>()?,
        })
    }
}

pub(crate) fn start() -> Outcome<PgCluster> {
    let cluster = PgCluster::builder()
        .standbys(2)
        .setting("max_connections", "300")
        .setting("shared_preload_libraries", "pg_stat_statements")
        .start()?;
    counters::create(cluster.primary())?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    Ok(cluster)
}
