//! The methods of read handles.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::time::Instant;

use diesel::QueryResult;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use diesel_routing_sql::Dialect as Sql;

use super::pool::Guard;
use super::runs::Inspects;
use super::statement_guard::StatementGuard;
use super::transact::depth_of;
use super::{ReadConn, RoutedConnection, Session, flavoured, io};
use crate::consistency::Again;
use crate::engine::{Blame, Lease};
use crate::error::{Error, ReadError, Refused};
use crate::mutex::{get, lock};
use crate::query_log::Entry;
use crate::routing::Route;
use crate::statement::effect::{Checked, HasRole, Inspection};
use crate::statement::{Access, CaughtUp, Classified, Primary, Replica, Role};

#[flavoured]
impl<R: Role, C: RoutedConnection> ReadConn<R, C> {
    pub(super) fn new(lease: Lease<Guard<C>>) -> Self {
        Self {
            lease,
            role: PhantomData,
        }
    }

    /// The least access that the connection inside must have been checked out for.
    pub(super) const NEEDS: Access = R::NEEDS;

    /// Returns the same connection in another role, which the caller knows to be weaker.
    pub(super) fn as_role<S: Role>(&mut self) -> &mut ReadConn<S, C> {
        ReadConn::of_mut(&mut self.lease)
    }

