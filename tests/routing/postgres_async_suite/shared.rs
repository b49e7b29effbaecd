//! Statements through shared handles: what they run, in how many round trips, and what is refused.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::dsl::{select, sql};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{BigInt, Integer};
use diesel_routing::{Node, QueryLog, consistency};
use futures_util::future::{FutureExt as _, join_all, try_join, try_join3};
use futures_util::stream::TryStreamExt as _;
use tracing::Level;

use super::world::World;
use super::*;
use crate::query_heard::Heard;

/// As users have it for `&AsyncPgConnection`.
async fn both(mut conn: &ReadConn<Replica>) -> QueryResult<(Vec<User>, i64)> {
    let users = users::table.order(users::id).load::<User>(&mut conn);
    let posts = posts::table.count().get_result(&mut conn);
    try_join(users, posts).await
}

async fn number(mut conn: &ReadConn<Replica>, n: i32) -> QueryResult<i32> {
    select(n.into_sql::<Integer>()).get_result(&mut conn).await
}

#[test]
fn statements_of_one_handle_are_joined_and_get_their_own_answers() {
    run(async {
        let world = World::start(1).await;
        world.cluster.catch_up();
        let session = world.router.session();
        let mut conn = session.read_eventual().await.unwrap();
        let (users, posts) = try_join(
            users::table.load::<User>(&mut &conn),
            posts::table.count().get_result::<i64>(&mut &conn),
        )
        .await
        .unwrap();
        assert_eq!((users.len(), posts), (2, 2));
        let (pair, (first, rows), numbers) = try_join3(
            both(&conn),
            async {
                let first = users::table.find(1).first::<User>(&mut &conn).await?;
                let rows = users::table.load_stream::<User>(&mut &conn).await?;
                Ok((first, rows.try_collect::<Vec<_>>().await?))
            },
            async {
                let numbers = (0..20).map(|n| number(&conn, n));
                Ok(join_all(numbers).await)
            },
        )
        .await
        .unwrap();
        assert_eq!((pair.0.len(), pair.1), (2, 2));
        assert_eq!((&*first.name, rows.len()), ("ann", 2));
        let expected: Vec<_> = (0..20).map(Ok).collect();
        assert_eq!(numbers, expected);
        // And alone again.
        assert_eq!(
            users::table.count().get_result::<i64>(&mut conn).await,
            Ok(2)
        );
    });
}

#[test]
fn every_handle_lends_itself_to_functions_of_weaker_ones() {
    run(async {
        let world = World::start(1).await;
        world.cluster.catch_up();
        let session = world.router.session();
        let caught_up = session.read().await.unwrap();
        let primary = session.read_primary().await.unwrap();
        let mut writer = session.write().await.unwrap();
        for rows in [both(&caught_up).await, both(&primary).await] {
            assert_eq!(rows.unwrap().0.len(), 2);
        }
        writer
            .transaction(async |tx| -> QueryResult<()> {
                diesel::delete(users::table.find(2)).execute(tx).await?;
                let (rows, posts) = both(tx).await?;
                assert_eq!((rows.len(), posts), (1, 2), "it sees its transaction");
                Ok(())
            })
            .await
            .unwrap();
    });
}

