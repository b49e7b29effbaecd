//! Replicas' names that lead to several servers, and that move.

use std::time::{Duration, Instant};

use diesel_routing::{Health, Level};
use diesel_routing_testkit::{Address, AddressPolicy};
use futures_util::future::join_all;

use super::world::{set_theme, theme, until_a_replica_serves};
use super::*;
use crate::history::{History, number};

const ROUNDS: usize = 150;
const BOUND: Duration = Duration::from_millis(300);
const POOL: u32 = 8;
/// Long enough for a standby to replay a write and for its watcher to hear of it, most often.
const A_MOMENT: Duration = Duration::from_millis(3);

fn pools() -> [(&'static str, Builder); 2] {
    [
        ("bb8", Router::builder()),
        ("deadpool", Router::deadpool_builder()),
    ]
}

/// A router whose only replica is whatever the address leads to.
async fn router(cluster: &Cluster, readers: &Address, builder: Builder) -> Router {
    let readers = diesel_routing::Node::new("readers", readers.url()).read_pool_size(POOL);
    let builder = builder
        .window(HOUR)
        .watch_interval(A_MOMENT)
        .primary(node("primary", cluster.primary()))
        .replica(readers);
    builder.build().await.expect("a router")
}

/// Opens so many connections of the replica, and holds them.
async fn open(router: &Router, count: u32) -> impl Sized {
    let (mut held, since) = (Vec::new(), Instant::now());
    while held.len() < count as usize {
        let conn = router.read_eventual().await.expect("a connection");
        // The primary serves if it takes long.
        if !conn.route().is_primary {
            held.push(conn);
        }
        in_time(since, "connections of the replica");
    }
    held
}

/// The standby that the watcher of the only replica is not connected to.
fn unwatched<'a>(cluster: &'a Cluster, readers: &Address) -> &'a Server {
    let connections = readers.proxy().connections();
    let standbys = cluster.standbys().iter();
    let mut others = standbys.filter(|standby| standby.name() != connections[0].node);
    others.next().expect("two standbys")
}

/// What `session` reads at a level.
async fn theme_at(session: &Session, level: Level) -> usize {
    let session = session.at_level(level);
    let mut conn = session.read_default().await.expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme: String = theme.first(&mut conn).await.expect("a row");
    number(&theme)
}

