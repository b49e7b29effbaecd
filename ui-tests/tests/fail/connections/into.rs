//! `From` and `Into` do not lead from a read handle to its connection.

use diesel::PgConnection;
use diesel_async::AsyncPgConnection;
use diesel_routing::{Replica, pg, sync};

fn reach(replica: pg::ReadConn<Replica>) -> AsyncPgConnection {
    replica.into()
}

fn reach_blocking(replica: sync::pg::ReadConn<Replica>) -> PgConnection {
    replica.into()
}

fn main() {}
