//! Access to the connection of a [`Lease`].

use super::Guard;
use crate::asynchronous::RoutedConnection;
use crate::asynchronous::statement_guard::StatementGuard;
use crate::engine::Lease;
use crate::error::Refused;
use crate::statement::Access;

impl<C: RoutedConnection> Guard<C> {
    /// Returns the connection, and the guard for a statement on it.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&mut C, StatementGuard<'_>) {
        let pooled = &mut **self;
        let guard = if C::SURVIVES_CANCELLATION {
            StatementGuard::unmarked()
        } else {
            StatementGuard::marking(&mut pooled.awaits_answer)
        };
        (&mut pooled.conn, guard)
    }
}

impl<C: RoutedConnection> Lease<Guard<C>> {
    /// Checks that the connection was checked out for `needs`, and that it can be used at all.
    pub(crate) fn ready_for(&self, needs: Access) -> Result<(), Refused> {
        self.lent_for(needs)?;
        self.is_answered()
    }

    /// Checks that the last statement was answered.
    pub(crate) fn is_answered(&self) -> Result<(), Refused> {
        if !self.guard.awaits_answer {
            return Ok(());
        }
        Err(Refused::GivenUp {
            node: self.shared().name(self.node()).to_owned(),
        })
    }
}
