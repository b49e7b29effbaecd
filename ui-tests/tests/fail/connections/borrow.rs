//! `Borrow` does not lead from a read handle to its connection.

use std::borrow::Borrow;

use diesel::PgConnection;
use diesel_async::AsyncPgConnection;
use diesel_routing::pg::ReadConn;
use diesel_routing::{Primary, Replica, sync};

fn reach(replica: &ReadConn<Replica>, primary: &ReadConn<Primary>) {
    let _ = Borrow::<AsyncPgConnection>::borrow(replica);
    let _ = Borrow::<AsyncPgConnection>::borrow(primary);
}

fn reach_blocking(replica: &sync::pg::ReadConn<Replica>) {
    let _ = Borrow::<PgConnection>::borrow(replica);
}

fn main() {}
