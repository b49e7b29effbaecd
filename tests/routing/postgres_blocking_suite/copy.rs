//! COPY, notifications and row-by-row loading, which only libpq's connection has.

use std::io::{BufRead as _, Read as _};

use diesel::pg::{CopyFormat, PgRowByRowLoadingMode};
use diesel::result::Error as DieselError;
use diesel_routing::sync::pg::copy_to;
use diesel_routing::{Origin, QueryLog};
use tracing::Level;

use super::values::value;
use super::world::{World, count, is_marked};
use super::*;
use crate::query_heard::Heard;

#[test]
fn copying_in_counts_as_a_write() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = session.write().unwrap();
        let rows = diesel::copy_from(users::table)
            .from_raw_data((users::name, users::age), |out| {
                std::io::Write::write_all(out, b"eve\t20\nmallory\t\\N\n").unwrap();
                QueryResult::Ok(())
            })
            .execute(&mut conn);
        assert_eq!(rows, Ok(2));
        assert_eq!(count(&mut conn).await, 4);
        drop(conn);
        assert!(is_marked(&session).await);
    });
}

#[test]
fn copying_in_has_a_line_in_the_query_log() {
    run(async {
        let world = World::with(1, |builder| builder.query_log(QueryLog::new())).await;
        let mut conn = world.router.write().unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        for (text, outcome, rows) in [
            (&b"eve\t20\n"[..], "ok", "1"),
            (b"eve\tsecret\n", "failed", ""),
        ] {
            let copied = diesel::copy_from(users::table)
                .from_raw_data((users::name, users::age), |out| {
                    std::io::Write::write_all(out, text).unwrap();
                    QueryResult::Ok(())
                })
                .execute(&mut conn);
            assert_eq!(copied.is_ok(), outcome == "ok");
            let line = heard.line();
            assert_eq!(line.fields.get("db.query.summary"), "COPY");
            assert_eq!(line.fields.get("db.routing.outcome"), outcome);
            assert_eq!(line.fields.get("db.routing.rows"), rows);
            assert!(!format!("{line:?}").contains("secret"), "{line:?}");
        }
    });
}

#[test]
fn copying_out_leaves_no_mark() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = session.write().unwrap();
        let copied = conn.copy_to(|raw| {
            let mut text = String::new();
            diesel::copy_to(users::table)
                .load_raw(raw)?
                .read_to_string(&mut text)
                .unwrap();
            Ok(text)
        });
        assert_eq!(copied.unwrap(), "1\tann\t30\n2\tbob\t\\N\n");
        drop(conn);
        assert!(!is_marked(&session).await);
    });
}

#[test]
fn a_write_handle_goes_on_after_what_diesel_copied_on_its_raw_connection() {
    run(async {
        let world = World::start(0).await;
        let mut conn = world.router.write().unwrap();
        for _ in 0..2 {
            let users = conn.copy_to(|raw| {
                diesel::copy_to(users::table)
                    .load::<User, _>(raw)?
                    .collect()
            });
            let users: Vec<User> = users.unwrap();
            assert_eq!(users.len(), 2);
        }
        let failed = conn.copy_to(|raw| {
            let mut rows = diesel::copy_to(users::table).load_raw(raw)?;
            rows.fill_buf().unwrap();
            QueryResult::<()>::Err(DieselError::RollbackTransaction)
        });
        assert_eq!(failed, Err(DieselError::RollbackTransaction));
        let error = users::table.first::<User>(&mut conn).unwrap_err();
        assert!(matches!(refusal(&error), Refused::GivenUp { .. }));
        drop(conn);
        assert_eq!(count(&mut world.router.write().unwrap()).await, 2);
    });
}

