//! SQLite has no settings that travel; what one user of a connection leaves, the next one does not find.

use diesel_routing::Reset;

use super::values::value;
use super::world::{World, is_marked};
use super::*;

#[test]
fn a_session_has_no_settings() {
    run(async {
        let world = World::start(0).await;
        let error = world.router.session().with_settings([("app.tenant", "7")]);
        let error = error.unwrap_err();
        assert!(
            matches!(&error, Error::Config(ConfigError::Setting { name, .. }) if name == "app.tenant"),
            "{error:?}"
        );
        assert!(error.to_string().contains("SQLite"), "{error}");
    });
}

#[test]
fn what_a_connection_is_told_leaks_where_nothing_is_reset_and_not_by_default() {
    run(async {
        for reset in [Reset::Never, Reset::Changed] {
            let world = World::sized(0, 1, |builder| builder.reset(reset)).await;
            for (leave, show) in [
                (
                    "PRAGMA cache_size = 77",
                    "(SELECT CAST(cache_size AS TEXT) FROM pragma_cache_size)",
                ),
                (
                    "CREATE TEMP TABLE leak (a)",
                    "(SELECT group_concat(name) FROM sqlite_temp_master)",
                ),
            ] {
                let mut conn = wait!(world.router.write()).unwrap();
                let before = value(&mut conn, show).await;
                wait!(conn.batch_execute(leave)).unwrap();
                let left = value(&mut conn, show).await;
                assert_ne!(left, before, "{leave}");
                drop(conn);
                let mut next = wait!(world.router.write()).unwrap();
                let expected = if reset == Reset::Never { left } else { before };
                assert_eq!(value(&mut next, show).await, expected, "{reset:?}: {leave}");
            }
        }
    });
}

#[test]
fn an_immediate_transaction_has_the_write_lock_from_its_beginning() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        let mut other = wait!(world.router.write()).unwrap();
        wait!(other.batch_execute("PRAGMA busy_timeout = 0")).unwrap();
        let other = &mut other;
        wait!(conn.immediate_transaction(body!(|tx| -> QueryResult<()> {
            let locked =
                wait!(other.immediate_transaction(body!(|_| -> QueryResult<()> { Ok(()) })));
            assert!(locked.unwrap_err().to_string().contains("locked"));
            wait!(diesel::delete(users::table.find(1)).execute(tx))?;
            wait!(tx.transaction(body!(|_| -> QueryResult<()> { Ok(()) })))
        })))
        .unwrap();
        let undone: QueryResult<()> =
            wait!(other.exclusive_transaction(body!(|tx| -> QueryResult<()> {
                let rows = wait!(diesel::delete(users::table).execute(tx))?;
                assert_eq!(rows, 1);
                Err(diesel::result::Error::RollbackTransaction)
            })));
        assert_eq!(undone, Err(diesel::result::Error::RollbackTransaction));
        assert_eq!(wait!(users::table.count().get_result(&mut conn)), Ok(1_i64));
        drop(conn);
        assert!(is_marked(&session).await);
    });
}
