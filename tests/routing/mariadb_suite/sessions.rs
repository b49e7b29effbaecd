//! Settings that travel with a session, and what one user of a connection leaves to the next, on MariaDB.

use std::panic::AssertUnwindSafe;

use diesel_routing::{Reset, SettingValue};
use futures_util::future::FutureExt as _;

use super::values::value;
use super::world::{World, count};
use super::*;

const TENANT: &str = "CAST(@tenant AS CHAR)";
const CONNECTION: &str = "CAST(CONNECTION_ID() AS CHAR)";

/// Kinds of what may leak: what leaves it, and an expression that shows it.
const KINDS: [(&str, &str); 4] = [
    ("SET @leak = 1", "CAST(@leak AS CHAR)"),
    ("SET SESSION sql_mode = ''", "@@SESSION.sql_mode"),
    ("SELECT 2 INTO @other", "CAST(@other AS CHAR)"),
    ("USE information_schema", "DATABASE()"),
];

#[test]
fn each_kind_leaks_where_nothing_is_reset_and_none_does_by_default() {
    run(async {
        for reset in [Reset::Never, Reset::Changed] {
            let world = World::sized(0, 1, |builder| builder.reset(reset)).await;
            for (leave, show) in KINDS {
                let mut conn = wait!(world.router.write()).unwrap();
                let before = value(&mut conn, show).await;
                let id = value(&mut conn, CONNECTION).await;
                wait!(conn.batch_execute(leave)).unwrap();
                let left = value(&mut conn, show).await;
                assert_ne!(left, before, "{leave}");
                drop(conn);
                let mut next = wait!(world.router.write()).unwrap();
                let found = value(&mut next, show).await;
                let is_same = value(&mut next, CONNECTION).await == id;
                if reset == Reset::Never {
                    assert!(is_same && found == left, "{leave}: {found}");
                } else {
                    assert!(!is_same && found == before, "{leave}: {found}");
                }
            }
            // A temporary table hides the one of its name.
            let mut conn = wait!(world.router.write()).unwrap();
            let leave = "CREATE TEMPORARY TABLE app.users (id INT, name TEXT, age INT)";
            wait!(conn.batch_execute(leave)).unwrap();
            drop(conn);
            let mut next = wait!(world.router.write()).unwrap();
            let rows = "CAST((SELECT COUNT(*) FROM app.users) AS CHAR)";
            let expected = if reset == Reset::Never { "0" } else { "2" };
            assert_eq!(value(&mut next, rows).await, expected);
            // An assignment in a SELECT.
            let raw = diesel::sql_query("SELECT @third := 3");
            wait!(raw.execute(&mut next)).unwrap();
            drop(next);
            let mut next = wait!(world.router.write()).unwrap();
            let third = value(&mut next, "CAST(@third AS CHAR)").await;
            assert_eq!(third == "NULL", reset == Reset::Changed);
        }
    });
}

#[test]
fn settings_reach_every_handle_and_nobody_elses() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let odd = "7'; DROP TABLE users; -- \" \\ ` ? é \0 end";
        let hex: String = odd.bytes().map(|byte| format!("{byte:02X}")).collect();
        let mode = "STRICT_ALL_TABLES";
        let session = world.router.session().with_settings([
            ("@tenant", SettingValue::from(odd)),
            ("sql_mode", mode.into()),
            ("max_statement_time", 1.5.into()),
            ("foreign_key_checks", false.into()),
            ("@number", 7.into()),
        ]);
        let session = session.unwrap();
        let before = {
            let mut conn = wait!(world.router.read_eventual()).unwrap();
            value(&mut conn, "@@SESSION.sql_mode").await
        };
        for _ in 0..2 {
            let mut ids = Vec::new();
            for write in [false, true] {
                let mut reader;
                let mut writer;
                let conn: &mut ReadConn<Replica> = if write {
                    writer = wait!(session.write()).unwrap();
                    &mut writer
                } else {
                    reader = wait!(session.read_eventual()).unwrap();
                    assert!(!reader.route().is_primary);
                    &mut reader
                };
                ids.push(value(conn, CONNECTION).await);
                assert_eq!(value(conn, "HEX(@tenant)").await, hex);
                assert_eq!(value(conn, "@@SESSION.sql_mode").await, mode);
                let time = "CAST(@@SESSION.max_statement_time AS CHAR)";
                assert_eq!(value(conn, time).await, "1.500000");
                let checks = "CAST(@@SESSION.foreign_key_checks + 0 AS CHAR)";
                assert_eq!(value(conn, checks).await, "0");
                assert_eq!(value(conn, "CAST(@number + 1 AS CHAR)").await, "8");
                assert_eq!(count(conn).await, 2);
            }
            // Undone on the same connections, which are neither closed nor writable.
            let mut reader = wait!(world.router.read_eventual()).unwrap();
            assert_eq!(value(&mut reader, CONNECTION).await, ids[0]);
            assert_eq!(value(&mut reader, TENANT).await, "NULL");
            assert_eq!(value(&mut reader, "@@SESSION.sql_mode").await, before);
            let time = "CAST(@@SESSION.max_statement_time AS CHAR)";
            assert_eq!(value(&mut reader, time).await, "0.000000");
            let delete = ReadSql::vouch("DELETE FROM users");
            Cluster::assert_read_only(&wait!(delete.execute(&mut reader)).unwrap_err());
            let mut writer = wait!(world.router.write()).unwrap();
            assert_eq!(value(&mut writer, CONNECTION).await, ids[1]);
            assert_eq!(value(&mut writer, TENANT).await, "NULL");
            let checks = "CAST(@@SESSION.foreign_key_checks + 0 AS CHAR)";
            assert_eq!(value(&mut writer, checks).await, "1");
        }
    });
}

#[test]
fn refusals_and_panics_leave_nothing_to_the_next() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let of = |name: &str, value: SettingValue| {
            let session = world.router.session();
            let session = session.with_settings([("@tenant", "7")]).unwrap();
            session.with_settings([(name, value)]).unwrap()
        };
        for (name, value) in [
            ("no_such_variable", SettingValue::from("7")),
            // A number, as text.
            ("max_statement_time", "1".into()),
        ] {
            let error = wait!(of(name, value).write()).map(drop).unwrap_err();
            assert!(
                matches!(
                    &error,
                    Error::Checkout {
                        step: Step::Settings,
                        ..
                    }
                ),
                "{error:?}"
            );
        }
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(value(&mut conn, TENANT).await, "NULL");
        drop(conn);
        let session = of("@other", "8".into());
        let panics = AssertUnwindSafe(async {
            let mut conn = wait!(session.write()).unwrap();
            assert_eq!(value(&mut conn, TENANT).await, "7");
            panic!("on purpose");
        });
        panics.catch_unwind().await.unwrap_err();
        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(value(&mut conn, TENANT).await, "NULL");
        let error = world.router.session().with_settings([("autocommit", 0)]);
        assert!(
            matches!(error, Err(Error::Config(ConfigError::Setting { .. }))),
            "{error:?}"
        );
    });
}
