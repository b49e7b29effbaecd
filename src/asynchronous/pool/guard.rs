//! Access to the connection of a [`Lease`].

use super::Guard;
use crate::asynchronous::RoutedConnection;
use crate::asynchronous::statement_guard::StatementGuard;

impl<C: RoutedConnection> Guard<C> {
    /// Returns the connection, and the guard for a statement on it.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&mut C, StatementGuard<'_>) {
        let pooled = &mut **self;
        #[cfg(feature = "test-util")]
        crate::asynchronous::test_pool::before_statement(pooled);
        let guard = if C::SURVIVES_CANCELLATION {
            StatementGuard::of_survivor(&mut pooled.marks)
        } else {
            StatementGuard::marking(&mut pooled.marks)
        };
        (&mut pooled.conn, guard)
    }
}
