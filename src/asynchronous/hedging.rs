//! `Session::hedging`: a second read elsewhere, when the first one takes long.

use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use super::transaction::AsyncFuncMut;
use super::{ReadConn, RoutedConnection, Session, io};
use crate::consistency::Again;
#[cfg(doc)]
use crate::error::Error;
use crate::error::ReadError;
use crate::statement::CaughtUp;

impl<C: RoutedConnection> Session<C> {
    /// Runs `read` like [`reading`](Self::reading), and a second time on another node if the first has not answered
    /// after this `delay`; returns what comes first.
    ///
    /// This trades load for the slowest reads, those of a replica that collects garbage, say, or has a cold cache. A good
    /// delay is the time within which 95 of 100 such reads answer: then about one in 20 runs twice. No more do, however
    /// slow all nodes are, for each router has a budget ([`hedge_budget`](crate::RouterBuilder::hedge_budget)).
    ///
    /// Sources: Dean and Barroso, "The Tail at Scale" (Communications of the ACM 56, 2013), for the delay; the retry
    /// budgets of Finagle, and of Google's "Site Reliability Engineering" (chapter 21), for the budget.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
    /// # use diesel_routing::prelude::*;
    /// # use std::time::Duration;
    /// # diesel::table! { users { id -> Integer, } }
    /// let ids: Vec<i32> = session
    ///     .hedging(Duration::from_millis(20), async |conn| {
    ///         users::table.select(users::id).load(conn).await
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// There is no second read where the first is on the primary, nor where no other node may serve. The read that comes
    /// too late is given up, and its connection is closed: its server may go on with it for a while. Each read runs again
    /// elsewhere as `reading` has it, so `read` runs four times at most.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`]; what the first `read` returned last, once the second has failed, too.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future closes the connections on which a statement runs, and gives back the others.
    pub async fn hedging<T, E, F>(&self, delay: Duration, mut read: F) -> Result<T, E::Of>
    where
        for<'r> F: AsyncFnMut(&'r mut ReadConn<CaughtUp, C>) -> Result<T, E>
            + AsyncFuncMut<&'r mut ReadConn<CaughtUp, C>, Result<T, E>, Fut: Send>
            + Clone
            + Send,
        E: ReadError<Of: Send> + Send,
        T: Send,
    {
        let shared = self.router().shared();
        shared.hedges.deposit();
        let conn = self.read().await?;
        let (node, is_primary) = (conn.lease().node(), conn.route().is_primary);
        let mut once_more = read.clone();
        let mut first = pin!(self.reading_on(conn, &mut read));
        if let Ok(answer) = io::within(delay, first.as_mut()).await {
            return answer;
        }
        if is_primary || !shared.hedges.withdraw() {
            return first.await;
        }
        tracing::debug!(
            node = shared.name(node),
            "a read that takes long is run elsewhere as well"
        );
        let second = pin!(async {
            let conn = self.read_again(Again::Elsewhere(node)).await?;
            self.reading_on(conn, &mut once_more).await
        });
        first_of(first, second).await
    }
}

/// Returns the value that comes first, or the first future's error, if there is none.
async fn first_of<T, E>(
    mut first: Pin<&mut impl Future<Output = Result<T, E>>>,
    mut second: Pin<&mut impl Future<Output = Result<T, E>>>,
) -> Result<T, E> {
    let (mut failure, mut second_failed) = (None, false);
    std::future::poll_fn(|cx| {
        if failure.is_none() {
            match first.as_mut().poll(cx) {
                Poll::Ready(Ok(value)) => return Poll::Ready(Ok(value)),
                Poll::Ready(Err(error)) => failure = Some(error),
                Poll::Pending => {}
            }
        }
        if !second_failed {
            match second.as_mut().poll(cx) {
                Poll::Ready(Ok(value)) => return Poll::Ready(Ok(value)),
                Poll::Ready(Err(_)) => {
                    tracing::debug!("a second read has failed");
                    second_failed = true;
                }
                Poll::Pending => {}
            }
        }
        match failure.take() {
            Some(error) if second_failed => Poll::Ready(Err(error)),
            still => {
                failure = still;
                Poll::Pending
            }
        }
    })
    .await
}
