//! Runs migrations on the primary.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use diesel::migration::{Migration, MigrationSource, MigrationVersion};

use super::migrating::MigratedConnection;
use super::{Migrator, Router, flavoured, io};
use crate::engine::migration_plan::{Task, pending};
use crate::error::{Error, MigrationError, lacks_schema};

#[flavoured]
impl<C: MigratedConnection> Router<C> {
    /// Runs the migrations of `source` that have not run yet, on the primary, and returns their versions. One instance at a time does:
    /// others wait, for a minute by default.
    ///
    /// All sessions of this router count as having written them, be there any to run or not: their reads come from the primary until a
    /// replica has them. To wait until all replicas have them, and for other settings, see [`migrations`](Self::migrations).
    ///
    /// They run in order and one by one, each in a transaction unless its `metadata.toml` says `run_in_transaction = false`, on a
    /// connection of the primary's write pool that nobody else gets afterwards; `diesel migration run` does the same, with the same
    /// table. It does not know the lock. MySQL and MariaDB commit each change of the schema by itself.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`]: [`Failed`](MigrationError::Failed) names the migration, what was kept of it, and what is left;
    /// [`Locked`](MigrationError::Locked) who runs migrations already. [`Error::Checkout`] if the primary gives no connection.
    ///
    /// # Cancel safety
    ///
    /// A migration is not cut off: if the future is dropped, the one that runs then runs to its end, and the next ones do not. The lock
    /// is released after that, also if a migration panics, and sessions count as having written.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_migrations::EmbeddedMigrations;
    /// use diesel_routing::{Error, pg::Router};
    ///
    /// // const MIGRATIONS: EmbeddedMigrations = diesel_migrations::embed_migrations!();
    /// # const MIGRATIONS: EmbeddedMigrations = EmbeddedMigrations::new(&[]);
    ///
    /// # async fn example(router: Router) -> Result<(), Error> {
    /// router.run_pending_migrations(MIGRATIONS).await?;
    /// # Ok(()) }
    /// # }
    /// ```
    pub async fn run_pending_migrations<S>(
        &self,
        source: S,
    ) -> Result<Vec<MigrationVersion<'static>>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        self.migrations().run_pending_migrations(source).await
    }

    /// Runs the next migration of `source` that has not run yet: see [`run_pending_migrations`](Self::run_pending_migrations).
    /// `None` if all have.
    ///
    /// # Errors
    ///
    /// As for [`run_pending_migrations`](Self::run_pending_migrations).
    ///
    /// # Cancel safety
    ///
    /// As for [`run_pending_migrations`](Self::run_pending_migrations).
    pub async fn run_next_migration<S>(
        &self,
        source: S,
    ) -> Result<Option<MigrationVersion<'static>>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        self.migrations().run_next_migration(source).await
    }

    /// Reverts the migration that ran last, on the primary and under the lock, and returns its version. Sessions count as having
    /// written.
    ///
    /// # Errors
    ///
    /// As for [`run_pending_migrations`](Self::run_pending_migrations); [`NothingToRevert`](MigrationError::NothingToRevert) and
    /// [`UnknownVersion`](MigrationError::UnknownVersion).
    ///
    /// # Cancel safety
    ///
    /// As for [`run_pending_migrations`](Self::run_pending_migrations).
    pub async fn revert_last_migration<S>(
        &self,
        source: S,
    ) -> Result<MigrationVersion<'static>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        self.migrations().revert_last_migration(source).await
    }

    /// Reverts all migrations, the last one first, and returns their versions: see
    /// [`revert_last_migration`](Self::revert_last_migration).
    ///
    /// # Errors
    ///
    /// As for [`run_pending_migrations`](Self::run_pending_migrations), and [`UnknownVersion`](MigrationError::UnknownVersion).
    ///
    /// # Cancel safety
    ///
    /// As for [`run_pending_migrations`](Self::run_pending_migrations).
    pub async fn revert_all_migrations<S>(
        &self,
        source: S,
    ) -> Result<Vec<MigrationVersion<'static>>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        self.migrations().revert_all_migrations(source).await
    }

    /// Returns the migrations of `source` that have not run on the primary, in order, as Diesel's `MigrationHarness` does. Asks it
    /// without the lock, and writes nothing.
    ///
    /// # Errors
    ///
    /// [`Unreadable`](MigrationError::Unreadable) and [`History`](MigrationError::History); [`Error::Checkout`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "as Diesel's harness takes it; async code keeps it"
    )]
    pub async fn pending_migrations<S>(
        &self,
        source: S,
    ) -> Result<Vec<Box<dyn Migration<C::Backend>>>, Error>
    where
        S: MigrationSource<C::Backend>,
    {
        let applied = self.applied_migrations().await?;
        Ok(pending(&source, &applied)?)
    }

    /// Returns whether a migration of `source` has not run on the primary: see [`pending_migrations`](Self::pending_migrations).
    ///
    /// # Errors
    ///
    /// As for [`pending_migrations`](Self::pending_migrations).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "as Diesel's harness takes it; async code keeps it"
    )]
    pub async fn has_pending_migration<S>(&self, source: S) -> Result<bool, Error>
    where
        S: MigrationSource<C::Backend>,
    {
        let applied = self.applied_migrations().await?;
        Ok(!pending(&source, &applied)?.is_empty())
    }

    /// Returns the versions of the migrations that have run on the primary, the last one first.
    ///
    /// # Errors
    ///
    /// [`History`](MigrationError::History); [`Error::Checkout`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn applied_migrations(&self) -> Result<Vec<MigrationVersion<'static>>, Error> {
        let mut conn = self.read_primary().await?;
        let node = conn.route().node.to_owned();
        let (raw, statement) = conn.lease_mut().guard.parts();
        let versions = statement.during(raw.migration_versions()).await;
        match versions {
            Ok(versions) => Ok(versions.into_iter().map(Into::into).collect()),
            // No migration ever ran.
            Err(error) if lacks_schema(&error) => Ok(Vec::new()),
            Err(error) => {
                let source = error.into();
                Err(MigrationError::History { node, source }.into())
            }
        }
    }
}

