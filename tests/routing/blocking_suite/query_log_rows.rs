//! The query log, of statements whose rows are taken one by one.

use diesel::connection::DefaultLoadingMode;
use diesel_routing::QueryLog;
use tracing::Level;

use super::world::World;
use super::*;
use crate::query_heard::Heard;

/// Takes one row of two, and then both.
macro_rules! assert_rows_are_counted {
    ($conn:expr, $heard:expr) => {
        for (take, expected) in [(1, "1"), (9, "2")] {
            let rows = users::table
                .order(users::id)
                .load_iter::<User, DefaultLoadingMode>(&mut $conn)
                .unwrap();
            assert_eq!($heard.lines().len(), 0, "it has not ended");
            assert!(rows.take(take).all(|row| row.is_ok()));
            let line = $heard.line();
            assert_eq!(line.fields.get("db.routing.rows"), expected);
            assert_eq!(line.fields.get("db.routing.outcome"), "ok");
        }
    };
}

#[test]
fn the_rows_of_an_iterator_are_those_that_were_taken() {
    run(async {
        let world = World::with(1, |builder| builder.query_log(QueryLog::new())).await;
        let mut conn = world.router.read_eventual().unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        assert_rows_are_counted!(conn, heard);
        drop(conn);
        let mut conn = world.router.write().unwrap();
        assert_rows_are_counted!(conn, heard);
    });
}
