//! Which calls are not known to change nothing, and what only looks like a call.

use diesel_routing_sql::{Dialect, Finding, Functions, inspect_calls, inspect_rendered};

fn unknown(sql: &str, dialect: Dialect) -> Option<String> {
    match inspect_calls(sql, dialect, &Functions::builtin(dialect)) {
        Ok(()) => None,
        Err(Finding::UnknownCall { function }) => Some(function),
        Err(other) => panic!("{other:?}: {sql}"),
    }
}

/// As Diesel renders it, and with what needs the tokens to be looked at.
fn check(dialect: Dialect, reads: &[&str]) {
    let functions = Functions::builtin(dialect);
    for read in reads {
        assert_eq!(
            inspect_rendered(read, dialect, &functions),
            Ok(()),
            "{read}"
        );
        for sql in [
            (*read).to_owned(),
            format!("{read} /* */"),
            format!("{read};"),
        ] {
            assert_eq!(unknown(&sql, dialect), None, "{dialect:?}: {sql}");
        }
    }
}

#[test]
fn reads_of_postgres_call_nothing_unknown() {
    check(
        Dialect::Postgres,
        &[
            r#"SELECT "users"."id", count(*) FROM "users" WHERE ("users"."id" = ANY($1)) GROUP BY "users"."id" HAVING (sum("users"."n") > $2)"#,
            r#"SELECT "a"."id" FROM ("a" INNER JOIN "b" ON ("a"."id" = "b"."a_id")) LEFT OUTER JOIN ("c" INNER JOIN "d" ON TRUE) ON ("c"."id" = "a"."id")"#,
            r#"SELECT "a" FROM "t" WHERE "a" IN ($1, $2) AND "b" NOT IN (SELECT "c" FROM "u") OR NOT (EXISTS (SELECT 1))"#,
            "SELECT row_number() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN (1) PRECEDING AND CURRENT ROW), \
             lag(a, 1) OVER w, percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FILTER (WHERE a > 0) FROM t WINDOW w AS (ORDER BY a)",
            "SELECT now(), current_timestamp(3), localtime(0), clock_timestamp(), extract(year FROM now()), date_trunc('day', now()) AT TIME ZONE ('utc')",
            "SELECT substring(x FROM 1 FOR 2), trim(both 'a' from x), overlay(x placing 'a' from 1), position('a' in x), normalize(x), collation for ('a') FROM t",
            "SELECT a::varchar(10), b::numeric(10, 2), CAST(c AS character varying(5)), d::timestamp(3) with time zone, e::bit varying(3), f::app.money(2) FROM t",
            "SELECT unnest(ARRAY[1, 2]), generate_series(1, 3), ARRAY(SELECT 1), array_agg(a ORDER BY (b)), (ARRAY[(1), 2])[1] FROM t",
            "SELECT coalesce(a, b), nullif(a, 1), greatest(a, b), least(a, b), CASE WHEN (a) THEN (b) ELSE (c) END, row(1, 2), (1, 2) FROM t",
            "SELECT jsonb_build_object('a', 1), to_jsonb(t), a->>('b'), jsonb_agg(a), json_object('a' VALUE 1), jsonb_path_query(a, '$.a') FROM t",
            "SELECT * FROM json_to_recordset('[]') AS x(a int, b varchar(3)), ROWS FROM (generate_series(1, 2), generate_series(1, 3)) WITH ORDINALITY own(a, b, c)",
            "WITH own(a, b) AS (VALUES (1, 2)), other (c) AS MATERIALIZED (SELECT 1) SELECT * FROM own",
            "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) own(id, name) JOIN t USING (id) WHERE a BETWEEN (1) AND (2)",
            "SELECT a FROM t GROUP BY GROUPING SETS ((a), ()) UNION SELECT a FROM t GROUP BY ROLLUP (a) UNION SELECT a FROM t GROUP BY CUBE (a) ORDER BY (a) LIMIT (1) OFFSET (2)",
            "SELECT a FROM t UNION (SELECT b FROM u) EXCEPT ALL (SELECT 1) FETCH FIRST (1) ROWS ONLY",
            "SELECT a OPERATOR(pg_catalog.+) (b), a = ALL (ARRAY[1]), a LIKE ('x') , a SIMILAR TO ('x'), a IS DISTINCT FROM (b) FROM t",
            r#"SELECT pg_catalog.lower('A'), "pg_catalog"."lower"('A'), PG_CATALOG.UPPER('a'), "lower"('A'), LOWER('A')"#,
            "SELECT DISTINCT ON (a) lower(b) FROM t TABLESAMPLE bernoulli (10) REPEATABLE (1)",
            "SELECT xmlelement(name a, xmlattributes(b AS c)), xmlforest(a, b), xmlparse(document a) FROM t",
            "SELECT * FROM LATERAL (SELECT 1) x, XMLTABLE(('a') PASSING ('b') COLUMNS a varchar(3)) y",
            "EXPLAIN (ANALYZE, COSTS off) SELECT count(*) FROM t",
            "COPY t (a, b) TO STDOUT",
            "SELECT 'own(1)', \"own(1)\", $$own(1)$$, E'own(\\'1)' FROM t",
            "SELECT pg_sleep(0), pg_backend_pid(), current_setting('a'), has_table_privilege('t', 'select'), pg_current_xact_id_if_assigned()",
            "SELECT similar_to_escape('a'), 1 + (2), - (3), @ (4), a || (b) FROM t",
            "SELECT f.a FROM (SELECT 1 AS a) AS f WHERE (f.a) IS NOT NULL AND (VALUES (1)) IS NOT NULL",
        ],
    );
}

