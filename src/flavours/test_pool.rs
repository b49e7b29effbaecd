//! The pool of a test: one connection, lent to one handle at a time, inside a transaction that is rolled back.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use diesel::QueryResult;
use diesel::connection::{
    CacheSize, TransactionDepthChange, TransactionManagerStatus, ValidTransactionManagerStatus,
};
use diesel::result::Error as DieselError;
use diesel_routing_sql::Dialect as Sql;

use super::connection::{depth, survives};
use super::hooks::TransactionManager;
use super::manager::Manager;
use super::{RoutedConnection, flavoured, io};
use crate::cluster::{PoolOptions, after};
use crate::engine::{Marks, PoolStatus, Pooled, TestState};
use crate::error::{Error, Step, TestFailure};
use crate::server::PoolKind;
use crate::statement::Dialect;
use crate::testing::{Claim, NEXT_STATEMENT, Place, Slot, Taken, Undo, opening, turn};

/// Empty: all settings come from the test.
#[derive(Debug, Clone)]
pub(crate) struct Settings;

/// The connection of a test, as one of a node's pools.
pub(crate) struct Pool<C> {
    slot: Arc<Slot<C>>,
    manager: Manager<C>,
}

#[flavoured]
impl<C: RoutedConnection> Pool<C> {
    pub(crate) fn new(
        _: &Settings,
        manager: Manager<C>,
        _: u32,
        _: &PoolOptions,
    ) -> Result<Self, Error> {
        let failed = |failure: TestFailure| {
            let node = manager.node.name.clone();
            Error::checkout(node, Step::Test, Instant::now(), failure)
        };
        if let Some(database) = &manager.database {
            let database = database.to_string();
            return Err(failed(TestFailure::OneDatabase { database }));
        }
        match &manager.hooks.test {
            Some(slot) => Ok(Self {
                slot: Arc::clone(slot),
                manager,
            }),
            None => Err(failed(TestFailure::Over { test: None })),
        }
    }

    pub(crate) fn status(&self, kind: PoolKind) -> PoolStatus {
        let (open, idle) = self.slot.count();
        PoolStatus::of(kind, 1, open, idle)
    }

    /// Closes nothing: the connection is that of all pools.
    pub(crate) fn drain(&self) {}

    /// Lends the connection, once the handle before has given it back.
    pub(super) async fn lend(&self, since: Instant) -> Result<Loan<C>, Error> {
        let failed = |failure: TestFailure| {
            let node = self.manager.node.name.clone();
            Error::checkout(node, Step::Test, since, failure)
        };
        let mut claim = self.claim(since).await.map_err(failed)?;
        let prepared = match &mut claim.conn {
            Some(conn) => {
                claim.is_fragile = !survives::<C>();
                next_loan(&self.manager, conn).await
            }
            None => {
                let mut conn = self.manager.open().await?;
                let opened = open(&mut conn).await;
                claim.conn = Some(conn);
                match (opened, &mut claim.conn) {
                    (Ok(()), Some(conn)) => next_loan(&self.manager, conn).await,
                    (opened, _) => opened,
                }
            }
        };
        if let Err(error) = prepared {
            let (why, holder) = (error.to_string(), claim.last());
            let failure = match error {
                DieselError::BrokenTransactionManager => TestFailure::GivenUp { holder },
                _ if why.to_ascii_lowercase().contains("savepoint") => {
                    TestFailure::Ended { holder, why }
                }
                _ => TestFailure::Lost { why },
            };
            claim.lose(failure.clone());
            return Err(failed(failure));
        }
        let Some(mut conn) = claim.lend() else {
            return Err(failed(TestFailure::Over { test: None }));
        };
        let node = &self.manager.node;
        conn.member = Arc::clone(node);
        conn.usage = Arc::clone(&self.manager.usage);
        conn.lent = since;
        conn.known.alive = since;
        conn.marks = Marks {
            latency: node.latency.clone(),
            member: Some(Arc::clone(node)),
            ..Marks::default()
        };
        Ok(Loan {
            conn: Some(conn),
            slot: Arc::clone(&self.slot),
        })
    }

    /// Waits for the connection.
    async fn claim(&self, since: Instant) -> Result<Claim<C>, TestFailure> {
        let deadline = after(since, self.slot.patience);
        let mut here = Some(Place::here());
        loop {
            let next = match self.slot.take(&mut here)? {
                Taken::Mine(claim) => return Ok(claim),
                Taken::Busy(next) => next,
            };
            if !io::until(deadline, next).await {
                let here = here.unwrap_or_else(Place::here);
                return Err(self.slot.busy(&here, since.elapsed()));
            }
        }
    }
}

