//! `Delays`: how long nodes take to catch up.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::cluster::PerSlot;
use crate::routing::Delay;

/// The least time before a node is tried again that had not caught up, in nanoseconds: less than a round trip. Chosen.
const LEAST: u64 = 100_000;

/// The odds of an early try: each read at first, one in 64 once all were in vain.
const OFTEN: u32 = 0;
const SELDOM: u32 = 6;

/// The time that each node takes to catch up with the primary, as its connections said when they were tried: a guess,
/// which says where to try next and proves nothing.
///
/// A try that came too early moves it half past the time that had passed, one that was in time quarters it: three
/// tries in vain for one in time, which keeps a session off the primary until it writes again, cost less than they
/// win (`benches/offload --close`). Where a node stands still, their number grows with the logarithm of the time only.
///
/// Who reads at once never lets that time pass, so one late replay would keep all such readers on the primary. So tries
/// are made before it, too: half as many after each that is in vain, one read in 64 at least; all, after one in time.
#[derive(Debug)]
pub(crate) struct Delays(PerSlot<Node>);

#[derive(Debug)]
struct Node {
    /// In nanoseconds.
    time: AtomicU64,
    odds: AtomicU32,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            time: AtomicU64::new(0),
            odds: AtomicU32::new(OFTEN),
        }
    }
}

impl Delays {
    pub(crate) fn new(nodes: usize) -> Self {
        Self(PerSlot::new(nodes))
    }

    /// Makes room for one more node, of which nothing is known.
    pub(crate) fn add(&self, node: usize) {
        self.0.add(node);
        if let Some(node) = self.0.get(node) {
            node.time.store(0, Ordering::Relaxed);
            node.odds.store(OFTEN, Ordering::Relaxed);
        }
    }

    /// Returns the time that a node takes.
    #[inline]
    pub(crate) fn of(&self, node: usize) -> Delay {
        let node = self.0.get(node);
        Delay {
            time: node.map_or(Duration::ZERO, |node| {
                Duration::from_nanos(node.time.load(Ordering::Relaxed))
            }),
            odds: node.map_or(SELDOM, |node| node.odds.load(Ordering::Relaxed)),
        }
    }

    /// Learns that a node had caught up, or not, when this time had passed.
    pub(crate) fn learn(&self, node: usize, passed: Duration, has_caught_up: bool) {
        let Some(node) = self.0.get(node) else {
            return;
        };
        let passed = nanos(passed);
        // Of two callers who learn at once, one counts: it is a guess.
        let known = node.time.load(Ordering::Relaxed);
        let learnt = if has_caught_up {
            known.min(passed) / 4
        } else {
            known.max(passed.saturating_add(passed / 2)).max(LEAST)
        };
        node.time.store(learnt, Ordering::Relaxed);
        if passed < known {
            let odds = match has_caught_up {
                true => OFTEN,
                false => SELDOM.min(node.odds.load(Ordering::Relaxed) + 1),
            };
            node.odds.store(odds, Ordering::Relaxed);
        }
    }

    /// Learns that a node takes no longer than this, as far as its watcher heard.
    pub(crate) fn limit(&self, node: usize, lag: Duration) {
        if let Some(node) = self.0.get(node) {
            node.time.fetch_min(nanos(lag), Ordering::Relaxed);
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(1);

    #[test]
    fn a_node_that_stands_still_is_tried_ever_more_seldom() {
        let delays = Delays::new(1);
        let mut tries = 0;
        for passed in (1..=60_000).map(|count| STEP * count) {
            if delays.of(0).time <= passed {
                tries += 1;
                delays.learn(0, passed, false);
            }
        }
        assert!(tries < 60, "{tries}");
        // Its watcher hears that it is back.
        delays.limit(0, STEP);
        assert_eq!(delays.of(0).time, STEP);
    }

    #[test]
    fn tries_in_time_are_made_a_little_earlier_each_time() {
        let delays = Delays::new(1);
        delays.learn(0, Duration::from_millis(8), false);
        let before = delays.of(0).time;
        delays.learn(0, before, true);
        assert!(delays.of(0).time < before);
        assert!(delays.of(0).time >= before / 4);
    }

    #[test]
    fn early_tries_are_rare_while_they_are_in_vain_and_frequent_after_one_in_time() {
        let delays = Delays::new(1);
        delays.learn(0, STEP * 50, false);
        assert_eq!(delays.of(0).odds, OFTEN);
        for _ in 0..100 {
            delays.learn(0, STEP, false);
        }
        assert_eq!(delays.of(0).odds, SELDOM);
        assert_eq!(delays.of(0).time, STEP * 75, "an early try tells no more");
        delays.learn(0, STEP * 80, false);
        assert_eq!(delays.of(0).odds, SELDOM, "this one was not early");
        delays.learn(0, STEP, true);
        assert_eq!(delays.of(0).odds, OFTEN);
        assert!(delays.of(0).time < STEP);
    }

    /// One replay that takes 20 ms, and then each read of many comes a millisecond after what it has to see.
    #[test]
    fn one_late_replay_does_not_keep_all_quick_readers_on_the_primary() {
        let delays = Delays::new(1);
        delays.learn(0, STEP * 20, false);
        let mut on_primary = 0;
        for random in 0..1000_u64 {
            if delays.of(0).allows(STEP, random << 32) {
                delays.learn(0, STEP, true);
            } else {
                on_primary += 1;
            }
        }
        assert!(on_primary < 10, "{on_primary}");
    }
}
