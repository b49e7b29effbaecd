//! Connections that have ended or got no answer while nobody looked.

use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel_routing::TokenKeys;

use super::world::set_theme;
use super::*;

fn pools() -> [(&'static str, Builder); 2] {
    [
        ("bb8", Router::builder()),
        ("deadpool", Router::deadpool_builder()),
    ]
}

/// What the server calls the connection that the next write is lent: one that is to be read from is asked on servers that
/// can be demoted in place.
async fn id(router: &Router) -> QueryResult<BackendId> {
    let mut conn = router.write().await.expect("a connection");
    diesel::select(backend_id()).get_result(&mut conn).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_server_ended_a_moment_ago_fails_once_and_is_replaced() {
    let cluster = cluster(0);
    for (pool, builder) in pools() {
        let primary = node("primary", cluster.primary()).write_pool_size(1);
        // However slow the machine is: it was idle for less than that.
        let builder = builder.primary(primary).check_after_idle(HOUR);
        let router = builder.build().await.expect("a router");
        let first = id(&router).await.expect("an id");
        assert_eq!(id(&router).await.expect("an id"), first, "{pool}: kept");
        end(cluster.primary(), first);
        id(&router).await.expect_err("it has ended");
        for _ in 0..3 {
            assert_ne!(id(&router).await.expect("an id"), first, "{pool}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_server_ended_is_replaced_unseen_if_every_loan_is_checked() {
    let cluster = cluster(0);
    for (pool, builder) in pools() {
        let primary = node("primary", cluster.primary()).write_pool_size(1);
        let builder = builder.primary(primary).check_after_idle(Duration::ZERO);
        let router = builder.build().await.expect("a router");
        for _ in 0..3 {
            let ended = id(&router).await.expect("an id");
            end(cluster.primary(), ended);
            assert_ne!(id(&router).await.expect("an id"), ended, "{pool}");
        }
    }
}

/// A statement that failed for its own reasons costs a question, and no connection.
#[tokio::test(flavor = "multi_thread")]
async fn one_whose_statement_failed_is_asked_and_kept() {
    let cluster = cluster(0);
    for (pool, builder) in pools() {
        let primary = node("primary", cluster.primary()).write_pool_size(1);
        let builder = builder.primary(primary).check_after_idle(HOUR);
        let router = builder.build().await.expect("a router");
        let id = async || {
            let mut conn = router.session().write().await.expect("a connection");
            let id: BackendId = diesel::select(backend_id())
                .get_result(&mut conn)
                .await
                .expect("an id");
            id
        };
        let first = id().await;
        {
            let mut conn = router.session().write().await.expect("a connection");
            diesel::insert_into(settings::table)
                .values((settings::id.eq(1), settings::theme.eq("twice")))
                .execute(&mut conn)
                .await
                .expect_err("there is one");
        }
        assert_eq!(id().await, first, "{pool}");
    }
}

/// The answer to the question, on which the rows depend, never comes.
#[tokio::test(flavor = "multi_thread")]
async fn one_whose_answer_is_lost_costs_a_read_its_share_of_the_time_and_is_not_lent_again() {
    const SHARE: Duration = Duration::from_millis(250);
    for (pool, builder) in pools() {
        let cluster = cluster(1);
        let proxy = cluster.standby(0).proxy().expect("a proxy");
        let standby = diesel_routing::Node::new("standby", proxy.url()).read_pool_size(1);
        // Nobody asks for so long, unless a read or a token wants to know; then the watcher opens its own connection anew.
        let builder = builder
            .window(HOUR)
            .watch_interval(LIMIT / 2)
            .check_after_idle(HOUR)
            .node_share(SHARE)
            .token_keys(TokenKeys::new(1, [7; 32]).expect("keys"))
            .primary(node("primary", cluster.primary()))
            .replica(standby);
        let router = builder.build().await.expect("a router");
        let session = router.session();
        let id = async || {
            let since = Instant::now();
            let mut conn = loop {
                let conn = router.read_eventual().await.expect("a connection");
                // The primary serves while a new one of the standby takes long to open.
                if !conn.route().is_primary {
                    break conn;
                }
                in_time(since, "a connection of the standby");
            };
            let id: BackendId = diesel::select(backend_id())
                .get_result(&mut conn)
                .await
                .expect("an id");
            id
        };
        let first = id().await;
        assert_eq!(id().await, first, "{pool}: kept");
        set_theme(&session, "dark").await;
        // The position of the write is known now; whether the standby has it, only that can tell.
        drop(session.token().await.expect("a token"));
        cluster.wait_until_caught_up(LIMIT).expect("caught up");
        proxy.drop_answers();
        let since = Instant::now();
        let mut conn = session.read().await.expect("a connection");
        let took = since.elapsed();
        let theme = settings::table.find(1).select(settings::theme);
        let theme: String = theme.first(&mut conn).await.expect("a row");
        assert_eq!(theme, "dark", "{pool}");
        assert!(conn.route().is_primary, "{pool}: {}", conn.route());
        assert!((SHARE..4 * SHARE).contains(&took), "{pool}: {took:?}");
        drop(conn);
        assert_ne!(id().await, first, "{pool}");
    }
}
