//! Transactions, savepoints, snapshots, and what they leave in a pool.

use super::world::{World, count, name, rename};
use super::*;

use diesel::result::Error::{AlreadyInTransaction, RollbackTransaction};

/// One connection per pool: what one user leaves behind, the next one meets.
async fn one_connection() -> World {
    World::sized(1, 1, |builder| builder).await
}

/// The next user of the only connection can open a transaction, commit it, and others see that.
async fn next_user_is_unharmed(world: &World) {
    let mut conn = wait!(world.router.write()).unwrap();
    let before = count(&mut conn).await;
    wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
        let eve = users::name.eq("the next user");
        wait!(diesel::insert_into(users::table).values(eve).execute(tx))?;
        Ok(())
    })))
    .unwrap();
    drop(conn);
    let mut conn = wait!(world.router.read_primary()).unwrap();
    assert_eq!(count(&mut conn).await, before + 1);
}

#[test]
fn an_error_rolls_the_transaction_back_and_comes_out_unchanged() {
    run(async {
        let world = one_connection().await;
        let mut conn = wait!(world.router.write()).unwrap();
        let result = wait!(conn.transaction(body!(|tx| -> Result<(), Error> {
            wait!(diesel::delete(users::table).execute(tx))?;
            Err(Error::Config(ConfigError::NoPrimary))
        })));
        assert!(
            matches!(result, Err(Error::Config(ConfigError::NoPrimary))),
            "{result:?}"
        );
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_rolled_back_savepoint_undoes_its_own_part_only() {
    run(async {
        let world = one_connection().await;
        let mut conn = wait!(world.router.write()).unwrap();
        wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            let ann = diesel::update(users::table.find(1));
            wait!(ann.set(users::name.eq("anna")).execute(tx))?;
            let inner = wait!(tx.transaction(body!(|tx| -> QueryResult<()> {
                let bob = diesel::update(users::table.find(2));
                wait!(bob.set(users::name.eq("bert")).execute(tx))?;
                Err(RollbackTransaction)
            })));
            assert_eq!(inner, Err(RollbackTransaction));
            Ok(())
        })))
        .unwrap();
        let names = users::table.order(users::id).select(users::name);
        let names: Vec<String> = wait!(names.load(&mut conn)).unwrap();
        assert_eq!(names, ["anna", "bob"]);
    });
}

#[test]
fn a_read_function_called_in_a_transaction_reads_on_its_connection() {
    run(async {
        let world = one_connection().await;
        world.cluster.pause(0);
        let mut conn = wait!(world.router.session().write()).unwrap();
        wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
            let ann = diesel::update(users::table.find(1));
            wait!(ann.set(users::name.eq("anna")).execute(tx))?;
            let replica: &mut ReadConn<Replica> = &mut *tx;
            let ann = users::table.find(1).select(users::name);
            let seen: String = wait!(ann.first(replica))?;
            assert_eq!(seen, "anna", "uncommitted, so only this connection has it");
            Ok(())
        })))
        .unwrap();
    });
}

#[test]
fn a_snapshot_keeps_its_view_while_another_session_commits() {
    run(async {
        let world = World::start(0).await;
        let mut reader = wait!(world.router.read_primary()).unwrap();
        let mut writer = wait!(world.router.write()).unwrap();
        let writer = &mut writer;
        let seen = wait!(reader.snapshot(body!(|tx| -> QueryResult<(i64, i64)> {
            let before = wait!(users::table.count().get_result(tx))?;
            assert_eq!(wait!(diesel::delete(users::table).execute(writer))?, 2);
            let after = wait!(users::table.count().get_result(tx))?;
            Ok((before, after))
        })))
        .unwrap();
        assert_eq!(seen, (2, 2));
        assert_eq!(
            count(&mut reader).await,
            0,
            "the view ends with the snapshot"
        );
    });
}

