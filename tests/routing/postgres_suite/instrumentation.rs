//! Diesel's instrumentation beside the query log: users' own hears what it hears without a router.

use std::sync::Mutex;

use diesel::connection::InstrumentationEvent;
use diesel_routing::QueryLog;
use tracing::Level;

use super::world::World;
use super::*;
use crate::query_heard::Heard;

/// The events of connections, in Diesel's words: of those that a hook has set up, and of those that a handle has.
static BY_HOOK: Mutex<Vec<String>> = Mutex::new(Vec::new());
static BY_HANDLE: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[expect(clippy::needless_pass_by_value, reason = "as Diesel calls it")]
fn record(event: InstrumentationEvent<'_>) {
    BY_HOOK.lock().unwrap().push(format!("{event:?}"));
}

#[expect(clippy::needless_pass_by_value, reason = "as Diesel calls it")]
fn record_apart(event: InstrumentationEvent<'_>) {
    BY_HANDLE.lock().unwrap().push(format!("{event:?}"));
}

fn take(events: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *events.lock().unwrap())
}

/// Reads twice, since Diesel prepares a statement once; the second one fails.
macro_rules! read {
    ($conn:expr) => {
        for _ in 0..2 {
            let query = users::table.filter(users::name.eq("ann")).select(users::id);
            let ids: Vec<i32> = wait!(query.load($conn)).unwrap();
            assert_eq!(ids, [1]);
            let query = ReadSql::vouch("SELECT id, name, age FROM missing");
            assert!(wait!(query.load::<User>($conn)).is_err());
        }
    };
}

#[test]
fn instrumentation_hears_what_it_hears_without_a_router() {
    run(async {
        let world = World::with(1, |builder| {
            builder
                .query_log(QueryLog::new())
                .statement_spans(true)
                .on_connect(hook!(|conn| {
                    conn.set_instrumentation(record);
                    Ok(())
                }))
        });
        let world = world.await;
        let mut plain = wait!(RawConnection::open(&world.cluster.replica_url())).unwrap();
        plain.set_instrumentation(record);
        take(&BY_HOOK);
        read!(&mut plain);
        let expected = take(&BY_HOOK);
        assert!(expected.len() > 6, "{expected:?}");
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        take(&BY_HOOK);
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        read!(&mut conn);
        assert_eq!(take(&BY_HOOK), expected);
        assert_eq!((heard.lines().len(), heard.spans().len()), (4, 4));
        drop(conn);
        let mut conn = wait!(world.router.write()).unwrap();
        take(&BY_HOOK);
        read!(&mut conn);
        assert_eq!(take(&BY_HOOK), expected);
        conn.set_instrumentation(record_apart);
        read!(&mut conn);
        assert!(
            take(&BY_HANDLE)
                .iter()
                .any(|event| event.contains("StartQuery"))
        );
        assert_eq!((take(&BY_HOOK), heard.lines().len()), (Vec::new(), 8));
    });
}
