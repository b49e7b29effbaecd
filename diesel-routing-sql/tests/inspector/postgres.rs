use diesel_routing_sql::{Dialect, Functions, inspect, inspect_rendered};

use crate::table::Is::{
    Effect, Empty, NotARead, Read, RowLock, Several, TableLock, Unparsable, UnparsedRead, Write,
};
use crate::table::{Is, check};

fn postgres(cases: &[(&str, Is)]) {
    check(Dialect::Postgres, cases);
}

#[test]
fn plain_reads_pass() {
    postgres(&[
        ("SELECT 1", Read),
        (
            "select id, name from users where id = $1 order by id limit 5;",
            Read,
        ),
        ("SELECT 1 ; ; ", Read),
        ("(SELECT 1) UNION ALL (SELECT 2)", Read),
        ("VALUES (1, 'a'), (2, 'b')", Read),
        ("TABLE users", Read),
        (
            "WITH recent AS (SELECT * FROM posts) SELECT * FROM recent",
            Read,
        ),
        (
            "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT n FROM t",
            Read,
        ),
        ("WITH a AS MATERIALIZED (SELECT 1) SELECT * FROM a", Read),
        (
            "SELECT count(*) FILTER (WHERE a > 1) OVER (PARTITION BY b) FROM t",
            Read,
        ),
        ("SELECT data->>'name', data @> '{\"a\": 1}' FROM docs", Read),
        ("SELECT a FROM t WHERE b = ANY($1)", Read),
        ("SELECT * FROM generate_series(1, 10) AS s(n)", Read),
        (
            "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b DESC",
            Read,
        ),
        (
            "SELECT pg_sleep(0.1), now(), random(), gen_random_uuid()",
            Read,
        ),
        ("SHOW server_version", Read),
        ("SHOW ALL", Read),
    ]);
}

#[test]
fn row_locks_are_found_at_any_depth() {
    postgres(&[
        ("SELECT * FROM t FOR UPDATE", RowLock("FOR UPDATE")),
        ("select * from t for update", RowLock("FOR UPDATE")),
        (
            "SELECT * FROM t FOR NO KEY UPDATE",
            RowLock("FOR NO KEY UPDATE"),
        ),
        ("SELECT * FROM t FOR SHARE", RowLock("FOR SHARE")),
        ("SELECT * FROM t FOR KEY SHARE", RowLock("FOR KEY SHARE")),
        (
            "SELECT * FROM t FOR UPDATE OF t SKIP LOCKED",
            RowLock("FOR UPDATE"),
        ),
        (
            "SELECT * FROM t FOR NO KEY UPDATE NOWAIT",
            RowLock("FOR NO KEY UPDATE"),
        ),
        (
            "SELECT * FROM t FOR KEY SHARE OF t NOWAIT LIMIT 1",
            RowLock("FOR KEY SHARE"),
        ),
        (
            "SELECT * FROM a WHERE id IN (SELECT a_id FROM b FOR SHARE)",
            RowLock("FOR SHARE"),
        ),
        (
            "SELECT EXISTS (SELECT 1 FROM b FOR KEY SHARE)",
            RowLock("FOR KEY SHARE"),
        ),
        (
            "SELECT (SELECT id FROM b LIMIT 1 FOR UPDATE)",
            RowLock("FOR UPDATE"),
        ),
        (
            "SELECT * FROM (SELECT * FROM b FOR UPDATE) AS x",
            RowLock("FOR UPDATE"),
        ),
        (
            "WITH q AS (SELECT * FROM b FOR NO KEY UPDATE) SELECT * FROM q",
            RowLock("FOR NO KEY UPDATE"),
        ),
        ("(SELECT * FROM t) FOR UPDATE", RowLock("FOR UPDATE")),
        ("((SELECT * FROM t) FOR UPDATE)", RowLock("FOR UPDATE")),
        ("SELECT * FROM t FOR /* no */ UPDATE", RowLock("FOR UPDATE")),
        (
            "SELECT * FROM t FOR --x\n NO KEY\tUPDATE",
            RowLock("FOR NO KEY UPDATE"),
        ),
        ("TABLE t FOR UPDATE", RowLock("FOR UPDATE")),
        (
            "SELECT substring((SELECT a FROM t FOR UPDATE) FOR 2)",
            RowLock("FOR UPDATE"),
        ),
    ]);
}

