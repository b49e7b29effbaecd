//! `FOR KEY SHARE` needs the primary, with and without `SKIP LOCKED` and `NOWAIT`.

mod asynchronous {
    use diesel_routing::pg::ReadConn;
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{User, users};

    async fn for_key_share(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<()> {
        users::table.for_key_share().load::<User>(primary).await?;
        users::table.for_key_share().skip_locked().first::<User>(primary).await?;
        users::table.for_key_share().no_wait().get_result::<User>(primary).await?;
        users::table.for_key_share().load::<User>(replica).await?;
        users::table.for_key_share().skip_locked().first::<User>(replica).await?;
        users::table.for_key_share().no_wait().get_result::<User>(replica).await?;
        users::table.for_key_share().load::<User>(caught_up).await?;
        users::table.for_key_share().skip_locked().first::<User>(caught_up).await?;
        users::table.for_key_share().no_wait().get_result::<User>(caught_up).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::ReadConn;
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{User, users};

    fn for_key_share(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<()> {
        users::table.for_key_share().load::<User>(primary)?;
        users::table.for_key_share().skip_locked().first::<User>(primary)?;
        users::table.for_key_share().no_wait().get_result::<User>(primary)?;
        users::table.for_key_share().load::<User>(replica)?;
        users::table.for_key_share().skip_locked().first::<User>(replica)?;
        users::table.for_key_share().no_wait().get_result::<User>(replica)?;
        users::table.for_key_share().load::<User>(caught_up)?;
        users::table.for_key_share().skip_locked().first::<User>(caught_up)?;
        users::table.for_key_share().no_wait().get_result::<User>(caught_up)?;
        Ok(())
    }
}

fn main() {}
