//! `TestFailure`: the reason why a test gets no connection.

use std::time::Duration;

/// The reason why a test gets no connection. Its remedy is told apart, as for every [`Step`](super::Step).
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum TestFailure {
    /// Another handle is out.
    #[error(
        "a test has one connection, and the handle that was taken in {holder} was not given back within {waited:?}, while another \
         was asked for in {asker}"
    )]
    Busy {
        holder: String,
        asker: String,
        waited: Duration,
    },
    /// The transaction is not open any more.
    #[error(
        "the test's transaction has ended: a statement of the handle that was taken in {holder} committed it, or the server rolled \
         it back ({why})"
    )]
    Ended { holder: String, why: String },
    /// A statement of a connection that does not survive it was given up.
    #[error(
        "the test's connection is lost, and with it its transaction: a future of the handle that was taken in {holder} was dropped \
         before the server had answered"
    )]
    GivenUp { holder: String },
    /// The connection cannot be used any more.
    #[error("the test's connection is lost, and with it its transaction: {why}")]
    Lost { why: String },
    /// The test is over.
    #[error("the test is over, and its transaction was rolled back{}", test.as_ref().map(|test| format!(": it was `{test}`'s")).unwrap_or_default())]
    Over { test: Option<String> },
    /// Another database is asked for.
    #[error("a test's transaction is in one database, and `{database}` is another")]
    OneDatabase { database: String },
}

impl TestFailure {
    /// Returns what is to be done about it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Busy { .. } => {
                "drop the first handle, or end its scope, before the second is asked for; await the tasks that were spawned; give \
                 each test a `TestRouter` of its own. Code that needs two connections at once is tested `with_schema`"
            }
            Self::Ended { .. } => {
                "what was written before that may still be in the database. MySQL and MariaDB commit before and after DDL: make \
                 tables before the test, or test `with_schema`; leave `COMMIT` and `ROLLBACK` to `transaction`; where the server \
                 had found a deadlock, see to what else writes these rows"
            }
            Self::GivenUp { .. } => {
                "await what was begun (`select!` and timeouts drop futures), or test such code `with_schema`"
            }
            Self::Lost { .. } => "look at the server, and at what the test did to its connection",
            Self::Over { .. } => {
                "a task that outlives the test, or another test, asks for its connection: await the tasks that were spawned, and \
                 give each test a `TestRouter` of its own, not one in a `static`"
            }
            Self::OneDatabase { .. } => {
                "test code that goes to several databases on a router of its own, from `Router::builder()`"
            }
        }
    }
}
