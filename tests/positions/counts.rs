//! Round trips, as proxies in front of the nodes count them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel_routing_testkit::Proxy;

/// The number of times that something is done to count its round trips.
pub(crate) const TIMES: u32 = 100;

/// Returns another theme each time: where nothing changes, nothing is replicated.
pub(crate) fn another_theme() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed).to_string()
}

/// Counts the round trips that callers wait for.
#[derive(Debug)]
pub(crate) struct Counter {
    proxies: Vec<Arc<Proxy>>,
    /// The connections of each proxy that are not counted.
    watchers: Vec<HashSet<u64>>,
}

impl Counter {
    /// Counts on all connections that are opened from now on: those that a router opens as it is built are its
    /// watchers'.
    pub(crate) fn of(proxies: Vec<Arc<Proxy>>) -> Self {
        let numbers = |proxy: &Arc<Proxy>| {
            let connections = proxy.connections();
            connections.iter().map(|open| open.number).collect()
        };
        for proxy in &proxies {
            // What is sent without waiting for each other arrives before the first answer.
            proxy.set_delay(Duration::from_micros(500));
        }
        Self {
            watchers: proxies.iter().map(numbers).collect(),
            proxies,
        }
    }

    /// Returns the number of round trips so far.
    pub(crate) fn total(&self) -> u64 {
        let nodes = std::iter::zip(&self.proxies, &self.watchers);
        nodes
            .flat_map(|(proxy, watchers)| {
                let connections = proxy.connections().into_iter();
                connections.filter(|open| !watchers.contains(&open.number))
            })
            .map(|open| open.round_trips)
            .sum()
    }

    /// Returns the mean of [`TIMES`] times, since the total was this.
    pub(crate) fn mean_since(&self, before: u64) -> f64 {
        (self.total() - before) as f64 / f64::from(TIMES)
    }
}

/// What was counted of one operation: through a router, and on a connection without one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) operation: &'static str,
    pub(crate) routed: f64,
    pub(crate) raw: f64,
    /// The most that the router may add.
    pub(crate) may_add: f64,
}

/// Prints a line of the table in docs/BENCHMARKS.md, and panics if more was added than may be.
///
/// The line shows each operation's count and, where the router added something, that of a connection without one.
pub(crate) fn check(title: &str, counts: &[Count]) {
    let names = counts.iter().map(|count| count.operation);
    eprintln!("| {} |", row("round trips", names));
    eprintln!("| {} |", row(title, counts.iter().map(Count::cell)));
    // A machine that is busy for half a second makes a connection count as idle, which then is asked.
    let slack = 0.1;
    for count in counts {
        assert!(
            count.routed <= count.raw + count.may_add + slack,
            "{title}: {count:?}"
        );
    }
}

fn row(title: &str, cells: impl Iterator<Item = impl ToString>) -> String {
    let cells = cells.map(|cell| cell.to_string());
    let all: Vec<_> = std::iter::once(title.to_owned()).chain(cells).collect();
    all.join(" | ")
}

impl Count {
    fn cell(&self) -> String {
        // Without what came to pass a few times in a hundred.
        let [routed, raw] = [self.routed, self.raw].map(|count| format!("{count:.1}"));
        if routed == raw {
            routed
        } else {
            format!("{routed} (raw {raw})")
        }
    }
}
