//! A cluster with a router over it.

#![allow(dead_code, reason = "not every flavour has every suite")]

use super::*;

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) clock: ManualClock,
    pub(crate) cluster: Cluster,
}

impl World {
    /// The default window, on a clock that stands still. Positions have tests of their own.
    pub(crate) async fn start(replicas: usize) -> Self {
        Self::with(replicas, |builder| builder).await
    }

    pub(crate) async fn with(replicas: usize, adapt: impl FnOnce(Builder) -> Builder) -> Self {
        Self::sized(replicas, 5, adapt).await
    }

    /// As [`with`](Self::with), with pools of this many connections.
    pub(crate) async fn sized(
        replicas: usize,
        size: u32,
        adapt: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let cluster = Cluster::start(replicas);
        let clock = ManualClock::default();
        let router =
            wait!(adapt(nodes(&cluster, size).clock(clock.clone()).window_only()).build()).unwrap();
        Self {
            router,
            clock,
            cluster,
        }
    }

    /// One replica, which keeps its first rows.
    pub(crate) async fn with_a_paused_replica() -> Self {
        let world = Self::start(1).await;
        world.cluster.pause(0);
        world
    }
}

/// A builder with the nodes of a cluster.
pub(crate) fn nodes(cluster: &Cluster, size: u32) -> Builder {
    let sized = |node: Node| {
        node.read_pool_size(size)
            .write_pool_size(size)
            .checkout_timeout(Duration::from_secs(10))
    };
    (0..cluster.replicas())
        .map(|index| sized(cluster.replica(index)))
        .fold(
            builder().primary(sized(cluster.primary())),
            Builder::replica,
        )
}

/// The name of user 1, who is `ann` at first.
pub(crate) async fn name(conn: &mut ReadConn<Replica>) -> String {
    wait!(users::table.find(1).select(users::name).first(conn)).unwrap()
}

pub(crate) async fn count(conn: &mut ReadConn<Replica>) -> i64 {
    wait!(users::table.count().get_result(conn)).unwrap()
}

pub(crate) async fn rename(conn: &mut WriteConn, name: &str) {
    let row = users::table.find(1);
    let renamed = wait!(diesel::update(row).set(users::name.eq(name)).execute(conn)).unwrap();
    assert_eq!(renamed, 1);
}

/// Whether the session's reads are kept on the primary because it wrote.
pub(crate) async fn is_marked(session: &Session) -> bool {
    wait!(session.read()).unwrap().route().reason == Reason::RecentWrite
}
