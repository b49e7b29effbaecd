//! Loads, from what a router has counted.

use std::time::Duration;

use super::{PoolLoad, Sizing, WATCHERS};
use crate::engine::{NodeStatus, PoolStatus, Status};
use crate::server::PoolKind;

impl Sizing {
    /// Creates the computation of what a router counted between two moments, with the number of instances that its builder was
    /// told and the servers' `max_connections`: for a busy hour, its beginning and its end.
    ///
    /// Reads that fell back to the primary count as the replicas' reads, which they would have been.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(router: diesel_routing::pg::Router) {
    /// # use std::time::Duration;
    /// use diesel_routing::Sizing;
    ///
    /// let before = router.status();
    /// tokio::time::sleep(Duration::from_secs(3600)).await;
    /// println!("{}", Sizing::between(&before, &router.status()).recommend());
    /// # }
    /// ```
    pub fn between(earlier: &Status, later: &Status) -> Self {
        let time = later.uptime.saturating_sub(earlier.uptime);
        Self::counted(Some(earlier), later, time)
    }

    /// Creates the computation of what a router has counted since it was built.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use diesel_routing::Sizing;
    ///
    /// # fn example(router: &diesel_routing::sync::sqlite::Router) {
    /// println!("{}", Sizing::since_start(&router.status()).instances(4).recommend());
    /// # }
    /// ```
    pub fn since_start(status: &Status) -> Self {
        Self::counted(None, status, status.uptime)
    }

    fn counted(earlier: Option<&Status>, later: &Status, time: Duration) -> Self {
        let (mut writes, mut primary, mut replicas) =
            (Counted::default(), Counted::default(), Counted::default());
        let mut count = 0;
        for node in &later.nodes {
            let before = earlier.and_then(|earlier| {
                let mut nodes = earlier.nodes.iter();
                nodes.find(|before| before.name == node.name)
            });
            let of = |kind| {
                Counted::of(node, kind).since(before.map(|before| Counted::of(before, kind)))
            };
            writes.add(of(PoolKind::Write));
            replicas.add(of(PoolKind::Fallback));
            if node.is_primary {
                primary.add(of(PoolKind::Read));
            } else {
                replicas.add(of(PoolKind::Read));
                count += 1;
            }
        }
        let limits = later.nodes.iter().filter_map(|node| node.max_connections);
        let present = later.nodes.iter().map(|node| {
            let sizes = node.pools.iter().map(|pool| pool.max_size);
            sizes.fold(WATCHERS, u32::saturating_add)
        });
        Self {
            max_connections: limits.min(),
            present: present.max(),
            ..Self::new()
                .writes(writes.over(time))
                .primary_reads(primary.over(time))
                .replica_reads(replicas.over(time), count)
                .instances(later.expected_instances)
        }
    }
}

/// Loans, and the time that they took.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    loans: u64,
    time: Duration,
}

impl Counted {
    fn of(node: &NodeStatus, kind: PoolKind) -> Self {
        let pool = node.pools.iter().find(|pool| pool.pool == kind);
        let of_pool = |pool: &PoolStatus| Self {
            loans: pool.loans,
            time: pool.time_in_use,
        };
        pool.map_or_else(Self::default, of_pool)
    }

    /// Returns what was counted since then; all of it, if the node was replaced meanwhile, and counts from the beginning.
    fn since(self, before: Option<Self>) -> Self {
        match before {
            Some(before) if before.loans <= self.loans => Self {
                loans: self.loans - before.loans,
                time: self.time.saturating_sub(before.time),
            },
            _ => self,
        }
    }

    fn add(&mut self, other: Self) {
        self.loans = self.loans.saturating_add(other.loans);
        self.time = self.time.saturating_add(other.time);
    }

    /// Returns the load, if this was counted in that time.
    fn over(self, time: Duration) -> PoolLoad {
        if self.loans == 0 || time.is_zero() {
            return PoolLoad::default();
        }
        #[expect(clippy::cast_precision_loss, reason = "fifteen digits are enough")]
        let loans = self.loans as f64;
        PoolLoad::new(loans / time.as_secs_f64(), self.time.div_f64(loans))
    }
}
