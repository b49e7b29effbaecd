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
    use diesel::pg::CopyFormat;
    use diesel::result::Error;
    use diesel_routing::sync::pg::WriteConn;
    use diesel_routing::sync::prelude::*;
    use std::io::{BufRead, Read};
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

    /// Diesel's calls: an import is all that differs.
    macro_rules! exports {
        ($conn:ident) => {{
            let users = copy_to(users::table).load::<User, _>($conn)?;
            users.collect::<QueryResult<Vec<_>>>()?;
            for user in copy_to(users::table).load::<User, _>($conn)? {
                user?;
            }
            let mut csv = String::new();
            copy_to((users::id, users::name))
                .with_format(CopyFormat::Csv)
                .with_header(true)
                .with_null("none")
                .with_delimiter(';')
                .with_quote('"')
                .with_escape('!')
                .load_raw($conn)?
                .read_to_string(&mut csv)
                .map_err(|error| Error::DeserializationError(error.into()))?;
            let raw = copy_to(users::table).with_freeze(false).load_raw($conn)?;
            raw.lines().count();
            Ok(())
        }};
    }

    mod ours {
        use super::*;
        use diesel_routing::sync::pg::{CopyRows, CopyToReader, ReadConn, copy_from, copy_to};
        use diesel_routing::{CaughtUp, Primary, Replica, Role};

        fn replica(conn: &mut ReadConn<Replica>) -> QueryResult<()> {
            exports!(conn)
        }

        fn caught_up(conn: &mut ReadConn<CaughtUp>) -> QueryResult<()> {
            exports!(conn)
        }

        fn primary(conn: &mut ReadConn<Primary>) -> QueryResult<()> {
            exports!(conn)
        }

        fn any<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<()> {
            exports!(conn)
        }

        fn write(conn: &mut WriteConn) -> QueryResult<()> {
            let ann = [NewUser { name: "Ann" }];
            copy_from(users::table)
                .from_insertable(&ann[..])
                .execute(conn)?;
            conn.transaction(|tx| exports!(tx))
        }

        fn raw(conn: &mut PgConnection) -> QueryResult<()> {
            exports!(conn)
        }

        fn pooled(
            conn: &mut diesel::r2d2::PooledConnection<
                diesel::r2d2::ConnectionManager<PgConnection>,
            >,
        ) -> QueryResult<()> {
            exports!(conn)
        }

        fn rows(conn: &mut ReadConn<Replica>) -> QueryResult<CopyRows<'_, User>> {
            copy_to(users::table).load(conn)
        }

        fn text(conn: &mut ReadConn<Replica>) -> QueryResult<CopyToReader<'_>> {
            copy_to(users::table).load_raw(conn)
        }
    }

    mod diesels {
        use super::*;
        use diesel::copy_to;

        fn raw(conn: &mut PgConnection) -> QueryResult<()> {
            exports!(conn)
        }
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
