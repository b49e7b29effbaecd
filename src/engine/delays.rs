//! `Delays`: how long nodes take to catch up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The least time before a node is tried again that had not caught up, in nanoseconds: less than a round trip. Chosen.
const LEAST: u64 = 100_000;

/// The time that each node takes to catch up with the primary, as its connections said when they were tried: a guess,
/// which says where to try next and proves nothing.
///
/// A try that came too early moves it half past the time that had passed, one that was in time quarters it: three
/// tries in vain for one in time, which keeps a session off the primary until it writes again, cost less than they
/// win (`benches/offload --close`). Where a node stands still, their number grows with the logarithm of the time only.
#[derive(Debug)]
pub(crate) struct Delays(Vec<AtomicU64>);

impl Delays {
    pub(crate) fn new(nodes: usize) -> Self {
        Self((0..nodes).map(|_| AtomicU64::new(0)).collect())
    }

    /// Returns the time that a node takes.
    #[inline]
    pub(crate) fn of(&self, node: usize) -> Duration {
        let delay = self.0.get(node);
        delay.map_or(Duration::ZERO, |delay| {
            Duration::from_nanos(delay.load(Ordering::Relaxed))
        })
    }

    /// Learns that a node had caught up, or not, when this time had passed.
    pub(crate) fn learn(&self, node: usize, passed: Duration, has_caught_up: bool) {
        let Some(delay) = self.0.get(node) else {
            return;
        };
        let passed = nanos(passed);
        // Of two callers who learn at once, one counts: it is a guess.
        let known = delay.load(Ordering::Relaxed);
        let learnt = if has_caught_up {
            known.min(passed) / 4
        } else {
            known.max(passed.saturating_add(passed / 2)).max(LEAST)
        };
        delay.store(learnt, Ordering::Relaxed);
    }

    /// Learns that a node takes no longer than this, as far as its watcher heard.
    pub(crate) fn limit(&self, node: usize, lag: Duration) {
        if let Some(delay) = self.0.get(node) {
            delay.fetch_min(nanos(lag), Ordering::Relaxed);
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_stands_still_is_tried_ever_more_seldom() {
        let delays = Delays::new(1);
        let step = Duration::from_millis(1);
        let mut tries = 0;
        for passed in (1..=60_000).map(|count| step * count) {
            if delays.of(0) <= passed {
                tries += 1;
                delays.learn(0, passed, false);
            }
        }
        assert!(tries < 60, "{tries}");
        // Its watcher hears that it is back.
        delays.limit(0, step);
        assert_eq!(delays.of(0), step);
    }

    #[test]
    fn tries_in_time_are_made_a_little_earlier_each_time() {
        let delays = Delays::new(1);
        delays.learn(0, Duration::from_millis(8), false);
        let before = delays.of(0);
        delays.learn(0, before, true);
        assert!(delays.of(0) < before);
        assert!(delays.of(0) >= before / 4);
    }
}
