//! What the query methods call lends the connection for a key that nobody else can make.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use diesel_routing::bounds::{Load, Runs};
use diesel_routing::{Replica, pg, sync};
use ui_tests::users;

fn admitted(conn: &mut sync::pg::ReadConn<Replica>) -> bool {
    sync::bounds::Runs::admit(conn, Load(users::table), sync::runs::Key(())).is_ok()
}

fn started(conn: &mut pg::ReadConn<Replica>) -> QueryResult<()> {
    let start = |_, raw: &mut AsyncPgConnection| drop(raw);
    Runs::run(conn, Load(users::table), diesel_routing::asynchronous::runs::Key(()), (), start);
    Ok(())
}

fn main() {}
