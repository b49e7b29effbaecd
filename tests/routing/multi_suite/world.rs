//! A cluster of this database, and a router of the enum.

use diesel_routing::TokenKeys;
use diesel_routing::sync::RouterBuilder;
use diesel_routing::sync::prelude::*;

use super::Cluster;
use crate::flavour::users;
use crate::multi::connection::{AnyConnection, ReadConn, Router, WriteConn};
use diesel_routing::Replica;

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) router: Router,
}

impl World {
    /// Starts a primary and a replica.
    pub(crate) fn start() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(
        set: impl FnOnce(RouterBuilder<AnyConnection>) -> RouterBuilder<AnyConnection>,
    ) -> Self {
        let cluster = Cluster::start(1);
        let keys = TokenKeys::new(1, [7; 32]).unwrap();
        let builder = Router::builder()
            .primary(cluster.primary())
            .replica(cluster.replica(0))
            .token_keys(keys);
        let router = set(builder).build().unwrap();
        Self { cluster, router }
    }
}

pub(crate) fn name(conn: &mut ReadConn<Replica>) -> String {
    let name = users::table.find(1).select(users::name);
    name.first(conn).unwrap()
}

pub(crate) fn rename(conn: &mut WriteConn, name: &str) {
    let user = diesel::update(users::table.find(1));
    assert_eq!(user.set(users::name.eq(name)).execute(conn), Ok(1));
}