#[test]
fn statements_that_are_joined_share_a_round_trip() {
    run(async {
        let cluster = Cluster::start(0);
        let proxy = cluster.node(0).proxy().unwrap();
        let primary = Node::new("primary", proxy.url()).checkout_timeout(Duration::from_secs(10));
        let router = builder()
            .primary(primary)
            .window_only()
            .build()
            .await
            .unwrap();
        let session = router.session();
        let mut conn = session.write().await.unwrap();
        // Diesel prepares each UPDATE anew.
        let delete = || diesel::delete(posts::table.find(99));
        let all = || users::table.order(users::id);
        // Prepares them.
        delete().execute(&mut conn).await.unwrap();
        all().load::<User>(&mut conn).await.unwrap();
        number(&conn, 0).await.unwrap();
        both(&conn).await.unwrap();
        // Longer than a busy machine keeps a thread waiting: what is sent after the first answer counts as another.
        proxy.set_delay(Duration::from_millis(50));
        // Others are the router's own.
        let by_connection = || {
            let connections = proxy.connections();
            let counts = connections.iter().map(|one| (one.number, one.round_trips));
            counts.collect::<BTreeMap<_, _>>()
        };
        let earlier = by_connection();
        for _ in 0..5 {
            number(&conn, 0).await.unwrap();
        }
        let grown = by_connection();
        let mut both_times = grown
            .iter()
            .filter_map(|(one, now)| Some((one, now - earlier.get(one)?)));
        let own = both_times.find(|(_, grown)| *grown == 5);
        let (own, _) = own.unwrap_or_else(|| panic!("{earlier:?} {grown:?}"));
        let round_trips = || by_connection()[own];
        let mut counts = Vec::new();
        let mut before = round_trips();
        let mut count = || {
            let now = round_trips();
            counts.push(now - std::mem::replace(&mut before, now));
        };
        delete().execute(&mut conn).await.unwrap();
        count();
        all().load::<User>(&mut conn).await.unwrap();
        count();
        number(&conn, 1).await.unwrap();
        count();
        assert_eq!(counts, [1, 1, 1]);

        let before = round_trips();
        let (deleted, users, one) = try_join3(
            delete().execute(&mut &conn),
            all().load::<User>(&mut &conn),
            number(&conn, 1),
        )
        .await
        .unwrap();
        assert_eq!((deleted, users.len(), one), (0, 2, 1));
        let joined = round_trips() - before;
        assert_eq!(joined, 1);

        let read: &ReadConn<Primary> = &conn;
        let before = round_trips();
        let both = (both(read), both(read));
        try_join(both.0, both.1).await.unwrap();
        let joined = round_trips() - before;
        assert_eq!(joined, 1, "four statements of two functions");
    });
}

#[test]
fn a_statement_that_fails_outside_transactions_does_not_harm_those_beside_it() {
    run(async {
        let world = World::start(0).await;
        let conn = world.router.read_primary().await.unwrap();
        let (before, failed, after) = futures_util::future::join3(
            number(&conn, 1),
            select(sql::<Integer>("1 / 0")).get_result::<i32>(&mut &conn),
            number(&conn, 2),
        )
        .await;
        assert_eq!((before, after), (Ok(1), Ok(2)));
        assert!(failed.unwrap_err().to_string().contains("division by zero"));
    });
}

#[test]
fn what_the_check_finds_is_refused_and_those_beside_it_go_on() {
    run(async {
        let world = World::start(1).await;
        world
            .cluster
            .node(0)
            .admin_execute("CREATE SEQUENCE numbers; GRANT ALL ON SEQUENCE numbers TO app")
            .unwrap();
        let conn = world.router.read_primary().await.unwrap();
        // Twice, because the second time the verdict on the others is known.
        for _ in 0..2 {
            let next = select(sql::<BigInt>("nextval('numbers')"));
            let (refused, one) =
                futures_util::future::join(next.get_result::<i64>(&mut &conn), number(&conn, 1))
                    .await;
            let error = refused.unwrap_err();
            assert!(
                matches!(refusal(&error), Refused::Statement { .. }),
                "{error:?}"
            );
            assert_eq!(one, Ok(1));
        }
        let locking = posts::table.select(posts::user_id).for_update();
        let nested = users::table.filter(users::id.eq_any(locking));
        let error = nested.load::<User>(&mut &conn).await.unwrap_err();
        assert!(
            matches!(refusal(&error), Refused::Statement { .. }),
            "{error:?}"
        );
        let locked = users::table.for_update().load::<User>(&mut &conn).await;
        let error = locked.unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
    });
}

