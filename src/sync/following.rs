//! `Nodes::follow`: node sets, as they come.

use std::fmt::Display;
use std::thread;

#[cfg(doc)]
use super::Router;
use super::{Nodes, RoutedConnection};
use crate::cluster::Node;
use crate::engine::{Following, Turn};
use crate::error::Error;

impl<C: RoutedConnection> Nodes<C> {
    /// Makes the router's nodes those of each set that comes: what is new is [added](Self::add), what has changed is
    /// [replaced](Self::replace), what is gone is [removed](Self::remove) once the rest is done. Runs until the iterator
    /// ends or the router is dropped, so give it a thread; it keeps no router alive.
    ///
    /// Sets come from the crate `diesel-routing-discovery` (DNS, Patroni, the servers' own lists, a file), or from any
    /// iterator that waits between them. A node that no set has named stays, so a primary may be configured and the replicas be
    /// found. Several iterators may be followed, for nodes of different names.
    ///
    /// No failure takes nodes away: after an error, an empty set or the end of the iterator, those of the last set stay.
    /// [`Status::discoveries`](crate::Status::discoveries) says how old that is, and what failed. A node that cannot be taken in is
    /// tried again with the next set.
    ///
    /// ```no_run
    /// # #[cfg(feature = "sync-postgres")]
    /// # fn example(
    /// #     router: diesel_routing::sync::pg::Router,
    /// #     node_sets: impl Iterator<Item = Result<Vec<diesel_routing::Node>, std::io::Error>> + Send + 'static,
    /// # ) {
    /// let nodes = router.nodes();
    /// let following = std::thread::spawn(move || nodes.follow(node_sets));
    /// # let _ = following;
    /// # }
    /// ```
    pub fn follow<E: Display>(self, node_sets: impl IntoIterator<Item = Result<Vec<Node>, E>>) {
        let nodes = self.downgrade();
        let mut following = Following::start(self.router.shared());
        drop(self);
        for next in node_sets {
            // Kept only while there is something to do.
            let Some(nodes) = nodes.upgrade() else {
                return;
            };
            match next {
                Ok(set) if set.is_empty() => following.failed(Following::EMPTY),
                Ok(set) => {
                    let turns = following.turns(&nodes.router.shared().members(), set);
                    following.took(&carry_out(&nodes, turns));
                }
                Err(error) => following.failed(&error.to_string()),
            }
        }
        following.ended();
    }
}

/// Carries these out, the removals last; returns what failed.
fn carry_out<C: RoutedConnection>(nodes: &Nodes<C>, turns: Vec<Turn>) -> Vec<Error> {
    let (mut failures, mut gone) = (Vec::new(), Vec::new());
    // All at the same time: each may wait for a node that does not answer.
    thread::scope(|scope| {
        let mut comings = Vec::new();
        for turn in turns {
            match turn {
                Turn::Add(node) => comings.push(scope.spawn(move || nodes.add(node))),
                Turn::Replace(node) => comings.push(scope.spawn(move || nodes.put_in_place(node))),
                Turn::Remove(name) => gone.push(name),
            }
        }
        let outcomes = comings.into_iter().filter_map(|coming| coming.join().ok());
        failures.extend(outcomes.filter_map(Result::err));
    });
    failures.extend(gone.iter().filter_map(|name| nodes.let_go(name).err()));
    failures
}
