//! `read_sql!` takes a file, in each dialect, in both flavours, and where a constant is needed.

use ui_tests::User;

mod asynchronous {
    use super::*;
    use diesel_routing::prelude::*;
    use diesel_routing::{Replica, mysql, pg, sqlite};

    const USERS: fn() -> pg::ReadSql = || pg::read_sql!(file = "tests/queries/users.sql");

    async fn all(
        conn: &mut pg::ReadConn<Replica>,
        on_mysql: &mut mysql::ReadConn<Replica>,
        on_sqlite: &mut sqlite::ReadConn<Replica>,
    ) -> QueryResult<Vec<User>> {
        let mut users: Vec<User> = USERS().load(conn).await?;
        let query = mysql::read_sql!(file = "tests/queries/users.sql");
        users.extend(query.load::<User>(on_mysql).await?);
        let query = sqlite::read_sql!(file = "tests/queries/first_user.sql",);
        users.push(query.get_result(on_sqlite).await?);
        Ok(users)
    }
}

mod blocking {
    use super::*;
    use diesel_routing::sync::{mysql, pg, prelude::*, sqlite};
    use diesel_routing::{CaughtUp, Primary};

    fn all(
        conn: &mut pg::ReadConn<CaughtUp>,
        on_mysql: &mut mysql::ReadConn<Primary>,
        on_sqlite: &mut sqlite::WriteConn,
    ) -> QueryResult<Vec<User>> {
        let query = pg::read_sql!(file = "tests/queries/users.sql");
        let mut users: Vec<User> = query.load(conn)?;
        let query = mysql::read_sql!(file = "tests/queries/users.sql");
        users.extend(query.load::<User>(on_mysql)?);
        let query = sqlite::read_sql!(file = "tests/queries/first_user.sql");
        users.push(query.get_result(on_sqlite)?);
        Ok(users)
    }
}
