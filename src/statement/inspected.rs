//! `Inspected`: a statement on its way to Diesel, after the check.

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};

use super::Dialect;

/// A statement that was checked. Where its SQL was rendered for that, Diesel sends that text, and renders no other.
///
/// To Diesel it is a type of its own, so what is prepared for it is nobody else's. Only where all bounds are known can a statement be
/// sent so: code that is generic over a query says that the query can be loaded, and not that this can.
#[derive(Debug)]
pub(crate) struct Inspected<Q> {
    query: Q,
    sql: Option<String>,
}

impl<Q> Inspected<Q> {
    /// Creates one from a query, and its SQL if that was rendered.
    #[inline]
    pub(crate) fn new(query: Q, sql: Option<String>) -> Self {
        Self { query, sql }
    }
}

impl<DB: Dialect, Q: QueryFragment<DB>> QueryFragment<DB> for Inspected<Q> {
    #[inline]
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(pass)
    }

    #[inline]
    fn to_sql(&self, out: &mut DB::QueryBuilder, backend: &DB) -> QueryResult<()> {
        match &self.sql {
            Some(sql) => {
                out.push_sql(sql);
                Ok(())
            }
            None => self.query.to_sql(out, backend),
        }
    }
}

impl<Q: QueryId> QueryId for Inspected<Q> {
    type QueryId = Inspected<Q::QueryId>;

    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query> Query for Inspected<Q> {
    type SqlType = Q::SqlType;
}
