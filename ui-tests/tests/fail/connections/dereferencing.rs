//! A read handle dereferences to weaker read handles, and never to a raw connection.

use diesel::PgConnection;
use diesel_async::AsyncPgConnection;
use diesel_routing::{CaughtUp, Primary, Replica, pg, sync};

fn weaken(primary: &mut pg::ReadConn<Primary>, replica: &mut pg::ReadConn<Replica>) {
    let _: &mut pg::ReadConn<CaughtUp> = primary;
    let _: &mut pg::ReadConn<Replica> = primary;
    let _: &mut AsyncPgConnection = primary;
    let _: &mut AsyncPgConnection = &mut **replica;
}

fn weaken_blocking(primary: &mut sync::pg::ReadConn<Primary>, replica: &mut sync::pg::ReadConn<Replica>) {
    let _: &mut sync::pg::ReadConn<Replica> = primary;
    let _: &mut PgConnection = primary;
    let _: &mut PgConnection = &mut **replica;
}

fn main() {}
