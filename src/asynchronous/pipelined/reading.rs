//! `Session::reading_pipelined`: reads that share a round trip with the question whether they may.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use super::probation::Probation;
use crate::asynchronous::attempt::Attempt;
use crate::asynchronous::manager::check_read_only;
use crate::asynchronous::pool::Guard;
use crate::asynchronous::transaction::AsyncFuncMut;
use crate::asynchronous::{Pipelines, ReadConn, RoutedConnection, Session, io};
use crate::cluster::{Observation, ServerId};
use crate::consistency::Ended;
use crate::engine::checkout::{Checkout, Outcome};
use crate::engine::{Asker, Grant, Shared};
use crate::error::{Error, ReadError, Step};
use crate::session::{Reading, SessionState};
use crate::statement::CaughtUp;

impl<C: RoutedConnection> Session<C> {
    /// Runs `read` like [`reading`](Self::reading), on a shared handle, and saves the round trip that the first read after a write
    /// takes for the question whether its replica has that write.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
    /// # use diesel_routing::prelude::*;
    /// # diesel::table! { users { id -> Integer, name -> Text, } }
    /// let mut conn = session.write().await?;
    /// diesel::update(users::table.find(1)).set(users::name.eq("Ann")).execute(&mut conn).await?;
    /// drop(conn);
    ///
    /// let name: String = session
    ///     .reading_pipelined(async |mut conn| {
    ///         users::table.find(1).select(users::name).first(&mut conn).await
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// Sends the question whether a replica has what the session needs, and right behind it the first statements of `read`; `reading`
    /// waits in between. The server answers them in this order, and `read` goes on past its first statement only once the answer says that the replica may serve: it never sees a row of one that may
    /// not. Where the primary has to be asked for the position of a write, that is done at the same time. A read that needs no
    /// question costs what it costs with `reading`.
    ///
    /// If the answer is no (not far enough, another role), or there is none, `read` is dropped at its first statement, with
    /// whatever its statements gave, errors included, and is called again on another node, chosen as `reading` chooses. So it may be
    /// called a few times more than with `reading`, up to its first statement, and runs to its end at most twice: keep what has
    /// effects besides reading behind the first statement. A statement on a replica that may not serve is run there for nothing.
    ///
    /// A shared handle opens no transactions: with [`snapshot`](crate::ReadConn::snapshot) in `read`, use `reading`, which asks
    /// before it. The question goes alone where the connection has to be given [settings](Self::with_settings) first, the first time on each
    /// connection, which prepares it, and on Aurora.
    ///
    /// # Errors
    ///
    /// As for [`reading`](Self::reading).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future gives the connection back, or closes it if a statement is under way.
    pub async fn reading_pipelined<T, E, F>(&self, mut read: F) -> Result<T, E::Of>
    where
        C: Pipelines,
        for<'r> F: AsyncFnMut(&'r ReadConn<CaughtUp, C>) -> Result<T, E>
            + AsyncFuncMut<&'r ReadConn<CaughtUp, C>, Result<T, E>, Fut: Send>
            + Send,
        E: ReadError<Of: Send> + Send,
        T: Send,
    {
        let why = match self.read_behind_question(&mut read).await? {
            Ended::Done(answer) => return answer,
            Ended::Again((), why) => why,
        };
        let conn = self.read_again(why).await?;
        let answer = read(&conn).await;
        answer.map_err(|error| error.of(|| conn.route().origin()))
    }

    /// Reads once, on connections on probation until one of them is proved to serve.
    async fn read_behind_question<T, E, F>(
        &self,
        read: &mut F,
    ) -> Result<Ended<Result<T, E::Of>, ()>, Error>
    where
        C: Pipelines,
        for<'r> F: AsyncFnMut(&'r ReadConn<CaughtUp, C>) -> Result<T, E>
            + AsyncFuncMut<&'r ReadConn<CaughtUp, C>, Result<T, E>, Fut: Send>
            + Send,
        E: ReadError<Of: Send> + Send,
        T: Send,
    {
        let shared = self.router().shared();
        let (request, since) = (self.request_to_read(None), self.since());
        let mut checkout = Checkout::new(shared, request, shared.servers_wait()).probing();
        loop {
            let lease = self.router().carry_out(&mut checkout).await?;
            let Some(until) = checkout.probes_until() else {
                self.count(&lease, since);
                let mut conn = ReadConn::new(lease);
                let attempt = Attempt::begin(&mut conn, Some(()));
                let answer = attempt.answer(read(&conn)).await;
                return Ok(done(answer.end(&mut conn).await, &conn));
            };
            let mut conn = ReadConn::new(lease);
            let attempt = Attempt::begin(&mut conn, Some(()));
            let sent = Instant::now();
            // Declared before what borrows it.
            let mut proved = None;
            let (said, answer) = {
                // The question is sent as it is first polled, before there are statements.
                let mut asking = pin!(ask(&conn, until));
                let at_once = io::at_once(asking.as_mut()).await;
                let probation = Probation::begin(&conn.lease().guard.marks);
                let mut reading = pin!(read(&conn));
                // Its statements are sent. It is polled no more until it may see their answers.
                let first = io::at_once(reading.as_mut()).await;
                let said = match at_once {
                    Some(said) => said,
                    None if checkout.asks_primary() => {
                        let has_told = || checkout.primary_has_told(Instant::now());
                        let asks = self.router().hear_primary_until(until, has_told);
                        io::both(asking.as_mut(), io::boxed(asks)).await
                    }
                    None => asking.await,
                };
                if let Said::This(said) = &said {
                    let now = Instant::now();
                    let guard = &conn.lease().guard;
                    let granted = checkout.prove(guard, said, now);
                    proved = granted.map(|grant| {
                        self.count(conn.lease(), since);
                        Proved::begin(shared, checkout.session(), guard, grant, sent)
                    });
                }
                drop(probation);
                match &proved {
                    Some(_) => {
                        let rest = async {
                            match first {
                                Some(answer) => answer,
                                None => reading.await,
                            }
                        };
                        (said, Ok(attempt.answer(rest).await))
                    }
                    None => (said, Err(attempt)),
                }
            };
            match answer {
                Ok(answer) => {
                    if let Said::This(said) = said {
                        let known = &mut conn.lease_mut().guard.known;
                        known.alive = sent;
                        known.said(said, sent);
                    }
                    return Ok(done(answer.end(&mut conn).await, &conn));
                }
                Err(attempt) => {
                    tracing::debug!(
                        node = conn.route().node,
                        "a read behind a question does not count"
                    );
                    let outcome = match said {
                        Said::Nothing(error) => Outcome::Failed(error),
                        said => {
                            attempt.undo(&mut conn);
                            // Its statements may be under way: whoever gets it next waits for them no longer than for an answer.
                            conn.lease().guard.marks.has_failed.set();
                            let lease = conn.into_lease();
                            let (node, guard) = (lease.node(), lease.into_guard());
                            match said {
                                Said::This(said) => Outcome::Said(guard, Some(said)),
                                _ => io::boxed(self.router().ask(node, guard, until)).await,
                            }
                        }
                    };
                    checkout.refuse(outcome);
                }
            }
        }
    }
}