#[test]
fn names_and_text_that_look_like_locks_or_writes_pass() {
    postgres(&[
        ("SELECT 'SELECT 1 FOR UPDATE'", Read),
        ("SELECT $$FOR UPDATE; DROP TABLE x$$", Read),
        ("SELECT $tag$ nextval('s') $$ FOR UPDATE $tag$", Read),
        ("SELECT E'it\\'s FOR UPDATE'", Read),
        ("SELECT 1 -- FOR UPDATE", Read),
        ("SELECT 1 /* FOR UPDATE /* nested */ INSERT INTO t */", Read),
        (
            "SELECT \"update\", \"share\", \"for update\" FROM \"insert\"",
            Read,
        ),
        ("SELECT t.update, t.delete, t.into, t.share FROM t", Read),
        ("SELECT update, delete, insert FROM changes", Read),
        ("SELECT max(update) FROM (SELECT 1 AS update) AS x", Read),
        ("SELECT coalesce(update, delete) FROM changes", Read),
        ("SELECT substring('abc' from 1 for update) FROM x", Read),
        ("SELECT nextval FROM t", Read),
        ("SELECT 'nextval(''s'')', \"nextval\" FROM t", Read),
        ("SELECT id AS nextval FROM t", Read),
        ("SELECT pg_notify_count(1)", Read),
        (
            "WITH update AS (SELECT 1 AS x), delete AS (SELECT 2) SELECT * FROM update, delete",
            Read,
        ),
        ("SELECT a FROM locks WHERE lock = 'x'", Read),
        ("SELECT 1 AS into", Read),
    ]);
}

#[test]
fn writes_are_found_wherever_they_stand() {
    postgres(&[
        ("INSERT INTO t VALUES (1)", Write("INSERT")),
        ("update t set a = 1", Write("UPDATE")),
        ("DELETE FROM t", Write("DELETE")),
        (
            "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
            Write("MERGE"),
        ),
        ("TRUNCATE t", Write("TRUNCATE")),
        ("COPY t FROM STDIN", Write("COPY")),
        ("COPY t TO '/tmp/x'", Write("COPY")),
        ("COPY t TO PROGRAM 'cat'", Write("COPY")),
        ("CREATE TABLE t (a int)", Write("CREATE TABLE")),
        ("CREATE TEMP TABLE t AS SELECT 1", Write("CREATE TEMP")),
        ("DROP TABLE t", Write("DROP TABLE")),
        ("REFRESH MATERIALIZED VIEW v", Write("REFRESH MATERIALIZED")),
        ("CALL p()", Write("CALL")),
        ("SELECT * INTO t2 FROM t", Write("SELECT INTO")),
        ("SELECT a INTO TEMP t2 FROM t", Write("SELECT INTO")),
        (
            "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
            Write("DELETE"),
        ),
        (
            "WITH a AS (SELECT 1), u AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM u",
            Write("UPDATE"),
        ),
        (
            "WITH i AS MATERIALIZED (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM i",
            Write("INSERT"),
        ),
        (
            "WITH i AS NOT MATERIALIZED (INSERT INTO t SELECT 1 RETURNING a) SELECT a FROM i",
            Write("INSERT"),
        ),
        (
            "WITH m AS (MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE RETURNING t.a) SELECT * FROM m",
            Write("MERGE"),
        ),
        (
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
            Write("INSERT"),
        ),
        ("WITH a AS (SELECT 1) UPDATE t SET a = 1", Write("UPDATE")),
        (
            "WITH a AS (SELECT 1) DELETE FROM t USING a",
            Write("DELETE"),
        ),
        (
            "WITH o AS (WITH i AS (DELETE FROM t RETURNING a) SELECT * FROM i) SELECT * FROM o",
            Write("DELETE"),
        ),
        (
            "WITH o AS (WITH x AS (SELECT 1) UPDATE t SET a = 2 RETURNING a) SELECT * FROM o",
            Write("UPDATE"),
        ),
        (
            "WITH RECURSIVE t(a) AS (SELECT 1) SEARCH DEPTH FIRST BY a SET o DELETE FROM u",
            Write("DELETE"),
        ),
        (
            "wItH d aS (/* c */ dElEtE /* c */ fRoM t rEtUrNiNg *) sElEcT 1",
            Write("DELETE"),
        ),
    ]);
}

#[test]
fn a_write_is_reported_before_a_lock() {
    postgres(&[
        (
            "WITH q AS (SELECT 1 FROM t FOR UPDATE), d AS (DELETE FROM t RETURNING a) SELECT * FROM d",
            Write("DELETE"),
        ),
        (
            "SELECT pg_advisory_lock(1), nextval('s')",
            Effect("nextval"),
        ),
        (
            "SELECT pg_advisory_lock(1) FROM t FOR UPDATE",
            Effect("pg_advisory_lock"),
        ),
    ]);
}

