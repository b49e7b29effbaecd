//! `ReadSql`: raw SQL that was checked to do nothing but read.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};
use diesel_routing_sql::{Functions, inspect};

use crate::error::Refused;
use crate::statement::BoxedReadSql;
use crate::statement::dialect::Dialect;
use crate::statement::effect::{Built, Inspection, Read, Statement};

/// Raw SQL for read handles: Diesel's [`sql_query`](diesel::sql_query), for statements that were
/// checked to be one SELECT (or VALUES, or EXPLAIN of one) without locks and side effects.
///
/// On a `WriteConn` it runs as well. What is vouched for leaves no mark on the session there; the others are looked at again, for functions
/// that may write ([`StatementCheck`](crate::StatementCheck)).
///
/// It is made in one of four ways:
///
/// - the macro `read_sql!("..")` of a backend's module checks a literal at compile time, and `read_sql!(file = "queries/report.sql")` a file, at
///   a path from the directory of the package's `Cargo.toml`;
/// - [`check`](Self::check) checks a string at run time;
/// - [`Session::read_sql`](crate::Session::read_sql) does so with the router's check, and so knows the functions that it allows;
/// - [`vouch`](Self::vouch) checks nothing, and is easy to grep for.
///
/// As with `sql_query`, rows are loaded by name, into
/// [`QueryableByName`](diesel::deserialize::QueryableByName) types.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "sync-sqlite")] {
/// use diesel_routing::sync::sqlite::{ReadConn, ReadSql, read_sql};
/// use diesel_routing::{Replica, sync::prelude::*};
/// use diesel::sql_types::{BigInt, Text};
///
/// #[derive(QueryableByName)]
/// struct Count {
///     #[diesel(sql_type = BigInt)]
///     count: i64,
/// }
///
/// fn count(conn: &mut ReadConn<Replica>, name: &str) -> QueryResult<i64> {
///     read_sql!("SELECT count(*) AS count FROM users WHERE name = ?")
///         .bind::<Text, _>(name)
///         .get_result::<Count>(conn)
///         .map(|row| row.count)
/// }
///
/// let refused = ReadSql::check("DELETE FROM users").unwrap_err();
/// assert!(refused.to_string().contains("DELETE"));
/// # }
/// ```
#[must_use = "queries are only run by `load`, `get_result` and the like"]
pub struct ReadSql<DB, Q = SqlText> {
    query: Q,
    inspection: Inspection,
    backend: PhantomData<fn(DB)>,
}

impl<DB: Dialect> ReadSql<DB> {
    /// Checks `sql` now.
    ///
    /// The list of side-effect functions is the built-in one of the database; SQL for an enum of connections has to pass as that of each
    /// of its databases. A router whose
    /// [`StatementCheck`](crate::StatementCheck) forbids more checks the statement again when it runs. For functions that it
    /// allows, see [`Session::read_sql`](crate::Session::read_sql).
    ///
    /// # Errors
    ///
    /// Returns [`Refused::Statement`], with the finding, if `sql` does more than read.
    pub fn check(sql: impl Into<String>) -> Result<Self, Refused> {
        let sql = sql.into();
        let mut languages = DB::LANGUAGES.iter();
        let checked = languages
            .try_for_each(|&language| inspect(&sql, language, &Functions::builtin(language)));
        match checked {
            Ok(()) => Ok(Self::new(sql.into(), Inspection::BUILT_IN)),
            Err(finding) => Err(Refused::Statement { sql, finding }),
        }
    }

    /// Accepts `sql` unchecked: it is not checked when it runs, either.
    ///
    /// Meant for statements that the check refuses and that you know to be harmless on a replica. Give the
    /// reason in a comment.
    pub fn vouch(sql: impl Into<Cow<'static, str>>) -> Self {
        Self::new(sql.into(), Inspection::VOUCHED)
    }

    /// Wraps a literal that the macros have checked.
    pub(crate) const fn checked(sql: &'static str) -> Self {
        Self::new(Cow::Borrowed(sql), Inspection::BUILT_IN)
    }

    /// Wraps SQL that a router's check has passed. It is looked at again when it runs: that may be on another router.
    pub(crate) fn passed(sql: String) -> Self {
        Self::new(sql.into(), Inspection::NONE)
    }

