//! On MariaDB.

use std::time::{Duration, Instant};

use diesel_async::AsyncMysqlConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::{Pool, PooledConnection};
use diesel_routing::mysql::Router;
use diesel_routing::{Node, RoutedConnection, TokenKeys};
use diesel_routing_testkit::MariaCluster;
use diesel_routing_verify::{
    Error, Lent, Strategy, StrategyError, Verification, ViolationKind, others,
};

use crate::{LIMIT, assert_holds, kinds, stale};

fn node(cluster: &MariaCluster, index: usize) -> Node {
    let node = cluster.node(index);
    Node::new(node.name(), node.url())
}

async fn router(cluster: &MariaCluster) -> Router {
    let builder = Router::builder()
        .primary(node(cluster, 0))
        .replica(node(cluster, 1))
        .token_keys(TokenKeys::new(1, [7; 32]).unwrap());
    builder.build().await.unwrap()
}

fn asking(verification: Verification, cluster: &MariaCluster) -> Verification {
    verification
        .primary(&node(cluster, 0))
        .replica(&node(cluster, 1))
}

/// Starts a cluster whose application may make databases for runs, and see what all run.
fn cluster() -> MariaCluster {
    let cluster = MariaCluster::builder().replicas(1).start().unwrap();
    let grant = "GRANT ALL ON `diesel\\_routing\\_verify\\_%`.* TO app";
    cluster.primary().admin_execute(grant).unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();
    cluster
}

fn databases(cluster: &MariaCluster) -> String {
    let sql = "SELECT GROUP_CONCAT(schema_name) FROM information_schema.schemata \
               WHERE schema_name LIKE 'diesel\\_routing\\_verify%'";
    let databases = cluster.primary().admin_value(sql).unwrap();
    databases.unwrap_or_default()
}

/// Sends locks, and some writes, to a replica that takes them.
struct Broken {
    primary: Pool<AsyncMysqlConnection>,
    replica: Pool<AsyncMysqlConnection>,
}

impl Broken {
    async fn new(cluster: &MariaCluster) -> Self {
        let pool = async |url: String| {
            let manager = AsyncDieselConnectionManager::<AsyncMysqlConnection>::new(url);
            Pool::builder().build(manager).await.unwrap()
        };
        Self {
            primary: pool(cluster.primary().url()).await,
            replica: pool(cluster.replica(0).url()).await,
        }
    }
}

impl Strategy<AsyncMysqlConnection> for Broken {
    type Session = ();
    type Connection = PooledConnection<'static, AsyncMysqlConnection>;

    fn begin(&self) {}

    async fn read(&self, (): &mut ()) -> Result<Lent<Self::Connection>, StrategyError> {
        Ok(Lent::new("replica", self.replica.get_owned().await?))
    }

    async fn write(&self, (): &mut ()) -> Result<Lent<Self::Connection>, StrategyError> {
        Ok(Lent::new("primary", self.primary.get_owned().await?))
    }

    async fn lock(&self, session: &mut ()) -> Result<Lent<Self::Connection>, StrategyError> {
        self.read(session).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_keeps_its_promises_while_its_replica_lags_a_second() {
    let cluster = cluster();
    let router = router(&cluster).await;
    cluster
        .replica(0)
        .set_apply_delay(Duration::from_secs(1))
        .unwrap();
    let verification = asking(Verification::new(&router), &cluster);
    let report = verification.seconds(5).clients(8).run().await.unwrap();
    assert_holds(&report);
    assert_eq!(report.not_checked, [""; 0], "{report}");
    assert_eq!(databases(&cluster), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_on_a_replica_that_takes_them_are_caught_twice() {
    let cluster = cluster();
    cluster.replica(0).set("read_only", "0").unwrap();
    let broken = Broken::new(&cluster).await;
    let verification = asking(Verification::of_strategy(broken), &cluster);
    let report = verification.seconds(4).clients(8).run().await.unwrap();
    let kinds = kinds(&report);
    for kind in [
        ViolationKind::LockOnReplica,
        ViolationKind::LockSeenOnReplica,
        ViolationKind::ReadPoolNotReadOnly,
    ] {
        assert!(kinds.contains(&kind), "{report}");
    }
    assert!(!stale(&report).is_empty(), "{report}");
    assert_eq!(databases(&cluster), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_not_make_databases_is_told_the_grant() {
    let cluster = MariaCluster::builder().replicas(1).start().unwrap();
    let router = router(&cluster).await;
    let verification = || asking(Verification::new(&router), &cluster).seconds(2);
    let error = verification().run().await.unwrap_err();
    assert!(matches!(error, Error::Create { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("`diesel\\_routing\\_verify\\_%`.*"),
        "{error}"
    );
    let report = verification().in_tables().run().await.unwrap();
    assert_holds(&report);
    let tables =
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_name LIKE 'diesel\\_routing%'";
    let tables = cluster.primary().admin_value(tables).unwrap();
    assert_eq!(tables.as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn others_sessions_are_counted_whether_the_account_may_see_them_or_not() {
    let cluster = cluster();
    cluster
        .primary()
        .admin_execute("CREATE USER other; GRANT ALL ON app.* TO other")
        .unwrap();
    let url = cluster.primary().url();
    let ask = || others::<AsyncMysqlConnection>([("one", &*url)]);
    // The replica's feed is one that this account may not see. A server takes a moment to notice that somebody has left.
    let become_hidden = async |sessions| {
        let since = Instant::now();
        loop {
            let found = ask().await.unwrap();
            if let [others] = &*found
                && (others.whose.as_deref(), others.sessions) == (None, sessions)
            {
                return;
            }
            assert!(since.elapsed() < LIMIT, "{found:?}");
        }
    };
    become_hidden(1).await;
    let guest = cluster.primary().url_for("other", "app");
    let guest = AsyncMysqlConnection::open(&guest).await.unwrap();
    become_hidden(2).await;
    drop(guest);
    let _own = AsyncMysqlConnection::open(&url).await.unwrap();
    let since = Instant::now();
    while !ask()
        .await
        .unwrap()
        .iter()
        .any(|others| others.to_string() == "one: 1 app in app")
    {
        assert!(since.elapsed() < LIMIT, "{:?}", ask().await);
    }
}
