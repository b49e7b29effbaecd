//! The same with blocking connections.

pub(crate) use diesel_routing::sync::mysql::Router;
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use super::{
    HOUR, READ_PRIMARY_ADDS, SERVER, SET_BY_HAND, SETTING, WRITE_AND_READ_ADDS, cluster, settings,
};

pub(crate) type Connection = MysqlConnection;

#[path = "../../suite/blocking_round_trips.rs"]
mod round_trips;
