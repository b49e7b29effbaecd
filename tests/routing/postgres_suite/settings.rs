//! Settings that travel with a session, on PostgreSQL.

use std::panic::AssertUnwindSafe;

use diesel_routing::Reset;
use futures_util::future::FutureExt as _;

use super::values::value;
use super::world::{World, count};
use super::*;

const TENANT: &str = "current_setting('app.tenant', true)";
const BACKEND: &str = "pg_backend_pid()::text";

/// A world whose pools have one connection each.
async fn world() -> World {
    World::sized(1, 1, |builder| builder).await
}

fn of_tenant(world: &World, tenant: &str) -> Session {
    let session = world.router.session();
    session.with_settings([("app.tenant", tenant)]).unwrap()
}

#[test]
fn settings_reach_every_handle_and_nobody_elses() {
    run(async {
        let world = world().await;
        let odd = r#"7'; DROP TABLE users; -- " \ $1 é"#;
        let session = of_tenant(&world, odd);
        // More than once, and by turns: the connection has what was sent last.
        for _ in 0..2 {
            let mut replica = wait!(session.read_eventual()).unwrap();
            assert!(!replica.route().is_primary);
            assert_eq!(value(&mut replica, TENANT).await, odd);
            drop(replica);
            assert_eq!(
                value(&mut wait!(session.read()).unwrap(), TENANT).await,
                odd
            );
            let mut primary = wait!(session.read_primary()).unwrap();
            assert_eq!(value(&mut primary, TENANT).await, odd);
            drop(primary);
            assert_eq!(
                value(&mut wait!(session.write()).unwrap(), TENANT).await,
                odd
            );

            let other = of_tenant(&world, "8").with_settings([("statement_timeout", 2_000)]);
            let other = other.unwrap();
            let mut replica = wait!(other.read_eventual()).unwrap();
            assert_eq!(value(&mut replica, TENANT).await, "8");
            let timeout = "current_setting('statement_timeout')";
            assert_eq!(value(&mut replica, timeout).await, "2s");
            drop(replica);
            let mut replica = wait!(session.read_eventual()).unwrap();
            assert_eq!(value(&mut replica, TENANT).await, odd);
            assert_eq!(value(&mut replica, timeout).await, "0");
            drop(replica);

            for mut conn in [
                wait!(world.router.read_eventual()).unwrap(),
                wait!(world.router.session().read_eventual()).unwrap(),
            ] {
                // In a connection that never had one, there is none.
                assert!(["", "NULL"].contains(&&*value(&mut conn, TENANT).await));
            }
            let mut conn = wait!(world.router.write()).unwrap();
            assert_eq!(value(&mut conn, TENANT).await, "");
            assert_eq!(count(&mut conn).await, 2);
        }
    });
}

#[test]
fn a_policy_shows_each_tenant_its_rows_on_replicas_too() {
    run(async {
        let world = world().await;
        let sql = "CREATE TABLE notes (tenant TEXT NOT NULL, note TEXT NOT NULL);
            INSERT INTO notes VALUES ('7', 'seven'), ('8', 'eight'), ('', 'nobody''s');
            ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
            ALTER TABLE notes FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenants ON notes
                USING (tenant = nullif(current_setting('app.tenant', true), ''))";
        wait!(wait!(world.router.write()).unwrap().batch_execute(sql)).unwrap();
        world.cluster.catch_up();
        let notes = "(SELECT string_agg(note, ',') FROM notes)";
        for _ in 0..2 {
            for (tenant, note) in [("7", "seven"), ("8", "eight")] {
                let session = of_tenant(&world, tenant);
                let mut replica = wait!(session.read_eventual()).unwrap();
                assert!(!replica.route().is_primary);
                assert_eq!(value(&mut replica, notes).await, note);
                let mut writer = wait!(session.write()).unwrap();
                assert_eq!(value(&mut writer, notes).await, note);
                let insert = "INSERT INTO notes VALUES ('9', 'another''s')";
                wait!(writer.batch_execute(insert)).unwrap_err();
            }
            let mut conn = wait!(world.router.read_eventual()).unwrap();
            assert_eq!(value(&mut conn, notes).await, "NULL");
        }
    });
}

#[test]
fn what_a_session_changes_by_itself_is_sent_again() {
    run(async {
        for reset in [Reset::Changed, Reset::Never] {
            let world = World::sized(1, 1, |builder| builder.reset(reset)).await;
            let session = of_tenant(&world, "7");
            let mut conn = wait!(session.write()).unwrap();
            wait!(conn.batch_execute("SET app.tenant = '8'")).unwrap();
            assert_eq!(value(&mut conn, TENANT).await, "8");
            drop(conn);
            let mut conn = wait!(session.write()).unwrap();
            assert_eq!(value(&mut conn, TENANT).await, "7");
            drop(conn);
            let mut conn = wait!(world.router.write()).unwrap();
            assert_eq!(value(&mut conn, TENANT).await, "");
            drop(conn);
            // By a function of its own.
            let sql = "CREATE FUNCTION become(who text) RETURNS text LANGUAGE sql
                AS $$ SELECT set_config('app.tenant', who, false) $$";
            wait!(wait!(world.router.write()).unwrap().batch_execute(sql)).unwrap();
            world.cluster.catch_up();
            let mut replica = wait!(session.read_eventual()).unwrap();
            assert_eq!(value(&mut replica, "become('8')").await, "8");
            drop(replica);
            let mut replica = wait!(session.read_eventual()).unwrap();
            assert_eq!(value(&mut replica, TENANT).await, "7");
        }
    });
}

