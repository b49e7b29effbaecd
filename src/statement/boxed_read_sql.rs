//! `BoxedReadSql`: checked raw SQL with any number of values.

use std::fmt;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

use super::raw_sql::RawId;
use crate::statement::dialect::Dialect;
use crate::statement::effect::{Built, Inspection, Read, Statement};

/// A [`ReadSql`](crate::ReadSql) whose type is the same however many values are bound, as Diesel's
/// [`BoxedSqlQuery`](diesel::query_builder::BoxedSqlQuery).
///
/// ```
/// # #[cfg(feature = "sync-sqlite")] {
/// use diesel::sql_types::{BigInt, Integer};
/// use diesel_routing::sync::sqlite::{ReadConn, ReadSql};
/// use diesel_routing::{Error, Replica, sync::prelude::*};
///
/// #[derive(QueryableByName)]
/// struct Count {
///     #[diesel(sql_type = BigInt)]
///     count: i64,
/// }
///
/// fn count(conn: &mut ReadConn<Replica>, ids: &[i32]) -> Result<i64, Error> {
///     let places = vec!["?"; ids.len()].join(", ");
///     let sql = format!("SELECT count(*) AS count FROM users WHERE id IN ({places})");
///     let mut query = ReadSql::check(sql)?.into_boxed();
///     for id in ids {
///         query = query.bind::<Integer, _>(*id);
///     }
///     Ok(query.get_result::<Count>(conn)?.count)
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("db");
/// # let url = path.to_str().ok_or("path")?;
/// # let router = diesel_routing::sync::sqlite::Router::builder()
/// #     .primary(diesel_routing::Node::new("db-1", url))
/// #     .build()?;
/// # let session = router.session();
/// # diesel::connection::SimpleConnection::batch_execute(&mut session.write()?, "CREATE TABLE users (id); INSERT INTO users VALUES (1), (2)")?;
/// let mut conn = session.read()?;
/// assert_eq!(count(&mut conn, &[1, 2, 3])?, 2);
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
#[must_use = "queries are only run by `load`, `get_result` and the like"]
pub struct BoxedReadSql<'f, DB> {
    query: Box<dyn QueryFragment<DB> + Send + 'f>,
    values: Vec<Box<dyn QueryFragment<DB> + Send + 'f>>,
    inspection: Inspection,
}

impl<'f, DB: Dialect> BoxedReadSql<'f, DB> {
    pub(super) fn new(query: impl QueryFragment<DB> + Send + 'f, inspection: Inspection) -> Self {
        Self {
            query: Box::new(query),
            values: Vec::new(),
            inspection,
        }
    }

    /// Binds a value to the next placeholder (`$1` on PostgreSQL, `?` elsewhere).
    pub fn bind<ST, V>(mut self, value: V) -> Self
    where
        DB: HasSqlType<ST>,
        V: ToSql<ST, DB> + Send + 'f,
        ST: 'f,
    {
        self.values.push(Box::new(Value {
            value,
            sql_type: PhantomData,
        }));
        self
    }
}

impl<DB: Dialect> QueryFragment<DB> for BoxedReadSql<'_, DB> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(pass.reborrow())?;
        self.values
            .iter()
            .try_for_each(|value| value.walk_ast(pass.reborrow()))
    }

    // As `ReadSql` has it.
    fn is_noop(&self, _: &DB) -> QueryResult<bool> {
        Ok(self.inspection.is_vouched())
    }
}

impl<DB> Query for BoxedReadSql<'_, DB> {
    type SqlType = Untyped;
}

impl<DB> QueryId for BoxedReadSql<'_, DB> {
    // As `ReadSql` has it.
    type QueryId = RawId;

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB, Conn> diesel::RunQueryDsl<Conn> for BoxedReadSql<'_, DB> {}

#[diagnostic::do_not_recommend]
impl<DB> Statement<Built> for BoxedReadSql<'_, DB> {
    type Effect = Read;

    fn inspection(&self) -> Inspection {
        self.inspection
    }
}

impl<DB> fmt::Debug for BoxedReadSql<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxedReadSql")
            .field("values", &self.values.len())
            .field("vouched", &self.inspection.is_vouched())
            .finish_non_exhaustive()
    }
}

/// The value of a placeholder.
struct Value<V, ST> {
    value: V,
    sql_type: PhantomData<fn(ST)>,
}

impl<DB, V, ST> QueryFragment<DB> for Value<V, ST>
where
    DB: Dialect + HasSqlType<ST>,
    V: ToSql<ST, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_bind_param_value_only(&self.value)
    }
}
