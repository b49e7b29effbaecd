//! A handle's role cannot be changed by hand.

use diesel_async::AsyncPgConnection;
use diesel_routing::pg::ReadConn;
use diesel_routing::{Primary, ReadConn as AnyReadConn, Replica};

fn strengthen(replica: ReadConn<Replica>) -> ReadConn<Primary> {
    AnyReadConn::<Primary, AsyncPgConnection>::new(replica.into_lease())
}

fn strengthen_in_place(replica: &mut ReadConn<Replica>) -> &mut ReadConn<Primary> {
    AnyReadConn::<Primary, AsyncPgConnection>::of_mut(replica.lease_mut())
}

fn main() {}