    const fn new(sql: Cow<'static, str>, inspection: Inspection) -> Self {
        Self {
            query: SqlText(sql),
            inspection,
            backend: PhantomData,
        }
    }
}

impl<DB, Q> ReadSql<DB, Q> {
    /// Binds a value to the next placeholder (`$1` on PostgreSQL, `?` elsewhere).
    pub fn bind<ST, V>(self, value: V) -> ReadSql<DB, Bound<Self, V, ST>> {
        ReadSql {
            inspection: self.inspection,
            query: Bound {
                query: self,
                value,
                sql_type: PhantomData,
            },
            backend: PhantomData,
        }
    }
}

impl<DB: Dialect, Q> ReadSql<DB, Q> {
    /// Boxes it, so that [`bind`](BoxedReadSql::bind) does not change its type: for as many values as there happen to be.
    pub fn into_boxed<'f>(self) -> BoxedReadSql<'f, DB>
    where
        Q: QueryFragment<DB> + Send + 'f,
    {
        let inspection = self.inspection;
        BoxedReadSql::new(self.query, inspection)
    }
}

impl<DB: Dialect, Q: QueryFragment<DB>> QueryFragment<DB> for ReadSql<DB, Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(pass)
    }

    // Diesel asks clauses that, and no statement. A write handle, which takes any query, has no other way to learn what is
    // vouched for: see `is_vouched_for`.
    fn is_noop(&self, _: &DB) -> QueryResult<bool> {
        Ok(self.inspection.is_vouched())
    }
}

impl<DB, Q> Query for ReadSql<DB, Q> {
    type SqlType = Untyped;
}

impl<DB, Q> QueryId for ReadSql<DB, Q> {
    // None, but a type that tells it from other queries.
    type QueryId = RawId;

    const HAS_STATIC_QUERY_ID: bool = false;
}

#[derive(Debug)]
#[expect(unnameable_types, reason = "only tells queries apart")]
pub struct RawId(());

/// Returns whether a query is a [`ReadSql`], boxed or not, that its user vouches for.
#[inline]
pub(crate) fn is_vouched_for<DB, Q>(query: &Q, backend: &DB) -> bool
where
    DB: Dialect,
    Q: QueryFragment<DB> + QueryId,
{
    TypeId::of::<Q::QueryId>() == TypeId::of::<RawId>()
        && query.is_noop(backend).is_ok_and(|vouched| vouched)
}

impl<DB, Q, Conn> diesel::RunQueryDsl<Conn> for ReadSql<DB, Q> {}

#[diagnostic::do_not_recommend]
impl<DB, Q> Statement<Built> for ReadSql<DB, Q> {
    type Effect = Read;

    fn inspection(&self) -> Inspection {
        self.inspection
    }
}

impl<DB, Q: Clone> Clone for ReadSql<DB, Q> {
    fn clone(&self) -> Self {
        Self {
            query: self.query.clone(),
            inspection: self.inspection,
            backend: PhantomData,
        }
    }
}

impl<DB, Q: fmt::Debug> fmt::Debug for ReadSql<DB, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadSql")
            .field("query", &self.query)
            .field("vouched", &self.inspection.is_vouched())
            .finish()
    }
}

/// The text of a [`ReadSql`].
#[derive(Debug, Clone)]
#[expect(unnameable_types, reason = "only ever inside a `ReadSql`")]
pub struct SqlText(Cow<'static, str>);

impl<DB: Dialect> QueryFragment<DB> for SqlText {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // As with `sql_query`: the text may differ each time, and would fill the cache.
        pass.unsafe_to_cache_prepared();
        pass.push_sql(&self.0);
        Ok(())
    }
}

/// A [`ReadSql`] with a value bound to its next placeholder.
#[derive(Debug, Clone)]
#[expect(unnameable_types, reason = "only ever inside a `ReadSql`")]
pub struct Bound<Q, V, ST> {
    query: Q,
    value: V,
    sql_type: PhantomData<fn(ST)>,
}

impl<DB, Q, V, ST> QueryFragment<DB> for Bound<Q, V, ST>
where
    DB: Dialect + HasSqlType<ST>,
    Q: QueryFragment<DB>,
    V: ToSql<ST, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(pass.reborrow())?;
        pass.push_bind_param_value_only(&self.value)
    }
}