#[flavoured]
impl<C: MigratedConnection> Migrator<C> {
    /// Does what [`Router::run_pending_migrations`] does.
    ///
    /// # Errors
    ///
    /// The same; [`NotOnReplicas`](MigrationError::NotOnReplicas) if [replicas were waited for](Self::wait_for_replicas).
    ///
    /// # Cancel safety
    ///
    /// The same.
    pub async fn run_pending_migrations<S>(
        &self,
        source: S,
    ) -> Result<Vec<MigrationVersion<'static>>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        self.carry_out(source, Task::RunAll).await
    }

    /// Does what [`Router::run_next_migration`] does.
    ///
    /// # Errors
    ///
    /// As for [`run_pending_migrations`](Self::run_pending_migrations).
    ///
    /// # Cancel safety
    ///
    /// As for [`Router::run_pending_migrations`].
    pub async fn run_next_migration<S>(
        &self,
        source: S,
    ) -> Result<Option<MigrationVersion<'static>>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        let ran = self.carry_out(source, Task::RunNext).await?;
        Ok(ran.into_iter().next())
    }

    /// Does what [`Router::revert_last_migration`] does.
    ///
    /// # Errors
    ///
    /// The same; [`NotOnReplicas`](MigrationError::NotOnReplicas) if [replicas were waited for](Self::wait_for_replicas).
    ///
    /// # Cancel safety
    ///
    /// As for [`Router::run_pending_migrations`].
    pub async fn revert_last_migration<S>(
        &self,
        source: S,
    ) -> Result<MigrationVersion<'static>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        let reverted = self.carry_out(source, Task::RevertLast).await?;
        let last = reverted.into_iter().next();
        last.ok_or_else(|| {
            let node = self.router.shared().name(self.router.shared().primary().0);
            MigrationError::NothingToRevert { node }.into()
        })
    }

    /// Does what [`Router::revert_all_migrations`] does.
    ///
    /// # Errors
    ///
    /// As for [`revert_last_migration`](Self::revert_last_migration).
    ///
    /// # Cancel safety
    ///
    /// As for [`Router::run_pending_migrations`].
    pub async fn revert_all_migrations<S>(
        &self,
        source: S,
    ) -> Result<Vec<MigrationVersion<'static>>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        self.carry_out(source, Task::RevertAll).await
    }

    /// Takes the lock, does the task, releases the lock, and waits for replicas if that is wanted.
    async fn carry_out<S>(
        &self,
        source: S,
        task: Task,
    ) -> Result<Vec<MigrationVersion<'static>>, Error>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        self.check_positions().await?;
        let work = io::boxed(self.lock()).await?;
        let (work, done) = io::boxed(work.run(source, task)).await?;
        let ran = work.end(done).await?;
        self.await_replicas(ran).await
    }
}
