//! Row locks: where they are taken, where they hold, and where they are refused.

use super::world::World;
use super::*;

use diesel::result::DatabaseErrorKind;
use diesel_routing::Reset;

/// Whether somebody else holds a lock on user 1.
async fn is_locked(conn: &mut WriteConn) -> bool {
    let row = users::table.find(1).for_update().no_wait();
    match wait!(row.first::<User>(conn)) {
        Ok(_) => false,
        Err(diesel::result::Error::DatabaseError(DatabaseErrorKind::Unknown, info)) => {
            assert!(info.message().contains("could not obtain lock"), "{info:?}");
            true
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_row_lock_in_a_transaction_on_the_primary_holds_until_it_ends() {
    run(async {
        let world = World::start(0).await;
        let mut reader = wait!(world.router.read_primary()).unwrap();
        let mut other = wait!(world.router.write()).unwrap();
        let before = is_locked(&mut other).await;
        let other = &mut other;
        wait!(reader.transaction(body!(|tx| -> QueryResult<()> {
            wait!(users::table.find(1).for_update().first::<User>(tx))?;
            let nowait = users::table.find(1).for_update().no_wait();
            wait!(nowait.first::<User>(other)).unwrap_err();
            let skipped = users::table.for_update().skip_locked();
            let rows = wait!(skipped.load::<User>(other))?;
            assert_eq!(rows.len(), 1, "only the locked row is skipped");
            Ok(())
        })))
        .unwrap();
        assert!(!before && !is_locked(other).await);
    });
}

#[test]
fn a_row_lock_outside_a_transaction_is_refused_with_the_way_out() {
    run(async {
        let world = World::start(0).await;
        let mut conn = wait!(world.router.read_primary()).unwrap();
        let row = users::table.find(1).for_update();
        let error = wait!(row.first::<User>(&mut conn)).unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        let words = refusal(&error).to_string();
        assert!(words.contains("ReadConn<Primary>::transaction"), "{words}");
    });
}

#[test]
fn a_row_lock_in_a_snapshot_is_refused_also_in_a_transaction_inside_it() {
    run(async {
        let world = World::start(0).await;
        let mut conn = wait!(world.router.read_primary()).unwrap();
        let error = wait!(conn.snapshot(body!(|tx| -> QueryResult<User> {
            wait!(users::table.find(1).for_update().first(tx))
        })))
        .unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        let error = wait!(conn.snapshot(body!(|tx| -> QueryResult<User> {
            wait!(tx.transaction(body!(|tx| -> QueryResult<User> {
                wait!(users::table.find(1).for_update().first(tx))
            })))
        })))
        .unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        // And the next transaction locks again.
        wait!(conn.transaction(body!(|tx| -> QueryResult<User> {
            wait!(users::table.find(1).for_update().first(tx))
        })))
        .unwrap();
    });
}

#[test]
fn a_snapshot_inside_a_locking_transaction_is_a_savepoint_of_it() {
    run(async {
        let world = World::start(0).await;
        let mut conn = wait!(world.router.read_primary()).unwrap();
        wait!(conn.transaction(body!(|tx| -> QueryResult<User> {
            wait!(tx.snapshot(body!(|tx| -> QueryResult<User> {
                wait!(users::table.find(1).for_share().first(tx))
            })))
        })))
        .unwrap();
    });
}

#[test]
fn a_write_handle_seen_as_a_reader_locks_inside_its_own_transaction_only() {
    run(async {
        let world = World::start(0).await;
        let mut writer = wait!(world.router.write()).unwrap();
        let reader: &mut ReadConn<Primary> = &mut writer;
        let row = users::table.find(1).for_update();
        let error = wait!(row.first::<User>(reader)).unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        wait!(writer.transaction(body!(|tx| -> QueryResult<User> {
            let reader: &mut ReadConn<Primary> = &mut *tx;
            wait!(users::table.find(1).for_update().first(reader))
        })))
        .unwrap();
    });
}

#[test]
fn in_a_transaction_of_raw_sql_a_lock_gets_what_the_server_says() {
    run(async {
        for reset in [Reset::Changed, Reset::Never] {
            let world = World::with(0, |builder| builder.reset(reset)).await;
            let mut writer = wait!(world.router.write()).unwrap();
            let row = || users::table.find(1).for_update();
            wait!(writer.batch_execute("START TRANSACTION READ ONLY")).unwrap();
            let reader: &mut ReadConn<Primary> = &mut writer;
            let error = wait!(row().first::<User>(reader)).unwrap_err();
            Cluster::assert_read_only(&error);
            wait!(writer.batch_execute("ROLLBACK")).unwrap();
            wait!(diesel::sql_query("BEGIN").execute(&mut writer)).unwrap();
            let reader: &mut ReadConn<Primary> = &mut writer;
            wait!(row().first::<User>(reader)).unwrap();
            let mut other = wait!(world.router.write()).unwrap();
            assert!(is_locked(&mut other).await);
            wait!(writer.batch_execute("ROLLBACK")).unwrap();
            assert!(!is_locked(&mut other).await);
        }
        // One that somebody vouches for on a handle that reads, too.
        let world = World::start(0).await;
        let mut reader = wait!(world.router.read_primary()).unwrap();
        wait!(ReadSql::vouch("BEGIN").execute(&mut reader)).unwrap();
        let error =
            wait!(users::table.find(1).for_update().first::<User>(&mut reader)).unwrap_err();
        Cluster::assert_read_only(&error);
    });
}

#[test]
fn every_strength_of_lock_is_taken() {
    run(async {
        let world = World::start(0).await;
        let mut conn = wait!(world.router.read_primary()).unwrap();
        let rows = wait!(conn.transaction(body!(|tx| -> QueryResult<Vec<User>> {
            let row = || users::table.find(1);
            Ok(vec![
                wait!(row().for_update().first(tx))?,
                wait!(row().for_no_key_update().first(tx))?,
                wait!(row().for_share().first(tx))?,
                wait!(row().for_key_share().first(tx))?,
                wait!(row().for_update().skip_locked().first(tx))?,
                wait!(row().for_update().no_wait().first(tx))?,
            ])
        })));
        assert_eq!(rows.unwrap().len(), 6);
    });
}
