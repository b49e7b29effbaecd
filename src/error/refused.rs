//! `Refused`: a statement that a handle did not run.

use diesel_routing_sql::Finding;

/// A statement that a handle did not run.
///
/// Diesel's methods return Diesel's error, so it arrives inside
/// [`QueryBuilderError`](diesel::result::Error::QueryBuilderError); get it back with
/// `error.downcast_ref::<Refused>()` on the box inside. The statement was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The statement check found something that a read handle must not run.
    #[error(
        "refused on a read handle: {finding}; run it on a `WriteConn` (from `session.write()`), or, if \
         it is harmless, allow it in the router's `StatementCheck`; the statement: {sql}"
    )]
    Statement {
        /// The statement as it would have been sent.
        sql: String,
        /// The check's finding.
        finding: Finding,
    },

    /// A row lock outside a transaction that may lock.
    #[error(
        "refused: a row lock lasts until its transaction ends, so outside one it protects nothing, and a \
         read-only transaction cannot take one; lock inside `ReadConn<Primary>::transaction`, or inside a \
         `WriteConn`'s transaction"
    )]
    LockOutsideTransaction,

    /// A write on a read handle.
    #[error("refused: a write needs a `WriteConn`, from `session.write()`")]
    Write,

    /// The connection inside the handle was checked out for weaker access than the handle's type promises.
    #[error(
        "refused: the connection in this handle (node `{node}`) was checked out for weaker access than the handle \
         promises; two handles were swapped (`std::mem::swap`), which handles do not survive"
    )]
    Swapped {
        /// The node of the connection.
        node: String,
    },

    /// The handle got another connection inside a transaction. Neither is committed: both connections are closed.
    #[error(
        "refused: when the transaction was to be closed, its handle held another connection (node `{node}`) than that on which \
         it was opened: two handles were swapped (`std::mem::swap`); nothing of it is committed"
    )]
    SwappedInTransaction {
        /// The node of the connection that the handle holds.
        node: String,
    },

    /// An earlier statement on the connection was abandoned before the server had answered it, on MySQL or MariaDB.
    #[error(
        "refused: an earlier statement on this connection (node `{node}`) was abandoned half-way, as by a timeout \
         around it, and its answer would be taken for this one's; take another handle: the pool closes this \
         connection when the handle is dropped"
    )]
    GivenUp {
        /// The node of the connection.
        node: String,
    },
}

impl From<Refused> for diesel::result::Error {
    fn from(refused: Refused) -> Self {
        Self::QueryBuilderError(Box::new(refused))
    }
}
