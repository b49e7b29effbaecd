//! Classes: settings for groups of functions, by name.

use std::time::Duration;

/// How the functions of one class are served, where that differs from the router's defaults:
/// `#[consistency(session, class = "payments")]`.
///
/// ```
/// # use std::time::Duration;
/// use diesel_routing::Class;
///
/// // Reads of payments rather wait than go to the primary, and never touch a replica that is a
/// // quarter of a second behind.
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
    /// A class with the router's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long its reads may wait for a replica to catch up.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Replicas that lag more than this serve none of its reads.
    pub fn max_lag(mut self, lag: Duration) -> Self {
        self.max_lag = Some(lag);
        self
    }
}
