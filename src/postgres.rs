//! What PostgreSQL is asked, in both flavours.

use diesel::dsl::select;

use crate::error::NodeRole;

diesel::define_sql_function! {
    /// Whether the server replays another's log.
    fn pg_is_in_recovery() -> diesel::sql_types::Bool;
}

/// Asks whether the server is a standby. Every role may.
pub(crate) fn role_query() -> select<pg_is_in_recovery> {
    select(pg_is_in_recovery())
}

pub(crate) fn role(in_recovery: bool) -> NodeRole {
    if in_recovery {
        NodeRole::ReplaysWrites
    } else {
        NodeRole::TakesWrites
    }
}
