//! `QueryLog`: which statements are logged, and with what.

use std::fmt;
use std::time::Duration;

use crate::error::ConfigError;
use crate::random;

/// A log of statements that names the node: for [`RouterBuilder::query_log`](crate::RouterBuilder::query_log).
///
/// Each line has the node, its role, the reason for its choice, the level, the function with
/// [`#[consistency(..)]`](macro@crate::consistency), the SQL without values, the time, the rows and the error. They are `tracing` events
/// with the target `diesel_routing::query`:
///
/// | level | statements |
/// |---|---|
/// | `WARN` | each that takes as long as [`slower_than`](Self::slower_than) says, or longer |
/// | `INFO` | each other that fails, is refused, or is abandoned half-way |
/// | `DEBUG` | the [share](Self::sample) of all others |
///
/// [`docs/observability/query-log.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/observability/query-log.md) has what
/// a line looks like, and what it costs.
///
/// # Example
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))]
/// # async fn example() -> Result<(), diesel_routing::Error> {
/// use std::time::Duration;
/// use diesel_routing::{Node, QueryLog, pg::Router};
///
/// let slow = Duration::from_millis(100);
/// let router = Router::builder()
///     .primary(Node::new("db-1", "postgres://app@10.0.0.1/app"))
///     .replica(Node::new("db-2", "postgres://app@10.0.0.2/app"))
///     .query_log(QueryLog::new().slower_than(slow).sample(0.01))
///     .build()
///     .await?;
/// // Something is slow: all statements, for a minute.
/// router.set_query_log(QueryLog::new().slower_than(slow))?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use = "a router gets it with `query_log(..)` or `set_query_log(..)`"]
pub struct QueryLog {
    pub(crate) sample: f64,
    pub(crate) slower_than: Option<Duration>,
    pub(crate) values: bool,
    pub(crate) transactions: bool,
}

impl Default for QueryLog {
    fn default() -> Self {
        Self::new()
    }
}

impl QueryLog {
    /// Creates a log of all statements, none of which is slow.
    pub const fn new() -> Self {
        Self {
            sample: 1.0,
            slower_than: None,
            values: false,
            transactions: false,
        }
    }

    /// Sets the time from which on a statement is slow: it is logged as a warning, whatever the [share](Self::sample). Defaults to none.
    pub const fn slower_than(mut self, time: Duration) -> Self {
        self.slower_than = Some(time);
        self
    }

    /// Sets the share of the statements that are logged, from 0, for none, to 1, for all, drawn for each one by itself. Slow ones and
    /// those that fail are logged all the same. Defaults to 1.
    ///
    /// Another number makes `build` fail with [`ConfigError::SampleShare`].
    pub const fn sample(mut self, share: f64) -> Self {
        self.sample = share;
        self
    }

    /// Adds the values of parameters, and servers' errors as they are.
    ///
    /// **Values are what your users have typed**: names, addresses, tokens, the hashes of passwords. With this, they are in your logs,
    /// in every place to which logs are copied, and in their backups. Meant for a developer's machine. No key of a configuration can set
    /// it. Each statement that may be logged costs a formatting of its values.
    ///
    /// # Example
    ///
    /// ```
    /// use diesel_routing::QueryLog;
    ///
    /// // While looking for something: one statement in a hundred, with its values and its transaction.
    /// let log = QueryLog::new().sample(0.01).with_values().with_transactions();
    /// # let _ = log;
    /// ```
    pub const fn with_values(mut self) -> Self {
        self.values = true;
        self
    }

    /// Adds the statements that open and close transactions: where servers wait for others, a `COMMIT` is what takes long.
    pub const fn with_transactions(mut self) -> Self {
        self.transactions = true;
        self
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if (0.0..=1.0).contains(&self.sample) {
            return Ok(());
        }
        Err(ConfigError::SampleShare {
            share: self.sample.to_string(),
        })
    }

    /// Returns whether the next statement is among those that are logged.
    pub(crate) fn draws(&self) -> bool {
        /// One for each number that is drawn: as many as a fraction can tell apart.
        const ALL: f64 = (1_u64 << 53) as f64;
        if self.sample >= 1.0 {
            return true;
        }
        let lot = (random::number() >> 11) as f64 / ALL;
        lot < self.sample
    }

    pub(crate) fn is_slow(&self, time: Duration) -> bool {
        self.slower_than.is_some_and(|limit| time >= limit)
    }
}

/// As a configuration has it.
impl fmt::Display for QueryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sample {}", self.sample)?;
        if let Some(time) = self.slower_than {
            write!(f, ", slower than {time:?}")?;
        }
        f.write_str(if self.transactions {
            ", with transactions"
        } else {
            ""
        })?;
        f.write_str(if self.values { ", with values" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_drawn_as_the_share_says() {
        for (share, least, most) in [(0.0, 0, 0), (1.0, 100_000, 100_000), (0.01, 840, 1160)] {
            // Five standard deviations: one run in two million is outside.
            let log = QueryLog::new().sample(share);
            let drawn = (0..100_000).filter(|_| log.draws()).count();
            assert!((least..=most).contains(&drawn), "{share}: {drawn}");
        }
    }

    #[test]
    fn a_share_that_is_none_is_an_error() {
        for share in [-0.1, 1.1, f64::NAN] {
            assert!(QueryLog::new().sample(share).check().is_err(), "{share}");
        }
        assert_eq!(QueryLog::new().check(), Ok(()));
    }
}
