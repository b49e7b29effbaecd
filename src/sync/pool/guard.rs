//! The connection of a loan, for handles.

use super::Guard;
use crate::sync::RoutedConnection;
use crate::sync::statement_guard::StatementGuard;

impl<C: RoutedConnection> Guard<C> {
    /// Returns the connection, and the guard of a statement on it.
    #[inline]
    pub(in crate::sync) fn parts(&mut self) -> (&mut C, StatementGuard<'_>) {
        let pooled = &mut **self;
        #[cfg(feature = "test-util")]
        crate::sync::test_pool::before_statement(pooled);
        let guard = StatementGuard::marking(&pooled.marks);
        (&mut pooled.conn, guard)
    }
}
