use diesel_routing_sql::Dialect;

use crate::table::Is::{Effect, NotARead, Read, RowLock, Unparsable, Write};
use crate::table::check;

#[test]
fn postgres_options_count_however_they_are_written() {
    check(
        Dialect::Postgres,
        &[
            (
                "EXPLAIN (\"analyze\") DELETE FROM t",
                Write("EXPLAIN ANALYZE DELETE"),
            ),
            (
                "EXPLAIN (\"analyze\" on) SELECT pg_advisory_lock(77)",
                Effect("pg_advisory_lock"),
            ),
            (
                "EXPLAIN (costs off, \"analyze\" 'true') SELECT a FROM t FOR UPDATE",
                RowLock("FOR UPDATE"),
            ),
            (
                "EXPLAIN (ANALYSE 1) DELETE FROM t",
                Write("EXPLAIN ANALYZE DELETE"),
            ),
            (
                "EXPLAIN (ANALYZE, ANALYZE off) DELETE FROM t",
                Write("EXPLAIN ANALYZE DELETE"),
            ),
            (
                "EXPLAIN (ANALYZE whatever) DELETE FROM t",
                Write("EXPLAIN ANALYZE DELETE"),
            ),
            ("EXPLAIN (U&\"analyz\\0065\") DELETE FROM t", Unparsable),
            ("EXPLAIN (BUFFERS, 'analyze') DELETE FROM t", Unparsable),
            ("EXPLAIN (ANALYZE", Unparsable),
            ("EXPLAIN (ANALYZE) (SELECT nextval('s'))", Effect("nextval")),
            (
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT a FROM t",
                Read,
            ),
        ],
    );
}

#[test]
fn postgres_plans_of_writes_are_reads() {
    check(
        Dialect::Postgres,
        &[
            ("EXPLAIN (ANALYZE off) INSERT INTO t VALUES (1)", Read),
            ("EXPLAIN (ANALYZE false, VERBOSE) DELETE FROM t", Read),
            ("EXPLAIN (ANALYZE 0) UPDATE t SET a = 1", Read),
            ("EXPLAIN (\"analyze\" 'off') UPDATE t SET a = 1", Read),
            ("EXPLAIN (COSTS off) (SELECT 1)", Read),
            ("EXPLAIN VERBOSE (SELECT 1) UNION (SELECT 2)", Read),
            ("EXPLAIN CREATE TABLE x AS SELECT 1", Read),
            ("EXPLAIN DECLARE c CURSOR FOR SELECT 1", Read),
            (
                "EXPLAIN WITH a AS (DELETE FROM t RETURNING a) SELECT * FROM a",
                Read,
            ),
        ],
    );
}

#[test]
fn what_is_explained_has_to_be_known() {
    check(
        Dialect::Postgres,
        &[
            (
                "EXPLAIN EXECUTE q(pg_advisory_lock(1))",
                NotARead("EXECUTE"),
            ),
            ("EXPLAIN", NotARead("EXPLAIN")),
            ("EXPLAIN VACUUM", NotARead("VACUUM")),
            (
                "EXPLAIN SELECT query_to_xml('DELETE FROM t', true, true, '')",
                Effect("query_to_xml"),
            ),
        ],
    );
    check(
        Dialect::Sqlite,
        &[
            (
                "EXPLAIN PRAGMA query_only = 0",
                NotARead("PRAGMA query_only = .."),
            ),
            (
                "EXPLAIN QUERY PLAN PRAGMA query_only(0)",
                NotARead("PRAGMA query_only = .."),
            ),
            (
                "EXPLAIN PRAGMA main.query_only = 0",
                NotARead("PRAGMA query_only = .."),
            ),
            (
                "EXPLAIN PRAGMA \"query_only\" = 0",
                NotARead("PRAGMA query_only = .."),
            ),
            (
                "EXPLAIN PRAGMA foreign_keys = 0",
                NotARead("PRAGMA foreign_keys = .."),
            ),
            ("EXPLAIN PRAGMA query_only", Read),
            ("EXPLAIN ATTACH 'x' AS y", NotARead("ATTACH")),
            ("EXPLAIN EXPLAIN SELECT 1", NotARead("EXPLAIN")),
            ("EXPLAIN VACUUM", NotARead("VACUUM")),
            ("EXPLAIN INSERT INTO t VALUES (1)", Read),
            ("EXPLAIN QUERY PLAN SELECT 1", Read),
        ],
    );
}

#[test]
fn mysql_runs_what_it_explains() {
    check(
        Dialect::Mysql,
        &[
            (
                "EXPLAIN EXTENDED SELECT GET_LOCK('a', 1)",
                Effect("get_lock"),
            ),
            (
                "EXPLAIN FORMAT=JSON SELECT a FROM t LOCK IN SHARE MODE",
                RowLock("LOCK IN SHARE MODE"),
            ),
            ("EXPLAIN (SELECT GET_LOCK('a', 1))", Effect("get_lock")),
            ("EXPLAIN FORMAT=JSON INTO @a SELECT 1", NotARead("INTO")),
            ("DESCRIBE DELETE FROM t", Write("EXPLAIN DELETE")),
            ("EXPLAIN SET a = 1", NotARead("SET")),
            ("EXPLAIN CALL p()", Write("CALL")),
            ("EXPLAIN t", Read),
            ("EXPLAIN d.t a", Read),
            ("DESC t 'a%'", Read),
            ("EXPLAIN FOR CONNECTION 5", Read),
        ],
    );
}

#[test]
fn analyze_of_a_select_is_a_read_in_mariadb() {
    check(
        Dialect::Mysql,
        &[
            ("ANALYZE SELECT a FROM t", Read),
            ("ANALYZE FORMAT=JSON SELECT a FROM t WHERE a = 1", Read),
            ("ANALYZE SELECT GET_LOCK('a', 1)", Effect("get_lock")),
            ("ANALYZE SELECT a FROM t FOR UPDATE", RowLock("FOR UPDATE")),
            ("ANALYZE DELETE FROM t", Write("ANALYZE DELETE")),
            ("ANALYZE TABLE t", NotARead("ANALYZE")),
            ("ANALYZE LOCAL TABLE t", NotARead("ANALYZE")),
            ("ANALYZE NO_WRITE_TO_BINLOG TABLE t", NotARead("ANALYZE")),
        ],
    );
    check(
        Dialect::Postgres,
        &[("ANALYZE SELECT", NotARead("ANALYZE"))],
    );
}
