//! On PostgreSQL, where positions prove what a replica has. The window is an hour.

use std::time::{Duration, Instant};

use axum::Router as App;
use axum::extract::Path;
use axum::routing::{get, put};
use diesel_routing::edge::{Edge, SessionLayer};
use diesel_routing::pg::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing::{Node, Rejection};
use diesel_routing_testkit::{PgCluster, PgNode};

use super::client::{Browser, cookie, request, send, text, with};
use super::nodes::{keys, settings};

const HOUR: Duration = Duration::from_secs(3600);
const LIMIT: Duration = Duration::from_secs(20);

fn cluster(standbys: usize) -> PgCluster {
    let cluster = PgCluster::builder()
        .standbys(standbys)
        .start()
        .expect("a cluster");
    let schema = "CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL);
                  INSERT INTO settings VALUES (1, '0')";
    cluster.primary().execute(schema).expect("a table");
    cluster
        .wait_until_caught_up(LIMIT)
        .expect("standbys that follow");
    cluster
}

async fn router(cluster: &PgCluster) -> Router {
    let node = |name: String, node: &PgNode| Node::new(name, node.url());
    let mut builder = Router::builder()
        .window(HOUR)
        .wait(Duration::from_millis(200))
        .token_keys(keys())
        .primary(node("primary".into(), cluster.primary()));
    for (index, standby) in cluster.standbys().iter().enumerate() {
        builder = builder.replica(node(format!("standby-{index}"), standby));
    }
    builder.build().await.expect("a router")
}

async fn show(session: Session) -> String {
    let mut conn = session.read().await.expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme: String = theme.first(&mut conn).await.expect("a row");
    let route = conn.route();
    format!("{theme} {} {}", route.node, route.reason)
}

async fn set(session: Session, Path(theme): Path<String>) {
    let mut conn = session.write().await.expect("a connection");
    let setting = diesel::update(settings::table.find(1));
    let setting = setting.set(settings::theme.eq(theme));
    setting.execute(&mut conn).await.expect("a write");
}

