//! A primary, its replicas, and a router to them.

use anyhow::Result;
use diesel::connection::SimpleConnection;
use diesel_routing::Node;
use diesel_routing::sync::sqlite::Router;
use diesel_routing_testkit::SqliteCluster;

use crate::options::Options;
use crate::settings;

/// Fields are dropped in order: connections are closed before their files are removed.
pub(crate) struct Nodes {
    pub(crate) router: Router,
    _cluster: SqliteCluster,
}

impl Nodes {
    pub(crate) fn start(options: &Options) -> Result<Self> {
        let cluster = SqliteCluster::builder()
            .replicas(options.replicas.into())
            .lag(options.lag)
            .schema(&settings::schema(options.users.into()))
            .start()?;

        let mut router = Router::builder()
            .primary(Node::new("db-1", cluster.primary_url()))
            .window(options.window)
            // SQLite lets one connection write at a time; the others wait instead of failing.
            // The files are temporary: no need to sync them.
            .on_connect(|conn, _| {
                conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF")
            });
        for (number, url) in (2..).zip(cluster.replica_urls()) {
            router = router.replica(Node::new(format!("db-{number}"), url));
        }
        Ok(Self {
            router: router.build()?,
            _cluster: cluster,
        })
    }
}
