//! `WriteConn`: a connection that does everything, and is a diesel-async connection itself.

use diesel::QueryResult;

use super::{RawWrite, ReadConn, RoutedConnection};
use crate::statement::Primary;

/// A connection to the primary that grants everything.
///
/// It is a diesel-async connection: helpers generic over
/// [`AsyncConnection`](diesel_async::AsyncConnection) and third-party crates accept it directly. It
/// can also be used in place of every read handle: `&mut WriteConn` goes where `&mut ReadConn<_>` is required,
/// and then reads on this connection, in its transaction.
///
/// Its session remembers what it writes, from the commit on: the session's later reads observe it. Two
/// things are not recorded: transactions that were rolled back, and statements that only read, as far as they call no
/// function that may write ([`StatementCheck::pure`](crate::StatementCheck::pure)). If
/// the outcome is unknown (the connection was lost, a future was dropped half-way, the handle was
/// dropped inside a transaction), it counts as written.
///
/// On PostgreSQL, a `&WriteConn` is a diesel-async connection too, on which several statements may be under way: see
/// [`Pipelines`](crate::Pipelines).
///
/// Dropping the handle returns the connection to its pool, which discards a connection with an open
/// transaction.
#[must_use = "dropped at once, it goes back to its pool unused"]
pub struct WriteConn<C: RoutedConnection> {
    pub(super) read: ReadConn<Primary, C>,
}

impl<C: RoutedConnection> WriteConn<C> {
    /// Returns the raw connection, for code that requires `&mut AsyncPgConnection` and the like.
    ///
    /// **Counts as a write**: it is unknown what is done with it. Prefer the methods of
    /// `WriteConn`, which is a diesel-async connection itself.
    ///
    /// # Errors
    ///
    /// Returns [`Refused::Swapped`](crate::Refused::Swapped) or [`Refused::GivenUp`](crate::Refused::GivenUp) inside
    /// Diesel's error.
    ///
    /// # Cancel safety
    ///
    /// As the raw connection. On MySQL and MariaDB, drop this handle after a statement was abandoned half-way on it:
    /// its next statement would get that one's answer. The pool checks the connection before it hands it
    /// out again.
    pub fn raw_counts_as_write(&mut self) -> QueryResult<RawWrite<'_, C>> {
        self.begin_unseen()
    }
}
