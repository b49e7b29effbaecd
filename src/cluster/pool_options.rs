//! `PoolOptions`: the account of a pool, its size, and how long its connections live.

use std::fmt;
use std::time::{Duration, Instant};

use super::history::A_YEAR;
use crate::random;

/// The options of one of a node's pools; see [`Node::pool`](crate::Node::pool). What is not set has its default.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use diesel_routing::{Node, PoolKind, PoolOptions};
///
/// let every = PoolOptions::new()
///     .max_lifetime(Duration::from_secs(1800))
///     .idle_timeout(Duration::from_secs(300));
/// let reads = PoolOptions::new()
///     .url("postgres://reader@10.0.0.2/app")
///     .size(20)
///     .min_idle(2);
/// let node = Node::new("db-2", "postgres://app@10.0.0.2/app")
///     .pools(&every)
///     .pool(PoolKind::Read, reads);
/// # let _ = node;
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct PoolOptions {
    pub(crate) url: Option<String>,
    pub(crate) size: Option<u32>,
    pub(crate) min_idle: Option<u32>,
    pub(crate) idle_timeout: Option<Option<Duration>>,
    pub(crate) max_lifetime: Option<Option<Duration>>,
}

impl PoolOptions {
    /// Creates options of which none is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the URL of the pool's connections: another account, another address of the same server. Defaults to the
    /// node's.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets the number of connections at most. Defaults to 10, and to 5 for reads that fall back to the primary.
    pub fn size(mut self, size: u32) -> Self {
        self.size = Some(size);
        self
    }

    /// Sets the number of idle connections that the pool keeps open, the size at most. Defaults to 0: they are opened when needed. A
    /// replica's pool for writes keeps none. Ignored by deadpool, which has no such setting.
    pub fn min_idle(mut self, count: u32) -> Self {
        self.min_idle = Some(count);
        self
    }

    /// Sets the time after which an idle connection is closed; `None` for never. Defaults to 10 minutes, bb8's and r2d2's
    /// default; they look every 30 s. Ignored by deadpool, which has no such setting.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = Some(timeout.into().map(within_reason));
        self
    }

    /// Sets the time after which a connection is closed when it comes back, or is to be lent again; `None` for never.
    /// Each connection's own is up to a tenth shorter, at random, so that those that were opened together are not replaced
    /// together. Defaults to 30 minutes, bb8's and r2d2's default; deadpool has no such setting, and the router does it
    /// there.
    pub fn max_lifetime(mut self, lifetime: impl Into<Option<Duration>>) -> Self {
        self.max_lifetime = Some(lifetime.into().map(within_reason));
        self
    }

    /// Returns these options, with what is set in `others` in their place.
    pub(crate) fn overridden_by(self, others: Self) -> Self {
        Self {
            url: others.url.or(self.url),
            size: others.size.or(self.size),
            min_idle: others.min_idle.or(self.min_idle),
            idle_timeout: others.idle_timeout.or(self.idle_timeout),
            max_lifetime: others.max_lifetime.or(self.max_lifetime),
        }
    }

    /// Returns the time after which an idle connection is closed.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn idle(&self) -> Option<Duration> {
        self.idle_timeout
            .unwrap_or(Some(Duration::from_secs(10 * 60)))
    }

    /// Returns the time for which a connection lives at most.
    pub(crate) fn lifetime(&self) -> Option<Duration> {
        self.max_lifetime
            .unwrap_or(Some(Duration::from_secs(30 * 60)))
    }

    /// Returns the instant from which a connection that is opened now is not lent again.
    pub(crate) fn expiry(&self, opened: Instant) -> Option<Instant> {
        let lifetime = self.lifetime()?;
        let tenth = u32::try_from((lifetime / 10).as_micros()).unwrap_or(u32::MAX);
        let shorter = Duration::from_micros(random::within(0..=tenth).into());
        opened.checked_add(lifetime.saturating_sub(shorter))
    }
}

/// Bounds a time: pools add it to the present.
fn within_reason(time: Duration) -> Duration {
    time.clamp(Duration::from_millis(1), A_YEAR)
}

// The URL may hold a password.
impl fmt::Debug for PoolOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolOptions")
            .field("size", &self.size)
            .field("min_idle", &self.min_idle)
            .field("idle_timeout", &self.idle_timeout)
            .field("max_lifetime", &self.max_lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_lives_a_little_less_than_the_longest() {
        let (now, longest) = (Instant::now(), Duration::from_secs(1000));
        let options = PoolOptions::new().max_lifetime(longest);
        let lives: Vec<_> = (0..100)
            .filter_map(|_| options.expiry(now))
            .map(|expiry| expiry - now)
            .collect();
        assert_eq!(lives.len(), 100);
        assert!(
            lives
                .iter()
                .all(|life| *life <= longest && *life >= longest * 9 / 10)
        );
        assert!(lives.iter().any(|life| *life != lives[0]));
        assert_eq!(PoolOptions::new().max_lifetime(None).expiry(now), None);
        assert!(
            PoolOptions::new()
                .max_lifetime(Duration::MAX)
                .expiry(now)
                .is_some()
        );
    }

    #[test]
    fn what_is_not_set_stays() {
        let before = PoolOptions::new()
            .size(3)
            .url("postgres://u:hunter2@h")
            .min_idle(1);
        let after = before.overridden_by(PoolOptions::new().min_idle(2).idle_timeout(None));
        assert_eq!(
            (after.size, after.min_idle, after.idle()),
            (Some(3), Some(2), None)
        );
        assert!(after.url.is_some());
        assert!(!format!("{after:?}").contains("hunter2"));
    }
}
