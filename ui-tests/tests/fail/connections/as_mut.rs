//! `AsMut` does not lead from a read handle to its connection.

use diesel::PgConnection;
use diesel_async::AsyncPgConnection;
use diesel_routing::pg::ReadConn;
use diesel_routing::{Primary, Replica, sync};

fn reach(replica: &mut ReadConn<Replica>, primary: &mut ReadConn<Primary>) {
    let _ = AsMut::<AsyncPgConnection>::as_mut(replica);
    let _ = AsMut::<AsyncPgConnection>::as_mut(primary);
}

fn reach_blocking(replica: &mut sync::pg::ReadConn<Replica>) {
    let _ = AsMut::<PgConnection>::as_mut(replica);
}

fn main() {}
