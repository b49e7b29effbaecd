//! Runs migrations on a connection that has the lock.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::migration::{MigrationSource, MigrationVersion};
use diesel_routing_sql::Dialect as Sql;
use event_listener::Event as Signal;

use super::migrating::{MigratedConnection, Work, in_harness};
use super::transact::{self, begin_with};
use super::{Migrator, flavoured, io};
use crate::cluster::after;
use crate::engine::migration_plan::{Planned, Task, Why, plan};
use crate::engine::{CommonWrite, MigrationLock};
use crate::error::{Error, MigrationError, MigrationRemains};
use crate::observe::Event;
use crate::statement::Dialect;

/// The time between two tries to take the lock: at first, and at most. Chosen.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

#[flavoured]
impl<C: MigratedConnection> Migrator<C> {
    /// Takes a connection of the primary, and the lock on it.
    pub(super) async fn lock(&self) -> Result<Work<C>, Error> {
        let since = Instant::now();
        let deadline = after(since, self.lock_timeout);
        let mut conn = self.router.write().await?;
        let node = conn.route().node.to_owned();
        // Whatever becomes of this, it is closed when it comes back: that releases the lock, and undoes what migrations set.
        conn.lease_mut().guard.known.is_spent = true;
        let mut pause = FIRST_PAUSE;
        let mut is_told = false;
        let nothing = Signal::<()>::new();
        loop {
            let (raw, statement) = conn.lease_mut().guard.parts();
            let lock = statement
                .during(raw.lock_migrations(self.lock_timeout))
                .await?;
            let holder = match lock {
                MigrationLock::Taken => break,
                MigrationLock::Held(holder) => holder,
            };
            let now = Instant::now();
            if now >= deadline {
                let waited = since.elapsed();
                return Err(MigrationError::Locked {
                    node,
                    waited,
                    holder,
                }
                .into());
            }
            if !is_told {
                is_told = true;
                let (node, holder) = (&*node, &*holder);
                Event::MigrationWaits { node, holder }.emit();
            }
            io::until(after(now, pause).min(deadline), nothing.listen()).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let mark = CommonWrite::new(Arc::clone(self.router.shared()));
        Ok(Work { conn, mark, node })
    }
}

/// The migrations that were done, or the error that ended them.
pub(super) type Done = Result<Vec<MigrationVersion<'static>>, MigrationError>;

#[flavoured]
impl<C: MigratedConnection> Work<C> {
    /// Does a task, migration by migration.
    pub(super) async fn run<S>(self, source: S, task: Task) -> Result<(Self, Done), MigrationError>
    where
        S: MigrationSource<C::Backend> + Send + 'static,
    {
        let (node, dialect) = (self.node.clone(), self.dialect());
        let begins_itself = begins_itself(dialect);
        let (mut work, (mut source, planned)) = in_harness(self, move |steps| {
            let planned = plan(&source, steps, task, &node);
            (source, planned)
        })
        .await?;
        let mut left = match planned {
            Ok(planned) => planned.into_iter(),
            Err(error) => return Ok((work, Err(error))),
        };
        let mut ran = Vec::new();
        while let Some(next) = left.next() {
            let began = Instant::now();
            let is_in_transaction = begins_itself && next.in_transaction;
            if is_in_transaction && let Err(error) = work.begin().await {
                let error = work.not_begun(error, began.elapsed());
                return Ok((work, Err(error)));
            }
            let step = next.copy();
            let (worked, (kept, done)) = in_harness(work, move |steps| {
                let done = step.carry_out(&source, steps, begins_itself);
                (source, done)
            })
            .await?;
            (work, source) = (worked, kept);
            let done = match is_in_transaction {
                true => work.close(done).await,
                false => done,
            };
            work.mark.committed();
            match done {
                Ok(true) => {
                    work.tell(&next, began.elapsed());
                    ran.push(next.version);
                }
                // Another instance has done it meanwhile.
                Ok(false) => {}
                Err(why) => {
                    let error = MigrationError::Failed {
                        node: work.node.clone(),
                        migration: next.name.into(),
                        version: next.version,
                        reverts: next.reverts,
                        remains: remains(dialect, next.in_transaction),
                        ran: ran.into(),
                        left: left.map(|next| next.name).collect(),
                        source: why,
                    };
                    return Ok((work, Err(error)));
                }
            }
        }
        Ok((work, Ok(ran)))
    }

    /// Returns the language of the connection's server.
    fn dialect(&self) -> Sql {
        self.conn.lease().guard.conn.dialect().sql()
    }

    async fn begin(&mut self) -> diesel::QueryResult<()> {
        let guard = &mut self.conn.lease_mut().guard;
        let begun = begin_with(guard, "BEGIN IMMEDIATE").await;
        guard.heard(begun)
    }

    /// Returns the error of a transaction that could not begin.
    fn not_begun(&self, error: diesel::result::Error, waited: Duration) -> MigrationError {
        let node = self.node.clone();
        if error.to_string().contains("locked") {
            let holder = "another connection writes to the file".to_owned();
            return MigrationError::Locked {
                node,
                waited,
                holder,
            };
        }
        let source = error.into();
        MigrationError::History { node, source }
    }

    /// Ends a transaction as what was done in it ended.
    async fn close<T>(&mut self, done: Result<T, Why>) -> Result<T, Why> {
        let guard = &mut self.conn.lease_mut().guard;
        match done {
            Ok(value) => {
                let committed = transact::commit(guard).await;
                guard.heard(committed)?;
                Ok(value)
            }
            Err(why) => {
                // The connection is closed in any case.
                let _ = transact::roll_back(guard).await;
                Err(why)
            }
        }
    }

    fn tell(&self, done: &Planned, took: Duration) {
        let (node, migration) = (&*self.node, &*done.name);
        let seconds = took.as_secs_f64();
        if done.reverts {
            Event::MigrationReverted {
                node,
                migration,
                seconds,
            }
            .emit();
        } else {
            Event::MigrationRan {
                node,
                migration,
                seconds,
            }
            .emit();
        }
    }

    /// Releases the lock. A connection that cannot do that was lost, and with it the word on what it did last.
    pub(super) async fn end(mut self, done: Done) -> Done {
        let (raw, statement) = self.conn.lease_mut().guard.parts();
        let unlocked = statement.during(raw.unlock_migrations()).await;
        let done = match unlocked {
            Ok(()) => {
                self.mark.end();
                done
            }
            Err(_) => done.map_err(MigrationError::of_lost_connection),
        };
        if let Err(error @ MigrationError::Failed { migration, .. }) = &done {
            let (node, why) = (&*self.node, &*error.to_string());
            Event::MigrationFailed {
                node,
                migration,
                why,
            }
            .emit();
        }
        done
    }
}

/// Returns whether a migration's transaction takes the database's lock as it begins: SQLite has no other, so whether another
/// connection has run the migration is looked up inside.
fn begins_itself(dialect: Sql) -> bool {
    dialect == Sql::Sqlite
}

/// Returns the parts that a database may have kept of a migration that failed.
fn remains(dialect: Sql, in_transaction: bool) -> MigrationRemains {
    match dialect {
        Sql::Mysql => MigrationRemains::WithoutTransactions,
        _ if in_transaction => MigrationRemains::Nothing,
        _ => MigrationRemains::OutsideTransaction,
    }
}
