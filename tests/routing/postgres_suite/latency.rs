//! The replica that answers sooner gets the reads.

use std::time::Instant;

use diesel_routing::Balance;

use super::world::count;
use super::*;

/// Returns how many of so many reads the slow replica serves.
async fn on_the_slow_one(router: &Router, reads: u32) -> u32 {
    let mut slow = 0;
    for _ in 0..reads {
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert_eq!(count(&mut conn).await, 2);
        slow += u32::from(conn.route().node == "slow");
    }
    slow
}

/// Returns what is known of the nodes' latencies: that of the slow one, and that of the other.
fn latencies(router: &Router) -> (Option<Duration>, Option<Duration>) {
    let status = router.status();
    let of = |name: &str| {
        let node = status.nodes.iter().find(|node| node.name == name);
        node.and_then(|node| node.latency)
    };
    (of("slow"), of("fast"))
}

#[test]
fn most_reads_go_to_the_replica_that_answers_sooner_and_come_back_when_both_do() {
    run(async {
        let cluster = Cluster::start(2);
        let proxy = cluster.standby(0).proxy().unwrap();
        let delay = Duration::from_millis(20);
        proxy.set_delay(delay);
        let router = wait!(
            builder()
                .primary(cluster.primary())
                .replica(Node::new("slow", proxy.url()))
                .replica(Node::new("fast", cluster.standby(1).url()))
                .balance(Balance::Latency)
                .latency_decay(Duration::from_millis(500))
                .build()
        )
        .unwrap();
        // Both have been asked once their connections were open.
        let since = Instant::now();
        while !matches!(latencies(&router), (Some(slow), Some(_)) if slow >= delay) {
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "{:?}",
                latencies(&router)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let slow = on_the_slow_one(&router, 100).await;
        assert!(
            slow <= 20,
            "{slow} of 100 on the slow one: {:?}",
            latencies(&router)
        );

        // A handle that is held while nothing is asked on it is no slow answer.
        let mut held = wait!(router.read_eventual()).unwrap();
        count(&mut held).await;
        std::thread::sleep(delay * 10);
        drop(held);
        let (_, fast) = latencies(&router);
        assert!(fast < Some(delay * 10), "{fast:?}");

        proxy.set_delay(Duration::ZERO);
        let since = Instant::now();
        while on_the_slow_one(&router, 40).await < 10 {
            let known = latencies(&router);
            assert!(since.elapsed() < Duration::from_secs(60), "{known:?}");
        }

        // A slow answer counts at once.
        let mut conn = wait!(router.read_eventual()).unwrap();
        wait!(ReadSql::vouch(Cluster::SLOW).execute(&mut conn)).unwrap();
        let (slow, fast) = latencies(&router);
        let known = if conn.route().node == "slow" {
            slow
        } else {
            fast
        };
        assert!(known > Some(Duration::from_millis(100)), "{known:?}");
    });
}
