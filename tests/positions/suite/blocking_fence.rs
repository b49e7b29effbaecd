//! What a session is told to require, and the checklist, with blocking connections.

use std::time::Instant;

use diesel_routing::CompareLimits;

use super::world::{in_session, theme};
use super::*;

#[test]
fn what_is_required_is_read_from_the_primary_until_a_replica_has_it() {
    let cluster = cluster(1);
    let router = in_session(&cluster);
    let seen = |session: &Session| {
        let (theme, _, is_primary) = theme(session);
        (theme, is_primary)
    };
    let (by_position, by_now) = (router.session(), router.session());
    cluster.standby(0).pause_replay().expect("paused");
    let sql = "UPDATE settings SET theme = 'dark'";
    cluster.primary().execute(sql).expect("a write");
    by_position.require(position(&cluster)).expect("a position");
    by_position.require("what?").expect_err("no position");
    by_now.require_now();
    for session in [&by_position, &by_now] {
        assert_eq!(seen(session), ("dark".to_owned(), true));
    }
    assert_eq!(seen(&router.session()), ("light".to_owned(), false));

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
        while seen(session).1 {
            in_time(since, "a read from the standby");
        }
        assert_eq!(seen(session).0, "dark");
    }
}
