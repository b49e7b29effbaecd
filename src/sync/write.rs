//! `WriteConn`: a connection that does everything, and is a Diesel connection itself.

use diesel::QueryResult;

use super::{RawWrite, ReadConn, RoutedConnection};
use crate::statement::Primary;

/// A connection to the primary that grants everything.
///
/// It is a Diesel connection: migrations, helpers generic over [`Connection`](diesel::Connection)
/// and third-party crates accept it directly. It can also be used in place of every read handle:
/// `&mut WriteConn` goes where `&mut ReadConn<_>` is required, and then reads on this connection,
/// in its transaction.
///
/// Its session remembers what it writes, from the commit on: the session's later reads observe it. Two
/// things are not recorded: transactions that were rolled back, and statements that only read, as far as they call no
/// function that may write ([`StatementCheck::pure`](crate::StatementCheck::pure)). If
/// the outcome is unknown (the connection was lost, the handle was dropped inside a transaction),
/// it counts as written.
///
/// Dropping the handle returns the connection to its pool, which discards a connection with an open
/// transaction.
#[must_use = "dropped at once, it goes back to its pool unused"]
pub struct WriteConn<C: RoutedConnection> {
    pub(super) read: ReadConn<Primary, C>,
}

impl<C: RoutedConnection> WriteConn<C> {
    /// Returns the raw connection, for code that requires `&mut PgConnection` and the like.
    ///
    /// **Counts as a write**: it is unknown what is done with it. Prefer the methods of
    /// `WriteConn`, which is a Diesel connection itself.
    ///
    /// # Errors
    ///
    /// Returns [`Refused::Swapped`](crate::Refused::Swapped) inside Diesel's error.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(feature = "sync-postgres")] {
    /// use diesel::connection::SimpleConnection;
    /// use diesel_routing::sync::{pg::WriteConn, prelude::*};
    ///
    /// // A library that wants the connection itself.
    /// fn migrate(conn: &mut WriteConn) -> QueryResult<()> {
    ///     let mut raw = conn.raw_counts_as_write()?;
    ///     raw.batch_execute("CREATE TABLE notes (id SERIAL PRIMARY KEY)")
    /// }
    /// # }
    /// ```
    pub fn raw_counts_as_write(&mut self) -> QueryResult<RawWrite<'_, C>> {
        self.begin_unseen()
    }
}
