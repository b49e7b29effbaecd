//! The statements of the oracle.

use std::marker::PhantomData;

use diesel::QueryResult;

use crate::backend::Backend;
use crate::oracle::{Role, Statements};

/// The workload on servers of the kind `B`.
pub(crate) struct Acts<B>(PhantomData<B>);

impl<B: Backend> Statements for Acts<B> {
    type Connection = B::Connection;
    type Manager = B::Manager;
    type Keys = i32;
    type Rows = i64;

    async fn position(conn: &mut B::Connection, role: Role) -> QueryResult<i64> {
        B::position(conn, role).await
    }

    async fn read(conn: &mut B::Connection, role: Role, key: &i32) -> QueryResult<(i64, i64)> {
        B::read_and_ask(conn, role, *key).await
    }

    async fn write(conn: &mut B::Connection, key: i32) -> QueryResult<(i64, i64)> {
        B::write_and_ask(conn, key).await
    }
}
