//! The connection inside a handle is private.

use diesel_routing::{Replica, pg, sync};

fn look(conn: &mut pg::ReadConn<Replica>) -> bool {
    let _ = &mut conn.lease;
    conn.route().is_primary
}

fn look_blocking(conn: &mut sync::pg::ReadConn<Replica>) -> bool {
    let _ = &mut conn.lease;
    conn.route().is_primary
}

fn main() {}
