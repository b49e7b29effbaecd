//! A boxed `DELETE` needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    async fn a_boxed_delete(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::delete(users::table).into_boxed();
        statement().filter(users::id.eq(1)).execute(write).await?;
        statement().filter(users::id.eq(1)).execute(replica).await?;
        statement().filter(users::id.eq(1)).execute(caught_up).await?;
        statement().filter(users::id.eq(1)).execute(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    fn a_boxed_delete(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        let statement = || diesel::delete(users::table).into_boxed();
        statement().filter(users::id.eq(1)).execute(write)?;
        statement().filter(users::id.eq(1)).execute(replica)?;
        statement().filter(users::id.eq(1)).execute(caught_up)?;
        statement().filter(users::id.eq(1)).execute(primary)?;
        Ok(())
    }
}

fn main() {}
