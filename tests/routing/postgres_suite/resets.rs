//! What one user of a pooled connection does to its session, the next one does not find.

use diesel::sql_query;
use diesel_routing::Reset;

use super::values::value;
use super::world::{World, count, name, rename};
use super::*;

const BACKEND: &str = "pg_backend_pid()::text";
const SEARCH_PATH: &str = "current_setting('search_path')";

/// Kinds of what may leak: what leaves it, and an expression that shows it.
const KINDS: [(&str, &str); 9] = [
    ("SET search_path = pg_catalog", SEARCH_PATH),
    (
        "SET statement_timeout = 12345",
        "current_setting('statement_timeout')",
    ),
    ("SET TIME ZONE 'Asia/Tokyo'", "current_setting('TimeZone')"),
    ("SET ROLE pg_read_all_settings", "current_user::text"),
    (
        "CREATE TEMP TABLE leak (a int)",
        "to_regclass('leak')::text",
    ),
    (
        "LISTEN leak",
        "(SELECT string_agg(channel, ',') FROM pg_listening_channels() channel)",
    ),
    (
        "DECLARE leak CURSOR WITH HOLD FOR SELECT 1",
        "(SELECT string_agg(name, ',') FROM pg_cursors WHERE name = 'leak')",
    ),
    (
        "SELECT set_config('app.leak', '1', false)",
        "nullif(current_setting('app.leak', true), '')",
    ),
    (
        "SELECT pg_advisory_lock(7)",
        "(SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())",
    ),
];

/// A world whose pools have one connection each.
async fn world(adapt: impl FnOnce(Builder) -> Builder) -> World {
    let world = World::sized(1, 1, adapt).await;
    let admin = world.cluster.node(0);
    admin
        .admin_execute("GRANT pg_read_all_settings TO app")
        .unwrap();
    world.cluster.catch_up();
    world
}

#[test]
fn each_kind_leaks_where_nothing_is_reset_and_none_does_by_default() {
    run(async {
        for reset in [Reset::Never, Reset::Changed, Reset::Always] {
            let world = world(|builder| builder.reset(reset)).await;
            for (leave, show) in KINDS {
                let mut conn = wait!(world.router.write()).unwrap();
                let before = value(&mut conn, show).await;
                let backend = value(&mut conn, BACKEND).await;
                wait!(conn.batch_execute(leave)).unwrap();
                let left = value(&mut conn, show).await;
                assert_ne!(left, before, "{leave}");
                drop(conn);

                let mut next = wait!(world.router.write()).unwrap();
                let found = value(&mut next, show).await;
                let expected = if reset == Reset::Never { left } else { before };
                assert_eq!(found, expected, "{reset:?}: {leave}");
                assert_eq!(value(&mut next, BACKEND).await, backend, "{leave}");
                if reset == Reset::Never {
                    // For the kinds that come.
                    wait!(next.batch_execute("RESET ROLE; RESET search_path")).unwrap();
                }
            }
        }
    });
}

#[test]
fn what_statements_and_raw_connections_leave_is_undone_too() {
    run(async {
        let world = world(|builder| builder).await;
        let mut conn = wait!(world.router.write()).unwrap();
        let before = value(&mut conn, SEARCH_PATH).await;
        wait!(sql_query("SET search_path = pg_catalog").execute(&mut conn)).unwrap();
        drop(conn);
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(value(&mut conn, SEARCH_PATH).await, before);
        {
            let mut raw = conn.raw_counts_as_write().unwrap();
            wait!(raw.batch_execute("SET search_path = pg_catalog")).unwrap();
        }
        drop(conn);
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(value(&mut conn, SEARCH_PATH).await, before);
        drop(conn);
        // On a read handle, of a replica.
        let mut replica = wait!(world.router.read_eventual()).unwrap();
        assert!(!replica.route().is_primary);
        let set = "SELECT set_config('search_path', 'pg_catalog', false) AS value";
        wait!(ReadSql::vouch(set).execute(&mut replica)).unwrap();
        assert_eq!(value(&mut replica, SEARCH_PATH).await, "pg_catalog");
        drop(replica);
        let mut replica = wait!(world.router.read_eventual()).unwrap();
        assert_eq!(value(&mut replica, SEARCH_PATH).await, before);
    });
}