/// Writes, and reads what was written over every connection of the replica there is.
async fn read_what_is_written(cluster: &Cluster, router: &Router, pool: &str) {
    let (writer, reader) = (router.session(), router.session());
    let mut history = History::default();
    let (mut seen, mut of_replicas) = (0, 0);
    for round in 1..=ROUNDS {
        set_theme(&writer, &round.to_string()).await;
        history.wrote();
        for _ in 0..3 {
            let reads = (0..POOL / 2).map(|_| theme(&writer));
            for (value, reason, primary) in join_all(reads).await {
                of_replicas += u32::from(!primary);
                assert_eq!(
                    number(&value),
                    round,
                    "{pool}: {reason}, of the primary: {primary}"
                );
            }
            let (value, reason, primary) = theme(&reader).await;
            assert!(
                number(&value) >= seen,
                "{pool}: {value} after {seen}, {reason}, of the primary: {primary}"
            );
            seen = number(&value);
            tokio::time::sleep(A_MOMENT).await;
            let floor = history.floor(BOUND);
            let bounded = theme_at(&writer, Level::Bounded(BOUND)).await;
            assert!(
                bounded >= floor,
                "{pool}: {bounded} is older than {BOUND:?}, {floor} is not"
            );
        }
    }
    eprintln!("{pool}: {of_replicas} of {} reads on replicas", ROUNDS * 12);
    // It was no test of the primary alone.
    for standby in cluster.standbys() {
        standby.resume_replay().expect("resumed");
    }
    let (value, _, _) = until_a_replica_serves(&writer).await;
    assert_eq!(number(&value), ROUNDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_standbys_behind_one_name_one_that_stands_still_serves_nothing_it_lacks() {
    for (paused, (pool, builder)) in pools().into_iter().enumerate() {
        let cluster = cluster(2);
        let readers = cluster.address(cluster.standbys()).expect("an address");
        let router = router(&cluster, &readers, builder).await;
        drop(open(&router, POOL).await);
        assert!(readers.connections_to(cluster.standby(paused)) >= u64::from(POOL / 2));
        cluster.standby(paused).pause_replay().expect("paused");
        read_what_is_written(&cluster, &router, pool).await;
        let notice = router.status().nodes[1].notice.clone().unwrap_or_default();
        assert!(notice.contains("leads to more than one server"), "{notice}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_if_the_name_leads_to_any_of_them_at_random() {
    for (seed, (pool, builder)) in pools().into_iter().enumerate() {
        let cluster = cluster(2);
        let readers = cluster.address(cluster.standbys()).expect("an address");
        let seed = seed as u64;
        readers.set_policy(AddressPolicy::Random { seed });
        let router = router(&cluster, &readers, builder).await;
        drop(open(&router, POOL).await);
        let other = unwatched(&cluster, &readers);
        assert!(readers.connections_to(other) > 0);
        other.pause_replay().expect("paused");
        read_what_is_written(&cluster, &router, pool).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_if_the_primary_is_behind_that_name_as_well() {
    for (pool, builder) in pools() {
        let cluster = cluster(2);
        let [primary, first, second] = [0, 1, 2].map(|index| cluster.node(index));
        let readers = cluster.address([first, primary, second]);
        let readers = readers.expect("an address");
        let router = router(&cluster, &readers, builder).await;
        drop(open(&router, POOL).await);
        assert!(readers.connections_to(second) > 0 && readers.connections_to(primary) > 0);
        second.pause_replay().expect("paused");
        read_what_is_written(&cluster, &router, pool).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_moves_to_a_standby_that_stands_still_makes_no_read_stale() {
    for (pool, builder) in pools() {
        let cluster = cluster(2);
        let readers = cluster.address([cluster.standby(0)]).expect("an address");
        let router = router(&cluster, &readers, builder).await;
        let held = open(&router, POOL / 2).await;
        cluster.standby(1).pause_replay().expect("paused");
        readers.lead_to([cluster.standby(1)]).expect("moved");
        drop(open(&router, POOL / 2).await);
        drop(held);
        assert!(readers.connections_to(cluster.standby(1)) >= u64::from(POOL / 2));
        read_what_is_written(&cluster, &router, pool).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_another_cluster_behind_a_name_nothing_is_read_and_the_status_names_it() {
    let foreign = stranger();
    for (pool, builder) in pools() {
        let cluster = cluster(1);
        let readers = cluster.address([cluster.standby(0)]).expect("an address");
        let router = router(&cluster, &readers, builder).await;
        drop(open(&router, POOL / 2).await);
        // Of the connections that come, every second leads there; then all do.
        for targets in [
            vec![foreign.standby(0), cluster.standby(0)],
            vec![foreign.standby(0)],
        ] {
            let before = readers.connections_to(foreign.standby(0));
            readers.lead_to(targets).expect("moved");
            readers.proxy().disconnect();
            let (session, since) = (router.session(), Instant::now());
            let mut reads = 0;
            while reads < 100 || since.elapsed() < Duration::from_secs(2) {
                for level in [Level::Eventual, Level::Bounded(BOUND), Level::Session] {
                    let session = session.at_level(level);
                    let read = async |_| {
                        let mut conn = session.read_default().await?;
                        let theme = settings::table.find(1).select(settings::theme);
                        let theme: String = theme.first(&mut conn).await?;
                        Ok::<_, diesel_routing::Error>(theme)
                    };
                    for theme in join_all((0..POOL).map(read)).await {
                        // A connection may have ended with the move.
                        let is_ours = theme.as_ref().is_ok_and(|theme| theme == "light");
                        assert!(is_ours || theme.is_err(), "{pool}: {theme:?} at {level:?}");
                        reads += u32::from(is_ours);
                    }
                }
            }
            assert!(readers.connections_to(foreign.standby(0)) > before);
        }
        let since = Instant::now();
        loop {
            let readers = &router.status().nodes[1];
            if readers.health == Health::Excluded {
                let problem = readers.problem.as_deref();
                assert!(problem.is_some_and(|why| why.contains("another cluster")));
                break;
            }
            in_time(since, "the news of the other cluster");
            tokio::task::yield_now().await;
        }
    }
}
