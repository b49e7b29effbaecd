//! The tables of the tests, and their first rows.

use diesel::prelude::*;

diesel::table! {
    users {
        id -> Integer,
        name -> Text,
        age -> Nullable<Integer>,
    }
}

diesel::table! {
    posts {
        id -> Integer,
        user_id -> Integer,
        title -> Text,
    }
}

diesel::joinable!(posts -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, posts);

/// Two users, `ann` (1) and `bob` (2), and one post of each. `{id}` is the backend's key column.
pub(crate) fn sql(id: &str) -> String {
    format!(
        "CREATE TABLE users (id {id}, name VARCHAR(100) NOT NULL UNIQUE, age INTEGER);
         CREATE TABLE posts (id {id}, user_id INTEGER NOT NULL, title VARCHAR(100) NOT NULL);
         INSERT INTO users (name, age) VALUES ('ann', 30), ('bob', NULL);
         INSERT INTO posts (user_id, title) VALUES (1, 'first'), (2, 'second');"
    )
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Identifiable, AsChangeset)]
#[diesel(table_name = users)]
pub(crate) struct Rename<'a> {
    pub(crate) id: i32,
    pub(crate) name: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = users)]
pub(crate) struct User {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) age: Option<i32>,
}
