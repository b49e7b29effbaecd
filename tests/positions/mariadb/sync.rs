//! On MariaDB, with blocking connections.

pub(crate) use diesel_routing::sync::mysql::{Router, Session};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use super::{HOUR, PATIENCE, Standbys as _, cluster, in_time, node, settings};

#[path = "../suite/blocking.rs"]
mod blocking;

#[path = "sync_waits.rs"]
mod waits;
