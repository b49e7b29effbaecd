//! The enum, and its handles.

use diesel_routing::sync;
use diesel_routing::sync::prelude::*;

#[derive(diesel::MultiConnection, diesel_routing::RoutedConnection)]
pub(crate) enum AnyConnection {
    Postgres(PgConnection),
    Mysql(MysqlConnection),
    Sqlite(SqliteConnection),
}

pub(crate) type ReadConn<R> = sync::ReadConn<R, AnyConnection>;
pub(crate) type WriteConn = sync::WriteConn<AnyConnection>;
pub(crate) type Router = sync::Router<AnyConnection>;
pub(crate) type Session = sync::Session<AnyConnection>;
pub(crate) type TestRouter = sync::TestRouter<AnyConnection>;
pub(crate) type ReadSql = diesel_routing::ReadSql<MultiBackend>;
