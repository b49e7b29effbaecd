//! What a proxy does to traffic, and what it tells about it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel_routing_testkit::Proxy;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::address::{connect, run};
use crate::{A_WHILE, cluster, read};

const DELAY: Duration = Duration::from_millis(50);

#[test]
fn a_delay_is_added_each_way_until_it_is_taken_back() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    run(async {
        let client = connect(&proxy.url()).await;
        proxy.set_delay(4 * DELAY);
        assert_eq!(proxy.delay(), 4 * DELAY);
        assert!(time(ask(&client, "SELECT 1")).await >= 8 * DELAY);

        proxy.set_delay(Duration::ZERO);
        assert!(time(ask(&client, "SELECT 1")).await < 8 * DELAY);
    });
}

#[test]
fn a_delay_is_no_bottleneck() {
    const QUESTIONS: u32 = 40;
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    run(async {
        let client = connect(&proxy.url()).await;
        proxy.set_delay(DELAY);
        let took = time(pipeline(&client, QUESTIONS)).await;
        assert!(took >= 2 * DELAY, "{took:?}");
        assert!(took < QUESTIONS * DELAY, "in turn would be {took:?}");

        // In chunks of 64 KiB at most, one after the other would take more than 10 s.
        let sql =
            "SELECT string_agg(n::text, ',' ORDER BY n) FROM generate_series(1, 2000000) AS n";
        let expected = ask(&connect(&cluster.primary().url()).await, sql).await;
        let start = Instant::now();
        assert!(ask(&client, sql).await == expected, "whole and in order");
        assert!(
            start.elapsed() < Duration::from_secs(8),
            "{:?}",
            start.elapsed()
        );
    });
}

#[test]
fn what_is_sent_under_a_shorter_delay_does_not_overtake() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    run(async {
        let client = Arc::new(connect(&proxy.url()).await);
        proxy.set_delay(4 * DELAY);
        let start = Instant::now();
        let slow = tokio::spawn(answer(Arc::clone(&client), 1));
        is_asked(&proxy).await;
        proxy.set_delay(Duration::ZERO);
        assert_eq!(answer(Arc::clone(&client), 2).await, 2);
        assert!(start.elapsed() >= 4 * DELAY, "it overtook the first");
        assert_eq!(slow.await.unwrap(), 1);
    });
}

#[test]
fn a_proxy_that_hangs_holds_back_what_is_on_its_way() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    run(async {
        let client = Arc::new(connect(&proxy.url()).await);
        proxy.set_delay(DELAY);
        let mut waiting = tokio::spawn(answer(Arc::clone(&client), 1));
        is_asked(&proxy).await;
        proxy.hang().unwrap();
        assert!(tokio::time::timeout(A_WHILE, &mut waiting).await.is_err());
        proxy.restore().unwrap();
        assert_eq!(waiting.await.unwrap(), 1);
    });
}

#[test]
fn questions_in_turn_are_a_round_trip_each_and_a_pipeline_is_one() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    assert_eq!(proxy.round_trips(), 0);
    run(async {
        let client = connect(&proxy.url()).await;
        let before = proxy.round_trips();
        assert!(before > 0, "the set-up takes some");
        for _ in 0..10 {
            ask(&client, "SELECT 1").await;
        }
        assert_eq!(proxy.round_trips() - before, 10);

        let before = proxy.round_trips();
        let many_chunks = ask(&client, "SELECT repeat('x', 4000000)").await;
        assert_eq!(many_chunks.len(), 4_000_000);
        assert_eq!(proxy.round_trips() - before, 1);

        proxy.set_delay(DELAY);
        let before = proxy.round_trips();
        pipeline(&client, 10).await;
        assert_eq!(proxy.round_trips() - before, 1);
    });
}

#[test]
fn round_trips_are_told_by_connection() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    run(async {
        let (busy, idle) = (connect(&proxy.url()).await, connect(&proxy.url()).await);
        let before = proxy.connections();
        for _ in 0..3 {
            ask(&busy, "SELECT 1").await;
        }
        let more: Vec<_> = std::iter::zip(proxy.connections(), before)
            .map(|(now, before)| {
                assert_eq!(now.node, "node0");
                (now.number, now.round_trips - before.round_trips)
            })
            .collect();
        assert_eq!(more, [(0, 3), (1, 0)]);

        let total = proxy.round_trips();
        drop((busy, idle));
        all_are_closed(&proxy).await;
        assert_eq!(proxy.round_trips(), total, "saying goodbye is none");
    });
}

#[test]
fn a_statement_whose_answer_is_dropped_is_run_and_never_answered() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    run(async {
        let client = connect(&proxy.url()).await;
        let before = proxy.round_trips();
        proxy.drop_answers();
        let mut update = Box::pin(ask(&client, "UPDATE n SET n = 2 RETURNING n"));
        assert!(tokio::time::timeout(A_WHILE, &mut update).await.is_err());
        while read(cluster.primary()) != 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(proxy.round_trips(), before);

        let fresh = connect(&proxy.url()).await;
        assert_eq!(ask(&fresh, "SELECT n FROM n").await, "2");
        cluster.primary().kill().unwrap();
        assert!(fresh.simple_query("SELECT 1").await.is_err());
        assert!(
            tokio::time::timeout(A_WHILE, &mut update).await.is_err(),
            "it does not even learn of the end"
        );
    });
}

#[test]
fn a_client_that_gives_its_lost_answer_up_is_gone_from_the_server_too() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    run(async {
        let client = connect(&proxy.url()).await;
        proxy.drop_answers();
        drop(client);
        all_are_closed(&proxy).await;
    });
}

#[test]
fn a_disconnecting_proxy_closes_connections_and_takes_new_ones() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    run(async {
        let client = connect(&proxy.url()).await;
        proxy.disconnect();
        assert!(client.simple_query("SELECT 1").await.is_err());
        assert_eq!(proxy.connections(), []);
        let fresh = connect(&proxy.url()).await;
        assert_eq!(ask(&fresh, "SELECT n FROM n").await, "1");
        assert_eq!(proxy.connections()[0].number, 1);
    });
}

/// The first value of the answer.
async fn ask(client: &Client, sql: &str) -> String {
    let messages = client.simple_query(sql).await.unwrap();
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap().to_owned()
}

async fn answer(client: Arc<Client>, number: u32) -> u32 {
    ask(&client, &format!("SELECT {number}"))
        .await
        .parse()
        .unwrap()
}

/// Sends all questions before the first answer can be there.
async fn pipeline(client: &Client, questions: u32) {
    let mut waiting: Vec<_> = (0..questions)
        .map(|_| Box::pin(client.simple_query("SELECT 1")))
        .collect();
    // The first poll sends.
    for question in &mut waiting {
        let sent = std::future::poll_fn(|context| {
            std::task::Poll::Ready(question.as_mut().poll(context).is_pending())
        });
        assert!(sent.await);
    }
    for question in waiting {
        question.await.unwrap();
    }
}

async fn time<T>(work: impl Future<Output = T>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

/// The proxy has the question of its only connection.
async fn is_asked(proxy: &Proxy) {
    while !proxy.connections()[0].awaits_answer {
        tokio::task::yield_now().await;
    }
}

async fn all_are_closed(proxy: &Proxy) {
    while !proxy.connections().is_empty() {
        tokio::task::yield_now().await;
    }
}
