//! Pools with accounts of their own, and connections that do not live for ever.

use std::time::{Duration, Instant};

use diesel::sql_types::{BigInt, Text};
use diesel_routing::{Node, PoolKind, PoolOptions};
use diesel_routing_testkit::{PgCluster, PgNode};

use super::*;
use crate::flavours::run;

/// One URL served all pools of a node: after the promotion of a replica whose account may only read, every write failed
/// with "permission denied".
#[test]
fn a_promoted_replica_is_written_to_with_the_account_for_writes() {
    for new in BUILDERS {
        run(async {
            let cluster = PgCluster::builder().standbys(1).start().unwrap();
            let primary = cluster.primary();
            primary
                .execute("CREATE TABLE notes (id int); GRANT SELECT ON notes TO public")
                .unwrap();
            primary.admin_execute("CREATE ROLE reader LOGIN").unwrap();
            cluster
                .wait_until_caught_up(Duration::from_secs(20))
                .unwrap();
            let node = |name: &str, server: &PgNode| {
                let writer = PoolOptions::new().url(server.url());
                Node::new(name, server.url_for("reader", "app")).pool(PoolKind::Write, writer)
            };
            let router = new()
                .primary(node("primary", cluster.node(0)))
                .replica(node("replica", cluster.node(1)));
            let router = wait!(router.build()).unwrap();
            let users = "SELECT CURRENT_USER::text";
            assert_eq!(
                text(&mut wait!(router.write()).unwrap(), users).await,
                "app"
            );

            cluster.node(0).kill().unwrap();
            cluster.node(1).promote().unwrap();
            let since = Instant::now();
            let mut conn = loop {
                match wait!(router.write()) {
                    Ok(conn) if conn.route().node == "replica" => break conn,
                    other => assert!(since.elapsed() < Duration::from_secs(20), "{other:?}"),
                }
                std::thread::sleep(Duration::from_millis(20));
            };
            let insert = diesel::sql_query("INSERT INTO notes VALUES (1)");
            wait!(raw::RunQueryDsl::execute(insert, &mut conn)).expect("the account for writes");
            // Reads, and the watcher, go on with the other.
            let readers = "SELECT count(*)::text FROM pg_stat_activity WHERE usename = 'reader'";
            assert_ne!(text(&mut conn, readers).await, "0");
        });
    }
}

/// Each connection is closed after its time, also one that is always in use, and not in the middle of it.
#[test]
fn connections_are_replaced_after_their_lifetime() {
    for new in BUILDERS {
        run(async {
            let cluster = PgCluster::builder().start().unwrap();
            let lifetime = Duration::from_millis(300);
            let options = PoolOptions::new().size(1).max_lifetime(lifetime);
            let node = Node::new("primary", cluster.primary().url()).pools(&options);
            let router = wait!(new().primary(node).build()).unwrap();
            let mut first = wait!(router.write()).unwrap();
            let pid = backend(&mut first).await;
            std::thread::sleep(lifetime * 2);
            assert_eq!(backend(&mut first).await, pid, "it is not taken away");
            drop(first);
            let mut second = wait!(router.write()).unwrap();
            let next = backend(&mut second).await;
            assert_ne!(next, pid, "it was closed when it came back");
            drop(second);
            assert_eq!(
                backend(&mut wait!(router.write()).unwrap()).await,
                next,
                "young ones stay"
            );
            // One that grew old in the pool is not lent.
            std::thread::sleep(lifetime * 2);
            assert_ne!(backend(&mut wait!(router.write()).unwrap()).await, next);
        });
    }
}

#[test]
fn a_pool_keeps_idle_connections_where_it_can() {
    // Not deadpool's.
    run(async {
        let cluster = PgCluster::builder().standbys(1).start().unwrap();
        let options = PoolOptions::new().size(3).min_idle(5);
        let node = |name, server: &PgNode| Node::new(name, server.url()).pools(&options);
        let router = BUILDERS[0]()
            .primary(node("primary", cluster.node(0)))
            .replica(node("replica", cluster.node(1)));
        let router = wait!(router.build()).unwrap();
        // Its size at most; a replica's for writes, none.
        let since = Instant::now();
        loop {
            let status = router.status();
            let open: Vec<Vec<u32>> = status
                .nodes
                .iter()
                .map(|node| node.pools.iter().map(|pool| pool.open).collect())
                .collect();
            if open == [[3, 3, 3], [3, 0, 3]] {
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(20), "{open:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    });
}

async fn backend(conn: &mut WriteConn) -> i64 {
    let query = diesel::select(diesel::dsl::sql::<BigInt>("pg_backend_pid()::int8"));
    wait!(raw::RunQueryDsl::get_result(query, conn)).unwrap()
}

async fn text(conn: &mut WriteConn, sql: &str) -> String {
    let query = diesel::select(diesel::dsl::sql::<Text>(&format!("({sql})")));
    wait!(raw::RunQueryDsl::get_result(query, conn)).unwrap()
}
