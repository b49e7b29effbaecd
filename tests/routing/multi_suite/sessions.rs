//! Sessions of the enum: what they wrote they read.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel_routing::sync::prelude::*;
use diesel_routing::{CaughtUp, ConfigError, Error, Reason, consistency};

use super::world::{World, name, rename};
use super::{HAS_POSITIONS, SETTING};
use crate::flavour::users;
use crate::multi::connection::{ReadConn, WriteConn};

const LONG: Duration = Duration::from_secs(20);

#[test]
fn a_session_reads_what_it_wrote_and_others_what_the_replica_has() {
    let world = World::start();
    let before = world.router.session();
    assert!(!before.read().unwrap().route().is_primary);
    world.cluster.pause(0);
    let session = world.router.session();
    rename(&mut session.write().unwrap(), "eve");
    let mut conn = session.read().unwrap();
    assert!(conn.route().is_primary);
    assert_eq!(name(&mut conn), "eve");
    // What it saw there counts once the handle is back.
    drop(conn);
    let mut conn = world.router.session().read().unwrap();
    assert!(!conn.route().is_primary);
    assert_eq!(name(&mut conn), "ann");
    drop(conn);
    world.cluster.resume(0);
    world.cluster.catch_up();
    let mut conn = session.waiting(LONG).read().unwrap();
    // Without positions, until the window has passed.
    assert_eq!(conn.route().is_primary, !HAS_POSITIONS);
    assert_eq!(
        conn.route().reason == Reason::Covered,
        HAS_POSITIONS,
        "{:?}",
        conn.route()
    );
    assert_eq!(name(&mut conn), "eve");
}

#[test]
fn a_token_takes_the_write_to_another_session() {
    let world = World::start();
    world.cluster.pause(0);
    let session = world.router.session();
    rename(&mut session.write().unwrap(), "eve");
    let token = session.token().unwrap();
    let resumed = world.router.resume(token.as_str());
    let mut conn = resumed.read().unwrap();
    assert!(conn.route().is_primary);
    assert_eq!(name(&mut conn), "eve");
}

#[consistency(session)]
fn name_of_first(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
    let name = users::table.find(1).select(users::name);
    Ok(name.first(conn)?)
}

#[consistency(write)]
fn rename_first(conn: &mut WriteConn, name: &str) -> Result<usize, Error> {
    let user = diesel::update(users::table.find(1));
    Ok(user.set(users::name.eq(name)).execute(conn)?)
}

#[test]
fn repository_functions_take_a_session_or_a_handle_of_the_enum() {
    let world = World::start();
    world.cluster.pause(0);
    let session = world.router.session();
    assert_eq!(rename_first(&session, "eve").unwrap(), 1);
    assert_eq!(name_of_first(&session).unwrap(), "eve");
    let mut conn = session.write().unwrap();
    assert_eq!(rename_first(&mut conn, "dan").unwrap(), 1);
    assert_eq!(name_of_first(&mut *conn).unwrap(), "dan");
}

#[test]
fn settings_travel_with_a_session_where_the_database_has_any() {
    let world = World::start();
    let Some((setting, show)) = SETTING else {
        let error = world.router.session().with_settings([("app.tenant", "7")]);
        let error = error.unwrap_err();
        assert!(
            matches!(error, Error::Config(ConfigError::Setting { .. })),
            "{error:?}"
        );
        return;
    };
    let session = world.router.session().with_settings([(setting, "7")]);
    let shown = diesel::select(sql::<Text>(show))
        .get_result::<String>(&mut *session.unwrap().write().unwrap());
    assert_eq!(shown.as_deref(), Ok("7"));
}