#[test]
fn a_panic_leaves_nothing_to_the_next() {
    run(async {
        let world = world().await;
        let session = of_tenant(&world, "7");
        let panics = AssertUnwindSafe(async {
            let mut conn = wait!(session.write()).unwrap();
            assert_eq!(value(&mut conn, TENANT).await, "7");
            panic!("on purpose");
        });
        panics.catch_unwind().await.unwrap_err();
        let mut conn = wait!(world.router.write()).unwrap();
        assert!(["", "NULL"].contains(&&*value(&mut conn, TENANT).await));
    });
}

#[test]
fn an_upgraded_handle_has_the_settings_of_the_session_that_asks() {
    run(async {
        let world = World::start(1).await;
        let session = of_tenant(&world, "7");
        let other = wait!(world.router.read_eventual()).unwrap();
        let mut conn = wait!(other.upgrade(&session)).unwrap();
        assert_eq!(value(&mut conn, TENANT).await, "7");
        // And where it is the primary's.
        let alone = World::start(0).await;
        let session = of_tenant(&alone, "7");
        let other = wait!(alone.router.read_eventual()).unwrap();
        let mut conn = wait!(other.upgrade(&session)).unwrap();
        assert!(conn.route().is_primary);
        assert_eq!(value(&mut conn, TENANT).await, "7");
    });
}

#[test]
fn a_setting_that_the_server_refuses_is_an_error_and_leaves_nothing() {
    run(async {
        let world = world().await;
        for (name, why) in [
            ("statement_timeout", "invalid value"),
            ("no_such_setting", "unrecognized configuration parameter"),
            ("role", "does not exist"),
        ] {
            let session = of_tenant(&world, "7").with_settings([(name, "soon")]);
            let session = session.unwrap();
            for write in [false, true] {
                let error = match write {
                    false => wait!(session.read_eventual()).map(drop).unwrap_err(),
                    true => wait!(session.write()).map(drop).unwrap_err(),
                };
                assert!(
                    matches!(&error, Error::Checkout { step: Step::Settings, source, .. }
                        if source.to_string().contains(why)),
                    "{error:?}"
                );
                assert!(!error.may_retry_read());
            }
            let mut conn = wait!(world.router.read_eventual()).unwrap();
            assert!(["", "NULL"].contains(&&*value(&mut conn, TENANT).await));
        }
    });
}

#[test]
fn settings_that_cannot_travel_are_errors_at_once() {
    run(async {
        let world = World::start(0).await;
        let session = world.router.session();
        for (name, value) in [
            ("app.tenant'; DROP TABLE users", "7"),
            ("app.tenant", "a\0b"),
            ("default_transaction_read_only", "off"),
        ] {
            let error = session.with_settings([(name, value)]).unwrap_err();
            assert!(
                matches!(&error, Error::Config(ConfigError::Setting { name: refused, .. })
                    if refused == name),
                "{error:?}"
            );
        }
    });
}

#[test]
fn a_rollback_that_undoes_settings_leaves_nothing_to_the_next() {
    run(async {
        let world = world().await;
        let seven = of_tenant(&world, "7");
        let mut conn = wait!(seven.write()).unwrap();
        let backend = value(&mut conn, BACKEND).await;
        wait!(conn.begin_test_transaction()).unwrap();
        drop(conn);
        let other = world.router.session().with_settings([("app.other", "8")]);
        let mut conn = wait!(other.unwrap().write()).unwrap();
        assert_eq!(value(&mut conn, TENANT).await, "");
        wait!(rollback(&mut conn)).unwrap();
        assert_eq!(value(&mut conn, TENANT).await, "7", "as the server has it");
        drop(conn);
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(value(&mut conn, TENANT).await, "");
        assert_eq!(value(&mut conn, BACKEND).await, backend);
    });
}

#[test]
fn prepared_statements_work_whatever_the_settings() {
    run(async {
        let world = world().await;
        for tenant in ["7", "8", "7"] {
            let session = of_tenant(&world, tenant);
            let session = session.with_settings([("search_path", "public, pg_temp")]);
            let mut conn = wait!(session.unwrap().read_eventual()).unwrap();
            assert_eq!(count(&mut conn).await, 2);
            drop(conn);
            let mut conn = wait!(world.router.read_eventual()).unwrap();
            assert_eq!(count(&mut conn).await, 2);
        }
    });
}
