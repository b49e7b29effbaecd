//! Databases in memory, with rows in them.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::Outcome;
use super::work::{NewUser, users};

const ROWS: u32 = 1000;

/// A database that lives as long as this value.
pub(super) struct Database {
    url: String,
    // SQLite forgets a database in memory with its last connection.
    _last: SqliteConnection,
}

impl Database {
    pub(super) fn new() -> Outcome<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let url = format!("file:bench-{number}?mode=memory&cache=shared");
        let mut conn = SqliteConnection::establish(&url)?;
        diesel::sql_query(
            "CREATE TABLE users (\
               id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, email TEXT, age INTEGER NOT NULL)",
        )
        .execute(&mut conn)?;
        conn.transaction(|conn| {
            (0..ROWS).try_for_each(|_| {
                let row = diesel::insert_into(users::table).values(NewUser::default());
                row.execute(conn).map(drop)
            })
        })?;
        Ok(Self { url, _last: conn })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}