/// Opens the test's transaction on a new connection.
#[flavoured]
async fn open<C: RoutedConnection>(pooled: &mut Pooled<C>) -> QueryResult<()> {
    C::TransactionManager::begin_transaction(&mut pooled.conn).await?;
    is_in_test_transaction(pooled);
    pooled.inside = Some(TestState::default());
    let sql = opening(pooled.conn.dialect().sql());
    pooled.conn.batch_execute(sql).await
}

/// Tells Diesel that one transaction is open, which is a test's.
fn is_in_test_transaction<C: RoutedConnection>(pooled: &mut Pooled<C>) {
    let status = C::TransactionManager::transaction_manager_status_mut(&mut pooled.conn);
    let mut valid = ValidTransactionManagerStatus::default();
    // One more than none: it cannot fail.
    let _ = valid.change_transaction_depth(TransactionDepthChange::IncreaseDepth);
    *status = TransactionManagerStatus::Valid(valid);
    status.set_test_transaction_flag();
}

/// Ends the last loan, and begins the next.
#[flavoured]
async fn next_loan<C: RoutedConnection>(
    manager: &Manager<C>,
    pooled: &mut Pooled<C>,
) -> QueryResult<()> {
    let dialect = pooled.conn.dialect().sql();
    let status = C::TransactionManager::transaction_manager_status_mut(&mut pooled.conn);
    let is_unknown = matches!(status, TransactionManagerStatus::InError);
    let mut undo = if is_unknown {
        Undo::Loan
    } else if depth(&mut pooled.conn) > 1 {
        Undo::Transaction
    } else {
        // One that failed, be it one that nobody waits for any more.
        before_statement(pooled);
        Undo::Nothing
    };
    if pooled.needs_reset() && C::abilities(dialect).resets {
        let sql = turn(dialect, undo, false);
        pooled.conn.batch_execute(&sql).await?;
        is_in_test_transaction(pooled);
        undo = Undo::Nothing;
        pooled.conn.reset(false).await?;
        manager.set_up_again(pooled).await?;
        pooled.was_reset(Instant::now());
    }
    if pooled.marks.is_spoilt.take() {
        // What it has prepared is of an earlier schema: from now on, it keeps nothing.
        pooled
            .conn
            .set_prepared_statement_cache_size(CacheSize::Disabled);
        pooled.known.opened = Instant::now();
    }
    // MySQL has no way to make an open transaction one that reads.
    let is_read_only = manager.read_only;
    let sql = turn(dialect, undo, is_read_only);
    pooled.conn.batch_execute(&sql).await?;
    if undo != Undo::Nothing {
        is_in_test_transaction(pooled);
    }
    if C::TransactionManager::is_broken_transaction_manager(&mut pooled.conn) {
        // Given up in the middle of a `COMMIT`, say: what came of it is not known.
        return Err(DieselError::BrokenTransactionManager);
    }
    pooled.inside = Some(TestState {
        is_read_only,
        may_write: false,
    });
    pooled.depth = Some(0);
    Ok(())
}

/// Begins a statement of a test outside the application's transactions: if it fails, what was done before it stays, and so does what is
/// done after it.
#[flavoured]
pub(super) fn before_statement<C: RoutedConnection>(pooled: &mut Pooled<C>) {
    let is_inside = pooled.inside.is_some();
    if !is_inside || pooled.conn.dialect().sql() != Sql::Postgres || !survives::<C>() {
        return;
    }
    if depth(&mut pooled.conn) == 1 {
        pooled.marks.is_aborted.clear();
        for sql in NEXT_STATEMENT {
            io::send(pooled.conn.batch_execute(sql));
        }
    }
}

/// The connection, lent to a handle.
pub(crate) struct Loan<C> {
    /// `None` once it was given back.
    conn: Option<Box<Pooled<C>>>,
    slot: Arc<Slot<C>>,
}

/// Said if a loan is used after its end, which cannot be.
const HAS_ONE: &str = "a loan has its connection until it is dropped";

impl<C> Deref for Loan<C> {
    type Target = Pooled<C>;

    fn deref(&self) -> &Pooled<C> {
        self.conn.as_deref().expect(HAS_ONE)
    }
}

impl<C> DerefMut for Loan<C> {
    fn deref_mut(&mut self) -> &mut Pooled<C> {
        self.conn.as_deref_mut().expect(HAS_ONE)
    }
}

impl<C> Drop for Loan<C> {
    fn drop(&mut self) {
        if let Some(mut conn) = self.conn.take() {
            conn.returns(Instant::now());
            let was_given_up = conn.marks.awaits_answer.is_set();
            self.slot.give_back(conn, was_given_up);
        }
    }
}
