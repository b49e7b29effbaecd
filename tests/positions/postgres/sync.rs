//! On PostgreSQL, with blocking connections.

pub(crate) use diesel_routing::sync::pg::{Router, Session};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use super::{HOUR, PATIENCE, cluster, in_time, node, settings};

#[path = "../suite/blocking.rs"]
mod blocking;
