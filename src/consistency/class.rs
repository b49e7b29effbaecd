//! Classes: settings for groups of functions, by name.

use std::time::Duration;

/// Settings for the functions of one class, where they differ from the router's defaults:
/// `#[consistency(session, class = "payments")]`.
///
/// ```
/// # use std::time::Duration;
/// use diesel_routing::Class;
///
/// // Reads of payments wait rather than go to the primary, and never use a replica that lags by
/// // 250 ms or more.
/// let payments = Class::new()
///     .max_lag(Duration::from_millis(250))
///     .wait(Duration::from_millis(20));
/// # let _ = payments;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Class {
    pub(crate) wait: Option<Duration>,
    pub(crate) max_lag: Option<Duration>,
}

impl Class {
    /// Creates a class with the router's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long its reads may wait for a replica to catch up.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Sets the lag beyond which a replica serves none of its reads.
    pub fn max_lag(mut self, lag: Duration) -> Self {
        self.max_lag = Some(lag);
        self
    }
}
