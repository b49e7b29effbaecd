//! Boxed raw SQL with a bound value needs a `WriteConn` or a check.

mod asynchronous {
    use diesel::sql_types::Integer;
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::User;

    async fn a_boxed_query_with_a_bound_value(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::sql_query("SELECT * FROM users").into_boxed().bind::<Integer, _>(1);
        statement().load::<User>(write).await?;
        statement().load::<User>(replica).await?;
        statement().load::<User>(caught_up).await?;
        statement().load::<User>(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel::sql_types::Integer;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::User;

    fn a_boxed_query_with_a_bound_value(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::sql_query("SELECT * FROM users").into_boxed().bind::<Integer, _>(1);
        statement().load::<User>(write)?;
        statement().load::<User>(replica)?;
        statement().load::<User>(caught_up)?;
        statement().load::<User>(primary)?;
        Ok(())
    }
}

fn main() {}
