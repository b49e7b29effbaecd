use diesel_routing_sql::{Dialect, Finding, Functions, SideEffect, inspect};

#[test]
fn the_users_functions_are_found_whatever_their_case_and_schema() {
    let functions = Functions::builtin(Dialect::Postgres).with("Next_Invoice");
    assert!(functions.contains("next_INVOICE"));
    for sql in [
        "SELECT next_invoice()",
        "SELECT \"Next_Invoice\"()",
        "SELECT billing.NEXT_INVOICE(1)",
    ] {
        let found = inspect(sql, Dialect::Postgres, &functions);
        let expected = Finding::SideEffect {
            function: "next_invoice".into(),
            effect: SideEffect::Declared,
        };
        assert_eq!(found, Err(expected), "{sql}");
    }
}

#[test]
fn a_function_taken_off_the_list_counts_as_a_read() {
    let functions = Functions::builtin(Dialect::Mysql).without("GET_LOCK");
    assert!(!functions.contains("get_lock"));
    assert_eq!(
        inspect("SELECT GET_LOCK('a', 1)", Dialect::Mysql, &functions),
        Ok(())
    );
    assert!(inspect("SELECT RELEASE_LOCK('a')", Dialect::Mysql, &functions).is_err());
}

#[test]
fn what_the_connection_last_wrote_is_asked_on_the_connection_that_wrote() {
    for (dialect, sql) in [
        (Dialect::Mysql, "SELECT LAST_INSERT_ID()"),
        (Dialect::Mysql, "SELECT ROW_COUNT()"),
        (Dialect::Mysql, "SELECT FOUND_ROWS()"),
        (Dialect::Sqlite, "SELECT last_insert_rowid()"),
        (Dialect::Sqlite, "SELECT changes(), total_changes()"),
    ] {
        let found = inspect(sql, dialect, &Functions::builtin(dialect));
        assert!(
            matches!(
                found,
                Err(Finding::SideEffect {
                    effect: SideEffect::LastWrite,
                    ..
                })
            ),
            "{sql}: {found:?}"
        );
    }
}

#[test]
fn functions_that_run_hidden_sql_or_keep_state_are_found() {
    for (dialect, calls) in [
        (
            Dialect::Postgres,
            &[
                "ts_stat('SELECT 1')",
                "ts_rewrite('a'::tsquery, 'SELECT 1')",
                "crosstab('SELECT 1')",
                "crosstab3('SELECT 1')",
                "connectby('t', 'a', 'b', 'c', 0)",
                "xpath_table('a', 'b', 'c', 'd', 'e')",
                "query_to_xmlschema('SELECT 1', true, true, '')",
                "cursor_to_xml('c', 1, true, true, '')",
                "dblink_get_result('c')",
                "dblink_connect('c')",
                "setseed(0.5)",
                "pg_export_snapshot()",
                "pg_log_standby_snapshot()",
                "set_limit(0.5)",
                "postgres_fdw_disconnect_all()",
                "bt_index_parent_check('i')",
                "binary_upgrade_set_next_pg_type_oid(1)",
            ][..],
        ),
        (
            Dialect::Mysql,
            &[
                "spider_direct_sql('a', 'b', 'c')",
                "mroonga_command('x')",
                "sys_exec('x')",
                "spider_copy_tables('a', 'b', 'c')",
                "LAST_INSERT_ID(5)",
            ],
        ),
        (
            Dialect::Sqlite,
            &["eval('DELETE FROM t')", "sha3_query('SELECT 1')"],
        ),
    ] {
        for call in calls {
            let sql = format!("SELECT {call}");
            assert!(
                inspect(&sql, dialect, &Functions::builtin(dialect)).is_err(),
                "{sql}"
            );
        }
    }
}

#[test]
fn built_in_names_are_lower_case_and_each_is_found() {
    for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
        let functions = Functions::builtin(dialect);
        assert!(functions.iter().count() > 3);
        for (name, effect) in functions.iter() {
            assert_eq!(name, name.to_lowercase());
            let found = inspect(&format!("SELECT {name}(1)"), dialect, &functions);
            assert_eq!(
                found,
                Err(Finding::SideEffect {
                    function: name.to_owned(),
                    effect
                })
            );
        }
    }
}

#[test]
fn only_locks_leave_the_data_as_it_is() {
    let functions = Functions::builtin(Dialect::Postgres);
    for (sql, writes) in [
        ("SELECT a FROM t FOR UPDATE", false),
        ("LOCK TABLE t", false),
        ("SELECT pg_advisory_lock(1)", false),
        ("SELECT nextval('s')", true),
        ("INSERT INTO t VALUES (1)", true),
        ("SET a = 1", true),
        ("SELECT 1; SELECT 2", true),
        ("SELECT (", true),
    ] {
        let found = inspect(sql, Dialect::Postgres, &functions).unwrap_err();
        assert_eq!(found.is_write(), writes, "{sql}");
    }
}

#[test]
fn a_finding_says_the_rule_and_the_reason() {
    let functions = Functions::builtin(Dialect::Postgres);
    let text = |sql| {
        inspect(sql, Dialect::Postgres, &functions)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        text("SELECT a FROM t FOR UPDATE"),
        "`FOR UPDATE` locks rows, and only locks on the primary protect anything: a replica refuses it, \
         or locks rows that nobody else sees and holds up replication"
    );
    assert_eq!(
        text("SELECT pg_notify('a', 'b')"),
        "`pg_notify` notifies other sessions: a replica refuses it, and the listeners are on the primary"
    );
    assert!(text("SELECT a FROM").contains("could not be parsed"));
}
