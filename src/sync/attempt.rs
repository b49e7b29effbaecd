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
    node: usize,
}

impl<S> Attempt<S> {
    /// Begins to read on this connection, once more elsewhere if there is another source of handles.
    pub fn begin<R: Role, C: RoutedConnection>(
        conn: &mut ReadConn<R, C>,
        again: Option<S>,
    ) -> Self {
        Self {
            again,
            node: conn.lease().node(),
        }
    }

    /// Returns what came of it: the answer, or that the read is to run again, on another node than this one.
    pub fn end<R: Role, C: RoutedConnection, T, E: ReadError>(
        self,
        conn: &mut ReadConn<R, C>,
        answer: Result<T, E>,
    ) -> Ended<Result<T, E>, S> {
        let error = match answer {
            Ok(value) => return Ended::Done(Ok(value)),
            Err(error) => error,
        };
        match self.again {
            Some(again) if conn.runs_again(&error) => {
                tracing::debug!(node = conn.route().node, "a read is run again elsewhere");
                conn.lease().shared().counts.retries.add();
                Ended::Again(again, self.node)
            }
            _ => Ended::Done(Err(error.on(|| conn.route().origin()))),
        }
    }
}
