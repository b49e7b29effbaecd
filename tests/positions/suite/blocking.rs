//! The same with blocking connections.

use std::time::{Duration, Instant};

use diesel_routing::{Level, Reason, Rejection, TokenKeys};

use super::world::{in_session, set_theme, theme};
use super::*;

#[test]
fn a_write_is_read_from_the_primary_until_a_replica_has_replayed_it() {
    let cluster = cluster(1);
    let router = in_session(&cluster);
    let session = router.session();
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark");
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

#[test]
fn a_replica_that_hangs_gets_no_more_reads_once_it_has_been_silent_for_too_long() {
    let cluster = cluster(1);
    let router = Router::builder()
        .watch_timeout(Duration::from_millis(200))
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router");
    // A blocking driver waits for a frozen server as long as it takes.
    cluster.standby(0).freeze().expect("frozen");
    let since = Instant::now();
    while router.status().nodes[1].lag < Some(Duration::from_secs(1)) {
        in_time(since, "the standby's silence");
        std::thread::yield_now();
    }
    let conn = router.read_eventual().expect("a connection");
    assert_eq!(
        (conn.route().node, conn.route().reason),
        ("primary", Reason::Fallback)
    );
    drop(conn);
    cluster.standby(0).thaw().expect("thawed");
    while router
        .read_eventual()
        .expect("a connection")
        .route()
        .is_primary
    {
        in_time(since, "a read from the standby");
    }
}

#[test]
fn a_token_goes_on_in_another_process_and_a_forged_one_does_not() {
    let cluster = cluster(1);
    let process = |secret: [u8; 32]| {
        let router = Router::builder()
            .window(HOUR)
            .token_keys(TokenKeys::new(1, secret).expect("keys"))
            .primary(node("primary", cluster.primary()))
            .replica(node("standby", cluster.standby(0)));
        router.build().expect("a router")
    };
    let (here, there, stranger) = (process([7; 32]), process([7; 32]), process([8; 32]));
    cluster.standby(0).pause_replay().expect("paused");
    let session = here.session();
    set_theme(&session, "dark");
    let token = session.token().expect("a token");
    assert_eq!(theme(&there.resume(token.as_str())).0, "dark");
    assert_eq!(theme(&stranger.resume(token.as_str())).0, "light");
    assert_eq!(
        stranger.status().rejected_tokens,
        [(Rejection::BadSignature, 1)]
    );
}

#[test]
fn a_read_whose_node_dies_is_run_again_on_another() {
    let cluster = cluster(1);
    let router = Router::builder()
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router");
    let mut nodes = Vec::new();
    let theme: String = router
        .session()
        .reading(|conn| {
            nodes.push(conn.route().node.to_owned());
            if nodes.len() == 1 {
                cluster.standby(0).kill().expect("killed");
            }
            settings::table.find(1).select(settings::theme).first(conn)
        })
        .expect("read on the primary");
    assert_eq!(
        (theme.as_str(), nodes),
        ("light", vec!["standby".to_owned(), "primary".to_owned()])
    );
}

#[test]
fn one_call_may_bound_the_lag_wait_or_leave_no_mark() {
    let cluster = cluster(1);
    let router = Router::builder()
        .window(HOUR)
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router");
    let session = router.session();
    let bounded = session
        .read_bounded(Duration::from_secs(30))
        .expect("a connection");
    assert_eq!(bounded.route().reason, Reason::Bounded);
    drop(bounded);
    cluster.standby(0).pause_replay().expect("paused");
    let write = |session: &Session| {
        diesel::update(settings::table.find(1))
            .set(settings::theme.eq("dark"))
            .execute(&mut session.write().expect("a connection"))
            .expect("a write");
    };
    write(&session.untracked());
    assert!(!theme(&session).2, "it wrote nothing that counts");
    write(&session);
    let wait = Duration::from_millis(200);
    let since = Instant::now();
    assert!(theme(&session.waiting(wait)).2);
    assert!(since.elapsed() >= wait);
    let eventual = session.at_level(Level::Eventual);
    assert_eq!(theme(&eventual).0, "dark", "caught up, or not given");
    let mut conn = eventual.read_default().expect("a connection");
    let old = settings::table.find(1).select(settings::theme);
    let old: String = old.first(&mut conn).expect("a row");
    assert_eq!(old, "light");
}
