//! An `UPDATE .. RETURNING` needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{User, users};

    async fn an_update_that_returns_rows(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::update(users::table.find(1)).set(users::name.eq("Ann"));
        statement().get_result::<User>(write).await?;
        statement().get_result::<User>(replica).await?;
        statement().get_result::<User>(caught_up).await?;
        statement().get_result::<User>(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{User, users};

    fn an_update_that_returns_rows(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::update(users::table.find(1)).set(users::name.eq("Ann"));
        statement().get_result::<User>(write)?;
        statement().get_result::<User>(replica)?;
        statement().get_result::<User>(caught_up)?;
        statement().get_result::<User>(primary)?;
        Ok(())
    }
}

fn main() {}
