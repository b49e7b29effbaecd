//! Connections that are to prepare their statements anew, on MariaDB. That they are is a matter of caches that are too small, so
//! here a function says it.

use std::sync::atomic::{AtomicU32, Ordering};

use super::values::value;
use super::world::World;
use super::*;

const CONNECTION: &str = "CAST(CONNECTION_ID() AS CHAR)";

diesel::table! {
    fickle {
        id -> Integer,
    }
}

#[test]
fn reading_runs_again_on_another_connection_and_the_first_is_closed() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        for sql in [
            "CREATE TABLE app.spoilt (id BIGINT PRIMARY KEY)",
            "CREATE FUNCTION app.fails() RETURNS INT READS SQL DATA
                BEGIN
                    IF EXISTS (SELECT 1 FROM app.spoilt WHERE id = CONNECTION_ID()) THEN
                        SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1615,
                            MESSAGE_TEXT = 'Prepared statement needs to be re-prepared';
                    END IF;
                    RETURN 1;
                END",
            "CREATE VIEW app.fickle AS SELECT app.fails() AS id",
        ] {
            world.cluster.node(0).admin_execute(sql).unwrap();
        }
        world.cluster.catch_up();
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let before = value(&mut conn, CONNECTION).await;
        drop(conn);
        let spoil = format!("INSERT INTO app.spoilt VALUES ({before})");
        world.cluster.node(0).admin_execute(&spoil).unwrap();
        world.cluster.catch_up();

        let runs = AtomicU32::new(0);
        let session = world.router.session();
        let read: Result<(Vec<i32>, bool), Error> = wait!(session.reading(body!(|conn| {
            runs.fetch_add(1, Ordering::Relaxed);
            let is_primary = conn.route().is_primary;
            let ids = wait!(fickle::table.select(fickle::id).load(&mut **conn))?;
            Ok::<_, diesel::result::Error>((ids, is_primary))
        })));
        assert_eq!(read.unwrap(), (vec![1], false));
        assert_eq!(runs.into_inner(), 2);
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        assert_ne!(value(&mut conn, CONNECTION).await, before);
    });
}
