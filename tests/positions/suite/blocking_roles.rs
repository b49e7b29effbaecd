//! The same with blocking connections: names that follow roles, and one that moves to another cluster.

use std::time::{Duration, Instant};

use diesel_routing::{Error, Health, Level};
use diesel_routing_testkit::Address;

use super::*;

const WRITERS: usize = 8;

fn router(rw: &Address, ro: &Address) -> Router {
    let node = |name, address: &Address| {
        diesel_routing::Node::new(name, address.url())
            .read_pool_size(4)
            .write_pool_size(4)
    };
    let builder = Router::builder()
        .window(HOUR)
        .primary(node("rw", rw))
        .replica(node("ro", ro));
    builder.build().expect("a router")
}

fn set_theme(session: &Session, theme: &str) -> Result<(), Error> {
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut session.write()?)?;
    Ok(())
}

fn theme(session: &Session) -> Result<String, Error> {
    let theme = settings::table.find(1).select(settings::theme);
    Ok(theme.first(&mut session.read()?)?)
}

/// The theme at the session's level, whatever it is.
fn theme_by_default(session: &Session) -> Result<String, Error> {
    let theme = settings::table.find(1).select(settings::theme);
    Ok(theme.first(&mut session.read_default()?)?)
}

/// Writes by several writers at once, each so often.
fn write(router: &Router, times: usize) -> Vec<Error> {
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let session = router.session();
                let write = move |time| set_theme(&session, &format!("{writer}-{time}")).err();
                scope.spawn(move || (0..times).filter_map(write).collect::<Vec<_>>())
            })
            .collect();
        let errors = writers.into_iter().map(|writer| writer.join());
        errors
            .flat_map(|errors| errors.expect("no panic"))
            .collect()
    })
}

fn nobody_is_excluded(router: &Router) {
    for node in router.status().nodes {
        assert_ne!(node.health, Health::Excluded, "{node:?}");
    }
}

#[test]
fn after_a_failover_all_writes_succeed_again_and_reads_leave_the_primary_again() {
    let cluster = cluster(1);
    let rw = cluster.address([cluster.primary()]).expect("an address");
    let ro = cluster.address([cluster.standby(0)]).expect("an address");
    let router = router(&rw, &ro);
    assert!(write(&router, 5).is_empty());
    cluster.wait_until_caught_up(LIMIT).expect("caught up");

    // `ro` goes on leading to the server that was promoted: there is no other.
    cluster.primary().kill().expect("killed");
    cluster.standby(0).promote().expect("promoted");
    rw.lead_to([cluster.standby(0)]).expect("moved");
    // A connection that has ended unseen is asked once it was idle for so long.
    std::thread::sleep(Duration::from_millis(600));
    let since = Instant::now();
    while !write(&router, 5).is_empty() {
        in_time(since, "writes without an error");
        std::thread::sleep(Duration::from_millis(10));
    }
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(2) {
        let errors = write(&router, 10);
        assert!(errors.is_empty(), "{errors:?}");
        nobody_is_excluded(&router);
        let session = router.session();
        set_theme(&session, "mine").expect("a write");
        assert_eq!(theme(&session).expect("a read"), "mine");
    }

    // Until the old primary follows it.
    cluster.rebuild(0).expect("rebuilt");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    ro.lead_to([cluster.node(0)]).expect("moved");
    cluster.node(0).pause_replay().expect("paused");
    let session = router.session();
    let eventual = session.at_level(Level::Eventual);
    let since = Instant::now();
    loop {
        set_theme(&session, "new").expect("a write");
        assert_eq!(theme(&session).expect("a read"), "new");
        nobody_is_excluded(&router);
        if theme_by_default(&eventual).expect("a read") != "new" {
            return;
        }
        in_time(since, "a read from the standby");
    }
}

#[test]
fn of_another_cluster_behind_a_name_nothing_is_read_and_the_status_names_it() {
    let (cluster, foreign) = (cluster(1), stranger());
    let rw = cluster.address([cluster.primary()]).expect("an address");
    let ro = cluster.address([cluster.standby(0)]).expect("an address");
    let router = router(&rw, &ro);
    let session = router.session();
    assert_eq!(theme(&session).expect("a read"), "light");
    ro.lead_to([foreign.standby(0), cluster.standby(0)])
        .expect("moved");
    ro.proxy().disconnect();
    let since = Instant::now();
    let (mut reads, mut has_moved) = (0, false);
    while reads < 100 || router.status().nodes[1].health != Health::Excluded {
        for level in [Level::Eventual, Level::Session] {
            // A connection may have ended with the move.
            let theme = theme_by_default(&router.session().at_level(level));
            assert!(
                theme.as_ref().map_or(true, |theme| theme == "light"),
                "{theme:?}"
            );
            reads += u32::from(theme.is_ok());
        }
        if !has_moved && since.elapsed() > Duration::from_millis(500) {
            has_moved = true;
            ro.lead_to([foreign.standby(0)]).expect("moved");
            ro.proxy().disconnect();
        }
        in_time(since, "the news of the other cluster");
    }
    let problem = router.status().nodes[1].problem.clone();
    assert!(problem.is_some_and(|why| why.contains("another cluster")));
}
