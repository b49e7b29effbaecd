//! SQLite's databases in memory, with rows in them, and what the cases need to know of the backend.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::Connection as _;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use super::Outcome;
use super::work::{NewUser, users};

pub(super) use diesel::SqliteConnection as Connection;
pub(super) use diesel_routing::sqlite::{self as asynchronous, Connection as AsyncConnection};
pub(super) use diesel_routing::sync::sqlite as blocking;

const ROWS: u32 = 1000;

/// A primary and a replica that is like it, which live as long as this value.
pub(super) struct Databases([Database; 2]);

struct Database {
    url: String,
    // SQLite forgets a database in memory with its last connection.
    _last: SqliteConnection,
}

impl Databases {
    pub(super) fn new() -> Outcome<Self> {
        Ok(Self([Database::new()?, Database::new()?]))
    }

    /// Returns the URLs of the primary and the replica.
    pub(super) fn urls(&self) -> [&str; 2] {
        self.0.each_ref().map(|database| database.url.as_str())
    }
}

impl Database {
    fn new() -> Outcome<Self> {
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
}
