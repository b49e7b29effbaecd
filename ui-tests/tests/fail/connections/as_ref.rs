//! `AsRef` does not lead from a read handle to its connection.

use diesel::PgConnection;
use diesel_async::AsyncPgConnection;
use diesel_routing::pg::ReadConn;
use diesel_routing::{Primary, Replica, sync};

fn reach(replica: &ReadConn<Replica>, primary: &ReadConn<Primary>) {
    let _ = AsRef::<AsyncPgConnection>::as_ref(replica);
    let _ = AsRef::<AsyncPgConnection>::as_ref(primary);
}

fn reach_blocking(replica: &sync::pg::ReadConn<Replica>) {
    let _ = AsRef::<PgConnection>::as_ref(replica);
}

fn main() {}
