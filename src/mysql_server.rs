//! What MySQL and MariaDB are asked, in both flavours.

use diesel::dsl::{select, sql};
use diesel::expression::SqlLiteral;
use diesel::sql_types::BigInt;

use crate::error::NodeRole;

/// Asks whether the server refuses writes from ordinary users. Every account may.
///
/// `read_only` is a number in MySQL and in MariaDB up to 11, and a word from MariaDB 12 on; compared
/// with both `'OFF'` and `'0'`, a number is compared as a number (and `'OFF'` as 0).
pub(crate) fn role_query() -> select<SqlLiteral<BigInt>> {
    select(sql::<BigInt>("@@global.read_only NOT IN ('OFF', '0')"))
}

pub(crate) fn role(read_only: i64) -> NodeRole {
    if read_only == 0 {
        NodeRole::TakesWrites
    } else {
        NodeRole::ReplaysWrites
    }
}
