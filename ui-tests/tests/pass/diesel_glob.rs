//! Beside `use diesel::*`, which has Diesel's own query methods, ours are imported by name.

mod asynchronous {
    use diesel::*;
    use diesel_routing::Replica;
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::{RunQueryDsl, SaveChangesDsl};
    use ui_tests::{User, users};

    async fn read(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
        users::table.filter(users::id.gt(1)).load(conn).await
    }

    async fn write(conn: &mut WriteConn, user: &User) -> QueryResult<User> {
        update(users::table.find(1))
            .set(users::name.eq("Ann"))
            .execute(conn)
            .await?;
        user.save_changes(conn).await
    }
}

mod blocking {
    use diesel::*;
    use diesel_routing::Replica;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::{ExecuteCopyFromDsl, RunQueryDsl, SaveChangesDsl};
    use ui_tests::{NewUser, User, users};

    fn read(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
        users::table.filter(users::id.gt(1)).load(conn)
    }

    fn write(conn: &mut WriteConn, user: &User) -> QueryResult<User> {
        update(users::table.find(1))
            .set(users::name.eq("Ann"))
            .execute(conn)?;
        copy_from(users::table)
            .from_insertable(&vec![NewUser { name: "Ann" }])
            .execute(conn)?;
        user.save_changes(conn)
    }
}
