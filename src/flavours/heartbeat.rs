//! A heartbeat table: how far replicas lag, where servers do not tell.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::Duration;

use diesel::QueryResult;
use diesel::dsl::{select, sql};
use diesel::expression::SqlLiteral;
use diesel::sql_types::{Double, Nullable};
use diesel_routing_sql::Dialect as Sql;

use super::flavoured;
use super::hooks::{LoadQuery, QueryConnection, RawQueryDsl, SimpleConnection};
use crate::backend::heartbeat::{Row, lag};
use crate::error::ConfigError;
use crate::statement::Dialect;

/// A table to which the primary writes the time, again and again; what a replica has of it tells how far the replica lags. In the
/// shape of Percona's `pt-heartbeat` with `--utc`, whose table and beats do as well.
///
/// Nothing is created or written unless you call for it: create the table once, [`beat`](Self::beat) on the primary every
/// second or so, from one process, and give [`lag`](Self::lag) to the router's `lag_with`. For MySQL, MariaDB and PostgreSQL, and
/// for SQLite where something copies the file. Of an enum of connections, give it the one inside.
///
/// Times are those of the servers' own clocks, which must agree: what they differ by is in every lag.
#[derive(Debug, Clone)]
pub struct Heartbeat(Row);

/// The query for the age of the last beat.
type Age = select<SqlLiteral<Nullable<Double>>>;

impl Heartbeat {
    /// Creates a heartbeat in this table, with a schema's name in front if need be.
    ///
    /// # Errors
    ///
    /// [`ConfigError::HeartbeatTable`] for a name that is not of letters, digits and `_`.
    pub fn new(table: impl Into<String>) -> Result<Self, ConfigError> {
        Row::new(table.into()).map(Self)
    }

    /// Sets whose beats they are: the primary's `server_id`, where each server writes its own row. Defaults to 1.
    #[must_use]
    pub fn server_id(self, id: u32) -> Self {
        Self(self.0.of_server(id))
    }
}

#[flavoured]
impl Heartbeat {
    /// Creates the table, unless it is there, over a connection to the primary: a raw one, or a `WriteConn`.
    ///
    /// # Errors
    ///
    /// Diesel's.
    pub async fn create<C>(&self, conn: &mut C) -> QueryResult<()>
    where
        C: SimpleConnection + QueryConnection<Backend: Dialect>,
    {
        let sql = self.0.create(only::<C>()?);
        conn.batch_execute(&sql).await
    }

    /// Writes the primary's time to the table, over a connection to it: a raw one, or an untracked session's `WriteConn`.
    ///
    /// # Errors
    ///
    /// Diesel's.
    pub async fn beat<C>(&self, conn: &mut C) -> QueryResult<()>
    where
        C: SimpleConnection + QueryConnection<Backend: Dialect>,
    {
        let sql = self.0.beat(only::<C>()?);
        conn.batch_execute(&sql).await
    }

    /// Returns the time since the last beat that has arrived at a replica, over a connection to it: its lag, and up to the time
    /// between two beats more.
    ///
    /// # Errors
    ///
    /// Diesel's; `NotFound` if no beat has arrived yet.
    pub async fn lag<C>(&self, conn: &mut C) -> QueryResult<Duration>
    where
        C: QueryConnection<Backend: Dialect>,
        Age: LoadQuery<'static, C, Option<f64>>,
    {
        let age = sql::<Nullable<Double>>(&self.0.age(only::<C>()?));
        let age: Option<f64> = RawQueryDsl::get_result(select(age), conn).await?;
        lag(age).ok_or(diesel::result::Error::NotFound)
    }
}

/// Returns the only language of a type of connections. An enum of them has several, and no way to say here which one it is.
fn only<C: QueryConnection<Backend: Dialect>>() -> QueryResult<Sql> {
    match <C::Backend as Dialect>::LANGUAGES {
        [only] => Ok(*only),
        _ => Err(diesel::result::Error::QueryBuilderError(
            "a heartbeat needs to know the database: match on the connection, and give it the one inside".into(),
        )),
    }
}
