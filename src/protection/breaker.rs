//! `Breaker`: protects the primary from reads while it is strained.

mod gauges;
mod machine;
mod sheds;
mod status;
mod strain;

use std::time::Duration;

pub(crate) use gauges::Gauges;
pub(crate) use machine::{Change, Readings};
pub(crate) use sheds::Sheds;
pub use status::{BreakerStatus, ShedReads, Signal};
pub use strain::Strain;

use crate::error::ConfigError;

/// A function that tells how loaded the primary is, from 0 to 1.
#[derive(Clone)]
pub(crate) struct LoadHook(pub(crate) std::sync::Arc<dyn Fn() -> f64 + Send + Sync>);

impl std::fmt::Debug for LoadHook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoadHook")
    }
}

/// Protects the primary from reads while it is strained: see [`Strain`] for what is refused when, and
/// [`RouterBuilder::breaker`](crate::RouterBuilder::breaker).
///
/// Each signal has two thresholds, of which one that is infinite is never reached. A signal that passes one counts at once; the
/// primary counts as relieved, by one step, once all signals have stayed 15 % below it for the [hold](Self::hold). A strained one is
/// tried first with a share of what it refuses, which doubles as long as that goes well.
///
/// | signal | strained | open |
/// |---|---|---|
/// | [share of the server's connections in use](Self::connections) | 0.9 | 0.97 |
/// | [wait for its pools' connections](Self::pool_wait) | 100 ms | 1 s |
/// | [share of time-outs there](Self::timeouts) | 0.05 | 0.25 |
/// | [time of its answers to the watcher, beside the usual one](Self::latency) | 5 | 20 |
/// | [what the application's own function tells](Self::load) | 0.80 | 0.85 |
///
/// # Example
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
/// use diesel_routing::{Breaker, Class, Node, Priority, sync::sqlite::Router};
///
/// // Written by whatever knows the primary's processor: a metrics client, say.
/// let percent = Arc::new(AtomicU32::new(0));
/// let builder = Router::builder()
///     .primary(Node::new("db-1", "shop.db"))
///     .breaker(Breaker::new().hold(Duration::from_secs(10)))
///     .load_with(move || f64::from(percent.load(Ordering::Relaxed)) / 100.0)
///     .class("search", Class::new().priority(Priority::Low));
/// # let _ = builder;
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Breaker {
    pub(crate) connections: Thresholds,
    /// In seconds.
    pub(crate) pool_wait: Thresholds,
    pub(crate) timeouts: Thresholds,
    pub(crate) latency: Thresholds,
    pub(crate) load: Thresholds,
    pub(crate) hold: Duration,
    pub(crate) wait: Duration,
}

/// The values of a signal from which on the primary counts as strained, and from which on only writes and strong reads are
/// served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Thresholds {
    pub(crate) strained: f64,
    pub(crate) open: f64,
}

impl Thresholds {
    const fn new(strained: f64, open: f64) -> Self {
        Self { strained, open }
    }
}

impl Breaker {
    /// Creates a breaker with the thresholds of the table above.
    pub const fn new() -> Self {
        Self {
            connections: Thresholds::new(0.9, 0.97),
            pool_wait: Thresholds::new(0.1, 1.0),
            timeouts: Thresholds::new(0.05, 0.25),
            latency: Thresholds::new(5.0, 20.0),
            load: Thresholds::new(0.80, 0.85),
            hold: Duration::from_secs(5),
            wait: Duration::from_millis(50),
        }
    }

    /// Sets the thresholds of the share of the server's connections that is in use, of those that it admits to ordinary accounts.
    /// The primary's watcher asks for it once a second, where the server is watched and tells: PostgreSQL, MySQL and MariaDB do.
    pub const fn connections(mut self, strained: f64, open: f64) -> Self {
        self.connections = Thresholds::new(strained, open);
        self
    }

    /// Sets the thresholds of the mean wait for a connection of the primary's pools for writes and reads, over some seconds. The pool
    /// for reads without a replica does not count: it is there to be full.
    pub const fn pool_wait(mut self, strained: Duration, open: Duration) -> Self {
        self.pool_wait = Thresholds::new(strained.as_secs_f64(), open.as_secs_f64());
        self
    }

    /// Sets the thresholds of the share of checkouts from these pools that get no connection in time.
    pub const fn timeouts(mut self, strained: f64, open: f64) -> Self {
        self.timeouts = Thresholds::new(strained, open);
        self
    }

    /// Sets by how much longer than usual the primary may take to answer its watcher; at least 2 ms count as usual. Usual is the
    /// mean of some minutes in which the primary was not strained.
    pub const fn latency(mut self, strained: f64, open: f64) -> Self {
        self.latency = Thresholds::new(strained, open);
        self
    }

    /// Sets the thresholds of what the function of [`load_with`](crate::RouterBuilder::load_with) tells.
    pub const fn load(mut self, strained: f64, open: f64) -> Self {
        self.load = Thresholds::new(strained, open);
        self
    }

    /// Sets for how long signals must be low before the primary counts as relieved, or is tried with more. Defaults to 5 s. Twice
    /// as long each time that it is strained again by that, up to a minute.
    pub const fn hold(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// Sets how long reads that may not go to the primary wait for a replica that is fresh enough, at least. Defaults to 50 ms;
    /// more if the [caller](crate::Session::waiting) waits longer.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use diesel_routing::Breaker;
    ///
    /// let breaker = Breaker::new()
    ///     .connections(0.8, 0.95)
    ///     .pool_wait(Duration::from_millis(50), Duration::from_millis(500))
    ///     .timeouts(0.05, f64::INFINITY) // never the reason to refuse all
    ///     .latency(5.0, 20.0)
    ///     .wait(Duration::from_millis(100));
    /// # let _ = breaker;
    /// ```
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Checks that it makes sense.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (signal, thresholds) in self.thresholds() {
            let Thresholds { strained, open } = thresholds;
            if !(strained > 0.0 && strained <= open) {
                return Err(ConfigError::Breaker {
                    signal: signal.as_str(),
                    strained: strained.to_string(),
                    open: open.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Returns the thresholds of each signal.
    pub(crate) fn thresholds(&self) -> [(Signal, Thresholds); 5] {
        [
            (Signal::Connections, self.connections),
            (Signal::PoolWait, self.pool_wait),
            (Signal::Timeouts, self.timeouts),
            (Signal::Latency, self.latency),
            (Signal::OwnLoad, self.load),
        ]
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::new()
    }
}
