//! The methods of write handles.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::fmt;
use std::ops::{Deref, DerefMut};

use diesel::QueryResult;
use diesel::query_builder::{QueryFragment, QueryId};

use super::connection::depth;
use super::pool::Guard;
use super::statement_guard::StatementGuard;
use super::transact::depth_of;
use super::{ReadConn, RoutedConnection, WriteConn};
use crate::engine::{Ending, Lease};
use crate::mutex::get;
use crate::statement::{Access, Inspected, Primary, Trace};

impl<C: RoutedConnection> WriteConn<C> {
    /// The access that the connection inside must have been checked out for.
    pub(super) const NEEDS: Access = Access::Write;

    pub(super) fn new(lease: Lease<Guard<C>>) -> Self {
        Self {
            read: ReadConn::new(lease),
        }
    }

    pub(super) fn lease_mut(&mut self) -> &mut Lease<Guard<C>> {
        self.read.lease_mut()
    }

    /// Returns the raw connection, for anything but statements.
    pub(super) fn raw(&mut self) -> &mut C {
        &mut self.lease_mut().guard.conn
    }

    /// Returns the raw connection for a write that is about to be sent, with the statement's guard and its ending. Its SQL is not seen:
    /// `name` is what it is called in logs.
    pub(super) fn begin_write(
        &mut self,
        name: &'static str,
    ) -> QueryResult<(&mut C, StatementGuard<'_>, Ending<'_>)> {
        let lease = self.lease_mut();
        lease.ready_for(Access::Write)?;
        let entry = match lease.records() {
            true => lease.record_named(name),
            false => None,
        };
        let depth = depth_of(&mut lease.guard);
        let (conn, guard) = lease.guard.parts();
        Ok((conn, guard.recording(entry), lease.log.begin(depth)))
    }

    /// Does what [`begin_write`](Self::begin_write) does, for statements that may commit by themselves.
    pub(super) fn begin_unbounded(
        &mut self,
    ) -> QueryResult<(&mut C, StatementGuard<'_>, Ending<'_>)> {
        let lease = self.lease_mut();
        lease.ready_for(Access::Write)?;
        let depth = depth_of(&mut lease.guard);
        let (conn, guard) = lease.guard.parts();
        Ok((conn, guard, lease.log.begin_unbounded(depth)))
    }

    /// Does what [`begin_unbounded`](Self::begin_unbounded) does, for a text of one statement or several.
    pub(super) fn begin_batch(
        &mut self,
        sql: &str,
    ) -> QueryResult<(&mut C, StatementGuard<'_>, Ending<'_>)> {
        let lease = self.lease_mut();
        let shared = lease.log.shared();
        let trace = match shared.never_resets {
            true => Trace::UNSEEN,
            false => shared.checker.trace(sql),
        };
        lease.guard.runs(trace);
        let entry = match lease.records() {
            true => lease.record_text(sql),
            false => None,
        };
        let (conn, guard, ending) = self.begin_unbounded()?;
        Ok((conn, guard.recording(entry), ending))
    }

    /// Does what [`begin_unbounded`](Self::begin_unbounded) does, for what is done out of sight with the raw connection.
    pub(super) fn begin_unseen(&mut self) -> QueryResult<RawWrite<'_, C>> {
        let lease = self.lease_mut();
        lease.guard.runs(Trace::UNSEEN);
        lease.ready_for(Access::Write)?;
        let depth = depth_of(&mut lease.guard);
        let pooled = &mut *lease.guard;
        let outer = pooled.outer();
        // Until it is given back, and for good if it is leaked.
        pooled.depth = None;
        // It may have ended.
        pooled.marks.has_failed.set();
        Ok(RawWrite {
            conn: &mut pooled.conn,
            depth: &mut pooled.depth,
            outer,
            _ending: lease.log.begin_unbounded(depth),
        })
    }

    /// Does what [`begin_write`](Self::begin_write) does, with the statement to send; there is an ending only if it writes.
    pub(super) fn begin_statement<Q>(
        &mut self,
        query: Q,
    ) -> QueryResult<(Inspected<Q>, &mut C, StatementGuard<'_>, Option<Ending<'_>>)>
    where
        Q: QueryFragment<C::Backend> + QueryId,
    {
        let lease = self.lease_mut();
        if let Err(refused) = lease.ready_for(Access::Write) {
            let error = refused.into();
            if lease.records() {
                lease.record_refusal(&query, &error);
            }
            return Err(error);
        }
        let grant = lease.records().then(|| *lease.grant());
        let depth = depth_of(&mut lease.guard);
        let seen = get(&mut lease.guard.seen);
        let (ending, trace, sql) = lease
            .log
            .begin_statement::<C::Backend, Q>(&query, depth, seen);
        lease.guard.runs(trace);
        let entry = match grant {
            Some(grant) => lease.guard.record(grant, &query, sql.as_deref()),
            None => None,
        };
        let (conn, guard) = lease.guard.parts();
        let guard = guard.recording(entry);
        Ok((Inspected::new(query, sql), conn, guard, ending))
    }
}

impl<C: RoutedConnection> Deref for WriteConn<C> {
    type Target = ReadConn<Primary, C>;

    fn deref(&self) -> &Self::Target {
        &self.read
    }
}

impl<C: RoutedConnection> DerefMut for WriteConn<C> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.read
    }
}

impl<C: RoutedConnection> fmt::Debug for WriteConn<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteConn")
            .field("route", &self.read.route())
            .finish_non_exhaustive()
    }
}

/// The raw connection of a [`WriteConn`]. When this is dropped, a write is
/// recorded.
#[must_use = "it is the connection, on which nothing was done"]
pub struct RawWrite<'a, C: RoutedConnection> {
    conn: &'a mut C,
    depth: &'a mut Option<u32>,
    /// The transactions around all that its users do.
    outer: u32,
    _ending: Ending<'a>,
}

impl<C: RoutedConnection> Drop for RawWrite<'_, C> {
    fn drop(&mut self) {
        *self.depth = Some(depth(self.conn).saturating_sub(self.outer));
    }
}

impl<C: RoutedConnection> Deref for RawWrite<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.conn
    }
}

impl<C: RoutedConnection> DerefMut for RawWrite<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.conn
    }
}

impl<C: RoutedConnection> fmt::Debug for RawWrite<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawWrite").finish_non_exhaustive()
    }
}
