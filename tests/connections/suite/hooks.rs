//! `connect_with` and `on_connect`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::ConnectionError;
use diesel::sql_types::BigInt;
use diesel_routing::{Node, PoolKind, PoolOptions, Purpose};
use diesel_routing_testkit::PgCluster;

use super::*;
use crate::flavours::run;

/// A server that wants a password of its user, which is `secret-0` at first.
fn server() -> PgCluster {
    let cluster = PgCluster::builder().start().unwrap();
    let node = cluster.primary();
    node.admin_execute("ALTER ROLE app PASSWORD 'secret-0'")
        .unwrap();
    node.set_access("local all app scram-sha-256").unwrap();
    cluster
}

async fn one(conn: &mut WriteConn) -> QueryResult<i64> {
    let query = diesel::select(diesel::dsl::sql::<BigInt>("1::int8"));
    wait!(raw::RunQueryDsl::get_result(query, conn))
}

#[test]
fn the_hooks_are_told_of_every_connection_those_of_watchers_and_probes_too() {
    run(async {
        let cluster = PgCluster::builder().standbys(1).start().unwrap();
        let (opened, prepared) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let (count, counted, told) = (opened.clone(), prepared.clone(), seen.clone());
        let urls = [0, 1].map(|index| cluster.node(index).url());
        let nodes = urls.clone().map(|url| Node::new(&url, &url));
        let [primary, replica] = nodes;
        let router = Router::builder()
            .primary(primary)
            .replica(replica)
            .connect_with(move |request| {
                assert_eq!(request.node(), request.url());
                let count = count.clone();
                boxed!({
                    let conn = wait!(Connection::open(request.url()))?;
                    count.fetch_add(1, Ordering::SeqCst);
                    Ok(conn)
                })
            })
            .on_connect(move |conn, request| {
                counted.fetch_add(1, Ordering::SeqCst);
                told.lock()
                    .unwrap()
                    .insert((request.purpose(), request.pool()));
                let name = format!("SET application_name = '{:?}'", request.purpose());
                boxed!(wait!(raw::RunQueryDsl::execute(diesel::sql_query(name), conn)).map(drop))
            });
        let router = wait!(router.build()).unwrap();
        // Two connections to each, of which the first stays as the watcher's.
        assert_eq!(opened.load(Ordering::SeqCst), 4);
        assert_eq!(prepared.load(Ordering::SeqCst), 4);
        let _writer = wait!(router.write()).unwrap();
        let _reader = wait!(router.read_primary()).unwrap();
        cluster.node(1).kill().unwrap();
        let fallback = wait!(router.read_eventual()).unwrap();
        assert!(fallback.route().is_primary);
        let expected = [
            (Purpose::Watch, None),
            (Purpose::Write, Some(PoolKind::Write)),
            (Purpose::Read, Some(PoolKind::Read)),
            (Purpose::Read, Some(PoolKind::Fallback)),
        ];
        assert_eq!(*seen.lock().unwrap(), HashSet::from(expected));
        assert_eq!(
            opened.load(Ordering::SeqCst),
            prepared.load(Ordering::SeqCst)
        );

        let strangers = "SELECT string_agg(application_name, ',') FROM pg_stat_activity \
                         WHERE usename = 'app' AND application_name NOT IN ('Watch', 'Read', 'Write')";
        let watchers = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'Watch'";
        let ask = |sql| cluster.primary().admin_value(sql).unwrap();
        assert_eq!(
            (ask(strangers), ask(watchers).as_deref()),
            (None, Some("1"))
        );
        // One that a watcher opens later is no different.
        cluster
            .primary()
            .admin_execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'Watch'",
            )
            .unwrap();
        let since = Instant::now();
        while ask(watchers).as_deref() != Some("1") {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(ask(strangers), None);
        assert_eq!(
            opened.load(Ordering::SeqCst),
            prepared.load(Ordering::SeqCst)
        );
    });
}

/// As tokens do that are good for a quarter of an hour.
#[test]
fn a_password_that_changes_every_second_is_followed_by_every_pool_and_watcher() {
    run(async {
        let cluster = Arc::new(server());
        let url = cluster.primary().url();
        // Held while it is changed: a token's life overlaps with the next one's, a password's does not.
        let password = Arc::new(Mutex::new(String::from("secret-0")));
        let (current, over) = (password.clone(), Arc::new(AtomicBool::new(false)));
        let (servers, ended) = (cluster.clone(), over.clone());
        let changes = std::thread::spawn(move || {
            let mut count = 0;
            while !ended.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_secs(1));
                let mut current = current.lock().unwrap();
                count += 1;
                *current = format!("sec/ret@{count}");
                let node = servers.primary();
                node.admin_execute(&format!("ALTER ROLE app PASSWORD '{}'", *current))
                    .unwrap();
                // The watcher's, too, has to be opened anew.
                node.admin_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'Watch'")
                    .unwrap();
            }
            count
        });
        let failed = Arc::new(AtomicUsize::new(0));
        let refused = failed.clone();
        let short = PoolOptions::new().max_lifetime(Duration::from_millis(100));
        let router = Router::builder()
            .primary(Node::new("primary", url).pools(&short))
            .connect_with(move |request| {
                let (password, refused) = (password.clone(), refused.clone());
                boxed!({
                    // Once more, if it was changed in between.
                    for _ in 0..2 {
                        let url = request.url_with_password(&password.lock().unwrap());
                        match wait!(Connection::open(&url)) {
                            Ok(conn) => return Ok(conn),
                            Err(_) => refused.fetch_add(1, Ordering::SeqCst),
                        };
                    }
                    Err(ConnectionError::BadConnection("refused twice".into()))
                })
            })
            .on_connect(|conn, request| {
                let name = format!("SET application_name = '{:?}'", request.purpose());
                boxed!(wait!(raw::RunQueryDsl::execute(diesel::sql_query(name), conn)).map(drop))
            });
        let router = wait!(router.build()).unwrap();
        let since = Instant::now();
        let mut served = 0;
        while since.elapsed() < Duration::from_millis(4500) {
            assert_eq!(one(&mut wait!(router.write()).unwrap()).await.unwrap(), 1);
            drop(wait!(router.read_primary()).unwrap());
            served += 1;
            std::thread::sleep(Duration::from_millis(20));
        }
        over.store(true, Ordering::SeqCst);
        let count = changes.join().unwrap();
        assert!(count >= 4 && served > 10, "{count} {served}");
        // The watcher got over the last change as well.
        let since = Instant::now();
        let watchers = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'Watch'";
        while cluster.primary().admin_value(watchers).unwrap().as_deref() != Some("1") {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(
            failed.load(Ordering::SeqCst) < 5,
            "it is retried where it was changed in between"
        );
    });
}
