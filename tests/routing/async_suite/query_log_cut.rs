//! The query log, of statements that are left half-way.

use diesel_routing::QueryLog;
use futures_util::future::FutureExt as _;
use futures_util::stream::TryStreamExt as _;
use tracing::Level;

use super::world::World;
use super::*;
use crate::query_heard::Heard;

async fn world() -> World {
    World::with(1, |builder| {
        builder.query_log(QueryLog::new()).statement_spans(true)
    })
    .await
}

#[test]
fn a_statement_that_is_dropped_half_way_is_logged_as_such() {
    run(async {
        let world = world().await;
        let mut conn = world.router.read_eventual().await.unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        let slow = ReadSql::vouch(Cluster::SLOW).execute(&mut conn);
        assert!(slow.now_or_never().is_none());
        let line = heard.line();
        assert_eq!(line.level, Level::INFO);
        assert_eq!(line.fields.get("db.routing.outcome"), "cancelled");
        assert_eq!(heard.spans()[0].depth, 0);
        assert_eq!(
            heard.spans()[0].fields.get("db.routing.outcome"),
            "cancelled"
        );
        let mut conn = world.router.write().await.unwrap();
        let slow = conn.batch_execute(Cluster::SLOW);
        assert!(slow.now_or_never().is_none());
        assert_eq!(heard.line().fields.get("db.routing.outcome"), "cancelled");
        // One that was never sent.
        let mut conn = world.router.write().await.unwrap();
        drop(diesel::delete(users::table).execute(&mut conn));
        assert_eq!(heard.lines().len(), 0);
    });
}

/// Takes one row of two, and then both.
macro_rules! assert_rows_are_counted {
    ($conn:expr, $heard:expr) => {
        for (take, expected) in [(1, "1"), (9, "2")] {
            let mut rows = users::table
                .order(users::id)
                .load_stream::<User>(&mut $conn)
                .await
                .unwrap();
            assert_eq!($heard.lines().len(), 0, "it has not ended");
            for _ in 0..take {
                if rows.try_next().await.unwrap().is_none() {
                    break;
                }
            }
            drop(rows);
            let line = $heard.line();
            assert_eq!(line.fields.get("db.routing.rows"), expected);
            assert_eq!(line.fields.get("db.routing.outcome"), "ok");
        }
    };
}

#[test]
fn the_rows_of_a_stream_are_those_that_were_taken() {
    run(async {
        let world = world().await;
        let mut conn = world.router.read_eventual().await.unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        assert_rows_are_counted!(conn, heard);
        drop(conn);
        let mut conn = world.router.write().await.unwrap();
        assert_rows_are_counted!(conn, heard);
    });
}
