//! `Session::reading`: reads that run again elsewhere.

use super::{ReadConn, RoutedConnection, Session};
use crate::engine::Again;
use crate::error::Error;
use crate::statement::CaughtUp;

impl<C: RoutedConnection> Session<C> {
    /// Runs `read` on a connection as [`read`](Self::read) gives one, and once more on another node if
    /// it failed because of the node: it went down, or cancelled the query to go on replaying
    /// ([`Error::may_retry_read`]).
    ///
    /// ```no_run
    /// # #[cfg(feature = "sync-postgres")]
    /// # fn example(session: diesel_routing::sync::pg::Session) -> Result<(), diesel_routing::Error> {
    /// # use diesel_routing::sync::prelude::*;
    /// # diesel::table! { users { id -> Integer, } }
    /// let ids: Vec<i32> = session
    ///     .reading(|conn| users::table.select(users::id).load(conn))
    ///?;
    /// # Ok(()) }
    /// ```
    ///
    /// A blocking statement cannot be given up: one that is under way on a node that hangs waits with it, as long as
    /// the driver does.
    ///
    /// Two errors tell of a change of the schema, after which nothing has run. If what the connection has prepared is of an
    /// earlier one (PostgreSQL's "cached plan must not change result type", MySQL's "needs to be re-prepared"), `read` runs again on a
    /// connection that was opened since. If a replica lacks a table or column, it runs again on the primary, unless a
    /// [class](crate::Class::missing_schema) keeps it from there.
    ///
    /// `read` runs at most twice: what else it does besides reading is done twice, too.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`]; what `read` returned last.
    pub fn reading<T, E>(
        &self,
        mut read: impl FnMut(&mut ReadConn<CaughtUp, C>) -> Result<T, E>,
    ) -> Result<T, Error>
    where
        Error: From<E>,
    {
        let mut conn = self.read()?;
        let failure = match read(&mut conn) {
            Ok(value) => return Ok(value),
            Err(error) => Error::from(error),
        };
        let node = conn.lease().node();
        let again = match self.request_again(&failure, node, conn.route().is_primary) {
            None if failure.may_be_a_lost_connection() && conn.is_lost() => {
                self.request_to_read(Some(node))
            }
            None => return Err(failure),
            Some(again) => again,
        };
        // Before another is asked for: with small pools, holding one can deadlock.
        let name = conn.route().node.to_owned();
        drop(conn);
        tracing::debug!(
            node = name,
            error = %failure,
            "a read is run again"
        );
        let mut conn = match self.checkout(again) {
            Ok(lease) => ReadConn::new(lease),
            // What it lacks says more than that the primary gives no connection.
            Err(error) if again.again == Again::MissingSchema => {
                tracing::debug!(%error, "a replica lacks what is read, and the primary gives no connection");
                return Err(failure);
            }
            Err(error) => return Err(error),
        };
        read(&mut conn).map_err(Error::from)
    }
}
