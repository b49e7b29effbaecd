//! The lists of functions against the servers' own catalogs.

use std::collections::BTreeSet;

use diesel_routing_sql::{Dialect, Functions};
use diesel_routing_testkit::{MariaCluster, PgCluster};

use crate::{mariadb_harmless, postgres_harmless, postgres_versions};

/// The functions that SQL can call: not those for triggers, nor those that take what only the server has.
const FUNCTIONS: &str = "SELECT string_agg(DISTINCT proname, ',') FROM pg_proc
    WHERE NOT ('internal'::regtype = ANY (proargtypes::oid[]))
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
    let volatile = format!("{FUNCTIONS} AND provolatile = 'v'");
    let volatile = primary.admin_value(&volatile).unwrap().unwrap_or_default();
    check(&volatile, Dialect::Postgres, postgres_harmless::HARMLESS);
}

#[test]
fn what_counts_as_pure_or_reserved_in_postgres_is_what_the_server_has() {
    let cluster = PgCluster::builder().start().unwrap();
    let ask = |sql: &str| cluster.primary().admin_value(sql).unwrap().unwrap();
    let version: u32 = ask("SHOW server_version_num").parse().unwrap();
    let version = version / 10_000;
    let functions = Functions::builtin(Dialect::Postgres);
    let core = format!("{FUNCTIONS} AND pronamespace = 'pg_catalog'::regnamespace");
    let core = ask(&core);
    let core = core.split(',').filter(|name| !functions.contains(name));
    assert_same(
        core,
        include_str!("../../src/functions/pure/postgres.txt"),
        postgres_versions::FUNCTIONS,
        version,
    );
    let words =
        ask("SELECT string_agg(word, ',') FROM pg_get_keywords() WHERE catcode IN ('R', 'C')");
    assert_same(
        words.split(','),
        include_str!("../../src/functions/keywords/postgres.txt"),
        postgres_versions::KEYWORDS,
        version,
    );
    let harmless = postgres_harmless::HARMLESS
        .iter()
        .flat_map(|(_, names)| *names);
    for name in harmless.filter(|name| !functions.is_pure(name)) {
        let of_core = format!(
            "SELECT count(*) FROM pg_proc
             WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = '{name}'"
        );
        assert_eq!(ask(&of_core), "0", "{name} is harmless, and not pure");
    }
}

/// Compares what a version of PostgreSQL has with what the lines say that it has.
fn assert_same<'a>(
    server: impl Iterator<Item = &'a str>,
    lines: &'a str,
    spans: &[(u32, u32, &[&str])],
    version: u32,
) {
    let has = |line: &str| {
        let mut spans = spans.iter();
        let span = spans.find(|(_, _, names)| names.contains(&line));
        span.is_none_or(|(first, last, _)| (*first..=*last).contains(&version))
    };
    let server: BTreeSet<&str> = server.collect();
    let ours: BTreeSet<&str> = lines.lines().filter(|line| has(line)).collect();
    let missing: Vec<_> = server.difference(&ours).collect();
    assert!(missing.is_empty(), "not on the list: {missing:?}");
    let invented: Vec<_> = ours.difference(&server).collect();
    assert!(invented.is_empty(), "not on the server: {invented:?}");
}

#[test]
fn what_counts_as_pure_or_reserved_in_mariadb_is_so() {
    let cluster = MariaCluster::builder().start().unwrap();
    let primary = cluster.primary();
    // A stored function of this name would be called.
    let is_stored = |name: &str| {
        let called = primary.execute(&format!("SELECT {name}(1)"));
        called.is_err_and(|error| {
            let error = format!("{error} {error:?}");
            error.contains("1305") || error.contains("1630")
        })
    };
    assert!(is_stored("own"));
    for word in include_str!("../../src/functions/keywords/mysql.txt").lines() {
        assert!(!is_stored(word), "{word} may be a function's name");
    }
    let names = include_str!("../../src/functions/pure/mysql.txt").lines();
    let odd: Vec<&str> = names
        .filter(|name| is_stored(name) && !mariadb_harmless::MYSQL_ALONE.contains(name))
        .collect();
    assert!(odd.is_empty(), "of neither server: {odd:?}");
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
    let pure = Functions::builtin(Dialect::Mysql);
    let harmless = mariadb_harmless::HARMLESS
        .iter()
        .flat_map(|(_, names)| *names);
    let impure: Vec<_> = harmless.filter(|name| !pure.is_pure(name)).collect();
    assert!(impure.is_empty(), "harmless, and not pure: {impure:?}");
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