#[test]
fn row_locks_are_taken_in_a_transaction_and_in_no_snapshot() {
    run(async {
        let world = World::start(0).await;
        let mut reader = world.router.read_primary().await.unwrap();
        let lock = |id| users::table.find(id).for_update();
        let users = reader
            .transaction(async |tx| -> QueryResult<(User, User)> {
                let conn = &*tx;
                try_join(lock(1).first(&mut &*conn), lock(2).first(&mut &*conn)).await
            })
            .await
            .unwrap();
        assert_eq!((&*users.0.name, &*users.1.name), ("ann", "bob"));
        let error = reader
            .snapshot(async |tx| -> QueryResult<User> { lock(1).first(&mut &*tx).await })
            .await
            .unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        let error = lock(1).first::<User>(&mut &reader).await.unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        let mut writer = world.router.write().await.unwrap();
        writer
            .transaction(async |tx| -> QueryResult<()> {
                let read: &ReadConn<Primary> = tx;
                lock(1).first::<User>(&mut &*read).await?;
                tx.transaction(async |inner| -> QueryResult<()> {
                    let read: &ReadConn<Primary> = inner;
                    lock(2).first::<User>(&mut &*read).await.map(drop)
                })
                .await?;
                let read: &ReadConn<Primary> = tx;
                lock(2).first::<User>(&mut &*read).await.map(drop)
            })
            .await
            .unwrap();
        let read: &ReadConn<Primary> = &writer;
        let error = lock(1).first::<User>(&mut &*read).await.unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
    });
}

#[test]
fn a_connection_that_was_swapped_in_runs_nothing_through_a_shared_handle_either() {
    run(async {
        let world = World::start(1).await;
        world.cluster.catch_up();
        let session = world.router.session();
        let mut writer = session.write().await.unwrap();
        let mut replica = session.read_eventual().await.unwrap();
        std::mem::swap::<ReadConn<Replica>>(&mut writer, &mut replica);
        let primary: &ReadConn<Primary> = &writer;
        let caught_up: &ReadConn<CaughtUp> = &writer;
        let errors = [
            diesel::delete(users::table)
                .execute(&mut &writer)
                .await
                .map(drop),
            users::table.load::<User>(&mut &writer).await.map(drop),
            (&writer).batch_execute("DELETE FROM users").await,
            users::table.load::<User>(&mut &*primary).await.map(drop),
            users::table.load::<User>(&mut &*caught_up).await.map(drop),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert!(
                matches!(refusal(&error), Refused::Swapped { node } if node == "replica-0"),
                "{error:?}"
            );
        }
        // As a replica's it is good.
        assert_eq!(both(&writer).await.unwrap().0.len(), 2);
        assert_eq!(both(&replica).await.unwrap().0.len(), 2);
    });
}

#[test]
fn each_statement_has_its_line_and_its_span() {
    run(async {
        let world = World::with(1, |builder| {
            builder.query_log(QueryLog::new()).statement_spans(true)
        })
        .await;
        world.cluster.catch_up();
        let conn = world.router.read_eventual().await.unwrap();
        let writer = world.router.write().await.unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        both(&conn).await.unwrap();
        let lines = heard.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        for line in &lines {
            assert_eq!(line.fields.get("db.routing.outcome"), "ok");
            assert_eq!(line.fields.get("db.routing.node"), "replica-0");
        }
        let next = select(sql::<BigInt>("nextval('none')"));
        next.get_result::<i64>(&mut &conn).await.unwrap_err();
        assert_eq!(heard.line().fields.get("db.routing.outcome"), "refused");

        let slow = || ReadSql::vouch(Cluster::SLOW).execute(&mut &conn);
        let delete = diesel::delete(users::table.find(2)).execute(&mut &writer);
        assert!(slow().now_or_never().is_none());
        assert_eq!(heard.line().fields.get("db.routing.outcome"), "cancelled");
        delete.await.unwrap();
        let line = heard.line();
        assert_eq!(line.fields.get("db.routing.outcome"), "ok");
        assert_eq!(line.fields.get("db.routing.node"), "primary");
        let spans = heard.spans();
        assert_eq!(spans.len(), 4, "{spans:?}");
        assert!(spans.iter().all(|span| span.depth == 0 && span.entered > 0));

        (&writer).batch_execute("SELECT 1").await.unwrap();
        let line = heard.line();
        assert_eq!(line.fields.get("db.routing.outcome"), "ok");
        assert_eq!(line.fields.get("db.query.text"), "SELECT ?");
        let (mut writer, mut conn) = (writer, conn);
        std::mem::swap::<ReadConn<Replica>>(&mut writer, &mut conn);
        let all = users::table.load::<User>(&mut &writer);
        all.await.unwrap_err();
        assert_eq!(heard.line().fields.get("db.routing.outcome"), "refused");
    });
}

