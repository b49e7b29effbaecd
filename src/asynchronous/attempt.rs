//! `Attempt`: one run of a read that may run again on another node.

use std::future::Future;
use std::sync::Arc;

use super::{ReadConn, RoutedConnection, io};
use crate::consistency::{Again, Ended, HeldShared};
use crate::engine::Shared;
use crate::error::ReadError;
use crate::statement::Role;

/// One run of a read; `S` is where another handle comes from, if this one fails because of its node.
#[derive(Debug)]
#[must_use = "an attempt runs with `answer`"]
pub struct Attempt<S>(Option<Watch<S>>);

/// The knowledge of a run that may be followed by another.
#[derive(Debug)]
struct Watch<S> {
    again: S,
    shared: Arc<Shared>,
    node: usize,
    /// Set if its statement is given up once the node does not answer.
    gives_up: bool,
    was_spent: bool,
}

impl<S> Attempt<S> {
    /// Begins to read on this connection, once more elsewhere if there is another source of handles.
    pub fn begin<R: Role, C: RoutedConnection>(
        conn: &mut ReadConn<R, C>,
        again: Option<S>,
    ) -> Self {
        let node = conn.lease().node();
        // A statement on the primary has nowhere else to go.
        let gives_up = !conn.route().is_primary;
        Self(again.map(|again| {
            let lease = conn.lease_mut();
            Watch {
                again,
                shared: Arc::clone(lease.log.shared()),
                node,
                gives_up,
                // A statement that is given up, by the caller too, keeps its server busy: nobody else waits for that.
                was_spent: std::mem::replace(&mut lease.guard.known.is_spent, true),
            }
        }))
    }

    /// Does what [`begin`](Self::begin) does, through a shared handle, which is another's if there is no other source.
    pub fn begin_shared<R, C, H>(held: &mut H, again: Option<S>) -> Self
    where
        R: Role,
        C: RoutedConnection,
        H: HeldShared<Target = ReadConn<R, C>>,
    {
        match held.alone() {
            Some(conn) => Self::begin(conn, again),
            None => Self(None),
        }
    }

    /// Ends it, for what is read does not count: as if it had not begun.
    pub(super) fn undo<R: Role, C: RoutedConnection>(self, conn: &mut ReadConn<R, C>) {
        if let Some(watch) = self.0 {
            conn.lease_mut().guard.known.is_spent = watch.was_spent;
        }
    }

    /// Reads, until it is done or its node does not answer any more.
    pub async fn answer<F: Future>(self, read: F) -> Answer<F::Output, S> {
        let Some(watch) = self.0 else {
            return Answer(Inner::Here(read.await, None));
        };
        let read = io::unless(
            read,
            || watch.shared.signals.answer(),
            || watch.gives_up && watch.shared.is_lost(watch.node),
        );
        Answer(match read.await {
            Some(answer) => Inner::Here(answer, Some(watch)),
            None => Inner::Lost(watch.again, watch.node),
        })
    }
}

/// The answer of a run.
#[derive(Debug)]
#[must_use = "an answer is looked at with `end`"]
pub struct Answer<T, S>(Inner<T, S>);

#[derive(Debug)]
enum Inner<T, S> {
    Here(T, Option<Watch<S>>),
    /// Nothing: it was given up.
    Lost(S, usize),
}

impl<T, E: ReadError, S> Answer<Result<T, E>, S> {
    /// Returns what came of it: the answer, or that the read is to run again, and why.
    pub async fn end<R: Role, C: RoutedConnection>(
        self,
        conn: &mut ReadConn<R, C>,
    ) -> Ended<Result<T, E>, S> {
        let (answer, watch) = match self.0 {
            Inner::Here(answer, watch) => (answer, watch),
            Inner::Lost(again, node) => {
                return run_again(again, Again::Elsewhere(node), conn);
            }
        };
        if let Some(watch) = &watch {
            conn.lease_mut().guard.known.is_spent = watch.was_spent;
        }
        let error = match answer {
            Ok(value) => return Ended::Done(Ok(value)),
            Err(error) => error,
        };
        let again = match &watch {
            Some(_) => conn.runs_again(&error).await,
            None => None,
        };
        match (watch, again) {
            (Some(watch), Some(why)) => run_again(watch.again, why, conn),
            _ => Ended::Done(Err(error.on(|| conn.route().origin()))),
        }
    }
}

impl<T, E: ReadError, S> Answer<Result<T, E>, S> {
    /// Does what [`end`](Self::end) does, of a read through a shared handle.
    pub async fn end_shared<R, C, H>(self, held: &mut H) -> Ended<Result<T, E>, S>
    where
        R: Role,
        C: RoutedConnection,
        H: HeldShared<Target = ReadConn<R, C>>,
    {
        if let Some(conn) = held.alone() {
            return self.end(conn).await;
        }
        match self.0 {
            Inner::Here(answer, _) => {
                Ended::Done(answer.map_err(|error| error.on(|| held.route().origin())))
            }
            Inner::Lost(again, node) => run_again(again, Again::Elsewhere(node), held),
        }
    }
}

fn run_again<R: Role, C: RoutedConnection, T, S>(
    again: S,
    why: Again,
    conn: &ReadConn<R, C>,
) -> Ended<T, S> {
    tracing::debug!(node = conn.route().node, ?why, "a read is run again");
    conn.lease().shared().counts.retries.add();
    Ended::Again(again, why)
}
