//! `ReadConn`: a connection that reads.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use diesel::QueryResult;
use ref_cast::{RefCastCustom, ref_cast_custom};

use crate::asynchronous::RoutedConnection;
use crate::asynchronous::connection::depth;
use crate::asynchronous::flight::Flight;
use crate::asynchronous::pool::Guard;
use crate::asynchronous::runs::{Admits, Inspects, Key};
use crate::engine::Lease;
use crate::error::Refused;
use crate::routing::Route;
use crate::statement::effect::{Effect, GrantedTo, Grants};
use crate::statement::{Access, CaughtUp, Primary, Replica, Role};

/// A connection that reads, from a node in the role `R`.
///
/// | handle | got from | grants |
/// |---|---|---|
/// | `ReadConn<Replica>` | [`Session::read_eventual`](crate::Session::read_eventual) | plain SELECT |
/// | `ReadConn<CaughtUp>` | [`Session::read`](crate::Session::read) | plain SELECT |
/// | `ReadConn<Primary>` | [`Session::read_primary`](crate::Session::read_primary) | plain SELECT, row locks |
///
/// Each stands for those above it: `&mut ReadConn<Primary>` goes where `&mut ReadConn<Replica>` is
/// asked for, and so does `&mut WriteConn`. There is no way to the connection inside: what a handle
/// does not grant does not compile. Backend modules have aliases without the connection type:
/// `pg::ReadConn` and so on.
///
/// Dropping the handle gives the connection back to its pool; the pool discards one with an open
/// transaction.
#[derive(RefCastCustom)]
#[repr(transparent)]
pub struct ReadConn<R, C: RoutedConnection> {
    lease: Lease<Guard<C>>,
    #[trivial]
    role: PhantomData<R>,
}

impl<R: Role, C: RoutedConnection> ReadConn<R, C> {
    pub(crate) fn new(lease: Lease<Guard<C>>) -> Self {
        Self {
            lease,
            role: PhantomData,
        }
    }

    /// What the connection inside must have been lent for, at least.
    pub(crate) const NEEDS: Access = R::NEEDS;

    /// The same connection in another role, which the caller knows to be weaker.
    pub(crate) fn as_role<S: Role>(&mut self) -> &mut ReadConn<S, C> {
        ReadConn::of_mut(&mut self.lease)
    }

    #[ref_cast_custom]
    fn of(lease: &Lease<Guard<C>>) -> &Self;

    #[ref_cast_custom]
    fn of_mut(lease: &mut Lease<Guard<C>>) -> &mut Self;

    /// Which node the connection belongs to, and why that one was chosen.
    #[must_use]
    pub fn route(&self) -> Route<'_> {
        self.lease.route()
    }

    pub(crate) fn lease(&self) -> &Lease<Guard<C>> {
        &self.lease
    }

    pub(crate) fn lease_mut(&mut self) -> &mut Lease<Guard<C>> {
        &mut self.lease
    }

    pub(crate) fn into_lease(self) -> Lease<Guard<C>> {
        self.lease
    }

    /// Whether the server no longer answers on this connection.
    pub(crate) async fn is_lost(&mut self) -> bool {
        if self.lease.guard.awaits_answer {
            return true;
        }
        let limit = self.lease.shared().probe_timeout;
        let (conn, flight) = self.lease.guard.parts();
        let role = flight.during(conn.node_role());
        !matches!(tokio::time::timeout(limit, role).await, Ok(Ok(_)))
    }

    /// The connection, for a statement that the handle may run, and what must hear of it.
    pub(crate) fn admit_statement<Q, M>(&mut self, query: &Q) -> QueryResult<(&mut C, Flight<'_>)>
    where
        Self: Admits<Q, M> + Inspects<Q, M>,
    {
        self.lease.ready_for(R::NEEDS)?;
        let locks_granted = R::NEEDS >= Access::Primary
            && !self.lease.in_snapshot
            && depth(&mut self.lease.guard.conn) > 0;
        let claim = Self::claim(query, Key::new());
        if claim.locks && !locks_granted {
            return Err(Refused::LockOutsideTransaction.into());
        }
        self.inspect(query, claim.inspection, locks_granted, Key::new())?;
        Ok(self.lease.guard.parts())
    }
}

impl<C: RoutedConnection> ReadConn<Replica, C> {
    /// A handle that sees what `session` wrote: this connection where the session allows it,
    /// otherwise one that does, and this one goes back to its pool.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`](crate::Error::Checkout) if another connection is needed and there is none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the connection back.
    pub async fn upgrade(
        self,
        session: &crate::Session<C>,
    ) -> Result<ReadConn<CaughtUp, C>, crate::Error> {
        session.upgrade(self).await
    }
}

impl<C: RoutedConnection> Deref for ReadConn<CaughtUp, C> {
    type Target = ReadConn<Replica, C>;

    fn deref(&self) -> &Self::Target {
        ReadConn::of(&self.lease)
    }
}

impl<C: RoutedConnection> DerefMut for ReadConn<CaughtUp, C> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        ReadConn::of_mut(&mut self.lease)
    }
}

impl<C: RoutedConnection> Deref for ReadConn<Primary, C> {
    type Target = ReadConn<CaughtUp, C>;

    fn deref(&self) -> &Self::Target {
        ReadConn::of(&self.lease)
    }
}

impl<C: RoutedConnection> DerefMut for ReadConn<Primary, C> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        ReadConn::of_mut(&mut self.lease)
    }
}

impl<R, C: RoutedConnection, E: Effect + GrantedTo<R>> Grants<E> for ReadConn<R, C> {}

impl<R, C: RoutedConnection> fmt::Debug for ReadConn<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadConn")
            .field("route", &self.lease.route())
            .finish_non_exhaustive()
    }
}
