//! An `INSERT .. SELECT` needs a `WriteConn`, although it reads, too.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{posts, users};

    async fn an_insert_from_a_select(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let names = posts::table.select(posts::title);
        let statement = || names.insert_into(users::table).into_columns(users::name);
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
    use ui_tests::{posts, users};

    fn an_insert_from_a_select(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let names = posts::table.select(posts::title);
        let statement = || names.insert_into(users::table).into_columns(users::name);
        statement().execute(write)?;
        statement().execute(replica)?;
        statement().execute(caught_up)?;
        statement().execute(primary)?;
        Ok(())
    }
}

fn main() {}
