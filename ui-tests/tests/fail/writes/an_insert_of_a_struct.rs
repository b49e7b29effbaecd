//! An `INSERT` of an `Insertable` needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{NewUser, users};

    async fn an_insert_of_a_struct(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let ann = NewUser { name: "Ann" };
        let statement = || diesel::insert_into(users::table).values(&ann);
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
    use ui_tests::{NewUser, users};

    fn an_insert_of_a_struct(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let ann = NewUser { name: "Ann" };
        let statement = || diesel::insert_into(users::table).values(&ann);
        statement().execute(write)?;
        statement().execute(replica)?;
        statement().execute(caught_up)?;
        statement().execute(primary)?;
        Ok(())
    }
}

fn main() {}
