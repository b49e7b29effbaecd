//! `Survey`: what the nodes of a cluster are and have, again and again, whatever state they are in.

mod alone;
mod report;

use std::time::{Duration, Instant};

use diesel_routing::{Error, Health, NodeStatus, PoolOptions, RoutedConnection, Status};

use crate::backend::on_backend;
use crate::cluster::Cluster;
use crate::failure::chain;

use report::short;
pub(crate) use report::{NodeReport, Report, lag_words};

/// Asks the nodes of a cluster, through a router while there can be one, else each by itself.
pub(crate) struct Survey {
    cluster: Cluster,
    through: Through,
}

enum Through {
    /// A router, whose watchers ask the nodes as those of a service do. It lends nothing, so its pools open nothing.
    Router(Box<dyn Fn() -> Status + Send + Sync>),
    /// Each node by itself, and the reason why there is no router.
    Alone(Option<String>),
}

/// The longest to wait for the lag of nodes that have answered, once. Chosen.
const LAGS_WITHIN: Duration = Duration::from_secs(1);

/// The longest to wait for what replicas say of their replication, once. Chosen: three questions to a node in another room.
const WORDS_WITHIN: Duration = Duration::from_millis(300);

/// The time between two looks at what a router has heard. Chosen.
const LOOK_EVERY: Duration = Duration::from_millis(10);

impl Survey {
    /// Starts to ask. Asks nobody yet.
    pub(crate) fn new(mut cluster: Cluster) -> Self {
        // Pools that keep connections open would open them.
        for member in &mut cluster.members {
            member.node = member.node.clone().pools(&PoolOptions::new());
        }
        Self {
            cluster,
            through: Through::Alone(None),
        }
    }

    /// Returns the nodes' names.
    pub(crate) fn names(&self) -> Vec<String> {
        let members = self.cluster.members.iter();
        members
            .map(|member| member.node.name().to_owned())
            .collect()
    }

    /// Returns what the nodes are and have now.
    pub(crate) async fn report(&mut self) -> Report {
        if let Through::Alone(_) = self.through {
            self.through = self.router().await;
        }
        match &self.through {
            Through::Router(status) => Report::of_status(&status()),
            Through::Alone(why) => Report {
                refused: why.clone(),
                ..alone::report(&self.cluster).await
            },
        }
    }

    /// Builds a router, and waits for what it hears first.
    async fn router(&self) -> Through {
        // Nothing is heard of what cannot be asked; and a pool would make the files that are not there.
        if !self.cluster.kind.has_roles() {
            return Through::Alone(None);
        }
        let status = on_backend!(self.cluster.kind, |C| start::<C>(&self.cluster).await);
        match status {
            Ok(status) => {
                wait_for_first_words(&*status).await;
                Through::Router(status)
            }
            // What is wrong with each node is found out by asking it.
            Err(Error::NoNode { .. } | Error::Checkout { .. }) => Through::Alone(None),
            Err(error) => Through::Alone(Some(chain(&error))),
        }
    }
}

async fn start<C: RoutedConnection>(
    cluster: &Cluster,
) -> Result<Box<dyn Fn() -> Status + Send + Sync>, Error> {
    let router = cluster.builder::<C>().build().await?;
    Ok(Box::new(move || router.status()))
}

/// Waits until the lag of each node that answers is known, where it can be; and a moment for what replicas say of their
/// replication, which some accounts are never told.
async fn wait_for_first_words(status: &(dyn Fn() -> Status + Send + Sync)) {
    let began = Instant::now();
    loop {
        let status = status();
        let has_primary = status.nodes.iter().any(|node| node.is_primary);
        let lacks_lag = |node: &NodeStatus| match node.health {
            Health::Unknown => true,
            Health::Up => has_primary && node.position.is_some() && node.lag.is_none(),
            _ => false,
        };
        let is_mute = |node: &NodeStatus| {
            let is_replica = node.health == Health::Up && !node.is_primary;
            is_replica && node.upstream.is_none() && node.notice.is_none()
        };
        let waited = began.elapsed();
        let is_owed = |node: &NodeStatus| {
            waited < LAGS_WITHIN && lacks_lag(node) || waited < WORDS_WITHIN && is_mute(node)
        };
        if !status.nodes.iter().any(is_owed) {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
