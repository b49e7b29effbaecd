//! The SQL between two loans of a test's connection, and around its statements.

use diesel_routing_sql::Dialect as Sql;

/// The statement that has PostgreSQL refuse writes until the end of the present savepoint.
pub(crate) const READ_ONLY: &str = "SET LOCAL transaction_read_only = on";

/// The statement that does so until the end of the loan, once it has locked rows.
pub(crate) const READ_AGAIN: &str = "RELEASE SAVEPOINT diesel_routing_statement; SET LOCAL transaction_read_only = on; \
     SAVEPOINT diesel_routing_statement";

/// The remains of the last loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    /// Nothing.
    Nothing,
    /// An open transaction.
    Transaction,
    /// All of it, as its state is not known.
    Loan,
}

/// Returns the SQL that begins the first loan, inside the test's transaction.
pub(crate) fn opening(dialect: Sql) -> &'static str {
    match dialect {
        Sql::Postgres => "SAVEPOINT diesel_routing_loan; SAVEPOINT diesel_routing_statement",
        _ => "SAVEPOINT diesel_routing_loan",
    }
}

/// Returns the SQL that ends a loan and begins the next. It may be sent again: it finds what it leaves behind.
pub(crate) fn turn(dialect: Sql, undo: Undo, read_only: bool) -> String {
    let mut sql = Vec::new();
    if dialect == Sql::Sqlite {
        sql.push("PRAGMA query_only = OFF");
    }
    sql.extend(match undo {
        Undo::Nothing => None,
        // Diesel's name for the first one inside a transaction.
        Undo::Transaction => Some("ROLLBACK TO SAVEPOINT diesel_savepoint_1"),
        Undo::Loan => Some("ROLLBACK TO SAVEPOINT diesel_routing_loan"),
    });
    // The end of a savepoint ends what was `LOCAL` to it, too.
    sql.push("RELEASE SAVEPOINT diesel_routing_loan");
    sql.push("SAVEPOINT diesel_routing_loan");
    match dialect {
        Sql::Postgres if read_only => sql.push(READ_ONLY),
        Sql::Sqlite if read_only => sql.push("PRAGMA query_only = ON"),
        _ => {}
    }
    if dialect == Sql::Postgres {
        sql.push("SAVEPOINT diesel_routing_statement");
    }
    sql.join("; ")
}

/// The two requests that come before a statement outside the application's transactions. After one that succeeded, the first keeps it,
/// and the second has nothing to undo; after one that failed, the first fails as well, and the second undoes that statement alone. So
/// they may be sent before it is known what became of the last one, as often as one likes.
pub(crate) const NEXT_STATEMENT: [&str; 2] = [
    "RELEASE SAVEPOINT diesel_routing_statement; SAVEPOINT diesel_routing_statement",
    "ROLLBACK TO SAVEPOINT diesel_routing_statement",
];

/// Returns the SQL that lets a loan to read lock rows, which servers do where writes are allowed.
pub(crate) fn may_lock() -> String {
    turn(Sql::Postgres, Undo::Nothing, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_ends_with_what_it_left_open_and_the_next_one_begins() {
        assert_eq!(
            turn(Sql::Postgres, Undo::Transaction, true),
            "ROLLBACK TO SAVEPOINT diesel_savepoint_1; RELEASE SAVEPOINT diesel_routing_loan; \
             SAVEPOINT diesel_routing_loan; SET LOCAL transaction_read_only = on; SAVEPOINT diesel_routing_statement"
        );
        assert_eq!(
            turn(Sql::Sqlite, Undo::Nothing, true),
            "PRAGMA query_only = OFF; RELEASE SAVEPOINT diesel_routing_loan; SAVEPOINT diesel_routing_loan; \
             PRAGMA query_only = ON"
        );
        assert_eq!(
            turn(Sql::Mysql, Undo::Nothing, true),
            "RELEASE SAVEPOINT diesel_routing_loan; SAVEPOINT diesel_routing_loan"
        );
    }
}
