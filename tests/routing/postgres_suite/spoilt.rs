//! Connections whose prepared statements do not fit a schema that has changed, on PostgreSQL.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel_routing::{Balance, may_retry_read};

use super::values::value;
use super::world::{World, name};
use super::*;

const BACKEND: &str = "pg_backend_pid()::text";
/// The type of the column in the results changes.
const TO_TEXT: &str = "ALTER TABLE users ALTER COLUMN name TYPE text";

/// Prepares a statement on `count` connections of the node that reads have next, and returns their numbers.
async fn prepare(world: &World, count: usize) -> Vec<String> {
    let (mut held, mut backends) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        assert!(!conn.route().is_primary);
        assert_eq!(name(&mut conn).await, "ann");
        backends.push(value(&mut conn, BACKEND).await);
        held.push(conn);
    }
    backends
}

fn alter(world: &World, sql: &str) {
    world.cluster.node(0).execute(sql).unwrap();
    world.cluster.catch_up();
}

#[test]
fn one_read_fails_and_the_pool_lends_none_of_the_spoilt_connections_again() {
    run(async {
        let world = World::sized(1, 3, |builder| builder).await;
        let before = prepare(&world, 3).await;
        alter(&world, TO_TEXT);

        let session = world.router.session();
        let mut conn = wait!(session.read()).unwrap();
        let row = users::table.find(1).select(users::name);
        let failed: QueryResult<String> = wait!(row.first(&mut *conn));
        let error = failed.unwrap_err();
        assert!(error.to_string().contains("cached plan"), "{error:?}");
        assert!(may_retry_read(&error));
        drop(conn);

        let after = prepare(&world, 3).await;
        assert!(
            after.iter().all(|backend| !before.contains(backend)),
            "{before:?}, {after:?}"
        );
        // Those that are new stay.
        let again = prepare(&world, 3).await;
        assert!(again.iter().all(|backend| after.contains(backend)));
    });
}

#[test]
fn reading_runs_again_on_a_connection_that_was_opened_since_whichever_replica_it_is_of() {
    run(async {
        // The second run is on the other replica, whose connections are spoilt as well.
        let world = World::sized(2, 2, |builder| builder.balance(Balance::RoundRobin)).await;
        let before = prepare(&world, 4).await;
        alter(&world, TO_TEXT);
        let (runs, mut most) = (AtomicU32::new(0), 0);
        for _ in 0..6 {
            let session = world.router.session();
            let read: Result<(String, bool), Error> = wait!(session.reading(body!(|conn| {
                runs.fetch_add(1, Ordering::Relaxed);
                let is_primary = conn.route().is_primary;
                let row = users::table.find(1).select(users::name);
                let name = wait!(row.first(&mut **conn))?;
                Ok::<_, diesel::result::Error>((name, is_primary))
            })));
            assert_eq!(read.unwrap(), ("ann".to_owned(), false));
            most = runs.swap(0, Ordering::Relaxed).max(most);
        }
        assert_eq!(most, 2, "one of the reads has met a spoilt connection");
        let after = prepare(&world, 4).await;
        assert!(after.iter().all(|backend| !before.contains(backend)));
    });
}

#[test]
fn the_last_of_the_spoilt_connections_takes_none_along_that_was_opened_since() {
    run(async {
        let world = World::sized(1, 3, |builder| builder).await;
        prepare(&world, 2).await;
        alter(&world, TO_TEXT);
        let mut first = wait!(world.router.read_eventual()).unwrap();
        let mut last = wait!(world.router.read_eventual()).unwrap();
        for conn in [&mut first, &mut last] {
            let row = users::table.find(1).select(users::name);
            let failed: QueryResult<String> = wait!(row.first(conn));
            assert!(failed.unwrap_err().to_string().contains("cached plan"));
        }
        drop(first);
        let new = prepare(&world, 1).await;
        drop(last);
        assert_eq!(prepare(&world, 1).await, new);
    });
}

