//! `LOCK IN SHARE MODE` needs the primary: a replica would take the lock, and stall replication.

mod asynchronous {
    use diesel_routing::mysql::ReadConn;
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{User, users};

    async fn lock_in_share_mode(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<()> {
        users::table.for_share().load::<User>(primary).await?;
        users::table.for_share().load::<User>(replica).await?;
        users::table.for_share().load::<User>(caught_up).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::mysql::ReadConn;
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};
    use ui_tests::{User, users};

    fn lock_in_share_mode(
        primary: &mut ReadConn<Primary>,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
    ) -> QueryResult<()> {
        users::table.for_share().load::<User>(primary)?;
        users::table.for_share().load::<User>(replica)?;
        users::table.for_share().load::<User>(caught_up)?;
        Ok(())
    }
}

fn main() {}
