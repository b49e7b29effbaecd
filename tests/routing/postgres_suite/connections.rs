//! Which server process a handle talks to, and what becomes of lost ones.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::dsl::{select, sql};
use diesel::sql_types::Text;

use super::world::{World, count, rename};
use super::*;

diesel::define_sql_function! {
    fn pg_backend_pid() -> diesel::sql_types::Integer;
}

async fn pid(conn: &mut ReadConn<Replica>) -> i32 {
    wait!(select(pg_backend_pid()).get_result(conn)).unwrap()
}

fn kill(cluster: &Cluster, node: usize, pid: i32) {
    let killed = format!("SELECT pg_terminate_backend({pid}, 10000)");
    let killed = cluster.node(node).admin_value(&killed).unwrap();
    assert_eq!(killed.as_deref(), Some("t"));
}

#[test]
fn an_upgrade_keeps_the_connection_where_it_may_and_changes_it_where_not() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = wait!(session.read_eventual()).unwrap();
        let before = pid(&mut conn).await;
        let mut conn = wait!(conn.upgrade(&session)).unwrap();
        assert_eq!(pid(&mut conn).await, before);
        drop(conn);

        let mut conn = wait!(session.read_eventual()).unwrap();
        let before = pid(&mut conn).await;
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let mut conn = wait!(conn.upgrade(&session)).unwrap();
        assert_ne!(pid(&mut conn).await, before);
        let standby = select(sql::<diesel::sql_types::Bool>("pg_is_in_recovery()"));
        assert_eq!(wait!(standby.get_result(&mut conn)), Ok(false));
    });
}

#[test]
fn reads_in_a_write_transaction_and_its_savepoints_stay_on_its_connection() {
    run(async {
        let world = World::start(1).await;
        let mut conn = wait!(world.router.session().write()).unwrap();
        let outside = pid(&mut conn).await;
        let inside = wait!(conn.transaction(body!(|tx| -> QueryResult<[i32; 3]> {
            let reader: &mut ReadConn<Replica> = &mut *tx;
            let first = wait!(select(pg_backend_pid()).get_result(reader))?;
            let second = wait!(tx.transaction(body!(|tx| -> QueryResult<i32> {
                let reader: &mut ReadConn<CaughtUp> = &mut *tx;
                wait!(select(pg_backend_pid()).get_result(reader))
            })))?;
            let third = wait!(tx.snapshot(body!(|tx| -> QueryResult<i32> {
                wait!(select(pg_backend_pid()).get_result(tx))
            })))?;
            Ok([first, second, third])
        })));
        assert_eq!(inside, Ok([outside; 3]));
    });
}

#[test]
fn all_reads_of_a_snapshot_run_on_one_replica() {
    run(async {
        let world = World::start(2).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let pids = wait!(conn.snapshot(body!(|tx| -> QueryResult<[i32; 2]> {
            let first = wait!(select(pg_backend_pid()).get_result(tx))?;
            Ok([first, wait!(select(pg_backend_pid()).get_result(tx))?])
        })))
        .unwrap();
        assert_eq!(pids[0], pids[1]);
    });
}

#[test]
fn a_connection_killed_in_the_pool_is_replaced_unseen() {
    run(async {
        let world = World::sized(1, 1, |builder| builder.check_after_idle(Duration::ZERO)).await;
        for (node, role) in [(1, "replica"), (0, "read"), (0, "write")] {
            let mut conn = borrow(&world, role).await;
            let before = conn.pid().await;
            drop(conn);
            kill(&world.cluster, node, before);
            let mut conn = borrow(&world, role).await;
            assert_ne!(conn.pid().await, before, "{role}");
        }
    });
}

#[test]
fn a_connection_killed_in_use_gives_diesels_error_and_is_replaced() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        kill(&world.cluster, 1, pid(&mut conn).await);
        wait!(users::table.load::<User>(&mut conn)).unwrap_err();
        drop(conn);
        assert_eq!(
            count(&mut wait!(world.router.read_eventual()).unwrap()).await,
            2
        );
    });
}

#[test]
fn a_connection_lost_during_the_commit_counts_as_a_write() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        let victim = pid(&mut conn).await;
        let cluster = &world.cluster;
        let result = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            wait!(diesel::delete(users::table).execute(tx))?;
            kill(cluster, 0, victim);
            Ok(())
        })));
        result.unwrap_err();
        drop(conn);
        let reason = wait!(session.read()).unwrap().route().reason;
        assert_eq!(
            reason,
            Reason::RecentWrite,
            "nobody knows what became of it"
        );
        let mut conn = wait!(session.write()).unwrap();
        assert_eq!(count(&mut conn).await, 2, "the pool has a new connection");
    });
}

