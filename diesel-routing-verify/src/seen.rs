//! What servers answer.

use diesel::QueryableByName;
use diesel::backend::Backend;
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

/// One row, with what the server says of the connection that it is read over.
#[derive(Debug, Clone, QueryableByName)]
#[expect(unnameable_types, reason = "of a sealed trait")]
pub struct Seen {
    /// The key.
    #[diesel(sql_type = Integer)]
    pub(crate) id: i32,
    #[diesel(sql_type = BigInt)]
    pub(crate) version: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) writer: i64,
    #[diesel(sql_type = Integer)]
    pub(crate) timeline: i32,
    /// The text that tells its server from others, in its own words.
    #[diesel(sql_type = Text)]
    pub(crate) server: String,
    /// Not zero if it calls itself a replica; `None` if it cannot know.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(crate) replica: Option<i64>,
    /// The isolation level of the transaction.
    #[diesel(sql_type = Text)]
    pub(crate) isolation: String,
    /// Not zero if the database session's transactions are read-only unless they say otherwise.
    #[diesel(sql_type = BigInt)]
    pub(crate) read_only: i64,
    /// The server's number for the connection.
    #[diesel(sql_type = BigInt)]
    pub(crate) connection: i64,
    /// The number that tells histories apart, where it is the server's.
    #[diesel(sql_type = BigInt)]
    pub(crate) origin: i64,
}

/// An answer to any other question.
#[derive(Debug, Clone, QueryableByName)]
#[expect(unnameable_types, reason = "of a sealed trait")]
pub struct Line {
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) a: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) b: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub(crate) n: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) m: i64,
}

/// Any row, to be counted.
#[derive(Debug)]
pub(crate) struct AnyRow(());

impl<DB: Backend> QueryableByName<DB> for AnyRow {
    fn build<'a>(_: &impl NamedRow<'a, DB>) -> diesel::deserialize::Result<Self> {
        Ok(Self(()))
    }
}

impl Line {
    /// Returns the first text, or an empty one.
    pub(crate) fn text(&self) -> &str {
        self.a.as_deref().unwrap_or_default()
    }
}
