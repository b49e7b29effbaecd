//! `PoolTimes`: where the times of one pool are recorded. `ReplicaWaits`: where those are of reads that waited for a replica.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use metrics::Histogram;

/// The place where the times of a pool's loans are recorded: in a recorder's histograms, found once and kept.
#[derive(Default)]
pub(crate) struct PoolTimes(ArcSwapOption<Times>);

/// The histograms of a pool.
#[derive(Debug)]
pub(crate) struct Times {
    pub(super) wait: Histogram,
    pub(super) used: Histogram,
    pub(super) create: Histogram,
}

impl PoolTimes {
    /// Has times recorded there from now on.
    pub(crate) fn attach(&self, times: &Arc<Times>) {
        let known = self.0.load();
        if known
            .as_ref()
            .is_none_or(|known| !Arc::ptr_eq(known, times))
        {
            self.0.store(Some(Arc::clone(times)));
        }
    }

    /// Records how long a caller waited for a connection.
    #[inline]
    pub(crate) fn waited(&self, time: Duration) {
        if let Some(times) = &*self.0.load() {
            times.wait.record(time);
        }
    }

    /// Records how long a connection was in use.
    #[inline]
    pub(crate) fn used(&self, time: Duration) {
        if let Some(times) = &*self.0.load() {
            times.used.record(time);
        }
    }

    /// Records how long it took to open a connection.
    pub(crate) fn opened_in(&self, time: Duration) {
        if let Some(times) = &*self.0.load() {
            times.create.record(time);
        }
    }
}

impl fmt::Debug for PoolTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolTimes").finish_non_exhaustive()
    }
}

/// The place where the times are recorded of reads that waited for a replica to catch up.
#[derive(Default)]
pub(crate) struct ReplicaWaits(ArcSwapOption<Waits>);

/// The histograms of waits, by who served in the end.
#[derive(Debug)]
pub(crate) struct Waits {
    pub(super) replica: Histogram,
    pub(super) primary: Histogram,
}

impl ReplicaWaits {
    /// Has times recorded there from now on.
    pub(super) fn attach(&self, waits: Waits) {
        self.0.store(Some(Arc::new(waits)));
    }

    /// Records how long a read waited.
    #[cold]
    pub(crate) fn waited(&self, time: Duration, is_replica: bool) {
        if let Some(waits) = &*self.0.load() {
            let histogram = if is_replica {
                &waits.replica
            } else {
                &waits.primary
            };
            histogram.record(time);
        }
    }
}

impl fmt::Debug for ReplicaWaits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplicaWaits").finish_non_exhaustive()
    }
}
