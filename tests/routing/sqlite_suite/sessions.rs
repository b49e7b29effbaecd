//! SQLite has no settings that travel; what one user of a connection leaves, the next one does not find.

use diesel_routing::Reset;

use super::values::value;
use super::world::World;
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