#[test]
fn side_effect_functions_are_found_however_they_are_called() {
    postgres(&[
        ("SELECT nextval('s')", Effect("nextval")),
        ("SELECT NextVal ('s')", Effect("nextval")),
        (
            "SELECT pg_catalog.nextval('s'::regclass)",
            Effect("nextval"),
        ),
        ("SELECT \"pg_catalog\".\"nextval\"('s')", Effect("nextval")),
        (
            "SELECT pg_catalog . /* c */ nextval /* c */ ('s')",
            Effect("nextval"),
        ),
        ("SELECT ('s'::regclass).nextval", Effect("nextval")),
        (
            "SELECT (ARRAY['s'::regclass])[1].nextval",
            Effect("nextval"),
        ),
        ("SELECT * FROM nextval('s') AS n", Effect("nextval")),
        (
            "SELECT * FROM ROWS FROM (nextval('s'), setval('t', 1)) AS x",
            Effect("nextval"),
        ),
        (
            "SELECT a FROM t WHERE pg_try_advisory_xact_lock(a)",
            Effect("pg_try_advisory_xact_lock"),
        ),
        ("SELECT a FROM t ORDER BY setval('s', a)", Effect("setval")),
        ("SELECT lastval()", Effect("lastval")),
        (
            "SELECT set_config('search_path', '', true)",
            Effect("set_config"),
        ),
        ("SELECT txid_current()", Effect("txid_current")),
        ("SELECT pg_current_xact_id()", Effect("pg_current_xact_id")),
        (
            "SELECT lo_unlink(oid) FROM pg_largeobject_metadata",
            Effect("lo_unlink"),
        ),
        ("SELECT pg_notify('a', 'b')", Effect("pg_notify")),
        (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
            Effect("pg_terminate_backend"),
        ),
        ("SELECT pg_switch_wal()", Effect("pg_switch_wal")),
        (
            "SELECT dblink_exec('c', 'DELETE FROM t')",
            Effect("dblink_exec"),
        ),
        (
            "SELECT * FROM dblink('c', 'SELECT 1') AS t(a int)",
            Effect("dblink"),
        ),
        ("VALUES (nextval('s'))", Effect("nextval")),
        (
            "SELECT lower((SELECT nextval('s'))::text)",
            Effect("nextval"),
        ),
        (
            "SELECT txid_current_if_assigned(), pg_is_in_recovery()",
            Read,
        ),
    ]);
}

#[test]
fn explain_runs_nothing_without_analyze() {
    postgres(&[
        ("EXPLAIN SELECT 1", Read),
        ("EXPLAIN ANALYZE SELECT 1", Read),
        (
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM t",
            Read,
        ),
        ("EXPLAIN (SELECT 1)", Read),
        ("EXPLAIN UPDATE t SET a = 1", Read),
        (
            "EXPLAIN VERBOSE SELECT nextval('s') FROM t FOR UPDATE",
            Read,
        ),
        (
            "EXPLAIN ANALYZE UPDATE t SET a = 1",
            Write("EXPLAIN ANALYZE UPDATE"),
        ),
        (
            "EXPLAIN ANALYZE VERBOSE DELETE FROM t",
            Write("EXPLAIN ANALYZE DELETE"),
        ),
        (
            "EXPLAIN (BUFFERS, ANALYZE) INSERT INTO t VALUES (1)",
            Write("EXPLAIN ANALYZE INSERT"),
        ),
        (
            "EXPLAIN (COSTS off, analyse true) DELETE FROM t",
            Write("EXPLAIN ANALYZE DELETE"),
        ),
        (
            "EXPLAIN ANALYZE WITH d AS (DELETE FROM t RETURNING a) SELECT * FROM d",
            Write("DELETE"),
        ),
        (
            "EXPLAIN ANALYZE WITH a AS (SELECT 1) DELETE FROM t",
            Write("DELETE"),
        ),
        (
            "EXPLAIN ANALYZE SELECT * FROM t FOR UPDATE",
            RowLock("FOR UPDATE"),
        ),
        ("EXPLAIN ANALYZE (SELECT nextval('s'))", Effect("nextval")),
        (
            "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
            Write("CREATE TABLE"),
        ),
        ("EXPLAIN ANALYZE EXECUTE q", NotARead("EXECUTE")),
    ]);
}

