//! What the embedded cluster promises, seen through Diesel connections.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::dsl::{count_star, max, sum};
use diesel::prelude::*;
use diesel_routing::testkit::{Error, SqliteCluster, SqliteClusterBuilder};
use schema::{accounts, notes, pages, transfers};

mod schema {
    diesel::table! {
        notes (id) { id -> Integer, body -> Text }
    }
    diesel::table! {
        accounts (id) { id -> Integer, balance -> Integer }
    }
    diesel::table! {
        transfers (id) { id -> Integer, at_micros -> BigInt }
    }
    diesel::table! {
        pages (id) { id -> Integer, body -> Text }
    }
}

const NOTES: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)";
const ACCOUNTS: &str = "
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
    INSERT INTO accounts SELECT value, 1000 FROM json_each('[0,1,2,3,4,5,6,7,8,9]');
    CREATE TABLE transfers (id INTEGER PRIMARY KEY, at_micros BIGINT NOT NULL);";
const LONG: Duration = Duration::from_secs(30);

fn notes_cluster() -> SqliteClusterBuilder {
    SqliteCluster::builder().schema(NOTES)
}

fn connect(url: &str) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(url).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF")
        .unwrap();
    conn
}

fn connect_to_replica(cluster: &SqliteCluster, index: usize) -> SqliteConnection {
    connect(cluster.replica_url(index).unwrap())
}

fn write_note(conn: &mut SqliteConnection, body: &str) {
    diesel::insert_into(notes::table)
        .values(notes::body.eq(body))
        .execute(conn)
        .unwrap();
}

fn bodies(conn: &mut SqliteConnection) -> Vec<String> {
    notes::table
        .order(notes::id)
        .select(notes::body)
        .load(conn)
        .unwrap()
}

/// Moves 1 from one account to another and says when, in one transaction.
fn transfer(conn: &mut SqliteConnection, number: i32, start: Instant) -> QueryResult<()> {
    conn.immediate_transaction(|conn| {
        let at = i64::try_from(start.elapsed().as_micros()).unwrap();
        let take = accounts::table.find(number % 10);
        diesel::update(take)
            .set(accounts::balance.eq(accounts::balance - 1))
            .execute(conn)?;
        let give = accounts::table.find((number + 3) % 10);
        diesel::update(give)
            .set(accounts::balance.eq(accounts::balance + 1))
            .execute(conn)?;
        diesel::insert_into(transfers::table)
            .values((transfers::id.eq(number), transfers::at_micros.eq(at)))
            .execute(conn)?;
        Ok(())
    })
}

fn poll_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !done() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        thread::yield_now();
    }
}

#[test]
fn the_schema_and_its_rows_are_on_every_replica_from_the_start() {
    let cluster = notes_cluster()
        .schema("INSERT INTO notes (body) VALUES ('first')")
        .replicas(3)
        .lag(Duration::from_secs(3600))
        .start()
        .unwrap();
    assert_eq!(cluster.replica_urls().len(), 3);
    for index in 0..3 {
        assert_eq!(bodies(&mut connect_to_replica(&cluster, index)), ["first"]);
    }
}

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

#[test]
fn a_page_size_set_in_the_schema_is_kept() {
    let cluster = SqliteCluster::builder()
        .schema("PRAGMA page_size = 16384")
        .schema(NOTES)
        .start()
        .unwrap();
    write_note(&mut connect(cluster.primary_url()), "large page");
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 0)), ["large page"]);
}

#[test]
fn commits_of_another_process_arrive() {
    let cluster = notes_cluster().start().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_other_process", "--ignored"])
        .env("CLUSTER_PRIMARY_URL", cluster.primary_url())
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    cluster.wait_until_caught_up(LONG).unwrap();
    assert_eq!(bodies(&mut connect_to_replica(&cluster, 0)), ["from afar"]);
}

#[test]
#[ignore = "started by `commits_of_another_process_arrive`"]
fn the_other_process() {
    write_note(
        &mut connect(&std::env::var("CLUSTER_PRIMARY_URL").unwrap()),
        "from afar",
    );
}

#[test]
fn a_cluster_without_replicas_is_a_primary_alone() {
    let cluster = notes_cluster().replicas(0).start().unwrap();
    write_note(&mut connect(cluster.primary_url()), "hello");
    cluster.wait_until_caught_up(Duration::ZERO).unwrap();
    assert!(cluster.replica_urls().is_empty());
    let error = cluster.replica_url(0).unwrap_err();
    assert!(matches!(
        error,
        Error::NoSuchReplica {
            index: 0,
            replicas: 0,
            ..
        }
    ));
}

#[test]
fn a_replica_that_does_not_exist_is_named() {
    let cluster = notes_cluster().replicas(2).start().unwrap();
    let error = cluster.pause(2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no replica 2: this cluster has 2, numbered from 0"
    );
}

#[test]
fn a_schema_that_fails_names_the_node_and_the_step() {
    let error = SqliteCluster::builder()
        .schema("CREATE TABEL x")
        .start()
        .unwrap_err();
    assert_eq!(error.to_string(), "primary: could not run the schema");
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .to_string()
            .contains("TABEL")
    );

    let error = SqliteCluster::builder()
        .schema("BEGIN")
        .start()
        .unwrap_err();
    assert!(
        error.to_string().contains("leaves a transaction open"),
        "{error}"
    );
}

#[test]
fn a_failure_of_replication_is_reported_by_the_next_call() {
    let cluster = notes_cluster().start().unwrap();
    let mut primary = connect(cluster.primary_url());
    write_note(&mut primary, "soon lost");
    std::fs::write(cluster.primary_url(), vec![0x55; 16384]).unwrap();
    // This connection has in its cache what it needs; the cluster's has to read the file again.
    write_note(&mut primary, "lost");
    let error = cluster.wait_until_caught_up(LONG).unwrap_err();
    assert!(matches!(error, Error::Stopped { .. }), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap();
    assert!(
        cause.to_string().starts_with("primary: could not "),
        "{cause}"
    );
    assert!(matches!(cluster.pause(0), Err(Error::Stopped { .. })));
    assert!(matches!(cluster.lag_of(0), Err(Error::Stopped { .. })));
}

#[test]
fn nothing_is_left_after_drop_even_in_a_panic() {
    let cluster = notes_cluster().replicas(2).start().unwrap();
    let dir = Path::new(cluster.primary_url())
        .parent()
        .unwrap()
        .to_owned();
    assert!(dir.exists() && open_files_under(&dir) != Some(0));
    let test = thread::spawn(move || assert!(cluster.replica_url(7).is_ok(), "on purpose"));
    assert!(test.join().is_err());
    assert!(!dir.exists());
    assert!(open_files_under(&dir).is_none_or(|files| files == 0));
}

/// How many files of `dir` this process has open; `None` where the system doesn't say.
///
/// The replication thread owns the cluster's connections, so none open means that it has ended.
fn open_files_under(dir: &Path) -> Option<usize> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?;
    let under = |path: std::path::PathBuf| path.starts_with(dir);
    Some(
        files
            .flatten()
            .filter_map(|file| std::fs::read_link(file.path()).ok())
            .filter(|p| under(p.clone()))
            .count(),
    )
}
