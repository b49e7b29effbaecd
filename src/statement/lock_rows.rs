//! `lock_rows`: row locks for whichever database a connection leads to.

use std::fmt;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::query_builder::{AsQuery, AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LimitDsl;
use diesel_routing_sql::Dialect as Sql;

use crate::statement::dialect::Dialect;
use crate::statement::effect::{Built, Read, RowLock, Statement};

/// Locks the rows of a SELECT, whichever database it is for: Diesel's own `for_update()` does not compile for the backend of
/// `#[derive(diesel::MultiConnection)]`. On PostgreSQL, MySQL and MariaDB it is `FOR UPDATE`.
///
/// SQLite locks no rows, and gets no clause: there, one transaction at a time writes, and one that has read what another has changed
/// meanwhile fails when it writes. So no update is lost there either, but such a transaction has to run again.
///
/// As with `for_update()`, the handle has to be a `ReadConn<Primary>` in a `transaction`, or a `WriteConn`.
///
/// ```
/// # #[cfg(feature = "sync-sqlite")] {
/// use diesel_routing::sync::{prelude::*, sqlite::WriteConn};
/// use diesel_routing::LockRowsDsl;
///
/// diesel::table! { accounts { id -> Integer, balance -> BigInt, } }
///
/// fn withdraw(conn: &mut WriteConn, id: i32, amount: i64) -> QueryResult<usize> {
///     conn.transaction(|tx| {
///         let account = accounts::table.find(id);
///         let balance: i64 = account.select(accounts::balance).lock_rows().first(tx)?;
///         diesel::update(account).set(accounts::balance.eq(balance - amount)).execute(tx)
///     })
/// }
/// # }
/// ```
pub trait LockRowsDsl: AsQuery + Sized {
    /// Locks the rows for an update, and waits for those that another transaction has locked.
    fn lock_rows(self) -> LockedRows<Self::Query>
    where
        Self::Query: Statement<Built, Effect = Read>,
    {
        LockedRows {
            query: self.as_query(),
            others: PhantomData,
        }
    }
}

impl<Q: AsQuery> LockRowsDsl for Q {}

/// A SELECT that locks its rows: see [`LockRowsDsl`].
#[must_use = "queries are only run by `load`, `get_result` and the like"]
pub struct LockedRows<Q, Others = Waited> {
    query: Q,
    others: PhantomData<fn(Others)>,
}

impl<Q> LockedRows<Q> {
    /// Leaves out the rows that another transaction has locked.
    pub fn skip_locked(self) -> LockedRows<Q, Skipped> {
        LockedRows {
            query: self.query,
            others: PhantomData,
        }
    }

    /// Fails if another transaction has locked one of the rows.
    pub fn no_wait(self) -> LockedRows<Q, Refused> {
        LockedRows {
            query: self.query,
            others: PhantomData,
        }
    }
}

/// The treatment of rows that another transaction has locked.
#[expect(unnameable_types, reason = "only ever inside a `LockedRows`")]
pub trait Others: 'static {
    #[doc(hidden)]
    const CLAUSE: &'static str;
}

/// They are waited for.
#[derive(Debug)]
#[expect(unnameable_types, reason = "only ever inside a `LockedRows`")]
pub struct Waited(());

/// They are left out.
#[derive(Debug)]
#[expect(unnameable_types, reason = "only ever inside a `LockedRows`")]
pub struct Skipped(());

/// They are an error.
#[derive(Debug)]
#[expect(unnameable_types, reason = "only ever inside a `LockedRows`")]
pub struct Refused(());

impl Others for Waited {
    const CLAUSE: &'static str = " FOR UPDATE";
}
impl Others for Skipped {
    const CLAUSE: &'static str = " FOR UPDATE SKIP LOCKED";
}
impl Others for Refused {
    const CLAUSE: &'static str = " FOR UPDATE NOWAIT";
}

#[diagnostic::do_not_recommend]
impl<Q, O> Statement<Built> for LockedRows<Q, O> {
    type Effect = RowLock;
}

impl<DB: Dialect, Q: QueryFragment<DB>, O: Others> QueryFragment<DB> for LockedRows<Q, O> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(pass.reborrow())?;
        if pass.backend().sql() != Sql::Sqlite {
            pass.push_sql(O::CLAUSE);
        }
        Ok(())
    }
}

impl<Q: Query, O> Query for LockedRows<Q, O> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryId, O: Others> QueryId for LockedRows<Q, O> {
    type QueryId = LockedRows<Q::QueryId, O>;

    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: LimitDsl, O> LimitDsl for LockedRows<Q, O> {
    type Output = LockedRows<Q::Output, O>;

    fn limit(self, limit: i64) -> Self::Output {
        LockedRows {
            query: self.query.limit(limit),
            others: PhantomData,
        }
    }
}

impl<Q, O, Conn> diesel::RunQueryDsl<Conn> for LockedRows<Q, O> {}

impl<Q: Clone, O> Clone for LockedRows<Q, O> {
    fn clone(&self) -> Self {
        Self {
            query: self.query.clone(),
            others: PhantomData,
        }
    }
}

impl<Q: fmt::Debug, O> fmt::Debug for LockedRows<Q, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockedRows")
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}
