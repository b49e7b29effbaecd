//! `sql::<T>(..)` on its own is raw SQL, and needs a `WriteConn` or a check.

mod asynchronous {
    use diesel::dsl::sql;
    use diesel::sql_types::Integer;
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};

    async fn a_literal_as_a_statement(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        sql::<Integer>("SELECT 1").get_result::<i32>(write).await?;
        sql::<Integer>("SELECT ").bind::<Integer, _>(1).get_result::<i32>(write).await?;
        sql::<Integer>("SELECT 1").get_result::<i32>(replica).await?;
        sql::<Integer>("SELECT ").bind::<Integer, _>(1).get_result::<i32>(replica).await?;
        sql::<Integer>("SELECT 1").get_result::<i32>(caught_up).await?;
        sql::<Integer>("SELECT ").bind::<Integer, _>(1).get_result::<i32>(caught_up).await?;
        sql::<Integer>("SELECT 1").get_result::<i32>(primary).await?;
        sql::<Integer>("SELECT ").bind::<Integer, _>(1).get_result::<i32>(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel::dsl::sql;
    use diesel::sql_types::Integer;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};

    fn a_literal_as_a_statement(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        sql::<Integer>("SELECT 1").get_result::<i32>(write)?;
        sql::<Integer>("SELECT ").bind::<Integer, _>(1).get_result::<i32>(write)?;
        sql::<Integer>("SELECT 1").get_result::<i32>(replica)?;
        sql::<Integer>("SELECT ").bind::<Integer, _>(1).get_result::<i32>(replica)?;
        sql::<Integer>("SELECT 1").get_result::<i32>(caught_up)?;
        sql::<Integer>("SELECT ").bind::<Integer, _>(1).get_result::<i32>(caught_up)?;
        sql::<Integer>("SELECT 1").get_result::<i32>(primary)?;
        sql::<Integer>("SELECT ").bind::<Integer, _>(1).get_result::<i32>(primary)?;
        Ok(())
    }
}

fn main() {}
