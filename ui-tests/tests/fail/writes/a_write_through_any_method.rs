//! Whichever method runs it, an `UPDATE` needs a `WriteConn`.

mod asynchronous {
    use diesel_routing::Replica;
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use ui_tests::{User, users};

    async fn a_write_through_any_method(
        write: &mut WriteConn,
        replica: &mut ReadConn<Replica>,
    ) -> QueryResult<()> {
        let statement = || diesel::update(users::table.find(1)).set(users::name.eq("Ann"));
        statement().load::<User>(write).await?;
        statement().get_result::<User>(write).await?;
        statement().get_results::<User>(write).await?;
        statement().load_stream::<User>(write).await?;
        statement().load::<User>(replica).await?;
        statement().get_result::<User>(replica).await?;
        statement().get_results::<User>(replica).await?;
        statement().load_stream::<User>(replica).await?;
        Ok(())
    }
}

mod blocking {
    use diesel::connection::DefaultLoadingMode;
    use diesel_routing::Replica;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;
    use ui_tests::{User, users};

    fn a_write_through_any_method(write: &mut WriteConn, replica: &mut ReadConn<Replica>) -> QueryResult<()> {
        let statement = || diesel::update(users::table.find(1)).set(users::name.eq("Ann"));
        statement().load::<User>(write)?;
        statement().get_result::<User>(write)?;
        statement().get_results::<User>(write)?;
        statement().load_iter::<User, DefaultLoadingMode>(write)?;
        statement().load::<User>(replica)?;
        statement().get_result::<User>(replica)?;
        statement().get_results::<User>(replica)?;
        statement().load_iter::<User, DefaultLoadingMode>(replica)?;
        Ok(())
    }
}

fn main() {}
