//! `FOR UPDATE` needs the primary, with and without `SKIP LOCKED` and `NOWAIT`.

mod asynchronous {
    use diesel_routing::pg::ReadConn;
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{User, users};

    async fn for_update(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<()> {
        users::table.for_update().load::<User>(primary).await?;
        users::table.for_update().skip_locked().first::<User>(primary).await?;
        users::table.for_update().no_wait().get_result::<User>(primary).await?;
        users::table.for_update().load::<User>(replica).await?;
        users::table.for_update().skip_locked().first::<User>(replica).await?;
        users::table.for_update().no_wait().get_result::<User>(replica).await?;
        users::table.for_update().load::<User>(caught_up).await?;
        users::table.for_update().skip_locked().first::<User>(caught_up).await?;
        users::table.for_update().no_wait().get_result::<User>(caught_up).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::ReadConn;
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{User, users};

    fn for_update(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<()> {
        users::table.for_update().load::<User>(primary)?;
        users::table.for_update().skip_locked().first::<User>(primary)?;
        users::table.for_update().no_wait().get_result::<User>(primary)?;
        users::table.for_update().load::<User>(replica)?;
        users::table.for_update().skip_locked().first::<User>(replica)?;
        users::table.for_update().no_wait().get_result::<User>(replica)?;
        users::table.for_update().load::<User>(caught_up)?;
        users::table.for_update().skip_locked().first::<User>(caught_up)?;
        users::table.for_update().no_wait().get_result::<User>(caught_up)?;
        Ok(())
    }
}

fn main() {}
