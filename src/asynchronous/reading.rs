//! `Session::reading`: reads that run again elsewhere.

use super::attempt::Attempt;
use super::transaction::AsyncFuncMut;
use super::{ReadConn, RoutedConnection, Session};
use crate::consistency::{Again, Ended};
use crate::error::{Error, ReadError};
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
    /// It returns Diesel's errors, those of this crate, or an application's: any with `From<diesel_routing::Error>`, as
    /// `anyhow::Error` has. Whether the node was at fault, the statements tell that ran on the connection, whatever becomes of
    /// their errors:
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> anyhow::Result<()> {
    /// # use diesel_routing::prelude::*;
    /// # diesel::table! { users { id -> Integer, } }
    /// use anyhow::Context;
    ///
    /// let users: i64 = session
    ///     .reading(async |conn| users::table.count().get_result(conn).await.context("users"))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`]; what `read` returned last, Diesel's errors as [`Error::Query`] with the node.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives the connection back, or closes it if a statement is under way.
    pub async fn reading<T, E, F>(&self, mut read: F) -> Result<T, E::Of>
    where
        for<'r> F: AsyncFnMut(&'r mut ReadConn<CaughtUp, C>) -> Result<T, E>
            + AsyncFuncMut<&'r mut ReadConn<CaughtUp, C>, Result<T, E>, Fut: Send>
            + Send,
        E: ReadError<Of: Send> + Send,
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
    ) -> Result<T, E::Of>
    where
        for<'r> F: AsyncFnMut(&'r mut ReadConn<CaughtUp, C>) -> Result<T, E>
            + AsyncFuncMut<&'r mut ReadConn<CaughtUp, C>, Result<T, E>, Fut: Send>
            + Send,
        E: ReadError<Of: Send> + Send,
        T: Send,
    {
        let attempt = Attempt::begin(&mut conn, Some(()));
        let answer = attempt.answer(read(&mut conn)).await;
        let why = match answer.end(&mut conn).await {
            Ended::Done(answer) => {
                return answer.map_err(|error| error.of(|| conn.route().origin()));
            }
            Ended::Again((), why) => why,
        };
        // Before another is asked for: with small pools, holding one can deadlock.
        drop(conn);
        let mut conn = self.read_again(why).await?;
        let answer = read(&mut conn).await;
        answer.map_err(|error| error.of(|| conn.route().origin()))
    }

    /// Checks out a connection for a read that runs again for this reason.
    pub(super) async fn read_again(&self, why: Again) -> Result<ReadConn<CaughtUp, C>, Error> {
        let request = self.request_to_read(Some(why));
        self.checkout(request).await.map(ReadConn::new)
    }
}
