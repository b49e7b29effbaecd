use std::collections::BTreeSet;

use diesel_routing_sql::{Dialect, Functions};
use rusqlite::Connection;

use crate::run::{Server, compare};
use crate::sqlite_harmless::HARMLESS;

const SCHEMA: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT);
    CREATE TABLE u (id INTEGER PRIMARY KEY, a INTEGER, b TEXT);
    CREATE INDEX i ON t (b);
    INSERT INTO t VALUES (1, 1, 'x'), (2, 2, 'y'); INSERT INTO u VALUES (1, 1, 'x');";

/// What a connection and its database say about themselves.
const STATE: [&str; 36] = [
    "application_id",
    "auto_vacuum",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "data_version",
    "defer_foreign_keys",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "fullfsync",
    "hard_heap_limit",
    "ignore_check_constraints",
    "journal_mode",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "page_count",
    "page_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "schema_version",
    "secure_delete",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "user_version",
];

struct Sqlite {
    connection: Connection,
    before: Vec<String>,
}

impl Sqlite {
    fn open() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let before = state(&connection);
        Self { connection, before }
    }
}

impl Server for Sqlite {
    fn run(&mut self, sql: &str) -> Result<bool, String> {
        let ran = self.connection.execute_batch(sql);
        // One of the application's own would have run.
        if let Err(error) = &ran
            && let Some((_, name)) = error.to_string().split_once("no such function: ")
            && !is_known(name)
        {
            return Err(format!("calls {name}"));
        }
        let ran = ran.is_ok();
        let after = state(&self.connection);
        match self
            .before
            .iter()
            .zip(&after)
            .find(|(before, after)| before != after)
        {
            Some((before, after)) => Err(format!("goes from {before} to {after}")),
            None => Ok(ran),
        }
    }
}

/// Returns whether the lists have the function that begins this text.
fn is_known(text: &str) -> bool {
    let functions = Functions::builtin(Dialect::Sqlite);
    let name = text.split(char::is_whitespace).next().unwrap_or_default();
    functions.contains(name) || functions.is_pure(name)
}

fn state(connection: &Connection) -> Vec<String> {
    let ask = |sql: &str| {
        let value = connection.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0));
        format!("{sql}: {value:?}")
    };
    let mut state: Vec<String> = STATE
        .iter()
        .map(|name| ask(&format!("PRAGMA {name}")))
        .collect();
    state.push(ask("SELECT group_concat(name || ifnull(sql, '')) FROM (SELECT * FROM sqlite_schema UNION ALL SELECT * FROM temp.sqlite_schema)"));
    state.push(ask("SELECT group_concat(id || a || b) FROM t"));
    state.push(ask("SELECT group_concat(id || a || b) FROM u"));
    state.push(ask("SELECT group_concat(name) FROM pragma_database_list"));
    state.push(ask("SELECT total_changes()"));
    // `case_sensitive_like` answers nothing.
    state.push(ask("SELECT 'a' LIKE 'A'"));
    state.push(format!("autocommit: {}", connection.is_autocommit()));
    state
}

#[test]
fn what_the_check_passes_changes_nothing_in_sqlite() {
    compare(Dialect::Sqlite, 6_000, &mut Sqlite::open());
}

/// Its own connection each time, on which a pragma that a table shows may do as it likes.
#[test]
fn no_pragma_that_is_read_like_a_table_has_an_effect_and_passes() {
    let functions = Functions::builtin(Dialect::Sqlite);
    let names = strings("SELECT DISTINCT name FROM pragma_pragma_list");
    assert!(names.len() > 40);
    for name in names {
        for sql in [
            format!("SELECT * FROM pragma_{name}"),
            format!("SELECT * FROM pragma_{name}(1)"),
            format!("PRAGMA {name}"),
        ] {
            if diesel_routing_sql::inspect(&sql, Dialect::Sqlite, &functions).is_ok() {
                assert_eq!(Sqlite::open().run(&sql).err(), None, "{sql}");
            }
        }
    }
}

#[test]
fn every_function_of_sqlite_is_listed_or_known_to_be_harmless() {
    let functions = Functions::builtin(Dialect::Sqlite);
    let harmless: BTreeSet<&str> = HARMLESS
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let known = |name: &str| functions.contains(name) || harmless.contains(name);
    let unknown: Vec<String> = strings("SELECT DISTINCT name FROM pragma_function_list")
        .into_iter()
        .filter(|name| !known(name))
        .collect();
    assert!(
        unknown.is_empty(),
        "neither listed nor known to be harmless: {unknown:?}"
    );
    // Operators among them are no names.
    let harmless = harmless.iter().filter(|name| !name.starts_with('-'));
    let impure: Vec<_> = harmless.filter(|name| !functions.is_pure(name)).collect();
    assert!(impure.is_empty(), "harmless, and not pure: {impure:?}");
}

#[test]
fn what_counts_as_pure_or_reserved_in_sqlite_is_so() {
    let harmless: BTreeSet<&str> = HARMLESS
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let connection = Connection::open_in_memory().unwrap();
    let is_table = |name: &str| {
        let sql = format!("SELECT * FROM {name}('[]')");
        connection.prepare(&sql).is_ok()
    };
    let unexplained: Vec<&str> = include_str!("../../src/functions/pure/sqlite.txt")
        .lines()
        .filter(|name| !harmless.contains(name) && !is_table(name))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
    for word in include_str!("../../src/functions/keywords/sqlite.txt").lines() {
        let called = connection.execute_batch(&format!("SELECT {word}(1)"));
        let error = called.err().map(|error| error.to_string());
        let is_call = error.is_some_and(|error| error.contains("no such function"));
        assert!(!is_call, "{word} may be a function's name");
    }
}

fn strings(sql: &str) -> Vec<String> {
    let connection = Connection::open_in_memory().unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}
