//! Transactions are for writes and row locks; a handle that may be a replica has snapshots.

mod asynchronous {
    use diesel_routing::{CaughtUp, Primary, Replica, pg::ReadConn, prelude::*};
    use ui_tests::users;

    async fn twice(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<i64> {
        primary.transaction(async |tx| users::table.count().get_result::<i64>(tx).await).await?;
        replica.transaction(async |tx| users::table.count().get_result::<i64>(tx).await).await?;
        caught_up.transaction(async |tx| users::table.count().get_result::<i64>(tx).await).await
    }
}

mod blocking {
    use diesel_routing::{CaughtUp, Primary, Replica, sync::pg::ReadConn, sync::prelude::*};
    use ui_tests::users;

    fn twice(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<i64> {
        primary.transaction(|tx| users::table.count().get_result::<i64>(tx))?;
        replica.transaction(|tx| users::table.count().get_result::<i64>(tx))?;
        caught_up.transaction(|tx| users::table.count().get_result::<i64>(tx))
    }
}

fn main() {}
