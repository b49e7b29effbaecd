//! Logical subscribers: servers with a log of their own.

use std::time::{Duration, Instant};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel_routing::{ConfigError, Error, Health, Node, NodeStatus, Reason, Tag};
use diesel_routing_testkit::PgCluster;

use super::world::{builder, set_theme};
use super::*;

diesel::define_sql_function! {
    fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// A publisher with a standby, a subscriber of all of its tables, and a router over them.
struct World {
    publisher: PgCluster,
    subscriber: PgCluster,
    router: Router,
}

impl World {
    async fn start() -> Self {
        let publisher = cluster(1);
        let create = "CREATE PUBLICATION everything FOR ALL TABLES";
        publisher
            .primary()
            .admin_execute(create)
            .expect("published");
        let subscriber = Cluster::builder().own_identity().start();
        let subscriber = subscriber.expect("a server");
        subscriber.primary().execute(SCHEMA[0]).expect("a table");
        subscribe(subscriber.primary(), publisher.primary());
        let node = node("subscriber", subscriber.primary());
        let node = node.logical().tag("reporting");
        let router = builder(&publisher).replica(node).build().await;
        let world = Self {
            publisher,
            subscriber,
            router: router.expect("a router"),
        };
        world
            .until(|node| node.health == Health::Up && node.lag.is_some())
            .await;
        world
    }

    fn status(&self) -> NodeStatus {
        let nodes = self.router.status().nodes;
        let mut nodes = nodes.into_iter();
        nodes
            .find(|node| node.name == "subscriber")
            .expect("a node")
    }

    async fn until(&self, is_so: impl Fn(&NodeStatus) -> bool) {
        let since = Instant::now();
        while !is_so(&self.status()) {
            assert!(since.elapsed() < LIMIT, "{:?}", self.status());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the subscriber serves who asks for it.
    async fn until_it_serves(&self) {
        let session = self.router.session().on(only());
        let since = Instant::now();
        while let Err(error) = session.read_bounded(Duration::from_secs(1)).await {
            assert!(since.elapsed() < LIMIT, "{error}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn only() -> Tag {
    Tag::new("reporting").or_fail()
}

fn subscribe(subscriber: &PgNode, publisher: &PgNode) {
    let dir = publisher.socket_dir().display();
    let sql = format!(
        "CREATE SUBSCRIPTION everything CONNECTION 'host={dir} port=5432 user=postgres dbname=app' \
         PUBLICATION everything WITH (copy_data = {})",
        subscriber
            .query_value("SELECT 1 FROM settings")
            .expect("rows")
            .is_none()
    );
    subscriber.admin_execute(&sql).expect("subscribed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_serves_bounded_and_eventual_reads_that_ask_for_it_and_no_others() {
    let world = World::start().await;
    let session = world.router.session();
    set_theme(&session, "dark").await;
    world.until_it_serves().await;
    let there = session.on(only());
    let conn = there.read_eventual().await.expect("a connection");
    assert_eq!(conn.route().node, "subscriber");
    drop(conn);
    let conn = there.read_bounded(LIMIT).await.expect("a connection");
    assert_eq!(
        (conn.route().node, conn.route().reason),
        ("subscriber", Reason::Bounded)
    );
    drop(conn);
    let refused = there.read().await.expect_err("a session's read");
    assert!(
        matches!(refused, Error::NoTaggedReplica { .. }),
        "{refused}"
    );
    for _ in 0..20 {
        let conn = session.read_eventual().await.expect("a connection");
        assert_eq!(conn.route().node, "standby-0");
    }
    // A session's read that asks for it goes to another replica.
    let conn = session.on("reporting").waiting(LIMIT).read().await;
    assert_eq!(conn.expect("a connection").route().node, "standby-0");
    // Its own server takes writes; its connections do not.
    let mut conn = there.read_eventual().await.expect("a connection");
    let setting = diesel::select(current_setting("transaction_read_only"));
    let value: String = setting.get_result(&mut conn).await.expect("a row");
    assert_eq!(value, "on");
}

/// Its lag is that of what it has applied: the worker is stopped by a lock, and goes on receiving.
#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_read_leaves_a_subscriber_that_applies_too_late() {
    const BOUND: Duration = Duration::from_millis(400);
    let world = World::start().await;
    let session = world.router.session();
    let there = session.on(Tag::new("reporting").or_primary());
    let (mut written, mut stale) = (Vec::new(), false);
    let url = world.subscriber.primary().url_for("postgres", "app");
    let mut locked = PgConnection::establish(&url).expect("a connection");
    let lock = "BEGIN; LOCK TABLE settings IN SHARE MODE";
    locked.batch_execute(lock).expect("a lock");
    let since = Instant::now();
    while !stale {
        assert!(since.elapsed() < LIMIT, "no read has left the subscriber");
        let theme = written.len();
        set_theme(&session, &theme.to_string()).await;
        written.push(Instant::now());
        let asked = Instant::now();
        let mut conn = there.read_bounded(BOUND).await.expect("a connection");
        stale = conn.route().is_primary;
        let theme: String = settings::table
            .find(1)
            .select(settings::theme)
            .first(&mut conn)
            .await
            .expect("a row");
        let seen = theme.parse::<usize>().map_or(0, |theme| theme + 1);
        let acknowledged = written.iter().filter(|&&at| at + BOUND < asked).count();
        assert!(
            seen >= acknowledged,
            "it saw {seen} of {acknowledged} that are older than {BOUND:?}"
        );
    }
    drop(locked);
    world.until_it_serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_subscriber_lacks_stands_in_its_status() {
    let world = World::start().await;
    let server = world.subscriber.primary();
    for (sql, words) in [
        (
            "ALTER SUBSCRIPTION everything DISABLE",
            "no subscription is enabled",
        ),
        ("ALTER SUBSCRIPTION everything ENABLE", ""),
        ("CREATE TABLE more (id int PRIMARY KEY)", ""),
    ] {
        server.admin_execute(sql).expect(sql);
        world
            .until(|node| match words {
                "" => node.problem.is_none() && node.health == Health::Up,
                words => {
                    let problem = node.problem.as_deref();
                    node.health == Health::Excluded
                        && problem.is_some_and(|problem| problem.contains(words))
                }
            })
            .await;
    }
    world.until_it_serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_of_a_primary_that_was_left_behind_serves_nothing_until_it_follows_the_new_one()
 {
    let world = World::start().await;
    let session = world.router.session();
    set_theme(&session, "dark").await;
    world.until_it_serves().await;
    let promoted = world.publisher.split_brain(1).expect("promoted");
    let since = Instant::now();
    while !world
        .router
        .status()
        .nodes
        .iter()
        .any(|node| node.is_primary && node.name == "standby-0")
    {
        in_time(since, "the promotion");
        tokio::task::yield_now().await;
    }
    // The old one goes on, and with it the subscriber.
    let old = world.publisher.node(0);
    old.admin_execute("UPDATE settings SET theme = 'lost'")
        .expect("a write");
    world.until(|node| node.lag.is_none()).await;
    let bounded = session.on(only()).read_bounded(LIMIT).await;
    assert!(
        matches!(bounded, Err(Error::NoTaggedReplica { .. })),
        "{bounded:?}"
    );
    let eventual = session.on(only()).read_eventual().await;
    assert!(
        matches!(eventual, Err(Error::NoTaggedReplica { .. })),
        "{eventual:?}"
    );

    let server = world.subscriber.primary();
    server
        .admin_execute("DROP SUBSCRIPTION everything")
        .expect("dropped");
    subscribe(server, promoted);
    world.until_it_serves().await;
}

#[tokio::test]
async fn a_subscriber_is_never_the_primary_and_has_a_tag() {
    let subscriber = || Node::new("subscriber", "never://opened").logical();
    let primary = || Node::new("primary", "postgres://nobody@127.0.0.1:1/app");
    let config = |built: Result<Router, Error>| match built {
        Err(Error::Config(error)) => error,
        other => panic!("{other:?}"),
    };
    let built = Router::builder()
        .primary(subscriber().tag("reporting"))
        .build()
        .await;
    let node = "subscriber".to_owned();
    assert_eq!(
        config(built),
        ConfigError::LogicalPrimary { node: node.clone() }
    );
    for builder in [
        Router::builder().primary(primary()).replica(subscriber()),
        Router::builder().primary(primary()).node(subscriber()),
    ] {
        let node = node.clone();
        assert_eq!(
            config(builder.build().await),
            ConfigError::LogicalWithoutTag { node }
        );
    }
}
