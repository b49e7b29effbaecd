use std::time::Instant;

use diesel_routing::Reason;
use diesel_routing::sync::pg::{Router, Session};
use diesel_routing::sync::prelude::*;

use super::{HOUR, PATIENCE, cluster, in_time, node, settings};

fn theme(session: &Session) -> (String, Reason, bool) {
    let mut conn = session.read().expect("a connection");
    let theme = settings::table
        .find(1)
        .select(settings::theme)
        .first(&mut conn)
        .expect("a row");
    let route = conn.route();
    (theme, route.reason, route.is_primary)
}

#[test]
fn a_write_is_read_from_the_primary_until_a_replica_has_replayed_it() {
    let cluster = cluster(1);
    let router = Router::builder()
        .window(HOUR)
        .wait(PATIENCE)
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router");
    let session = router.session();
    cluster.standby(0).pause_replay().expect("paused");
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq("dark"))
        .execute(&mut session.write().expect("a connection"))
        .expect("a write");
    for _ in 0..10 {
        let (value, _, primary) = theme(&session);
        assert_eq!((value.as_str(), primary), ("dark", true));
    }
    cluster.standby(0).resume_replay().expect("resumed");
    let since = Instant::now();
    loop {
        let (value, reason, primary) = theme(&session);
        assert_eq!(value, "dark");
        if !primary {
            assert_eq!(reason, Reason::Covered);
            break;
        }
        in_time(since, "a read from the standby");
    }
}

#[test]
fn a_dropped_router_leaves_no_thread() {
    let threads = || {
        std::fs::read_dir("/proc/self/task")
            .expect("threads")
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.starts_with("diesel-routing"))
            .count()
    };
    let cluster = cluster(1);
    let router = Router::builder()
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router");
    assert!(threads() > 0);
    drop(router);
    let since = Instant::now();
    while threads() > 0 {
        in_time(since, "the end of the router's threads");
        std::thread::yield_now();
    }
}
