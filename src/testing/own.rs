//! The names of schemas that tests have for themselves, and the SQL that makes and removes them.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_routing_sql::Dialect as Sql;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::connect::{ConnectionString, with_database};
use crate::random;

/// The beginning of all their names.
pub(crate) const PREFIX: &str = "diesel_routing_test_";

/// Returns a name that no other test has.
pub(crate) fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (process, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    format!(
        "{PREFIX}{process}_{next}_{:x}",
        random::within(0..=u32::MAX)
    )
}

/// Returns the SQL that makes a schema. The account's session owns it by a lock, which ends with it: what is not owned was left by
/// a process that was killed.
pub(crate) fn create(dialect: Sql, name: &str) -> String {
    match dialect {
        Sql::Postgres => format!(
            "SELECT pg_catalog.pg_advisory_lock({LOCK}, pg_catalog.hashtext('{name}')); CREATE SCHEMA {name}"
        ),
        _ => format!("DO GET_LOCK('{name}', 0); CREATE DATABASE {name}"),
    }
}

/// Returns the SQL that removes a schema; somebody's open transaction in it is not waited for.
pub(crate) fn remove(dialect: Sql, name: &str) -> String {
    match dialect {
        Sql::Postgres => {
            format!(
                "SET lock_timeout = '3s'; SET client_min_messages = warning; DROP SCHEMA IF EXISTS {name} CASCADE"
            )
        }
        _ => format!("SET SESSION lock_wait_timeout = 3; DROP DATABASE IF EXISTS {name}"),
    }
}

/// The first half of the keys of PostgreSQL's locks: "test", as a number.
const LOCK: i32 = 0x7465_7374;

/// Asks PostgreSQL for the schemas of tests that nobody owns.
#[allow(dead_code, reason = "where no driver of it is compiled in")]
pub(crate) const LEFT_ON_POSTGRES: &str = "SELECT nspname::text AS name FROM pg_catalog.pg_namespace \
     WHERE pg_catalog.starts_with(nspname::text, 'diesel_routing_test_') AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks \
     WHERE locktype = 'advisory' AND classid::bigint = 1952805748 AND objsubid = 2 \
     AND objid::bigint = pg_catalog.hashtext(nspname::text)::bigint & 4294967295 \
     AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))";

/// Asks MySQL or MariaDB for the databases of tests that nobody owns.
#[allow(dead_code, reason = "where no driver of it is compiled in")]
pub(crate) const LEFT_ON_MYSQL: &str = "SELECT CAST(schema_name AS CHAR) AS name FROM information_schema.schemata \
     WHERE schema_name LIKE 'diesel\\_routing\\_test\\_%' AND IS_FREE_LOCK(schema_name) = 1";

/// The name of a schema that was left.
#[allow(dead_code, reason = "where no driver is compiled in")]
#[derive(Debug, QueryableByName)]
pub(crate) struct Left {
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
}

/// Returns a URL that leads into a schema; `None` if it is malformed.
pub(crate) fn url_of(dialect: Sql, url: &str, name: &str) -> Option<String> {
    if dialect != Sql::Postgres {
        return with_database(url, name);
    }
    let mut string = ConnectionString::parse(url)?;
    let own = string.take("options").unwrap_or_default();
    // What the URL itself says is searched stays so, behind the schema: extensions may be there.
    let others = own.split_once("search_path=").map(|(_, path)| path);
    let others = others.and_then(|path| path.split_ascii_whitespace().next());
    let others = others.map(|path| format!(",{path}")).unwrap_or_default();
    let options = format!("{own} -c search_path={name}{others}");
    let options = options.trim_start();
    let rest = string.to_string();
    Some(match string.head() {
        Some(head) => {
            let options = utf8_percent_encode(options, NON_ALPHANUMERIC);
            let between = if rest == head { '?' } else { '&' };
            format!("{rest}{between}options={options}")
        }
        None => {
            let options = options.replace('\\', r"\\").replace('\'', r"\'");
            format!("{rest} options='{options}'")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_into_the_schema_and_what_it_said_before_stays() {
        let of = |url| url_of(Sql::Postgres, url, "own").unwrap();
        assert_eq!(
            of("postgres://app@h/app"),
            "postgres://app@h/app?options=%2Dc%20search%5Fpath%3Down"
        );
        let url = of("postgres://h/app?a=b&options=-c%20search_path%3Dext");
        let mut string = ConnectionString::parse(&url).unwrap();
        assert_eq!(
            string.take("options").as_deref(),
            Some("-c search_path=ext -c search_path=own,ext")
        );
        assert_eq!(string.to_string(), "postgres://h/app?a=b");
        assert_eq!(
            of("host=h options='-c geqo=off'"),
            "host=h options='-c geqo=off -c search_path=own'"
        );
        let url = url_of(Sql::Mysql, "mysql://app@h/app?x=y", "own");
        assert_eq!(url.as_deref(), Some("mysql://app@h/own?x=y"));
    }

    #[test]
    fn names_are_short_enough_for_every_server_and_the_key_is_the_one_that_is_looked_for() {
        let (one, other) = (name(), name());
        assert_ne!(one, other);
        assert!(one.len() <= 60, "{one}");
        assert!(LEFT_ON_POSTGRES.contains(&format!("= {LOCK} ")));
        assert!(LEFT_ON_POSTGRES.contains(PREFIX));
    }
}
