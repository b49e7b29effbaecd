//! The switch, thrown and thrown back, with blocking connections.

use std::time::{Duration, Instant};

use diesel_routing::{Mode, PoolKind, Reason};

use super::world::{in_session, set_theme, theme};
use super::*;

#[test]
fn what_was_written_while_replicas_were_off_counts_once_they_are_on_again() {
    let cluster = cluster(1);
    let router = in_session(&cluster);
    let session = router.session();
    cluster.standby(0).pause_replay().expect("paused");
    let theme = || theme(&session);

    router.set_mode(Mode::PrimaryOnly);
    set_theme(&session, "dark");
    assert_eq!(theme(), ("dark".to_owned(), Reason::PrimaryOnly, true));
    router.set_mode(Mode::On);
    let (value, reason, is_primary) = theme();
    assert_eq!((value.as_str(), is_primary), ("dark", true), "{reason}");

    cluster.standby(0).resume_replay().expect("resumed");
    let since = Instant::now();
    while theme().2 {
        in_time(since, "a read from the standby");
    }
    assert_eq!(theme().0, "dark");
}

#[test]
fn pools_count_loans_and_the_time_that_they_took() {
    let cluster = cluster(1);
    let router = Router::builder()
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router");
    let counted = || {
        let pool = router.status().nodes[1].pools[0];
        assert_eq!(pool.pool, PoolKind::Read);
        (pool.loans, pool.time_in_use)
    };
    let (held, (loans, time)) = (Duration::from_millis(20), counted());
    for _ in 0..5 {
        let conn = router.read_eventual().expect("a connection");
        assert!(!conn.route().is_primary);
        std::thread::sleep(held);
    }
    let (now, taken) = counted();
    assert_eq!(now - loans, 5);
    assert!(taken - time >= held * 5, "{taken:?}");
}
