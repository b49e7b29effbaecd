use std::time::Duration;

use diesel_routing_testkit::MariaCluster;

use crate::{arrives, cluster, is_mariadb, read, stays_behind, wait_until, write};

#[test]
fn a_paused_replica_keeps_its_old_rows_while_the_primary_goes_on() {
    let cluster = cluster(2);
    cluster.replica(0).pause_replay().unwrap();
    assert!(cluster.replica(0).is_replay_paused().unwrap());
    write(cluster.primary(), 2);
    stays_behind(&cluster, cluster.replica(0));
    assert_eq!(read(cluster.primary()), 2);
    assert_eq!(read(cluster.replica(0)), 1);

    cluster.replica(0).resume_replay().unwrap();
    arrives(&cluster, cluster.replica(0), 2);
    assert_eq!(read(cluster.replica(1)), 2, "the other was never paused");
}

#[test]
fn an_apply_delay_holds_commits_back_until_it_ends() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    replica
        .set_apply_delay(Duration::from_millis(3_599_500))
        .unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, replica);
    assert_eq!(read(replica), 1);

    replica.set_apply_delay(Duration::ZERO).unwrap();
    arrives(&cluster, replica, 2);
}

#[test]
fn a_delay_leaves_a_paused_replica_paused() {
    let cluster = cluster(1);
    cluster.replica(0).pause_replay().unwrap();
    cluster.replica(0).set_apply_delay(Duration::ZERO).unwrap();
    assert!(cluster.replica(0).is_replay_paused().unwrap());
    write(cluster.primary(), 2);
    stays_behind(&cluster, cluster.replica(0));
    cluster.replica(0).resume_replay().unwrap();
    arrives(&cluster, cluster.replica(0), 2);
}

#[test]
fn a_replica_that_stopped_receiving_knows_and_gets_nothing() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    replica.stop_receiving().unwrap();
    assert!(!replica.is_receiving().unwrap());
    assert!(!replica.is_replay_paused().unwrap());
    write(cluster.primary(), 2);
    stays_behind(&cluster, replica);
    assert_eq!(read(replica), 1);

    replica.resume_receiving().unwrap();
    arrives(&cluster, replica, 2);
}

#[test]
fn broken_replay_has_an_error_and_goes_on_once_it_is_mended() {
    let cluster = cluster(2);
    let replica = cluster.replica(0);
    for number in [2, 3] {
        cluster.break_replay(1).unwrap();
        let error = replica.replay_error().unwrap().unwrap();
        // MySQL's coordinator points to its workers.
        let words = if is_mariadb(replica) {
            "Duplicate entry"
        } else {
            "failed executing transaction"
        };
        assert!(error.contains(words), "{error}");
        assert!(replica.is_replay_paused().unwrap());
        assert!(replica.is_receiving().unwrap());
        write(cluster.primary(), number);
        stays_behind(&cluster, replica);
        assert_eq!(read(replica), number - 1);

        replica.mend_replay().unwrap();
        arrives(&cluster, replica, number);
        assert_eq!(replica.replay_error().unwrap(), None);
        assert_eq!(read(cluster.replica(1)), number, "the other is whole");
        assert_eq!(
            replica.position().unwrap(),
            cluster.primary().position().unwrap()
        );
    }
}

#[test]
fn a_share_lock_on_a_replica_holds_up_its_replay() {
    let cluster = cluster(1);
    let (url, held) = (cluster.replica(0).url(), std::sync::Barrier::new(2));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            use mysql_async::prelude::Queryable;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut conn = mysql_async::Conn::from_url(&url).await.unwrap();
                conn.query_drop("START TRANSACTION READ ONLY")
                    .await
                    .unwrap();
                conn.query_drop("SELECT * FROM n LOCK IN SHARE MODE")
                    .await
                    .unwrap();
                held.wait();
                held.wait();
                conn.query_drop("COMMIT").await.unwrap();
            });
        });
        held.wait();
        write(cluster.primary(), 2);
        stays_behind(&cluster, cluster.replica(0));
        held.wait();
        arrives(&cluster, cluster.replica(0), 2);
    });
}

#[test]
fn a_locked_table_holds_up_replay_until_it_is_released() {
    let cluster = cluster(1);
    let lock = cluster.replica(0).lock_table("n").unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, cluster.replica(0));
    assert_eq!(read(cluster.replica(0)), 1);
    drop(lock);
    arrives(&cluster, cluster.replica(0), 2);
    assert!(cluster.replica(0).lock_table("no_such_table").is_err());
}

#[test]
fn a_replica_of_a_replica_lags_with_the_one_above_it() {
    let cluster = MariaCluster::builder()
        .replicas(1)
        .replica_of(1)
        .start()
        .unwrap();
    let (middle, last) = (cluster.replica(0), cluster.replica(1));
    cluster
        .primary()
        .execute("CREATE TABLE n AS SELECT 1 AS n")
        .unwrap();
    arrives(&cluster, last, 1);

    middle.pause_replay().unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, middle);
    assert_eq!(read(last), 1);
    middle.resume_replay().unwrap();
    arrives(&cluster, last, 2);
}

#[test]
fn a_paused_replica_still_receives() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    replica.pause_replay().unwrap();
    write(cluster.primary(), 2);
    let position = cluster.primary().position().unwrap();
    wait_until(|| replica.received().unwrap() == position);
    assert_ne!(replica.position().unwrap(), position);

    // What has arrived is applied without the primary.
    cluster.cut_replication(1).unwrap();
    replica.resume_replay().unwrap();
    wait_until(|| read(replica) == 2);
}
