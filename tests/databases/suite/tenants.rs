//! A cluster with a database for each tenant.

use std::time::Instant;

use super::world::{name, nodes};
use super::*;

pub(crate) const TENANTS: [&str; 2] = ["tenant_a", "tenant_b"];

/// A cluster whose database `app` has the user 1 `ann`, and each tenant's one of the tenant's name.
pub(crate) struct Tenants {
    pub(crate) router: Router,
    pub(crate) cluster: Cluster,
}

impl Tenants {
    pub(crate) async fn start(replicas: usize) -> Self {
        Self::with(replicas, |builder| builder).await
    }

    pub(crate) async fn with(replicas: usize, adapt: impl FnOnce(Builder) -> Builder) -> Self {
        let cluster = Cluster::start(replicas);
        for tenant in TENANTS {
            cluster.create_database(tenant);
        }
        // Whatever a replica serves after a write is proved.
        let builder = nodes(&cluster, 5).window(Duration::from_secs(3600));
        let router = wait!(adapt(builder.token_keys(keys())).build()).unwrap();
        for tenant in TENANTS {
            seed(&router.for_database(tenant).unwrap(), tenant).await;
        }
        cluster.catch_up();
        Self { router, cluster }
    }

    /// Returns the routers for both tenants' databases.
    pub(crate) fn both(&self) -> [Router; 2] {
        TENANTS.map(|tenant| self.router.for_database(tenant).unwrap())
    }
}

pub(crate) fn keys() -> TokenKeys {
    TokenKeys::new(1, "a secret that is known to all processes".as_bytes()).unwrap()
}

/// Fills an empty database with a user of this name, whose id is 1.
pub(crate) async fn seed(router: &Router, user: &str) {
    let mut conn = wait!(router.write()).unwrap();
    for sql in [
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, age INTEGER)"
            .to_owned(),
        format!("INSERT INTO users (id, name) VALUES (1, '{user}')"),
    ] {
        wait!(conn.batch_execute(&sql)).unwrap();
    }
}

/// Returns the name of user 1, as a read of any state from a replica has it.
pub(crate) async fn on_a_replica(router: &Router) -> String {
    let since = Instant::now();
    loop {
        let mut conn = wait!(router.read_eventual()).unwrap();
        if !conn.route().is_primary {
            return name(&mut conn).await;
        }
        in_time(since, &router.status());
    }
}

/// Reads in a session until a replica serves that, and returns the name of user 1 there.
pub(crate) async fn caught_up(session: &Session) -> String {
    let since = Instant::now();
    loop {
        let mut conn = wait!(session.read()).unwrap();
        if !conn.route().is_primary {
            return name(&mut conn).await;
        }
        in_time(since, &session.router().status());
    }
}

pub(crate) fn in_time(since: Instant, what: &dyn std::fmt::Debug) {
    assert!(since.elapsed() < Duration::from_secs(20), "{what:#?}");
}

/// Waits until clients have this number of connections to a database.
pub(crate) fn until_connections(cluster: &Cluster, database: &str, expected: u32) {
    let since = Instant::now();
    loop {
        let count = cluster.connections_to(database);
        if count == expected {
            return;
        }
        in_time(since, &(database, count));
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns the number of connections that a router's pools have open.
pub(crate) fn open(router: &Router) -> u32 {
    let nodes = router.status().nodes;
    let pools = nodes.iter().flat_map(|node| &node.pools);
    pools.map(|pool| pool.open).sum()
}
