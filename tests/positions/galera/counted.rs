//! The suites of round trips, on two nodes that both take writes, of which the router writes to one.

mod sync;

#[path = "../suite/round_trips.rs"]
mod round_trips;

pub(crate) use diesel_routing::mysql::Router;
pub(crate) use diesel_routing::prelude::*;
use diesel_routing_testkit::{GaleraCluster, MariaNode};

pub(crate) use crate::mariadb::theme_pipelined;
pub(crate) use crate::{HOUR, settings};

pub(crate) type Connection = diesel_async::AsyncMysqlConnection;
pub(crate) type Builder = diesel_routing::RouterBuilder<Connection>;

pub(crate) const SERVER: &str = "Galera";
/// The node may have left the cluster, and may still have to apply what another one acknowledged: each read of it asks.
pub(crate) const READ_PRIMARY_ADDS: f64 = 1.0;
/// One question to the node that wrote, for the position of the write, and one to the node that is likely to have it.
pub(crate) const WRITE_AND_READ_ADDS: f64 = 2.0;

/// A setting that travels.
pub(crate) const SETTING: &str = "@tenant";
/// None that is reset: connections are closed.
pub(crate) const SET_BY_HAND: Option<&str> = None;

/// A cluster, by the names that suites use.
pub(crate) struct Nodes(GaleraCluster);

impl Nodes {
    pub(crate) fn primary(&self) -> &MariaNode {
        self.0.node(0)
    }

    pub(crate) fn standby(&self, index: usize) -> &MariaNode {
        self.0.node(index + 1)
    }
}

pub(crate) fn cluster(others: usize) -> Nodes {
    Nodes(super::cluster(others + 1))
}
