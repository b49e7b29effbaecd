//! A query fragment runs where its `#[statement(..)]` says: this one on a `WriteConn`.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Integer;
use diesel_routing::Primary;
use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::prelude::*;

#[derive(diesel_routing::Statement)]
#[statement(write)]
#[derive(Clone, Copy, QueryId)]
struct Bump;

impl Query for Bump {
    type SqlType = Integer;
}

impl QueryFragment<Pg> for Bump {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("SELECT 1");
        Ok(())
    }
}

impl<C> diesel::RunQueryDsl<C> for Bump {}

async fn bump(write: &mut WriteConn, primary: &mut ReadConn<Primary>) -> QueryResult<usize> {
    Bump.execute(write).await?;
    Bump.execute(primary).await
}

fn main() {}
