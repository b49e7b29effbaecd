//! Names of functions that are not called, and calls that do not look like calls.

use diesel_routing_sql::{Dialect, Functions, inspect};

use crate::table::Is::{Effect, NotARead, Read, Write};
use crate::table::check;

#[test]
fn names_with_columns_are_no_calls() {
    check(
        Dialect::Sqlite,
        &[
            ("WITH edit(a) AS (SELECT 1) SELECT a FROM edit", Read),
            (
                "WITH x AS (SELECT 1), edit (a, b) AS (SELECT 1, 2) SELECT * FROM edit",
                Read,
            ),
            (
                "WITH edit(a) AS (SELECT edit(1)) SELECT a FROM edit",
                Effect("edit"),
            ),
            ("WITH a AS (SELECT 1) SELECT edit(1) AS (a)", Effect("edit")),
        ],
    );
    check(
        Dialect::Postgres,
        &[
            ("SELECT * FROM json_to_record('{}') nextval(a int)", Read),
            (
                "SELECT * FROM json_to_record('{}') AS nextval(a int, b numeric(10, 2), c text[])",
                Read,
            ),
            ("SELECT * FROM (SELECT 1) nextval(a)", Read),
            ("SELECT * FROM \"t\" nextval(a)", Read),
            (
                "SELECT * FROM unnest('{1}'::int[]) WITH ORDINALITY nextval(a, b)",
                Read,
            ),
            (
                "SELECT * FROM json_to_record('{}') nextval(a int), nextval('s')",
                Effect("nextval"),
            ),
            (
                "SELECT DISTINCT ON (a) nextval(a) FROM t",
                Effect("nextval"),
            ),
            (
                "SELECT 1 OPERATOR(pg_catalog.+) nextval(a) FROM t",
                Effect("nextval"),
            ),
            ("SELECT * FROM LATERAL nextval(a)", Effect("nextval")),
            (
                "SELECT * FROM t JOIN LATERAL nextval(a) ON true",
                Effect("nextval"),
            ),
            ("SELECT * FROM f(1) nextval('s')", Effect("nextval")),
        ],
    );
    check(
        Dialect::Mysql,
        &[
            (
                "SELECT EXTRACT(DAY FROM BINARY get_lock(a, b)) FROM t",
                Effect("get_lock"),
            ),
            (
                "WITH get_lock(a) AS (SELECT 1) SELECT a FROM get_lock",
                Read,
            ),
        ],
    );
}

#[test]
fn verbs_name_columns_in_the_list_of_ctes() {
    check(
        Dialect::Postgres,
        &[
            (
                "WITH RECURSIVE a(update) AS (SELECT 1) CYCLE update SET c USING p SELECT * FROM a",
                Read,
            ),
            (
                "WITH RECURSIVE a(x) AS (SELECT 1) CYCLE x SET update TO 1 DEFAULT 0 USING delete SELECT 1",
                Read,
            ),
            (
                "WITH RECURSIVE a(x) AS (SELECT 1) SEARCH BREADTH FIRST BY x, delete SET insert SELECT 1",
                Read,
            ),
            (
                "WITH RECURSIVE a(x) AS (SELECT 1) CYCLE update SET c USING p DELETE FROM t",
                Write("DELETE"),
            ),
            (
                "WITH RECURSIVE a(x) AS (SELECT 1) CYCLE x SET c TO 'y' DEFAULT 'n' USING p UPDATE t SET a = 1",
                Write("UPDATE"),
            ),
        ],
    );
}

#[test]
fn labels_hide_no_into() {
    check(
        Dialect::Postgres,
        &[
            ("SELECT 1 AS as INTO t2", Write("SELECT INTO")),
            ("SELECT t.as INTO t2 FROM t", Write("SELECT INTO")),
            ("SELECT 1 AS into", Read),
            ("SELECT t.as AS into FROM t", Read),
            ("SELECT t.into FROM t", Read),
        ],
    );
}

#[test]
fn a_function_behind_a_point_is_called() {
    check(
        Dialect::Postgres,
        &[
            (
                "SELECT s.nextval FROM (SELECT 's'::regclass) AS s",
                Effect("nextval"),
            ),
            ("SELECT \"s\".\"nextval\" FROM s", Effect("nextval")),
            ("SELECT ('s'::regclass).nextval", Effect("nextval")),
            ("SELECT (s).nextval FROM s", Effect("nextval")),
            ("SELECT * FROM audit.nextval", Read),
            ("SELECT * FROM a JOIN audit.nextval USING (id)", Read),
            ("SELECT nextval.id FROM nextval", Read),
            ("SELECT audit.nextval.id FROM audit.nextval", Read),
        ],
    );
    let functions = Functions::builtin(Dialect::Postgres).with("audit_row");
    for sql in [
        "SELECT u.audit_row FROM users u",
        "SELECT (u).audit_row FROM users u",
        "SELECT audit_row(u) FROM users u",
    ] {
        assert!(
            inspect(sql, Dialect::Postgres, &functions).is_err(),
            "{sql}"
        );
    }
    check(
        Dialect::Mysql,
        &[
            ("SELECT s.NEXTVAL", Effect("nextval")),
            ("SELECT `s`.`nextval` FROM s", Read),
        ],
    );
}

#[test]
fn a_collation_takes_one_stored_function_for_another() {
    let functions = Functions::builtin(Dialect::Mysql);
    assert!(inspect("SELECT größe(a) FROM t", Dialect::Mysql, &functions).is_ok());
    let functions = functions.with("audit");
    assert!(inspect("SELECT áudit(a) FROM t", Dialect::Mysql, &functions).is_err());
    assert!(inspect("SELECT größe FROM t", Dialect::Mysql, &functions).is_ok());
}

#[test]
fn a_pragma_that_is_read_like_a_table_may_have_an_effect() {
    check(
        Dialect::Sqlite,
        &[
            ("SELECT * FROM pragma_optimize", NotARead("PRAGMA optimize")),
            (
                "SELECT * FROM \"PRAGMA_optimize\"('0x02')",
                NotARead("PRAGMA optimize"),
            ),
            (
                "SELECT * FROM pragma_wal_checkpoint('truncate')",
                NotARead("PRAGMA wal_checkpoint"),
            ),
            ("SELECT name FROM pragma_table_info('t')", Read),
            ("SELECT * FROM pragma_function_list", Read),
        ],
    );
}

#[test]
fn a_table_that_prepares_sql_may_set_what_a_pragma_sets() {
    check(
        Dialect::Sqlite,
        &[
            (
                "SELECT * FROM bytecode('PRAGMA query_only = 0')",
                Effect("bytecode"),
            ),
            (
                "SELECT * FROM bytecode WHERE sql = 'PRAGMA query_only = 0'",
                Effect("bytecode"),
            ),
            (
                "SELECT * FROM t, tables_used AS u WHERE u.sql = 'x'",
                Effect("tables_used"),
            ),
            ("SELECT * FROM (bytecode)", Effect("bytecode")),
            ("SELECT id, bytecode FROM contracts ORDER BY bytecode", Read),
        ],
    );
}
