//! The queries, as any Diesel program has them: only the connections' types are new.

use diesel_routing::Replica;
use diesel_routing::sync::prelude::*;
use diesel_routing::sync::sqlite::{ReadConn, WriteConn};

diesel::table! {
    settings (user_id) {
        user_id -> Integer,
        theme -> Text,
    }
}

/// The setting that every user has before the change.
const OLD: &str = "light";
/// The setting that every user changes it to.
pub(crate) const NEW: &str = "dark";

/// Asks for the weakest handle, so it runs on every one: any replica, the primary, even in the middle
/// of a write transaction. A write on this handle, or a `for_update()`, would not compile.
pub(crate) fn theme(conn: &mut ReadConn<Replica>, user: i32) -> QueryResult<String> {
    settings::table
        .find(user)
        .select(settings::theme)
        .first(conn)
}

/// Asks for the handle that writes. Replicas give none.
pub(crate) fn change_theme(conn: &mut WriteConn, user: i32) -> QueryResult<usize> {
    diesel::update(settings::table.find(user))
        .set(settings::theme.eq(NEW))
        .execute(conn)
}

/// Returns the SQL that makes the table, with a row for each of the users 1 to `users`.
pub(crate) fn schema(users: i32) -> String {
    format!(
        "CREATE TABLE settings (user_id INTEGER PRIMARY KEY, theme TEXT NOT NULL);
         WITH RECURSIVE ids (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM ids WHERE id < {users})
         INSERT INTO settings SELECT id, '{OLD}' FROM ids"
    )
}
