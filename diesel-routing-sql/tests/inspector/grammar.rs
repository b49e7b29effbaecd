//! Grammar that the parser does not know, and SQL that is wrong.

use diesel_routing_sql::{Dialect, Finding, Functions, inspect};

use crate::table::Is::Read;
use crate::table::{Is, check};

fn reads(dialect: Dialect, texts: &[&'static str]) {
    let cases: Vec<(&str, Is)> = texts.iter().map(|sql| (*sql, Read)).collect();
    check(dialect, &cases);
}

#[test]
fn postgres_grammar_passes() {
    reads(
        Dialect::Postgres,
        &[
            "SELECT concat(VARIADIC ARRAY['a', 'b'])",
            "SELECT (u).* FROM users u",
            "SELECT (u).id, (array_agg(u))[1].id FROM users u",
            "SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) WITH ORDINALITY AS x(a, b, c)",
            "SELECT sum(a) OVER (ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t",
            "SELECT sum(a) OVER (ORDER BY a GROUPS 2 PRECEDING EXCLUDE CURRENT ROW) FROM t",
            "SELECT a FROM t WHERE a ISNULL",
            "SELECT a FROM t WHERE a NOTNULL AND b ISNULL",
            "SELECT a FROM t WHERE a BETWEEN SYMMETRIC 5 AND 1",
            "SELECT a FROM t WHERE a NOT BETWEEN SYMMETRIC $1 AND $2",
            "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SEARCH DEPTH FIRST BY n SET o SELECT * FROM t",
            "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) CYCLE n SET c USING p SELECT * FROM t",
            "TABLE t ORDER BY a LIMIT 5",
            "EXPLAIN (SELECT 1)",
            "SELECT a, count(*) FROM t GROUP BY DISTINCT ROLLUP (a), CUBE (a, b)",
            "SELECT trim(leading 'x' from a), trim(trailing from a), trim(both 'x' from 'xax') FROM t",
            "SELECT a FROM t FETCH FIRST 5 ROWS WITH TIES",
            "SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b FROM t",
            "SELECT a FROM t WHERE (a, b) OVERLAPS (c, d)",
            "SELECT a COLLATE \"C\", a AT TIME ZONE 'UTC', a::text[], ARRAY[[1, 2], [3, 4]] FROM t",
            "SELECT xmlelement(name foo, xmlattributes('a' AS b), 'c')",
            "SELECT * FROM xmltable('/a' PASSING '<a/>' COLUMNS b text PATH 'c')",
            "SELECT * FROM json_table('[]', '$[*]' COLUMNS (a int PATH '$'))",
            "SELECT '{}' IS JSON OBJECT, json_object('a' : 1), json_value('{}', '$.a' RETURNING int)",
            "SELECT a FROM ONLY t, LATERAL f(a) WITH ORDINALITY AS x(b, n)",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FILTER (WHERE a > 1) FROM t",
            "SELECT a OPERATOR(pg_catalog.+) 1, a <-> b, a @@ b, a ?| b, !!a FROM t",
            "SELECT normalize('a', NFC), 'a' IS NFC NORMALIZED, extract(epoch from a), position('a' in b) FROM t",
            "SELECT a[1:2], a[:2], (a).b[1].c FROM t",
            "SELECT a FROM t WHERE a SIMILAR TO 'x' ESCAPE '!'",
            "SELECT 1 WHERE EXISTS (TABLE t)",
            "SELECT FROM t",
            "SELECT interval '1' day, interval '1:30' minute to second, interval(3) '1'",
            "SELECT a FROM t TABLESAMPLE system (5) REPEATABLE (1)",
            "SELECT lag(a) OVER w FROM t WINDOW w AS (PARTITION BY b ORDER BY c)",
            "VALUES (1, DEFAULT)",
        ],
    );
}

#[test]
fn mysql_grammar_passes() {
    reads(
        Dialect::Mysql,
        &[
            "SELECT a FROM t FOR SYSTEM_TIME AS OF '2024-01-01'",
            "SELECT a FROM t FOR SYSTEM_TIME BETWEEN '2024-01-01' AND NOW()",
            "SELECT 5 DIV 2, 5 MOD 2, a XOR b FROM t",
            "SELECT a FROM t WHERE a SOUNDS LIKE 'b'",
            "SELECT NOW() - INTERVAL '1:30' MINUTE_SECOND",
            "SELECT a + INTERVAL 1 DAY_HOUR FROM t",
            "SELECT CHAR(77, 121 USING utf8mb4)",
            "SELECT CONVERT(a USING utf8mb4), _utf8mb4'x', _binary 'x', N'x', X'41', b'01' FROM t",
            "SELECT GROUP_CONCAT(DISTINCT a ORDER BY b DESC SEPARATOR ', ') FROM t",
            "SELECT a FROM t WHERE MATCH (a, b) AGAINST ('x' IN BOOLEAN MODE)",
            "SELECT a FROM t FORCE INDEX FOR JOIN (i) IGNORE INDEX (j)",
            "SELECT a FROM t PARTITION (p0, p1)",
            "SELECT STRAIGHT_JOIN SQL_SMALL_RESULT a FROM t STRAIGHT_JOIN u",
            "SELECT a FROM t GROUP BY a WITH ROLLUP",
            "SELECT a RLIKE 'b', a REGEXP BINARY 'c', a->'$.b', a->>'$.c', 1 MEMBER OF ('[1]') FROM t",
            "SELECT JSON_VALUE(a, '$.b' RETURNING UNSIGNED), TRIM(LEADING 'x' FROM a) FROM t",
            "SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a INT PATH '$')) AS x",
            "SELECT a FROM t LIMIT 5 OFFSET 10",
            "SELECT a FROM t ORDER BY a LIMIT ROWS EXAMINED 100",
            "VALUES ROW(1, 2), ROW(3, 4)",
            "TABLE t ORDER BY a LIMIT 1",
            "SELECT a FROM t WHERE (a, b) IN ((1, 2), (3, 4)) AND a <=> NULL AND !b",
            "SELECT @a := 1, @@session.sql_mode",
            "WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT n FROM a) CYCLE n RESTRICT SELECT * FROM a",
            "SELECT 1 FROM DUAL",
            "SELECT a FROM t INTERSECT SELECT a FROM u EXCEPT ALL SELECT 1",
        ],
    );
}

#[test]
fn sqlite_grammar_passes() {
    reads(
        Dialect::Sqlite,
        &[
            "SELECT a FROM t WHERE a IS NOT 30",
            "SELECT a FROM t WHERE a IS NOT NULL AND b IS 'x'",
            "WITH a AS MATERIALIZED (SELECT 1) SELECT * FROM a",
            "SELECT a FROM t INDEXED BY i WHERE a = 1",
            "SELECT a FROM t NOT INDEXED",
            "SELECT 1 << 2, 8 >> 1, a & b | c, ~a FROM t",
            "SELECT a GLOB 'x*', a MATCH 'y', a REGEXP 'z', a NOTNULL, b ISNULL FROM t",
            "SELECT a == b, a -> '$.b', a ->> '$.c' FROM t",
            "SELECT CAST(a AS INTEGER), a COLLATE NOCASE, x'41', 1 IN () FROM t",
            "SELECT a FROM t WHERE (a, b) = (1, 2) ORDER BY a NULLS LAST LIMIT 5 OFFSET 1",
            "SELECT count(*) FILTER (WHERE a > 1) OVER (ORDER BY b GROUPS CURRENT ROW EXCLUDE NO OTHERS) FROM t",
            "SELECT sum(a) OVER (ORDER BY b RANGE 1 PRECEDING EXCLUDE GROUP) FROM t",
            "SELECT * FROM generate_series(1, 10), json_each('[]') AS j",
            "SELECT a FROM t LEFT OUTER JOIN u USING (id) NATURAL JOIN v",
        ],
    );
}

/// Wrong SQL, and what the parser says of it.
const WRONG: [(Dialect, &str, &str); 10] = [
    (Dialect::Postgres, "SELECT a FROM", "Expected"),
    (Dialect::Postgres, "SELECT a FROM t WHERE", "Expected"),
    (Dialect::Postgres, "SELECT * FORM users", "Expected"),
    (
        Dialect::Postgres,
        "SELECT id FROM users WEHRE id = 1",
        "end of statement, found: id",
    ),
    (
        Dialect::Postgres,
        "SELECT id FROM users WHERE id = 1 LIMT 5",
        "end of statement, found: LIMT",
    ),
    (
        Dialect::Postgres,
        "SELECT id FROM users ORDER id",
        "Expected",
    ),
    (Dialect::Mysql, "SELECT a,, b FROM t", "Expected"),
    (Dialect::Mysql, "SELECT (a FROM t", "Expected"),
    (Dialect::Sqlite, "SELECT a FROM t WHERE a = = 1", "Expected"),
    (Dialect::Sqlite, "SELECT a FROM t)", "end of statement"),
];

fn words(dialect: Dialect, sql: &str) -> String {
    match inspect(sql, dialect, &Functions::builtin(dialect)) {
        Err(Finding::Unparsable { message }) => message,
        found => panic!("{sql}: {found:?}"),
    }
}

#[test]
fn wrong_sql_is_refused_with_or_without_the_parser() {
    for (dialect, sql, _) in WRONG {
        assert!(!words(dialect, sql).is_empty(), "{sql}");
    }
}

#[cfg(feature = "sqlparser")]
#[test]
fn wrong_sql_gets_the_words_of_the_parser() {
    for (dialect, sql, expected) in WRONG {
        let message = words(dialect, sql);
        assert!(message.contains(expected), "{sql}: {message}");
        assert!(
            message.contains("Line: 1") || message.contains("EOF"),
            "{sql}: {message}"
        );
    }
}
