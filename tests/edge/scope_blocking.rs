//! Sessions found without plumbing, on threads. Each test has a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel_routing::sync::{
    pg,
    prelude::*,
    sqlite::{ReadConn, Session},
};
use diesel_routing::{CaughtUp, Error, Node, Reason, Scope, consistency};
use diesel_routing_testkit::PgCluster;

use super::nodes::{blocking_router, settings, stale_cluster};

#[consistency(session)]
fn theme(conn: &mut ReadConn<CaughtUp>) -> Result<(String, Reason), Error> {
    let theme = settings::table.find(1).select(settings::theme);
    Ok((theme.first(conn)?, conn.route().reason))
}

fn set_theme(session: &Session, theme: &str) -> Result<(), Error> {
    let setting = diesel::update(settings::table.find(1));
    setting
        .set(settings::theme.eq(theme))
        .execute(&mut session.write()?)?;
    Ok(())
}

#[test]
fn code_in_a_scope_continues_its_session() {
    let cluster = stale_cluster();
    let router = blocking_router(&cluster);
    let seen = router.session().scope(|| {
        set_theme(&Session::current()?, "dark")?;
        theme(&Session::current()?)
    });
    assert_eq!(seen.expect("a row"), ("dark".into(), Reason::RecentWrite));
    assert!(Session::current().is_err());
    let outside = theme(&router.current()).expect("a row");
    assert_eq!(outside, ("dark".into(), Reason::NoSession));
}

#[test]
fn guards_end_their_own_scope_in_whatever_order_they_are_dropped() {
    let cluster = stale_cluster();
    let router = blocking_router(&cluster);
    let (one, other) = (router.session(), router.session());
    set_theme(&one, "dark").expect("a write");
    let reason = || theme(&Session::current()?).map(|(_, why)| why);
    let first = one.clone().enter();
    let second = other.clone().enter();
    assert_eq!(reason().expect("a row"), Reason::NothingToCatchUp);
    drop(first);
    assert_eq!(reason().expect("a row"), Reason::NothingToCatchUp);
    let third = one.enter();
    assert_eq!(reason().expect("a row"), Reason::RecentWrite);
    // Also inside another scope.
    Scope::current().enter(|| drop(second));
    drop(third);
    assert!(Session::current().is_err());
}

#[test]
fn a_panic_ends_the_scope() {
    let cluster = stale_cluster();
    let router = blocking_router(&cluster);
    let guarded = || {
        let _scope = router.session().enter();
        panic!("on purpose");
    };
    let caught: Result<(), _> = catch_unwind(AssertUnwindSafe(guarded));
    assert!(caught.is_err());
    let session = router.session();
    let caught: Result<(), _> =
        catch_unwind(AssertUnwindSafe(|| session.scope(|| panic!("on purpose"))));
    assert!(caught.is_err());
    assert!(Session::current().is_err());
}

#[test]
fn a_thread_inherits_only_when_asked_and_keeps_what_it_got() {
    let cluster = stale_cluster();
    let router = blocking_router(&cluster);
    let guard = router.session().enter();
    let scope = Scope::current();
    drop(guard);
    std::thread::scope(|threads| {
        let alone = threads.spawn(|| Session::current().is_err());
        assert!(alone.join().expect("a thread"));
        let inherits = threads.spawn(|| scope.enter(|| Session::current().is_ok()));
        assert!(inherits.join().expect("a thread"));
    });
    assert!(Session::current().is_err());
}

/// On PostgreSQL: a default is the whole process's, and the tests above want none.
#[test]
fn a_default_router_serves_what_is_outside_any_scope_while_it_lives() {
    let cluster = PgCluster::builder().standbys(1).start().expect("a cluster");
    let router = pg::Router::builder()
        .primary(Node::new("primary", cluster.primary().url()))
        .replica(Node::new("standby", cluster.standby(0).url()))
        .build()
        .expect("a router");
    router.make_default();
    let reason = || Ok::<_, Error>(pg::Session::current()?.read()?.route().reason);
    assert_eq!(reason().expect("a connection"), Reason::NoSession);
    let in_scope = router.session().scope(reason);
    assert_eq!(in_scope.expect("a connection"), Reason::NothingToCatchUp);
    drop(router);
    assert!(pg::Session::current().is_err());
}
