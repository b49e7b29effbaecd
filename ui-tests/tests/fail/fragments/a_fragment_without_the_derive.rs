//! A query fragment that does not say what it does may do anything, and needs a `WriteConn`.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Integer;
use diesel::QueryResult;
use diesel_routing::{Primary, Replica, pg, sync};

#[derive(Clone, Copy, QueryId)]
struct Opaque;

impl Query for Opaque {
    type SqlType = Integer;
}

impl QueryFragment<Pg> for Opaque {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("SELECT 1");
        Ok(())
    }
}

impl<C> diesel::RunQueryDsl<C> for Opaque {}

mod asynchronous {
    use super::*;
    use diesel_routing::prelude::*;

    async fn run(
        write: &mut pg::WriteConn,
        replica: &mut pg::ReadConn<Replica>,
        primary: &mut pg::ReadConn<Primary>,
    ) -> QueryResult<i32> {
        Opaque.execute(write).await?;
        Opaque.execute(replica).await?;
        Opaque.get_result::<i32>(primary).await
    }
}

mod blocking {
    use super::*;
    use diesel_routing::sync::prelude::*;

    fn run(
        write: &mut sync::pg::WriteConn,
        replica: &mut sync::pg::ReadConn<Replica>,
        primary: &mut sync::pg::ReadConn<Primary>,
    ) -> QueryResult<i32> {
        Opaque.execute(write)?;
        Opaque.execute(replica)?;
        Opaque.get_result::<i32>(primary)
    }
}

fn main() {}
