//! Reads of what the primary has, and a replica has not yet: a migration on its way.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel_routing::{Class, Fallback, MissingSchema};

use super::world::{World, rename};
use super::*;

diesel::table! {
    notes {
        id -> Integer,
    }
}

diesel::table! {
    nowhere {
        id -> Integer,
    }
}

/// `users` with the column that comes.
mod later {
    diesel::table! {
        users {
            id -> Integer,
            nick -> Nullable<Text>,
        }
    }
}

/// A replica that lacks a table and a column, and classes that keep reads off the primary.
async fn world() -> World {
    let world = World::with(1, |builder| {
        builder
            .class("strict", Class::new().missing_schema(MissingSchema::Fail))
            .class("refused", Class::new().fallback(Fallback::Refuse))
            .class("lax", Class::new())
    })
    .await;
    world.cluster.pause(0);
    let mut conn = wait!(world.router.write()).unwrap();
    let migration = "CREATE TABLE notes (id INTEGER PRIMARY KEY); \
                     ALTER TABLE users ADD COLUMN nick VARCHAR(20)";
    for sql in migration.split(';') {
        wait!(conn.batch_execute(sql)).unwrap();
    }
    drop(conn);
    world
}

/// The number of notes, where they were read, and how often the read ran.
async fn notes(session: &Session) -> (Result<(i64, String, Reason), Error>, u32) {
    let runs = AtomicU32::new(0);
    let read = wait!(session.reading(body!(|conn| {
        runs.fetch_add(1, Ordering::Relaxed);
        let node = conn.route().node.to_owned();
        let reason = conn.route().reason;
        let count = wait!(notes::table.count().get_result::<i64>(conn))?;
        Ok::<_, diesel::result::Error>((count, node, reason))
    })));
    (read, runs.into_inner())
}

#[test]
fn what_a_replica_lacks_is_read_on_the_primary_until_the_replica_has_it() {
    run(async {
        let world = world().await;
        let session = world.router.session();
        for session in [session.clone(), session.class("lax")] {
            let (read, runs) = notes(&session).await;
            let fallback = (0, "primary".to_owned(), Reason::Fallback);
            assert_eq!((read.unwrap(), runs), (fallback, 2));
        }
        let nicks: Vec<Option<String>> = wait!(session.reading(body!(|conn| {
            wait!(later::users::table.select(later::users::nick).load(conn))
        })))
        .unwrap();
        assert_eq!(nicks, [None, None]);
        world.cluster.resume(0);
        world.cluster.catch_up();
        let (read, runs) = notes(&session).await;
        let (_, node, _) = read.unwrap();
        assert_eq!((&*node, runs), ("replica-0", 1));
    });
}

#[test]
fn a_class_keeps_what_a_replica_lacks_off_the_primary() {
    run(async {
        let world = world().await;
        for class in ["strict", "refused"] {
            let session = world.router.session().class(class);
            let (read, runs) = notes(&session).await;
            let error = read.unwrap_err();
            assert!(matches!(error, Error::Query { .. }), "{class}: {error:?}");
            assert!(format!("{error:?}").contains("notes"), "{class}: {error:?}");
            assert_eq!(runs, 1, "{class}");
        }
    });
}

#[test]
fn what_no_node_has_fails_with_the_primary_s_error() {
    run(async {
        let world = World::start(1).await;
        let runs = AtomicU32::new(0);
        let read: Result<i64, Error> = wait!(world.router.session().reading(body!(|conn| {
            runs.fetch_add(1, Ordering::Relaxed);
            wait!(nowhere::table.count().get_result(conn))
        })));
        let error = read.unwrap_err();
        assert!(format!("{error:?}").contains("nowhere"), "{error:?}");
        assert_eq!(runs.into_inner(), 2);
        // Where the first was on the primary, there is no second.
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        rename(&mut conn, "eve").await;
        drop(conn);
        let runs = AtomicU32::new(0);
        let read: Result<i64, Error> = wait!(session.reading(body!(|conn| {
            runs.fetch_add(1, Ordering::Relaxed);
            wait!(nowhere::table.count().get_result(conn))
        })));
        assert!(read.is_err());
        assert_eq!(runs.into_inner(), 1);
    });
}
