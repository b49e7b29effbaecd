//! An `INSERT .. ON CONFLICT` needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    async fn an_upsert(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let ann = (users::id.eq(1), users::name.eq("Ann"));
        let statement = || diesel::insert_into(users::table).values(ann).on_conflict(users::id);
        statement().do_nothing().execute(write).await?;
        statement().do_update().set(ann.1).execute(write).await?;
        statement().do_nothing().execute(replica).await?;
        statement().do_update().set(ann.1).execute(replica).await?;
        statement().do_nothing().execute(caught_up).await?;
        statement().do_update().set(ann.1).execute(caught_up).await?;
        statement().do_nothing().execute(primary).await?;
        statement().do_update().set(ann.1).execute(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    fn an_upsert(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let ann = (users::id.eq(1), users::name.eq("Ann"));
        let statement = || diesel::insert_into(users::table).values(ann).on_conflict(users::id);
        statement().do_nothing().execute(write)?;
        statement().do_update().set(ann.1).execute(write)?;
        statement().do_nothing().execute(replica)?;
        statement().do_update().set(ann.1).execute(replica)?;
        statement().do_nothing().execute(caught_up)?;
        statement().do_update().set(ann.1).execute(caught_up)?;
        statement().do_nothing().execute(primary)?;
        statement().do_update().set(ann.1).execute(primary)?;
        Ok(())
    }
}

fn main() {}
