//! Raw SQL with a bound value needs a `WriteConn` or a check, as without.

mod asynchronous {
    use diesel::sql_types::Integer;
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};

    async fn a_query_with_a_bound_value(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(1).execute(write).await?;
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(1).execute(replica).await?;
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(1).execute(caught_up).await?;
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(1).execute(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel::sql_types::Integer;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};

    fn a_query_with_a_bound_value(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(1).execute(write)?;
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(1).execute(replica)?;
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(1).execute(caught_up)?;
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(1).execute(primary)?;
        Ok(())
    }
}

fn main() {}