#[test]
fn every_read_handle_has_snapshots_and_they_nest() {
    run(async {
        let world = one_connection().await;
        let mut replica = wait!(world.router.read_eventual()).unwrap();
        let nested = wait!(replica.snapshot(body!(|tx| -> QueryResult<i64> {
            wait!(tx.snapshot(body!(|tx| -> QueryResult<i64> {
                wait!(users::table.count().get_result(tx))
            })))
        })));
        assert_eq!(nested, Ok(2));
        let mut writer = wait!(world.router.write()).unwrap();
        rename(&mut writer, "anna").await;
        let on_writer = wait!(writer.snapshot(body!(|tx| -> QueryResult<i64> {
            wait!(users::table.count().get_result(tx))
        })));
        assert_eq!(on_writer, Ok(2));
    });
}

#[test]
fn a_failed_snapshot_gives_the_connection_back_in_order() {
    run(async {
        let world = one_connection().await;
        let mut conn = wait!(world.router.read_primary()).unwrap();
        let failed = wait!(conn.snapshot(body!(|tx| -> QueryResult<()> {
            wait!(users::table.find(-1).first::<User>(tx))?;
            Ok(())
        })));
        assert_eq!(failed, Err(diesel::result::Error::NotFound));
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        let mut conn = wait!(world.router.read_primary()).unwrap();
        let again = wait!(conn.snapshot(body!(|tx| -> QueryResult<i64> {
            wait!(users::table.count().get_result(tx))
        })));
        assert_eq!(again, Ok(2));
    });
}

#[test]
fn a_test_transaction_is_always_rolled_back() {
    run(async {
        let world = one_connection().await;
        let mut conn = wait!(world.router.write()).unwrap();
        let inside = wait!(conn.test_transaction(body!(|tx| -> QueryResult<i64> {
            wait!(diesel::delete(users::table.find(1)).execute(tx))?;
            wait!(users::table.count().get_result(tx))
        })));
        assert_eq!(inside, 1);
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        next_user_is_unharmed(&world).await;
    });
}

#[test]
fn a_begun_test_transaction_goes_on_when_its_connection_is_lent_again() {
    run(async {
        let world = one_connection().await;
        let mut conn = wait!(world.router.write()).unwrap();
        wait!(conn.begin_test_transaction()).unwrap();
        rename(&mut conn, "anna").await;
        drop(conn);

        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(name(&mut conn).await, "anna");
        // A transaction of the code under test is a savepoint in it.
        wait!(conn.transaction(body!(|tx| -> QueryResult<usize> {
            wait!(diesel::delete(posts::table).execute(tx))
        })))
        .unwrap();
        drop(conn);

        let mut other = wait!(world.router.read_primary()).unwrap();
        assert_eq!(name(&mut other).await, "ann", "it is never committed");
    });
}

#[test]
fn a_handle_dropped_inside_a_transaction_takes_its_connection_along() {
    run(async {
        let world = one_connection().await;
        let mut conn = wait!(world.router.write()).unwrap();
        wait!(open_transaction(&mut conn)).unwrap();
        rename(&mut conn, "anna").await;
        drop(conn);
        next_user_is_unharmed(&world).await;
        let mut conn = wait!(world.router.read_primary()).unwrap();
        assert_eq!(name(&mut conn).await, "ann");
    });
}

#[test]
fn a_transaction_inside_a_handmade_one_is_a_savepoint() {
    run(async {
        let world = one_connection().await;
        let mut conn = wait!(world.router.write()).unwrap();
        wait!(open_transaction(&mut conn)).unwrap();
        let nested = wait!(
            conn.build_transaction()
                .run(body!(|_| -> QueryResult<()> { Ok(()) }))
        );
        assert_eq!(
            nested,
            Err(AlreadyInTransaction),
            "a builder never opens a savepoint"
        );
        wait!(conn.transaction(body!(|_| -> QueryResult<()> { Ok(()) }))).unwrap();
    });
}
