use diesel_routing_sql::{Dialect, Finding, Functions, inspect_fragment};

fn postgres(sql: &str) -> Result<(), Finding> {
    inspect_fragment(
        sql,
        Dialect::Postgres,
        &Functions::builtin(Dialect::Postgres),
    )
}

#[test]
fn expressions_pass_as_they_stand() {
    for sql in [
        "",
        "lower(name)",
        "count(*) OVER (",
        ") DESC NULLS LAST",
        "a AND b = ",
        "update",
        "(delete)",
        "'x' FOR 2",
    ] {
        assert_eq!(postgres(sql), Ok(()), "{sql}");
    }
}

#[test]
fn side_effects_locks_and_writes_are_found() {
    for (sql, word) in [
        ("nextval('s')", "nextval"),
        ("1 + pg_catalog.setval('s', 1)", "setval"),
        (" FOR UPDATE SKIP LOCKED", "FOR UPDATE"),
        (") FOR KEY SHARE", "FOR KEY SHARE"),
        ("(SELECT id FROM t FOR SHARE)", "FOR SHARE"),
        ("DELETE FROM users RETURNING id", "DELETE"),
        ("UPDATE t SET a = 1", "UPDATE"),
        ("INSERT INTO t VALUES (1)", "INSERT"),
        (
            "WITH d AS (DELETE FROM t RETURNING a) SELECT a FROM d",
            "DELETE",
        ),
        ("a INTO b", "SELECT INTO"),
        ("1; DROP TABLE t", "more than one"),
        ("'open", "could not be parsed"),
    ] {
        let found = postgres(sql).unwrap_err().to_string();
        assert!(found.contains(word), "{sql}: {found}");
    }
}

#[test]
fn writes_of_mysql_need_no_into_and_no_from() {
    let functions = Functions::builtin(Dialect::Mysql);
    let inspect = |sql| inspect_fragment(sql, Dialect::Mysql, &functions);
    for sql in [
        "DELETE t FROM t JOIN u ON t.id = u.id",
        "INSERT IGNORE t SET a = 1",
        "REPLACE t VALUES (1)",
    ] {
        assert!(inspect(sql).is_err(), "{sql}");
    }
    for sql in ["INSERT('abc', 1, 2, 'x')", "REPLACE(name, 'a', 'b')"] {
        assert_eq!(inspect(sql), Ok(()), "{sql}");
    }
}
