//! `COPY .. TO` runs on blocking handles of PostgreSQL: diesel-async has none.

use diesel_routing::Replica;
use diesel_routing::sync::pg::{Session, copy_to};
use diesel_routing::sync::prelude::*;
use ui_tests::users;

fn on_a_session(session: &Session) -> Result<(), Box<dyn std::error::Error>> {
    copy_to(users::table).load_raw(&mut session.read()?)?;
    copy_to(users::table).load_raw(&mut session)?;
    Ok(())
}

fn on_an_async_handle(conn: &mut diesel_routing::pg::ReadConn<Replica>) -> QueryResult<()> {
    copy_to(users::table).load_raw(conn).map(drop)
}

fn main() {}
