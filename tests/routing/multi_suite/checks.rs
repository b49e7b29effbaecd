//! The statement check of the enum: by the database that it leads to.

use diesel::dsl::sql;
use diesel::sql_types::{Bool, Text};
use diesel_routing::sync::prelude::*;
use diesel_routing::{Refused, StatementCheck};

use super::world::World;
use super::{Cluster, SIDE_EFFECT};
use crate::flavour::{refusal, users};
use crate::multi::connection::ReadSql;

/// Functions with side effects on one of the databases.
const ALL: [&str; 3] = [
    "set_config('app.a', 'b', false)",
    "GET_LOCK('a', 0)",
    "load_extension('a')",
];

#[test]
fn a_function_is_refused_by_the_list_of_its_own_database() {
    let world = World::start();
    let mut conn = world.router.read_eventual().unwrap();
    for function in ALL {
        // One type for all of them, and for all databases: verdicts are a router's own.
        let query = diesel::select(sql::<Text>(function));
        let error = query.get_result::<String>(&mut conn).unwrap_err();
        let is_refused = matches!(&error, diesel::result::Error::QueryBuilderError(inner) if inner.is::<Refused>());
        assert_eq!(is_refused, function == SIDE_EFFECT, "{function}: {error:?}");
    }
}

#[test]
fn a_hidden_lock_is_refused_and_a_forbidden_function_too() {
    let world = World::with(|builder| {
        builder.statement_check(StatementCheck::default().forbid("coalesce_all"))
    });
    let mut conn = world.router.read().unwrap();
    let query = users::table
        .filter(sql::<Bool>("coalesce_all(id)"))
        .select(users::name);
    let error = query.load::<String>(&mut conn).unwrap_err();
    let Refused::Statement { sql, .. } = refusal(&error) else {
        panic!("{error:?}")
    };
    assert!(sql.contains("coalesce_all(id)"), "{sql}");
}

#[test]
fn what_is_vouched_for_and_writes_fails_at_the_server() {
    let world = World::start();
    for mut conn in [
        world.router.read_eventual().unwrap(),
        world.router.session().read_default().unwrap(),
    ] {
        let error = ReadSql::vouch("DELETE FROM users").execute(&mut conn);
        Cluster::assert_read_only(&error.unwrap_err());
    }
    let mut conn = world.router.read_primary().unwrap();
    assert!(
        ReadSql::vouch("DELETE FROM users")
            .execute(&mut conn)
            .is_err()
    );
}

#[test]
fn raw_sql_has_to_be_a_read_on_every_database_unless_the_router_says_which() {
    let world = World::start();
    for function in ALL {
        let sql = format!("SELECT {function} AS name");
        assert!(ReadSql::check(&sql).is_err(), "{sql}");
        let checked = world.router.session().read_sql(&sql);
        assert_eq!(checked.is_err(), function == SIDE_EFFECT, "{sql}");
    }
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let query = ReadSql::check("SELECT name FROM users WHERE id = 1").unwrap();
    let row: Named = query.get_result(&mut world.router.read().unwrap()).unwrap();
    assert_eq!(row.name, "ann");
}

#[test]
fn what_a_write_handle_reads_is_no_write() {
    let world = World::start();
    let session = world.router.session();
    let mut conn = session.write().unwrap();
    let names: Vec<String> = users::table.select(users::name).load(&mut *conn).unwrap();
    assert_eq!(names.len(), 2);
    drop(conn);
    assert!(!session.read().unwrap().route().is_primary);
}
