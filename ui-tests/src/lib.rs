//! What the cases share: a small schema, and the structs for its rows.

use diesel::prelude::*;

diesel::table! {
    /// Who writes posts.
    users {
        /// The primary key.
        id -> Integer,
        /// Unique.
        name -> Text,
    }
}

diesel::table! {
    /// What users write.
    posts {
        /// The primary key.
        id -> Integer,
        /// The author.
        user_id -> Integer,
        /// The first line.
        title -> Text,
    }
}

diesel::joinable!(posts -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, posts);

/// A row of `users`.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Identifiable, AsChangeset,
)]
#[diesel(table_name = users)]
pub struct User {
    /// The primary key.
    pub id: i32,
    /// Unique.
    pub name: String,
}

/// A row of `posts`.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, AsChangeset, Associations,
)]
#[diesel(table_name = posts, belongs_to(User))]
pub struct Post {
    /// The primary key.
    pub id: i32,
    /// The author.
    pub user_id: i32,
    /// The first line.
    pub title: String,
}

/// A row for `users` that has no key yet.
#[derive(Debug, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct NewUser<'a> {
    /// Unique.
    pub name: &'a str,
}
