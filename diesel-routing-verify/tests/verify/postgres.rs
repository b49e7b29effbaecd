//! On PostgreSQL.

use std::time::{Duration, Instant};

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::{Pool, PooledConnection};
use diesel_routing::pg::Router;
use diesel_routing::{Node, RoutedConnection, TokenKeys};
use diesel_routing_testkit::PgCluster;
use diesel_routing_verify::{
    Error, Lent, Strategy, StrategyError, Verification, ViolationKind, others,
};

use crate::{LIMIT, assert_holds, kinds, stale};

fn node(cluster: &PgCluster, index: usize) -> Node {
    let node = cluster.node(index);
    Node::new(node.name(), node.url()).read_pool_size(10)
}

async fn router(cluster: &PgCluster) -> Router {
    let mut builder = Router::builder()
        .primary(node(cluster, 0))
        .token_keys(TokenKeys::new(1, [7; 32]).unwrap());
    for index in 1..cluster.nodes().len() {
        builder = builder.replica(node(cluster, index));
    }
    builder.build().await.unwrap()
}

/// Names the nodes to be asked.
fn asking(mut verification: Verification, cluster: &PgCluster) -> Verification {
    verification = verification.primary(&node(cluster, 0));
    for index in 1..cluster.nodes().len() {
        verification = verification.replica(&node(cluster, index));
    }
    verification
}

/// Returns the schemas of runs.
fn schemas(cluster: &PgCluster) -> String {
    let sql = "SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname LIKE 'diesel_routing_verify%'";
    cluster
        .primary()
        .query_value(sql)
        .unwrap()
        .unwrap_or_default()
}

fn cluster() -> PgCluster {
    PgCluster::builder().standbys(2).start().unwrap()
}

/// Reads from a replica, and sends locks where they must not go, as it is told.
struct Broken {
    primary: Pool<AsyncPgConnection>,
    replica: Pool<AsyncPgConnection>,
    locks_on_replica: bool,
}

impl Broken {
    async fn new(cluster: &PgCluster, locks_on_replica: bool) -> Self {
        let pool = async |url: String| {
            let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(url);
            Pool::builder().build(manager).await.unwrap()
        };
        Self {
            primary: pool(cluster.primary().url()).await,
            replica: pool(cluster.standby(0).url()).await,
            locks_on_replica,
        }
    }
}

impl Strategy<AsyncPgConnection> for Broken {
    type Session = ();
    type Connection = PooledConnection<'static, AsyncPgConnection>;

    fn begin(&self) {}

    async fn read(&self, (): &mut ()) -> Result<Lent<Self::Connection>, StrategyError> {
        Ok(Lent::new("replica", self.replica.get_owned().await?))
    }

    async fn write(&self, (): &mut ()) -> Result<Lent<Self::Connection>, StrategyError> {
        Ok(Lent::new("primary", self.primary.get_owned().await?))
    }