#[test]
fn an_export_from_a_paused_standby_has_the_rows_that_it_has() {
    run(async {
        let world = World::with_a_paused_replica().await;
        let session = world.router.session();
        let new = diesel::insert_into(users::table).values(users::name.eq("eve"));
        new.execute(&mut session.write().unwrap()).unwrap();
        let mut replica = session.read_eventual().unwrap();
        assert_eq!(replica.route().node, "replica-0");
        let mut caught_up = session.read().unwrap();
        assert_eq!(caught_up.route().node, "primary");
        for (found, rows) in [(names(&mut replica), 2), (names(&mut caught_up), 3)] {
            assert_eq!(found.unwrap().len(), rows);
        }
        let mut text = String::new();
        let mut raw = copy_to(users::table).load_raw(&mut replica).unwrap();
        raw.read_to_string(&mut text).unwrap();
        drop(raw);
        assert_eq!(text, "1\tann\t30\n2\tbob\t\\N\n");
        // The handle goes on, as in its transactions.
        assert_eq!(count(&mut replica).await, 2);
        let again = replica.snapshot(|tx| {
            names(tx)?;
            assert_eq!(users::table.count().get_result(tx), Ok(2_i64));
            names(tx)
        });
        assert_eq!(again.unwrap(), ["ann", "bob"]);
    });
}

#[test]
fn an_export_leaves_no_mark_on_a_session_that_writes_and_sees_its_transaction() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut conn = session.write().unwrap();
        assert_eq!(names(&mut conn).unwrap().len(), 2);
        drop(conn);
        assert!(!is_marked(&session).await);
        let mut conn = session.write().unwrap();
        let inside = conn.transaction(|tx| {
            diesel::delete(users::table.find(1)).execute(tx)?;
            names(tx)
        });
        assert_eq!(inside.unwrap(), ["bob"]);
        drop(conn);
        assert!(is_marked(&session).await);
    });
}

#[test]
fn an_export_leaves_no_transaction_open_and_is_over_once_it_has_ended() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = world.router.read_primary().unwrap();
        let backend = "pg_backend_pid()::text";
        let before = value(&mut conn, backend).await;
        let mut rows = copy_to(users::table).load::<User, _>(&mut conn).unwrap();
        assert_eq!(rows.by_ref().filter_map(Result::ok).count(), 2);
        assert!(rows.next().is_none());
        drop(rows);
        let error = users::table.for_update().load::<User>(&mut conn);
        let error = error.unwrap_err();
        assert!(matches!(refusal(&error), Refused::LockOutsideTransaction));
        drop(conn);
        let mut conn = world.router.read_primary().unwrap();
        assert_eq!(value(&mut conn, backend).await, before);
    });
}

/// The names of all users, by an export.
fn names(conn: &mut impl diesel_routing::sync::bounds::CopiesTo) -> QueryResult<Vec<String>> {
    let users = copy_to(users::table).load::<User, _>(conn)?;
    users.map(|user| user.map(|user| user.name)).collect()
}

#[test]
fn an_export_has_the_bytes_that_diesels_own_has_for_every_option() {
    run(async {
        let world = World::start(0).await;
        let new = diesel::insert_into(users::table).values(users::name.eq("o'neil; \"al\""));
        new.execute(&mut world.router.write().unwrap()).unwrap();
        let mut raw = PgConnection::establish(&world.cluster.primary_url()).unwrap();
        let mut conn = world.router.read_eventual().unwrap();
        macro_rules! assert_same {
            ($($option:ident($value:expr)),*) => {{
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                let query = diesel::copy_to((users::name, users::age))$(.$option($value))*;
                query.load_raw(&mut raw).unwrap().read_to_end(&mut theirs).unwrap();
                // Diesel leaves the connection busy.
                raw.batch_execute("SELECT 1").unwrap();
                let query = copy_to((users::name, users::age))$(.$option($value))*;
                query.load_raw(&mut conn).unwrap().read_to_end(&mut ours).unwrap();
                assert_eq!(ours, theirs);
                let query = copy_to((users::name, users::age))$(.$option($value))*;
                let mut again = Vec::new();
                query.load_raw(&mut raw).unwrap().read_to_end(&mut again).unwrap();
                assert_eq!(again, theirs);
            }};
        }
        assert_same!();
        assert_same!(with_format(CopyFormat::Binary));
        assert_same!(with_format(CopyFormat::Csv), with_header(true));
        assert_same!(
            with_format(CopyFormat::Csv),
            with_quote('\''),
            with_escape('!'),
            with_null("bob")
        );
        assert_same!(with_delimiter(';'), with_null("none"));
    });
}