#[test]
fn reads_of_mysql_call_nothing_unknown() {
    check(
        Dialect::Mysql,
        &[
            "SELECT `users`.`id`, count(*) FROM `users` WHERE (`users`.`id` IN (?, ?)) GROUP BY `users`.`id`",
            "SELECT `a`.`id` FROM (`a` INNER JOIN `b` ON (`a`.`id` = `b`.`a_id`)) LEFT OUTER JOIN (`c` CROSS JOIN `d`) ON (1)",
            "SELECT NOW(3), CURRENT_TIMESTAMP(6), CURDATE(), EXTRACT(YEAR FROM NOW()), DATE_ADD(a, INTERVAL (1) DAY), UNIX_TIMESTAMP() FROM t",
            "SELECT IF(a, b, c), IFNULL(a, b), COALESCE(a, b), NULLIF(a, 1), GREATEST(a, b), CASE WHEN (a) THEN (b) END FROM t",
            "SELECT CAST(a AS DECIMAL(10, 2)), CONVERT(a, CHAR(5)), CONVERT(a USING utf8mb4), CAST(a AS DATETIME(6)), BINARY (a) FROM t",
            "SELECT GROUP_CONCAT(DISTINCT a ORDER BY (b) SEPARATOR ', '), JSON_EXTRACT(a, '$.b'), JSON_ARRAYAGG(a), MAX(a), STD(a) FROM t",
            "SELECT ROW_NUMBER() OVER (PARTITION BY (a)), RANK() OVER (ORDER BY a), LAST_VALUE(a) OVER (ORDER BY a) FROM t",
            "SELECT a DIV (b), a MOD (b), a XOR (b), NOT (a), a RLIKE ('x'), a REGEXP ('x'), a BETWEEN (1) AND (2) FROM t",
            "SELECT MATCH (a, b) AGAINST ('x' IN BOOLEAN MODE), LEFT(a, 1), RIGHT(a, 1), REPLACE(a, 'b', 'c'), INSERT(a, 1, 2, 'c') FROM t",
            "SELECT a FROM t USE INDEX (i) WHERE (a, b) IN ((1, 2), (3, 4)) AND EXISTS (SELECT 1) AND a = ANY (SELECT 1)",
            "SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a VARCHAR(10) PATH '$.a')) AS own",
            "WITH RECURSIVE own (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM own) SELECT * FROM own",
            "SELECT 3 MEMBER OF ('[1, 3]'), UUID(), SLEEP(0), CONNECTION_ID(), VERSION(), ST_X(POINT(1, 2))",
            "VALUES ROW(1, 2), ROW(3, 4)",
            "SELECT 'own(1)', `own(1)`, \"own(1)\" FROM t",
        ],
    );
}

#[test]
fn reads_of_sqlite_call_nothing_unknown() {
    check(
        Dialect::Sqlite,
        &[
            "SELECT `users`.`id`, count(*) FROM `users` WHERE (`users`.`id` IN (?, ?)) GROUP BY (`users`.`id`) HAVING (1)",
            "SELECT date('now'), strftime('%Y', a), datetime(a, 'unixepoch'), julianday(a), abs(a), hex(a), coalesce(a, b) FROM t",
            "SELECT CAST(a AS varchar(10)), iif(a, b, c), instr(a, 'b'), substr(a, 1) FROM t",
            "SELECT row_number() OVER (PARTITION BY (a) ORDER BY (b)), sum(a) FILTER (WHERE a > 1) FROM t",
            "SELECT json_extract(a, '$.b'), json_group_array(a) FROM t, json_each(t.a), pragma_table_info('t')",
            "SELECT a FROM t WHERE a GLOB ('x') AND a LIKE ('x') ESCAPE ('!') AND NOT (a) AND a BETWEEN (1) AND (2) LIMIT 1 OFFSET (2)",
            "WITH own(a) AS (VALUES (1)) SELECT * FROM own JOIN (SELECT 1) USING (a) WHERE EXISTS (SELECT 1)",
            "SELECT highlight(f, 0, 'a', 'b'), bm25(f) FROM f",
            "SELECT \"lower\"(a), [upper](a), LOWER(a) FROM t",
            "SELECT 'own(1)', \"own(1)\", [own(1)] FROM t",
            "PRAGMA table_info(t)",
        ],
    );
}