#[test]
fn an_open_transaction_ends_with_its_handle_and_not_with_the_next_checkout() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = wait!(world.router.write()).unwrap();
        let victim = pid(&mut conn).await;
        wait!(open_transaction(&mut conn)).unwrap();
        rename(&mut conn, "anna").await;
        drop(conn);
        let gone = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {victim}");
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while world.cluster.node(0).admin_value(&gone).unwrap().as_deref() != Some("0") {
            assert!(
                std::time::Instant::now() < deadline,
                "the pool keeps a connection whose row locks hold others up"
            );
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn isolation_and_access_are_those_that_were_built() {
    run(async {
        let world = World::start(0).await;
        let mut conn = wait!(world.router.write()).unwrap();
        let setting = |name| select(sql::<Text>(&format!("current_setting('{name}')")));
        let level = || setting("transaction_isolation");
        macro_rules! level_of {
            ($builder:expr) => {
                wait!($builder.run(body!(|tx| -> QueryResult<String> {
                    wait!(level().get_result(tx))
                })))
                .unwrap()
            };
        }
        assert_eq!(
            level_of!(conn.build_transaction().serializable()),
            "serializable"
        );
        let mut repeatable = conn.build_transaction().repeatable_read();
        assert_eq!(level_of!(repeatable), "repeatable read");
        let mut committed = conn.build_transaction().read_committed();
        assert_eq!(level_of!(committed), "read committed");

        let mut deferrable = conn
            .build_transaction()
            .serializable()
            .read_only()
            .deferrable();
        let settings = wait!(deferrable.run(body!(|tx| -> QueryResult<[String; 2]> {
            Ok([
                wait!(setting("transaction_read_only").get_result(tx))?,
                wait!(setting("transaction_deferrable").get_result(tx))?,
            ])
        })));
        assert_eq!(settings.unwrap(), ["on", "on"]);

        let mut reader = wait!(world.router.read_primary()).unwrap();
        let snapshot = wait!(reader.snapshot(body!(|tx| -> QueryResult<[String; 2]> {
            Ok([
                wait!(level().get_result(tx))?,
                wait!(setting("transaction_read_only").get_result(tx))?,
            ])
        })));
        assert_eq!(snapshot.unwrap(), ["repeatable read", "on"]);
    });
}

/// A handle of one of the three kinds of pools.
enum Borrowed {
    Replica(ReadConn<Replica>),
    Primary(ReadConn<Primary>),
    Write(WriteConn),
}

impl Borrowed {
    async fn pid(&mut self) -> i32 {
        match self {
            Self::Replica(conn) => pid(conn).await,
            Self::Primary(conn) => pid(conn).await,
            Self::Write(conn) => pid(conn).await,
        }
    }
}

async fn borrow(world: &World, role: &str) -> Borrowed {
    match role {
        "replica" => Borrowed::Replica(wait!(world.router.read_eventual()).unwrap()),
        "read" => Borrowed::Primary(wait!(world.router.read_primary()).unwrap()),
        _ => Borrowed::Write(wait!(world.router.write()).unwrap()),
    }
}

/// An application's error, which does not say what the database said.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no names")]
    NoNames,
    #[error(transparent)]
    Database(#[from] Error),
}

#[test]
fn a_read_runs_again_if_its_node_was_at_fault_whatever_the_application_makes_of_that() {
    // What the server says of it, and a message of its last statement that says nothing.
    let lost = "SELECT pg_terminate_backend(pg_backend_pid())";
    let silent = "SELECT CASE WHEN pg_terminate_backend(pg_backend_pid()) THEN ('no' || random()::text)::int END";
    run(async {
        for end in [lost, silent] {
            let world = World::start(1).await;
            let session = world.router.session();
            let runs = AtomicU32::new(0);
            let read: Result<i64, Failure> = wait!(session.reading(body!(|conn| {
                if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                    let ended = wait!(ReadSql::vouch(end).execute(conn));
                    ended.map_err(|_| Failure::NoNames)?;
                }
                let count = wait!(users::table.count().get_result(conn));
                count.map_err(|_| Failure::NoNames)
            })));
            assert_eq!(read.unwrap(), 2, "{end}");
            assert_eq!(runs.into_inner(), 2, "{end}");
        }
        // What was wrong with the statement alone would be wrong elsewhere.
        let world = World::start(1).await;
        let runs = AtomicU32::new(0);
        let read: Result<(), Failure> = wait!(world.router.session().reading(body!(|conn| {
            runs.fetch_add(1, Ordering::Relaxed);
            let failed = wait!(ReadSql::vouch("SELECT 1 / 0").execute(conn));
            failed.map(drop).map_err(|_| Failure::NoNames)
        })));
        read.unwrap_err();
        assert_eq!(runs.into_inner(), 1);
    });
}
