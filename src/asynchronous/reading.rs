//! `Session::reading`: reads that run again elsewhere.

use std::time::Instant;

use super::transaction::AsyncFuncMut;
use super::{ReadConn, RoutedConnection, Session, io};
use crate::engine::Again;
use crate::error::{Error, SILENT, Step};
use crate::statement::CaughtUp;

impl<C: RoutedConnection> Session<C> {
    /// Runs `read` on a connection as [`read`](Self::read) gives one, and once more on another node if
    /// it failed because of the node: it went down, or cancelled the query to go on replaying
    /// ([`Error::may_retry_read`]); or has not answered its watcher for longer than
    /// [`node_share`](crate::RouterBuilder::node_share): then the statement is given up.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
    /// # use diesel_routing::prelude::*;
    /// # diesel::table! { users { id -> Integer, } }
    /// let ids: Vec<i32> = session
    ///     .reading(async |conn| users::table.select(users::id).load(conn).await)
    ///     .await?;
    /// # Ok(()) }
    /// ```
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
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives the connection back, or closes it if a statement is under way.
    pub async fn reading<T, E, F>(&self, mut read: F) -> Result<T, Error>
    where
        for<'r> F: AsyncFnMut(&'r mut ReadConn<CaughtUp, C>) -> Result<T, E>
            + AsyncFuncMut<&'r mut ReadConn<CaughtUp, C>, Result<T, E>, Fut: Send>
            + Send,
        Error: From<E>,
        E: Send,
        T: Send,
    {
        let conn = self.read().await?;
        self.reading_on(conn, &mut read).await
    }

    /// Runs `read` on this connection, and once more on another node if it failed because of this one.
    pub(super) async fn reading_on<T, E, F>(
        &self,
        mut conn: ReadConn<CaughtUp, C>,
        read: &mut F,
    ) -> Result<T, Error>
    where
        for<'r> F: AsyncFnMut(&'r mut ReadConn<CaughtUp, C>) -> Result<T, E>
            + AsyncFuncMut<&'r mut ReadConn<CaughtUp, C>, Result<T, E>, Fut: Send>
            + Send,
        Error: From<E>,
        E: Send,
        T: Send,
    {
        let (node, since) = (conn.lease().node(), Instant::now());
        let shared = self.router().shared();
        // A statement that is given up, by the caller too, keeps its server busy: nobody else waits for that.
        let known = &mut conn.lease_mut().guard.known;
        let was_spent = std::mem::replace(&mut known.is_spent, true);
        // A statement on the primary has nowhere else to go.
        let gives_up = !conn.route().is_primary;
        let answer = io::unless(
            read(&mut conn),
            || shared.signals.answer(),
            || gives_up && shared.is_lost(node),
        );
        let answer = answer.await;
        if answer.is_some() {
            conn.lease_mut().guard.known.is_spent = was_spent;
        }
        let failure = match answer {
            Some(Ok(value)) => return Ok(value),
            Some(Err(error)) => Error::from(error),
            None => Error::checkout(shared.name(node), Step::Ask, since, SILENT),
        };
        let again = match self.request_again(&failure, node, conn.route().is_primary) {
            None if failure.may_be_a_lost_connection() && conn.is_lost().await => {
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
        let mut conn = match self.checkout(again).await {
            Ok(lease) => ReadConn::new(lease),
            // What it lacks says more than that the primary gives no connection.
            Err(error) if again.again == Again::MissingSchema => {
                tracing::debug!(%error, "a replica lacks what is read, and the primary gives no connection");
                return Err(failure);
            }
            Err(error) => return Err(error),
        };
        read(&mut conn).await.map_err(Error::from)
    }

    /// Checks out a connection of another node than this one, if another may serve.
    pub(super) async fn read_elsewhere(&self, node: usize) -> Result<ReadConn<CaughtUp, C>, Error> {
        let request = self.request_to_read(Some(node));
        self.checkout(request).await.map(ReadConn::new)
    }
}