#[test]
fn statements_of_other_kinds_are_no_reads() {
    postgres(&[
        ("SET search_path = ''", NotARead("SET")),
        ("BEGIN", NotARead("BEGIN")),
        ("COMMIT", NotARead("COMMIT")),
        ("NOTIFY jobs", NotARead("NOTIFY")),
        ("LISTEN jobs", NotARead("LISTEN")),
        ("VACUUM", NotARead("VACUUM")),
        ("ANALYZE t", NotARead("ANALYZE")),
        ("DO $$ BEGIN END $$", NotARead("DO")),
        ("PREPARE q AS DELETE FROM t", NotARead("PREPARE")),
        (
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
            NotARead("DECLARE"),
        ),
        ("CHECKPOINT", NotARead("CHECKPOINT")),
        ("LOCK TABLE t IN SHARE MODE", TableLock("LOCK TABLE")),
        ("LOCK t", TableLock("LOCK")),
        ("PRAGMA user_version", NotARead("PRAGMA")),
        ("SELEC 1", NotARead("SELEC")),
        ("$1", NotARead("$1")),
    ]);
}

#[test]
fn a_read_is_exactly_one_statement() {
    postgres(&[
        ("", Empty),
        (" ; -- nothing\n;", Empty),
        ("((", Empty),
        ("SELECT 1; SELECT 2", Several),
        ("SELECT 1; DELETE FROM t", Several),
        ("SELECT 1;;SELECT 2;", Several),
        ("EXPLAIN SELECT 1; DELETE FROM t", Several),
        ("SELECT ';'", Read),
    ]);
}

#[test]
fn what_does_not_parse_is_refused_where_it_was_written() {
    postgres(&[
        ("SELECT 'for, open", Unparsable),
        ("SELECT /* open", Unparsable),
        ("SELECT $a$ open", Unparsable),
        ("SELECT 'open", UnparsedRead),
        ("SELECT 1 ||-- it's\n FOR UPDATE --'", RowLock("FOR UPDATE")),
        ("SELECT a FROM WHERE a = = 1", UnparsedRead),
        ("SELECT * FROM t WHERE (", UnparsedRead),
    ]);
}

#[test]
fn copy_to_the_client_is_a_read_where_diesel_rendered_it() {
    let functions = Functions::builtin(Dialect::Postgres);
    for (sql, read) in [
        ("COPY \"users\" (\"id\") TO STDOUT WITH (FORMAT CSV)", true),
        ("COPY (SELECT 1) TO STDOUT", true),
        ("COPY (DELETE FROM t RETURNING a) TO STDOUT", false),
        ("COPY (SELECT a FROM t FOR UPDATE) TO STDOUT", false),
        ("COPY (SELECT 1) TO '/tmp/x'", false),
        ("COPY t FROM STDIN", false),
    ] {
        let found = inspect_rendered(sql, Dialect::Postgres, &functions);
        assert_eq!(found.is_ok(), read, "{sql}: {found:?}");
        assert!(
            inspect(sql, Dialect::Postgres, &functions).is_err(),
            "{sql}"
        );
    }
}

#[test]
fn what_diesel_renders_passes() {
    postgres(&[
        (
            r#"SELECT "users"."id", "users"."name" FROM "users" WHERE ("users"."id" = $1) LIMIT $2 -- binds: [1]"#,
            Read,
        ),
        (
            r#"SELECT EXISTS (SELECT "users"."id" FROM "users" WHERE ("users"."name" ILIKE $1))"#,
            Read,
        ),
        (
            r#"(SELECT "a"."id" FROM "a") UNION (SELECT "b"."id" FROM "b")"#,
            Read,
        ),
        (
            r#"SELECT "a"."id" FROM ("a" INNER JOIN "b" ON ("b"."a_id" = "a"."id")) WHERE ("a"."tags" @> $1)"#,
            Read,
        ),
        (
            r#"SELECT "a"."id" FROM "a" TABLESAMPLE BERNOULLI($1) REPEATABLE($2)"#,
            Read,
        ),
        (
            r#"SELECT *, COUNT(*) OVER () FROM (SELECT 1) t LIMIT $1 OFFSET $2"#,
            Read,
        ),
        (
            r#"SELECT "a"."id" FROM ONLY "a" WHERE "a"."at" AT TIME ZONE $1 = $2"#,
            Read,
        ),
    ]);
}
