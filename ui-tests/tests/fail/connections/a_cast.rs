//! A handle is no connection to the compiler, whatever it is cast to.

use diesel::PgConnection;
use diesel_async::AsyncPgConnection;
use diesel_routing::{Primary, pg, sync};

fn cast(conn: &mut pg::ReadConn<Primary>) {
    let _ = conn as &mut pg::ReadConn<Primary>;
    let _ = conn as &mut AsyncPgConnection;
}

fn cast_blocking(conn: &mut sync::pg::ReadConn<Primary>) {
    let _ = conn as &mut sync::pg::ReadConn<Primary>;
    let _ = conn as &mut PgConnection;
}

fn main() {}
