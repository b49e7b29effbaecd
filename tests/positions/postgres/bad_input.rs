//! Nodes that cannot do what they are given for: each is named, and what to do about it.

use std::error::Error as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Instant;

use diesel_routing::prelude::*;
use diesel_routing::{ConfigError, Error, Health, Node, Reason, Step};
use diesel_routing_testkit::{PgCluster, PgNode};

use super::flavours::Router;
use super::pgbouncer::PgBouncer;
use super::{HOUR, LIMIT, PATIENCE, cluster, in_time, node, settings, socket_url};

/// What both flavours say of one configuration that must not come to be.
fn refusals(primary: &Node, replicas: &[Node]) -> impl Iterator<Item = Error> {
    Router::build_both(primary, replicas).map(|built| built.expect_err("an error"))
}

/// What both flavours say of one that must not come to be without all of its nodes.
fn refusals_of_all(primary: &Node, replicas: &[Node]) -> impl Iterator<Item = Error> {
    Router::build_both_of_all(primary, replicas).map(|built| built.expect_err("an error"))
}

/// An error with its causes.
fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// A cluster that shares nothing with others.
fn stranger(standbys: usize) -> PgCluster {
    PgCluster::builder()
        .standbys(standbys)
        .own_identity()
        .start()
        .expect("another cluster")
}

/// Replicates the first cluster's table into the second by logical replication.
fn subscribe(publisher: &PgNode, subscriber: &PgNode) {
    publisher
        .admin_execute("CREATE PUBLICATION everything FOR TABLE settings")
        .expect("a publication");
    subscriber
        .execute("CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)")
        .expect("a table");
    let host = publisher.socket_dir().display();
    subscriber
        .admin_execute(&format!(
            "CREATE SUBSCRIPTION everything \
             CONNECTION 'host={host} port=5432 user=postgres dbname=app' PUBLICATION everything"
        ))
        .expect("a subscription");
    let since = Instant::now();
    while subscriber
        .query_value("SELECT theme FROM settings")
        .expect("an answer")
        .is_none()
    {
        in_time(since, "logical replication");
    }
}

/// An address behind which nodes can be exchanged.
struct Address {
    dir: tempfile::TempDir,
}

impl Address {
    fn of(node: &PgNode) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let this = Self { dir };
        symlink(Self::socket(node), this.link()).expect("a link");
        this
    }

    fn is_now(&self, node: &PgNode) {
        fs::remove_file(self.link()).expect("a link");
        symlink(Self::socket(node), self.link()).expect("a link");
    }

    fn node(&self, name: &str) -> Node {
        Node::new(name, socket_url(self.dir.path()))
    }

    fn link(&self) -> PathBuf {
        self.dir.path().join(".s.PGSQL.5432")
    }

    fn socket(node: &PgNode) -> PathBuf {
        node.socket_dir().join(".s.PGSQL.5432")
    }
}

/// Waits until the router says this of its node 1, which must then serve nothing.
fn until_problem(router: &Router, expected: &[&str]) {
    let since = Instant::now();
    loop {
        let state = router.status().nodes.remove(1);
        let problem = state.problem.unwrap_or_default();
        if expected.iter().all(|words| problem.contains(words)) {
            assert_ne!(state.health, Health::Up, "{router:?}: {problem}");
            return;
        }
        in_time(since, &format!("{expected:?} in {router:?}, not {problem}"));
        std::thread::yield_now();
    }
}

#[test]
fn a_url_that_leads_nowhere_is_named_with_its_node() {
    for url in [
        "postgres://app@127.0.0.1:1/app",
        "postgres://app@no-such-host.invalid/app",
        "no url at all",
    ] {
        for error in refusals(&Node::new("primary", url), &[]) {
            assert!(
                matches!(&error, Error::Checkout { node, step: Step::Connect, .. } if node == "primary"),
                "{error:?}"
            );
            assert!(error.to_string().contains("check the URL"), "{error}");
            assert!(error.source().is_some());
        }
    }
}

