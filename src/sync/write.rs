//! `WriteConn`: a connection that does everything, and is a Diesel connection itself.

use std::fmt;
use std::ops::{Deref, DerefMut};

use diesel::QueryResult;
use diesel::query_builder::{QueryFragment, QueryId};

use super::connection::depth;
use super::pool::Guard;
use super::{ReadConn, RoutedConnection};
use crate::engine::{Ending, Lease};
use crate::statement::{Access, Primary};

/// A connection to the primary that grants everything.
///
/// It is a Diesel connection: migrations, helpers generic over [`Connection`](diesel::Connection)
/// and third-party crates accept it directly. It can also be used in place of every read handle:
/// `&mut WriteConn` goes where `&mut ReadConn<_>` is required, and then reads on this connection,
/// in its transaction.
///
/// Its session remembers what it writes, from the commit on: the session's later reads observe it. Two
/// things are not recorded: transactions that were rolled back, and statements that only read. If
/// the outcome is unknown (the connection was lost, the handle was dropped inside a transaction),
/// it counts as written.
///
/// Dropping the handle returns the connection to its pool, which discards a connection with an open
/// transaction.
pub struct WriteConn<C: RoutedConnection> {
    read: ReadConn<Primary, C>,
}

impl<C: RoutedConnection> WriteConn<C> {
    /// The access that the connection inside must have been checked out for.
    pub(crate) const NEEDS: Access = Access::Write;

    pub(super) fn new(lease: Lease<Guard<C>>) -> Self {
        Self {
            read: ReadConn::new(lease),
        }
    }

    /// Returns the raw connection, for code that requires `&mut PgConnection` and the like.
    ///
    /// **Counts as a write**: it is unknown what is done with it. Prefer the methods of
    /// `WriteConn`, which is a Diesel connection itself.
    ///
    /// # Errors
    ///
    /// Returns [`Refused::Swapped`](crate::Refused::Swapped) inside Diesel's error.
    pub fn raw_counts_as_write(&mut self) -> QueryResult<RawWrite<'_, C>> {
        let (conn, ending) = self.begin_unbounded()?;
        Ok(RawWrite {
            conn,
            _ending: ending,
        })
    }

    pub(super) fn lease_mut(&mut self) -> &mut Lease<Guard<C>> {
        self.read.lease_mut()
    }

    /// Returns the raw connection, for anything but statements.
    pub(super) fn raw(&mut self) -> &mut C {
        &mut self.lease_mut().guard.conn
    }

    /// Returns the raw connection for a write that is about to be sent, with its ending.
    pub(super) fn begin_write(&mut self) -> QueryResult<(&mut C, Ending<'_>)> {
        let lease = self.lease_mut();
        lease.lent_for(Access::Write)?;
        let conn = &mut lease.guard.conn;
        let depth = depth(conn);
        Ok((conn, lease.log.begin(depth)))
    }

    /// Like [`begin_write`](Self::begin_write), for statements that may commit by themselves.
    pub(super) fn begin_unbounded(&mut self) -> QueryResult<(&mut C, Ending<'_>)> {
        let lease = self.lease_mut();
        lease.lent_for(Access::Write)?;
        let conn = &mut lease.guard.conn;
        let depth = depth(conn);
        Ok((conn, lease.log.begin_unbounded(depth)))
    }

    /// Like [`begin_write`](Self::begin_write); there is an ending only if the statement writes.
    pub(super) fn begin_statement<Q>(
        &mut self,
        query: &Q,
    ) -> QueryResult<(&mut C, Option<Ending<'_>>)>
    where
        Q: QueryFragment<C::Backend> + QueryId,
    {
        let lease = self.lease_mut();
        lease.lent_for(Access::Write)?;
        let depth = depth(&mut lease.guard.conn);
        let ending = lease.log.begin_statement::<C::Backend, Q>(query, depth);
        Ok((&mut lease.guard.conn, ending))
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
pub struct RawWrite<'a, C> {
    conn: &'a mut C,
    _ending: Ending<'a>,
}

impl<C> Deref for RawWrite<'_, C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.conn
    }
}

impl<C> DerefMut for RawWrite<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.conn
    }
}

impl<C> fmt::Debug for RawWrite<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawWrite").finish_non_exhaustive()
    }
}
