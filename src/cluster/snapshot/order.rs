//! The replicas of a large cluster, in order: those that may serve a read stand together.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Health, NodeState};
use crate::position::Position;

/// The largest cluster whose nodes are all examined where random draws fail. Chosen: a thousand nodes take up to 75
/// microseconds, so 64 take some five.
const SMALL: usize = 64;

/// The replicas that are up, in two orders.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// By the instant up to which they are complete, the latest first; those of which it is unknown stand last.
    pub(crate) by_freshness: Arc<[u32]>,
    /// By position, the furthest first, so that those that cover a position stand first. GTID sets have no such order:
    /// there it is the order by freshness.
    pub(crate) by_position: Arc<[u32]>,
}

impl Order {
    /// Returns the order of the replicas, all but the primary if there is one; `None` for a small cluster, which needs
    /// none.
    pub(crate) fn of(nodes: &[NodeState], primary: Option<usize>) -> Option<Self> {
        if nodes.len() <= SMALL {
            return None;
        }
        let freshness = |node: &NodeState| node.complete_as_of;
        // One that lags for an unknown time may be on another history, where a position further on proves nothing.
        let progress = |node: &NodeState| {
            (
                node.complete_as_of.is_some(),
                place(node),
                node.complete_as_of,
            )
        };
        Some(Self {
            by_freshness: sorted(nodes, primary, freshness),
            by_position: sorted(nodes, primary, progress),
        })
    }
}

/// Returns the replicas that are up, the greatest key first.
fn sorted<K: Ord>(
    nodes: &[NodeState],
    primary: Option<usize>,
    key: impl Fn(&NodeState) -> K,
) -> Arc<[u32]> {
    let mut replicas: Vec<_> = (0_u32..)
        .zip(nodes.iter().enumerate())
        .filter(|(_, (index, node))| Some(*index) != primary && node.health == Health::Up)
        .map(|(replica, (_, node))| (Reverse(key(node)), replica))
        .collect();
    replicas.sort_unstable();
    replicas.into_iter().map(|(_, replica)| replica).collect()
}

/// Returns the history and the place in it, of positions that have an order.
fn place(node: &NodeState) -> Option<(u128, u64)> {
    match node.position.as_ref()? {
        Position::Postgres(position) => Some((position.timeline.into(), position.lsn.0)),
        Position::Galera(position) => Some((position.history(), position.sequence)),
        Position::MariaDb(_) | Position::MySql(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::position::{Lsn, PgPosition};

    /// Creates 100 nodes: the higher the index, the further the position and the older the answer.
    fn nodes(now: Instant) -> Vec<NodeState> {
        (0..100)
            .map(|index| NodeState {
                health: Health::Up,
                position: Some(PgPosition::new(1, 1, Lsn(index)).into()),
                complete_as_of: Some(now - Duration::from_secs(index)),
                ..NodeState::UNKNOWN
            })
            .collect()
    }

    #[test]
    fn the_freshest_and_the_furthest_stand_first() {
        let order = Order::of(&nodes(Instant::now()), Some(0)).unwrap();
        assert_eq!(order.by_freshness[..3], [1, 2, 3]);
        assert_eq!(order.by_position[..3], [99, 98, 97]);
    }

    #[test]
    fn neither_the_primary_nor_a_node_that_is_not_up_has_a_place() {
        let mut nodes = nodes(Instant::now());
        nodes[99].health = Health::Down;
        nodes[98].health = Health::Excluded;
        let order = Order::of(&nodes, Some(97)).unwrap();
        for order in [order.by_freshness, order.by_position] {
            assert_eq!(order.len(), 97);
            assert!(order.iter().all(|&replica| replica < 97));
        }
    }

    #[test]
    fn a_replica_of_unknown_lag_stands_last_however_far_it_is() {
        let mut nodes = nodes(Instant::now());
        nodes[99].complete_as_of = None;
        let order = Order::of(&nodes, Some(0)).unwrap();
        assert_eq!(order.by_freshness.last(), Some(&99));
        assert_eq!(order.by_position.last(), Some(&99));
    }

    #[test]
    fn a_small_cluster_has_no_order() {
        assert!(Order::of(&nodes(Instant::now())[..SMALL], Some(0)).is_none());
        assert!(Order::of(&nodes(Instant::now())[..=SMALL], Some(0)).is_some());
    }
}
