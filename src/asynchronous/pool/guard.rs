//! Access to the connection of a [`Lease`].

use diesel::QueryResult;
use futures_core::future::BoxFuture;

use super::Guard;
use crate::asynchronous::statement_guard::StatementGuard;
use crate::asynchronous::transact::depth_of;
use crate::asynchronous::{Pipelines, RoutedConnection};

impl<C: RoutedConnection> Guard<C> {
    /// Returns the connection, and the guard for a statement on it.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&mut C, StatementGuard<'_>) {
        let pooled = &mut **self;
        #[cfg(feature = "test-util")]
        crate::asynchronous::test_pool::before_statement(pooled);
        let guard = if C::SURVIVES_CANCELLATION {
            StatementGuard::of_survivor(&pooled.marks)
        } else {
            StatementGuard::marking(&pooled.marks)
        };
        (&mut pooled.conn, guard)
    }

    /// Records how many transactions are open, for statements that share the connection.
    #[inline]
    pub(crate) fn note_depth(&mut self) {
        let pooled = &mut **self;
        pooled.depth = Some(depth_of(pooled));
    }
}

impl<C: RoutedConnection> Guard<C> {
    /// Returns the guard for a statement that shares the connection, which [pipelines](Pipelines).
    #[inline]
    pub(crate) fn shared_guard(&self) -> StatementGuard<'_> {
        StatementGuard::of_survivor(&self.marks)
    }
}

impl<C: Pipelines> Guard<C> {
    /// Returns a statement that shares the connection, and whose answer is kept back while that is on probation. Under a test, one that fails
    /// is undone before the next one, as an exclusive one is.
    #[inline]
    pub(crate) fn beside<'a, T: Send + 'a>(
        &'a self,
        start: impl FnOnce(&'a C) -> BoxFuture<'a, QueryResult<T>>,
    ) -> BoxFuture<'a, QueryResult<T>> {
        const {
            assert!(
                C::SURVIVES_CANCELLATION,
                "a connection that pipelines must survive statements which are abandoned half-way"
            );
        }
        let statement = start(&self.conn);
        #[cfg(feature = "test-util")]
        if crate::asynchronous::pipelined::is_by_itself(self) {
            return crate::asynchronous::pipelined::by_itself(&self.conn, statement);
        }
        if self.marks.is_on_probation.is_set() {
            return crate::asynchronous::pipelined::kept_back(&self.marks, statement);
        }
        statement
    }
}
