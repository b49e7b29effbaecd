//! Classes: settings for groups of functions, by name.

use std::time::Duration;

use super::Priority;
use crate::error::ConfigError;
use crate::routing::{Fallback, Level, MissingSchema, Mode, RegionPolicy, ReplicaShare, Strength};

/// Requirements of one kind of read, by the name that the router's [builder](crate::RouterBuilder::class) gives them: payments',
/// say. They add to what a read asks for itself, and never take from it.
///
/// The reads of a class are those of the functions that name it (`#[consistency(class = "payments")]`), of a session's
/// [view](crate::Session::class), and of the requests that a rule of the edge puts there.
///
/// ```
/// # use std::time::Duration;
/// use diesel_routing::{Class, Fallback, Level, Priority};
///
/// // See what their session wrote, from a replica that lags by 250 ms at most, for which they wait a little; else from the
/// // primary.
/// let payments = Class::new()
///     .level(Level::Session)
///     .max_lag(Duration::from_millis(250))
///     .wait(Duration::from_millis(20))
///     .priority(Priority::High);
///
/// // The loss of all replicas does not put these on the primary.
/// let suggestions = Class::new()
///     .fallback(Fallback::Refuse)
///     .priority(Priority::Low);
/// # let _ = (payments, suggestions);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Class {
    pub(crate) level: Option<Level>,
    pub(crate) wait: Option<Duration>,
    pub(crate) max_lag: Option<Duration>,
    pub(crate) fallback: Fallback,
    pub(crate) missing_schema: MissingSchema,
    pub(crate) priority: Priority,
    pub(crate) region: RegionPolicy,
    /// In percent; all sessions if `None`.
    pub(crate) replica_share: Option<u8>,
}

impl Class {
    /// Creates a class that requires nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the least level of its reads. [`Level::Write`] is not a level of reads, and counts as [`Level::Strong`]. Defaults to
    /// what each read asks for itself.
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level.of_reads());
        self
    }

    /// Sets how long its reads may wait for a replica to catch up, where the function or the call does not say. Defaults to the
    /// router's [wait](crate::RouterBuilder::wait).
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Sets the lag beyond which a replica serves none of its reads: it must be known to lag no more, so where servers have no
    /// positions, none does. The router's [limit](crate::RouterBuilder::max_lag) holds as well.
    ///
    /// Lag is known as of a node's last answer. A limit that the router's
    /// [watch interval](crate::RouterBuilder::watch_interval) makes meaningless is a
    /// [`ConfigError::LagNotMeasurable`](crate::ConfigError::LagNotMeasurable) when the router is built.
    pub fn max_lag(mut self, lag: Duration) -> Self {
        self.max_lag = Some(lag);
        self
    }

    /// Sets what its reads do where no replica may serve them. Defaults to [`Fallback::ToPrimary`].
    pub fn fallback(mut self, fallback: Fallback) -> Self {
        self.fallback = fallback;
        self
    }

    /// Sets what its reads do where a replica lacks a table or column that the primary may have. Defaults to
    /// [`MissingSchema::ToPrimary`].
    ///
    /// ```
    /// use diesel_routing::{Class, MissingSchema};
    ///
    /// // While a migration is on its way to the replicas, these show nothing rather than burden the primary.
    /// let reports = Class::new().missing_schema(MissingSchema::Fail);
    /// # let _ = reports;
    /// ```
    pub fn missing_schema(mut self, choice: MissingSchema) -> Self {
        self.missing_schema = choice;
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

    /// Returns what it requires of every read of it.
    pub(crate) fn strength(&self) -> Strength {
        Strength::from(self.level.unwrap_or(Level::Eventual))
            .within(self.max_lag)
            .or(self.fallback)
            .lacking(self.missing_schema)
            .staying(self.region == RegionPolicy::Refuse)
    }
}
