//! `Attempt`: one run of a read that may run again on another node.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use super::{ReadConn, RoutedConnection, io};
use crate::consistency::Ended;
use crate::engine::Shared;
use crate::error::{Error, ReadError, SILENT, Step};
use crate::statement::Role;

/// One run of a read; `S` is where another handle comes from, if this one fails because of its node.
#[derive(Debug)]
#[must_use = "an attempt ends with `end`"]
pub struct Attempt<S> {
    again: Option<S>,
    shared: Arc<Shared>,
    node: usize,
    since: Instant,
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
        // A statement on the primary has nowhere else to go.
        let gives_up = again.is_some() && !conn.route().is_primary;
        let node = conn.lease().node();
        let lease = conn.lease_mut();
        let known = &mut lease.guard.known;
        let was_spent = known.is_spent;
        // A statement that is given up, by the caller too, keeps its server busy: nobody else waits for that.
        known.is_spent |= again.is_some();
        Self {
            again,
            shared: Arc::clone(lease.log.shared()),
            node,
            since: Instant::now(),
            gives_up,
            was_spent,
        }
    }

    /// Returns what `read` does, or nothing if it was given up because the node does not answer.
    pub async fn answer<F: Future>(&self, read: F) -> Option<F::Output> {
        io::unless(
            read,
            || self.shared.signals.answer(),
            || self.gives_up && self.shared.is_lost(self.node),
        )
        .await
    }

    /// Returns what came of it: the answer, or that the read is to run again, on another node than this one.
    pub async fn end<R: Role, C: RoutedConnection, T, E: ReadError>(
        self,
        conn: &mut ReadConn<R, C>,
        answer: Option<Result<T, E>>,
    ) -> Ended<Result<T, E::Of>, S> {
        let error = match answer {
            Some(answer) => {
                conn.lease_mut().guard.known.is_spent = self.was_spent;
                match answer {
                    Ok(value) => return Ended::Done(Ok(value)),
                    Err(error) => Some(error),
                }
            }
            None => None,
        };
        let runs_again = match &error {
            Some(error) => self.again.is_some() && conn.runs_again(error).await,
            None => true,
        };
        match (self.again, error) {
            (Some(again), _) if runs_again => {
                tracing::debug!(node = conn.route().node, "a read is run again elsewhere");
                Ended::Again(again, self.node)
            }
            (_, Some(error)) => Ended::Done(Err(error.of(|| conn.route().origin()))),
            (_, None) => {
                let node = self.shared.name(self.node);
                let error = Error::checkout(node, Step::Ask, self.since, SILENT);
                Ended::Done(Err(error.into()))
            }
        }
    }
}
