//! When commits arrive: lag, pauses, and what changes them.

use diesel::dsl::{count_star, max};

use super::*;

#[test]
fn without_a_lag_a_commit_arrives_by_itself() {
    let cluster = notes_cluster().replicas(2).start().unwrap();
    write_note(&mut connect(cluster.primary_url()), "hello");
    let mut replicas: Vec<_> = cluster
        .replica_urls()
        .iter()
        .map(|url| connect(url))
        .collect();
    poll_until("both replicas show the row", || {
        replicas.iter_mut().all(|conn| bodies(conn) == ["hello"])
    });
}

#[test]
fn a_replica_shows_a_row_only_after_the_lag_has_passed() {
    let lag = Duration::from_millis(300);
    let cluster = notes_cluster().lag(lag).start().unwrap();
    let mut replica = connect_to_replica(&cluster, 0);
    let before_commit = Instant::now();
    write_note(&mut connect(cluster.primary_url()), "late");
    poll_until("the replica shows the row", || {
        bodies(&mut replica) == ["late"]
    });
    assert!(before_commit.elapsed() >= lag);
}

#[test]
fn under_steady_commits_a_replica_never_shows_one_that_is_younger_than_the_lag() {
    let lag = Duration::from_millis(150);
    let cluster = SqliteCluster::builder()
        .schema(ACCOUNTS)
        .lag(lag)
        .start()
        .unwrap();
    let mut primary = connect(cluster.primary_url());
    let mut replica = connect_to_replica(&cluster, 0);
    let start = Instant::now();
    let mut most = 0;
    let mut number = 0;
    while start.elapsed() < 8 * lag {
        number += 1;
        transfer(&mut primary, number, start).unwrap();
        let shown: Option<i32> = transfers::table
            .select(max(transfers::id))
            .first(&mut replica)
            .unwrap();
        let Some(shown) = shown else { continue };
        let seen = start.elapsed();
        let at: i64 = transfers::table
            .find(shown)
            .select(transfers::at_micros)
            .first(&mut primary)
            .unwrap();
        let age = seen - Duration::from_micros(at.unsigned_abs());
        assert!(age >= lag, "a commit showed after {age:?}");
        most = most.max(shown);
    }
    assert!(most > 1, "the replica advanced while commits went on");
}

#[test]
fn each_replica_has_its_own_lag() {
    let cluster = notes_cluster().replicas(2).start().unwrap();
    cluster.set_lag_of(1, Duration::from_secs(3600)).unwrap();
    write_note(&mut connect(cluster.primary_url()), "hello");
    let mut quick = connect_to_replica(&cluster, 0);
    poll_until("the quick replica shows the row", || {
        bodies(&mut quick) == ["hello"]
    });
    assert!(bodies(&mut connect_to_replica(&cluster, 1)).is_empty());

    cluster.set_lag(Duration::ZERO).unwrap();
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 1)), ["hello"]);
}

#[test]
fn a_paused_replica_keeps_its_old_rows_while_the_others_advance() {
    let cluster = notes_cluster().replicas(2).start().unwrap();
    let mut primary = connect(cluster.primary_url());
    write_note(&mut primary, "old");
    cluster.wait_until_caught_up(LONG).unwrap();

    cluster.pause(0).unwrap();
    write_note(&mut primary, "new");
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 0)), ["old"]);
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 1)), ["old", "new"]);

    cluster.resume(0).unwrap();
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 0)), ["old", "new"]);
}

#[test]
fn nothing_is_applied_after_pause_returns_even_amid_steady_commits() {
    let cluster = SqliteCluster::builder()
        .schema(ACCOUNTS)
        .tick(Duration::from_millis(1))
        .start()
        .unwrap();
    let mut primary = connect(cluster.primary_url());
    let mut replica = connect_to_replica(&cluster, 0);
    let start = Instant::now();
    for number in 0..300 {
        transfer(&mut primary, number, start).unwrap();
        if number % 10 == 0 {
            cluster.pause(0).unwrap();
            let shown = |conn: &mut SqliteConnection| -> i64 {
                transfers::table.select(count_star()).first(conn).unwrap()
            };
            let frozen = shown(&mut replica);
            for _ in 0..20 {
                assert_eq!(shown(&mut replica), frozen);
            }
            cluster.resume(0).unwrap();
        }
    }
}

#[test]
fn lag_of_grows_while_paused_and_returns_to_zero() {
    let cluster = notes_cluster().start().unwrap();
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(cluster.lag_of(0).unwrap(), Duration::ZERO);

    cluster.pause(0).unwrap();
    write_note(&mut connect(cluster.primary_url()), "hello");
    let written = Instant::now();
    poll_until("the lag is seen", || {
        cluster.lag_of(0).unwrap() > Duration::ZERO
    });
    poll_until("the lag grows", || {
        cluster.lag_of(0).unwrap() > Duration::from_millis(50)
    });
    let since_written = written.elapsed();
    assert!(cluster.lag_of(0).unwrap() >= since_written);

    cluster.resume(0).unwrap();
    poll_until("the lag is gone", || {
        cluster.lag_of(0).unwrap() == Duration::ZERO
    });
}

#[test]
fn a_change_takes_effect_at_once_however_long_the_tick() {
    for _ in 0..50 {
        let cluster = notes_cluster()
            .tick(Duration::from_secs(3600))
            .start()
            .unwrap();
        cluster.pause(0).unwrap();
        write_note(&mut connect(cluster.primary_url()), "hello");
        cluster.resume(0).unwrap();
        let mut replica = connect_to_replica(&cluster, 0);
        poll_until("the replica shows the row", || {
            bodies(&mut replica) == ["hello"]
        });
    }
}

#[test]
fn a_longer_lag_never_takes_rows_back() {
    let cluster = notes_cluster().start().unwrap();
    let mut primary = connect(cluster.primary_url());
    write_note(&mut primary, "one");
    cluster.wait_until_caught_up(LONG).unwrap();
    cluster.set_lag(Duration::from_secs(3600)).unwrap();
    write_note(&mut primary, "two");
    let behind = cluster
        .wait_until_caught_up(Duration::from_millis(50))
        .unwrap_err();
    assert!(behind.is_timeout());
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 0)), ["one"]);
}
