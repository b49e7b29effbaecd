//! Raw SQL may do anything, and needs a `WriteConn` or a check.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};

    async fn a_query(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        diesel::sql_query("DELETE FROM users").execute(write).await?;
        diesel::sql_query("DELETE FROM users").execute(replica).await?;
        diesel::sql_query("DELETE FROM users").execute(caught_up).await?;
        diesel::sql_query("DELETE FROM users").execute(primary).await?;
        Ok(())
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Primary, Replica};

    fn a_query(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> QueryResult<()> {
        diesel::sql_query("DELETE FROM users").execute(write)?;
        diesel::sql_query("DELETE FROM users").execute(replica)?;
        diesel::sql_query("DELETE FROM users").execute(caught_up)?;
        diesel::sql_query("DELETE FROM users").execute(primary)?;
        Ok(())
    }
}

fn main() {}
