//! The questions that are asked of MySQL, MariaDB and Galera again and again.

use diesel::QueryResult;
use diesel::mysql::Mysql;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{BigInt, Untyped};

use super::role;
use crate::random;
use crate::server::NodeRole;

/// The expression for "later transactions of the session are read-only", as the router makes them: MySQL runs what the first
/// comment holds, MariaDB the second.
const SESSION_READ_ONLY: &str = "(/*!80003 @@session.transaction_read_only */ /*M! @@session.tx_read_only */ NOT IN ('OFF', '0'))";

/// Asks whether the server refuses writes from ordinary users, and for a number to be repeated: an answer with another
/// number belongs to a statement that was abandoned; and whether its session is read-only. Needs no privilege.
///
/// `read_only` is a number in MySQL and in MariaDB up to 11, and a word from MariaDB 12 on; compared
/// with both `'OFF'` and `'0'`, a number is compared as a number (and `'OFF'` as 0). Readers of Aurora have `innodb_read_only`
/// instead, which no account gets past.
#[derive(Debug, Clone, Copy, QueryId)]
pub(crate) struct AskRole {
    number: i64,
}

impl AskRole {
    pub(crate) fn new() -> Self {
        Self {
            // Fits every type that the server announces before it knows the number.
            number: random::within(0..=i32::MAX.unsigned_abs()).into(),
        }
    }

    /// Returns the role that the answer shows, and whether the session is read-only.
    pub(crate) fn role(
        self,
        (read_only, session, number): (i64, i64, i64),
    ) -> QueryResult<(NodeRole, bool)> {
        if number == self.number {
            return Ok((role(read_only), session != 0));
        }
        let why =
            "the server's answer belongs to an earlier statement, which was abandoned half-way";
        Err(DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection,
            Box::new(why.to_owned()),
        ))
    }
}

impl QueryFragment<Mysql> for AskRole {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        out.push_sql("SELECT @@global.read_only NOT IN ('OFF', '0') OR @@global.innodb_read_only NOT IN ('OFF', '0'), ");
        out.push_sql(SESSION_READ_ONLY);
        out.push_sql(", CAST(");
        out.push_bind_param::<BigInt, _>(&self.number)?;
        out.push_sql(" AS SIGNED)");
        Ok(())
    }
}

impl Query for AskRole {
    type SqlType = (BigInt, BigInt, BigInt);
}

impl<Conn> diesel::RunQueryDsl<Conn> for AskRole {}

/// Defines a query with an id, so that a connection prepares it once.
macro_rules! ask {
    ($(#[$doc:meta])* $name:ident, $sql:expr) => {
        $(#[$doc])*
        #[derive(Debug, QueryId)]
        pub(crate) struct $name;

        impl QueryFragment<Mysql> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
                for part in $sql {
                    out.push_sql(part);
                }
                Ok(())
            }
        }

        impl Query for $name {
            type SqlType = Untyped;
        }

        impl<Conn> diesel::RunQueryDsl<Conn> for $name {}
    };
}

ask! {
    /// Asks MariaDB for everything a watcher needs. Needs no privilege.
    ///
    /// A replica's position is what it has *replayed*: it writes its binary log before it shows a
    /// transaction. The binary log also shows from which servers its transactions come.
    AskMariaDb,
    ["SELECT (@@global.read_only NOT IN ('OFF', '0') OR @@global.innodb_read_only NOT IN ('OFF', '0')) AS read_only, \
            (@@global.log_bin NOT IN ('OFF', '0')) AS is_ready, \
            (@@global.gtid_strict_mode NOT IN ('OFF', '0')) AS is_strict, \
            CAST(@@global.server_id AS CHAR) AS server, \
            CAST(@@global.gtid_slave_pos AS CHAR) AS replayed, \
            CAST(@@global.gtid_binlog_pos AS CHAR) AS written, \
            CAST(@@global.gtid_binlog_state AS CHAR) AS history, ", SESSION_READ_ONLY, " AS session_read_only"]
}

ask! {
    /// Asks MySQL for everything a watcher needs. Needs no privilege.
    AskMySql,
    ["SELECT (@@global.read_only NOT IN ('OFF', '0') OR @@global.innodb_read_only NOT IN ('OFF', '0')) AS read_only, \
            (@@global.gtid_mode = 'ON') AS is_ready, \
            1 AS is_strict, \
            CAST(@@global.server_uuid AS CHAR) AS server, \
            CAST(@@global.gtid_executed AS CHAR) AS replayed, \
            '' AS written, \
            '' AS history, ", SESSION_READ_ONLY, " AS session_read_only"]
}

ask! {
    /// Asks a node of a Galera cluster for everything a watcher needs. Needs no privilege. Variables are all that
    /// a node without quorum answers for.
    AskGalera,
    ["SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_status', \
     'wsrep_ready', 'wsrep_last_committed', 'wsrep_cluster_state_uuid')"]
}
