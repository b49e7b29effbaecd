//! `Nodes::follow`: node sets, as they come.

use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::pin;

use futures_core::Stream;
use tokio::task::JoinSet;

#[cfg(doc)]
use super::Router;
use super::{Nodes, RoutedConnection};
use crate::cluster::Node;
use crate::engine::{Following, Turn};
use crate::error::Error;

impl<C: RoutedConnection> Nodes<C> {
    /// Makes the router's nodes those of each set that comes: what is new is [added](Self::add), what has changed is
    /// [replaced](Self::replace), what is gone is [removed](Self::remove) once the rest is done. Runs until the stream
    /// ends or the router is dropped, and those for its servers' other databases, so spawn it.
    ///
    /// Sets come from the crate `diesel-routing-discovery` (DNS, Patroni, the servers' own lists, a file), or from any
    /// stream. A node that no set has named stays, so a primary may be configured and the replicas be found. Several streams may be
    /// followed, for nodes of different names.
    ///
    /// No failure takes nodes away: after an error, an empty set or the end of the stream, those of the last set stay.
    /// [`Status::discoveries`](crate::Status::discoveries) says how old that is, and what failed. A node that cannot be taken in is
    /// tried again with the next set.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(
    /// #     router: diesel_routing::pg::Router,
    /// #     node_sets: impl futures_core::Stream<Item = Result<Vec<diesel_routing::Node>, std::io::Error>> + Send + 'static,
    /// # ) {
    /// let following = tokio::spawn(router.nodes().follow(node_sets));
    /// # let _ = following;
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends it. What is being added then is taken out again.
    pub fn follow<E: Display>(
        &self,
        node_sets: impl Stream<Item = Result<Vec<Node>, E>> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let nodes = self.downgrade();
        let mut following = Following::start(self.router.shared());
        async move {
            let mut node_sets = pin!(node_sets);
            loop {
                let next = poll_fn(|cx| node_sets.as_mut().poll_next(cx)).await;
                // Kept only while there is something to do.
                let Some(nodes) = nodes.upgrade() else {
                    return;
                };
                // An error of any type lives no longer than this.
                let next = next.map(|next| next.map_err(|error| error.to_string()));
                match next {
                    Some(Ok(set)) if set.is_empty() => following.failed(Following::EMPTY),
                    Some(Ok(set)) => {
                        let turns = following.turns(&nodes.router.shared().members(), set);
                        following.took(&carry_out(&nodes, turns).await);
                    }
                    Some(Err(problem)) => following.failed(&problem),
                    None => return following.ended(),
                }
            }
        }
    }
}

/// Carries these out, the removals last; returns what failed.
async fn carry_out<C: RoutedConnection>(nodes: &Nodes<C>, turns: Vec<Turn>) -> Vec<Error> {
    let mut failures = Vec::new();
    // All at the same time: each may wait for a node that does not answer.
    let mut comings = JoinSet::new();
    let mut gone = Vec::new();
    for turn in turns {
        let nodes = nodes.clone();
        match turn {
            Turn::Add(node) => {
                comings.spawn(async move { nodes.add(node).await });
            }
            Turn::Replace(node) => {
                comings.spawn(async move { nodes.put_in_place(node).await });
            }
            Turn::Remove(name) => gone.push(name),
        }
    }
    while let Some(outcome) = comings.join_next().await {
        if let Ok(Err(error)) = outcome {
            failures.push(error);
        }
    }
    failures.extend(gone.iter().filter_map(|name| nodes.let_go(name).err()));
    failures
}
