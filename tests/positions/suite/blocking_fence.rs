//! What a session is told to require, and the checklist, with blocking connections.

use std::time::Instant;

use diesel_routing::CompareLimits;

use super::*;

fn theme(session: &Session) -> (String, bool) {
    let mut conn = session.read().expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme = theme.first(&mut conn).expect("a row");
    (theme, conn.route().is_primary)
}

#[test]
fn what_is_required_is_read_from_the_primary_until_a_replica_has_it() {
    let cluster = cluster(1);
    let router = Router::builder()
        .window(HOUR)
        .wait(PATIENCE)
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router");
    let (by_position, by_now) = (router.session(), router.session());
    cluster.standby(0).pause_replay().expect("paused");
    let sql = "UPDATE settings SET theme = 'dark'";
    cluster.primary().execute(sql).expect("a write");
    by_position.require(position(&cluster)).expect("a position");
    by_position.require("what?").expect_err("no position");
    by_now.require_now();
    for session in [&by_position, &by_now] {
        assert_eq!(theme(session), ("dark".to_owned(), true));
    }
    assert_eq!(theme(&router.session()), ("light".to_owned(), false));

    cluster.standby(0).resume_replay().expect("resumed");
    let report = router.verify_caught_up(LIMIT).expect("a report");
    // Blocking connections cannot ask MySQL 9 whether its applier runs.
    assert!(report.replicas[0].has_all, "{report}");
    assert!(
        report.is_caught_up() || report.to_string().contains("unknown"),
        "{report}"
    );
    let limits = CompareLimits::new().max_time(LIMIT);
    let compared = router.compare(&["settings".into()], limits);
    let compared = compared.expect("a comparison");
    assert!(compared.is_equal(), "{compared:#?}");
    for session in [&by_position, &by_now] {
        let since = Instant::now();
        while theme(session).1 {
            in_time(since, "a read from the standby");
        }
        assert_eq!(theme(session).0, "dark");
    }
}