/// The end of a read as `reading` returns it.
fn done<T, E: ReadError, C: Pipelines>(
    ended: Ended<Result<T, E>, ()>,
    conn: &ReadConn<CaughtUp, C>,
) -> Ended<Result<T, E::Of>, ()> {
    match ended {
        Ended::Done(answer) => {
            Ended::Done(answer.map_err(|error| error.of(|| conn.route().origin())))
        }
        Ended::Again((), why) => Ended::Again((), why),
    }
}

/// The word of a connection's server on itself, while a read is under way.
enum Said {
    This(Observation),
    /// It has to be asked more.
    Unclear,
    /// Nothing, for this reason.
    Nothing(Error),
}

/// Asks the server of a connection for its role and position, beside statements.
async fn ask<C: Pipelines>(conn: &ReadConn<CaughtUp, C>, until: Instant) -> Said {
    let (lease, since) = (conn.lease(), Instant::now());
    let guard = lease.guard.shared_guard();
    let Some(asked) = lease.guard.conn.observe_beside(&lease.guard.known.facts) else {
        return Said::Unclear;
    };
    let shared = lease.shared();
    shared.counts.asked(lease.node(), Asker::Caller);
    let nothing = |error: Box<dyn std::error::Error + Send + Sync>| {
        Said::Nothing(Error::checkout(
            shared.name(lease.node()),
            Step::Ask,
            since,
            error,
        ))
    };
    let limit = until.saturating_duration_since(since);
    // A task that has done much would not get the lock of the statement cache, and the statements would go first.
    let asked = tokio::task::unconstrained(guard.during(asked));
    match io::within(limit, asked).await {
        Ok(Ok(Some(said))) => match check_read_only(&lease.guard, said.session_is_read_only) {
            Ok(()) => Said::This(said),
            Err(error) => nothing(Box::new(error)),
        },
        Ok(Ok(None)) => Said::Unclear,
        Ok(Err(error)) => nothing(error.into()),
        Err(elapsed) => nothing(elapsed.into()),
    }
}

/// A read that was proved to count, until it ends.
struct Proved<'a> {
    shared: &'a Shared,
    session: Option<&'a Arc<SessionState>>,
    node: usize,
    server: Option<ServerId>,
}

impl<'a> Proved<'a> {
    fn begin<C: Pipelines>(
        shared: &'a Shared,
        session: Option<&'a Arc<SessionState>>,
        guard: &Guard<C>,
        grant: Grant,
        stood: Instant,
    ) -> Self {
        shared.counts.lent(grant.node, grant.kind, grant.reason);
        let server = guard.known.server;
        if let Some(session) = session {
            let reading = Reading {
                node: grant.node,
                server,
                stood,
                proved: grant.proved,
            };
            shared.read_begins(reading, session);
        }
        Self {
            shared,
            session,
            node: grant.node,
            server,
        }
    }
}

impl Drop for Proved<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session {
            self.shared.read_ends(self.node, self.server, session);
        }
    }
}
