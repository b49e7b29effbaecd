//! A blocking handle stands for the weaker ones, and never for a stronger one.

use diesel_routing::sync::pg::{ReadConn, WriteConn};
use diesel_routing::{CaughtUp, Primary, Replica};

fn any(_: &mut ReadConn<Replica>) {}
fn caught_up(_: &mut ReadConn<CaughtUp>) {}
fn primary(_: &mut ReadConn<Primary>) {}
fn write(_: &mut WriteConn) {}

fn from_a_replica(conn: &mut ReadConn<Replica>) {
    any(conn);
    caught_up(conn);
    primary(conn);
    write(conn);
}

fn from_a_caught_up_node(conn: &mut ReadConn<CaughtUp>) {
    any(conn);
    primary(conn);
    write(conn);
}

fn from_the_primary(conn: &mut ReadConn<Primary>) {
    any(conn);
    caught_up(conn);
    write(conn);
}

fn main() {}
