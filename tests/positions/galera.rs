//! On a Galera cluster, where every node takes writes.

mod counted;
mod migrations;

use std::time::{Duration, Instant};

use diesel_routing::mysql::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing::{Health, Level, Node, Reason, Status, sync};
use diesel_routing_testkit::{GaleraCluster, MariaNode};

use crate::{HOUR, LIMIT, PATIENCE, SCHEMA, in_time, settings};

fn cluster(nodes: usize) -> GaleraCluster {
    let cluster = GaleraCluster::builder().nodes(nodes).start();
    let cluster = cluster.expect("a cluster");
    for sql in SCHEMA {
        cluster.node(0).execute(sql).expect("a table");
    }
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    cluster
}

fn node(index: usize, node: &MariaNode) -> Node {
    Node::new(format!("node-{index}"), node.url())
        .read_pool_size(4)
        .write_pool_size(4)
}

async fn router(cluster: &GaleraCluster) -> Router {
    let builder = Router::builder().window(HOUR).wait(PATIENCE);
    let mut builder = builder.primary(node(0, cluster.node(0)));
    for (index, other) in cluster.nodes().iter().enumerate().skip(1) {
        builder = builder.replica(node(index, other));
    }
    builder.build().await.expect("a router")
}

async fn try_set_theme(session: &Session, theme: &str) -> Result<String, diesel_routing::Error> {
    let mut conn = session.write().await?;
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut conn)
        .await?;
    Ok(conn.route().node.to_owned())
}

async fn set_theme(session: &Session, theme: &str) -> String {
    try_set_theme(session, theme).await.expect("a write")
}

async fn theme(session: &Session) -> (String, Reason, String) {
    let mut conn = session.read().await.expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme = theme.first(&mut conn).await.expect("a row");
    (theme, conn.route().reason, conn.route().node.to_owned())
}

async fn until(router: &Router, what: &str, is_so: impl Fn(&Status) -> bool) {
    let since = Instant::now();
    loop {
        let status = router.status();
        if is_so(&status) {
            return;
        }
        assert!(since.elapsed() < LIMIT, "{what}: {status:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_is_written_to_and_others_serve_what_they_are_proved_to_have() {
    let cluster = cluster(2);
    let router = router(&cluster).await;
    let session = router.session();
    let lock = cluster.node(1).lock_table("settings").expect("locked");
    assert_eq!(set_theme(&session, "dark").await, "node-0");
    for _ in 0..5 {
        let (value, _, node) = theme(&session).await;
        assert_eq!((value.as_str(), node.as_str()), ("dark", "node-0"));
    }
    // Another session has written nothing.
    let (value, reason, node) = theme(&router.session()).await;
    assert_eq!(
        (value.as_str(), reason, node.as_str()),
        ("light", Reason::NothingToCatchUp, "node-1")
    );
    drop(lock);
    let since = Instant::now();
    loop {
        let (value, reason, node) = theme(&session).await;
        assert_eq!(value, "dark");
        if node == "node-1" {
            assert_eq!(reason, Reason::Covered);
            break;
        }
        in_time(since, "a read from the other node");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_not_synced_serves_nothing_and_its_state_says_why() {
    let cluster = cluster(3);
    let router = router(&cluster).await;
    cluster.desync(1).expect("desynced");
    cluster.isolate(2).expect("isolated");
    until(&router, "two nodes left out", |status| {
        let says = |node: usize, words: &str| {
            let node = &status.nodes[node];
            node.health != Health::Up
                && node
                    .problem
                    .as_deref()
                    .is_some_and(|why| why.contains(words))
        };
        says(1, "Donor/Desynced") && says(2, "majority")
    })
    .await;
    let conn = router.read_eventual().await.expect("a connection");
    assert_eq!(
        (conn.route().node, conn.route().reason),
        ("node-0", Reason::Fallback)
    );
    drop(conn);
    cluster.resync(1).expect("synced");
    cluster.rejoin(2).expect("rejoined");
    until(&router, "all nodes back", |status| {
        status.nodes.iter().all(|node| node.health == Health::Up)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_go_to_the_next_node_when_the_first_is_gone_and_come_back_to_it() {
    let cluster = cluster(3);
    let router = router(&cluster).await;
    let session = router.session();
    assert_eq!(set_theme(&session, "one").await, "node-0");
    cluster.node(0).kill().expect("killed");
    let since = Instant::now();
    let writer = loop {
        match try_set_theme(&session, "two").await {
            Ok(writer) => break writer,
            Err(_) => in_time(since, "a write to the next node"),
        }
    };
    assert_eq!(writer, "node-1");
    assert_eq!(theme(&session).await.0, "two");
    cluster.node(0).start().expect("started");
    until(&router, "the first node back", |status| {
        status.nodes[0].is_primary
    })
    .await;
    assert_eq!(set_theme(&session, "three").await, "node-0");
    assert_eq!(theme(&session).await.0, "three");
}

/// What the cluster has acknowledged, the next writer may still have to apply.
#[tokio::test(flavor = "multi_thread")]
async fn a_strong_read_sees_what_another_node_acknowledged_before_it_went_down() {
    let cluster = cluster(3);
    let router = router(&cluster).await;
    let lock = cluster.node(1).lock_table("settings").expect("locked");
    set_theme(&router.session(), "dark").await;
    cluster.node(0).kill().expect("killed");
    until(&router, "another writer", |status| {
        status.nodes[1].is_primary
    })
    .await;
    let strong = router.session().at_level(Level::Strong);
    let read = tokio::spawn(async move {
        let since = Instant::now();
        loop {
            let mut conn = strong.read_primary().await.expect("a connection");
            let theme = settings::table.find(1).select(settings::theme);
            match theme.first::<String>(&mut conn).await {
                Ok(theme) => break theme,
                // While the cluster agrees on who is left, nodes answer nothing.
                Err(_) => in_time(since, "an answer"),
            }
        }
    });
    let waits = "SELECT COUNT(*) FROM information_schema.processlist \
                 WHERE user = 'app' AND info LIKE 'SELECT%settings%theme%'";
    let since = Instant::now();
    while cluster
        .node(1)
        .admin_value(waits)
        .expect("asked")
        .as_deref()
        == Some("0")
    {
        assert!(!read.is_finished(), "it did not wait");
        in_time(since, "a read that waits");
    }
    drop(lock);
    assert_eq!(read.await.expect("a read"), "dark");
}

#[test]
fn blocking_routers_do_so_too() {
    let cluster = cluster(2);
    let router = sync::mysql::Router::builder()
        .window(HOUR)
        .wait(PATIENCE)
        .primary(node(0, cluster.node(0)))
        .replica(node(1, cluster.node(1)))
        .build()
        .expect("a router");
    let session = router.session();
    let lock = cluster.node(1).lock_table("settings").expect("locked");
    let mut conn = session.write().expect("a connection");
    let update = diesel::update(settings::table.find(1)).set(settings::theme.eq("dark"));
    sync::RunQueryDsl::execute(update, &mut conn).expect("a write");
    assert_eq!(conn.route().node, "node-0");
    drop(conn);
    assert!(session.read().expect("a connection").route().is_primary);
    drop(lock);
    let since = Instant::now();
    while session
        .waiting(Duration::from_secs(1))
        .read()
        .expect("a connection")
        .route()
        .is_primary
    {
        in_time(since, "a read from the other node");
    }
}