#[test]
fn a_transaction_that_meets_a_spoilt_statement_fails_and_its_connection_is_closed() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = wait!(world.router.write()).unwrap();
        let row = users::table.find(1).select(users::name);
        let first: QueryResult<String> = wait!(row.first(&mut conn));
        assert_eq!(first.unwrap(), "ann");
        let before = value(&mut conn, BACKEND).await;
        drop(conn);
        alter(&world, TO_TEXT);

        let mut conn = wait!(world.router.write()).unwrap();
        let runs = AtomicU32::new(0);
        let failed: QueryResult<String> = wait!(conn.transaction(body!(|conn| {
            runs.fetch_add(1, Ordering::Relaxed);
            let row = users::table.find(1).select(users::name);
            wait!(row.first(conn))
        })));
        let error = failed.unwrap_err();
        assert!(error.to_string().contains("cached plan"), "{error:?}");
        assert_eq!(runs.into_inner(), 1);
        drop(conn);

        let mut conn = wait!(world.router.write()).unwrap();
        assert_eq!(name(&mut conn).await, "ann");
        assert_ne!(value(&mut conn, BACKEND).await, before);
    });
}

#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "mood"))]
#[expect(unnameable_types, reason = "a table's columns are public")]
pub struct MoodType;

#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = MoodType)]
enum Mood {
    Fine,
    Sad,
}

impl ToSql<MoodType, Pg> for Mood {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let word: &[u8] = match self {
            Self::Fine => b"fine",
            Self::Sad => b"sad",
        };
        std::io::Write::write_all(out, word)?;
        Ok(IsNull::No)
    }
}

impl FromSql<MoodType, Pg> for Mood {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        match bytes.as_bytes() {
            b"fine" => Ok(Self::Fine),
            b"sad" => Ok(Self::Sad),
            _ => Err("no such mood".into()),
        }
    }
}

diesel::table! {
    use diesel::sql_types::Integer;
    use super::MoodType;

    moods {
        id -> Integer,
        mood -> MoodType,
    }
}

const MOODS: &str = "CREATE TYPE mood AS ENUM ('fine', 'sad');
    CREATE TABLE moods (id INTEGER PRIMARY KEY, mood mood NOT NULL);
    INSERT INTO moods VALUES (1, 'fine'), (2, 'sad')";

/// Reads the moods, and returns how often that ran, and whether the last time was on the primary.
async fn sad(session: &Session) -> (Vec<i32>, u32, bool) {
    let runs = AtomicU32::new(0);
    let read: Result<(Vec<i32>, bool), Error> = wait!(session.reading(body!(|conn| {
        runs.fetch_add(1, Ordering::Relaxed);
        let is_primary = conn.route().is_primary;
        let sad = moods::table
            .filter(moods::mood.eq(Mood::Sad))
            .select(moods::id);
        let sad = wait!(sad.load(&mut **conn))?;
        Ok::<_, diesel::result::Error>((sad, is_primary))
    })));
    let (sad, is_primary) = read.unwrap();
    (sad, runs.into_inner(), is_primary)
}

#[test]
fn a_type_that_was_made_anew_is_looked_up_anew() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        alter(&world, MOODS);
        let session = world.router.session();
        assert_eq!(sad(&session).await, (vec![2], 1, false));
        alter(
            &world,
            "ALTER TABLE moods ALTER mood TYPE text; DROP TYPE mood; CREATE TYPE mood AS ENUM ('fine', 'sad');
             ALTER TABLE moods ALTER mood TYPE mood USING mood::mood",
        );
        assert_eq!(sad(&session).await, (vec![2], 2, false));
        assert_eq!(sad(&session).await, (vec![2], 1, false));
    });
}

#[test]
fn a_type_that_a_replica_lacks_is_looked_up_on_the_primary() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        world.cluster.pause(0);
        world.cluster.node(0).execute(MOODS).unwrap();
        assert_eq!(sad(&world.router.session()).await, (vec![2], 2, true));
        world.cluster.resume(0);
        world.cluster.catch_up();
        assert_eq!(sad(&world.router.session()).await, (vec![2], 1, false));
    });
}

#[test]
fn a_primary_that_gives_no_connection_is_named_where_a_replica_lacks_what_is_read() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        world.cluster.pause(0);
        world.cluster.node(0).execute(MOODS).unwrap();
        world.cluster.kill_primary();
        let read: Result<i64, Error> = wait!(world.router.session().reading(body!(|conn| {
            wait!(moods::table.count().get_result(conn))
        })));
        let error = read.unwrap_err();
        assert!(error.to_string().contains("`primary`"), "{error:?}");
    });
}