fn app(edge: Edge<diesel_async::AsyncPgConnection>) -> App {
    App::new()
        .route("/theme", get(show))
        .route("/theme/{theme}", put(set))
        .layer(SessionLayer::from(edge))
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_write_pages_come_from_the_primary_until_a_replica_has_it_on_every_node() {
    let cluster = cluster(1);
    let edge = async || Edge::new(router(&cluster).await).expect("keys");
    let (here, there) = (app(edge().await), app(edge().await));
    cluster.standby(0).pause_replay().expect("paused");
    let (mut user, mut other) = (Browser::default(), Browser::default());
    user.send(&here, request("PUT", "/theme/dark")).await;
    for app in [&here, &there] {
        assert_eq!(user.get(app).await, "dark primary not_caught_up");
        assert_eq!(other.get(app).await, "0 standby-0 nothing_to_catch_up");
    }
    cluster.standby(0).resume_replay().expect("resumed");
    let since = Instant::now();
    for app in [&here, &there] {
        while user.get(app).await != "dark standby-0 caught_up" {
            assert!(since.elapsed() < LIMIT);
        }
    }
}

diesel::define_sql_function! {
    /// Sets the theme.
    fn put_theme(theme: diesel::sql_types::Text) -> diesel::sql_types::Integer;
}

async fn set_by_function(session: Session, Path(theme): Path<String>) {
    let mut conn = session.write().await.expect("a connection");
    let set = diesel::select(put_theme(theme));
    set.get_result::<i32>(&mut conn).await.expect("a write");
}

async fn set_while_locking(session: Session, Path(theme): Path<String>) {
    let mut conn = session.read_primary().await.expect("a connection");
    let set = conn.transaction(async |tx| -> QueryResult<i32> {
        let row = settings::table.find(1).select(settings::theme);
        let _: String = row.for_update().first(tx).await?;
        diesel::select(put_theme(theme)).get_result(tx).await
    });
    set.await.expect("a write");
}

/// It left no cookie, and the next page was stale.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_of_the_databases_own_wrote_is_on_the_next_page() {
    let cluster = cluster(1);
    let function = "CREATE FUNCTION put_theme(new text) RETURNS int LANGUAGE sql
        AS 'UPDATE settings SET theme = new WHERE id = 1 RETURNING id'";
    cluster.primary().execute(function).expect("a function");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .route("/theme", get(show))
        .route("/function/{theme}", put(set_by_function))
        .route("/locking/{theme}", put(set_while_locking))
        .layer(SessionLayer::from(edge));
    cluster.standby(0).pause_replay().expect("paused");
    for (path, theme) in [("/function/dark", "dark"), ("/locking/blue", "blue")] {
        let (mut user, mut other) = (Browser::default(), Browser::default());
        user.send(&app, request("PUT", path)).await;
        assert_eq!(
            user.get(&app).await,
            format!("{theme} primary not_caught_up")
        );
        assert_eq!(other.get(&app).await, "0 standby-0 nothing_to_catch_up");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_reads_carried_no_page_is_older_than_the_one_before() {
    let cluster = cluster(2);
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let app = app(edge.carry_reads(true));
    let (mut writer, mut reader) = (Browser::default(), Browser::default());
    let mut seen = 0;
    for round in 1..=20_usize {
        let paused = cluster.standby(round % 2);
        paused.pause_replay().expect("paused");
        let path = format!("/theme/{round}");
        writer.send(&app, request("PUT", &path)).await;
        for _ in 0..3 {
            let page = reader.get(&app).await;
            let (number, _) = page.split_once(' ').expect("a page");
            let number: usize = number.parse().expect("a number");
            assert!(number >= seen, "saw {seen}, then {page}");
            seen = number;
        }
        paused.resume_replay().expect("resumed");
    }
    assert!(reader.cookie().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_page_that_is_answered_after_a_write_does_not_undo_it() {
    let cluster = cluster(1);
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let app = app(edge.carry_reads(true));
    cluster.standby(0).pause_replay().expect("paused");
    let mut user = Browser::default();
    let slow = user.clone().send(&app, request("GET", "/theme")).await;
    user.send(&app, request("PUT", "/theme/dark")).await;
    user.keep(&slow);
    assert_eq!(text(slow).await, "0 standby-0 nothing_to_catch_up");
    assert_eq!(user.get(&app).await, "dark primary not_caught_up");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_news_no_cookie_is_set_although_reads_are_carried() {
    let cluster = cluster(1);
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let app = app(edge.carry_reads(true));
    // A standby that stands still is where it was.
    cluster.standby(0).pause_replay().expect("paused");
    let mut user = Browser::default();
    user.get(&app).await;
    assert!(user.cookie().is_some());
    for _ in 0..5 {
        let page = user.send(&app, request("GET", "/theme")).await;
        assert_eq!(cookie(page.headers()), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_cluster_is_no_token() {
    let ours = cluster(1);
    let theirs = PgCluster::builder().standbys(0).own_identity().start();
    let theirs = theirs.expect("another cluster");
    let schema = "CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)";
    theirs.primary().execute(schema).expect("a table");
    let here = router(&ours).await;
    let there = app(Edge::new(router(&theirs).await).expect("keys"));
    let mut user = Browser::default();
    user.send(&there, request("PUT", "/theme/dark")).await;
    assert!(user.cookie().is_some());
    let page = user.get(&app(Edge::new(here.clone()).expect("keys"))).await;
    assert_eq!(page, "0 standby-0 nothing_to_catch_up");
    let rejected = here.status().rejected_tokens;
    assert_eq!(rejected, [(Rejection::OtherCluster, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_comes_back_is_proved_by_a_position() {
    let cluster = cluster(1);
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let edge = edge.write_timestamp(true).trust(|_| true);
    let app = app(edge.clone());
    cluster.standby(0).pause_replay().expect("paused");
    let response = send(&app, request("PUT", "/theme/dark")).await;
    let time = response.headers()["x-write-timestamp"].as_bytes().to_vec();
    // No cookie, and the window is an hour.
    let read = async || {
        let request = with(request("GET", "/theme"), "x-write-timestamp", &time);
        text(send(&app, request).await).await
    };
    let first = read().await;
    assert!(first.starts_with("dark primary "), "{first}");
    cluster.standby(0).resume_replay().expect("resumed");
    let since = Instant::now();
    while read().await != "dark standby-0 caught_up" {
        assert!(since.elapsed() < LIMIT, "{}", read().await);
    }
    assert_eq!(edge.status().ignored_timestamps, 0);
}
