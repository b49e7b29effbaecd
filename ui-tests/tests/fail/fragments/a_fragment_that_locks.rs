//! A query fragment runs where its `#[statement(..)]` says: this one on the primary.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Integer;
use diesel_routing::{CaughtUp, Primary, pg::ReadConn, prelude::*};

#[derive(diesel_routing::Statement)]
#[statement(row_lock)]
#[derive(Clone, Copy, QueryId)]
struct Lock;

impl Query for Lock {
    type SqlType = Integer;
}

impl QueryFragment<Pg> for Lock {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("SELECT 1");
        Ok(())
    }
}

impl<C> diesel::RunQueryDsl<C> for Lock {}

async fn lock(primary: &mut ReadConn<Primary>, caught_up: &mut ReadConn<CaughtUp>) -> QueryResult<i32> {
    Lock.get_result::<i32>(primary).await?;
    Lock.get_result(caught_up).await
}

fn main() {}
