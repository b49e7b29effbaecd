//! `lock_rows()` needs the primary, on an enum of connections too.

use diesel_routing::sync::prelude::*;
use diesel_routing::sync::ReadConn;
use diesel_routing::{LockRowsDsl, Primary, Replica};
use ui_tests::{User, users};

#[derive(diesel::MultiConnection, diesel_routing::RoutedConnection)]
pub enum Any {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

fn lock_rows(
    primary: &mut ReadConn<Primary, Any>,
    replica: &mut ReadConn<Replica, Any>,
) -> QueryResult<()> {
    users::table.lock_rows().load::<User>(primary)?;
    users::table.lock_rows().load::<User>(replica)?;
    Ok(())
}

fn main() {}
