//! An `INSERT` needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    async fn an_insert(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::insert_into(users::table).values(users::name.eq("Ann"));
        statement().execute(write).await?;
        statement().execute(replica).await?;
        statement().execute(caught_up).await?;
        statement().execute(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    fn an_insert(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::insert_into(users::table).values(users::name.eq("Ann"));
        statement().execute(write)?;
        statement().execute(replica)?;
        statement().execute(caught_up)?;
        statement().execute(primary)?;
        Ok(())
    }
}

fn main() {}
