//! The same with blocking connections: replicas' names that lead to several servers, and connections that have ended.

use std::time::Duration;

use diesel::QueryResult;
use diesel_routing::Level;
use diesel_routing_testkit::{Address, AddressPolicy};

use super::*;
use crate::history::{History, number};

const ROUNDS: usize = 100;
const BOUND: Duration = Duration::from_millis(300);
const POOL: u32 = 4;
/// Long enough for a standby to replay a write and for its watcher to hear of it, most often.
const A_MOMENT: Duration = Duration::from_millis(3);

fn router(cluster: &Cluster, readers: &Address) -> Router {
    let readers = diesel_routing::Node::new("readers", readers.url()).read_pool_size(POOL);
    let builder = Router::builder()
        .window(HOUR)
        .watch_interval(A_MOMENT)
        .primary(node("primary", cluster.primary()))
        .replica(readers);
    builder.build().expect("a router")
}

/// Opens so many connections of the replica.
fn open(router: &Router, count: u32) {
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(router.read_eventual().expect("a connection"));
    }
}

/// What `session` reads, and whether it came from the primary.
fn theme(session: &Session) -> (usize, bool) {
    let mut conn = session.read().expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme: String = theme.first(&mut conn).expect("a row");
    (number(&theme), conn.route().is_primary)
}

/// Writes, and reads what was written.
fn read_what_is_written(cluster: &Cluster, router: &Router) {
    let (writer, reader) = (router.session(), router.session());
    let mut history = History::default();
    let mut seen = 0;
    for round in 1..=ROUNDS {
        diesel::update(settings::table.find(1))
            .set(settings::theme.eq(round.to_string()))
            .execute(&mut writer.write().expect("a connection"))
            .expect("a write");
        history.wrote();
        std::thread::scope(|scope| {
            for _ in 0..POOL {
                scope.spawn(|| {
                    for _ in 0..3 {
                        assert_eq!(theme(&writer).0, round);
                        std::thread::sleep(A_MOMENT);
                    }
                });
            }
        });
        let (value, _) = theme(&reader);
        assert!(value >= seen, "{value} after {seen}");
        seen = value;
        let floor = history.floor(BOUND);
        let bounded = writer.at_level(Level::Bounded(BOUND));
        let mut conn = bounded.read_default().expect("a connection");
        let theme = settings::table.find(1).select(settings::theme);
        let theme: String = theme.first(&mut conn).expect("a row");
        let bounded = number(&theme);
        assert!(
            bounded >= floor,
            "{bounded} is older than {BOUND:?}, {floor} is not"
        );
    }
    // It was no test of the primary alone.
    for standby in cluster.standbys() {
        standby.resume_replay().expect("resumed");
    }
    let since = std::time::Instant::now();
    loop {
        let (value, is_primary) = theme(&writer);
        assert_eq!(value, ROUNDS);
        if !is_primary {
            return;
        }
        in_time(since, "a read from a replica");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn of_two_standbys_behind_one_name_one_that_stands_still_serves_nothing_it_lacks() {
    for policy in [AddressPolicy::RoundRobin, AddressPolicy::Random { seed: 7 }] {
        let cluster = cluster(2);
        let readers = cluster.address(cluster.standbys()).expect("an address");
        readers.set_policy(policy);
        let router = router(&cluster, &readers);
        open(&router, POOL);
        assert!(readers.connections_to(cluster.standby(1)) > 0);
        cluster.standby(1).pause_replay().expect("paused");
        read_what_is_written(&cluster, &router);
    }
}

#[test]
fn a_name_that_moves_to_a_standby_that_stands_still_makes_no_read_stale() {
    let cluster = cluster(2);
    let readers = cluster.address([cluster.standby(0)]).expect("an address");
    let router = router(&cluster, &readers);
    let held = [(); 2].map(|()| router.read_eventual().expect("a connection"));
    cluster.standby(1).pause_replay().expect("paused");
    readers.lead_to([cluster.standby(1)]).expect("moved");
    open(&router, 2);
    drop(held);
    assert!(readers.connections_to(cluster.standby(1)) > 0);
    read_what_is_written(&cluster, &router);
}

#[test]
fn a_connection_that_the_server_ended_fails_once_or_not_at_all() {
    let cluster = cluster(0);
    for (idle, is_seen) in [(HOUR, true), (Duration::ZERO, false)] {
        let primary = node("primary", cluster.primary()).write_pool_size(1);
        let builder = Router::builder().primary(primary).check_after_idle(idle);
        let router = builder.build().expect("a router");
        let id = || -> QueryResult<BackendId> {
            let mut conn = router.write().expect("a connection");
            diesel::select(backend_id()).get_result(&mut conn)
        };
        let first = id().expect("an id");
        assert_eq!(id().expect("an id"), first, "it is kept");
        end(cluster.primary(), first);
        if is_seen {
            id().expect_err("it has ended");
        }
        for _ in 0..3 {
            assert_ne!(id().expect("an id"), first);
        }
    }
}
