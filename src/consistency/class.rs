//! Classes: settings for groups of functions, by name.

use std::time::Duration;

use super::Priority;
use crate::error::ConfigError;
use crate::routing::{Mode, RegionPolicy, ReplicaShare};

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
    /// In percent; all sessions if `None`.
    pub(crate) replica_share: Option<u8>,
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

    /// Sets the share of sessions whose reads of this class may use replicas, in percent. Defaults to 100. The router's own
    /// [share](crate::RouterBuilder::replica_share) bounds it, and [both may change](crate::Router::set_class_replica_share)
    /// while the router runs.
    ///
    /// More than 100 makes `build` fail with [`ConfigError::ReplicaShare`].
    pub fn replica_share(mut self, percent: u8) -> Self {
        self.replica_share = Some(percent);
        self
    }

    /// Checks the settings of the class with this name.
    pub(crate) fn check(self, name: &str) -> Result<(), ConfigError> {
        ReplicaShare::new(self.replica_share.unwrap_or(100), Some(name)).map(drop)
    }

    /// Returns the share of sessions that may use replicas.
    pub(crate) fn share(self) -> ReplicaShare {
        let percent = self.replica_share.unwrap_or(100);
        // It was checked: otherwise, nobody is let to replicas.
        ReplicaShare::new(percent, None).unwrap_or(ReplicaShare::NONE)
    }

    /// Returns what of it is in force in this mode: the share alone where nothing is that operators add.
    pub(crate) fn under(self, mode: Mode) -> Self {
        if mode.hears_advice() {
            return self;
        }
        Self {
            replica_share: self.replica_share,
            ..Self::new()
        }
    }
}
