//! The queries: one text for Diesel's connections and for our handles, sync and async.

use diesel::prelude::*;

diesel::table! {
    users {
        id -> Integer,
        name -> Text,
        email -> Nullable<Text>,
        age -> Integer,
    }
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = users)]
#[expect(dead_code, reason = "loaded to be measured")]
pub(super) struct User {
    id: i32,
    name: String,
    email: Option<String>,
    age: i32,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = users)]
pub(super) struct NewUser<'a> {
    name: &'a str,
    email: Option<&'a str>,
    age: i32,
}

impl Default for NewUser<'_> {
    fn default() -> Self {
        Self {
            name: "Ada Lovelace",
            email: Some("ada@example.org"),
            age: 36,
        }
    }
}

// Macros, because which `RunQueryDsl` is meant depends on where they are used.

/// Reads one row by its key.
macro_rules! find {
    ($conn:expr $(, $later:tt)?) => {{
        let key = std::hint::black_box(500);
        let row = users::table.find(key).get_result::<User>($conn) $(.$later)? ?;
        std::hint::black_box(row);
    }};
}

/// Reads one row by its key, with a LIMIT: SQLite plans such a statement anew on each run.
macro_rules! first {
    ($conn:expr $(, $later:tt)?) => {{
        let key = std::hint::black_box(500);
        let row = users::table.find(key).first::<User>($conn) $(.$later)? ?;
        std::hint::black_box(row);
    }};
}

/// Reads a hundred rows.
macro_rules! load {
    ($conn:expr $(, $later:tt)?) => {{
        let last = std::hint::black_box(100);
        let query = users::table.filter(users::id.le(last));
        std::hint::black_box(query.load::<User>($conn) $(.$later)? ?);
    }};
}

/// Reads one row with a query that has no static id, so that its SQL is inspected each time.
macro_rules! boxed {
    ($conn:expr $(, $later:tt)?) => {{
        let key = std::hint::black_box(500);
        let query = users::table.into_boxed().filter(users::id.eq(key));
        std::hint::black_box(query.get_result::<User>($conn) $(.$later)? ?);
    }};
}

/// Adds one row.
macro_rules! insert {
    ($conn:expr $(, $later:tt)?) => {{
        let row = std::hint::black_box(NewUser::default());
        let statement = diesel::insert_into(users::table).values(row);
        std::hint::black_box(statement.execute($conn) $(.$later)? ?);
    }};
}

pub(super) use {boxed, find, first, insert, load};
