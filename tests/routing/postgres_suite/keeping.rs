//! Which connections a configuration keeps, by the servers' processes behind them.

use diesel::select;
use serde_json::{Value, json};

use super::applying::{Secrets, started};
use super::*;

diesel::define_sql_function! {
    fn pg_backend_pid() -> diesel::sql_types::Integer;
}

/// Returns the processes behind a connection of each pool: the replica's for reads, the primary's for reads and for writes.
async fn pids(router: &Router) -> [i32; 3] {
    let mut replica = wait!(router.read_eventual()).unwrap();
    assert_eq!(replica.route().node, "replica-0");
    let mut reader = wait!(router.read_primary()).unwrap();
    let mut writer = wait!(router.write()).unwrap();
    [
        wait!(select(pg_backend_pid()).get_result(&mut replica)).unwrap(),
        wait!(select(pg_backend_pid()).get_result(&mut reader)).unwrap(),
        wait!(select(pg_backend_pid()).get_result(&mut writer)).unwrap(),
    ]
}

#[test]
fn connections_are_kept_but_those_of_what_changes() {
    run(async {
        let cluster = Cluster::start(1);
        let secrets = Secrets::of(&cluster);
        let config =
            |nodes: Value, more: Value| secrets.config(&["primary", "replica-0"], nodes, more);
        let router = started(&config(json!({}), json!({}))).await;
        let first = pids(&router).await;
        assert_eq!(pids(&router).await, first, "they are pooled");

        let more = json!({ "max_lag": "9s", "balance": { "strategy": "latency" }, "classes": { "a": {} } });
        let nodes = json!({ "primary": { "zone": "a" }, "replica-0": { "zone": "a", "weight": 7, "tags": ["b"] } });
        wait!(router.apply(&config(nodes.clone(), more.clone()))).unwrap();
        assert_eq!(pids(&router).await, first);

        // One pool of the primary's three.
        let mut resized = nodes.clone();
        resized["primary"]["pools"] = json!({ "read": { "size": 3 } });
        wait!(router.apply(&config(resized.clone(), more.clone()))).unwrap();
        let second = pids(&router).await;
        assert_eq!((second[0], second[2]), (first[0], first[2]));
        assert_ne!(second[1], first[1]);

        // The default, said aloud, is no change.
        resized["replica-0"]["pools"] = json!({ "read": { "size": 10, "idle_timeout": "10m" } });
        wait!(router.apply(&config(resized.clone(), more.clone()))).unwrap();
        assert_eq!(pids(&router).await, second);

        // All pools of one node.
        resized["replica-0"]["checkout_timeout"] = json!("2s");
        wait!(router.apply(&config(resized, more))).unwrap();
        let third = pids(&router).await;
        assert_eq!((third[1], third[2]), (second[1], second[2]));
        assert_ne!(third[0], second[0]);
    });
}

#[test]
fn times_are_measured_on_connections_that_were_open_before_the_balance_needed_them() {
    run(async {
        let cluster = Cluster::start(1);
        let secrets = Secrets::of(&cluster);
        let config = |more: Value| secrets.config(&["primary", "replica-0"], json!({}), more);
        let router = wait!(
            builder()
                .config(&config(json!({})))
                .watch_interval(Duration::from_secs(10))
                .build()
        );
        let router = router.unwrap();
        let slow = async || {
            let mut conn = wait!(router.read_eventual()).unwrap();
            assert_eq!(conn.route().node, "replica-0");
            wait!(ReadSql::vouch(Cluster::SLOW).execute(&mut conn)).unwrap();
            router.status().nodes[1].latency
        };
        assert_eq!(slow().await, None);
        wait!(router.apply(&config(json!({ "balance": { "strategy": "latency" } })))).unwrap();
        assert!(slow().await > Some(Duration::from_millis(100)));
        wait!(router.apply(&config(json!({ "balance": { "strategy": "random" } })))).unwrap();
        assert_eq!(slow().await, None);
    });
}
