//! Diesel's own `COPY .. TO` takes raw connections only: handles have `sync::pg::copy_to`.

use diesel_routing::Replica;
use diesel_routing::sync::pg::{ReadConn, WriteConn, copy_to};
use diesel_routing::sync::prelude::*;
use ui_tests::{User, users};

fn export(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
    copy_to(users::table).load::<User, _>(conn)?.collect()
}

fn own_load(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
    diesel::copy_to(users::table).load::<User, _>(conn)?.collect()
}

fn own_load_raw(conn: &mut WriteConn) -> QueryResult<()> {
    diesel::copy_to(users::table).load_raw(conn).map(drop)
}

fn main() {}
