//! An `INSERT .. RETURNING` needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    async fn an_insert_that_returns_rows(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::insert_into(users::table).values(users::name.eq("Ann"));
        statement().returning(users::id).get_result::<i32>(write).await?;
        statement().returning(users::id).get_result::<i32>(replica).await?;
        statement().returning(users::id).get_result::<i32>(caught_up).await?;
        statement().returning(users::id).get_result::<i32>(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    fn an_insert_that_returns_rows(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::insert_into(users::table).values(users::name.eq("Ann"));
        statement().returning(users::id).get_result::<i32>(write)?;
        statement().returning(users::id).get_result::<i32>(replica)?;
        statement().returning(users::id).get_result::<i32>(caught_up)?;
        statement().returning(users::id).get_result::<i32>(primary)?;
        Ok(())
    }
}

fn main() {}
