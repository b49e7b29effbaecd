//! `StatementText`: the SQL of a statement, for logs. `Texts`: those of one connection.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, OnceLock};

use diesel::internal::derives::multiconnection::AstPassHelper;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel_routing_sql::{Dialect as Sql, Outline};

use super::check::render;
use super::dialect::Dialect;
use super::seen::{PassThrough, is_of_diesel, type_hash};
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
        backend: &DB,
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
            None => render(query, backend).unwrap_or_default(),
        };
        let text = Arc::new(StatementText::new(sql, backend.sql()));
        if let Some(hash) = hash.filter(|_| is_new) {
            let is_same = is_of_diesel(std::any::type_name::<Q>())
                && query.is_safe_to_cache_prepared(backend).unwrap_or_default();
            let same = is_same.then(|| Arc::clone(&text));
            lock(texts).0.insert(hash, same);
        }
        text
    }
}

/// Returns the values of a statement, as Diesel prints them.
pub(crate) fn values<DB, Q>(query: &Q, backend: &DB) -> String
where
    DB: Dialect,
    Q: QueryFragment<DB>,
{
    // `debug_query` has no way to say which of a type's backends it is.
    let mut values: Vec<Box<dyn fmt::Debug + '_>> = Vec::new();
    match query.walk_ast(AstPass::collect_debug_binds_pass(&mut values, backend)) {
        Ok(()) => format!("{values:?}"),
        Err(_) => String::new(),
    }
}