#[consistency(session)]
async fn names(mut conn: &ReadConn<CaughtUp>) -> Result<(Vec<String>, i64, String), Error> {
    let names = users::table.order(users::id).select(users::name);
    let names = names.load(&mut conn);
    let posts = posts::table.count().get_result(&mut conn);
    let (names, posts) = try_join(names, posts).await?;
    Ok((names, posts, conn.route().node.to_owned()))
}

#[consistency(eventual, retry)]
async fn titles(conn: &ReadConn<Replica>, id: i32) -> Result<Vec<String>, Error> {
    let titles = posts::table
        .filter(posts::user_id.eq(id))
        .select(posts::title);
    Ok(titles.load(&mut &*conn).await?)
}

#[consistency(write)]
async fn add(conn: &WriteConn, names: [&str; 2]) -> Result<usize, Error> {
    let insert = |name| diesel::insert_into(users::table).values(users::name.eq(name));
    let [first, second] = names.map(insert);
    let (first, second) = try_join(first.execute(&mut &*conn), second.execute(&mut &*conn)).await?;
    Ok(first + second)
}

#[test]
fn annotated_functions_take_shared_handles_from_all_that_have_one() {
    run(async {
        let world = World::start(1).await;
        world.cluster.catch_up();
        let session = world.router.session();
        let (found, posts, node) = names(&session).await.unwrap();
        assert_eq!((found.len(), posts, &*node), (2, 2, "replica-0"));
        assert_eq!(titles(&world.router, 1).await.unwrap(), ["first"]);
        assert_eq!(add(&session, ["eve", "fay"]).await.unwrap(), 2);
        let (found, _, node) = names(&session).await.unwrap();
        assert_eq!(
            (found.len(), &*node),
            (4, "primary"),
            "it sees what it wrote"
        );

        let caught_up = session.read().await.unwrap();
        let (pair, first, second) = try_join3(
            names(&caught_up),
            titles(&caught_up, 1),
            titles(&caught_up, 2),
        )
        .await
        .unwrap();
        assert_eq!(
            (pair.0.len(), &*first[0], &*second[0]),
            (4, "first", "second")
        );

        let mut writer = session.write().await.unwrap();
        writer
            .transaction(async |tx| -> Result<(), Error> {
                add(&*tx, ["gil", "hal"]).await?;
                let (found, _, node) = names(&mut *tx).await?;
                assert_eq!((found.len(), &*node), (6, "primary"));
                titles(&*tx, 1).await?;
                Ok(())
            })
            .await
            .unwrap();
        let twice = add(&writer, ["gil", "ida"]).await.unwrap_err();
        assert!(twice.to_string().contains("duplicate key"), "{twice}");
    });
}

/// Fails as a replica does that goes on replaying, so many times.
#[consistency(eventual, retry)]
async fn node(conn: &ReadConn<Replica>, runs: &AtomicU32, fails: u32) -> Result<String, Error> {
    number(conn, 1).await?;
    if runs.fetch_add(1, Ordering::Relaxed) < fails {
        let words = "canceling statement due to conflict with recovery".to_owned();
        let kind = DatabaseErrorKind::SerializationFailure;
        Err(DieselError::DatabaseError(kind, Box::new(words)))?;
    }
    Ok(conn.route().node.to_owned())
}

#[test]
fn an_annotated_function_with_a_shared_handle_runs_once_more_elsewhere() {
    run(async {
        let world = World::start(1).await;
        world.cluster.catch_up();
        let session = world.router.session();
        let runs = AtomicU32::new(0);
        for (fails, expected) in [(0, "replica-0"), (1, "primary")] {
            assert_eq!(node(&session, &runs, fails).await.unwrap(), expected);
            assert_eq!(runs.swap(0, Ordering::Relaxed), fails + 1);
            assert_eq!(node(&world.router, &runs, fails).await.unwrap(), expected);
            assert_eq!(runs.swap(0, Ordering::Relaxed), fails + 1);
        }
        node(&session, &runs, 9).await.unwrap_err();
        assert_eq!(runs.swap(0, Ordering::Relaxed), 2, "twice at most");
        // On the caller's own connection there is no elsewhere.
        let conn = session.read_eventual().await.unwrap();
        node(&conn, &runs, 1).await.unwrap_err();
        assert_eq!(runs.into_inner(), 1);
    });
}
