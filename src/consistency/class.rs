//! Classes: settings for groups of functions, by name.

use std::time::Duration;

use super::Priority;
use crate::routing::RegionPolicy;

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
    pub(crate) region: RegionPolicy,
    pub(crate) priority: Priority,
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

    /// Sets which of its reads are refused first while a [breaker](crate::Breaker) protects the primary. Defaults to
    /// [`Priority::Normal`].
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Sets what its reads do about nodes in another region. Defaults to [`RegionPolicy::Pay`]. The others need a router that
    /// knows [its own](crate::RouterBuilder::zone).
    ///
    /// ```
    /// # use std::time::Duration;
    /// use diesel_routing::{Class, RegionPolicy};
    ///
    /// // Exact where the primary is near; elsewhere up to 2 s old, from a replica that is.
    /// let timeline = Class::new().region_policy(RegionPolicy::Bound(Duration::from_secs(2)));
    /// // The page is shown without them where they are far.
    /// let hints = Class::new().region_policy(RegionPolicy::Refuse);
    /// # let _ = (timeline, hints);
    /// ```
    pub fn region_policy(mut self, policy: RegionPolicy) -> Self {
        self.region = policy;
        self
    }
}