#[test]
fn a_wrong_password_is_named_with_the_servers_words_and_not_shown() {
    let cluster = cluster(0);
    let server = cluster.primary();
    server
        .admin_execute("CREATE ROLE guarded LOGIN PASSWORD 'correct horse'")
        .expect("a role");
    let access = server.data_dir().join("pg_hba.conf");
    let rest = fs::read_to_string(&access).expect("its access file");
    let guarded = format!("local all guarded scram-sha-256\n{rest}");
    fs::write(&access, guarded).expect("its access file");
    server
        .admin_execute("SELECT pg_reload_conf()")
        .expect("a reload");
    let url = |password| {
        let url = server.url_for("guarded", "app");
        Node::new("primary", url.replace('@', &format!(":{password}@")))
    };
    let since = Instant::now();
    while !refused_password(&url("hunter2")) {
        in_time(since, "the reload of the access file");
    }
    for error in refusals(&url("hunter2"), &[]) {
        assert!(
            matches!(&error, Error::Checkout { node, step: Step::Connect, .. } if node == "primary"),
            "{error:?}"
        );
        let words = words(&error);
        assert!(words.contains("password authentication failed"), "{words}");
        assert!(words.contains("credentials"), "{words}");
        assert!(!format!("{words} {error:?}").contains("hunter2"), "{words}");
    }
    for built in Router::build_both(&url("correct%20horse"), &[]) {
        built.expect("the right password");
    }
}

/// Whether the server asks for a password already.
fn refused_password(node: &Node) -> bool {
    Router::build_both(node, &[]).all(|built| built.is_err())
}

#[test]
fn a_replica_of_another_cluster_is_refused_with_both_names() {
    let (cluster, stranger) = (cluster(0), stranger(1));
    let primary = node("primary", cluster.primary());
    let replica = node("replica", stranger.standby(0));
    for error in refusals(&primary, &[replica]) {
        let Error::Config(ConfigError::OtherCluster {
            replica, primary, ..
        }) = &error
        else {
            panic!("{error:?}")
        };
        assert_eq!((replica.as_str(), primary.as_str()), ("replica", "primary"));
        assert!(error.to_string().contains("system identifier"), "{error}");
    }
}

#[test]
fn a_replica_that_is_exchanged_for_another_clusters_gets_nothing_and_its_state_says_why() {
    let (cluster, stranger) = (cluster(1), stranger(1));
    let address = Address::of(cluster.standby(0));
    let primary = node("primary", cluster.primary());
    let routers: Vec<_> = Router::build_both(&primary, &[address.node("replica")])
        .map(|built| built.expect("a router"))
        .collect();
    address.is_now(stranger.standby(0));
    cluster.standby(0).kill().expect("killed");
    for router in &routers {
        until_problem(router, &["another cluster", "check its URL"]);
    }
    // A subscriber is another cluster as well, and takes writes.
    let (subscriber, publisher) = (self::stranger(0), cluster.primary());
    subscribe(publisher, subscriber.primary());
    address.is_now(subscriber.primary());
    stranger.standby(0).kill().expect("killed");
    for router in &routers {
        until_problem(router, &["logical subscriber", "check its URL"]);
        assert!(router.status().nodes[0].is_primary);
    }
}

