//! A row lock needs the primary, whatever else the `SELECT` has.

mod asynchronous {
    use diesel_routing::pg::ReadConn;
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    async fn a_lock_on_some_columns(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<()> {
        let statement = || users::table.filter(users::id.gt(1)).order(users::name).limit(5).for_update();
        statement().select(users::id).load::<i32>(primary).await?;
        statement().select(users::id).load::<i32>(replica).await?;
        statement().select(users::id).load::<i32>(caught_up).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::ReadConn;
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::users;

    fn a_lock_on_some_columns(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<()> {
        let statement = || users::table.filter(users::id.gt(1)).order(users::name).limit(5).for_update();
        statement().select(users::id).load::<i32>(primary)?;
        statement().select(users::id).load::<i32>(replica)?;
        statement().select(users::id).load::<i32>(caught_up)?;
        Ok(())
    }
}

fn main() {}
