//! COPY, LISTEN and the escape hatch of a `WriteConn` on PostgreSQL.

mod asynchronous {
    use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
    use diesel_routing::pg::WriteConn;
    use diesel_routing::prelude::*;
    use futures_util::StreamExt;

    async fn listen(conn: &mut WriteConn) -> QueryResult<Option<String>> {
        conn.batch_execute("LISTEN users").await?;
        let notification = std::pin::pin!(conn.notifications_stream()).next().await;
        Ok(notification.transpose()?.map(|found| found.payload))
    }

    async fn escape(conn: &mut WriteConn) -> QueryResult<()> {
        async fn takes_raw(_: &mut AsyncPgConnection) {}

        takes_raw(&mut *conn.raw_counts_as_write()?).await;
        Ok(())
    }
}

mod blocking {
    use diesel::connection::SimpleConnection;
    use diesel::result::Error;
    use diesel_routing::sync::pg::WriteConn;
    use diesel_routing::sync::prelude::*;
    use std::io::Read;
    use ui_tests::{NewUser, User, users};

    fn copy(conn: &mut WriteConn) -> Result<Vec<User>, Error> {
        diesel::copy_from(users::table)
            .from_raw_data((users::id, users::name), |out| {
                std::io::Write::write_all(out, b"1\tAnn\n")
                    .map_err(|error| Error::DeserializationError(error.into()))
            })
            .execute(conn)?;
        let ann = vec![NewUser { name: "Ann" }];
        diesel::copy_from(users::table)
            .from_insertable(&ann)
            .execute(conn)?;
        conn.copy_to(|raw| {
            let mut csv = String::new();
            let read = diesel::copy_to(users::table)
                .load_raw(raw)?
                .read_to_string(&mut csv);
            read.map_err(|error| Error::DeserializationError(error.into()))
        })?;
        conn.copy_to(|raw| {
            diesel::copy_to(users::table)
                .load::<User, _>(raw)?
                .collect()
        })
    }

    fn listen(conn: &mut WriteConn) -> QueryResult<Vec<String>> {
        conn.batch_execute("LISTEN users")?;
        conn.notifications_iter()
            .map(|found| Ok(found?.payload))
            .collect()
    }

    fn escape(conn: &mut WriteConn) -> QueryResult<()> {
        fn takes_raw(_: &mut PgConnection) {}

        takes_raw(&mut *conn.raw_counts_as_write()?);
        Ok(())
    }
}
