//! Tests of what SQL leaves behind.

use proptest::prelude::*;

use super::SessionEffect::{Lasting, Nothing, Resettable};
use super::*;

const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

const PIECES: &[&str] = &[
    "SELECT",
    "INTO",
    "TEMP",
    "TEMPORARY",
    "CREATE",
    "SET",
    "LOCAL",
    "LISTEN",
    "t",
    "pg_temp",
    "temp",
    "set_config",
    "SET_CONFIG",
    "pg_advisory_lock",
    "get_lock",
    "become_tenant",
    "load_extension",
    "pragma_optimize",
    "'a'",
    "true",
    "(",
    ")",
    ",",
    ".",
    ";",
    ":=",
    "@a",
    "$1",
    "?",
    "\"set_config\"",
    "`get_lock`",
    "/**/",
    "--",
    "'",
    "\\",
    "\n",
];

fn check(dialect: Dialect, cases: &[(&str, SessionEffect)]) {
    let functions = Functions::builtin(dialect).with("become_tenant");
    for (sql, effect) in cases {
        assert_eq!(
            session_effect(sql, dialect, &functions),
            *effect,
            "{dialect:?}: {sql}"
        );
    }
}

#[test]
fn postgres() {
    check(
        Dialect::Postgres,
        &[
            ("SELECT 1", Nothing),
            ("(SELECT 1) UNION (SELECT 2)", Nothing),
            ("SELECT 'SET a = 1; LISTEN b'", Nothing),
            ("INSERT INTO t VALUES (1) RETURNING id", Nothing),
            ("UPDATE t SET a = 1", Nothing),
            (
                "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
                Nothing,
            ),
            (
                "CREATE TABLE t (temp int); CREATE INDEX ON t (temp)",
                Nothing,
            ),
            (
                "CREATE FUNCTION f() RETURNS int AS $$ SET a = 1 $$ LANGUAGE sql",
                Nothing,
            ),
            (
                "SELECT pg_advisory_xact_lock(1), pg_advisory_unlock(2)",
                Nothing,
            ),
            ("SELECT nextval('s')", Nothing),
            ("NOTIFY a, 'b'", Nothing),
            ("SELECT f(a := 1);", Nothing),
            (
                "BEGIN; SET LOCAL a.b = '1'; SET CONSTRAINTS ALL DEFERRED; COMMIT",
                Nothing,
            ),
            ("SELECT set_config('a.b', $1, true)", Nothing),
            ("SELECT set_config('a.b', $1, false)", Resettable),
            ("SELECT set_config('a.b', $1, is_local(true))", Resettable),
            ("SELECT pg_catalog.set_config('a.b', $1, $2)", Resettable),
            ("SELECT become_tenant(1)", Resettable),
            ("INSERT INTO t SELECT become_tenant(1)", Resettable),
            ("INSERT INTO t VALUES (1); SET a.b = '1'", Resettable),
            ("set search_path to a", Resettable),
            ("RESET ALL", Resettable),
            ("LISTEN a", Resettable),
            ("CREATE TEMP TABLE t (a int)", Resettable),
            ("CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1", Resettable),
            ("CREATE TABLE pg_temp.t (a int)", Resettable),
            (
                "EXPLAIN ANALYZE CREATE LOCAL TEMP TABLE t AS SELECT 1",
                Resettable,
            ),
            ("SELECT 1 INTO LOCAL TEMP t", Resettable),
            ("SELECT a FROM pg_temp.t;", Nothing),
            ("SELECT a INTO TEMP b FROM c", Resettable),
            ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", Resettable),
            ("SELECT pg_advisory_lock(1)", Resettable),
            ("DO $$ BEGIN END $$", Resettable),
            ("CALL p()", Resettable),
            ("SELECT 1; SELECT 'never closed", Resettable),
            ("PREPARE p AS SELECT 1", Lasting),
            ("PREPARE TRANSACTION 'a'", Nothing),
            ("DISCARD ALL", Lasting),
            ("DISCARD TEMP", Nothing),
            ("DEALLOCATE ALL", Lasting),
            ("LOAD 'a'", Lasting),
            ("SELECT dblink_connect('a', 'b')", Lasting),
            ("SELECT setseed(0.5)", Lasting),
            ("SET a.b = 1; LOAD 'a'", Lasting),
            ("BEGIN", Lasting),
            ("START TRANSACTION; UPDATE t SET a = 1", Lasting),
            ("BEGIN; SAVEPOINT a; ROLLBACK TO a", Lasting),
            ("BEGIN; COMMIT AND CHAIN", Lasting),
            ("BEGIN; UPDATE t SET a = 1; END", Nothing),
            ("BEGIN; PREPARE TRANSACTION 'a'", Nothing),
            ("COMMIT; ROLLBACK; SAVEPOINT a", Nothing),
        ],
    );
}