#[test]
fn an_export_that_cannot_begin_says_so_and_the_handle_goes_on() {
    diesel::table! { nobody (id) { id -> Integer, } }
    run(async {
        let world = World::start(0).await;
        let mut conn = world.router.read_primary().unwrap();
        let error = copy_to(nobody::table).load_raw(&mut conn).unwrap_err();
        assert!(
            error.to_string().contains("\"nobody\" does not exist"),
            "{error}"
        );
        assert_eq!(Origin::of(&error).unwrap().node, "primary");
        let odd = copy_to(users::table).with_quote('x').load_raw(&mut conn);
        odd.unwrap_err();
        assert_eq!(names(&mut conn).unwrap().len(), 2);
        assert_eq!(count(&mut conn).await, 2);
    });
}

#[test]
fn an_export_that_is_dropped_half_way_closes_its_connection() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let mut conn = world.router.read_primary().unwrap();
        let mut rows = copy_to(users::table).load::<User, _>(&mut conn).unwrap();
        assert_eq!(rows.next().unwrap().unwrap().name, "ann");
        drop(rows);
        let error = users::table.first::<User>(&mut conn).unwrap_err();
        assert!(matches!(refusal(&error), Refused::GivenUp { .. }));
        drop(conn);
        let mut conn = world.router.read_primary().unwrap();
        assert_eq!(count(&mut conn).await, 2);
    });
}

#[test]
fn an_export_that_the_server_ends_early_is_an_error_and_no_short_one() {
    diesel::table! { texts { id -> Integer, text -> Text, } }

    #[derive(Queryable, Selectable)]
    struct Text {
        #[expect(dead_code, reason = "a column is enough")]
        id: i32,
    }

    run(async {
        let world = World::with(0, |builder| builder.query_log(QueryLog::new())).await;
        // More than the sockets' buffers hold.
        let many = "CREATE TABLE texts AS SELECT id, repeat('x', 1000) AS text FROM generate_series(1, 40000) id";
        world.router.write().unwrap().batch_execute(many).unwrap();
        let mut conn = world.router.read_primary().unwrap();
        let mut text = copy_to(texts::table).load_raw(&mut conn).unwrap();
        text.read_line(&mut String::new()).unwrap();
        cancel_exports(&world);
        let error = text.read_to_end(&mut Vec::new()).unwrap_err();
        assert!(
            error.to_string().contains("before all rows were sent"),
            "{error}"
        );
        // And again, whoever asks.
        text.read_to_end(&mut Vec::new()).unwrap_err();
        drop(text);
        // To Diesel it is the end: once it is not, there is no need for a transaction of ours.
        let mut raw = PgConnection::establish(&world.cluster.primary_url()).unwrap();
        let mut text = diesel::copy_to(texts::table).load_raw(&mut raw).unwrap();
        text.read_line(&mut String::new()).unwrap();
        cancel_exports(&world);
        let length = text.read_to_end(&mut Vec::new()).unwrap();
        assert!(length < 40_000_000, "{length}");
        drop(text);
        assert_eq!(count(&mut conn).await, 2);
        let mut rows = copy_to(texts::table).load::<Text, _>(&mut conn).unwrap();
        rows.next().unwrap().unwrap();
        cancel_exports(&world);
        let error = rows.find_map(Result::err).unwrap();
        assert!(
            error.to_string().contains("before all rows were sent"),
            "{error}"
        );
        assert_eq!(Origin::of(&error).unwrap().node, "primary");
        assert!(rows.next().is_none());
        drop(rows);
        let inside: QueryResult<()> = conn.snapshot(|tx| {
            let mut text = copy_to(texts::table).load_raw(tx)?;
            text.read_line(&mut String::new()).unwrap();
            cancel_exports(&world);
            let error = text.read_to_end(&mut Vec::new()).unwrap_err();
            Err(DieselError::DeserializationError(error.into()))
        });
        inside.unwrap_err();
        assert_eq!(count(&mut conn).await, 2);
        // The connection ends under it.
        let mut other = world.router.read_primary().unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        let mut rows = copy_to(texts::table).load::<Text, _>(&mut conn).unwrap();
        rows.next().unwrap().unwrap();
        let mut text = copy_to(texts::table).load_raw(&mut other).unwrap();
        text.read_line(&mut String::new()).unwrap();
        world.cluster.kill_primary();
        let error = rows.find_map(Result::err).unwrap();
        assert!(diesel_routing::may_retry_read(&error), "{error:?}");
        assert_eq!(Origin::of(&error).unwrap().node, "primary");
        assert_eq!(heard.line().fields.get("db.routing.outcome"), "failed");
        text.read_to_end(&mut Vec::new()).unwrap_err();
        // Whoever asks again is not told that this was all.
        text.read_to_end(&mut Vec::new()).unwrap_err();
    });
}

