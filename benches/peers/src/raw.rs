//! diesel-async as it is, with one of its pools for each address, and a rule for reads that people write by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use diesel::connection::CacheSize;
use diesel_async::AsyncConnection as _;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use futures_util::{FutureExt as _, TryFutureExt as _};
use rand::seq::IndexedRandom;

use crate::backend::Backend;

/// A library of pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Library {
    Bb8,
    Deadpool,
}

/// The rule for where reads go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Primary,
    /// To one of the addresses for reads, at random.
    Replica,
    /// To the primary for so long after the user's own write, then as above.
    Window(Duration),
}

/// The settings of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) library: Library,
    /// Whether a connection is asked for a sign of life before it is lent, as the libraries do unless told otherwise.
    pub(crate) pings: bool,
    /// Set if statements stay prepared, as drivers keep them unless told otherwise.
    pub(crate) keeps_prepared: bool,
}

/// The pools of an application, which all its users share.
pub(crate) struct Split<B: Backend> {
    writes: Pool<B>,
    /// Empty if reads go where writes go, to a program that tells them apart.
    reads: Vec<Pool<B>>,
    rule: Rule,
}

pub(crate) enum Pool<B: Backend> {
    Bb8(bb8::Pool<B::Manager>),
    Deadpool(deadpool::managed::Pool<B::Manager>),
}

/// A user, with what the application remembers of them.
pub(crate) struct User<B: Backend> {
    split: Arc<Split<B>>,
    written: Option<Instant>,
}

impl<B: Backend> Split<B> {
    pub(crate) fn new(writes: Pool<B>, reads: Vec<Pool<B>>, rule: Rule) -> Self {
        Self {
            writes,
            reads,
            rule,
        }
    }

    pub(crate) fn user(self: &Arc<Self>) -> User<B> {
        User {
            split: Arc::clone(self),
            written: None,
        }
    }

    /// Returns the pool for a read of a user who wrote at `written`.
    fn reader(&self, written: Option<Instant>) -> &Pool<B> {
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

impl<B: Backend> User<B> {
    pub(crate) async fn read(&mut self, key: i32) -> Result<i64> {
        Ok(match self.split.reader(self.written) {
            Pool::Bb8(pool) => B::read(&mut *pool.get().await?, key).await?,
            Pool::Deadpool(pool) => B::read(&mut *pool.get().await?, key).await?,
        })
    }

    pub(crate) async fn write(&mut self, key: i32) -> Result<i64> {
        let version = match &self.split.writes {
            Pool::Bb8(pool) => B::write(&mut *pool.get().await?, key).await?,
            Pool::Deadpool(pool) => B::write(&mut *pool.get().await?, key).await?,
        };
        self.written = Some(Instant::now());
        Ok(version)
    }
}

impl<B: Backend> Pool<B> {
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
        if !settings.keeps_prepared {
            config.custom_setup = Box::new(|url| {
                let opened = B::Connection::establish(url);
                let opened = opened.map_ok(|mut conn| {
                    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
                    conn
                });
                opened.boxed()
            });
        }
        let url = B::url(place, database);
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let manager = B::Manager::from(manager);
        Ok(match settings.library {
            Library::Bb8 => {
                let pool = bb8::Pool::builder()
                    .max_size(size)
                    .test_on_check_out(settings.pings);
                Self::Bb8(pool.build(manager).await?)
            }
            Library::Deadpool => {
                let pool = deadpool::managed::Pool::builder(manager).max_size(size.try_into()?);
                Self::Deadpool(pool.build()?)
            }
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
