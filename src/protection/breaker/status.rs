//! `BreakerStatus`: how strained the primary is, and why.

use std::fmt;
use std::time::Duration;

use super::Strain;

/// A signal that a [breaker](crate::Breaker) measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signal {
    /// The share of the server's connections that is in use.
    Connections,
    /// The mean wait for a connection of the primary's pools, in seconds.
    PoolWait,
    /// The share of checkouts from these pools that got no connection in time.
    Timeouts,
    /// The time of the primary's answers to its watcher, as a multiple of the usual one.
    Latency,
    /// The value that the application's own function tells.
    // Not named `Load`: compile errors print the trait's parameter of that name without its path only while no other public item
    // has it.
    OwnLoad,
}

impl Signal {
    /// Returns a stable, lower-case name, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::PoolWait => "pool_wait",
            Self::Timeouts => "timeouts",
            Self::Latency => "latency",
            Self::OwnLoad => "load",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The state of a router's [breaker](crate::Breaker).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BreakerStatus {
    /// The strain on the primary.
    pub strain: Strain,
    /// The time for which signals must be low for it to be relieved by one step; zero if it is not strained.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "hold_seconds",
            serialize_with = "crate::serialize::time_span"
        )
    )]
    pub hold: Duration,
    /// The share of the reads that a strained primary refuses which is let in nevertheless, to try it: more by steps while it stays
    /// well.
    pub admitted: f64,
    /// The last values of the signals that are known.
    #[cfg_attr(feature = "serde", serde(serialize_with = "signals"))]
    pub signals: Vec<(Signal, f64)>,
    /// The reads that were refused since the router started, by class.
    pub shed: Vec<ShedReads>,
}

/// The reads of one class that were refused to protect the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ShedReads {
    /// The class; `None` for reads of no class.
    pub class: Option<String>,
    /// Their number.
    pub reads: u64,
}

/// Serializes the values of signals, by the signals' names.
#[cfg(feature = "serde")]
fn signals<S: serde::Serializer>(
    signals: &[(Signal, f64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        signals
            .iter()
            .map(|(signal, value)| (signal.as_str(), value)),
    )
}
