//! `Migrator`: how a router runs migrations.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationVersion, Result as MigrationResult};
use diesel_migrations::MigrationHarness;

use super::{Async, Flavour, Router, Shared};
#[cfg(doc)]
use crate::error::MigrationError;

/// The longest wait for another instance's migrations, if nobody says otherwise. Chosen: a start of a service that takes longer is
/// ended by most orchestrators anyhow.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// Runs migrations on a router's primary, as it is told: from [`Router::migrations`].
///
/// Its methods are those of `diesel_migrations`' [`MigrationHarness`], and the router's own have the same names, for the defaults.
///
/// # Example
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
/// use std::time::Duration;
/// use diesel_migrations::EmbeddedMigrations;
/// use diesel_routing::{Error, pg::Router};
///
/// // const MIGRATIONS: EmbeddedMigrations = diesel_migrations::embed_migrations!();
/// # const MIGRATIONS: EmbeddedMigrations = EmbeddedMigrations::new(&[]);
///
/// # async fn example(router: Router) -> Result<(), Error> {
/// let ran = router
///     .migrations()
///     .lock_timeout(Duration::from_secs(300))
///     .wait_for_replicas(Duration::from_secs(30))
///     .run_pending_migrations(MIGRATIONS)
///     .await?;
/// for version in ran {
///     println!("{version}");
/// }
/// # Ok(()) }
/// # }
/// ```
#[must_use = "nothing is run yet: call `run_pending_migrations` and the like"]
#[expect(private_bounds, reason = "there are two flavours, and no others")]
pub struct Migrator<C, F: Flavour<C> = Async> {
    pub(crate) router: Router<C, F>,
    pub(crate) lock_timeout: Duration,
    /// The time for which replicas are waited for; `None` for not at all.
    pub(crate) wait: Option<Duration>,
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Router<C, F> {
    /// Returns how this router runs migrations, to be told otherwise: whether replicas are waited for, and for how long another
    /// instance.
    pub fn migrations(&self) -> Migrator<C, F> {
        Migrator {
            router: self.clone(),
            lock_timeout: LOCK_TIMEOUT,
            wait: None,
        }
    }
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Migrator<C, F> {
    /// Sets how long the migrations of another instance are waited for, before [`MigrationError::Locked`]. Defaults to 60 s.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Waits, after migrations have run or if there was none to run, until all replicas have what the primary has then, for this
    /// long at most: [`MigrationError::NotOnReplicas`] names those that do not. Defaults to no wait.
    ///
    /// A replica that is down counts. Where servers have no positions, there is nothing to tell it by: then nothing is run, and the
    /// error is [`ConfigError::WithoutPositions`](crate::ConfigError::WithoutPositions).
    pub fn wait_for_replicas(mut self, limit: Duration) -> Self {
        self.wait = Some(limit);
        self
    }
}

impl<C, F: Flavour<C>> fmt::Debug for Migrator<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrator")
            .field("router", &self.router)
            .field("lock_timeout", &self.lock_timeout)
            .field("wait_for_replicas", &self.wait)
            .finish()
    }
}

/// The outcome of a try to take the lock for migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationLock {
    /// This connection has it; also where the server has none.
    Taken,
    /// Another connection has it: in words, for people, as far as the server tells.
    Held(String),
}

/// The harness that migrations are run with: the [`MigrationHarness`] as far as it can be a trait object. Every harness is one.
pub trait MigrationSteps<DB: Backend> {
    /// Runs a migration, and records that: as [`MigrationHarness::run_migration`].
    ///
    /// # Errors
    ///
    /// Returns the harness' error.
    fn run(&mut self, migration: &dyn Migration<DB>) -> MigrationResult<()>;

    /// Reverts a migration: as [`MigrationHarness::revert_migration`].
    ///
    /// # Errors
    ///
    /// Returns the harness' error.
    fn revert(&mut self, migration: &dyn Migration<DB>) -> MigrationResult<()>;

    /// Returns the versions that have run, the last one first: as [`MigrationHarness::applied_migrations`].
    ///
    /// # Errors
    ///
    /// Returns the harness' error.
    fn applied(&mut self) -> MigrationResult<Vec<MigrationVersion<'static>>>;
}

impl<H: MigrationHarness<DB>, DB: Backend> MigrationSteps<DB> for H {
    fn run(&mut self, migration: &dyn Migration<DB>) -> MigrationResult<()> {
        self.run_migration(migration).map(drop)
    }

    fn revert(&mut self, migration: &dyn Migration<DB>) -> MigrationResult<()> {
        self.revert_migration(migration).map(drop)
    }

    fn applied(&mut self) -> MigrationResult<Vec<MigrationVersion<'static>>> {
        self.applied_migrations()
    }
}

/// A write that all sessions count as theirs. Dropped before its outcome is known, it may have happened.
#[derive(Debug)]
pub(crate) struct CommonWrite {
    shared: Arc<Shared>,
    is_known: bool,
}

impl CommonWrite {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            is_known: false,
        }
    }

    /// Counts what was acknowledged until now.
    pub(crate) fn committed(&self) {
        self.shared.all_committed();
    }

    /// Counts what was acknowledged until now: there was nothing else.
    pub(crate) fn end(mut self) {
        self.is_known = true;
    }
}

impl Drop for CommonWrite {
    fn drop(&mut self) {
        self.shared.all_committed();
        if !self.is_known {
            self.shared.all_wrote_perhaps();
        }
    }
}
