use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::builder::SqliteClusterBuilder;
use super::state::{Replica, Shared};
use crate::Error;

/// A primary and its replicas as SQLite files, with a lag that the test sets.
///
/// The files live in a temporary directory; they and the replication thread are gone when the cluster is
/// dropped, also if the test panics.
///
/// # What a replica shows
///
/// A thread looks at the primary every [tick](SqliteClusterBuilder::tick). When something was committed, by
/// whatever connection or process, it takes a consistent copy with SQLite's online backup. Each replica
/// receives the newest copy that is at least its lag old, in one transaction. So a replica always shows a
/// true past state of the primary as a whole, schema included; never half a transaction, never a state
/// older than the one it showed before. A transaction that was rolled back never arrives.
///
/// A commit shows on a replica once `lag` has passed, and at the latest after another tick plus the time the
/// copies take. Copies for a lag are kept no closer than 1/32 of it; where commits come faster than that,
/// the replica may be another 1/32 of its lag behind.
///
/// # Connections
///
/// Several connections to any node may be open at once. Readers wait for nothing and hold nothing up:
/// a transaction on a replica keeps its view while the replica advances. Leave the files in WAL mode.
///
/// Give every writer a busy timeout (`PRAGMA busy_timeout = 5000`), even the only one. The cluster never
/// writes to the primary, but a reader that meets a commit half-way, as SQLite implements it, holds the write
/// lock for an instant. Without a timeout, some 70 of a million commits were seen to fail with "database is
/// locked" while the cluster read as fast as it could; with one, none.
///
/// SQLite knows no roles: a replica's file accepts writes from a connection that does not say
/// `PRAGMA query_only = ON`. They last until the replica next advances, and a transaction that has
/// written keeps the replica from advancing until it ends.
///
/// # Cost
///
/// Copies are of the whole database: this is for test data, up to some tens of megabytes. From a commit to a
/// replica without lag takes, beside the tick, time in proportion to the size: on the order of 0.1 ms for
/// an almost empty database, 3 ms for 1 MB and 100 ms for 20 MB, and again about as much per further
/// replica. (Measured with an unoptimised build of SQLite on a busy machine of two cores; optimising it,
/// `[profile.dev.package.libsqlite3-sys] opt-level = 3`, halves the times.) Looking at a primary that
/// does not change takes 2 to 4 % of one core with the default tick.
///
/// Copies wait in memory for their time. A replica without lag needs one, a lag needs up to 66, or as many
/// as fit in 256 MiB (but 10 at least); replicas of the same lag share them. With steady commits and a lag
/// of 2 s this was seen to be 40 MB for a database of 1 MB, and 130 MB for one of 20 MB.
///
/// While a transaction on a replica stays open, the replica's WAL file grows by one copy per change.
///
/// # Example
///
/// ```
/// use diesel::connection::SimpleConnection;
/// use diesel::prelude::*;
/// use diesel_routing_testkit::SqliteCluster;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = SqliteCluster::builder()
///     .replicas(2)
///     .lag(Duration::from_millis(200))
///     .schema("CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT NOT NULL)")
///     .start()?;
/// let mut primary = SqliteConnection::establish(cluster.primary_url())?;
/// primary.batch_execute("PRAGMA busy_timeout = 5000")?;
/// diesel::sql_query("INSERT INTO posts (title) VALUES ('hello')").execute(&mut primary)?;
///
/// cluster.wait_until_caught_up(Duration::from_secs(10))?; // some 200 ms later
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "its files go when it is dropped"]
pub struct SqliteCluster {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    primary_url: String,
    replica_urls: Vec<String>,
    // Removes the directory when dropped, which is after `drop` has joined the thread.
    _dir: TempDir,
}

impl SqliteCluster {
    /// Describes a cluster of one replica without lag, to be changed and started.
    pub const fn builder() -> SqliteClusterBuilder {
        SqliteClusterBuilder::new()
    }

    pub(super) const fn new(
        shared: Arc<Shared>,
        thread: JoinHandle<()>,
        primary_url: String,
        replica_urls: Vec<String>,
        dir: TempDir,
    ) -> Self {
        Self {
            shared,
            thread: Some(thread),
            primary_url,
            replica_urls,
            _dir: dir,
        }
    }

    /// Returns where the primary is: a path, as Diesel's `SqliteConnection::establish` takes it.
    #[must_use]
    pub fn primary_url(&self) -> &str {
        &self.primary_url
    }

    /// Returns where replica `index` is: a path, as Diesel's `SqliteConnection::establish` takes it.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchReplica`].
    pub fn replica_url(&self, index: usize) -> Result<&str, Error> {
        let replicas = self.replica_urls.len();
        self.replica_urls
            .get(index)
            .map(String::as_str)
            .ok_or(Error::NoSuchReplica { index, replicas })
    }

