use std::time::Duration;

use diesel::result::DatabaseErrorKind;
use diesel_routing::sync::prelude::*;
use diesel_routing::sync::sqlite::Router;
use diesel_routing::{Error, Status};

use super::prometheus::{Scrape, install};
use super::schema::users;
use super::{cluster, nodes, reports};

fn lost() -> Error {
    let why = Box::new("the server closed the connection".to_owned());
    diesel::result::Error::DatabaseError(DatabaseErrorKind::ClosedConnection, why).into()
}

#[test]
fn blocking_loans_fallbacks_and_retries_are_counted_with_their_times() {
    install();
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let builder = Router::builder().name("blocking").primary(primary);
    let router = builder.replica(replica).build().unwrap();
    let session = router.session();
    let insert = diesel::insert_into(users::table).values(users::id.eq(1));
    insert.execute(&mut session.write().unwrap()).unwrap();
    drop(session.read().unwrap());
    for _ in 0..3 {
        drop(router.read_eventual().unwrap());
    }
    drop(session.on(reports()).read_eventual().unwrap());
    session.read_sql("DELETE FROM users").unwrap_err();
    let mut runs = 0;
    let read = |_: &mut _| {
        runs += 1;
        if runs == 1 {
            Err(lost())
        } else {
            Ok::<_, Error>(runs)
        }
    };
    assert_eq!(router.session().reading(read).unwrap(), 2);
    router.record_metrics();
    let scrape = Scrape::of("blocking");
    assert_eq!(scrape.loans(&[("reason", "write")]), 1.0);
    assert_eq!(scrape.loans(&[("reason", "recent_write")]), 1.0);
    assert_eq!(
        scrape.loans(&[("node", "replica"), ("reason", "eventual")]),
        3.0
    );
    for (name, count) in [
        // The read that was run again had no other replica.
        ("diesel_routing_fallbacks_total", 2.0),
        ("diesel_routing_retries_total", 1.0),
        ("diesel_routing_refused_statements_total", 1.0),
        ("diesel_routing_captures_total", 1.0),
    ] {
        assert_eq!(scrape.value(name, &[]), count, "{name}");
    }
    let writes = [("node", "primary"), ("pool", "write")];
    for time in ["wait", "use", "create"] {
        let name = format!("db_client_connection_{time}_time_seconds_count");
        assert_eq!(scrape.value(&name, &writes), 1.0, "{name}");
    }
    let status = router.status();
    let loans = |node: usize| status.nodes[node].loans.iter().map(|loans| loans.count);
    let all: u64 = loans(0).chain(loans(1)).sum();
    #[expect(clippy::cast_precision_loss, reason = "few")]
    let all = all as f64;
    assert_eq!(scrape.loans(&[]), all);
}

#[test]
fn a_blocking_caller_who_waits_for_a_connection_is_pending() {
    install();
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let primary = primary.checkout_timeout(Duration::from_millis(300));
    let builder = Router::builder().name("blocking-pending").primary(primary);
    let router = builder.replica(replica).build().unwrap();
    let write = |status: &Status| status.nodes[0].pools[1];
    let held = router.write().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| router.write().map(drop));
        while write(&router.status()).pending == 0 {
            assert!(!waiting.is_finished(), "it has not waited");
            std::thread::yield_now();
        }
        waiting.join().unwrap().unwrap_err();
    });
    drop(held);
    router.record_metrics();
    let scrape = Scrape::of("blocking-pending");
    let pool = [("node", "primary"), ("pool", "write")];
    let timeouts = "db_client_connection_timeouts_total";
    assert_eq!(scrape.value(timeouts, &pool), 1.0);
    assert_eq!(write(&router.status()).pending, 0);
}
