//! `StatementText`: the SQL of a statement, for logs. `Texts`: those of one connection.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, OnceLock};

use diesel::query_builder::{QueryFragment, QueryId};
use diesel_routing_sql::{Dialect as Sql, Outline};

use super::check::render;
use super::dialect::Dialect;
use super::seen::{PassThrough, is_kept, is_of_diesel, type_hash};
use crate::mutex::lock;

/// The SQL of a statement, and its outline once somebody wants that.
#[derive(Debug)]
pub(crate) struct StatementText {
    sql: Box<str>,
    dialect: Sql,
    outline: OnceLock<Outline>,
}

impl StatementText {
    pub(crate) fn new(sql: impl Into<Box<str>>, dialect: Sql) -> Self {
        Self {
            sql: sql.into(),
            dialect,
            outline: OnceLock::new(),
        }
    }

    /// Returns the SQL as it is sent, with whatever a person has written in it.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns what logs may have of it.
    pub(crate) fn outline(&self) -> &Outline {
        self.outline
            .get_or_init(|| Outline::of(&self.sql, self.dialect))
    }
}

/// The texts of the statements that were seen on a connection, by types; `None` of a type whose texts differ.
#[derive(Debug, Default)]
pub(crate) struct Texts(HashMap<u64, Option<Arc<StatementText>>, BuildHasherDefault<PassThrough>>);

impl Texts {
    /// Returns the text of a statement; `rendered` is its SQL, if that is there.
    // Locked for no longer than a look: a query's own code may run a statement on the same connection while it is rendered.
    pub(crate) fn of<DB, Q>(
        texts: &Mutex<Self>,
        query: &Q,
        rendered: Option<&str>,
    ) -> Arc<StatementText>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        let hash = type_hash::<Q>();
        let known = hash.and_then(|hash| lock(texts).0.get(&hash).cloned());
        if let Some(Some(text)) = known {
            return text;
        }
        let is_new = known.is_none();
        let sql = match rendered {
            Some(sql) => sql.to_owned(),
            // Diesel says what is wrong with it.
            None => render::<DB, Q>(query).unwrap_or_default(),
        };
        let text = Arc::new(StatementText::new(sql, DB::SQL));
        if let Some(hash) = hash.filter(|_| is_new) {
            let is_same = is_of_diesel(std::any::type_name::<Q>())
                && is_kept::<DB, Q>(query).unwrap_or_default();
            let same = is_same.then(|| Arc::clone(&text));
            lock(texts).0.insert(hash, same);
        }
        text
    }
}

/// Returns the values of a statement with this SQL, as Diesel prints them.
pub(crate) fn values<DB, Q>(query: &Q, sql: &str) -> String
where
    DB: Dialect,
    Q: QueryFragment<DB>,
{
    let text = diesel::debug_query::<DB, Q>(query).to_string();
    let values = text.strip_prefix(sql).unwrap_or_default();
    values
        .strip_prefix(" -- binds: ")
        .unwrap_or_default()
        .to_owned()
}
