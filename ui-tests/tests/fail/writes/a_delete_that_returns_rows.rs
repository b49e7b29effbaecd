//! A `DELETE .. RETURNING` needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    async fn a_delete_that_returns_rows(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::delete(users::table.find(1));
        statement().returning(users::name).get_results::<String>(write).await?;
        statement().returning(users::name).get_results::<String>(replica).await?;
        statement().returning(users::name).get_results::<String>(caught_up).await?;
        statement().returning(users::name).get_results::<String>(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    fn a_delete_that_returns_rows(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::delete(users::table.find(1));
        statement().returning(users::name).get_results::<String>(write)?;
        statement().returning(users::name).get_results::<String>(replica)?;
        statement().returning(users::name).get_results::<String>(caught_up)?;
        statement().returning(users::name).get_results::<String>(primary)?;
        Ok(())
    }
}

fn main() {}
