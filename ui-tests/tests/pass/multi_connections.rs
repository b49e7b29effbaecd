//! Diesel's `MultiConnection` takes raw connections under our prelude, and `WriteConn`s.

use diesel_routing::sync::prelude::*;
use ui_tests::{User, users};

mod raw {
    use super::*;

    #[derive(diesel::MultiConnection)]
    pub(super) enum Any {
        Postgres(PgConnection),
        Sqlite(SqliteConnection),
    }

    fn run(conn: &mut Any) -> QueryResult<Vec<User>> {
        diesel::delete(users::table.find(1)).execute(conn)?;
        users::table.load(conn)
    }
}

mod routed {
    use super::*;
    use diesel_routing::sync::{pg, sqlite};

    #[derive(diesel::MultiConnection)]
    pub(super) enum Any {
        Postgres(pg::WriteConn),
        Sqlite(sqlite::WriteConn),
    }

    fn run(conn: &mut Any) -> QueryResult<Vec<User>> {
        diesel::delete(users::table.find(1)).execute(conn)?;
        users::table.load(conn)
    }
}
