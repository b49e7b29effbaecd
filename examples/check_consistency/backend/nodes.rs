//! The cluster, and the routers to it.

use std::time::Duration;

use anyhow::Result;
use diesel_routing::TokenKeys;

use crate::options::{Options, Pool, ROUTERS, Strategy, Topology};
use crate::schedule::STANDBYS;

use super::changes::{AnyRouter, Changing, DRAIN};
use super::network::{self, Names, Network};
use super::{Cluster, blocking_handles, handles, table};

/// As short as a window can be that has any effect here, to show that it is too short.
const SHORT_WINDOW: Duration = Duration::from_millis(50);

/// Routers that share nothing but their token keys, like those of several processes.
#[derive(Debug, Default)]
pub(crate) struct Routers {
    pub(crate) asynchronous: Vec<handles::Router>,
    pub(crate) blocking: Vec<blocking_handles::Router>,
    /// All of them, with the nodes that each may have.
    pub(crate) changing: Vec<Changing>,
}

pub(crate) fn start() -> Result<Cluster> {
    let cluster = super::start(STANDBYS)?;
    table::create(&cluster)?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    Ok(cluster)
}

/// Starts what stands between routers and nodes, if anything does.
pub(crate) fn start_network(cluster: &Cluster, options: &Options) -> Result<Option<Network>> {
    match options.topology {
        Topology::Direct => Ok(None),
        Topology::Mixed | Topology::Addresses => Network::start(cluster, options.seed()).map(Some),
    }
}

macro_rules! router {
    ($builder:expr, $names:expr, $strategy:expr, $keys:expr) => {{
        let names: &Names = $names;
        let primary = names.primary.node.clone();
        let mut builder = $builder.token_keys($keys.clone()).primary(primary);
        for replica in &names.replicas {
            builder = builder.replica(replica.node.clone());
        }
        builder = builder.drain_timeout(DRAIN);
        if $strategy == Strategy::Window {
            builder = builder.window_only().window(SHORT_WINDOW);
        }
        builder.build()
    }};
}

impl Routers {
    pub(crate) async fn start(
        cluster: &Cluster,
        network: Option<&Network>,
        options: &Options,
    ) -> Result<Self> {
        let (keys, strategy) = (TokenKeys::new(1, [7; 32])?, options.strategy);
        let mut routers = Self::default();
        for number in 0..ROUTERS {
            let names = network.map_or_else(
                || network::direct(cluster),
                |network| network.names(options.topology, number, cluster),
            );
            let router = match options.pool.of_router(number) {
                Pool::Bb8 => {
                    let builder = handles::Router::builder();
                    let router = router!(builder, &names, strategy, keys).await?;
                    routers.asynchronous.push(router.clone());
                    AnyRouter::Asynchronous(router)
                }
                Pool::Deadpool => {
                    let builder = handles::Router::deadpool_builder();
                    let router = router!(builder, &names, strategy, keys).await?;
                    routers.asynchronous.push(router.clone());
                    AnyRouter::Asynchronous(router)
                }
                Pool::R2d2 | Pool::All => {
                    let builder = blocking_handles::Router::builder();
                    let router = router!(builder, &names, strategy, keys)?;
                    routers.blocking.push(router.clone());
                    AnyRouter::Blocking(router)
                }
            };
            let Names { primary, replicas } = names;
            let nodes = [primary].into_iter().chain(replicas).collect();
            routers.changing.push(Changing { router, nodes });
        }
        Ok(routers)
    }
}
