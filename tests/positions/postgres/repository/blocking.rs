use diesel_routing::sync::pg::{ReadConn, Router, WriteConn};
use diesel_routing::sync::prelude::*;
use diesel_routing::{CaughtUp, Error, Replica, consistency};

use super::super::{HOUR, cluster, node, settings};
use super::pg_is_in_recovery;

#[consistency(eventual)]
fn eventual(conn: &mut ReadConn<Replica>) -> Result<bool, Error> {
    Ok(diesel::select(pg_is_in_recovery()).get_result(conn)?)
}

#[consistency(session)]
fn in_session(conn: &mut ReadConn<CaughtUp>) -> Result<bool, Error> {
    Ok(diesel::select(pg_is_in_recovery()).get_result(conn)?)
}

#[consistency(write)]
fn write(conn: &mut WriteConn, theme: &str) -> Result<bool, Error> {
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut *conn)?;
    in_session(conn)
}

#[test]
fn each_level_runs_on_the_server_that_it_may() {
    let cluster = cluster(1);
    let router = Router::builder()
        .window(HOUR)
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router");
    let session = router.session();
    assert!(eventual(&session).expect("a read"));
    assert!(in_session(&session).expect("a read"));
    cluster.standby(0).pause_replay().expect("paused");
    assert!(!write(&session, "dark").expect("a write"));
    assert!(!in_session(&session).expect("a read"), "it lacks the write");
    assert!(eventual(&session).expect("a read"));
    assert!(!in_session(&router).expect("a read"));
}
