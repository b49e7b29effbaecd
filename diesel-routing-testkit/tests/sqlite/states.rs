//! What readers and writers see of each other.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::dsl::{count_star, max, sum};

use super::*;

#[test]
fn a_reader_in_a_transaction_keeps_its_view_while_the_replica_advances() {
    let cluster = notes_cluster().start().unwrap();
    let mut primary = connect(cluster.primary_url());
    write_note(&mut primary, "old");
    cluster.wait_until_caught_up(LONG).unwrap();
    let mut reader = connect_to_replica(&cluster, 0);
    reader
        .transaction(|reader| {
            assert_eq!(bodies(reader), ["old"]);
            for _ in 0..5 {
                write_note(&mut primary, "new");
                cluster.wait_until_caught_up(LONG).unwrap();
            }
            assert_eq!(bodies(&mut connect_to_replica(&cluster, 0)).len(), 6);
            assert_eq!(bodies(reader), ["old"]);
            QueryResult::Ok(())
        })
        .unwrap();
    assert_eq!(bodies(&mut reader).len(), 6);
}

#[test]
fn ten_readers_during_200_snapshots_see_only_whole_states_and_no_error() {
    let cluster = SqliteCluster::builder()
        .schema(ACCOUNTS)
        .tick(Duration::from_millis(1))
        .start()
        .unwrap();
    let done = AtomicBool::new(false);
    let reader = || {
        let mut conn = connect_to_replica(&cluster, 0);
        let (mut states, mut last) = (0, -1);
        while !done.load(Ordering::Relaxed) {
            let (total, rows, newest) = conn
                .transaction(|conn| {
                    let total: Option<i64> =
                        accounts::table.select(sum(accounts::balance)).first(conn)?;
                    let rows: i64 = transfers::table.select(count_star()).first(conn)?;
                    let newest: Option<i32> =
                        transfers::table.select(max(transfers::id)).first(conn)?;
                    QueryResult::Ok((total, rows, newest.unwrap_or(0)))
                })
                .unwrap();
            assert_eq!(total, Some(10_000));
            assert_eq!(rows, i64::from(newest));
            assert!(rows >= last, "the replica went back from {last} to {rows}");
            states += i32::from(rows > last);
            last = rows;
            if states > 200 {
                done.store(true, Ordering::Relaxed);
            }
        }
        states
    };
    let (written, most) = thread::scope(|scope| {
        let readers: Vec<_> = (0..10).map(|_| scope.spawn(reader)).collect();
        let mut primary = connect(cluster.primary_url());
        let start = Instant::now();
        let mut written = Ok(());
        let mut numbers = 1..;
        // Whoever fails ends it for all.
        while written.is_ok()
            && !done.load(Ordering::Relaxed)
            && start.elapsed() < 4 * LONG
            && readers.iter().all(|reader| !reader.is_finished())
        {
            written = numbers
                .next()
                .map_or(Ok(()), |number| transfer(&mut primary, number, start));
        }
        done.store(true, Ordering::Relaxed);
        let states = readers.into_iter().map(|reader| reader.join().unwrap());
        (written, states.max())
    });
    written.unwrap();
    assert!(most > Some(200), "only {most:?} states seen");
}

#[test]
fn the_write_ahead_log_of_a_replica_stays_small() {
    let cluster = notes_cluster().start().unwrap();
    let mut primary = connect(cluster.primary_url());
    for _ in 0..200 {
        write_note(&mut primary, &"x".repeat(4096));
        cluster.wait_until_caught_up(LONG).unwrap();
    }
    let size = |suffix| {
        std::fs::metadata(format!("{}{suffix}", cluster.replica_url(0).unwrap()))
            .unwrap()
            .len()
    };
    assert!(
        size("-wal") < 3 * size(""),
        "{} and {}",
        size("-wal"),
        size("")
    );
}

#[test]
fn a_new_table_and_column_arrive_on_connections_that_are_open() {
    let cluster = notes_cluster().start().unwrap();
    let mut replica = connect_to_replica(&cluster, 0);
    assert!(bodies(&mut replica).is_empty());
    connect(cluster.primary_url())
        .batch_execute(
            "ALTER TABLE notes ADD COLUMN author TEXT;
             CREATE TABLE pages (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
             INSERT INTO pages (body) VALUES ('new');
             INSERT INTO notes (body) VALUES ('note')",
        )
        .unwrap();
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(
        pages::table
            .select(pages::body)
            .load::<String>(&mut replica)
            .unwrap(),
        ["new"]
    );
    assert_eq!(bodies(&mut replica), ["note"]);
}

#[test]
fn an_open_transaction_is_invisible_and_a_rolled_back_one_never_arrives() {
    let cluster = notes_cluster().start().unwrap();
    let mut primary = connect(cluster.primary_url());
    let mut replica = connect_to_replica(&cluster, 0);
    let rolled_back = primary.transaction(|conn| {
        write_note(conn, "undone");
        cluster.wait_until_caught_up(LONG).unwrap();
        assert!(bodies(&mut replica).is_empty());
        Err::<(), _>(diesel::result::Error::RollbackTransaction)
    });
    assert!(rolled_back.is_err());
    write_note(&mut primary, "done");
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut replica), ["done"]);
}

#[test]
fn a_writer_with_a_busy_timeout_is_never_disturbed() {
    let cluster = SqliteCluster::builder()
        .schema(ACCOUNTS)
        .replicas(3)
        .tick(Duration::ZERO)
        .start()
        .unwrap();
    let start = Instant::now();
    for number in 0..500 {
        // Connecting anew lets SQLite checkpoint and come and go as often as it can.
        let mut primary = connect(cluster.primary_url());
        transfer(&mut primary, number, start).unwrap();
    }
    cluster.wait_until_caught_up(LONG).unwrap();
    let rows: i64 = transfers::table
        .select(count_star())
        .first(&mut connect_to_replica(&cluster, 2))
        .unwrap();
    assert_eq!(rows, 500);
}

#[test]
fn a_write_on_a_replica_holds_it_up_and_is_lost() {
    let cluster = notes_cluster().start().unwrap();
    let mut replica = connect_to_replica(&cluster, 0);
    replica
        .transaction(|replica| {
            write_note(replica, "stray");
            write_note(&mut connect(cluster.primary_url()), "true");
            let error = cluster
                .wait_until_caught_up(Duration::from_millis(100))
                .unwrap_err();
            assert!(
                error.to_string().contains("written to replica 0"),
                "{error}"
            );
            QueryResult::Ok(())
        })
        .unwrap();
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut replica), ["true"]);
}
