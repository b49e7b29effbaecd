//! What is verified: a router, or a strategy of somebody's own.

mod custom;
mod routed;

use diesel::{ConnectionResult, QueryResult};
use futures_core::future::BoxFuture;

pub(crate) use custom::Custom;
pub(crate) use routed::Routed;

use crate::failure::Failure;
use crate::seen::{Line, Seen};
use crate::statements::{Change, Family, Shown, Statements};

/// The subject of a verification. Without the type of its connections: there is one code for all.
pub(crate) trait Subject: Send + Sync {
    /// Returns what it is, for people.
    fn name(&self) -> String;

    fn family(&self) -> Family;

    /// Returns whether reads have levels: a strategy's have none.
    fn has_levels(&self) -> bool;

    /// Begins a session.
    fn begin(&self) -> Box<dyn Client>;

    /// Runs statements where writes go.
    fn run<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<(), Failure>>;

    /// Asks where writes go.
    fn ask<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<Vec<Line>, Failure>>;

    /// Opens a connection past the subject.
    fn open<'a>(&'a self, url: &'a str) -> BoxFuture<'a, ConnectionResult<Box<dyn Inquiry>>>;
}

/// One session of a subject.
pub(crate) trait Client: Send {
    /// Reads outside transactions.
    fn read<'a>(&'a mut self, level: Level, sql: &'a str)
    -> BoxFuture<'a, Result<Answer, Failure>>;

    /// Reads twice in one snapshot, at the session's level.
    fn snapshot<'a>(
        &'a mut self,
        first: &'a str,
        last: &'a str,
    ) -> BoxFuture<'a, Result<Answer, Failure>>;

    /// Locks rows in a transaction that does not write, and reads them again.
    fn lock<'a>(
        &'a mut self,
        first: &'a str,
        last: &'a str,
    ) -> BoxFuture<'a, Result<Answer, Failure>>;

    /// Runs a transaction that writes.
    fn change<'a>(&'a mut self, change: &'a Change) -> BoxFuture<'a, Result<Answer, Failure>>;

    /// Continues the session elsewhere, by token; `None` if it has none.
    fn hand_over(&mut self) -> BoxFuture<'_, Result<Option<Box<dyn Client>>, Failure>>;
}

/// A connection of a node, past the subject.
pub(crate) trait Inquiry: Send {
    fn ask<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, QueryResult<Vec<Line>>>;

    /// Returns the number of rows of an answer.
    fn count<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, QueryResult<usize>>;
}

/// A connection, with its type forgotten.
pub(crate) struct Opened<C>(pub(crate) C);

impl<C: Statements> Inquiry for Opened<C> {
    fn ask<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, QueryResult<Vec<Line>>> {
        C::ask(&mut self.0, sql)
    }

    fn count<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, QueryResult<usize>> {
        C::count(&mut self.0, sql)
    }
}

/// The level of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Eventual,
    Bounded,
    Session,
    Strong,
}

/// The result of an act, and the loan of its connection.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) first: Vec<Seen>,
    pub(crate) last: Vec<Seen>,
    pub(crate) loan: Loan,
}

impl Answer {
    fn of(shown: Shown, loan: Loan) -> Self {
        let Shown { first, last } = shown;
        Self { first, last, loan }
    }
}

/// The origin of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Loan {
    /// The name of the node.
    pub(crate) node: String,
    /// The reason for its choice.
    pub(crate) reason: &'static str,
    /// The node's pool: `read`, `write` or `fallback`.
    pub(crate) pool: &'static str,
    /// Set if the node was the primary, as the subject knew; `None` of a strategy.
    pub(crate) is_primary: Option<bool>,
}