#[test]
fn a_logical_subscriber_is_no_replica_and_the_error_says_so() {
    let (cluster, subscriber) = (cluster(0), stranger(0));
    subscribe(cluster.primary(), subscriber.primary());
    let primary = node("primary", cluster.primary());
    for error in refusals(&primary, &[node("replica", subscriber.primary())]) {
        assert!(
            matches!(&error, Error::Config(ConfigError::OtherCluster { replica, .. }) if replica == "replica"),
            "{error:?}"
        );
        let words = error.to_string();
        assert!(words.contains("it takes writes"), "{words}");
        assert!(words.contains("a logical subscriber"), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_of_a_standby_serves_by_its_own_replay_position() {
    let cluster = PgCluster::builder()
        .standbys(1)
        .standby_of(1)
        .start()
        .expect("a cluster");
    cluster
        .primary()
        .execute(
            "CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL);
             INSERT INTO settings VALUES (1, 'light')",
        )
        .expect("a table");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let last = cluster.standby(1);
    let router = diesel_routing::pg::Router::builder()
        .window(HOUR)
        .wait(PATIENCE)
        .primary(node("primary", cluster.primary()))
        .replica(node("last", last))
        .build()
        .await
        .expect("a router");
    last.pause_replay().expect("paused");
    let session = router.session();
    {
        let mut conn = session.write().await.expect("a connection");
        diesel::update(settings::table.find(1))
            .set(settings::theme.eq("dark"))
            .execute(&mut conn)
            .await
            .expect("a write");
    }
    // The standby between them has it; that says nothing of this one.
    let middle = cluster.standby(0);
    let since = Instant::now();
    while middle
        .query_value("SELECT theme FROM settings")
        .expect("a row")
        != Some("dark".into())
    {
        in_time(since, "replication to the first standby");
    }
    let read = async || {
        let mut conn = session.read().await.expect("a connection");
        let theme: String = settings::table
            .find(1)
            .select(settings::theme)
            .first(&mut conn)
            .await
            .expect("a row");
        assert_eq!(theme, "dark");
        let route = conn.route();
        (route.node.to_owned(), route.reason)
    };
    for _ in 0..5 {
        assert_eq!(read().await.0, "primary");
    }
    last.resume_replay().expect("resumed");
    let since = Instant::now();
    loop {
        let (node, reason) = read().await;
        if node == "last" {
            assert_eq!(reason, Reason::Covered);
            break;
        }
        in_time(since, "a read from the last standby");
    }
}

#[test]
fn a_standby_that_takes_no_queries_is_told_to_turn_hot_standby_on() {
    let cluster = cluster(1);
    let primary = node("primary", cluster.primary());
    let replica = node("replica", cluster.standby(0));
    let replicas = [replica];
    let routers: Vec<_> = Router::build_both(&primary, &replicas)
        .map(|built| built.expect("a router"))
        .collect();
    let standby = cluster.standby(0);
    standby.set("hot_standby", "off").expect("set");
    standby.restart().expect("restarted");
    for error in refusals_of_all(&primary, &replicas) {
        assert!(
            matches!(&error, Error::Checkout { node, step: Step::Connect, .. } if node == "replica"),
            "{error:?}"
        );
        assert!(
            error.to_string().contains("set `hot_standby = on`"),
            "{}",
            words(&error)
        );
    }
    for router in &routers {
        until_problem(router, &["set `hot_standby = on`"]);
    }
}

#[test]
fn a_pooler_that_shares_server_connections_is_refused_and_one_in_session_mode_is_not() {
    let cluster = cluster(1);
    let primary = node("primary", cluster.primary());
    for mode in ["transaction", "statement"] {
        let pooler = PgBouncer::start(cluster.standby(0), mode);
        let replicas = [Node::new("replica", pooler.url())];
        // The second time, what the first left on the server's side is in the way.
        for error in refusals(&primary, &replicas).chain(refusals(&primary, &replicas)) {
            assert!(
                matches!(&error, Error::Config(ConfigError::SharedConnections { node }) if node == "replica"),
                "{mode}: {error:?}"
            );
            assert!(error.to_string().contains("session mode"), "{error}");
        }
    }
    let pooler = PgBouncer::start(cluster.primary(), "transaction");
    for error in refusals(&Node::new("primary", pooler.url()), &[]) {
        assert!(
            matches!(&error, Error::Config(ConfigError::SharedConnections { node }) if node == "primary"),
            "{error:?}"
        );
    }
    let pooler = PgBouncer::start(cluster.standby(0), "session");
    for built in Router::build_both(&primary, &[Node::new("replica", pooler.url())]) {
        let router = built.expect("a router");
        assert_eq!(router.status().nodes[1].health, Health::Up, "{router:?}");
    }
}
