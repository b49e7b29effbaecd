//! `Attempt`: one run of a read that may run again on another node.

use super::{ReadConn, RoutedConnection};
use crate::consistency::Ended;
use crate::error::ReadError;
use crate::statement::Role;

/// One run of a read; `S` is where another handle comes from, if this one fails because of its node.
#[derive(Debug)]
#[must_use = "an attempt ends with `end`"]
pub struct Attempt<S> {
    again: Option<S>,
}

impl<S> Attempt<S> {
    /// Begins to read on this connection, once more elsewhere if there is another source of handles.
    pub fn begin<R: Role, C: RoutedConnection>(_: &mut ReadConn<R, C>, again: Option<S>) -> Self {
        Self { again }
    }

    /// Returns what came of it: the answer, or that the read is to run again, and why.
    pub fn end<R: Role, C: RoutedConnection, T, E: ReadError>(
        self,
        conn: &mut ReadConn<R, C>,
        answer: Result<T, E>,
    ) -> Ended<Result<T, E>, S> {
        let error = match answer {
            Ok(value) => return Ended::Done(Ok(value)),
            Err(error) => error,
        };
        let why = match &self.again {
            Some(_) => conn.runs_again(&error),
            None => None,
        };
        match (self.again, why) {
            (Some(again), Some(why)) => {
                tracing::debug!(node = conn.route().node, ?why, "a read is run again");
                conn.lease().shared().counts.retries.add();
                Ended::Again(again, why)
            }
            _ => Ended::Done(Err(error.on(|| conn.route().origin()))),
        }
    }
}
