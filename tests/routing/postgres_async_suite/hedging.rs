//! Second reads elsewhere, when the first take long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use diesel::sql_types::Text;
use diesel_routing_testkit::Proxy;

use super::*;

const DELAY: Duration = Duration::from_millis(20);

/// Two replicas behind proxies, for reads of which this share may run twice.
async fn routed(cluster: &Cluster, budget: f32) -> (Router, [Arc<Proxy>; 2]) {
    let proxies = [0, 1].map(|index| cluster.standby(index).proxy().unwrap());
    let replica = |index: usize| Node::new(format!("replica-{index}"), proxies[index].url());
    let router = builder()
        .hedge_budget(budget)
        // A node that counts as down is given up, and its reads run again elsewhere: on a busy machine, too.
        .watch_timeout(Duration::from_secs(60))
        .primary(cluster.primary())
        .replica(replica(0))
        .replica(replica(1))
        .build()
        .await
        .unwrap();
    let mut warm = Vec::new();
    for _ in 0..8 {
        warm.push(router.read_eventual().await.unwrap());
    }
    drop(warm);
    (router, proxies)
}

async fn count(session: &Session) -> Result<i64, Error> {
    session
        .hedging(DELAY, async |conn| {
            users::table.count().get_result(conn).await
        })
        .await
}

#[test]
fn a_read_on_a_slow_replica_is_answered_by_another() {
    run(async {
        let cluster = Cluster::start(2);
        let (router, proxies) = routed(&cluster, 1.0).await;
        let one_way = Duration::from_secs(1);
        proxies[0].set_delay(one_way);
        for _ in 0..40 {
            let since = Instant::now();
            assert_eq!(count(&router.session()).await.unwrap(), 2);
            assert!(since.elapsed() < 2 * one_way, "{:?}", since.elapsed());
        }
        assert!(router.status().hedges > 0);
    });
}

#[test]
fn no_more_than_the_budgets_share_of_reads_run_twice_however_slow_all_are() {
    const READS: u32 = 100;
    run(async {
        let cluster = Cluster::start(2);
        let (router, proxies) = routed(&cluster, 0.1).await;
        for proxy in &proxies {
            proxy.set_delay(3 * DELAY);
        }
        let ran = Arc::new(AtomicU32::new(0));
        let mut reads = tokio::task::JoinSet::new();
        for _ in 0..READS {
            let (session, ran) = (router.session(), Arc::clone(&ran));
            reads.spawn(async move {
                let count = async |conn: &mut ReadConn<_>| {
                    ran.fetch_add(1, Ordering::Relaxed);
                    users::table.count().get_result::<i64>(conn).await
                };
                session.hedging(DELAY, count).await
            });
        }
        for counted in reads.join_all().await {
            assert_eq!(counted.unwrap(), 2);
        }
        let hedges = router.status().hedges;
        assert!((1..=10).contains(&hedges), "{hedges}");
        // One that was late may have been given up before it began.
        let ran = u64::from(AtomicU32::load(&ran, Ordering::Relaxed));
        assert!(
            (READS.into()..=u64::from(READS) + hedges).contains(&ran),
            "{ran}"
        );
    });
}

#[test]
fn nothing_runs_twice_on_the_primary() {
    run(async {
        let cluster = Cluster::start(0);
        let proxy = cluster.node(0).proxy().unwrap();
        let primary = Node::new("primary", proxy.url());
        let router = builder().hedge_budget(1.0).primary(primary).build();
        let router = router.await.unwrap();
        count(&router.session()).await.unwrap();
        proxy.set_delay(3 * DELAY);
        count(&router.session()).await.unwrap();
        assert_eq!(router.status().hedges, 0);
    });
}

/// Its server is busy with it for a minute: whoever got the connection next would wait for that.
#[test]
fn the_connection_of_a_statement_that_is_given_up_is_lent_to_nobody() {
    run(async {
        let cluster = Cluster::start(2);
        let (router, _proxies) = routed(&cluster, 1.0).await;
        let since = Instant::now();
        let ran = AtomicU32::new(0);
        let slow_at_first = async |conn: &mut ReadConn<_>| {
            let seconds = match ran.fetch_add(1, Ordering::Relaxed) {
                0 => 60,
                _ => 0,
            };
            let sleep = format!("pg_sleep({seconds})::text");
            diesel::select(diesel::dsl::sql::<Text>(&sleep))
                .get_result::<String>(conn)
                .await
        };
        router
            .session()
            .hedging(DELAY, slow_at_first)
            .await
            .unwrap();
        assert_eq!(router.status().hedges, 1);
        for _ in 0..40 {
            let mut conn = router.read_eventual().await.unwrap();
            let counted: i64 = users::table.count().get_result(&mut conn).await.unwrap();
            assert_eq!(counted, 2);
        }
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "{:?}",
            since.elapsed()
        );
    });
}

#[test]
fn a_statement_that_fails_on_both_nodes_fails() {
    run(async {
        let cluster = Cluster::start(2);
        let (router, proxies) = routed(&cluster, 1.0).await;
        for proxy in &proxies {
            proxy.set_delay(3 * DELAY);
        }
        let divide = async |conn: &mut ReadConn<_>| {
            diesel::select(diesel::dsl::sql::<Text>("(1 / 0)::text"))
                .get_result::<String>(conn)
                .await
        };
        let error = router.session().hedging(DELAY, divide).await.unwrap_err();
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "division by zero");
        assert_eq!(router.status().hedges, 1);
    });
}

#[test]
fn a_budget_that_is_no_share_is_refused() {
    run(async {
        for share in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
            let builder = builder().hedge_budget(share);
            let built = builder.primary(Node::new("primary", "unused")).build();
            let error = built.await.unwrap_err().to_string();
            assert!(
                error.contains(&format!("`hedge_budget({share})`")),
                "{error}"
            );
        }
    });
}
