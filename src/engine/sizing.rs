//! `Sizing`: how many connections each pool needs, from what was measured.

mod advice;
mod measured;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use advice::{PoolAdvice, SizingAdvice};

/// The part of the primary's connections for its own work that reads without a replica may take besides. Chosen: of the 20
/// that nodes have by default, 5.
const FALLBACK_SHARE: u32 = 4;

/// The connections that are kept free, in standard deviations of the number in use. A pool that is three above its mean is found full by fewer than
/// one caller in 20, and from five in use on by fewer than one in 100 (Erlang's C formula: 4.2 % at worst, with 0.31 in use of 2).
const DEVIATIONS: f64 = 3.0;

/// The smallest pool that is advised: one connection that hangs must not stop a service.
const LEAST: u32 = 2;

/// The connections of an instance to a node that no pool has: its watcher's.
pub(crate) const WATCHERS: u32 = 1;

/// The load that the sizes of pools are computed from; all loads are those of one instance.
///
/// By Little's law, the mean number of connections in use is the rate of arrivals times the mean time that each is in use. A pool
/// needs more than the mean: three standard deviations, which for arrivals at random are three times its square root.
/// `docs/sizing.md` has the sources, and says what to measure.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use diesel_routing::{PoolKind, PoolLoad, Sizing};
///
/// let millis = Duration::from_millis;
/// let advice = Sizing::new()
///     .instances(8)
///     .max_connections(200)
///     .writes(PoolLoad::new(150.0, millis(12)))
///     .primary_reads(PoolLoad::new(100.0, millis(4)))
///     .replica_reads(PoolLoad::new(900.0, millis(5)), 2)
///     .recommend();
///
/// // In its busiest seconds 2.7 are in use, on average.
/// assert_eq!(advice.write.size, 8);
/// assert!(advice.fallback.size < advice.replica_read.size);
/// assert_eq!(advice.warnings, [""; 0]);
/// println!("{advice}");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Sizing {
    writes: PoolLoad,
    primary_reads: PoolLoad,
    /// Of all replicas together.
    replica_reads: PoolLoad,
    replicas: u32,
    instances: u32,
    max_connections: Option<u32>,
    server_cores: Option<u32>,
    peak: f64,
    /// The sizes that there are, if they are known: all of an instance's connections to the node that has most.
    present: Option<u32>,
}

/// The load of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PoolLoad {
    per_second: f64,
    time_in_use: Duration,
}

impl PoolLoad {
    /// Creates the load of so many loans a second, each of this length on average. What is no rate counts as none.
    #[must_use]
    pub fn new(per_second: f64, time_in_use: Duration) -> Self {
        Self {
            per_second: if per_second.is_finite() {
                per_second.max(0.0)
            } else {
                0.0
            },
            time_in_use,
        }
    }

    /// Returns the number of loans a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.per_second
    }

    /// Returns the mean time that a connection is in use.
    #[must_use]
    pub fn time_in_use(self) -> Duration {
        self.time_in_use
    }

    /// Returns the mean number of connections in use: Little's law.
    #[must_use]
    pub fn in_use(self) -> f64 {
        self.per_second * self.time_in_use.as_secs_f64()
    }

    /// Returns this load, so many times as often.
    fn times(self, factor: f64) -> Self {
        Self::new(self.per_second * factor, self.time_in_use)
    }
}

impl Default for Sizing {
    fn default() -> Self {
        Self {
            writes: PoolLoad::default(),
            primary_reads: PoolLoad::default(),
            replica_reads: PoolLoad::default(),
            replicas: 0,
            instances: 1,
            max_connections: None,
            server_cores: None,
            peak: 1.5,
            present: None,
        }
    }
}

impl Sizing {
    /// Creates a computation without any load, for one instance.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the load of the primary's pool for writes.
    pub fn writes(mut self, load: PoolLoad) -> Self {
        self.writes = load;
        self
    }

    /// Sets the load of the primary's pool for reads: strong ones, and those that no replica may serve yet.
    pub fn primary_reads(mut self, load: PoolLoad) -> Self {
        self.primary_reads = load;
        self
    }

    /// Sets the load of the replicas' pools for reads, all together, and their number.
    pub fn replica_reads(mut self, load: PoolLoad, replicas: u32) -> Self {
        (self.replica_reads, self.replicas) = (load, replicas);
        self
    }

    /// Sets how many instances there are to be, in all processes. Defaults to 1.
    pub fn instances(mut self, instances: u32) -> Self {
        self.instances = instances.max(1);
        self
    }

    /// Sets how many connections the server with the fewest gives to ordinary accounts: on PostgreSQL, `max_connections` without
    /// those that are reserved. Defaults to unknown.
    pub fn max_connections(mut self, connections: u32) -> Self {
        self.max_connections = Some(connections);
        self
    }

    /// Sets how many processor cores the primary has, to compare its work with. Defaults to unknown.
    pub fn server_cores(mut self, cores: u32) -> Self {
        self.server_cores = Some(cores);
        self
    }

    /// Sets how many times the measured rate the busiest seconds have. Defaults to 1.5: measure in a busy hour.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use diesel_routing::{PoolLoad, Sizing};
    ///
    /// let load = PoolLoad::new(200.0, Duration::from_millis(4));
    /// assert_eq!((load.per_second(), load.time_in_use()), (200.0, Duration::from_millis(4)));
    /// assert!((load.in_use() - 0.8).abs() < 1e-9); // connections, on average
    /// let advice = Sizing::new().writes(load).instances(4).server_cores(8).peak(3.0).recommend();
    /// println!("{advice}");
    /// ```
    pub fn peak(mut self, factor: f64) -> Self {
        if factor.is_finite() {
            self.peak = factor.max(1.0);
        }
        self
    }

    /// Returns the sizes that these loads need, with the reasons, and warnings where they do not fit.
    #[must_use]
    pub fn recommend(&self) -> SizingAdvice {
        advice::of(self)
    }
}
