//! The lists of functions against the servers' own catalogs.

use std::collections::BTreeSet;

use diesel_routing_sql::{Dialect, Functions};
use diesel_routing_testkit::{MariaCluster, PgCluster};

use crate::{mariadb_harmless, postgres_harmless};

/// Volatile functions that SQL can call: not those for triggers, nor those that take what only the server
/// has.
const VOLATILE: &str = "SELECT string_agg(DISTINCT proname, ',') FROM pg_proc
    WHERE provolatile = 'v' AND NOT ('internal'::regtype = ANY (proargtypes::oid[]))
    AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype,
        'language_handler'::regtype, 'fdw_handler'::regtype, 'index_am_handler'::regtype,
        'table_am_handler'::regtype, 'tsm_handler'::regtype)";

#[test]
fn every_volatile_function_of_postgres_is_listed_or_known_to_be_harmless() {
    let cluster = PgCluster::builder().start().unwrap();
    let primary = cluster.primary();
    let modules = "SELECT string_agg(name, ',' ORDER BY name) FROM pg_available_extensions";
    let modules = primary.admin_value(modules).unwrap().unwrap_or_default();
    let created = modules
        .split(',')
        .filter(|module| {
            let sql = format!("CREATE EXTENSION IF NOT EXISTS \"{module}\" CASCADE");
            // One may need a library that this machine lacks.
            primary.admin_execute(&sql).is_ok()
        })
        .count();
    assert!(created > 30, "only {created} modules of {modules}");
    let volatile = primary.admin_value(VOLATILE).unwrap().unwrap_or_default();
    check(&volatile, Dialect::Postgres, postgres_harmless::HARMLESS);
}

#[test]
fn every_function_of_mariadb_is_listed_or_known_to_be_harmless() {
    let cluster = MariaCluster::builder().start().unwrap();
    let functions = "SELECT GROUP_CONCAT(LOWER(function)) FROM information_schema.sql_functions";
    cluster
        .primary()
        .admin_execute("SET GLOBAL group_concat_max_len = 1000000")
        .unwrap();
    let functions = cluster
        .primary()
        .admin_value(functions)
        .unwrap()
        .unwrap_or_default();
    check(&functions, Dialect::Mysql, mariadb_harmless::HARMLESS);
}

fn check(catalog: &str, dialect: Dialect, harmless: &[(&str, &[&str])]) {
    let functions = Functions::builtin(dialect);
    let harmless: BTreeSet<&str> = harmless
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let names: Vec<&str> = catalog.split(',').collect();
    assert!(names.len() > 150, "{names:?}");
    let unknown: Vec<&&str> = names
        .iter()
        .filter(|name| !functions.contains(name) && !harmless.contains(**name))
        .collect();
    assert!(
        unknown.is_empty(),
        "neither listed nor known to be harmless: {unknown:?}"
    );
    let both: Vec<&&str> = harmless
        .iter()
        .filter(|name| functions.contains(name))
        .collect();
    assert!(
        both.is_empty(),
        "listed, and known to be harmless: {both:?}"
    );
}