/// Has the server end the exports that are under way.
fn cancel_exports(world: &World) {
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'";
    world.router.write().unwrap().batch_execute(cancel).unwrap();
}

#[test]
fn an_export_is_refused_where_the_connection_is_weaker_than_its_handle() {
    run(async {
        let world = World::start(1).await;
        let mut replica = world.router.read_eventual().unwrap();
        let mut primary = world.router.read_primary().unwrap();
        let weaker: &mut ReadConn<Replica> = &mut primary;
        std::mem::swap(&mut replica, weaker);
        let error = copy_to(users::table).load_raw(&mut primary).unwrap_err();
        assert!(matches!(refusal(&error), Refused::Swapped { .. }));
        assert_eq!(names(&mut replica).unwrap().len(), 2);
        let mut writer = world.router.write().unwrap();
        std::mem::swap::<ReadConn<Primary>>(&mut writer, &mut primary);
        let error = copy_to(users::table).load_raw(&mut writer).unwrap_err();
        assert!(matches!(refusal(&error), Refused::Swapped { .. }));
    });
}

#[test]
fn an_export_has_a_line_in_the_query_log_with_its_rows() {
    run(async {
        let world = World::with(1, |builder| builder.query_log(QueryLog::new())).await;
        let mut conn = world.router.read_eventual().unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        names(&mut conn).unwrap();
        let line = heard.line();
        assert_eq!(line.fields.get("db.query.summary"), "COPY");
        assert_eq!(line.fields.get("db.routing.outcome"), "ok");
        assert_eq!(line.fields.get("db.routing.rows"), "2");
        drop(copy_to(users::table).load_raw(&mut conn).unwrap());
        assert_eq!(heard.line().fields.get("db.routing.outcome"), "cancelled");
    });
}

#[test]
fn rows_can_be_loaded_one_by_one_on_every_handle() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let mut conn = world.router.read_eventual().unwrap();
        let mut rows = users::table
            .load_iter::<User, PgRowByRowLoadingMode>(&mut conn)
            .unwrap();
        assert!(rows.next().unwrap().is_ok());
        drop(rows);
        assert_eq!(count(&mut conn).await, 2);
        let mut conn = world.router.write().unwrap();
        let rows = users::table.load_iter::<User, PgRowByRowLoadingMode>(&mut conn);
        assert_eq!(rows.unwrap().count(), 2);
    });
}

#[test]
fn notifications_arrive_at_the_handle_that_listens() {
    run(async {
        let world = World::start(0).await;
        let mut listener = world.router.write().unwrap();
        listener.batch_execute("LISTEN news").unwrap();
        let mut sender = world.router.write().unwrap();
        sender.batch_execute("NOTIFY news, 'hello'").unwrap();
        // The server delivers before it answers the next statement.
        listener.batch_execute("SELECT 1").unwrap();
        let heard: Vec<_> = listener.notifications_iter().collect();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].as_ref().unwrap().payload, "hello");
        listener.batch_execute("UNLISTEN *").unwrap();
    });
}