    /// Returns where the replicas are, in order.
    #[must_use]
    pub fn replica_urls(&self) -> &[String] {
        &self.replica_urls
    }

    /// Sets the lag of every replica. See [`set_lag_of`](Self::set_lag_of).
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] if replication has failed.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn main() -> Result<(), diesel_routing_testkit::Error> {
    /// use diesel_routing_testkit::SqliteCluster;
    ///
    /// let cluster = SqliteCluster::builder().replicas(2).tick(Duration::from_millis(5)).start()?;
    /// cluster.set_lag(Duration::from_millis(50))?;
    /// cluster.set_lag_of(1, Duration::ZERO)?;
    /// println!("{:?} behind", cluster.lag_of(0)?);
    /// assert_eq!(cluster.replica_urls().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_lag(&self, lag: Duration) -> Result<(), Error> {
        (0..self.replica_urls.len()).try_for_each(|index| self.set_lag_of(index, lag))
    }

    /// Sets the lag of replica `index`: from now on it shows nothing that was committed less than `lag` ago.
    ///
    /// A replica never goes back: given a longer lag, it keeps what it shows until that is old enough.
    /// Returns once nothing more will be applied under the former lag.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchReplica`]; [`Error::Stopped`] if replication has failed.
    pub fn set_lag_of(&self, index: usize, lag: Duration) -> Result<(), Error> {
        self.change(index, |replica| replica.lag = lag)
    }

    /// Freezes replica `index`: it goes on answering, with what it shows now, until it is
    /// [resumed](Self::resume). Returns once nothing more will be applied.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchReplica`]; [`Error::Stopped`] if replication has failed.
    pub fn pause(&self, index: usize) -> Result<(), Error> {
        self.change(index, |replica| replica.paused = true)
    }

    /// Lets replica `index` advance again. It skips what it missed: the next state it shows is as old as
    /// its lag, not as the pause.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchReplica`]; [`Error::Stopped`] if replication has failed.
    pub fn resume(&self, index: usize) -> Result<(), Error> {
        self.change(index, |replica| replica.paused = false)
    }

    /// Returns how far replica `index` is behind at this moment: zero if it shows everything the primary had when
    /// the thread last looked, else the time since it last did.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchReplica`]; [`Error::Stopped`] if replication has failed.
    pub fn lag_of(&self, index: usize) -> Result<Duration, Error> {
        let mut state = self.shared.lock();
        state.check()?;
        let replica = state.replica(index)?;
        Ok(if replica.current {
            Duration::ZERO
        } else {
            replica.complete.elapsed()
        })
    }

    /// Waits until everything committed before the call is visible on every replica that is not paused.
    ///
    /// The replicas' lag is kept, so this takes that long at least if something was committed just now.
    ///
    /// # Errors
    ///
    /// [`Error::Behind`] if that takes more than `timeout`; it names the replicas and what holds them up.
    /// [`Error::Stopped`] if replication has failed.
    pub fn wait_until_caught_up(&self, timeout: Duration) -> Result<(), Error> {
        let start = Instant::now();
        let mut state = self.shared.lock();
        state.asked = true;
        self.shared.ring();
        loop {
            state.check()?;
            let replicas = state.behind(start);
            if replicas.is_empty() {
                return Ok(());
            }
            let Some(left) = timeout
                .checked_sub(start.elapsed())
                .filter(|left| !left.is_zero())
            else {
                let locked = replicas
                    .iter()
                    .find(|index| state.replicas.get(**index).is_some_and(|r| r.locked));
                let hint = match locked {
                    _ if state.primary_locked => {
                        "a lock keeps the primary from being read; leave it in WAL mode".to_owned()
                    }
                    Some(index) => format!("a transaction has written to replica {index}; end it"),
                    None => "wait longer, or set a shorter lag".to_owned(),
                };
                return Err(Error::Behind {
                    replicas,
                    timeout,
                    hint,
                });
            };
            state = self.shared.wait(state, left);
        }
    }

    /// Changes a replica and returns once the thread has seen it.
    fn change(&self, index: usize, change: impl FnOnce(&mut Replica)) -> Result<(), Error> {
        let mut state = self.shared.lock();
        change(state.replica(index)?);
        state.asked = true;
        self.shared.ring();
        loop {
            state.check()?;
            if !state.replica(index)?.applying {
                return Ok(());
            }
            state = self.shared.wait(state, Duration::from_secs(1));
        }
    }
}

impl Drop for SqliteCluster {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.ring();
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been reported as `Stopped`; a second one in `drop` would abort.
            let _ = thread.join();
        }
    }
}
