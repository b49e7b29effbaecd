//! On PostgreSQL, with blocking connections.

pub(crate) use diesel_routing::sync::pg::{Router, Session};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) type Connection = PgConnection;

/// One question to the primary, for the position of the write, and one to the replica that is likely to have it.
pub(crate) const WRITE_AND_READ_ADDS: f64 = 2.0;

pub(crate) use super::{
    BackendId, Cluster, HOUR, LIMIT, PATIENCE, READ_PRIMARY_ADDS, SERVER, SET_BY_HAND, SETTING,
    backend_id, cluster, end, in_time, node, position, settings, stranger,
};

#[path = "../suite/blocking_addresses.rs"]
mod addresses;
#[path = "../suite/blocking.rs"]
mod blocking;
#[path = "../suite/blocking_fence.rs"]
mod fence;
#[path = "../suite/blocking_roles.rs"]
mod roles;
#[path = "../suite/blocking_round_trips.rs"]
mod round_trips;
#[path = "../suite/blocking_switch.rs"]
mod switch;
#[path = "../suite/blocking_world.rs"]
mod world;
