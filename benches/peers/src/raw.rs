//! diesel-async as it is, with one of its pools for each address, and a rule for reads that people write by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use diesel::prelude::*;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::pooled_connection::{bb8, deadpool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rand::seq::IndexedRandom;

use crate::servers::{counters, url};

/// A library of pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    Bb8,
    Deadpool,
}

/// Where reads go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Primary,
    /// To one of the addresses for reads, at random.
    Replica,
    /// To the primary for so long after the user's own write, then as above.
    Window(Duration),
}

/// What a pool is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) library: Library,
    /// Whether a connection is asked for a sign of life before it is lent, as the libraries do unless told otherwise.
    pub(crate) pings: bool,
}

/// The pools of an application, which all its users share.
#[derive(Debug)]
pub(crate) struct Split {
    writes: Pool,
    /// Empty if reads go where writes go, to a program that tells them apart.
    reads: Vec<Pool>,
    rule: Rule,
}

#[derive(Clone)]
pub(crate) enum Pool {
    Bb8(bb8::Pool<AsyncPgConnection>),
    Deadpool(deadpool::Pool<AsyncPgConnection>),
}

/// A user, with what the application remembers of them.
#[derive(Debug)]
pub(crate) struct User {
    split: Arc<Split>,
    written: Option<Instant>,
}

impl Split {
    pub(crate) fn new(writes: Pool, reads: Vec<Pool>, rule: Rule) -> Self {
        Self {
            writes,
            reads,
            rule,
        }
    }

    pub(crate) fn user(self: &Arc<Self>) -> User {
        User {
            split: Arc::clone(self),
            written: None,
        }
    }

    /// Returns the pool for a read of a user who wrote at `written`.
    fn reader(&self, written: Option<Instant>) -> &Pool {
        if self.rule.wants_primary(written.map(|at| at.elapsed())) {
            return &self.writes;
        }
        self.reads.choose(&mut rand::rng()).unwrap_or(&self.writes)
    }
}

impl Rule {
    /// Returns whether a read goes to the primary, that long after the user's last write.
    fn wants_primary(self, since_write: Option<Duration>) -> bool {
        match self {
            Self::Primary => true,
            Self::Replica => false,
            Self::Window(window) => since_write.is_some_and(|since| since < window),
        }
    }
}

impl User {
    pub(crate) async fn read(&mut self, key: i32) -> Result<i64> {
        let read = counters::table.find(key).select(counters::version);
        Ok(match self.split.reader(self.written) {
            Pool::Bb8(pool) => read.get_result(&mut *pool.get().await?).await?,
            Pool::Deadpool(pool) => read.get_result(&mut *pool.get().await?).await?,
        })
    }

    pub(crate) async fn write(&mut self, key: i32) -> Result<i64> {
        let update = diesel::update(counters::table.find(key))
            .set(counters::version.eq(counters::version + 1))
            .returning(counters::version);
        let version = match &self.split.writes {
            Pool::Bb8(pool) => update.get_result(&mut *pool.get().await?).await?,
            Pool::Deadpool(pool) => update.get_result(&mut *pool.get().await?).await?,
        };
        self.written = Some(Instant::now());
        Ok(version)
    }
}

impl Pool {
    /// Creates a pool of up to `size` connections to the database `database` at `place`.
    pub(crate) async fn new(
        settings: Settings,
        place: SocketAddr,
        database: &str,
        size: u32,
    ) -> Result<Self> {
        let mut config = ManagerConfig::default();
        config.recycling_method = match settings.pings {
            true => RecyclingMethod::Verified,
            false => RecyclingMethod::Fast,
        };
        let mut url = url(place);
        url.truncate(url.rfind('/').context("a URL without a database")? + 1);
        url.push_str(database);
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        Ok(match settings.library {
            Library::Bb8 => {
                let pool = bb8::Pool::builder()
                    .max_size(size)
                    .test_on_check_out(settings.pings);
                Self::Bb8(pool.build(manager).await?)
            }
            Library::Deadpool => {
                let pool = deadpool::Pool::builder(manager).max_size(size.try_into()?);
                Self::Deadpool(pool.build()?)
            }
        })
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bb8(_) => "Bb8",
            Self::Deadpool(_) => "Deadpool",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends() {
        let window = Rule::Window(Duration::from_secs(2));
        assert!(
            !window.wants_primary(None),
            "who has not written reads a replica"
        );
        assert!(window.wants_primary(Some(Duration::ZERO)));
        assert!(window.wants_primary(Some(Duration::from_millis(1999))));
        assert!(!window.wants_primary(Some(Duration::from_secs(2))));
    }

    #[test]
    fn the_other_rules_do_not_care_what_was_written() {
        for since in [None, Some(Duration::ZERO)] {
            assert!(Rule::Primary.wants_primary(since));
            assert!(!Rule::Replica.wants_primary(since));
        }
    }
}