#[test]
fn calls_of_unknown_functions_are_found_however_they_are_written() {
    for sql in [
        "SELECT own(1)",
        "SELECT OWN (1)",
        "SELECT own/**/(1)",
        "SELECT lower(own('a'))",
        "SELECT a FROM t WHERE a = own(1)",
        "SELECT a FROM t WHERE a IN (1, own(1))",
        "SELECT a FROM t WHERE a IN (own(1))",
        "SELECT a FROM t ORDER BY own(a)",
        "SELECT * FROM own(1)",
        "SELECT * FROM t, own(1)",
        "SELECT * FROM t JOIN own(1) ON (a)",
        "WITH x(a) AS (SELECT own(1)) SELECT a FROM x",
        "SELECT CASE WHEN a THEN own(1) END FROM t",
        "SELECT (1), own(1)",
        "SELECT a, own(1) OVER (ORDER BY a) FROM t",
        "SELECT 'it' || own('s')",
        "SELECT (SELECT own(1))",
        "SELECT 1 UNION SELECT own(1)",
        "SELECT a FROM t LIMIT own(1)",
        "SELECT NOT own(1)",
        "SELECT a BETWEEN own(1) AND 2 FROM t",
        "EXPLAIN SELECT own(1)",
        "VALUES (own(1))",
    ] {
        for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
            assert_eq!(
                unknown(sql, dialect).as_deref(),
                Some("own"),
                "{dialect:?}: {sql}"
            );
            let functions = Functions::builtin(dialect).with_pure("Own");
            assert_eq!(inspect_calls(sql, dialect, &functions), Ok(()), "{sql}");
        }
    }
}

#[test]
fn a_schema_a_quote_or_another_case_may_name_another_function() {
    for (sql, function) in [
        ("SELECT public.lower('a')", "lower"),
        ("SELECT app.own(1)", "own"),
        ("SELECT pg_catalog.own(1)", "own"),
        ("SELECT x.pg_catalog.lower('a')", "lower"),
        ("SELECT \"PG_CATALOG\".lower('a')", "lower"),
        ("SELECT \"Lower\"('a')", "lower"),
        ("SELECT \"coalesce\"('a')", "coalesce"),
        ("SELECT \"own\"(1)", "own"),
        ("SELECT app . \"own\" (1)", "own"),
        ("SELECT public.any(1)", "any"),
        ("SELECT f(a := own(1))", "f"),
        ("SELECT lower(a => own('a'))", "own"),
        ("SELECT a[1:own(2)] FROM t", "own"),
        ("SELECT json_object('a': own(2))", "own"),
        ("SELECT DISTINCT ON (a) own(b) FROM t", "own"),
        ("SELECT a OPERATOR(pg_catalog.+) own(b) FROM t", "own"),
        ("SELECT * FROM ROWS FROM (own(1)) AS x(a)", "own"),
        ("SELECT * FROM LATERAL own(1)", "own"),
        ("SELECT now() AT TIME ZONE own()", "own"),
        ("SELECT join(1)", "join"),
        ("SELECT over(1)", "over"),
        ("SELECT by(1)", "by"),
        ("SELECT operator(1)", "operator"),
        ("TABLE t ORDER BY own(1)", "own"),
    ] {
        assert_eq!(
            unknown(sql, Dialect::Postgres).as_deref(),
            Some(function),
            "{sql}"
        );
    }
    for (sql, function) in [
        ("SELECT app.lower('a')", "lower"),
        ("SELECT `lower`('a')", "lower"),
        ("SELECT \"lower\"('a')", "lower"),
        ("SELECT @a := own(1)", "own"),
        ("SHOW TABLES WHERE own(1)", "own"),
    ] {
        assert_eq!(
            unknown(sql, Dialect::Mysql).as_deref(),
            Some(function),
            "{sql}"
        );
    }
    // A table of SQLite's, and what is none.
    let scalar = "SELECT pragma_table_info('t') FROM t";
    let found = unknown(scalar, Dialect::Sqlite);
    assert_eq!(found.as_deref(), Some("pragma_table_info"));
}

#[test]
fn listed_and_allowed_functions_are_judged_elsewhere() {
    let functions = Functions::builtin(Dialect::Postgres);
    for sql in ["SELECT pg_advisory_lock(1)", "EXPLAIN SELECT nextval('s')"] {
        assert_eq!(
            inspect_calls(sql, Dialect::Postgres, &functions),
            Ok(()),
            "{sql}"
        );
    }
    let allowed = functions.clone().without("pg_notify").without("own");
    let notifies = "SELECT pg_notify('a', 'b')";
    assert_eq!(inspect_calls(notifies, Dialect::Postgres, &allowed), Ok(()));
    assert!(inspect_calls("SELECT own()", Dialect::Postgres, &allowed).is_err());
    // What is listed is not opened by this word.
    let pure = functions.with_pure("pg_notify");
    assert!(inspect_rendered(notifies, Dialect::Postgres, &pure).is_err());
    assert!(!pure.is_pure("pg_notify"));
}
