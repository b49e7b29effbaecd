//! Rows arrive as they are asked for, one by one, as Diesel's own methods deliver them.

use diesel_routing::Replica;
use ui_tests::{User, users};

mod asynchronous {
    use super::*;
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::prelude::*;
    use futures_util::{Stream, TryStreamExt};

    async fn rows(
        conn: &mut ReadConn<Replica>,
    ) -> QueryResult<impl Stream<Item = QueryResult<User>> + '_> {
        users::table.load_stream(conn).await
    }

    async fn first(
        read: &mut ReadConn<Replica>,
        write: &mut WriteConn,
    ) -> QueryResult<Option<User>> {
        std::pin::pin!(users::table.load_stream::<User>(write).await?)
            .try_next()
            .await?;
        std::pin::pin!(rows(read).await?).try_next().await
    }
}

mod blocking {
    use super::*;
    use diesel::connection::DefaultLoadingMode;
    use diesel::pg::PgRowByRowLoadingMode;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;

    fn rows(
        conn: &mut ReadConn<Replica>,
    ) -> QueryResult<impl Iterator<Item = QueryResult<User>> + '_> {
        users::table.load_iter::<User, PgRowByRowLoadingMode>(conn)
    }

    fn first(read: &mut ReadConn<Replica>, write: &mut WriteConn) -> QueryResult<Option<User>> {
        users::table
            .load_iter::<User, DefaultLoadingMode>(write)?
            .next()
            .transpose()?;
        rows(read)?.next().transpose()
    }
}