#[test]
fn a_read_handle_after_a_reset_still_refuses_writes() {
    run(async {
        for reset in [Reset::Changed, Reset::Always] {
            for hooked in [false, true] {
                let world = world(|builder| {
                    let builder = builder.reset(reset);
                    if hooked {
                        builder.on_connect(hook!(|conn| {
                            wait!(conn.batch_execute("SET application_name = 'hooked'"))
                        }))
                    } else {
                        builder
                    }
                })
                .await;
                let open = "SELECT set_config('default_transaction_read_only', 'off', false)";
                for _ in 0..2 {
                    let mut conn = wait!(world.router.read_primary()).unwrap();
                    let backend = value(&mut conn, BACKEND).await;
                    wait!(ReadSql::vouch(open).execute(&mut conn)).unwrap();
                    drop(conn);
                    let mut conn = wait!(world.router.read_primary()).unwrap();
                    assert_eq!(value(&mut conn, BACKEND).await, backend, "it was reset");
                    let delete = ReadSql::vouch("DELETE FROM users");
                    Cluster::assert_read_only(&wait!(delete.execute(&mut conn)).unwrap_err());
                    drop(conn);
                }
                // One that writes does so after a reset.
                let mut conn = wait!(world.router.write()).unwrap();
                wait!(conn.batch_execute("SET statement_timeout = 12345")).unwrap();
                drop(conn);
                rename(&mut wait!(world.router.write()).unwrap(), "anna").await;
            }
        }
    });
}

#[test]
fn the_set_up_hook_runs_again_after_a_reset() {
    run(async {
        let world = world(|builder| {
            builder.on_connect(hook!(|conn| {
                wait!(conn.batch_execute("SET application_name = 'hooked'"))
            }))
        })
        .await;
        let application = "current_setting('application_name')";
        let mut conn = wait!(world.router.write()).unwrap();
        let backend = value(&mut conn, BACKEND).await;
        wait!(conn.batch_execute("SET application_name = 'mine'")).unwrap();
        drop(conn);
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(value(&mut conn, application).await, "hooked");
        assert_eq!(value(&mut conn, BACKEND).await, backend);
    });
}

/// What Diesel has prepared belongs to the session, and `DISCARD ALL` would drop it.
#[test]
fn what_diesel_has_prepared_is_used_after_a_reset() {
    run(async {
        let world = world(|builder| builder).await;
        let prepared = "(SELECT count(*)::text FROM pg_prepared_statements)";
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(count(&mut conn).await, 2);
        wait!(users::table.find(1).first::<User>(&mut conn)).unwrap();
        let before = value(&mut conn, prepared).await;
        wait!(conn.batch_execute("SET search_path = pg_catalog, public")).unwrap();
        drop(conn);
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(value(&mut conn, prepared).await, before);
        assert_eq!(count(&mut conn).await, 2);
        wait!(users::table.find(1).first::<User>(&mut conn)).unwrap();
        assert_eq!(value(&mut conn, prepared).await, before);
    });
}

#[test]
fn what_no_reset_undoes_closes_the_connection() {
    run(async {
        let own = |builder: Builder| {
            builder.connect_with(connect!(|request| wait!(RawConnection::open(
                request.url()
            ))))
        };
        for (sql, connects) in [
            ("PREPARE leak AS SELECT 1", false),
            ("DISCARD ALL", false),
            ("DEALLOCATE ALL", false),
            // Diesel knows nothing of it.
            ("BEGIN; DELETE FROM users", false),
            // What its opening has set is not known.
            ("SET statement_timeout = 12345", true),
        ] {
            let world = world(|builder| if connects { own(builder) } else { builder }).await;
            let mut conn = wait!(world.router.write()).unwrap();
            let backend = value(&mut conn, BACKEND).await;
            assert_eq!(count(&mut conn).await, 2);
            wait!(conn.batch_execute(sql)).unwrap();
            drop(conn);
            let mut conn = wait!(world.router.write()).unwrap();
            assert_ne!(value(&mut conn, BACKEND).await, backend, "{sql}");
            assert_eq!(count(&mut conn).await, 2);
        }
    });
}

#[test]
fn a_test_transaction_is_neither_reset_nor_closed() {
    run(async {
        let world = world(|builder| builder).await;
        let mut conn = wait!(world.router.write()).unwrap();
        wait!(conn.begin_test_transaction()).unwrap();
        rename(&mut conn, "anna").await;
        wait!(conn.batch_execute("CREATE TEMP TABLE mine (a int); PREPARE mine AS SELECT 1"))
            .unwrap();
        drop(conn);
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(value(&mut conn, "to_regclass('mine')::text").await, "mine");
        assert_eq!(name(&mut conn).await, "anna");
    });
}
