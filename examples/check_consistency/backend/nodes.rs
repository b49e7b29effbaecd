//! The cluster, and the routers to it.

use std::time::Duration;

use anyhow::Result;
use diesel_routing::TokenKeys;

use crate::options::Strategy;
use crate::schedule::STANDBYS;

use super::{Cluster, Node, blocking_handles, handles, table};

/// As short as a window can be that has any effect here, to show that it is too short.
const SHORT_WINDOW: Duration = Duration::from_millis(50);

/// Routers that share nothing but their token keys, like those of several processes.
#[derive(Debug)]
pub(crate) struct Routers {
    pub(crate) asynchronous: [handles::Router; 2],
    pub(crate) blocking: blocking_handles::Router,
}

pub(crate) fn start() -> Result<Cluster> {
    let cluster = super::start(STANDBYS)?;
    table::create(&cluster)?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    Ok(cluster)
}

/// The settings are the defaults, but for time limits: what fails, fails soon.
macro_rules! router {
    ($builder:expr, $cluster:expr, $strategy:expr, $keys:expr) => {{
        let mut builder = $builder
            .token_keys($keys.clone())
            .primary(node($cluster.node(0)));
        for replica in &$cluster.nodes()[1..] {
            builder = builder.replica(node(replica));
        }
        if $strategy == Strategy::Window {
            builder = builder.window_only().window(SHORT_WINDOW);
        }
        builder.build()
    }};
}

impl Routers {
    pub(crate) async fn start(cluster: &Cluster, strategy: Strategy) -> Result<Self> {
        let keys = TokenKeys::new(1, [7; 32])?;
        let first = router!(handles::Router::builder(), cluster, strategy, keys).await?;
        let second = router!(handles::Router::deadpool_builder(), cluster, strategy, keys).await?;
        let blocking = router!(blocking_handles::Router::builder(), cluster, strategy, keys)?;
        Ok(Self {
            asynchronous: [first, second],
            blocking,
        })
    }
}

fn node(node: &Node) -> diesel_routing::Node {
    diesel_routing::Node::new(node.name(), node.url())
        .checkout_timeout(Duration::from_secs(1))
        .connect_timeout(Duration::from_secs(1))
}
