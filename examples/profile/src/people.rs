//! Users, and the language they chose.

use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::prelude::*;
use diesel_routing::{Error, Replica, consistency};

use crate::Locale;
use crate::schema::users;
use crate::trail::Notes;

/// A user, as the profile page shows one.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct Person {
    pub(crate) id: i32,
    pub(crate) name: String,
    locale: String,
}

impl Person {
    /// Returns the language: English, if it is none that this program has.
    pub(crate) fn locale(&self) -> Locale {
        Locale::of(&self.locale).unwrap_or(Locale::En)
    }
}

/// Asks for the weakest handle, so it runs on every one. A `for_update()` or an UPDATE on this handle would
/// not compile.
pub(crate) async fn find(conn: &mut ReadConn<Replica>, id: i32) -> QueryResult<Person> {
    users::table.find(id).first(conn).await
}

/// Returns the first of them, by number.
pub(crate) async fn all(conn: &mut ReadConn<Replica>, most: i64) -> QueryResult<Vec<Person>> {
    let users = users::table.order(users::id).limit(most);
    users.load(conn).await
}

/// Asks for the handle that writes. The caller's session remembers that it did.
#[consistency(write)]
pub(crate) async fn set_locale(
    conn: &mut WriteConn,
    notes: &Notes<'_>,
    id: i32,
    locale: Locale,
) -> Result<(), Error> {
    notes.take("change the language", conn.route());
    // Returning a row, so that there is an error when there is none.
    let _: i32 = diesel::update(users::table.find(id))
        .set(users::locale.eq(locale.code()))
        .returning(users::id)
        .get_result(conn)
        .await?;
    Ok(())
}
