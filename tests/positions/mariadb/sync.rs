//! On MariaDB, with blocking connections.

pub(crate) use diesel_routing::sync::mysql::{Router, Session};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) type Connection = MysqlConnection;

pub(crate) use super::{
    BackendId, Cluster, HOUR, LIMIT, PATIENCE, READ_PRIMARY_ADDS, SERVER, SET_BY_HAND, SETTING,
    Standbys as _, WRITE_AND_READ_ADDS, backend_id, cluster, end, in_time, node, position,
    settings, stranger,
};

#[path = "../suite/blocking_addresses.rs"]
mod addresses;
#[path = "../suite/blocking.rs"]
mod blocking;
#[path = "../suite/blocking_roles.rs"]
mod roles;
#[path = "../suite/blocking_round_trips.rs"]
mod round_trips;

#[path = "../suite/blocking_fence.rs"]
mod fence;
#[path = "../suite/blocking_switch.rs"]
mod switch;
#[path = "sync_waits.rs"]
mod waits;
#[path = "../suite/blocking_world.rs"]
mod world;
