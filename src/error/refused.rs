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
        "refused on a read handle: {finding}; {}; the statement: {sql}",
        way_out(finding)
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

impl Refused {
    /// Returns the name of the node whose connection the handle holds, as configured, where that matters.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Swapped { node }
            | Self::SwappedInTransaction { node }
            | Self::GivenUp { node } => Some(node),
            Self::Statement { .. } | Self::LockOutsideTransaction | Self::Write => None,
        }
    }
}

codes! {
    Refused {
        LockOutsideTransaction => "refused_lock_outside_transaction",
        Write => "refused_write",
        Swapped => "refused_swapped",
        SwappedInTransaction => "refused_swapped_in_transaction",
        GivenUp => "refused_given_up",
    }
    within {
        Self::Statement { finding, .. } => finding.code(),
    }
}

/// Returns what to do about a statement that was refused for this.
fn way_out(finding: &Finding) -> String {
    const WRITE: &str = "run it on a `WriteConn` (from `session.write()`)";
    match finding {
        Finding::SideEffect { function, .. } => format!(
            "{WRITE}, or, if `{function}` is harmless in your use, allow it in the router's `StatementCheck` with \
             `allow(\"{function}\")`; raw SQL then comes from `session.read_sql(..)`, which asks that check"
        ),
        Finding::RowLock { .. } => {
            "lock inside `ReadConn<Primary>::transaction`, or on a `WriteConn` (from `session.write()`)".to_owned()
        }
        Finding::Empty | Finding::SeveralStatements => {
            "run one statement at a time here; `batch_execute` is for a `WriteConn` (from `session.write()`)".to_owned()
        }
        // It may be a read that is not known here.
        Finding::Unparsable { .. } | Finding::ConditionalComment { .. } | Finding::NotARead { .. } => format!(
            "if you know that it only reads, say so with `ReadSql::vouch(..)`; if it does more, {WRITE}"
        ),
        _ => WRITE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use diesel_routing_sql::{Dialect, Functions, inspect};

    use super::*;

    #[test]
    fn each_refusal_names_the_door_that_opens() {
        let functions = Functions::builtin(Dialect::Postgres);
        for (sql, door) in [
            ("SELECT nextval('ids')", "`allow(\"nextval\")`"),
            ("SELECT currval('ids')", "`session.read_sql(..)`"),
            (
                "SELECT 1 FROM t FOR UPDATE",
                "`ReadConn<Primary>::transaction`",
            ),
            ("SELECT 1; SELECT 2", "one statement at a time"),
            ("FLY ME TO THE MOON", "`ReadSql::vouch(..)`"),
            (
                "DELETE FROM t",
                "run it on a `WriteConn` (from `session.write()`); the statement: DELETE",
            ),
        ] {
            let finding = inspect(sql, Dialect::Postgres, &functions).unwrap_err();
            let refused = Refused::Statement {
                sql: sql.to_owned(),
                finding,
            };
            let words = refused.to_string();
            assert!(words.contains(door), "{words}");
        }
    }
}