    /// Returns the connection's node, and the reason for its choice.
    #[must_use]
    pub fn route(&self) -> Route<'_> {
        self.lease.route()
    }

    pub(super) fn lease(&self) -> &Lease<Guard<C>> {
        &self.lease
    }

    pub(super) fn lease_mut(&mut self) -> &mut Lease<Guard<C>> {
        &mut self.lease
    }

    pub(super) fn into_lease(self) -> Lease<Guard<C>> {
        self.lease
    }

    /// Returns whether the server no longer answers on this connection.
    pub(super) async fn is_lost(&mut self) -> bool {
        if self.lease.guard.marks.awaits_answer.is_set() {
            return true;
        }
        let limit = self.lease.shared().probe_timeout;
        let (conn, statement) = self.lease.guard.parts();
        let role = statement.during(conn.node_role());
        !matches!(io::within(limit, role).await, Ok(Ok(_)))
    }

    /// Returns why a read on this connection, which failed with this error, is to run again, if it is.
    ///
    /// What its statements met counts as well: an application's error may not say that the node was at fault.
    pub(super) async fn runs_again<E: ReadError>(&mut self, error: &E) -> Option<Again> {
        let marks = &self.lease.guard.marks;
        let (blame, node) = (*lock(&marks.blame), self.lease().node());
        if marks.is_spoilt.is_set() {
            return Some(Again::Spoilt(Instant::now()));
        }
        if blame == Blame::Node || error.may_retry() {
            return Some(Again::Elsewhere(node));
        }
        if blame == Blame::Schema {
            return self
                .lease
                .may_go_on_primary()
                .then_some(Again::MissingSchema);
        }
        let is_lost = (blame == Blame::Perhaps || error.may_be_lost()) && self.is_lost().await;
        is_lost.then_some(Again::Elsewhere(node))
    }

    /// Returns the connection, if the handle may run the statement, and the statement's guard.
    pub(super) fn admit_statement<Q, M>(
        &mut self,
        query: &Q,
    ) -> QueryResult<(&mut C, StatementGuard<'_>)>
    where
        Q: Classified<Checked<M>>,
        Self: Inspects<Q, Checked<M>>,
    {
        let checked = self.check_statement(query);
        if self.lease.records() {
            return self.admit_recorded(query, checked);
        }
        checked?;
        Ok(self.lease.guard.parts())
    }

    /// Does what [`admit_statement`](Self::admit_statement) does, for a statement that was checked, on record.
    #[cold]
    #[inline(never)]
    fn admit_recorded<Q, M>(
        &mut self,
        query: &Q,
        checked: QueryResult<()>,
    ) -> QueryResult<(&mut C, StatementGuard<'_>)>
    where
        Q: Classified<Checked<M>>,
        Self: Inspects<Q, Checked<M>>,
    {
        let entry = self.record(query, checked.as_ref().err());
        checked?;
        let (conn, guard) = self.lease.guard.parts();
        Ok((conn, guard.recording(entry)))
    }

    /// Returns whether there may be a transaction that raw SQL has begun.
    pub(super) fn is_in_raw_transaction(&self) -> bool {
        let never_resets = self.lease.shared().never_resets;
        self.lease.guard.may_be_in_transaction(never_resets)
    }

    /// Checks that the handle may run a statement.
    #[inline]
    fn check_statement<Q, M>(&mut self, query: &Q) -> QueryResult<()>
    where
        Q: Classified<Checked<M>>,
        Self: Inspects<Q, Checked<M>>,
    {
        self.lease.ready_for(R::NEEDS)?;
        let locks_granted = R::NEEDS >= Access::Primary
            && !self.lease.in_snapshot
            && (depth_of(&mut self.lease.guard) > 0 || self.is_in_raw_transaction());
        let inspection = self.lease.vouched_or_checked(query, locks_granted)?;
        self.inspect(query, inspection, locks_granted)
    }
}

impl<C: RoutedConnection> Lease<Guard<C>> {
    /// Returns who has inspected a statement; an error if it locks rows, and no locks are granted.
    #[inline]
    pub(super) fn vouched_or_checked<Q, M>(
        &self,
        query: &Q,
        locks_granted: bool,
    ) -> QueryResult<Inspection>
    where
        Q: Classified<Checked<M>>,
    {
        let inspection = query.inspection();
        if inspection.is_vouched() {
            self.guard.marks.was_vouched_for.set();
        }
        if Q::locks() && !locks_granted {
            self.shared().checker.refusals.count_lock();
            return Err(Refused::LockOutsideTransaction.into());
        }
        Ok(inspection)
    }

    /// Returns whether the server would take what a read writes that was inspected so.
    #[inline]
    pub(super) fn takes_writes_of(&self, by: Inspection) -> bool {
        self.takes_writes() && !by.is_vouched()
    }

    /// Returns whether a read that was inspected so is to be looked at all the same, for what it leaves behind.
    #[inline]
    pub(super) fn wants_a_look(&self, by: Inspection) -> bool {
        // What was inspected leaves nothing behind, but for MySQL's `@a := 1`. A function of the application's own may have changed a
        // setting.
        let is_known =
            self.shared().never_resets || by.is_built_in() && self.shared().dialect != Sql::Mysql;
        let is_known = is_known && self.guard.known.applied.are(None);
        self.takes_writes_of(by) || !is_known
    }
}

#[flavoured]
impl<C: RoutedConnection> ReadConn<Replica, C> {
    /// Returns a handle whose reads observe what `session` wrote: this connection if the session allows it,
    /// otherwise another, and this one is returned to its pool.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Checkout`](Error::Checkout) if another connection is needed and there is none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future returns the connection to its pool.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_routing::pg::Session;
    ///
    /// # async fn example(session: &Session) -> Result<(), diesel_routing::Error> {
    /// let anywhere = session.read_eventual().await?;
    /// // Kept if its replica has what the session wrote by now; otherwise another one.
    /// let conn = anywhere.upgrade(session).await?;
    /// println!("{}", conn.route());
    /// # Ok(()) }
    /// # }
    /// ```
    pub async fn upgrade(self, session: &Session<C>) -> Result<ReadConn<CaughtUp, C>, Error> {
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

impl<R: Role, C: RoutedConnection, Q, M> Inspects<Q, Checked<M>> for ReadConn<R, C>
where
    Q: QueryFragment<C::Backend> + QueryId,
{
    fn inspect(&mut self, query: &Q, by: Inspection, locks_granted: bool) -> QueryResult<()> {
        let lease = self.lease_mut();
        let takes_writes = lease.takes_writes_of(by);
        let wanted = lease.wants_a_look(by);
        let checker = &lease.log.shared().checker;
        let seen = get(&mut lease.guard.seen);
        let looked =
            checker.admit_and_look::<C::Backend, Q>(query, by, locks_granted, wanted, seen);
        let (reach, trace) = looked?;
        lease.guard.runs(trace);
        if takes_writes {
            let depth = depth_of(&mut lease.guard);
            lease.log.begin_read(reach, depth);
        }
        Ok(())
    }

    fn record(&mut self, query: &Q, refusal: Option<&DieselError>) -> Option<Box<Entry>> {
        let lease = self.lease_mut();
        let Some(error) = refusal else {
            let grant = *lease.grant();
            return lease.guard.record(grant, query, None);
        };
        lease.record_refusal(query, error);
        None
    }
}

impl<R, C: RoutedConnection> HasRole for ReadConn<R, C> {
    type Role = R;
}

impl<R, C: RoutedConnection> fmt::Debug for ReadConn<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadConn")
            .field("route", &self.lease.route())
            .finish_non_exhaustive()
    }
}
