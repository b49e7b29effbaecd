//! `WindowStatus`: the window in use, and how it came about.

use std::time::Duration;

use super::Spread;

/// The [window](crate::Window) in use, and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct WindowStatus {
    /// The window in use.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "window_seconds",
            serialize_with = "crate::serialize::time_span"
        )
    )]
    pub window: Duration,
    /// The number of lags that it counts: those of the last minutes.
    pub samples: u64,
    /// Their 99th percentile; `None` of none.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "p99_seconds", serialize_with = "crate::serialize::seconds")
    )]
    pub p99: Option<Duration>,
    /// The largest of them; `None` of none.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "largest_seconds",
            serialize_with = "crate::serialize::seconds"
        )
    )]
    pub largest: Option<Duration>,
    /// The number of lags, since the router started, that were larger than the longest window: sessions that wrote at an unknown
    /// position could miss their write on such a replica, had it not told its lag.
    pub clamped: u64,
}

impl WindowStatus {
    pub(super) fn new(window: Duration, lags: Spread, clamped: u64) -> Self {
        let has_any = lags.samples > 0;
        Self {
            window,
            samples: lags.samples,
            p99: has_any.then_some(lags.p99),
            largest: has_any.then_some(lags.largest),
            clamped,
        }
    }
}
