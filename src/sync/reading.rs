//! `Session::reading`: reads that run again elsewhere.

use super::attempt::Attempt;
use super::{ReadConn, RoutedConnection, Session};
use crate::consistency::Ended;
#[cfg(doc)]
use crate::error::Error;
use crate::error::ReadError;
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
    /// `read` runs at most twice: what else it does besides reading is done twice, too. It returns Diesel's errors, those of this
    /// crate, or an application's: any with `From<diesel_routing::Error>`, as `anyhow::Error` has. Whether the node was at fault, the
    /// statements tell that ran on the connection, whatever becomes of their errors.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`]; what `read` returned last, Diesel's errors as [`Error::Query`] with the node.
    pub fn reading<T, E: ReadError>(
        &self,
        mut read: impl FnMut(&mut ReadConn<CaughtUp, C>) -> Result<T, E>,
    ) -> Result<T, E::Of> {
        let mut conn = self.read()?;
        let attempt = Attempt::begin(&mut conn, Some(()));
        let answer = read(&mut conn);
        let why = match attempt.end(&mut conn, answer) {
            Ended::Done(answer) => {
                return answer.map_err(|error| error.of(|| conn.route().origin()));
            }
            Ended::Again((), why) => why,
        };
        // Before another is asked for: with small pools, holding one can deadlock.
        drop(conn);
        let request = self.request_to_read(Some(why));
        let mut conn = self.checkout(request).map(ReadConn::new)?;
        let answer = read(&mut conn);
        answer.map_err(|error| error.of(|| conn.route().origin()))
    }
}
