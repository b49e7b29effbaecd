use std::time::Duration;

use crate::{arrives, cluster, read, stays_behind, write};

#[test]
fn a_paused_replica_keeps_its_old_rows_while_the_primary_goes_on() {
    let cluster = cluster(2);
    cluster.standby(0).pause_replay().unwrap();
    assert!(cluster.standby(0).is_replay_paused().unwrap());
    write(cluster.primary(), 2);
    stays_behind(&cluster, cluster.standby(0));
    assert_eq!(read(cluster.primary()), 2);
    assert_eq!(read(cluster.standby(0)), 1);

    cluster.standby(0).resume_replay().unwrap();
    arrives(&cluster, cluster.standby(0), 2);
    assert_eq!(read(cluster.standby(1)), 2, "the other was never paused");
}

#[test]
fn an_apply_delay_holds_commits_back_until_it_ends() {
    let cluster = cluster(1);
    cluster
        .standby(0)
        .set_apply_delay(Duration::from_secs(3600))
        .unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, cluster.standby(0));
    assert_eq!(read(cluster.standby(0)), 1);

    cluster.standby(0).set_apply_delay(Duration::ZERO).unwrap();
    arrives(&cluster, cluster.standby(0), 2);
}

#[test]
fn replication_takes_the_time_that_it_is_given() {
    const DELAY: Duration = Duration::from_millis(300);
    let cluster = cluster(2);
    cluster.delay_replication(1, DELAY).unwrap();
    let since = std::time::Instant::now();
    write(cluster.primary(), 2);
    arrives(&cluster, cluster.standby(0), 2);
    assert!(since.elapsed() >= DELAY, "{:?}", since.elapsed());
}

#[test]
fn a_frozen_receiver_gets_nothing_while_queries_go_on() {
    let cluster = cluster(1);
    let standby = cluster.standby(0);
    standby.freeze_receiver().unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, standby);
    let received = standby
        .admin_value("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()")
        .unwrap();
    assert_eq!(
        received.as_deref(),
        Some("t"),
        "nothing has arrived that waits for replay"
    );
    assert_eq!(read(standby), 1);

    standby.thaw().unwrap();
    arrives(&cluster, standby, 2);
}

#[test]
fn a_frozen_replay_receives_and_does_not_apply() {
    let cluster = cluster(1);
    let standby = cluster.standby(0);
    standby.freeze_replay().unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, standby);
    let waiting = standby
        .admin_value("SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()")
        .unwrap();
    assert_eq!(waiting.as_deref(), Some("t"));
    assert_eq!(read(standby), 1);

    standby.thaw().unwrap();
    arrives(&cluster, standby, 2);
}

#[test]
fn a_standby_of_a_standby_lags_with_the_one_above_it() {
    let cluster = diesel_routing_testkit::PgCluster::builder()
        .standbys(1)
        .standby_of(1)
        .start()
        .unwrap();
    let (middle, last) = (cluster.standby(0), cluster.standby(1));
    cluster
        .primary()
        .execute("CREATE TABLE n AS SELECT 1 AS n")
        .unwrap();
    arrives(&cluster, last, 1);
    let fed = middle
        .admin_value("SELECT application_name FROM pg_stat_replication")
        .unwrap();
    assert_eq!(fed.as_deref(), Some(last.name()));

    middle.freeze_receiver().unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, middle);
    assert_eq!(read(last), 1);
    middle.thaw().unwrap();
    arrives(&cluster, last, 2);
}