#[test]
fn mysql_and_mariadb() {
    check(
        Dialect::Mysql,
        &[
            ("SELECT 1 FROM t WHERE a = @b", Nothing),
            (
                "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1",
                Nothing,
            ),
            ("SELECT RELEASE_LOCK('a')", Nothing),
            ("DROP TEMPORARY TABLE t", Nothing),
            ("LOAD DATA INFILE 'a' INTO TABLE t", Nothing),
            ("SELECT @a := 1", Resettable),
            ("SELECT @a:=a FROM t", Resettable),
            ("SELECT a, b INTO @a, @b FROM t", Resettable),
            ("SET @a = 1", Resettable),
            ("SET SESSION sql_mode = ''", Resettable),
            ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", Resettable),
            ("USE other", Resettable),
            ("LOCK TABLES t READ", Resettable),
            ("CREATE TEMPORARY TABLE t (a INT)", Resettable),
            ("SELECT GET_LOCK('a', 1)", Resettable),
            ("DO GET_LOCK('a', 1)", Resettable),
            ("CALL p()", Resettable),
            ("BEGIN NOT ATOMIC SET @a = 1; END", Resettable),
            ("SELECT 1 /*! , @a := 2 */", Resettable),
            (r"SELECT 'it\'s'", Nothing),
            // Where the server takes backslashes for themselves, there are two statements.
            (r"SELECT '\'; SET @a = 1; SELECT '", Resettable),
        ],
    );
}

#[test]
fn sqlite() {
    check(
        Dialect::Sqlite,
        &[
            ("SELECT 1", Nothing),
            ("CREATE TABLE t (a)", Nothing),
            ("PRAGMA table_info(t)", Nothing),
            ("PRAGMA foreign_keys = ON", Resettable),
            ("ATTACH 'a' AS b", Resettable),
            ("CREATE TEMP TABLE t (a)", Resettable),
            ("CREATE TABLE temp.t (a)", Resettable),
            ("SELECT load_extension('a')", Lasting),
            ("BEGIN IMMEDIATE", Lasting),
            ("SAVEPOINT a; RELEASE a", Nothing),
            ("SAVEPOINT a", Lasting),
        ],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tokens_find_nothing_where_the_text_shows_it(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        blank in prop::sample::select(&["", " "][..]),
    ) {
        let sql = format!("SELECT {}", pieces.join(blank));
        for dialect in DIALECTS {
            let functions = Functions::builtin(dialect).with("become_tenant");
            if session_effect(&sql, dialect, &functions) == Nothing
                && let Ok(tokens) = Tokens::read(&sql, dialect)
            {
                prop_assert_eq!(of_statements(&tokens, dialect, &functions), Nothing, "{:?}: {}", dialect, sql);
            }
        }
    }

    #[test]
    fn any_text_has_an_effect(sql in ".*") {
        for dialect in DIALECTS {
            let _ = session_effect(&sql, dialect, &Functions::builtin(dialect));
        }
    }
}
