//! COPY, notifications and row-by-row loading, which only libpq's connection has.

use std::io::Read as _;

use diesel::pg::PgRowByRowLoadingMode;
use diesel_routing::QueryLog;
use tracing::Level;

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