    async fn lock(&self, session: &mut ()) -> Result<Lent<Self::Connection>, StrategyError> {
        match self.locks_on_replica {
            true => self.read(session).await,
            false => self.write(session).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_keeps_its_promises_while_one_replica_lags() {
    let cluster = cluster();
    let router = router(&cluster).await;
    cluster
        .standby(0)
        .set_apply_delay(Duration::from_millis(300))
        .unwrap();
    let verification = asking(Verification::new(&router), &cluster);
    let report = verification.seconds(4).clients(8).run().await.unwrap();
    assert_holds(&report);
    assert_eq!(report.not_checked, [""; 0], "{report}");
    // Every node was seen at work, and only the primary with locks and writes.
    for activity in &report.activity {
        let is_primary = activity.node == "node0";
        assert_eq!(activity.role == "primary", is_primary, "{report}");
        assert_eq!(
            activity.on_primary.contains_key("lock"),
            is_primary,
            "{report}"
        );
        assert_eq!(
            activity.on_replica.contains_key("read"),
            !is_primary,
            "{report}"
        );
    }
    assert!(report.handed_over > 0, "{report}");
    let pools: Vec<_> = report
        .pools
        .iter()
        .map(|pool| (pool.pool, pool.read_only))
        .collect();
    assert!(
        pools.contains(&("write", false)) && pools.contains(&("read", true)),
        "{report}"
    );
    assert_eq!(schemas(&cluster), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_reads_from_any_replica_is_caught() {
    let cluster = cluster();
    let broken = Broken::new(&cluster, false).await;
    cluster
        .standby(0)
        .set_apply_delay(Duration::from_millis(100))
        .unwrap();
    let verification = asking(Verification::of_strategy(broken), &cluster);
    let report = verification.seconds(2).clients(4).run().await.unwrap();
    assert!(stale(&report).contains(&"read your writes"), "{report}");
    // Its pools are Diesel's own, which open no read-only sessions.
    let kinds = kinds(&report);
    assert!(
        kinds.contains(&ViolationKind::ReadPoolNotReadOnly),
        "{report}"
    );
    assert!(!kinds.contains(&ViolationKind::LockOnReplica), "{report}");
    assert_eq!(report.subject, "Broken");
    let page = report.to_html();
    assert!(
        page.contains("stale_read") && page.contains("<svg") && !page.contains("src="),
        "{page}"
    );
    assert!(report.to_json().contains("\"kind\": \"stale_read\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_that_reach_a_standby_are_caught_though_it_refuses_them() {
    let cluster = cluster();
    let broken = Broken::new(&cluster, true).await;
    let report = Verification::of_strategy(broken)
        .seconds(1)
        .clients(4)
        .run()
        .await
        .unwrap();
    assert!(kinds(&report).contains(&ViolationKind::Refused), "{report}");
    assert!(
        report
            .not_checked
            .iter()
            .any(|what| what.contains("no node was named")),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_or_dropped_leaves_nothing_behind() {
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    let router = router(&cluster).await;
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let verification = asking(Verification::new(&router), &cluster).seconds(60);
    let verification = verification.on_progress(move |progress| {
        // Nobody listens any more once it works.
        let _ = told.send(progress.step);
    });
    let stop = async { while hears.recv().await.unwrap() != "working" {} };
    let report = verification.run_until(stop).await.unwrap();
    assert!(report.interrupted && report.seconds < 60.0, "{report}");
    assert_eq!(schemas(&cluster), "");

    let verification = asking(Verification::new(&router), &cluster).seconds(60);
    let run = tokio::time::timeout(Duration::from_secs(1), verification.run());
    assert!(run.await.is_err());
    let since = Instant::now();
    while !schemas(&cluster).is_empty() {
        assert!(since.elapsed() < LIMIT, "{}", schemas(&cluster));
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_left_behind_is_named_and_then_removed() {
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    let router = router(&cluster).await;
    let (old, new) = (
        "diesel_routing_verify_0000000001_0badcafe",
        "diesel_routing_verify_ffffffffff_0badcafe",
    );
    for name in [old, new] {
        let sql = format!("CREATE SCHEMA {name}; CREATE TABLE {name}.log (id int)");
        cluster.primary().execute(&sql).unwrap();
    }
    let verification = || Verification::new(&router).seconds(1).clients(2);
    let report = verification().run().await.unwrap();
    assert_eq!(report.leftovers, [old], "{report}");
    assert!(
        report.to_string().contains("--remove-leftovers"),
        "{report}"
    );
    assert_eq!(schemas(&cluster).split(' ').count(), 2);
    let report = verification().remove_leftovers().run().await.unwrap();
    assert!(report.leftovers_removed, "{report}");
    // The other one may be at work.
    assert_eq!(schemas(&cluster), new);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_not_create_schemas_is_told_and_may_put_tables_where_it_may() {
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    cluster
        .primary()
        .admin_execute(
            "CREATE ROLE small LOGIN; GRANT CONNECT ON DATABASE app TO small; \
             GRANT CREATE, USAGE ON SCHEMA public TO small",
        )
        .unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();
    let node = |index: usize| {
        let node = cluster.node(index);
        Node::new(node.name(), node.url_for("small", "app"))
    };
    let router = Router::builder().primary(node(0)).replica(node(1));
    let router = router.build().await.unwrap();
    let verification = || {
        let verification = Verification::new(&router)
            .primary(&node(0))
            .replica(&node(1));
        verification.seconds(1).clients(4)
    };
    let error = verification().run().await.unwrap_err();
    assert!(matches!(error, Error::Create { .. }), "{error}");
    let words = error.to_string();
    assert!(
        words.contains("permission denied") && words.contains("--in-tables"),
        "{words}"
    );

    let report = verification().in_tables().run().await.unwrap();
    assert_holds(&report);
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'diesel_routing_verify%'";
    let tables = cluster.primary().query_value(tables).unwrap();
    assert_eq!(tables.as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_not_see_what_runs_makes_a_report_that_says_so() {
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    let router = router(&cluster).await;
    let sql = "REVOKE SELECT ON pg_stat_activity FROM PUBLIC";
    cluster.primary().admin_execute(sql).unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();
    let verification = asking(Verification::new(&router), &cluster);
    let report = verification.seconds(1).clients(4).run().await.unwrap();
    assert!(report.violations().is_empty(), "{report}");
    let not_checked = report.not_checked.join("\n");
    assert!(not_checked.contains("what node `node1` runs: "), "{report}");
    assert!(not_checked.contains("permission denied"), "{report}");
    for shown in [report.to_string(), report.to_html()] {
        assert!(shown.contains("Not checked"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_sessions_are_counted_and_the_servers_own_are_not() {
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    let urls: Vec<_> = cluster.nodes().iter().map(|node| node.url()).collect();
    let ask = || others::<AsyncPgConnection>([("one", &*urls[0]), ("two", &*urls[1])]);
    // A server takes a moment to notice that somebody has left, such as who asked before.
    let become_these = async |expected: &[&str]| {
        let since = Instant::now();
        loop {
            let found = ask().await.unwrap();
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            if found == expected {
                return;
            }
            assert!(since.elapsed() < LIMIT, "{found:?}");
        }
    };
    become_these(&[]).await;
    let _guest = AsyncPgConnection::open(&urls[1]).await.unwrap();
    become_these(&["two: 1 app in app"]).await;
    cluster.standby(0).kill().unwrap();
    let error = ask().await.unwrap_err();
    assert!(
        error.to_string().contains("`two` cannot be asked"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_down_are_told_of() {
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    let router = router(&cluster).await;
    cluster.standby(0).kill().unwrap();
    let verification = asking(Verification::new(&router), &cluster);
    let report = verification.seconds(1).clients(2).run().await.unwrap();
    assert!(report.violations().is_empty(), "{report}");
    assert!(report.shows_nothing().is_some(), "{report}");
    assert!(
        report.not_checked.iter().any(|what| what.contains("node1")),
        "{report}"
    );

    cluster.primary().kill().unwrap();
    let run = Verification::new(&router).seconds(1).run();
    let error = run.await.unwrap_err();
    assert!(matches!(error, Error::NoWrites { .. }), "{error}");
    assert!(error.to_string().contains("its primary runs"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_a_failover_loses_are_no_stale_reads() {
    let cluster = PgCluster::builder().standbys(2).start().unwrap();
    let router = router(&cluster).await;
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let verification = asking(Verification::new(&router), &cluster);
    let verification = verification
        .seconds(8)
        .clients(4)
        .on_progress(move |progress| {
            let _ = told.send(progress.step);
        });
    let failover = async {
        while hears.recv().await.unwrap() != "working" {}
        tokio::task::block_in_place(|| {
            cluster.cut_replication(2).unwrap();
            cluster.primary().kill().unwrap();
            cluster.standby(1).promote().unwrap();
        });
        while hears.recv().await.is_some() {}
    };
    let (report, ()) = tokio::join!(verification.run(), failover);
    let report = report.unwrap();
    assert!(report.violations().is_empty(), "{report}");
    assert_eq!(report.staleness.histories, 2, "{report}");
    assert_eq!(report.not_removed, None, "{report}");
}
