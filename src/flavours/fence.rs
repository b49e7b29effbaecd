//! Positions that a session is told to require.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::Instant;

use super::{RoutedConnection, Router, Session, flavoured, io};
use crate::cluster::after;
use crate::engine::AskOrWait;

#[flavoured]
impl<C: RoutedConnection> Session<C> {
    /// Makes this session's reads observe everything that anyone has written, and was acknowledged until now: for what was
    /// told by another way than the database, before which it was written. A `NOTIFY`, a webhook, a message of a queue.
    ///
    /// Asks the primary for its position, once for all sessions that call this at the same time. If it does not answer within
    /// the router's [`watch_timeout`](crate::RouterBuilder::watch_timeout), the session's reads go to the primary until it has. Where
    /// servers have no positions, they go there for the router's [`window`](crate::RouterBuilder::window).
    ///
    /// What the session must observe by this travels in its tokens, as what it wrote does. Where a message can carry a position,
    /// [`require`](Self::require) asks nobody, and waits for no more than that.
    ///
    /// On Galera, it is what the node has acknowledged that this router writes to.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the requirement holds from the first poll on.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(router: diesel_routing::pg::Router) -> Result<(), diesel_routing::Error> {
    /// // A webhook says that something has changed.
    /// let session = router.session();
    /// session.require_now().await;
    /// let conn = session.read().await?; // a replica that has it, or the primary
    /// # Ok(()) }
    /// ```
    pub async fn require_now(&self) {
        let (router, state) = (self.router(), self.state());
        let shared = router.shared();
        shared.committed(state);
        let until = after(Instant::now(), shared.probe_timeout);
        router
            .hear_primary_until(until, || shared.is_captured(state))
            .await;
    }
}

#[flavoured]
impl<C: RoutedConnection> Router<C> {
    /// Makes the reads of all sessions of this router, those to come included, observe everything that anyone has written, and
    /// was acknowledged until now: after a change of the schema or of data that all rely on, made by another program.
    ///
    /// As [`Session::require_now`] for each; sessions are told as they read next, and no longer than until every replica has it.
    /// [Migrations](Self#method.run_pending_migrations) that this router runs count so by themselves.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the requirement holds from the first poll on.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(router: diesel_routing::pg::Router) -> Result<(), diesel_routing::Error> {
    /// // `diesel migration run` has ended.
    /// router.require_now().await;
    /// let conn = router.session().read().await?; // has the new schema
    /// # Ok(()) }
    /// ```
    pub async fn require_now(&self) {
        let shared = self.shared();
        shared.all_committed();
        let until = after(Instant::now(), shared.probe_timeout);
        self.hear_primary_until(until, || shared.is_common_captured())
            .await;
    }

    /// Has the primary asked for its position, until `is_known` or the time is over. Of all callers, one asks at a time.
    pub(super) async fn hear_primary_until(&self, until: Instant, is_known: impl Fn() -> bool) {
        let shared = self.shared();
        while !is_known() && Instant::now() < until {
            match shared.position_of_primary.turn() {
                AskOrWait::Ask(asking) => {
                    self.hear_primary(until).await;
                    drop(asking);
                    // What could not be asked now is not asked again and again.
                    return;
                }
                AskOrWait::Wait(ended) => {
                    io::until(until, ended).await;
                }
            }
        }
    }
}
